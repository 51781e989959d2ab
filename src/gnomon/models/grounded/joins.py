"""Choose the table to start from and the join paths, so that no join multiplies what is computed."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from gnomon.domain.catalog import TableRef
from gnomon.models.grounded.attached import leads_elsewhere, way_by
from gnomon.models.grounded.reading import Condition, Linked, NotRead, Reading
from gnomon.models.grounded.schema import Hop, Schema
from gnomon.models.grounded.words import ADDITIVE, name_words
from gnomon.models.grounded.words import root as word_root

MAX_RELATED_HOPS = 2
"""Rows further away than over one bridging table are rarely what a short question means."""


@dataclass(frozen=True, slots=True)
class Related:
    """Rows of another table that a row of the root must have, lack or have so many of.

    Args:
        path: Hops from the root to the table.
        inner: Conditions that the related rows meet, with the further hops each needs.
    """

    linked: Linked
    path: tuple[Hop, ...]
    inner: tuple[tuple[Condition, tuple[Hop, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """Where a query starts, what it joins many-to-one, and what it asks of related rows.

    Args:
        root: The table in FROM.
        hops: Joins in order; none multiplies the rows of the root.
        outer: Conditions on the root and the joined tables.
    """

    root: TableRef
    hops: tuple[Hop, ...]
    outer: tuple[Condition, ...]
    related: tuple[Related, ...]


def plan_joins(reading: Reading, schema: Schema) -> JoinPlan:
    """The plan of a reading.

    Raises:
        NotRead: No path joins the tables, several do, or a join would multiply what is computed.
    """
    needed = tables_needed(reading)
    root = _root(reading, needed, schema)
    hops: list[Hop] = []
    for table in needed:
        _add(hops, only_path(schema, root, table, many=False, said=reading.said))
    outer, inner = [], []
    for condition in (_owned(c, root, schema) for c in reading.conditions):
        start = condition.of or root
        if schema.paths(root, start, many=False) and schema.paths(start, condition.column.table, many=False):
            _add(hops, only_path(schema, root, start, many=False, said=reading.said))
            _add(hops, _way(condition, start, schema, reading.said))
            outer.append(condition)
        else:
            inner.append(condition)
    for condition in reading.either:
        _add(hops, only_path(schema, root, condition.column.table, many=False, said=reading.said))
    joined = {root, *(h.target for h in hops)}
    related = _related(reading, inner, root, schema, joined)
    if reading.cautious:
        refuse_unmentioned(related, reading.mentioned)
    return JoinPlan(root, tuple(hops), tuple(outer), related)


def _owned(condition: Condition, root: TableRef, schema: Schema) -> Condition:
    """The condition, said of other rows only where those lead elsewhere than the root does."""
    if condition.of is None or leads_elsewhere(schema, root, condition.of, condition.column.table):
        return condition
    return replace(condition, of=None)


def _way(condition: Condition, start: TableRef, schema: Schema, said: frozenset[str]) -> tuple[Hop, ...]:
    """The path from the rows that a condition is said of to the column that it compares."""
    return only_path(schema, start, condition.column.table, many=False, said=said, by=condition.by)


def compared_conditions(reading: Reading) -> tuple[Condition, ...]:
    """What tells the two sides of a comparison apart."""
    return tuple(c for s in reading.compared.sides for c in s.conditions) if reading.compared else ()


def tables_needed(reading: Reading) -> list[TableRef]:
    """Tables that must be joined to compute, show, group and order; the base is the first."""
    tables = [t.table for t in reading.targets] + [g.column.table for g in reading.groups]
    tables += [a.column.table for a in reading.against_average]
    tables += [reading.group_by_entity] if reading.group_by_entity else []
    tables += [reading.having[0].table] if reading.having else []
    tables += reading.outer.over.tables if reading.outer else ()
    tables += reading.within.tables if reading.within else ()
    tables += [c.column.table for c in compared_conditions(reading)]
    tables += [o.target.table for o in reading.then if o.target is not None]
    if reading.order is not None and reading.order.target is not None:
        tables.append(reading.order.target.table)
    return list(dict.fromkeys([reading.base, *tables]))


def _root(reading: Reading, needed: list[TableRef], schema: Schema) -> TableRef:
    def reaches_all(table: TableRef) -> int | None:
        paths = [schema.paths(table, other, many=False) for other in needed]
        return sum(len(p[0]) for p in paths) if all(paths) else None

    if reaches_all(reading.base) is not None:
        return reading.base
    measured = any(t.aggregate in ("sum", "avg", "median") for t in reading.targets)
    if measured:
        raise NotRead("Joining the tables would count amounts more than once.", tuple(map(str, needed)))
    costs = {t: cost for t in schema.tables() if (cost := reaches_all(t)) is not None}
    if not costs:
        raise NotRead(f"I see no way to join {' and '.join(map(str, needed))}.", tuple(map(str, needed)))
    best = min(costs.values())
    roots = [t for t, cost in costs.items() if cost == best]
    if len(roots) > 1:
        names, ways = " and ".join(map(str, needed)), " or by ".join(map(str, roots))
        raise NotRead(f"{names} are linked in several ways: by {ways}.", tuple(map(str, needed)))
    return roots[0]


def only_path(
    schema: Schema, start: TableRef, goal: TableRef, *, many: bool, said: frozenset[str] = frozenset(),
    by: str = "",
) -> tuple[Hop, ...]:  # fmt: skip
    """The one shortest join path, or the one of several whose columns the question names.

    Args:
        said: Roots of the question's words: `origin` tells `origin_port_id` from `destination_port_id`.
        by: The column that the path leaves by, where it is known.

    Raises:
        NotRead: There is none, or there are several.
    """
    paths = _said_paths(way_by(schema.paths(start, goal, many=many), by), said)
    if not paths:
        raise NotRead(f"I see no way to join {start} and {goal}.", (str(start), str(goal)))
    if len(paths) > 1:
        ways = tuple(" and ".join(map(_refers, p)) for p in paths[:3])
        raise NotRead(f"{start} and {goal} are linked in several ways: by {' or by '.join(ways)}.", (), ways)
    return paths[0]


def _refers(hop: Hop) -> str:
    """The column that makes the link, on whichever side it is: the other one is the same for every way."""
    return f"{hop.join.child}.{hop.join.child_columns[0]}"


def _said_paths(paths: list[tuple[Hop, ...]], said: frozenset[str]) -> list[tuple[Hop, ...]]:
    if len(paths) < 2 or not said:
        return paths
    named = [_path_words(path) for path in paths]
    common = frozenset.intersection(*named)
    told = [path for path, words in zip(paths, named, strict=True) if (words - common) & said]
    return told or paths


def _path_words(path: tuple[Hop, ...]) -> frozenset[str]:
    columns = [name for hop in path for pair in hop.pairs for name in pair]
    return frozenset(word_root(w) for name in columns for w in name_words(name))


def _add(hops: list[Hop], path: Iterable[Hop]) -> None:
    for hop in path:
        if hop in hops:
            continue
        if any(h.target == hop.target for h in hops):
            raise NotRead(f"{hop.target} is reached in two ways.", (str(hop.target),))
        hops.append(hop)


def _related(
    reading: Reading, conditions: list[Condition], root: TableRef, schema: Schema, joined: set[TableRef]
) -> tuple[Related, ...]:
    left = list(conditions)
    found = []
    for linked in reading.linked:
        if linked.table in joined and linked.operator == "exists":
            continue
        inner = [c for c in left if _is_inner(c, linked.table, schema)]
        left = [c for c in left if c not in inner]
        found.append(_one_related(linked, inner, root, schema, reading))
    while left:
        owners = dict.fromkeys(c.of or c.column.table for c in left)
        reach = {t: [o for o in left if _is_inner(o, t, schema)] for t in owners}
        table = max(reach, key=lambda t: len(reach[t]))
        found.append(_one_related(Linked(table), reach[table], root, schema, reading))
        left = [c for c in left if c not in reach[table]]
    return tuple(found)


def _is_inner(condition: Condition, table: TableRef, schema: Schema) -> bool:
    """Whether related rows of a table are those that the condition is said of."""
    if condition.of is not None:
        return condition.of == table
    return bool(schema.paths(table, condition.column.table, many=False))


def refuse_unmentioned(related: tuple[Related, ...], mentioned: Iterable[TableRef]) -> None:
    """Rows of a table that the question names by nothing but a value are too far a guess."""
    known = set(mentioned)
    for one in related:
        on_path = {h.target for h in one.path}
        if one.inner and not on_path & known and not any(c.named for c, _ in one.inner):
            words = one.inner[0][0].words
            raise NotRead(f"`{words}` is a value of {one.linked.table}, which is not mentioned.", (words,))


def _one_related(
    linked: Linked, inner: list[Condition], root: TableRef, schema: Schema, reading: Reading
) -> Related:
    cautious = reading.cautious
    for condition in inner if cautious else ():
        if condition.operator in ("<>", "not in", "in", "null", "not null", "false"):
            raise NotRead(
                f"`{condition.words}` is about {condition.column.table}, of which there may be several; "
                "I cannot tell whether any or all of them are meant.",
                (condition.words,),
            )
    if linked.table == root:
        raise NotRead(f"I cannot tell how {root} is linked to itself.", (str(root),))
    for condition in inner if cautious else ():
        amount = name_words(condition.column.column)[-1:]
        if condition.operator in (">", ">=", "<", "<=") and set(amount) & ADDITIVE:
            raise NotRead(f"`{condition.words}` could be about one row or their sum.", (condition.words,))
    path = only_path(schema, root, linked.table, many=True, said=reading.said)
    if cautious and any(not first.many and second.many for first, second in pairwise(path)):
        raise NotRead(f"{root} and {linked.table} only share a third table.", (str(linked.table),))
    if len(path) > (MAX_RELATED_HOPS if cautious else MAX_RELATED_HOPS + 1):
        raise NotRead(f"{root} and {linked.table} are too far apart to be sure.", (str(linked.table),))
    routed = tuple((c, _way(c, linked.table, schema, reading.said)) for c in inner)
    return Related(linked, path, routed)
