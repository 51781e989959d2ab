"""Words that name two things: a table and its own column, what is asked for and what a value stands in.

`card types` are the rows of `card_type` or the values of its column `card_type`; `friends of Bob` are not
those rows whose `friend` is Bob; `the room with the maximum occupancy` is no list of `max_occupancy`.
"""

from collections.abc import Iterator, Sequence

from gnomon.domain.catalog import CardColumn, ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.linking import LAYER_WORDS
from gnomon.models.grounded.reading import Condition, Reading
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import lemma, name_words, stem

MOSTLY = 0.5
"""Share of rows with a name of their own from which the name is taken to tell them apart."""

HAVING = frozenset({"have", "has", "had"})
EXTREMES = frozenset({"max", "maximum", "min", "minimum", "highest", "lowest", "largest", "smallest", "most"})


def doubted_namesakes(reading: Reading, draft: Draft) -> Iterator[tuple[str, ColumnRef | None]]:
    """Words with two meanings, of a reading that takes one; and the column that is the other, if one is."""
    yield from _rows_or_values(reading, draft)
    yield from ((words, None) for words in _asked_and_given(reading, draft))
    yield from ((words, None) for words in _extreme_or_name(reading, draft))
    yield from ((words, None) for words in _counted_or_stored(reading, draft))
    yield from ((words, None) for words in _half_of_a_name(reading, draft))


def _rows_or_values(reading: Reading, draft: Draft) -> Iterator[tuple[str, ColumnRef | None]]:
    """Rows that are counted or listed, where a column of theirs has the very name of the table."""
    counted = _counted(reading)
    listed = [] if any(t.aggregate for t in reading.targets) or reading.groups else [reading.base]
    for table in dict.fromkeys((*counted, *listed)):
        column = _namesake(draft, table)
        if column is None or column in _columns_of(reading, lists=table in listed):
            continue
        for item in draft.items:
            both = {k.column for k in item.links if k.table == table} >= {None, column.column}
            if both and not draft.chosen(item.text):
                yield item.text, column


def _counted(reading: Reading) -> list[TableRef]:
    """Tables whose rows are counted, for the answer or to tell rows apart."""
    counts = [t.table for t in reading.targets if t.aggregate == "count" and t.column is None]
    linked = [k.table for k in reading.linked if k.operator not in ("exists", "not exists")]
    ranked = reading.order.linked if reading.order is not None else None
    return [*counts, *linked, *([ranked] if ranked is not None else [])]


def _namesake(draft: Draft, table: TableRef) -> ColumnRef | None:
    """The column that is called exactly like its table and holds the same value in several rows."""
    called = _glued(table.name)
    for column in draft.schema.card(table).columns:
        if _glued(column.name) == called and not _tells_apart(column):
            return ColumnRef(table, column.name)
    return None


def _glued(name: str) -> str:
    return "".join(w for w in name_words(name) if w not in LAYER_WORDS)


def _tells_apart(column: CardColumn) -> bool:
    """Whether rows are known by it, though a few be called alike."""
    profile = column.profile
    mostly = profile is not None and profile.distinct >= MOSTLY * (profile.rows - profile.nulls)
    return mostly and column.column.kind == "text"


def _columns_of(reading: Reading, *, lists: bool) -> set[ColumnRef]:
    """What a reading computes, groups or compares; of a list with several columns, none of them."""
    shown = [t.ref for t in reading.targets if t.ref is not None]
    used = {c.column for c in (*reading.conditions, *reading.either)} | {g.column for g in reading.groups}
    return used | set(shown if not lists or len(shown) == 1 else ())


def _asked_and_given(reading: Reading, draft: Draft) -> Iterator[str]:
    """Values of the very column that is asked for, which another column holds too."""
    for condition in reading.conditions:
        at = next((i for i, item in enumerate(draft.items) if item.text == condition.words), None)
        if (
            at is None
            or condition.operator not in ("=", "in")
            or not _is_elsewhere(draft.items[at], condition)
        ):
            continue
        nouns = [i for i in range(len(draft.items)) if i != at and _is_of(draft.items[i], condition.column)]
        if any(_asks(draft.items, noun, at) for noun in nouns):
            yield condition.words


def _is_elsewhere(item: Item, condition: Condition) -> bool:
    return any(v.column != condition.column for v in item.values)


def _is_of(item: Item, column: ColumnRef) -> bool:
    return item.kind == "name" and any(not k.is_table and k.ref == column for k in item.links)


def _asks(items: Sequence[Item], noun: int, at: int) -> bool:
    """`friends of Bob`, `Bob's friends`, `how many friends does Bob have`: not `the friend Bob`."""
    if lemma(items[noun].text) == items[noun].text.lower():
        # `the country of Iceland` says what Iceland is.
        return False
    if noun > at:
        return noun == at + 1
    between = {w for i in items[noun + 1 : at] for w in i.text.lower().split()}
    behind = {w for i in items[at + 1 : at + 2] for w in i.text.lower().split()}
    return "of" in between or bool(behind & HAVING)


def _extreme_or_name(reading: Reading, draft: Draft) -> Iterator[str]:
    """`with the maximum occupancy` of a list of a column `max_occupancy`, which every row has."""
    if reading.order is not None or reading.limit is not None:
        return
    listed = {t.ref for t in reading.targets if t.ref is not None and t.aggregate is None}
    for before, item in zip(draft.items, draft.items[1:], strict=False):
        first = item.text.lower().split()[0]
        of_a_row = before.text.lower().split()[-1] == "the" or before.is_cue("fill")
        held = {k.ref for k in item.links if not k.is_table} & listed
        if held and first in EXTREMES and of_a_row and _is_had(draft.items, item):
            yield item.text


def _is_had(items: Sequence[Item], item: Item) -> bool:
    """Whether `with` or `has` stands before it, behind a noun."""
    at = next(i for i, other in enumerate(items) if other is item)
    before = [w for i in items[max(0, at - 2) : at] for w in i.text.lower().split()]
    return bool({"with", "has", "have", "having", "had"} & set(before[-3:]))


def _counted_or_stored(reading: Reading, draft: Draft) -> Iterator[str]:
    """`how many years has each played` of a reading that counts others and lists the `years_played`."""
    roles = dict(reading.explained)
    counts = any(t.aggregate == "count" for t in reading.targets)
    for cue, item in zip(draft.items, draft.items[1:], strict=False) if counts else ():
        listed = roles.get(item.text, "").partition(" ")
        if cue.is_cue("count") and cue.text.lower() == "how many" and listed[0] == "show":
            columns = (*(t.ref for t in reading.targets if t.ref), *(g.column for g in reading.groups))
            if any(str(c) == listed[2] for c in columns):
                yield cue.text


def _half_of_a_name(reading: Reading, draft: Draft) -> Iterator[str]:
    """`the year they joined`, of a reading that goes by another `year` than `year_joined`."""
    order = reading.order.target if reading.order is not None else None
    used = {g.column for g in reading.groups} | ({order.ref} if order is not None and order.ref else set())
    for at, item in enumerate(draft.items):
        mine = {k.ref for k in item.links if not k.is_table} & used
        near = [i for i in draft.items[at + 1 : at + 3] if i.kind == "name"]
        word = stem(item.text.lower())
        for other in near if mine else ():
            whole = {k.ref for k in other.links if not k.is_table} - mine
            if any(word in {stem(w) for w in name_words(c.column)} for c in whole if c is not None):
                yield item.text
