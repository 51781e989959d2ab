"""Tables between two others that the question does not name: said, or refused if another link is likely."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, permutations

from gnomon.domain.catalog import TableRef
from gnomon.models.grounded.attached import referring
from gnomon.models.grounded.joins import JoinPlan, tables_needed
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.schema import Hop, Schema
from gnomon.models.grounded.words import name_words


def through_bridges(reading: Reading, plan: JoinPlan, schema: Schema) -> Reading:
    """The reading, with each unnamed table that links two others.

    Raises:
        NotRead: One of the two has a column that is called after the other, so they may be linked by that.
    """
    told = []
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
    return replace(reading, through=tuple(dict.fromkeys(told))) if told else reading


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
    paths = [r.path for r in plan.related]
    if reading.order is not None and reading.order.linked is not None:
        paths += schema.paths(reading.base, reading.order.linked, many=True)[:1]
    for path in paths:
        yield from _between(path)


def _between(path: tuple[Hop, ...]) -> Iterator[tuple[TableRef, tuple[TableRef, ...]]]:
    """A row of the first has several of the second, of which each has one of the third."""
    for first, second in pairwise(path):
        if first.many and not second.many:
            yield first.target, (first.source, second.target)
