"""Months that a column holds as texts, `2026-10`: a period said of it is compared with those."""

import re
from datetime import date

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.dates import refuse_period
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.periods import Period
from gnomon.models.grounded.reading import Condition, NotRead

MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
LEADING = frozenset({"in", "for", "of", "on", "during", "with", "from"})


def read_months(draft: Draft, at: int, period: Period) -> bool:
    """Whether a period names a month of the column right before it, with which it is then compared.

    Raises:
        NotRead: The column before it, `in shift 2026-10`, holds neither times nor months.
    """
    name = draft.items[at - 1] if at else None
    if name is None or name.kind != "name" or name.role or draft.as_table(name) is not None:
        return False
    column = draft.column(at - 1)
    if (
        column is None
        or draft.schema.is_temporal(column)
        or column in draft.schema.year_columns(column.table)
    ):
        return False
    if not _holds_months(draft, column):
        _refuse_untimed(draft, at, column)
        return False
    if not all(end is None or end.day == 1 for end in (period.start, period.end)):
        raise NotRead(f"{column} holds months; `{period.label}` asks for less than one.", (period.label,))
    draft.conditions += _conditions(column, period)
    draft.take(at - 1, f"column {column}")
    draft.take(at, f"{column} within {period.label}")
    draft.alone = True
    return True


def refuse_stored_month(draft: Draft, at: int, column: ColumnRef) -> None:
    """`payouts in 2026-10`, where payouts have a month that is written so beside the day of their date.

    Raises:
        NotRead: Either may be meant.
    """
    words = draft.items[at].text
    written = words.split()[-1]
    for match in draft.schema.context.values:
        other = match.column
        if match.value == written and other.table == column.table and _holds_months(draft, other):
            reason = f"`{words}` could be about {column} or {other}; say `in {other.column} {written}`."
            raise NotRead(reason, (words,), final=True)


def _holds_months(draft: Draft, column: ColumnRef) -> bool:
    card = draft.schema.column(column)
    ends = (card.profile.low, card.profile.high) if card.profile is not None else ()
    return bool(ends) and all(end is not None and MONTH.fullmatch(end) for end in ends)


def _refuse_untimed(draft: Draft, at: int, column: ColumnRef) -> None:
    """`in shift 2026-10`: the time is said of the column, and no other date is meant."""
    led = at > 1 and draft.items[at - 2].text.lower() in LEADING
    if led and draft.items[at].text[:1].isdigit() and not draft.schema.is_numeric(column):
        raise refuse_period(draft, draft.items[at].text)


def _conditions(column: ColumnRef, period: Period) -> list[Condition]:
    """A lone month is that value; of a longer time the months lie between."""
    start, end = period.start, period.end
    if start is not None and end is not None and end == _next(start):
        return [Condition(column, "=", (_month(start),), period.label, True)]
    found = [Condition(column, ">=", (_month(start),), period.label, True)] if start is not None else []
    return found + ([Condition(column, "<", (_month(end),), period.label, True)] if end is not None else [])


def _month(day: date) -> str:
    return f"{day.year:04}-{day.month:02}"


def _next(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)
