"""Columns that may lead to a table by another way than the known one of several joins: `closed_by`."""

import re
from collections.abc import Iterator, Sequence

from gnomon.domain.catalog import CardColumn, ColumnRef, TableRef
from gnomon.models.grounded.schema import Hop, Schema
from gnomon.models.grounded.words import name_words, stem

POINTING = frozenset(stem(w) for w in ("by", "id", "key", "ref", "code", "nr"))
"""Last words of a column that refers to somebody or something."""

COVERED = 0.5
"""Share of a key's range from which the values of a column look like a choice of all its rows."""


def other_ways(schema: Schema, path: Sequence[Hop]) -> Iterator[ColumnRef]:
    """Columns without a link that fit the far end of a way of several joins that all go in one direction.

    They are called as what refers to something, and what is known of their values fits the key at that end.
    """
    if len(path) < 2 or len({h.many for h in path}) > 1:
        return
    first, last = path[0], path[-1]
    start, goal, name = (
        (last.target, first.source, first.pairs[0][0])
        if first.many
        else (first.source, last.target, last.pairs[0][1])
    )
    key = schema.card(goal).column(name)
    for column in schema.card(start).columns if key is not None else ():
        if _is_unlinked(schema, start, column.name) and key is not None and _leads(schema, column, key, goal):
            yield ColumnRef(start, column.name)


def _is_unlinked(schema: Schema, table: TableRef, name: str) -> bool:
    """Whether a column refers by its name, no link of it is known, and it is called after no other table."""
    joins = schema.card(table).joins
    linked = {c for j in joins if j.child == table for c in j.child_columns}
    linked |= {c for j in joins if j.parent == table for c in j.parent_columns}
    *noun, tail = (stem(w) for w in name_words(name))
    nouns = [[stem(w) for w in name_words(t.name)][-1:] for t in schema.tables()]
    return bool(noun) and tail in POINTING and name not in {*linked, *schema.key(table)} and noun not in nouns


def _leads(schema: Schema, column: CardColumn, key: CardColumn, goal: TableRef) -> bool:
    """Whether the values look like a choice of the key's: all within it, and of no other key more closely."""
    room = _room(column, key)
    if room is None or column.column.kind == "text":
        return room is not None
    keys = (
        schema.card(t).column(k[0]) for t in schema.tables() if t != goal and len(k := schema.key(t)) == 1
    )
    closer = (r for k in keys if k is not None and (r := _room(column, k)) is not None)
    return room >= COVERED or all(r <= room for r in closer)


def _room(column: CardColumn, key: CardColumn) -> float | None:
    """How much of a key's range the values of a column take, in (0, 1]; None where they cannot be of it."""
    own, others = column.profile, key.profile
    if column.column.kind != key.column.kind or own is None or others is None:
        return None
    if own.low is None or own.high is None or others.low is None or others.high is None:
        return None
    if column.column.kind == "text":
        fits = _shape(own.low) == _shape(others.low) and others.low <= own.low and own.high <= others.high
        return 1.0 if fits else None
    if column.column.kind != "integer":
        return None
    low, high = float(others.low), float(others.high)
    fits = low <= float(own.low) and float(own.high) <= high
    return (float(own.high) - float(own.low) + 1) / (high - low + 1) if fits else None


def _shape(code: str) -> str:
    """`R-017` and `R-402` are alike; a code and a name are not."""
    return re.sub("[^\\W\\d_]", "a", re.sub(r"\d", "0", code))
