"""Dates and periods in a question, resolved against the clock that is part of the question."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from gnomon.models.grounded.words import Token

MONTHS = {
    name: number
    for number, names in enumerate(
        ("january jan", "february feb", "march mar", "april apr", "may", "june jun", "july jul",
         "august aug", "september sep sept", "october oct", "november nov", "december dec"), 1)
    for name in names.split()
}  # fmt: skip
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}
UNITS = {"day": 1, "week": 7, "month": 0, "quarter": 0, "year": 0}
Way = Literal["", "before", "until", "after", "since"]
"""Which way a period is open: not at all, or before, up to and with, after, from and with what is named."""

LEADS: dict[str, Way] = {
    **dict.fromkeys(("before", "prior", "earlier", "prior to", "earlier than"), "before"),
    **dict.fromkeys(("after", "later", "later than"), "after"),
    **dict.fromkeys(("since", "starting", "in or after", "on or after", "at or after"), "since"),
    **dict.fromkeys(("in or before", "on or before", "at or before"), "until"),
    **dict.fromkeys(
        ("in", "during", "for", "of", "on", "within", "year", "throughout", "at", "from", "between", "over"),
        "",
    ),
}
ONWARDS: dict[str, Way] = {
    **dict.fromkeys(("or after", "or later", "and later", "and after", "or newer"), "since"),
    **dict.fromkeys(("or before", "or earlier", "and earlier", "and before", "or older"), "until"),
}
"""What may follow a period: `in 2001 or before`."""

WHOLE = frozenset({"full", "complete", "whole", "calendar"})
"""Said of the last month or quarter, these leave out the one that has not ended."""

YEAR = re.compile(r"^(1[89]\d\d|20\d\d|21\d\d)$")
MONTH_NUMBER = re.compile(r"^(0[1-9]|1[0-2])$")


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open span of days; an open end is None.

    Args:
        start: First day of it.
        end: First day after it.
        tokens: How many tokens of the question it takes.
        label: As the question says it.
        whole_years: True if it is made of calendar years, so that a year column can be compared.
        assumed: What was taken for granted, in words; empty if nothing was.
        ends: The first and last period of a range such as `from 2024 to 2025`; else empty.
    """

    start: date | None
    end: date | None
    tokens: int
    label: str
    whole_years: bool = False
    assumed: str = ""
    ends: tuple["Period", ...] = ()


Reader = Callable[[list[str], date], Period | None]
"""Reads the period that words begin with, if they do."""


def find_period(
    tokens: Sequence[Token], at: int, today: date, further: Reader | None = None
) -> Period | None:
    """The longest period that begins at token `at`, or None.

    Args:
        further: Reads periods of a calendar of the company's own.
    """
    lead = tokens[at].lower
    skip, way = _lead(tokens, at)
    body = _body(tokens, at + skip, today, further)
    if body is None and skip:
        skip, way, body = 0, "", _body(tokens, at, today, further)
    if body is None:
        return None
    if skip == 0 and YEAR.match(lead) and body.tokens == 1 and not _bare_year_allowed(tokens, at):
        return None
    used = skip + body.tokens
    second = _range_end(tokens, at, used, lead, today, further)
    if second is not None:
        used += 1 + second.tokens
        label, ends = _label(tokens, at, used), (body, second)
        return Period(body.start, second.end, used, label, body.whole_years, body.assumed, ends)
    onwards = ONWARDS.get(" ".join(t.lower for t in tokens[at + used : at + used + 2])) if not way else None
    used += 2 if onwards else 0
    start, end = _opened(onwards or way, body)
    return Period(start, end, used, _label(tokens, at, used), body.whole_years, body.assumed)


def _label(tokens: Sequence[Token], at: int, used: int) -> str:
    """The words of a period; a month as `2018-02` is three tokens and one word."""
    return " ".join(t.text for t in tokens[at : at + used]).replace(" - ", "-")


def _lead(tokens: Sequence[Token], at: int) -> tuple[int, Way]:
    """How many tokens lead to a period, as `before the year of` does, and which way it is open by them."""
    words = [t.lower for t in tokens[at : at + 6]]
    found = next((n for n in (3, 2, 1) if " ".join(words[:n]) in LEADS), 0)
    way = LEADS.get(" ".join(words[:found]), "")
    if found == 0 and words[:2] != ["the", "year"]:
        return 0, ""
    for optional in ("the", "year", "of"):
        found += words[found : found + 1] == [optional]
    return found, way


def _bare_year_allowed(tokens: Sequence[Token], at: int) -> bool:
    following = tokens[at + 1].kind if at + 1 < len(tokens) else "mark"
    return following in ("mark", "word") and 1990 <= int(tokens[at].text) <= 2040 and at > 0


