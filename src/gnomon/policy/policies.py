"""Every policy in force, and what it means for one person: the only maker of an `Access`.

A decision depends on the person, the act, and which of the named things a table or column stands under. So
Cedar is asked once for each such combination, whatever the size of the catalog, and the answer is kept.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256

from gnomon.domain.answer import Audience
from gnomon.domain.catalog import Catalog, TableSchema
from gnomon.domain.errors import Refused
from gnomon.domain.identity import Principal
from gnomon.domain.query import Dialect
from gnomon.policy.access import Access
from gnomon.policy.resolve import DEFAULT_SCHEMAS
from gnomon.policy.rules.cedar import Entity, RuleSet, Uid, Verdict, broken, parse_rules
from gnomon.policy.rules.tags import Tagged, Tags, parse_tags
from gnomon.policy.verdicts import TableJudge

OWNER_ONLY = """
@id("local-owner")
permit (principal, action, resource) when { principal.method == "local" };
"""
"""Without policies of an operator: whoever works on this machine reads what they opened, nobody else."""

_DECISIONS_KEPT = 10_000
_CATALOGS_KEPT = 8
_KINDS = frozenset({"Table", "Column", "Schema", "Tag"})
"""Of names by which rules tell one table from another."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What besides the person a decision may depend on.

    Args:
        purpose: What the person said the question is for; empty if nothing.
        audience: `private`, or `shared` where others read along.
    """

    purpose: str = ""
    audience: Audience = "private"

    def as_context(self) -> dict[str, str]:
        """The same in Cedar's words."""
        return {"purpose": self.purpose, "audience": self.audience}


