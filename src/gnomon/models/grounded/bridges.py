"""Tables between two others that the question does not name: said, or refused if another link is likely."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, permutations

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.attached import referring
from gnomon.models.grounded.counted_rows import rows_counted
from gnomon.models.grounded.departed import count_departed
from gnomon.models.grounded.joins import JoinPlan, plan_joins, tables_needed
from gnomon.models.grounded.left_out import links_and_gaps
from gnomon.models.grounded.own_links import said_links
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.roles import other_ways
from gnomon.models.grounded.schema import Hop, Schema
from gnomon.models.grounded.words import name_words


def through_bridges(reading: Reading, plan: JoinPlan, schema: Schema) -> Reading:
    """The reading, with each unnamed table that links two others.

    Raises:
        NotRead: One of the two has a column that is called after the other, so they may be linked by that.
    """
    told = list(_long_ways(reading, plan, schema))
    for rows in _counted(reading, schema):
        told += through_bridges(rows, plan_joins(rows, schema), schema).through
    for bridge, ends in _bridges(reading, plan, schema):
        if bridge in reading.mentioned:
            continue
        for start, goal in permutations(ends, 2):
            column = next(referring(schema, start, goal), None)
            if column is not None:
                reason = f"{start} and {goal} are linked through {bridge}; of {column} no link is known."
                raise NotRead(reason, (goal.name,), final=True)
        if _is_thing(bridge, ends, schema):
            told.append(f"{' and '.join(map(str, ends))} are linked through {bridge}.")
    told += links_and_gaps(reading, plan, schema, _linked(reading, plan, schema))
    told += count_departed(reading, schema)
    return replace(reading, through=tuple(dict.fromkeys(told))) if told else reading


def by_own_keys(reading: Reading, schema: Schema) -> Reading:
    """The reading, with each link between its tables that goes without saying, however it joins."""
    conditions = (*reading.conditions, *reading.either)
    used = {*tables_needed(reading), *(c.column.table for c in conditions)}
    used |= {k.table for k in reading.linked}
    pairs = (pair for pair in schema.implied if used >= {*pair})
    said = tuple(f"{sentence}." for _, sentence in said_links(schema.implied, pairs))
    return replace(reading, through=(*reading.through, *said)) if said else reading


def _linked(reading: Reading, plan: JoinPlan, schema: Schema) -> Iterator[tuple[TableRef, TableRef]]:
    """The tables that are joined, the one that refers first."""
    inner = (hop for related in plan.related for _, way in related.inner for hop in way)
    related = (hop for path in _related_paths(reading, plan, schema) for hop in path)
    yield from ((hop.join.child, hop.join.parent) for hop in (*plan.hops, *related, *inner))


def _counted(reading: Reading, schema: Schema) -> Iterator[Reading]:
    """The rows that are counted for each row of the base, where they are restricted by themselves."""
    if reading.counted is not None:
        for path in schema.paths(reading.base, reading.counted.table, many=True)[:1]:
            yield rows_counted(reading, reading.counted, path)


def _long_ways(reading: Reading, plan: JoinPlan, schema: Schema) -> Iterator[str]:
    """What lies on a way of several joins, where the question names none of it.

    Raises:
        NotRead: A column of the table that it starts from may lead there at once.
    """
    for path in _paths(reading, plan, schema):
        between = [h.target for h in path[:-1]]
        one_way = len({h.many for h in path}) == 1
        if len(path) < 2 or not one_way or any(t in reading.mentioned for t in between):
            continue
        start, goal, names = path[0].source, path[-1].target, " and ".join(map(str, between))
        other = next((c for c in other_ways(schema, path) if not _is_said(c, reading)), None)
        if other is not None:
            reason = f"{start} and {goal} are linked through {names}; {other} may lead there as well."
            raise NotRead(reason, (goal.name,), final=True)
        yield f"{start} and {goal} are linked through {names}."


def _is_said(column: ColumnRef, reading: Reading) -> bool:
    return any(c.column == column for c in reading.conditions) or any(
        t.ref == column for t in reading.targets
    )


def _paths(reading: Reading, plan: JoinPlan, schema: Schema) -> Iterator[tuple[Hop, ...]]:
    """The ways from the table that a query starts from to what it computes, shows or compares."""
    needed = [*tables_needed(reading), *(c.column.table for c in (*plan.outer, *reading.either))]
    for table in dict.fromkeys(needed):
        ways = schema.paths(plan.root, table, many=False)
        yield from [way for way in ways if all(hop in plan.hops for hop in way)][:1]
    yield from _related_paths(reading, plan, schema)
    yield from (way for related in plan.related for _, way in related.inner)


def with_bridges(reading: Reading) -> Reading:
    """The reading with what links its tables among the assumptions that the answer states."""
    known = {text for text, _ in reading.assumptions}
    new = tuple((text, "") for text in reading.through if text not in known)
    return replace(reading, assumptions=(*reading.assumptions, *new)) if new else reading


def _is_thing(table: TableRef, ends: tuple[TableRef, ...], schema: Schema) -> bool:
    """Whether its rows are something of their own, with a key: others only say what belongs together.

    `student_course_enrolments` says by its name what it links.
    """
    key = schema.key(table)
    linking = {c for j in schema.card(table).joins if j.child == table for c in j.child_columns}
    called = set(name_words(table.name))
    told = all(set(name_words(end.name)[-1:]) <= called for end in ends)
    return len(key) == 1 and key[0] not in linking and not told


def _bridges(
    reading: Reading, plan: JoinPlan, schema: Schema
) -> Iterator[tuple[TableRef, tuple[TableRef, ...]]]:
    """Tables that link two or more others, with those."""
    needed = tables_needed(reading)
    if plan.root not in needed:
        yield plan.root, tuple(needed)
    for path in _related_paths(reading, plan, schema):
        yield from _between(path)


def _related_paths(reading: Reading, plan: JoinPlan, schema: Schema) -> Iterator[tuple[Hop, ...]]:
    """The ways to rows that those of the first table have, lack or are ranked by."""
    yield from (r.path for r in plan.related)
    if reading.order is not None and reading.order.linked is not None:
        yield from schema.paths(reading.base, reading.order.linked, many=True)[:1]


def _between(path: tuple[Hop, ...]) -> Iterator[tuple[TableRef, tuple[TableRef, ...]]]:
    """A row of the first has several of the second, of which each has one of the third."""
    for first, second in pairwise(path):
        if first.many and not second.many:
            yield first.target, (first.source, second.target)
