"""Amounts of several currencies are not added, averaged or ranked as if they were one."""

from collections.abc import Iterator

from gnomon.domain.catalog import NUMERIC_KINDS, CardColumn, ColumnRef, TableRef
from gnomon.models.grounded.reading import Condition, NotRead, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.units import held_by, is_amount, name_parts
from gnomon.models.grounded.words import ADDITIVE, name_words

MAX_NAMED = 4
RECURRING = frozenset({"mrr", "arr", "arpu", "ltv", "gmv", "aov", "acv", "tcv"})
"""Short names of amounts of money."""

COUNTED = frozenset({"unit", "quantity", "volume"})
"""What adds up without being money."""

CURRENCY = frozenset({"currency", "ccy"})


def refuse_mixed_currencies(reading: Reading, schema: Schema) -> None:
    """Stop at a figure or ranking over amounts of several currencies.

    Raises:
        NotRead: Neither a condition nor a group tells the currencies apart. No other reader may try.
    """
    found = next(mixed(reading, schema), None)
    if found is None:
        return
    amount, currency = found
    profile = schema.column(currency).profile
    held = [value for value, _ in profile.top[:MAX_NAMED]] if profile is not None else []
    named = f" ({', '.join(held)})" if held else ""
    reason = f"{amount} is in several currencies{named}: name one, or ask by {currency.column}."
    raise NotRead(reason, (amount.column,), final=True)


def mixed(reading: Reading, schema: Schema) -> Iterator[tuple[ColumnRef, ColumnRef]]:
    """Amounts that a reading computes or ranks over several currencies, each with the column of those."""
    for amount in dict.fromkeys(_computed(reading)):
        currency = _several(schema, amount)
        if currency is not None and not _tells_apart(reading, currency):
            yield amount, currency


def _computed(reading: Reading) -> Iterator[ColumnRef]:
    """Columns of which values of several rows come together: sums and the like, and what ranks rows."""
    targets = [t for t in reading.targets if t.aggregate not in (None, "count")]
    targets += [s.target for s in reading.compared.sides if s.target.aggregate] if reading.compared else []
    ranked = reading.limit is not None or reading.place is not None
    orders = [reading.order.target] if ranked and reading.order is not None else []
    targets += [t for t in orders if t is not None]
    targets += [reading.having[0]] if reading.having is not None else []
    yield from (t.ref for t in targets if t.ref is not None and t.aggregate != "count")
    yield from (a.column for a in reading.against_average)


def _several(schema: Schema, amount: ColumnRef) -> ColumnRef | None:
    """The column of an amount's table that holds several currencies; None where it is in one."""
    card, column = schema.card(amount.table), schema.column(amount)
    unit = held_by(card, column).unit
    if not _is_money(column) or (unit is not None and (unit.dimension != "money" or unit.currency)):
        return None
    tables = [schema.card(t) for t in _whole_of(schema, amount.table)]
    found = (ColumnRef(t.ref, c.name) for t in tables for c in t.columns if _holds_several(c))
    return next(found, None)


def _whole_of(schema: Schema, table: TableRef) -> Iterator[TableRef]:
    """The table, and the one whose parts its rows are called: `orders` of `order_lines`."""
    yield table
    own = name_words(table.name)
    parents = (j.parent for j in schema.card(table).joins if j.child == table)
    yield from (p for p in parents if p in schema.tables() and name_words(p.name) == own[:-1])


def _is_money(column: CardColumn) -> bool:
    tail = name_words(column.name)[-1:]
    named = is_amount(column.name) or bool(set(tail) & (ADDITIVE - COUNTED))
    short = bool(RECURRING & set(name_parts(column.name)))
    return column.column.kind in NUMERIC_KINDS and (named or short)


def _holds_several(column: CardColumn) -> bool:
    if not CURRENCY & set(name_parts(column.name)) or column.column.kind not in ("text", "integer"):
        return False
    profile = column.profile
    if profile is None:
        return True
    whole = len(profile.top) == profile.distinct
    return (len({v.casefold() for v, _ in profile.top}) if whole else profile.distinct) > 1


def _tells_apart(reading: Reading, currency: ColumnRef) -> bool:
    """Whether a reading is of one currency, or of each by itself."""
    groups = [*reading.groups, *(reading.outer.over.groups if reading.outer is not None else ())]
    groups += reading.within.groups if reading.within is not None else ()
    sides = [s.conditions for s in reading.compared.sides] if reading.compared is not None else []
    apart = bool(sides) and all(_is_one(c, currency) for c in sides)
    return apart or _is_one(reading.conditions, currency) or any(g.column == currency for g in groups)


def _is_one(conditions: tuple[Condition, ...], currency: ColumnRef) -> bool:
    """Whether conditions leave one currency, in whatever case it is written."""
    given = [c for c in conditions if c.column == currency and c.operator in ("=", "in")]
    return any(len({str(v).casefold() for v in c.values}) == 1 for c in given)
