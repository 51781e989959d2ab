"""Read two figures side by side: `revenue growth from 2024 to 2025`, `compare orders in Oslo and Bergen`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import cast

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.figures import figure, name_after, state_ongoing
from gnomon.models.grounded.filters import period_date, within
from gnomon.models.grounded.grouping import grouped_date
from gnomon.models.grounded.periods import Period, step, unit_of
from gnomon.models.grounded.reading import Bucket, Compared, Condition, Grouping, NotRead, Side, Target, Trend
from gnomon.models.grounded.tagging import Item

GROWTH = frozenset({"growth", "change", "increase"})
GROWN = frozenset({"grow", "grew", "grown", "change", "changed", "increase", "increased"})
COMPARING = frozenset({"compare", "compared", "versus", "vs"})
ASKING_HOW_MUCH = frozenset({"did", "has", "have"})
UNIT_OVER_UNIT = re.compile(r"^(year|quarter|month|week|day)( over |-over-)\1\b")
OVER_TIME = ("fill", "all", "distinct", "count", "agg", "time_group")


def read_contrast(draft: Draft) -> None:
    """Read growth, differences and comparisons; their words stay unread where nothing fits them."""
    _take_how_much(draft)
    grown = _said(draft, GROWTH | GROWN)
    apart = _said(draft, {"difference"})
    side_by_side = _said(draft, COMPARING)
    if len(grown) == 1 and not apart:
        _read_growth(draft, grown[0], side_by_side)
    elif len(apart) == 1 and not grown and not side_by_side:
        _read_difference(draft, apart[0])
    elif side_by_side and not grown and not apart:
        _read_comparison(draft, side_by_side)


def _said(draft: Draft, words: Sequence[str] | frozenset[str] | set[str]) -> list[int]:
    items = enumerate(draft.items)
    return [i for i, x in items if x.kind in ("cue", "unknown") and x.text.lower() in words and not x.role]


def _take_how_much(draft: Draft) -> None:
    """`by how much did revenue grow`: the words before the verb ask for the growth itself."""
    for at, item in enumerate(draft.items[:-1]):
        if item.text.lower() != "how much" or draft.items[at + 1].text.lower() not in ASKING_HOW_MUCH:
            continue
        if any(i.text.lower() in GROWN for i in draft.items[at + 1 :]):
            draft.take(at, "asks by how much")
            if at and draft.items[at - 1].text.lower() == "by":
                draft.take(at - 1, "asks by how much")


# -- growth -------------------------------------------------------------------------------------------


def _read_growth(draft: Draft, at: int, comparing: Sequence[int]) -> None:
    words = draft.items[at].text
    draft.take(at, "change against the time before")
    unit, at_unit = _unit_over_unit(draft, at)
    rate = at + 1 < len(draft.items) and draft.items[at + 1].text.lower() in ("rate", "rate of")
    if rate:
        draft.take(at + 1, "in percent")
    before = next((b for b in (draft.before(at), draft.before(at_unit)) if draft.is_name(b)), None)
    name = before if before is not None else name_after(draft, at + rate, skip=OVER_TIME)
    if name is None:
        raise NotRead(f"I cannot tell what the {words} is of.", (words,))
    target = figure(draft, name)
    draft.targets.append(target)
    periods = draft.open("period")
    if len(periods) == 2 and not comparing and any(i.is_cue("and") for i in draft.items[slice(*periods)]):
        raise NotRead(f"The {words} may be that of either period.", (words,))
    if unit or draft.cues("time_group"):
        _grow_along(draft, target, words, unit)
    else:
        _grow_between(draft, target, words)
        _take_comparing(draft, comparing, ("period",))


def _unit_over_unit(draft: Draft, at: int) -> tuple[str, int]:
    """`year over year growth`, `revenue growth month-over-month`: the unit, and where its words begin."""
    for first in (at - 3, at - 4, at - 1, at - 2, at + 1):
        if first < 0:
            continue
        items = draft.items[first : first + 3]
        words = " ".join(i.text.lower() for i in items)
        found = UNIT_OVER_UNIT.match(words)
        if found is None or any(i.role for i in items[: len(found[0].split())]):
            continue
        for position in range(first, first + len(found[0].split())):
            draft.take(position, f"against the {found[1]} before")
        return found[1], first
    return "", at


def _grow_along(draft: Draft, target: Target, words: str, unit: str) -> None:
    """`monthly revenue growth`: each bucket against the one before."""
    units = draft.cues("time_group")
    if len(units) + bool(unit) > 1:
        raise NotRead(f"I cannot tell along which time the {words} is.", (words,))
    if unit:
        draft.groups.append(Grouping(grouped_date(draft, unit), cast(Bucket, unit)))
    else:
        cue = draft.items[units[0]].cue
        unit = cue.value if cue is not None else ""
    draft.trend = Trend("change")
    if target.aggregate in ("sum", "count"):
        draft.assume(f"A {unit} without rows counts as zero and is not listed.")
    state_ongoing(draft, unit)


def _grow_between(draft: Draft, target: Target, words: str) -> None:
    """`growth from 2024 to 2025`: the later of two periods against the earlier."""
    found = _two_periods(draft)
    if found is None:
        raise NotRead(f"I cannot tell which two periods `{words}` is about.", (words,))
    earlier, later = sorted(found, key=lambda p: p.start or date.min)
    if len(draft.open("period")) == 1 and not _two_periods_said(draft):
        draft.assume(f"{_label(later)} is compared with {_label(earlier)}.", "name both periods")
    column = _date_of(draft)
    sides = [Side(target, _label(p), tuple(within(draft, column, p))) for p in (earlier, later)]
    draft.compared = Compared(sides[0], sides[1], growth=True)
    if later.end is not None and later.end > draft.today + timedelta(days=1):
        draft.assume(f"{_label(later)} is not over yet.")


def _two_periods(draft: Draft) -> tuple[Period, Period] | None:
    """Two periods of one calendar unit; a lone one stands against the one before it."""
    periods = [p for i in draft.open("period") if (p := draft.items[i].period) is not None]
    first, last = (draft.open("period") or [0])[0], (draft.open("period") or [0])[-1]
    if any(i.kind in ("value", "quoted") for i in draft.items[first:last]):
        return None
    if len(periods) == 1:
        periods = list(periods[0].ends) or [p for q in periods for p in (_before(q), q) if p is not None]
    if len(periods) != 2 or any(p.ends for p in periods):
        return None
    units = {unit_of(p) for p in periods}
    if None in units or len(units) != 1 or periods[0].start == periods[1].start:
        return None
    return periods[0], periods[1]


def _before(period: Period) -> Period | None:
    """The period of the same unit before it."""
    unit = unit_of(period)
    if unit is None or period.start is None:
        return None
    return replace(period, start=step(period.start, unit, -1), end=period.start, assumed="")


def _date_of(draft: Draft) -> ColumnRef:
    """The date that the compared periods are about; their items are accounted for."""
    columns = []
    for at in draft.open("period"):
        period = draft.items[at].period
        columns.append(period_date(draft, at))
        draft.take(at, f"{columns[-1]} within {draft.items[at].text}")
        if period is not None and period.assumed:
            draft.assume(period.assumed)
    if len(set(columns)) != 1:
        raise NotRead("The two periods are of different dates.", tuple(map(str, columns)))
    return columns[0]


def _label(period: Period) -> str:
    """A period by its own name: `2025`, `2025 Q1`, `2025-02`, or its first day."""
    unit, start = unit_of(period), period.start
    assert start is not None
    names = {
        "year": f"{start:%Y}",
        "month": f"{start:%Y-%m}",
        "quarter": f"{start:%Y} Q{start.month // 3 + 1}",
    }
    return names.get(unit or "", start.isoformat())


# -- differences --------------------------------------------------------------------------------------


def _read_difference(draft: Draft, at: int) -> None:
    words = draft.items[at].text
    between = next((i for i in draft.cues("between") if i > at), None)
    if between is not None and _two_figures(draft, at, between):
        return
    name = next((i for i in draft.open("name") if i > at), None)
    if name is None:
        raise NotRead(f"I cannot tell what the {words} is of.", (words,))
    target = figure(draft, name)
    draft.targets.append(target)
    draft.take(at, "difference")
    if between is not None:
        draft.take(between, "difference between")
    if _two_periods_said(draft) and len(draft.open("value", "quoted")) < 2:
        _grow_between(draft, target, words)
    else:
        draft.contrast = "difference"


def _two_figures(draft: Draft, at: int, between: int) -> bool:
    """`difference between the highest and lowest salary`: two aggregates of one column."""
    first = draft.after(between)
    named = draft.after(first) if first is not None else None
    joiner = draft.after(named) if named is not None and draft.is_name(named) else named
    second = draft.after(joiner) if joiner is not None else None
    if first is None or joiner is None or second is None or not draft.items[joiner].is_cue("and"):
        return False
    name = name_after(draft, second)
    kinds = [_aggregate(draft.items[i]) for i in (first, second)]
    if name is None or None in kinds or kinds[0] == kinds[1]:
        return False
    column = draft.column(name, draft.schema.is_numeric)
    if column is None:
        raise NotRead(
            f"`{draft.items[name].text}` holds no numbers to compute with.", (draft.items[name].text,)
        )
    if named is not None and named != joiner:
        if draft.column(named, draft.schema.is_numeric) != column:
            return False
        draft.take(named, f"column {column}")
    for position, kind in ((first, kinds[0]), (second, kinds[1])):
        draft.take(position, f"{kind} of {column}")
    for position, role in (
        (name, f"column {column}"),
        (at, "difference"),
        (between, "between"),
        (joiner, "and"),
    ):
        draft.take(position, role)
    ordered = sorted((str(k) for k in kinds), key=("max", "avg", "median", "min").index)
    figures = [Target(column.table, column.column, kind) for kind in ordered]  # type: ignore[arg-type]
    draft.targets.append(figures[0])
    draft.compared = Compared(Side(figures[0], ""), Side(figures[1], ""), growth=False)
    return True


def _aggregate(item: Item) -> str | None:
    """Which aggregate a word asks for, if it is one that two of a column can differ in."""
    if item.cue is None or item.role:
        return None
    if item.is_cue("agg") and item.cue.value != "sum":
        return item.cue.value
    if item.is_cue("superlative"):
        return {"desc": "max", "asc": "min"}.get(item.cue.value)
    return None


# -- comparisons --------------------------------------------------------------------------------------


def _read_comparison(draft: Draft, comparing: Sequence[int]) -> None:
    words = draft.items[comparing[0]].text
    name = next((i for i in draft.open("name")), None)
    if name is None:
        raise NotRead(f"I cannot tell what `{words}` is about.", (words,))
    values = len(draft.open("value", "quoted"))
    kinds: tuple[str, ...] = ("value", "quoted") if values else ()
    if _two_periods_said(draft) and not _is_long_range(draft):
        target = figure(draft, name)
        draft.targets.append(target)
        draft.contrast = "groups" if values > 1 else ""
        _grow_between(draft, target, words)
        kinds = ("period",)
    elif values >= 2 or (values == 0 and draft.cues("group", "each", "time_group")):
        draft.targets.append(figure(draft, name))
        draft.contrast = "groups" if values else "listed"
    else:
        raise NotRead(f"I cannot tell what `{words}` sets side by side.", (words,))
    _take_comparing(draft, comparing, kinds)


def _two_periods_said(draft: Draft) -> bool:
    periods = [p for i in draft.open("period") if (p := draft.items[i].period) is not None]
    return len(periods) == 2 or (len(periods) == 1 and bool(periods[0].ends))


def _is_long_range(draft: Draft) -> bool:
    """`compare revenue from 2021 to 2025` is about the years between, too."""
    periods = [p for i in draft.open("period") if (p := draft.items[i].period) is not None]
    ends = periods[0].ends
    return bool(ends) and ends[0].end != ends[1].start


def _take_comparing(draft: Draft, comparing: Sequence[int], kinds: Sequence[str]) -> None:
    """`compare`, and `versus` before the second of what is compared, which is of those kinds."""
    for at in comparing:
        following = draft.after(at)
        joins = following is not None and draft.items[following].kind in kinds
        if draft.items[at].text.lower() != "compare" and not joins:
            raise NotRead(f"I cannot tell what `{draft.items[at].text}` compares.", (draft.items[at].text,))
        draft.take(at, "compare")


def settle_contrast(draft: Draft) -> None:
    """Once values are read: those of one column are the groups, or the two sides of a difference."""
    if draft.contrast in ("", "listed"):
        return
    listed = [c for c in draft.conditions if c.operator == "in"]
    different = {str(v).casefold() for c in listed for v in c.values}
    if len(listed) != 1 or len(different) != len(listed[0].values):
        raise NotRead("I cannot tell which two values are compared.", tuple(c.words for c in listed))
    _refuse_unlike(draft)
    if draft.contrast == "groups":
        draft.groups.append(Grouping(listed[0].column))
    elif len(different) == 2:
        _subtract(draft, listed[0])
    else:
        raise NotRead("I can tell the difference of two values, not of more.", (listed[0].words,))


def _refuse_unlike(draft: Draft) -> None:
    """`trade, private and returned`, where the last is of another column: it may be one of those compared."""
    values = [i for i, x in enumerate(draft.items) if x.kind in ("value", "quoted")]
    for first, second in pairwise(values):
        joined = draft.after(first)
        one, other = draft.items[first], draft.items[second]
        enumerated = (
            joined is not None and draft.items[joined].is_cue("and") and draft.after(joined) == second
        )
        if enumerated and one.resolved != other.resolved:
            raise NotRead("I cannot tell which values are compared.", (one.text, other.text))


def _subtract(draft: Draft, listed: Condition) -> None:
    alone = [replace(listed, operator="=", values=(v,), words=str(v)) for v in listed.values]
    target = draft.targets[0]
    first, second = (Side(target, str(c.values[0]), (c,)) for c in alone)
    draft.compared = Compared(first, second, growth=False)
    draft.conditions.remove(listed)
    draft.assume(f"The difference is that of {first.label} less that of {second.label}.")