def _opened(way: "Way", body: "Period") -> tuple[date | None, date | None]:
    start = {"before": None, "until": None, "after": body.end}.get(way, body.start)
    return start, {"before": body.start, "after": None, "since": None}.get(way, body.end)


def _range_end(
    tokens: Sequence[Token], at: int, used: int, lead: str, today: date, further: Reader | None
) -> Period | None:
    joiner = tokens[at + used].lower if at + used < len(tokens) else ""
    wanted = {"between": ("and",), "from": ("to", "until", "till", "through", "and")}.get(
        lead, ("to", "through")
    )
    if joiner not in wanted or at + used + 1 >= len(tokens):
        return None
    return _body(tokens, at + used + 1, today, further)


def _body(tokens: Sequence[Token], at: int, today: date, further: Reader | None) -> Period | None:
    words = [t.lower for t in tokens[at : at + 8]]
    if not words:
        return None
    own = further(words, today) if further is not None else None
    if own is not None:
        return own
    for reader in (
        _iso_day,
        _iso_month,
        _named_day,
        _quarter,
        _half,
        _month,
        _to_date,
        _relative,
        _ahead,
        _year,
    ):
        found = reader(words[:5], today)
        if found is not None:
            return found
    return None


def _iso_day(words: list[str], today: date) -> Period | None:
    try:
        day = date.fromisoformat(words[0]) if re.match(r"^\d{4}-\d{2}-\d{2}$", words[0]) else None
    except ValueError:
        return None
    return Period(day, day + timedelta(days=1), 1, words[0]) if day else None


def _iso_month(words: list[str], today: date) -> Period | None:
    """`2018-02`: a year and a month of two digits, as ISO 8601 writes a month."""
    if len(words) < 3 or words[1] != "-" or not YEAR.match(words[0]) or not MONTH_NUMBER.match(words[2]):
        return None
    start = date(int(words[0]), int(words[2]), 1)
    return Period(start, add_months(start, 1), 3, f"{words[0]}-{words[2]}")


def _named_day(words: list[str], today: date) -> Period | None:
    joined = " ".join(words)
    american = re.match(r"^([a-z]+) (\d{1,2})(?:st|nd|rd|th)?( ,)? (\d{4})\b", joined)
    european = re.match(r"^(\d{1,2})(?:st|nd|rd|th)? ([a-z]+)( ,)? (\d{4})\b", joined)
    if american and american[1] in MONTHS:
        month, day_number, year = MONTHS[american[1]], int(american[2]), int(american[4])
        used = 4 if american[3] else 3
    elif european and european[2] in MONTHS:
        month, day_number, year = MONTHS[european[2]], int(european[1]), int(european[4])
        used = 4 if european[3] else 3
    else:
        return None
    try:
        day = date(year, month, day_number)
    except ValueError:
        return None
    return Period(day, day + timedelta(days=1), used, joined)


def _quarter(words: list[str], today: date) -> Period | None:
    text = " ".join(words)
    match = re.match(r"^q([1-4]) (?:of )?(\d{4})\b", text) or re.match(
        r"^(first|second|third|fourth|1st|2nd|3rd|4th) quarter (?:of )?(\d{4})\b", text
    )
    if not match:
        return None
    number = ORDINALS.get(match[1]) or int(match[1])
    start = date(int(match[2]), 3 * number - 2, 1)
    return Period(start, add_months(start, 3), len(match[0].split()), match[0])


def _month(words: list[str], today: date) -> Period | None:
    month = MONTHS.get(words[0])
    if month is None or (words[0] == "may" and len(words) < 2):
        return None
    rest = words[1:]
    skip = 1 if rest[:1] == ["of"] or rest[:1] == [","] else 0
    if rest[skip : skip + 1] and YEAR.match(rest[skip]):
        start = date(int(rest[skip]), month, 1)
        return Period(start, add_months(start, 1), 2 + skip, words[0])
    if words[0] == "may" or (rest[:1] and rest[0].isdigit()):
        return None
    year = today.year if month <= today.month else today.year - 1
    start = date(year, month, 1)
    return Period(
        start, add_months(start, 1), 1, words[0], assumed=f"{words[0].title()} is taken as that of {year}."
    )


def _year(words: list[str], today: date) -> Period | None:
    if not YEAR.match(words[0]):
        return None
    year = int(words[0])
    return Period(date(year, 1, 1), date(year + 1, 1, 1), 1, words[0], whole_years=True)