@dataclass(frozen=True, slots=True)
class Resource:
    """What is to be acted on, and every named thing it stands under."""

    uid: Uid
    under: frozenset[Uid] = frozenset()
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Policies:
    """Policies of a deployment.

    Args:
        home: The tenant whose people policies name plainly; people of others are named `tenant::subject`.
        version: Hash of every text it was made from.
    """

    rules: RuleSet
    tags: Tags
    home: str
    version: str
    _named: frozenset[Uid] = field(default=frozenset(), init=False)
    _kept: dict[tuple[object, ...], tuple[Verdict, ...]] = field(default_factory=dict, init=False, repr=False)
    _tagged: dict[int, tuple[Catalog, Tagged]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._named = frozenset(uid for rule in self.rules.rules for uid in rule.names)

    def decide(
        self, principal: Principal, actions: Sequence[str], resource: Resource, situation: Situation
    ) -> tuple[Verdict, ...]:
        """One verdict an action.

        Raises:
            Misconfigured: A policy failed while it was evaluated.
        """
        person = self._person(principal)
        under = resource.under & self._named
        uid = resource.uid if resource.uid in self._named else (resource.uid[0], "")
        key = (person, tuple(actions), uid, under, resource.attributes, situation)
        if key not in self._kept:
            if len(self._kept) >= _DECISIONS_KEPT:
                self._kept.clear()
            entity = Entity(uid, tuple(sorted(under)), resource.attributes)
            self._kept[key] = self.rules.decide(person, actions, entity, situation.as_context())
        return self._kept[key]

    def access(
        self,
        principal: Principal,
        catalog: Catalog,
        dialect: Dialect,
        situation: Situation,
        *,
        secret: str = "",
        role: str = "",
    ) -> Access:
        """What the person sees of a warehouse.

        Args:
            catalog: Every table of the warehouse.
            secret: Keys the `hash` mask.

        Raises:
            Misconfigured: A rule names a table, column, schema or tag that is not there: nothing is allowed
                until it is mended, since what it was to protect may have another name now.
        """
        tagged = self._tags_of(catalog, dialect)
        judge = TableJudge(self, principal, catalog, dialect, situation, tagged)
        return Access(
            principal,
            catalog,
            dialect,
            judge.judge,
            discoverable=judge.discoverable,
            grantors=judge.grantors,
            policies=judge.policies,
            secret=secret,
            role=role,
            alike=not any(kind in _KINDS for kind, _ in self._named),
        )

    def table(self, table: TableSchema, tagged: Tagged, dialect: Dialect) -> Resource:
        """A table as a resource: under its schema and its tags."""
        schema = table.ref.schema or DEFAULT_SCHEMAS[dialect]
        under = {("Schema", schema)} | {("Tag", t) for t in tagged.tables.get(table.ref, ())}
        return Resource(("Table", str(table.ref)), frozenset(under))

    def column(self, table: TableSchema, name: str, tagged: Tagged, dialect: Dialect) -> Resource:
        """A column as a resource: under its table, the table's schema and tags, and its own tags."""
        whole = self.table(table, tagged, dialect)
        tags = {("Tag", t) for t in tagged.columns.get(table.ref, {}).get(name, ())}
        return Resource(("Column", f"{table.ref}.{name}"), whole.under | tags | {whole.uid})

    def special_columns(self, table: TableSchema, tagged: Tagged) -> frozenset[str]:
        """The columns that a policy can tell from the others of their table."""
        own = set(tagged.columns.get(table.ref, {}))
        own |= {c.name for c in table.columns if ("Column", f"{table.ref}.{c.name}") in self._named}
        return frozenset(own)

    def with_group(self, principal: Principal, group: str) -> Principal:
        """The person as a member of one more group."""
        return replace(principal, groups=principal.groups | {group})

    def unknown_names(
        self, catalog: Catalog, dialect: Dialect, *, forbids_only: bool = False
    ) -> tuple[tuple[str, str], ...]:
        """Where a rule or a tag names what is not there, and what it names.

        Args:
            forbids_only: Leave out permits, which protect nothing.
        """
        named = [
            (rule.where, kind, name)
            for rule in self.rules.rules
            for kind, name in sorted(rule.names)
            if kind in _KINDS and (rule.effect == "forbid" or not forbids_only)
        ]
        known = {kind: self._known(kind, catalog, dialect) for kind in {kind for _, kind, _ in named}}
        lost = [(where, f'{kind}::"{name}"') for where, kind, name in named if name not in known[kind]]
        return (*lost, *((p.where, p.text) for p in self.tags.on(catalog).missing))

    def _known(self, kind: str, catalog: Catalog, dialect: Dialect) -> Collection[str]:
        """Every name of that kind that is there."""
        if kind == "Column":
            return {f"{t.ref}.{c.name}" for t in catalog.tables for c in t.columns}
        if kind == "Schema":
            return {ref.schema or DEFAULT_SCHEMAS[dialect] for ref in catalog.refs}
        return self.tags.names if kind == "Tag" else set(catalog.names())

    def _tags_of(self, catalog: Catalog, dialect: Dialect) -> Tagged:
        """The catalog's tags, once it is sure that every name a forbid relies on is there."""
        kept = self._tagged.get(id(catalog))
        if kept is None or kept[0] is not catalog:
            self._refuse_unknown_names(catalog, dialect)
            if len(self._tagged) >= _CATALOGS_KEPT:
                self._tagged.clear()
            kept = (catalog, self.tags.on(catalog))
            self._tagged[id(catalog)] = kept
        return kept[1]

    def _refuse_unknown_names(self, catalog: Catalog, dialect: Dialect) -> None:
        lost = self.unknown_names(catalog, dialect, forbids_only=True)
        if lost:
            where, name = lost[0]
            raise broken(
                where,
                f"{name} is not in this warehouse",
                "it may have a new name: correct the rule, then run `gnomon policy check`",
            )

    def _person(self, principal: Principal) -> Entity:
        groups = [("Group", self._qualified(g, principal)) for g in sorted(principal.groups)]
        parents = tuple(uid for uid in (*groups, ("Tenant", principal.tenant)) if uid in self._named)
        uid = ("Person", self._qualified(principal.subject, principal))
        claims: dict[str, tuple[str, ...]] = {}
        for name, value in principal.claims:
            claims[name] = (*claims.get(name, ()), value)
        attributes = (
            ("subject", principal.subject),
            ("tenant", principal.tenant),
            ("method", principal.method),
            ("agent", bool(principal.actor)),
        )
        return Entity(uid, parents, attributes, tuple(sorted(claims.items())))

    def _qualified(self, name: str, principal: Principal) -> str:
        """The name as policies write it.

        Raises:
            Refused: A plain name reads like one of another tenant.
        """
        if "::" in name:
            raise Refused(
                f"`{name}` is not a name that policies can speak of",
                rule="policy:ambiguous-name",
                hint="names of people and groups hold no `::`",
            )
        return name if principal.tenant == self.home else f"{principal.tenant}::{name}"


def parse_policies(texts: Iterable[tuple[str, str]], *, home: str) -> Policies:
    """Check and parse every file of a policy folder.

    Args:
        texts: Name and content: `*.cedar`, and `tags.toml` if there is one. Other files are left alone.
        home: The deployment's own tenant.

    Raises:
        Misconfigured: One of them cannot be taken; the facts name file and line.
    """
    given = sorted(texts)
    rules = parse_rules([(name, text) for name, text in given if name.endswith(".cedar")])
    tags = next((parse_tags(name, text) for name, text in given if name == "tags.toml"), Tags())
    _refuse_unknown_tags(rules, tags)
    version = sha256(repr((home, given)).encode()).hexdigest()
    return Policies(rules, tags, home, version)


def _refuse_unknown_tags(rules: RuleSet, tags: Tags) -> None:
    """A forbid on a tag that nothing carries would protect nothing."""
    for rule in rules.rules:
        unknown = sorted(i for kind, i in rule.names if kind == "Tag" and i not in tags.names)
        if unknown:
            raise broken(
                rule.where,
                f'Tag::"{unknown[0]}" is given to nothing',
                "give the tag in tags.toml, or correct its name",
            )


@lru_cache(8)
def owner_only(home: str) -> Policies:
    """The policies of a deployment that has none of its own."""
    return parse_policies([("built-in.cedar", OWNER_ONLY)], home=home)
