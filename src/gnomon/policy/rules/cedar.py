"""Cedar at work: policy texts checked and parsed, and one decision after the other.

Each file is cut into its policies, so that an error names the file and the line. A `forbid` on `read` whose
annotations oblige the query (`@rows`, `@mask`, `@min_group`) is put to Cedar as a permit of the action
`restrict`: asked side by side, `read` says whether, `restrict` says under what obligations.

Cedar weighs every policy that it is given. Each decision gives it those alone whose `resource` could be the
one in question, so that a decision costs what a few policies cost, however many there are.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from gnomon.domain.errors import Misconfigured
from gnomon.policy.rules.obligations import BadAnnotationError, Obligation, parse_obligation

Uid = tuple[str, str]
"""An entity's type and id."""

_RESTRICT = "restrict"
_SLICES_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One policy: its id, where it stands, and what comes with it.

    Args:
        text: As it stands in the file.
        decides: The text that Cedar decides by: a conditional forbid is a permit of `restrict`.
        reach: What the resource has to be, or stand under, by the policy's head; None for any resource.
    """

    id: str
    where: str
    effect: str
    obligation: Obligation
    text: str
    names: frozenset[Uid]
    decides: str = ""
    reach: Uid | None = None

    @property
    def restricts(self) -> bool:
        """Whether it is a forbid that obliges the query instead of stopping it."""
        return self.effect == "forbid" and self.obligation.conditional


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Cedar said of one request.

    Args:
        rules: The policies that decided: those that permit, or those that forbid; none where silence refused.
    """

    allowed: bool
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity as Cedar is told of it."""

    uid: Uid
    parents: tuple[Uid, ...] = ()
    attributes: tuple[tuple[str, Any], ...] = ()
    tags: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def bare(self) -> bool:
        """Whether there is nothing to tell but its id, which Cedar has from the request."""
        return not (self.parents or self.attributes or self.tags)

    def as_json(self) -> dict[str, Any]:
        """The entity in Cedar's JSON form."""
        told = {
            "uid": _uid(self.uid),
            "attrs": dict(self.attributes),
            "parents": [_uid(p) for p in self.parents],
        }
        return told | {"tags": {name: list(values) for name, values in self.tags}} if self.tags else told


@lru_cache(4_096)
def _entity_text(entity: Entity) -> str:
    """The entity in Cedar's JSON form; a person stands in very many requests."""
    return json.dumps(entity.as_json())


@lru_cache(256)
def _situation_text(context: tuple[tuple[str, str], ...]) -> str:
    return json.dumps(dict(context))


@dataclass(frozen=True, slots=True)
class _Slice:
    """The policies that may apply to some resources. Cedar numbers them in order."""

    rules: Mapping[str, Rule]
    handle: Any


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Every policy in force, ready to decide."""

    rules: tuple[Rule, ...]
    _reached: frozenset[Uid] = field(default=frozenset(), repr=False, compare=False)
    _slices: dict[frozenset[Uid], _Slice] = field(default_factory=dict, repr=False, compare=False)

    def named(self, kind: str) -> frozenset[str]:
        """Ids of the entities of a type that some policy names."""
        return frozenset(i for rule in self.rules for t, i in rule.names if t == kind)

    def decide(
        self,
        person: Entity,
        actions: Sequence[str],
        resource: Entity,
        context: dict[str, str],
        others: Iterable[Entity] = (),
    ) -> tuple[Verdict, ...]:
        """One verdict for each action. A policy that fails while it is evaluated refuses.

        Args:
            others: Ancestors of the resource, as far as policies name them.
        """
        import cedarpy

        known = (person, resource, *others)
        entities = f"[{','.join(_entity_text(e) for e in known if not e.bare)}]"
        situation = _situation_text(tuple(context.items()))
        requests = [
            {
                "principal": _uid(person.uid),
                "action": {"type": "Action", "id": action},
                "resource": _uid(resource.uid),
                "context": situation,
            }
            for action in actions
        ]
        above = (uid for each in known[1:] for uid in (each.uid, *each.parents))
        chosen = self._slice(self._reached.intersection(above))
        results = cedarpy.is_authorized_batch(
            requests, chosen.handle, cedarpy.Entities.from_json_str(entities)
        )
        return tuple(_verdict(r, chosen) for r in results)

    def _slice(self, reached: frozenset[Uid]) -> _Slice:
        """The policies whose head fits any resource, or one of these."""
        found = self._slices.get(reached)
        if found is None:
            if len(self._slices) >= _SLICES_KEPT:
                self._slices.clear()
            found = _sliced([r for r in self.rules if r.reach is None or r.reach in reached])
            self._slices[reached] = found
        return found


def _sliced(rules: Sequence[Rule]) -> _Slice:
    import cedarpy

    text = "\n".join(rule.decides for rule in rules)
    named = {f"policy{i}": rule for i, rule in enumerate(rules)}
    return _Slice(named, cedarpy.PolicySet.from_str(text))


def _verdict(result: Any, chosen: _Slice) -> Verdict:
    diagnostics = result.diagnostics
    if diagnostics.errors:
        raise Misconfigured(
            "a policy failed while it was evaluated, so everything it could concern is refused",
            facts=(("cedar says", "; ".join(map(str, diagnostics.errors))[:500]),),
            hint="run `gnomon policy check`",
        )
    decided = sorted((chosen.rules[i] for i in diagnostics.reasons), key=lambda rule: rule.id)
    return Verdict(bool(result.allowed), tuple(decided))


def parse_rules(texts: Sequence[tuple[str, str]]) -> RuleSet:
    """Check and parse policy files.

    Args:
        texts: File name and content of each.

    Raises:
        Misconfigured: A policy does not parse, does not fit the schema, has an unknown annotation or an id
            that another has; the facts name the file and the line.
    """
    rules = [rule for name, text in texts for rule in _rules_of(name, text)]
    _refuse_repeated_ids(rules)
    _validate(rules)
    return RuleSet(tuple(rules), frozenset(rule.reach for rule in rules if rule.reach is not None))


@cache
def schema_text() -> str:
    """The Cedar schema that policies are checked against."""
    return files("gnomon.policy.rules").joinpath("gnomon.cedarschema").read_text(encoding="utf-8")


def broken(where: str, message: str, hint: str = "correct the policy there") -> Misconfigured:
    """The error for a policy file that cannot be taken."""
    return Misconfigured(
        "a policy cannot be taken, so nothing is allowed",
        facts=(("where", where), ("reason", message)),
        hint=hint,
    )


def _rules_of(name: str, text: str) -> list[Rule]:
    rules: list[Rule] = []
    for line, each in split_policies(name, text):
        place = f"{name}:{line}"
        before = sum(rule.where.partition("#")[0] == place for rule in rules)
        rules.append(_rule(f"{place}#{before + 1}" if before else place, each))
    return rules


def _rule(where: str, text: str) -> Rule:
    import cedarpy

    try:
        parsed = cedarpy.policies_to_pst(text)
    except ValueError as error:
        raise broken(where, str(error)) from error
    if parsed.templates or len(parsed.static_policies) != 1:
        raise broken(where, "a policy with ?principal or ?resource slots stands for nothing by itself")
    template = next(iter(parsed.static_policies.values()))
    try:
        obligation = parse_obligation(dict(template.annotations))
    except BadAnnotationError as error:
        raise broken(where, str(error)) from error
    names = frozenset((str(u.type), u.id) for u in cedarpy.pst.entity_uids(template))
    rule = Rule(template.annotations.get("id", where), where, template.effect, obligation, text, names)
    _check_shape(rule, template)
    return replace(rule, decides=_effective(rule), reach=_reach(template.resource))


def _reach(constraint: Any) -> Uid | None:
    """The entity that a policy's head ties the resource to, by `==` or `in`."""
    entity = getattr(constraint, "entity", None)
    return None if entity is None else (str(entity.type), entity.id)


