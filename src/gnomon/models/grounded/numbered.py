"""Things that are told apart by number: `units on floor 3`, which is no building of three floors.

A noun in the singular before a bare number, or behind `per`, names one of many. A column that is called by
the plural holds how many there are; which of them one is stands in `floor_no` or `floor`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gnomon.domain.catalog import NUMERIC_KINDS, ColumnRef, TableRef
from gnomon.domain.context import Context
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import CAMEL, SEPARATORS, lemma

NUMBERS = frozenset({"no", "nr", "num", "nbr", "number", "level"})
"""Last words of columns that hold the number of one."""

SCORE = 0.96


def number_names(items: Sequence[Item], context: Context) -> list[Item]:
    """The items, in which a noun for one of many is no column that holds how many there are."""
    return [_numbered(items, at, context) for at in range(len(items))]


def doubted_plurals(reading: Reading, items: Sequence[Item], schema: Schema) -> Iterator[str]:
    """`floor 3` and `per floor`, of a reading that takes a number of floors."""
    compared = {c.column for c in (*reading.conditions, *reading.either) if c.operator in ("=", "in")}
    grouped = {g.column for g in reading.groups}
    for at in range(len(items)):
        before, behind = _is_before_number(items, at), _is_behind_each(items, at)
        used = (compared if before else set()) | (grouped if behind else set())
        mine = [c for c in used if _counts(c, items[at].text.lower()) and schema.is_numeric(c)]
        if any(before or c.table not in _named_before(items, at) for c in mine):
            yield items[at].text


def _numbered(items: Sequence[Item], at: int, context: Context) -> Item:
    item = items[at]
    numbered, grouped = _is_before_number(items, at), _is_behind_each(items, at)
    if item.kind != "name" or not (numbered or grouped):
        return item
    word = item.text.lower()
    plural = [k for k in item.links if not k.is_table and _counts(k.ref, word) and _is_number(k.ref, context)]
    if not plural:
        return item
    held = list(_numbers_of(word, context))
    own = {k.table for k in plural} <= _named_before(items, at)
    if grouped and not held and own:
        # `units by bedroom`: of a thing that has so many itself, that is what is meant.
        return item
    links = (*held, *(k for k in item.links if k not in plural))
    links = tuple(sorted(links, key=lambda k: -k.score))
    return replace(item, links=links, kind="name" if links else "unknown")


def _is_before_number(items: Sequence[Item], at: int) -> bool:
    behind = items[at + 1] if at + 1 < len(items) else None
    return behind is not None and behind.kind == "number" and behind.said is None and _is_singular(items[at])


def _is_behind_each(items: Sequence[Item], at: int) -> bool:
    before = items[at - 1] if at > 0 else None
    return before is not None and before.is_cue("each", "group") and _is_singular(items[at])


def _is_singular(item: Item) -> bool:
    word = item.text.lower()
    return word.isalpha() and lemma(word) == word


def _counts(column: ColumnRef, word: str) -> bool:
    """Whether a column is called by the plural of a word: `floors`, `num_floors`."""
    last = _words(column.column)[-1:]
    return bool(last) and last[0] != word and lemma(last[0]) == word


def _is_number(column: ColumnRef, context: Context) -> bool:
    """Whether it holds numbers: `languages` that holds their names is said of one row too."""
    card = context.card(column.table)
    found = card.column(column.column) if card is not None else None
    return found is not None and found.column.kind in NUMERIC_KINDS


def _words(name: str) -> list[str]:
    return SEPARATORS.sub(" ", CAMEL.sub(" ", name)).lower().split()


def _numbers_of(word: str, context: Context) -> Iterator[Link]:
    """The columns that tell one of many by its number, those of the likeliest table first."""
    for rank, card in enumerate(context.cards):
        for column in card.columns:
            first, *rest = _words(column.name) or [""]
            whole = first == word and len(rest) == 1 and rest[0] in NUMBERS
            if whole and column.column.kind in (*NUMERIC_KINDS, "text"):
                yield Link(card.ref, column.name, SCORE - rank * 1e-4)


def _named_before(items: Sequence[Item], at: int) -> set[TableRef]:
    return {k.table for i in items[:at] if i.kind == "name" for k in i.links if k.is_table}
