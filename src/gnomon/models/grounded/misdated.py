"""Readings that put a period on another date than words before it say, or than that of what is counted."""

from collections.abc import Iterator, Sequence

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.dates import is_state
from gnomon.models.grounded.handing import LASTING
from gnomon.models.grounded.happening import may_be_of, tells
from gnomon.models.grounded.reading import Condition, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words, stem


def misdated(reading: Reading, items: Sequence[Item], schema: Schema) -> Iterator[str]:
    """The periods, as the question says them, that a reading puts on a date that may not be meant."""
    at = {item.text: i for i, item in enumerate(items) if item.kind == "period"}
    for condition in (*reading.conditions, *reading.either):
        if condition.words in at:
            before = items[: at[condition.words]]
            elsewhere = _is_elsewhere(condition, reading, before, schema)
            if elsewhere or _says_another(condition.column, before) or _lasted(condition.column, before):
                yield condition.words


def _is_elsewhere(condition: Condition, reading: Reading, before: Sequence[Item], schema: Schema) -> bool:
    """Whether the date is one of what the counted or listed rows belong to, though they have their own."""
    mains = [t.table for t in reading.targets if t.aggregate is not None] or [reading.base]
    table = condition.column.table
    above = table not in mains and bool(schema.paths(mains[0], table, many=False))
    return above and _has_time(mains[0], schema) and not _is_named(condition.column, before)


def _has_time(table: TableRef, schema: Schema) -> bool:
    return bool(schema.dates(table) or schema.year_columns(table))


def _is_named(column: ColumnRef, before: Sequence[Item]) -> bool:
    """Whether the words right before the period name the column, or a verb of its name does."""
    words = {stem(w) for w in name_words(column.column)}
    near = (w for item in before[-3:] for w in name_words(item.text))
    return bool(words & {stem(w) for w in near})


def _lasted(column: ColumnRef, before: Sequence[Item]) -> bool:
    """`worked at Elm in 2020`, of a reading about who was hired then: what lasts goes on from such a date."""
    lasting = any(i.kind == "unknown" and stem(i.text.lower()) in LASTING for i in before)
    return lasting and is_state(column) and not _is_named(column, before)


def _says_another(column: ColumnRef, before: Sequence[Item]) -> bool:
    """`registered in 2024` of a reading about births."""
    word = next((i.text for i in reversed(before) if not i.is_cue("fill") or tells(i.text)), "")
    return tells(word) and not may_be_of(word, column)
