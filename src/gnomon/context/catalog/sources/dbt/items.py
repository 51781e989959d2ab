"""What a project tells, as items of the catalogue, in a stable order."""

from collections.abc import Iterator, Mapping
from typing import Any

from gnomon.context.catalog.facts import (
    Dashboard,
    Fact,
    FactKind,
    Item,
    JoinClaim,
    KeyClaim,
    LineageEdge,
    Origin,
    Problem,
)
from gnomon.context.catalog.sources.dbt.claims import Claims
from gnomon.context.catalog.sources.dbt.code import Coder
from gnomon.context.catalog.sources.dbt.comments import distinct_owners
from gnomon.context.catalog.sources.dbt.fields import clean, texts
from gnomon.context.catalog.sources.dbt.graph import Graph
from gnomon.context.catalog.sources.dbt.metrics import Semantics
from gnomon.context.catalog.sources.dbt.nodes import Exposure, Lookup, Node, Project, TableComments

_META_KINDS: Mapping[str, FactKind] = {
    "criticality": "criticality",
    "tier": "criticality",
    "priority": "criticality",
    "caveat": "caveat",
    "caveats": "caveat",
    "known_issues": "caveat",
    "limitations": "caveat",
    "warning": "caveat",
    "deprecated": "caveat",
    "use_instead": "use_instead",
    "use_when": "use_when",
    "always_filter": "always_filter",
    "grain": "grain",
    "scope": "scope",
    "freshness": "freshness",
    "sla": "freshness",
}
"""What keys of `meta` are about. dbt leaves them free; these are usual, or names of Gnomon's annotations."""

_MAX_CYCLES = 20
_MAX_HEADER = 40


def items_of(project: Project, source: str) -> Iterator[Item]:
    """Everything the project tells.

    Args:
        source: The source's name in origins.
    """
    claimed: set[object] = set()
    for item in _Teller(project, source).items():
        claim = _claim(item)
        if claim is None or claim not in claimed:
            claimed.add(claim)
            yield item


