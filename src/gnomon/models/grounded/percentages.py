"""What columns hold that percentages are compared with: `interest rate above 15%` is 15, or 0.15 of one."""

from decimal import Decimal, InvalidOperation

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.units import PERCENT, WHOLES, Held
from gnomon.models.grounded.words import name_words

CALLED = frozenset({"percent", "percentage", "pct"})
RATES = CALLED | {"rate", "share", "ratio", "fraction", "proportion", "margin", "utilization", "occupancy"}
MOST_OF_ONE, LEAST_PERCENT, MOST_PERCENT = Decimal(1), Decimal("1.5"), Decimal(100)
"""What is never above 1 holds parts of one; what reaches 1.5 and never passes 100 holds percentages."""


def held_as_percentage(schema: Schema, column: ColumnRef) -> Held:
    """Whether a rate is stored in percent or as a part of one, by its values; no unit where unclear."""
    words = {*name_words(column.column)}
    profile = schema.column(column).profile
    low, high = (_number(profile.low), _number(profile.high)) if profile is not None else (None, None)
    if not words & RATES or "per" in words or low is None or high is None or low < 0:
        return Held()
    if LEAST_PERCENT <= high <= MOST_PERCENT:
        return Held(PERCENT)
    return Held(WHOLES) if high <= MOST_OF_ONE and not words & CALLED else Held()


def _number(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text is not None else None
    except InvalidOperation:
        return None