def _to_date(words: list[str], today: date) -> Period | None:
    """`year to date`, `YTD`, `this month so far`: from its first day to today."""
    text = " ".join(words)
    match = re.match(r"^(year|quarter|month|week) to date\b", text)
    match = match or re.match(r"^(?:this|the current) (year|quarter|month|week) so far\b", text)
    short = {"ytd": "year", "qtd": "quarter", "mtd": "month"}.get(words[0])
    if match is None and short is None:
        return None
    unit, used = (match[1], len(match[0].split())) if match else (short or "", 1)
    return Period(floor_to(today, unit), today + timedelta(days=1), used, " ".join(words[:used]))


def _half(words: list[str], today: date) -> Period | None:
    """`first half of 2025`, `H2 2025`."""
    text = " ".join(words)
    match = re.match(r"^h([12]) (?:of )?(\d{4})\b", text) or re.match(
        r"^(first|second|1st|2nd) half (?:of )?(\d{4})\b", text
    )
    if not match:
        return None
    number = ORDINALS.get(match[1]) or int(match[1])
    start = date(int(match[2]), 6 * number - 5, 1)
    return Period(start, add_months(start, 6), len(match[0].split()), match[0])


def _relative(words: list[str], today: date) -> Period | None:
    if words[0] in ("today", "yesterday"):
        day = today - timedelta(days=words[0] == "yesterday")
        return Period(day, day + timedelta(days=1), 1, words[0])
    skip = 1 if words[0] == "the" else 0
    if words[skip : skip + 1] == [] or words[skip] not in ("last", "past", "this", "previous", "current"):
        return None
    which, rest = words[skip], words[skip + 1 :]
    if rest[:1] and rest[0].isdigit() and len(rest) > 1:
        whole = rest[1] in WHOLE and len(rest) > 2
        unit = rest[2 if whole else 1].rstrip("s")
        return _last_n(int(rest[0]), unit, today, skip + (4 if whole else 3), whole)
    whole = rest[:1] != [] and rest[0] in WHOLE
    unit = rest[whole].rstrip("s") if len(rest) > whole else ""
    if unit not in UNITS:
        return None
    start, used = floor_to(today, unit), skip + 2 + whole
    if which in ("this", "current"):
        return Period(start, step(start, unit, 1), used, f"{which} {unit}", whole_years=unit == "year")
    return Period(step(start, unit, -1), start, used, f"{which} {unit}", whole_years=unit == "year")


def _last_n(count: int, unit: str, today: date, used: int, whole: bool) -> Period | None:
    if unit not in UNITS or not 1 <= count <= 1000:
        return None
    if whole:
        end = floor_to(today, unit)
        return Period(step(end, unit, -count), end, used, f"last {count} full {unit}s")
    end = today + timedelta(days=1)
    start = end - timedelta(days=count * UNITS[unit]) if UNITS[unit] else step(end, unit, -count)
    return Period(start, end, used, f"last {count} {unit}s", assumed=f"The last {count} {unit}s end today.")


def _ahead(words: list[str], today: date) -> Period | None:
    """`next month`, and `the next 30 days`, which begin today; `next day` is a way of delivery."""
    match = re.match(r"^(?:the )?next (?:(\d+) )?(day|week|month|quarter|year)(s?)\b", " ".join(words))
    if match is None or bool(match[3]) != (match[1] not in (None, "1")) or match[0].endswith("next day"):
        return None
    unit, used = match[2], len(match[0].split())
    if match[1] is None:
        start = step(floor_to(today, unit), unit, 1)
        return Period(start, step(start, unit, 1), used, f"next {unit}", whole_years=unit == "year")
    count = int(match[1])
    said = f"next {count} {unit}{match[3]}"
    end = step(today, unit, count) if 1 <= count <= 1000 else None
    return Period(today, end, used, said, assumed=f"The {said} begin today.") if end is not None else None


def unit_of(period: Period) -> str | None:
    """The unit that a period is one of: `day`, `week`, `month`, `quarter` or `year`; None if none."""
    start, end = period.start, period.end
    if start is None or end is None:
        return None
    return next((u for u in UNITS if floor_to(start, u) == start and step(start, u, 1) == end), None)


def add_months(day: date, count: int) -> date:
    """The first-of-month `count` months on; later days of month are cut to 28 to exist everywhere."""
    index = day.year * 12 + day.month - 1 + count
    return date(index // 12, index % 12 + 1, min(day.day, 28))


def floor_to(day: date, unit: str) -> date:
    """The first day of the day's week (Monday), month, quarter or year."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return date(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    return date(day.year, 1, 1) if unit == "year" else day


def step(day: date, unit: str, count: int) -> date:
    """The day `count` units on."""
    if unit in ("day", "week"):
        return day + timedelta(days=count * UNITS[unit])
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    return add_months(day, months * count)
