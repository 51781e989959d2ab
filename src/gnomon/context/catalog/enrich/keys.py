"""Which columns identify a row that a query makes: by construction, or if what it reads has certain keys."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from gnomon.context.catalog.enrich import conditions
from gnomon.context.catalog.enrich.effects import bound_columns, first_of_each
from gnomon.context.catalog.enrich.relations import Joined, Output, Relation, in_scope
from gnomon.context.catalog.enrich.shapes import RowKey

_MAX_KEYS = 6
_MAX_NEEDS = 12
_MAX_DISTINCT = 8
Needs = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class _Key:
    """As `RowKey`, within the query. `columns`: folded column of `table` to folded output."""

    table: str
    columns: dict[str, str] | None
    needs: Needs = ()
    because: str = ""

    @property
    def certain(self) -> bool:
        """Whether it is a key by construction."""
        return not self.table


def row_keys(relation: Relation, inner: Sequence[Relation] = ()) -> tuple[RowKey, ...]:
    """The keys of a query's rows, those by construction first.

    Args:
        inner: Queries within it, innermost first, so that a long chain of them takes no deep recursion.
    """
    reader = KeyReader()
    for further in inner:
        reader.keys(further)
    found = reader.keys(relation)
    names = {folded: output.name for folded, output in relation.outputs.items()}
    return tuple(
        RowKey(
            key.table,
            None if key.columns is None else tuple((b, names.get(o, o)) for b, o in key.columns.items()),
            key.needs,
            key.because,
        )
        for key in found
    )


def grouping(relation: Relation) -> "tuple[Relation, list[exp.Expr]] | None":
    """The outermost grouped SELECT on the way of the rows, with what it groups by; None if nothing groups."""
    for _ in range(200):
        node = relation.node
        if isinstance(node, exp.Select) and node.args.get("group") is not None:
            return relation, group_items(relation)
        start = next(iter(relation.joined.values()), None)
        if start is None or relation.kind != "select":
            return None
        relation = start.relation
    return None


def group_items(relation: Relation) -> list[exp.Expr]:
    """The expressions that a grouped SELECT groups by; ordinals stand for their columns."""
    node = relation.node
    group = node.args.get("group") if node is not None else None
    if node is None or group is None:
        return []
    projections = node.expressions
    if group.args.get("all"):
        return [p for p in projections if not _aggregates(p)]
    items: list[exp.Expr] = []
    for item in group.expressions:
        position = int(item.name) - 1 if isinstance(item, exp.Literal) and item.is_int else -1
        items.append(projections[position] if 0 <= position < len(projections) else item)
    return items


class KeyReader:
    """Finds keys of relations, each relation once."""

    def __init__(self) -> None:
        self._known: dict[int, list[_Key]] = {}

    def keys(self, relation: Relation) -> list[_Key]:
        """Keys of a relation, those by construction first."""
        known = self._known.get(id(relation))
        if known is None:
            self._known[id(relation)] = []
            known = sorted(self._find(relation), key=lambda k: (not k.certain, len(k.needs)))[:_MAX_KEYS]
            self._known[id(relation)] = known
        return known

    def _find(self, relation: Relation) -> list[_Key]:
        if relation.kind == "table":
            return [_Key(relation.name, None)]
        if relation.kind == "union":
            whole = isinstance(relation.node, exp.SetOperation) and relation.node.args.get("distinct")
            return _all_columns(relation) if whole else []
        if relation.kind != "select":
            return []
        if not isinstance(relation.node, exp.Select):
            return self._passed_on(relation)
        if relation.node.args.get("group") is not None:
            return _grouped(relation, relation.node)
        if any(_aggregates(p) for p in relation.node.expressions):
            return [_Key("", {}, (), "one row in all")]
        picked = _picked(relation, relation.node)
        distinct = isinstance(relation.node.args.get("distinct"), exp.Distinct)
        return picked + self._passed_on(relation) + (_all_columns(relation) if distinct else [])

    def _passed_on(self, relation: Relation) -> list[_Key]:
        """Keys of what is read that survive the joins and whose columns are passed on."""
        found: list[tuple[Joined, _Key]] = []
        for joined in relation.joined.values():
            found = self._joined(relation, joined, found)
        return [k for joined, key in found if (k := _through(key, joined, relation)) is not None]

    def _joined(
        self, relation: Relation, joined: Joined, before: list[tuple[Joined, _Key]]
    ) -> list[tuple[Joined, _Key]]:
        own = [(joined, key) for key in self.keys(joined.relation)]
        if joined.kind == "from":
            return own
        if joined.kind in ("semi", "anti"):
            return before
        if joined.kind == "full" or not relation.joined:
            return []
        links = _link_conditions(relation, joined)
        kept: list[tuple[Joined, _Key]] = []
        if joined.kind != "right":
            needs = self._needs(joined, {c.casefold() for c in _bound(relation, joined, links)})
            kept += _with_needs(before, needs)
        if joined.kind in ("inner", "cross", "right"):
            kept += self._repeated_by(relation, joined, links, before, own)
        return kept

    def _repeated_by(
        self,
        relation: Relation,
        joined: Joined,
        links: list[exp.Expr],
        before: list[tuple[Joined, _Key]],
        own: list[tuple[Joined, _Key]],
    ) -> list[tuple[Joined, _Key]]:
        """The joined relation's own keys, where each of its rows meets at most one row before it."""
        holders = list(dict.fromkeys(id(j) for j, _ in before))
        if (
            len(holders) != 1
            or sum(1 for j in relation.joined.values() if j.kind not in ("semi", "anti")) > 2
        ):
            return []
        first = before[0][0]
        bound = {c.casefold() for c in _bound(relation, first, links)} | {c.casefold() for c in joined.using}
        return _with_needs(own, self._needs(first, bound))

    def _needs(self, joined: Joined, bound: set[str]) -> Needs | None:
        """What must hold so that at most one row of `joined` has given values in the `bound` columns."""
        for key in self.keys(joined.relation):
            if key.columns is None:
                if bound:
                    return (*key.needs, (key.table, tuple(sorted(bound))))
            elif key.certain:
                if set(key.columns.values()) <= bound:
                    return key.needs
            elif held := sorted(base for base, out in key.columns.items() if out in bound):
                return (*key.needs, (key.table, tuple(held)))
        return None


