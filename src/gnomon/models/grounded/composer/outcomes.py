"""Verbs that say something came to pass, over rows of which some did not: guests who stayed, no-shows too.

A booking that was cancelled is a booking all the same, and nobody stayed. Whoever asks who stayed does not
mean those rows, and the data alone does not say which of its outcomes count.
"""

from collections.abc import Iterable, Iterator, Sequence

from gnomon.domain.catalog import TEMPORAL_KINDS, CardColumn, ColumnRef, TableRef
from gnomon.models.grounded.joins import tables_needed
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words, stem


def _stems(*words: str) -> frozenset[str]:
    return frozenset(stem(w) for line in words for w in line.split())


HAPPENING = _stems(
    "stay visit attend travel fly flew flown flies ride rode ridden watch eat ate eaten sail host",
    "hold held perform treat reach deliver run ran drive drove driven wear wore worn drink drank undergo",
    "underwent participate serve teach taught",
)
"""Stems of verbs that are true only of what took place: a cancelled order was ordered all the same."""

UNDONE = _stems(
    "cancelled canceled cancel cancellation noshow failed rejected declined refused voided void aborted",
    "withdrawn refunded missed absent expired abandoned postponed",
)
"""Stems of outcomes after which what was planned did not take place."""

OUTCOME = _stems("status state stage outcome result")
"""Stems in the names of columns that say how things ended."""


TOOK_PLACE = ("held", "happened", "took place")
"""Said of anything at all; over rows that all took place they add nothing."""


def leaves_open(word: str, used: Iterable[TableRef | ColumnRef], schema: Schema) -> bool:
    """Whether a verb says that something took place, where rows that are used say that it may not have.

    Args:
        used: Tables and columns of a reading; an outcome that it compares is not open.
    """
    return stem(word.lower()) in HAPPENING and _is_open(frozenset(used), schema)


def doubted_events(reading: Reading, schema: Schema, items: Sequence[Item]) -> Iterator[str]:
    """`interviews that took place`, of a reading that takes those to which nobody came as well."""
    said = [i.text for i in items if i.is_cue("fill") and i.text.lower().endswith(TOOK_PLACE)]
    compared = {c.column for c in (*reading.conditions, *reading.either)} | {g.column for g in reading.groups}
    if said and _is_open(frozenset({*tables_needed(reading), *compared}), schema):
        yield from said


def _is_open(used: frozenset[TableRef | ColumnRef], schema: Schema) -> bool:
    return any(
        ColumnRef(table, column.name) not in used and _tells_undone(column)
        for table in used
        if isinstance(table, TableRef)
        for column in schema.card(table).columns
    )


def _tells_undone(column: CardColumn) -> bool:
    """A status with such an outcome among its values, or a flag or date of one: `cancelled_on`."""
    name = {stem(w) for w in name_words(column.name)}
    values = [value for value, _ in column.profile.top] if column.profile else []
    if name & OUTCOME:
        return any(_is_undone(value) for value in values)
    marks = column.column.kind in ("boolean", *TEMPORAL_KINDS) or (bool(values) and len(values) <= 2)
    return marks and _is_undone(column.name)


def _is_undone(text: str) -> bool:
    words = name_words(text)
    return bool({*map(stem, words), stem("".join(words))} & UNDONE) or tuple(words) == name_words("no show")


def undone_by(table: TableRef, schema: Schema) -> Iterator[tuple[ColumnRef, tuple[str, ...]]]:
    """The columns of a table that tell what did not take place, with the values that do; none for a mark."""
    for column in schema.card(table).columns:
        if _tells_undone(column):
            held = [value for value, _ in column.profile.top] if column.profile else []
            status = bool({stem(w) for w in name_words(column.name)} & OUTCOME)
            yield ColumnRef(table, column.name), tuple(v for v in held if status and _is_undone(v))
