"""Numbers of a question that are said in a unit or currency, against columns that hold one.

A number is converted exactly into what the column holds, and the answer says so. It is not read where the
column holds something else, or where nobody says what it holds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from gnomon.domain.catalog import NUMERIC_KINDS, ColumnRef, TableRef
from gnomon.domain.context import Context
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.heard import hear
from gnomon.models.grounded.percentages import held_as_percentage
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import NUMBER_WORDS, Item
from gnomon.models.grounded.units import (
    NOUNS,
    PERCENT,
    SPOKEN,
    Held,
    Said,
    Unit,
    convert,
    held_by,
    is_amount,
    name_parts,
    names_small_money,
)
from gnomon.models.grounded.words import stem, tokenize

AS_STORED = 0.95
"""How sure it is that an amount of no stated currency is in the one that is asked for."""

ONLY_ONE = 0.95
"""How sure it is that the one column of a kind is meant."""


def in_unit_of(draft: Draft, at: int, column: ColumnRef, said: Said | None = None) -> Decimal:
    """The number at a position in the unit that a column holds; what is taken for granted is noted.

    Args:
        said: What the number is said in where it does not say it itself: `between 20 and 60 dollars`.

    Raises:
        NotRead: The column holds something else, or nobody says what it holds. No other reader may try.
    """
    value, assumption = _converted(draft.items, at, draft.schema, column, said)
    if assumption:
        draft.assume(assumption, certainty=AS_STORED if "as stored" in assumption else 1.0)
    _place_unit_word(draft, at, column)
    return value


def _place_unit_word(draft: Draft, at: int, column: ColumnRef) -> None:
    """A column called `hours` behind the number is the one that is compared."""
    beside = at + 1
    said = draft.items[at].said
    if said is None or beside >= len(draft.items) or not draft.is_name(beside):
        return
    item = draft.items[beside]
    if item.text != said.words:
        return
    columns = {k.ref for k in item.links if not k.is_table}
    if column not in columns and any(c.table == column.table for c in columns):
        raise _refused(f"I cannot tell whether `{item.text}` is a unit or a column.", item.text)
    draft.take(beside, f"column {column}" if column in columns else "unit")


def _converted(
    items: Sequence[Item], at: int, schema: Schema, column: ColumnRef, other: Said | None = None
) -> tuple[Decimal, str]:
    item = items[at]
    assert item.number is not None
    said = item.said or other
    held = _held(schema, column, said)
    if said is None:
        return item.number, _bare(items, item, column, held)
    asked, words = said.units, _words(item, said)
    if held.doubt:
        raise _refused(f"I cannot compare `{words}` with {column}: {held.doubt}.", words)
    if held.unit is None:
        _refuse_two_currencies(items, None, column)
        return item.number, _as_stored(asked, column, words)
    unit = next((u for u in asked if u.dimension == held.unit.dimension), asked[0])
    _refuse_another(unit, held.unit, column, words)
    _refuse_two_currencies(items, held.unit, column)
    value = convert(item.number, unit, held.unit)
    if value is None:
        raise _refused(f"`{words}` has no exact number in {held.unit.name}, which {column} holds.", words)
    if unit == held.unit == PERCENT:
        return value, f"{column} is taken to hold percentages, by its values."
    if unit == held.unit or (value == item.number and held.unit.currency):
        return value, ""
    return value, f"`{words}` is {value:f} of {column}, which holds {held.unit.name}."


def _held(schema: Schema, column: ColumnRef, said: Said | None = None) -> Held:
    if said is not None and PERCENT in said.units:
        return held_as_percentage(schema, column)
    return held_by(schema.card(column.table), schema.column(column))


def _words(item: Item, said: Said) -> str:
    """The number as it is said; with the unit of the other bound where it has none of its own."""
    if item.said is None and not said.words:
        return f"{item.text} {said.units[0].name}"
    return f"{item.text} {said.words}".strip()


def _refused(reason: str, words: str) -> NotRead:
    return NotRead(reason, (words,), final=True)


def _refuse_another(unit: Unit, held: Unit, column: ColumnRef, words: str) -> None:
    if unit.dimension != held.dimension:
        raise _refused(f"`{words}` is in {unit.name}, and {column} holds {held.name}.", words)
    if unit.currency and held.currency and unit.currency != held.currency:
        raise _refused(
            f"`{words}` is in {unit.name}, and {column} holds {held.name}: there are no exchange rates here.",
            words,
        )


def _refuse_two_currencies(items: Sequence[Item], held: Unit | None, column: ColumnRef) -> None:
    """What is in one currency, whichever that is, is not compared with two."""
    said = {u.currency for i in items if i.said for u in i.said.units if u.currency}
    words = tuple(i.text for i in items if i.said)
    if len(said) > 1 and (held is None or (held.dimension == "money" and not held.currency)):
        raise NotRead(f"I cannot tell in which currency {column} is.", words, final=True)


def _as_stored(units: Sequence[Unit], column: ColumnRef, words: str) -> str:
    """What is assumed of an amount of no stated currency. A column of no stated measure is not guessed at."""
    whole = next((u for u in units if u.dimension == "money" and u.size == 1), None)
    if whole is None or not is_amount(column.column):
        raise _refused(f"Nobody says that {column} is in {units[0].name}, as `{words}` is.", words)
    return f"`{words}` is compared with {column} as stored; nobody says that it holds {whole.name}."


def _bare(items: Sequence[Item], item: Item, column: ColumnRef, held: Held) -> str:
    """A bare number is not in cents, and the reader would not notice a hundredfold error."""
    unit, said = held.unit, any(names_small_money(i.text) for i in items)
    if item.text[-1:] == "m" and _is_length(column, unit):
        raise _refused(f"`{item.text}` may be metres or millions.", item.text)
    if held.doubt:
        return f"`{item.text}` is compared with {column} as stored: {held.doubt}."
    if unit is None or (unit.size == 1 and unit.dimension == "money"):
        return ""
    if unit.dimension == "money" and unit.size is not None and unit.size < 1:
        if not said:
            # A figure of an example would be one that nothing in sight supports.
            how = f"say `{item.text} cents`, or `{item.text}` with its currency"
            reason = f"{column} is in {unit.name}, and the question does not say so: {how}."
            raise NotRead(reason, (column.column,), final=True)
        return ""
    return f"`{item.text}` is taken in {unit.name}, as {column} holds it."


def _is_length(column: ColumnRef, unit: Unit | None) -> bool:
    stems = {stem(w) for w in name_parts(column.column)}
    return unit.dimension == "length" if unit is not None else bool(stems & NOUNS["length"])


def said_of_either(draft: Draft, low: int, high: int) -> Said | None:
    """What one of two bounds is said in, for the other: `between 20 and 60 dollars`."""
    return draft.items[high].said or draft.items[low].said


def fits(draft: Draft, at: int, column: ColumnRef) -> bool:
    """Whether a column may hold what the number at a position is said in."""
    said = draft.items[at].said
    unit = _held(draft.schema, column, said).unit
    return said is None or unit is None or any(u.dimension == unit.dimension for u in said.units)


def only_column(draft: Draft, at: int) -> ColumnRef | None:
    """`visits over 2 hours`: the one column that holds such a thing; None where the number has no unit.

    Raises:
        NotRead: There are several.
    """
    said = draft.items[at].said
    if said is None or draft.focus is None:
        return None
    found = list(_candidates(draft.schema, draft.focus, said.units))
    found = [c for c in found if _is_nearest(draft, at, c)]
    words = _words(draft.items[at], said)
    if len(found) > 1:
        named = " or ".join(c.column for c in found[:4])
        raise _refused(f"`{words}` may be about {named} of {draft.focus}.", words)
    if found:
        draft.assume(f"`{words}` is read as about {found[0]}.", "name the column", ONLY_ONE)
    return found[0] if found else None


def _is_nearest(draft: Draft, at: int, column: ColumnRef) -> bool:
    """`customers with orders over $50` is not about what customers hold."""
    named = next((i for i in reversed(draft.items[:at]) if i.kind == "name"), None)
    return named is None or draft.as_table(named) == column.table or named.resolved == column


def _candidates(schema: Schema, table: TableRef, asked: Sequence[Unit]) -> Iterator[ColumnRef]:
    """Columns of a table that may hold what is asked for, amounts of no stated currency among them."""
    card = schema.card(table)
    for column in card.columns:
        ref = ColumnRef(table, column.name)
        if column.column.kind not in NUMERIC_KINDS or schema.is_key(ref):
            continue
        unit = held_by(card, column).unit
        if any(_may_be(unit, said, column.name) for said in asked):
            yield ref


def _may_be(unit: Unit | None, said: Unit, name: str) -> bool:
    if unit is None:
        return said.dimension == "money" and is_amount(name)
    same = not (unit.currency and said.currency) or unit.currency == said.currency
    return unit.dimension == said.dimension and same


class Measures:
    """The numbers of a question and what they are said in, to judge readings by."""

    def __init__(self, text: str, context: Context, today: date) -> None:
        measured = any(
            t.kind == "number" or t.lower in NUMBER_WORDS or t.lower in SPOKEN for t in tokenize(text)
        )
        self._items = hear(text, context, today)[1] if measured else []
        self._schema = Schema(context)
        self._numbers = [i for i, item in enumerate(self._items) if item.kind == "number"]
        self._currencies = _bare_currencies(self._items)

    def keeps(self, reading: Reading) -> bool:
        """Whether a reading compares each number, as it is said, with a column that holds it so.

        A number with a unit that is converted, counted, or used in no comparison is not kept.
        """
        used: set[int] = set()
        for column, value in _compared(reading):
            for at in (i for i in self._numbers if self._items[i].number == value):
                if not self._is_held(at, column):
                    return False
                used.add(at)
        return all(at in used for at in self._numbers if self._items[at].said)

    def _is_held(self, at: int, column: ColumnRef) -> bool:
        try:
            value, _ = _converted(self._items, at, self._schema, column)
        except NotRead:
            return False
        return value == self._items[at].number

    def refuse_other_currency(self, reading: Reading) -> None:
        """`total amount in euros`: what is shown is in euros as it is stored, or not shown.

        Raises:
            NotRead: It is in another currency, or in cents. No other reader may try.
        """
        shown = [t.ref for t in reading.targets if t.ref is not None and t.aggregate != "count"]
        for word in self._currencies:
            unit = SPOKEN[word][0]
            for column in shown:
                held = _held(self._schema, column).unit
                if held is not None and held.dimension == "money" and not _is_whole(held, unit):
                    rates = ": there are no exchange rates here" if held.currency else ""
                    raise _refused(f"`{word}` are asked for, and {column} holds {held.name}{rates}.", word)

    def told(self, reading: Reading) -> Reading:
        """A reading that keeps the numbers, with what it takes for granted of them."""
        compared = (
            (i, c) for c, v in _compared(reading) for i in self._numbers if self._items[i].number == v
        )
        found = (_converted(self._items, at, self._schema, column)[1] for at, column in compared)
        known = {text for text, _ in reading.assumptions}
        added = tuple((text, "") for text in dict.fromkeys(found) if text and text not in known)
        return replace(reading, assumptions=(*reading.assumptions, *added)) if added else reading


def _is_whole(held: Unit, asked: Unit) -> bool:
    """Whether what is held needs no conversion to be what is asked for."""
    return held.size == asked.size and held.currency in ("", asked.currency)


def _bare_currencies(items: Sequence[Item]) -> list[str]:
    """Words for a currency that stand beside no number, and are no name."""
    said = {i.said.words.lower() for i in items if i.said is not None}
    words = [w for i in items if i.is_cue("fill") for w in i.text.lower().split() if w in SPOKEN]
    return [w for w in dict.fromkeys(words) if w not in said and SPOKEN[w][0].currency]


def _compared(reading: Reading) -> Iterator[tuple[ColumnRef, Decimal]]:
    """Each column that a reading compares with a number, and the number."""
    tests = (t.condition for t in reading.tests)
    for condition in (*reading.conditions, *reading.either, *tests):
        for value in condition.values:
            if isinstance(value, int | float | Decimal):
                yield condition.column, Decimal(value)
    bound = reading.having
    if bound is not None and bound[0].ref is not None and bound[0].aggregate != "count":
        yield bound[0].ref, Decimal(bound[2])
