"""A head noun that a column's name leaves out: `phone number` of `phone`, `end date` of `ends_on`.

`number`, `time` and `date` say what kind of thing a column holds. Where no column is called by all of the
words, the one that is called by the others and holds that kind is meant. Only the careful reader reads them.
"""

from collections.abc import Callable, Sequence

from gnomon.domain.catalog import CardColumn, TableRef
from gnomon.models.grounded.event_dates import date_of_verb
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.units import NOUNS, name_parts, units_in_names
from gnomon.models.grounded.words import lemma, name_words, stem

PHONES = frozenset({"phone", "telephone", "mobile", "fax", "cell", "landline"})
TIMES = frozenset({"time", "duration"})
DATES = frozenset({"date", "day"})
CALLED = 0.9
"""Score where the column says all that the question does but for its kind."""

PARTLY = 0.78
"""Score where a word of the column is left unsaid: the answer names the column."""

BOUNDS = frozenset({"start", "end", "begin", "starting", "ending", "beginning", "due"})


def name_heads(items: list[Item], schema: Schema) -> bool:
    """Make one name of words and the head noun behind them; whether there are any."""
    found, at = False, 1
    while at < len(items):
        links, used = _called(items, at, schema)
        if links:
            text = " ".join(i.text for i in items[at - used : at + 1])
            items[at - used : at + 1] = [Item("name", text, links=links)]
            found, at = True, at - used
        at += 1
    return found


def _called(items: Sequence[Item], at: int, schema: Schema) -> tuple[tuple[Link, ...], int]:
    """What the head noun at a position and the words before it are together, and how many items those are."""
    head, before = items[at], items[at - 1]
    word = lemma(head.text)
    open_ = head.kind in ("unknown", "name") and not (head.role or before.role)
    if not open_ or any(k.is_table for k in head.links):
        return (), 0
    if word in DATES:
        return _date(before, items, schema), 1
    test = next((t for words, t in KINDS if word in words), None)
    if test is None:
        return (), 0
    if before.kind == "name" and not any(k.is_table for k in before.links):
        # A column of the same table that is called after the head alone may be meant as well.
        rivals = {k.table for k in head.links}
        kept = tuple(k for k in before.links if test(schema.column(k.ref)) and k.table not in rivals)
        return kept, 1
    return (_by_tail(before, items, schema), 1) if word in TIMES else ((), 0)


def _holds_numbers(column: CardColumn) -> bool:
    return bool(PHONES & {*name_words(column.name)})


def _holds_time(column: CardColumn) -> bool:
    """Whether it is measured in seconds, minutes, hours or days, as the end of its name says."""
    last = name_parts(column.name)[-1:]
    return bool(last) and any(u.dimension == "time" for u in units_in_names(last[0]))


KINDS: tuple[tuple[frozenset[str], Callable[[CardColumn], bool]], ...] = (
    (frozenset({"number"}), _holds_numbers),
    (TIMES, _holds_time),
)


def _by_tail(before: Item, items: Sequence[Item], schema: Schema) -> tuple[Link, ...]:
    """`response time` of `first_response_minutes`: the one such column of the named tables."""
    word = stem(before.text.lower())
    if before.kind != "unknown" or not before.text.isalpha() or word in NOUNS["time"]:
        return ()
    found = []
    for table in _named(items, schema):
        for column in schema.card(table).columns:
            *words, _ = (stem(w) for w in name_words(column.name))
            if words[-1:] == [word] and _holds_time(column):
                found.append(Link(table, column.name, CALLED if len(words) == 1 else PARTLY))
    return tuple(found) if len(found) == 1 else ()


def _date(before: Item, items: Sequence[Item], schema: Schema) -> tuple[Link, ...]:
    """`end date` of `ends_on`, `purchase date` of `purchased_on`: the one date called after the word."""
    bound = before.is_cue("unsupported") and before.text.lower() in BOUNDS
    open_ = before.kind in ("unknown", "name") and not any(k.is_table for k in before.links)
    if not (bound or open_) or not before.text.isalpha():
        return ()
    found = [d for t in _named(items, schema) if (d := date_of_verb(schema, t, before.text)) is not None]
    return tuple(Link(d.table, d.column, CALLED) for d in found) if len(found) == 1 else ()


def _named(items: Sequence[Item], schema: Schema) -> list[TableRef]:
    """The tables that the question names; all where it names none."""
    named = {k.table for i in items for k in i.links[:1] if k.is_table}
    known = [t for t in schema.tables() if t in named]
    return known or schema.tables()
