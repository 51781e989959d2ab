"""Dates and periods in a question, resolved against the clock that is part of the question."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

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
BEFORE = frozenset({"before", "prior", "earlier"})
AFTER = frozenset({"after", "later"})
SINCE = frozenset({"since", "starting"})
WITHIN = frozenset({"in", "during", "for", "of", "on", "within", "year", "throughout", "at", "from"})
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


def find_period(tokens: Sequence[Token], at: int, today: date) -> Period | None:
    """The longest period that begins at token `at`, or None."""
    lead = tokens[at].lower
    skip = _lead_length(tokens, at)
    body = _body(tokens, at + skip, today)
    if body is None:
        return None
    if skip == 0 and YEAR.match(lead) and body.tokens == 1 and not _bare_year_allowed(tokens, at):
        return None
    start, end = _opened(lead if skip else "", body)
    used = skip + body.tokens
    second = _range_end(tokens, at, used, lead, today)
    if second is not None:
        used += 1 + second.tokens
        label, ends = _label(tokens, at, used), (body, second)
        return Period(body.start, second.end, used, label, body.whole_years, body.assumed, ends)
    return Period(start, end, used, _label(tokens, at, used), body.whole_years, body.assumed)


def _label(tokens: Sequence[Token], at: int, used: int) -> str:
    """The words of a period; a month as `2018-02` is three tokens and one word."""
    return " ".join(t.text for t in tokens[at : at + used]).replace(" - ", "-")


def _lead_length(tokens: Sequence[Token], at: int) -> int:
    words = [t.lower for t in tokens[at : at + 3]]
    if words[:2] in (
        ["prior", "to"],
        ["the", "year"],
        ["between", "the"],
        ["earlier", "than"],
        ["later", "than"],
    ):
        return 2
    if words[:2] == ["in", "the"] or words[:2] == ["during", "the"] or words[:2] == ["over", "the"]:
        return 3 if words[2:] == ["year"] else 2
    if words[0] in BEFORE | AFTER | SINCE | WITHIN | {"between", "over"}:
        return 2 if words[1:2] in (["year"], ["the"]) else 1
    return 0


def _bare_year_allowed(tokens: Sequence[Token], at: int) -> bool:
    following = tokens[at + 1].kind if at + 1 < len(tokens) else "mark"
    return following in ("mark", "word") and 1990 <= int(tokens[at].text) <= 2040 and at > 0


def _opened(lead: str, body: "Period") -> tuple[date | None, date | None]:
    if lead in BEFORE:
        return None, body.start
    if lead in AFTER:
        return body.end, None
    if lead in SINCE:
        return body.start, None
    return body.start, body.end


def _range_end(tokens: Sequence[Token], at: int, used: int, lead: str, today: date) -> Period | None:
    joiner = tokens[at + used].lower if at + used < len(tokens) else ""
    wanted = {"between": ("and",), "from": ("to", "until", "till", "through", "and")}.get(
        lead, ("to", "through")
    )
    if joiner not in wanted or at + used + 1 >= len(tokens):
        return None
    return _body(tokens, at + used + 1, today)


def _body(tokens: Sequence[Token], at: int, today: date) -> Period | None:
    words = [t.lower for t in tokens[at : at + 5]]
    if not words:
        return None
    for reader in (_iso_day, _iso_month, _named_day, _quarter, _month, _relative, _year):
        found = reader(words, today)
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


def _relative(words: list[str], today: date) -> Period | None:
    if words[0] in ("today", "yesterday"):
        day = today - timedelta(days=words[0] == "yesterday")
        return Period(day, day + timedelta(days=1), 1, words[0])
    skip = 1 if words[0] == "the" else 0
    if words[skip : skip + 1] == [] or words[skip] not in ("last", "past", "this", "previous", "current"):
        return None
    which, rest = words[skip], words[skip + 1 :]
    if rest[:1] and rest[0].isdigit() and len(rest) > 1:
        return _last_n(int(rest[0]), rest[1].rstrip("s"), today, skip + 3)
    unit = rest[0].rstrip("s") if rest else ""
    if unit not in UNITS:
        return None
    start = floor_to(today, unit)
    if which in ("this", "current"):
        return Period(start, step(start, unit, 1), skip + 2, f"{which} {unit}", whole_years=unit == "year")
    return Period(step(start, unit, -1), start, skip + 2, f"{which} {unit}", whole_years=unit == "year")


def _last_n(count: int, unit: str, today: date, used: int) -> Period | None:
    if unit not in UNITS or not 1 <= count <= 1000:
        return None
    end = today + timedelta(days=1)
    start = end - timedelta(days=count * UNITS[unit]) if UNITS[unit] else step(end, unit, -count)
    return Period(start, end, used, f"last {count} {unit}s", assumed=f"The last {count} {unit}s end today.")


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
