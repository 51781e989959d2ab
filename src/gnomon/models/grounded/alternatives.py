"""Two values of one column: either of them where a word joins them, and no row where none does.

`Confirmed or cancelled bookings` are those of either status; of the confirmed bookings none were cancelled.
"""

from collections.abc import Collection, Iterator
from itertools import pairwise

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Condition, Reading
from gnomon.models.grounded.schema import Schema

JOINING = ("and", "or", "between")
COMPARING = frozenset({"compare", "compared", "versus", "vs", "difference", "ratio", "/"})
"""Words that set values side by side, wherever they stand."""


def doubted_alternatives(reading: Reading, draft: Draft) -> Iterator[tuple[tuple[str, str], ColumnRef]]:
    """Values that a reading takes as alternatives although nothing joins them, and their column."""
    if any({*item.text.lower().split()} & COMPARING for item in draft.items):
        return
    for column, values in (*_alternatives(reading), *_at_once(reading, draft.schema)):
        said = [at for at, item in enumerate(draft.items) if _is_one_of(draft, at, column, values)]
        for one, other in pairwise(said):
            apart = _values_of(draft, one, column) != _values_of(draft, other, column)
            if apart and not any(i.is_cue(*JOINING) for i in draft.items[one + 1 : other]):
                yield (draft.items[one].text, draft.items[other].text), column


def _alternatives(reading: Reading) -> Iterator[tuple[ColumnRef, Collection[object]]]:
    """Each column of which a row may have one of several values, and those values."""
    every: tuple[Condition, ...] = (
        *reading.conditions,
        *(t.condition for t in reading.tests if not t.negated),
    )
    yield from ((c.column, {*c.values}) for c in every if c.operator == "in")
    equal = [c for c in reading.either if c.operator in ("=", "in")]
    for column in dict.fromkeys(c.column for c in equal):
        values = {v for c in equal if c.column == column for v in c.values}
        if len(values) > 1:
            yield column, values


def _at_once(reading: Reading, schema: Schema) -> Iterator[tuple[ColumnRef, Collection[object]]]:
    """Each column of which a row of one key has to have several values, and those values."""
    own = {schema.key(t.ref.table) for t in reading.targets if t.ref is not None}
    listed = {t.ref.column for t in reading.targets if t.ref is not None}
    tested = [t.condition for t in reading.tests if not t.negated and t.condition.operator == "="]
    if not any(key and listed.issuperset(key) for key in own):
        return
    for column in dict.fromkeys(c.column for c in tested):
        values = {v for c in tested if c.column == column for v in c.values}
        if len(values) > 1:
            yield column, values


def _is_one_of(draft: Draft, at: int, column: ColumnRef, values: Collection[object]) -> bool:
    return bool(_values_of(draft, at, column).intersection(values))


def _values_of(draft: Draft, at: int, column: ColumnRef) -> set[object]:
    return {v.value for v in draft.items[at].values if v.column == column}
