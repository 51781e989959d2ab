"""Rows of what is over: officers who have left count among officers unless the question says otherwise.

Nothing in `how many officers are there` tells whether those who are gone are meant, so the answer says that
they count.
"""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.people import PERSONS, are_people
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.row_states import STATUSES
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.words import name_words, stem

LEFT = frozenset(stem(w) for w in ("left", "leaving", "terminated", "termination", "resigned", "retired"))
"""In the name of a date after which a row is of something that is gone."""

HERE = frozenset({"active", "employed"})
HERE_STEMS = frozenset(map(stem, HERE))
FLAGGING = frozenset({"is", "currently", "still"})
"""What names of flags of people who are still there have besides."""


def count_departed(reading: Reading, schema: Schema) -> Iterator[str]:
    """What is said of rows that a date or a flag tells to be over, where the question says nothing of it."""
    base = reading.base
    marks = [c for c in _columns(base, schema) if _is_left(c, schema) or _is_here(c, schema)]
    told = any(_restricts(c, base, schema) for c in _compared(reading))
    if marks and not told and not {*marks} & {*_shown(reading)}:
        yield f"Rows of {base} count whatever {' or '.join(map(str, marks))} says."


def _columns(table: TableRef, schema: Schema) -> list[ColumnRef]:
    return [ColumnRef(table, column.name) for column in schema.card(table).columns]


def _is_left(column: ColumnRef, schema: Schema) -> bool:
    """`left_on`, which some rows have and some have not."""
    profile = schema.column(column).profile
    some = profile is not None and 0 < profile.nulls < profile.rows
    return some and schema.is_temporal(column) and bool({stem(w) for w in name_words(column.column)} & LEFT)


def _is_here(column: ColumnRef, schema: Schema) -> bool:
    """`is_active` of people, which is yes for some and no for others."""
    words, table = {*name_words(column.column)}, column.table
    if not words & HERE or words - HERE - FLAGGING or not schema.is_flag(column):
        return False
    profile = schema.column(column).profile
    several = profile is not None and len(profile.top) > 1
    return several and (are_people(schema, table) or name_words(table.name)[-1] in PERSONS)


def _compared(reading: Reading) -> Iterator[ColumnRef]:
    conditions = (*reading.conditions, *reading.either, *(t.condition for t in reading.tests))
    yield from (c.column for c in conditions)


def _shown(reading: Reading) -> Iterator[ColumnRef]:
    """The columns that are computed, listed, grouped or ranked by."""
    ordered = reading.order.target if reading.order is not None else None
    yield from (t.ref for t in (*reading.targets, ordered) if t is not None and t.ref is not None)
    yield from (g.column for g in reading.groups)


def _restricts(column: ColumnRef, table: TableRef, schema: Schema) -> bool:
    """Whether it tells which rows of the table still count, when something befell them, or which is meant."""
    state = bool({stem(w) for w in name_words(column.column)} & (STATUSES | HERE_STEMS))
    named = column.column in (*schema.label(table), *schema.key(table))
    return column.table == table and (state or schema.is_temporal(column) or named)