def _with_needs(found: list[tuple[Joined, _Key]], needs: Needs | None) -> list[tuple[Joined, _Key]]:
    if needs is None:
        return []
    joined = ((j, replace(k, needs=tuple(dict.fromkeys((*k.needs, *needs))))) for j, k in found)
    return [(j, k) for j, k in joined if len(k.needs) <= _MAX_NEEDS]


def _link_conditions(relation: Relation, joined: Joined) -> list[exp.Expr]:
    links = conditions.conjuncts(joined.on)
    where = relation.node.args.get("where") if relation.node is not None else None
    if where is not None and joined.kind in ("inner", "cross"):
        links = links + conditions.conjuncts(where.this)
    return links


def _bound(relation: Relation, joined: Joined, links: list[exp.Expr]) -> list[str]:
    return [*joined.using, *bound_columns(relation, joined, links)]


def _through(key: _Key, joined: Joined, relation: Relation) -> _Key | None:
    """The key under the names of `relation`'s outputs, or None if they do not pass it on."""
    passed: dict[str, str] = {}
    for folded, output in relation.outputs.items():
        if output.through is not None and output.through[0] is joined:
            passed.setdefault(output.through[1].casefold(), folded)
    if key.columns is None:
        if relation.open and joined.relation.open:
            return key
        return replace(key, columns=passed)
    columns = {base: passed[out] for base, out in key.columns.items() if out in passed}
    whole = len(columns) == len(key.columns)
    if key.certain:
        return replace(key, columns=columns) if whole else None
    return replace(key, columns=columns)


def _all_columns(relation: Relation) -> list[_Key]:
    if relation.open or len(relation.outputs) > _MAX_DISTINCT:
        return []
    return [_Key("", {c: c for c in relation.outputs}, (), "repeated rows are kept once")]