class _Teller:
    def __init__(self, project: Project, source: str) -> None:
        self._project = project
        self._source = source
        lookup = Lookup(project.nodes.values())
        self._graph = Graph(project.nodes)
        self._claims = Claims(project, lookup, source)
        self._coder = Coder(project, lookup, source)
        self._semantics = Semantics(project, source)
        self._accepted = self._claims.accepted_values()
        self._owners_differ = distinct_owners(project)

    def items(self) -> Iterator[Item]:
        for key in sorted(self._project.nodes):
            node = self._project.nodes[key]
            if node.is_table:
                yield from self._facts(node)
                yield from self._claims.of_constraints(node)
                yield from self._made_from(node)
        for cycle in self._graph.cycles[:_MAX_CYCLES]:
            yield self._cycle(cycle)
        yield from self._claims.of_tests()
        yield from self._semantics.items()
        for key in sorted(self._project.exposures):
            yield from self._exposure(self._project.exposures[key])
        for key in sorted(set(self._project.comments) - set(self._project.nodes)):
            yield from self._commented(self._project.comments[key], key)

    def _facts(self, node: Node) -> Iterator[Item]:
        comments = self._project.comments.get(node.id)
        meaning = node.description or (comments.comment if comments else "")
        owner = self._project.owner(node)
        if not owner and comments and self._owners_differ:
            owner = comments.owner
        yield from self._said(node, "meaning", meaning)
        yield from self._said(node, "owner", owner)
        yield from self._said(node, "freshness", node.freshness)
        for tag in node.tags:
            yield from self._said(node, "tag", tag)
        yield from self._meta(node)
        yield from self._versions(node)
        if node.loader:
            yield from self._said(node, "derivation", f"Loaded by {node.loader}.")
        if node.header:
            columns = ", ".join(node.header[:_MAX_HEADER])
            yield from self._said(node, "derivation", f"Loaded from a file with the columns {columns}.")
        if node.file:
            yield Fact(node.table, "produced_by", node.file, Origin("code", node.file, self._source))
        yield from self._columns(node, comments)

    def _said(self, node: Node, kind: FactKind, text: str) -> Iterator[Fact]:
        if text:
            yield Fact(node.table, kind, text, self._origin(node.place))

    def _meta(self, node: Node) -> Iterator[Fact]:
        for key, value in node.meta.items():
            kind = _META_KINDS.get(key)
            for said in texts(value) if kind else ():
                yield from self._said(node, kind or "caveat", _meta_text(key, said))

    def _versions(self, node: Node) -> Iterator[Fact]:
        if node.deprecation_date:
            yield from self._said(node, "caveat", f"Deprecated: its end is set to {node.deprecation_date}.")
        if not node.version or not node.latest_version or node.version == node.latest_version:
            return
        latest = self._graph.version(node, node.latest_version)
        if latest is not None and latest.is_table:
            said = f"{latest.table}: version {latest.version} is the latest of `{node.name}`"
            yield from self._said(node, "use_instead", said)

    def _columns(self, node: Node, comments: TableComments | None) -> Iterator[Fact]:
        """One fact a column: what is written about it, with the values that a test accepts."""
        written = {
            name.casefold(): (name, comment, node.place)
            for name, comment in (comments.columns if comments else ())
        }
        for column in node.columns:
            if column.description:
                written[column.name.casefold()] = (column.name, column.description, column.place)
        tested = {name.casefold(): (name, said) for name, said in self._accepted.get(node.id, {}).items()}
        for folded, (name, said, place) in written.items():
            _, values = tested.pop(folded, ("", ""))
            text = f"{_sentence(said)} {values}" if values else said
            origin = Origin("documentation", place, self._source)
            yield Fact(node.table, "column_meaning", text, origin, name)
        for name, values in tested.values():
            # A bare list of values says less than a comment in the warehouse does, so it ranks below it.
            origin = Origin("code", node.place, self._source)
            yield Fact(node.table, "column_meaning", values, origin, name)

    def _made_from(self, node: Node) -> Iterator[Item]:
        origin = Origin("code", node.file or node.place, self._source)
        for upstream in self._graph.tables_above(node.id):
            yield LineageEdge(node.table, self._project.nodes[upstream].table, origin)
        code = self._coder.code_of(node)
        if code is not None:
            yield code

    def _cycle(self, cycle: tuple[str, ...]) -> Problem:
        nodes = [self._project.nodes[each] for each in cycle]
        names = " -> ".join(node.name for node in (*nodes, nodes[0]))
        said = f"models read each other in a circle ({names}); the edge that closes it is left out"
        return Problem(nodes[0].file or nodes[0].place, said)

    def _exposure(self, exposure: Exposure) -> Iterator[Item]:
        tables = []
        for node in dict.fromkeys(self._exposed(exposure)):
            found = self._project.nodes.get(node)
            if found is not None and found.is_table:
                tables.append(found.table)
            elif found is not None:
                tables += [self._project.nodes[up].table for up in self._graph.tables_above(node)]
        tables = list(dict.fromkeys(tables))
        origin = self._origin(exposure.place)
        yield Dashboard(exposure.title, origin, owner=exposure.owner, tables=tuple(tables), url=exposure.url)
        if exposure.description:
            what = ", ".join(part for part in (exposure.kind, _maturity(exposure)) if part)
            said = f"{exposure.title}{f' ({what})' if what else ''}: {exposure.description}"
            for table in tables:
                yield Fact(table, "downstream", said, origin)

    def _exposed(self, exposure: Exposure) -> Iterator[str]:
        for each in exposure.depends_on:
            if each.startswith("metric."):
                yield from self._semantics.nodes_of(each.rpartition(".")[2])
            else:
                yield each

    def _commented(self, comments: TableComments, key: str) -> Iterator[Item]:
        """A relation that no node describes, because there is no manifest or it ends too early."""
        origin = self._origin(f"catalog.json ({key})")
        if comments.comment:
            yield Fact(comments.table, "meaning", comments.comment, origin)
        if comments.owner and self._owners_differ:
            yield Fact(comments.table, "owner", comments.owner, origin)
        for name, comment in comments.columns:
            yield Fact(comments.table, "column_meaning", comment, origin, name)

    def _origin(self, place: str) -> Origin:
        return Origin("documentation", place, self._source)


def _claim(item: Item) -> object:
    """What a claim says apart from where: a test, a constraint and an entity often say the same."""
    match item:
        case KeyClaim(table, columns):
            return table, frozenset(column.casefold() for column in columns)
        case JoinClaim(child, child_columns, parent, parent_columns):
            return child, child_columns, parent, parent_columns
    return None


def _sentence(said: str) -> str:
    return said if said.endswith((".", "!", "?", "…")) else f"{said}."


def _maturity(exposure: Exposure) -> str:
    return f"maturity {exposure.maturity}" if exposure.maturity else ""


def _meta_text(key: str, value: Any) -> str:
    """A value of `meta` as a sentence says it: `tier: 1` is no word by itself, nor is `deprecated: true`."""
    said = clean(value, 1000)
    if key == "deprecated":
        return {"true": "Deprecated.", "false": ""}.get(said.casefold(), f"Deprecated: {said}")
    bare = said.replace(".", "").isdecimal()
    return f"{key} {said}" if bare and key in ("tier", "priority", "criticality") else said
