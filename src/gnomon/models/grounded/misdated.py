"""Readings that put a period on another date than words before it say, or than that of what is counted."""

from collections.abc import Iterator, Sequence

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.dates import date_of_rows, is_state
from gnomon.models.grounded.event_dates import TIME, date_of_verb
from gnomon.models.grounded.handing import LASTING
from gnomon.models.grounded.happening import is_own_event, may_be_of, tells
from gnomon.models.grounded.reading import Condition, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words, stem

USING = frozenset({stem("use"), stem("used")})
"""What is used at some time came about at another."""


def misdated(reading: Reading, items: Sequence[Item], schema: Schema) -> Iterator[str]:
    """The periods, as the question says them, that a reading puts on a date that may not be meant."""
    at = {item.text: i for i, item in enumerate(items) if item.kind == "period"}
    for condition in (*reading.conditions, *reading.either):
        if condition.words in at:
            before = items[: at[condition.words]]
            elsewhere = _is_elsewhere(condition, reading, before, schema)
            if (
                elsewhere
                or _says_another(condition.column, before)
                or _lasted(condition.column, before)
                or _is_unsaid(condition.column, items, schema)
                or _is_use(condition.column, before)
            ):
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


def _is_unsaid(column: ColumnRef, items: Sequence[Item], schema: Schema) -> bool:
    """Whether it is one of several dates, or one that bounds a state, and no word tells that it is meant."""
    dates = schema.dates(column.table)
    if column not in dates or date_of_rows(schema, column.table, dates) == column:
        return False
    called = {stem(w) for w in name_words(column.column) if w not in TIME}
    said = [w for item in items for w in name_words(item.text)]
    linked = any(k.ref == column for item in items for k in item.links if not k.is_table)
    told = bool(called & {stem(w) for w in said}) or linked
    return not told and all(date_of_verb(schema, column.table, w) != column for w in said)


def _is_use(column: ColumnRef, before: Sequence[Item]) -> bool:
    """`who used a card in 2025`, of a reading about cards that were issued then."""
    used = next((i for i, item in enumerate(before) if stem(item.text.lower()) in USING), len(before))
    behind = {k.table for item in before[used + 1 :] for k in item.links[:1] if k.is_table}
    return column.table in behind and not is_own_event(column) and not _is_named(column, before)


def _says_another(column: ColumnRef, before: Sequence[Item]) -> bool:
    """`registered in 2024` of a reading about births."""
    word = next((i.text for i in reversed(before) if not i.is_cue("fill") or tells(i.text)), "")
    return tells(word) and not may_be_of(word, column)