def _grouped(relation: Relation, node: exp.Select) -> list[_Key]:
    group = node.args["group"]
    items = group_items(relation)
    if any(group.args.get(name) for name in ("cube", "rollup", "grouping_sets")):
        return []
    if any(isinstance(i, exp.Cube | exp.Rollup | exp.GroupingSets) for i in items):
        return []
    columns = [_output_of(item, relation) for item in items]
    held = [c for c in columns if c is not None]
    return [_Key("", {c: c for c in held}, (), "grouped by it")] if len(held) == len(columns) else []


def _picked(relation: Relation, node: exp.Select) -> list[_Key]:
    """Keys from picking one row of each partition, here or by a row number made further in."""
    distinct = node.args.get("distinct")
    on = distinct.args.get("on") if isinstance(distinct, exp.Distinct) else None
    if on is not None:
        items = on.unnest().expressions or [on.unnest()]
        return _key_of_items(items, relation, "one row of each is kept")
    for clause in ("qualify", "where"):
        found = node.args.get(clause)
        for condition in conditions.conjuncts(found.this if found is not None else None):
            picked = first_of_each(condition, relation)
            if picked is not None:
                window, holder = picked
                return _key_of_pick(window.args.get("partition_by") or [], holder, relation, clause)
    return []


def _key_of_pick(items: list[exp.Expr], holder: Relation, relation: Relation, clause: str) -> list[_Key]:
    """The key that one row of each partition has, if nothing from the numbering to the pick repeats rows."""
    between = relation
    while between is not holder or (clause == "where" and between is relation):
        if len(between.joined) != 1:
            return []
        between = next(iter(between.joined.values())).relation
        if between is holder:
            break
    numbered = [_output_of(item, holder) for item in items]
    held = [_passed_from(holder, n, relation) for n in numbered if n is not None]
    known = [h for h in held if h is not None]
    because = "one row of each is kept"
    return [_Key("", {h: h for h in known}, (), because)] if len(known) == len(items) else []


def _passed_from(holder: Relation, name: str, relation: Relation) -> str | None:
    """The output of `relation` that passes on the output `name` of `holder`, further in or the same."""
    if relation is holder:
        return name
    for folded, output in relation.outputs.items():
        joined, column = output.through or (None, "")
        while joined is not None and joined.relation is not holder:
            inner = joined.relation.output(column)
            joined, column = (inner.through if inner else None) or (None, "")
        if joined is not None and column.casefold() == name:
            return folded
    return None


def _key_of_items(items: list[exp.Expr], relation: Relation, because: str) -> list[_Key]:
    known = [h for item in items if (h := _output_of(item, relation)) is not None]
    return [_Key("", {h: h for h in known}, (), because)] if len(known) == len(items) else []


def _output_of(item: exp.Expr, relation: Relation) -> str | None:
    """The folded name of the output that is what `item` says, or None."""
    bare = item.unalias()
    if isinstance(item, exp.Alias):
        return item.alias.casefold() if item.alias.casefold() in relation.outputs else None
    if not isinstance(bare, exp.Column):
        return next((f for f, o in relation.outputs.items() if o.node is not None and o.node == bare), None)
    source = relation.source_of(bare)
    if source is None or (source[0].relation.open and not bare.table):
        named = relation.outputs.get(bare.name.casefold())
        if named is not None and (source is None or named.node is not None or _passes(named, source)):
            return bare.name.casefold()
    if source is None:
        return None
    return next((f for f, o in relation.outputs.items() if _passes(o, source)), None)


def _passes(output: Output, source: tuple[Joined, str]) -> bool:
    return (
        output.through is not None
        and output.through[0] is source[0]
        and output.through[1].casefold() == source[1].casefold()
    )


def _aggregates(projection: exp.Expr) -> bool:
    """Whether an expression takes many rows to one, other than over a window."""
    return any(isinstance(part, exp.AggFunc) and not _over_window(part) for part in in_scope(projection))


def _over_window(node: exp.Expr) -> bool:
    holder = node.parent
    while isinstance(holder, exp.IgnoreNulls | exp.RespectNulls | exp.Filter | exp.WithinGroup):
        node, holder = holder, holder.parent
    return isinstance(holder, exp.Window) and holder.this is node
