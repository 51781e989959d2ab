"""Read figures that follow time: `running total of revenue by month`, `3-month moving average of orders`."""

from collections.abc import Sequence
from typing import Literal, cast

from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.figures import BETWEEN, figure, name_after
from gnomon.models.grounded.grouping import grouped_date
from gnomon.models.grounded.periods import UNITS
from gnomon.models.grounded.reading import Aggregate, Bucket, Grouping, NotRead, Trend

RUNNING = frozenset({"running", "cumulative"})
MOVING = frozenset({"moving", "rolling"})
MAX_SPAN = 366
MEASURE = ("fill", "all", "distinct", "count", "agg", "time_group")


def read_trend(draft: Draft) -> None:
    """Read a running total, or an average or total of the last few buckets."""
    for at, item in enumerate(draft.items):
        words = item.text.lower()
        if item.role or item.kind == "name" or words not in RUNNING | MOVING:
            continue
        if draft.trend is not None:
            raise NotRead("I follow one figure through time at a time.", (item.text,))
        _read_running(draft, at) if words in RUNNING else _read_moving(draft, at)


def _read_running(draft: Draft, at: int) -> None:
    """`cumulative orders by day`: the sum of everything up to each bucket."""
    word = draft.items[at].text
    following = at + 1
    sums = following < len(draft.items) and draft.items[following].is_cue("agg")
    if word.lower() == "running" and not sums:
        raise NotRead(f"I cannot tell what is {word}.", (word,))
    if sums:
        _take_aggregate(draft, following, at, ("sum",))
    _measure(draft, following if sums else at, "sum" if sums else None)
    if len(draft.cues("time_group")) != 1:
        raise NotRead("I cannot tell by what time it adds up; say, for example, `by month`.", (word,))
    draft.take(at, "running total")
    draft.trend = Trend("running")


def _read_moving(draft: Draft, at: int) -> None:
    """`3-month moving average`: a number of buckets, before or behind the word."""
    word = draft.items[at].text
    span = _span(draft, at)
    if span is None:
        raise NotRead("Over how much time does it move? Say, for example, `3-month`.", (word,))
    count, unit, past = span
    if past >= len(draft.items):
        raise NotRead(f"I cannot tell what is {word}.", (word,))
    kind = _take_aggregate(draft, past, at, ("avg", "sum"))
    _measure(draft, past, "sum" if kind == "sum" else None)
    units = draft.cues("time_group")
    if any(_value(draft, i) != unit for i in units) or len(units) > 1:
        raise NotRead(f"I cannot move by {unit} along another unit of time.", (draft.items[units[0]].text,))
    if not units:
        draft.groups.append(Grouping(grouped_date(draft, unit), cast(Bucket, unit)))
    draft.take(at, f"over the last {count} {unit}s")
    moving: Literal["average", "total"] = "average" if kind == "avg" else "total"
    draft.trend = Trend(moving, count)
    draft.assume(f"A {unit} without rows counts as zero and is not listed; the first ones have no full span.")


def _span(draft: Draft, at: int) -> tuple[int, str, int] | None:
    """How many of which unit, and the position behind the phrase; a dash may stand between both."""
    for positions in (range(at - 2, at), range(at - 3, at), range(at + 1, at + 3), range(at + 1, at + 4)):
        if positions[0] < 0 or positions[-1] >= len(draft.items):
            continue
        found = _count_and_unit(draft, positions)
        if found is not None:
            for position in positions:
                draft.take(position, f"{found[0]} {found[1]}s")
            return (*found, max(at, positions[-1]) + 1)
    return None


def _count_and_unit(draft: Draft, positions: Sequence[int]) -> tuple[int, str] | None:
    items = [draft.items[i] for i in positions]
    if len(items) == 3 and items[1].text == "-":
        del items[1]
    if len(items) != 2:
        return None
    number, unit = items[0].number, items[1].text.lower().rstrip("s")
    if number is None or items[0].role or unit not in UNITS or number != number.to_integral_value():
        return None
    return (int(number), unit) if 2 <= number <= MAX_SPAN else None


def _take_aggregate(draft: Draft, at: int, since: int, allowed: tuple[str, ...]) -> str:
    item = draft.items[at]
    if not item.is_cue("agg") or item.cue is None or item.cue.value not in allowed:
        words = f"{draft.items[since].text} {item.text}"
        raise NotRead(f"I do not follow `{words}` through time.", (draft.items[since].text, item.text))
    draft.take(at, f"{item.cue.value} so far")
    return item.cue.value


def _measure(draft: Draft, at: int, said: Aggregate | None) -> None:
    """The figure of each bucket: only what adds up can be added up along time."""
    name = name_after(draft, at, skip=MEASURE)
    if name is None:
        raise NotRead(f"I cannot tell what `{draft.items[at].text}` is of.", (draft.items[at].text,))
    before = draft.before(name, skip=BETWEEN)
    own = before is not None and draft.items[before].is_cue("count", "agg") and not draft.items[before].role
    target = figure(draft, name, None if own else said)
    if target.aggregate not in ("sum", "count") or target.distinct:
        raise NotRead(f"`{draft.items[name].text}` does not add up over time.", (draft.items[name].text,))
    draft.targets.append(target)


def _value(draft: Draft, at: int) -> str:
    cue = draft.items[at].cue
    return cue.value if cue is not None else ""