def _check_shape(rule: Rule, template: Any) -> None:
    if ("Action", _RESTRICT) in rule.names:
        raise broken(
            rule.where, "the action `restrict` is not for policies", "forbid `read`, with an annotation"
        )
    if rule.effect == "permit" and (rule.obligation.mask or rule.obligation.min_group):
        raise broken(
            rule.where,
            "@mask and @min_group come with a forbid",
            "write forbid, with unless for those exempt",
        )
    action = getattr(getattr(template.action, "entity", None), "id", "")
    if rule.obligation.conditional and action != "read":
        raise broken(
            rule.where, "@rows, @mask and @min_group are about reading", 'write action == Action::"read"'
        )


def _effective(rule: Rule) -> str:
    """The text that Cedar decides by: a conditional forbid becomes a permit of `restrict`."""
    if not rule.restricts:
        return rule.text
    import cedarpy

    nodes = cedarpy.policies_to_pst(rule.text)
    (key, template), *_ = nodes.static_policies.items()
    action = template.action
    assert isinstance(action, cedarpy.pst.ActionEq)
    restrict = replace(action, entity=replace(action.entity, id=_RESTRICT))
    changed = replace(template, effect="permit", action=restrict)
    parsed = cedarpy.PolicySet.from_pst(replace(nodes, static_policies={key: changed}))
    return str(parsed)


def _refuse_repeated_ids(rules: Iterable[Rule]) -> None:
    seen: dict[str, Rule] = {}
    for rule in rules:
        if rule.id in seen:
            raise broken(rule.where, f'`@id("{rule.id}")` stands at {seen[rule.id].where} too', "rename one")
        seen[rule.id] = rule


def _validate(rules: Sequence[Rule]) -> None:
    import cedarpy

    result = cedarpy.validate_policies("\n".join(rule.text for rule in rules), schema_text())
    for error in result.errors:
        index = str(error.policy_id).removeprefix("policy")
        where = rules[int(index)].where if index.isdigit() and int(index) < len(rules) else "policies"
        reason = str(error.error).removeprefix(f"for policy `{error.policy_id}`, ")
        raise broken(where, reason)


def split_policies(name: str, text: str) -> list[tuple[int, str]]:
    """Cut a file into its policies, each with the line it begins on.

    Raises:
        Misconfigured: A text or a policy is not closed.
    """
    found: list[tuple[int, str]] = []
    start: int | None = None
    position, line = 0, 1
    begun = 1
    while position < len(text):
        step = _token_length(text, position)
        if not step:
            raise broken(f"{name}:{line}", "a quote is not closed")
        token = text[position : position + step]
        if start is None and not token.isspace() and not token.startswith("//"):
            start, begun = position, line
        position, line = position + step, line + token.count("\n")
        if token == ";" and start is not None:
            found.append((begun, text[start:position]))
            start = None
    if start is not None:
        raise broken(f"{name}:{begun}", "the policy has no `;` at its end")
    return found


def _token_length(text: str, at: int) -> int:
    """Length of the comment, text or character that begins there; 0 for a text that is not closed."""
    if text.startswith("//", at):
        end = text.find("\n", at)
        return (len(text) if end < 0 else end) - at
    if text[at] != '"':
        return 1
    end = at + 1
    while end < len(text) and text[end] != '"':
        end += 2 if text[end] == "\\" else 1
    return end + 1 - at if end < len(text) else 0


def _uid(uid: Uid) -> dict[str, str]:
    return {"type": uid[0], "id": uid[1]}
