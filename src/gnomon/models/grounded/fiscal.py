"""Fiscal years: when they begin and which number they bear, as the brief or a memory says; their periods.

A company's fiscal year is nobody's guess: where neither says when it begins, a question about it is not read.
"""

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from gnomon.domain.context import Context
from gnomon.models.grounded.periods import MONTHS, Period, add_months

SENTENCE = re.compile(r"[^.\n]*\bfiscal year\b[^.\n]*", re.IGNORECASE)
BEGINS = re.compile(
    r"\b(?:begins?|starts?|runs from)\b (?:(?:in|on|every|each|the) )*"
    r"(?:(?:1|1st|first)(?: day)?(?: of)? )?(?P<month>[a-z]+)",
    re.IGNORECASE,
)
BEARS = re.compile(r"\byear (?:in which |that )?it (?P<way>begins?|starts?|ends?)\b", re.IGNORECASE)
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}

_YEAR = r"(?:fiscal(?: year)?(?: of)?|fy) ?(?P<year>\d{4}|\d{2})\b"
_NTH = r"(?P<nth>q[1-4]|first|second|third|fourth|1st|2nd|3rd|4th)"
_OTHER = _NTH.replace("nth", "other")
_LAST = r"(?P<which>this|current|last|previous|past)"
_FORMS = (
    _YEAR,
    rf"{_NTH} (?:quarter )?(?:of )?(?:the )?{_YEAR}",
    rf"(?:fiscal {_NTH}|{_OTHER} fiscal quarter)(?: of| in)? (?P<year>\d{{4}})\b",
    rf"{_LAST} (?:full |complete )?fiscal (?P<unit>year|quarter)\b",
)
FORMS = tuple(re.compile(f"(?:the )?{form}") for form in _FORMS)
MENTION = re.compile(r"fiscal|fy(?:\d{2}|\d{4})?")
"""A word by which a question speaks of fiscal years."""


@dataclass(frozen=True, slots=True)
class FiscalYear:
    """A company's fiscal year.

    Args:
        month: The month that it begins with, on its first day.
        by_end: Whether it bears the number of the calendar year in which it ends; None where nobody says.
    """

    month: int
    by_end: bool | None = None

    def start_of(self, number: int) -> date:
        """The first day of the fiscal year of that number; of several it may be, the one that ends in it."""
        earlier = self.month > 1 and self.by_end is not False
        return date(number - earlier, self.month, 1)

    def start_before(self, day: date) -> date:
        """The first day of the fiscal year that a day is in."""
        return date(day.year - (day.month < self.month), self.month, 1)


def fiscal_year(context: Context) -> FiscalYear | None:
    """What the brief and the memories say of the fiscal year; None if they say nothing or contradict."""
    found = {said for text in (context.brief, *context.memories) for said in _said(text)}
    months = {f.month for f in found}
    ways = {f.by_end for f in found if f.by_end is not None}
    if len(months) != 1 or len(ways) > 1:
        return None
    return FiscalYear(months.pop(), ways.pop() if ways else None)


@lru_cache(maxsize=64)
def _said(text: str) -> tuple[FiscalYear, ...]:
    found = []
    for sentence in SENTENCE.findall(text):
        begins, bears = BEGINS.search(sentence), BEARS.search(sentence)
        month = MONTHS.get(begins["month"].lower()) if begins else None
        if month is not None:
            found.append(FiscalYear(month, bears["way"].lower().startswith("end") if bears else None))
    return tuple(found)


def fiscal_period(words: list[str], today: date, fiscal: FiscalYear) -> Period | None:
    """The fiscal year or quarter that the words begin with, or None.

    Args:
        words: In lower case, one for each token.
    """
    joined = " ".join(words)
    found = next(filter(None, (form.match(joined) for form in FORMS)), None)
    if found is None:
        return None
    tokens, named = len(found[0].split()), found.groupdict()
    if named.get("which"):
        start, months = _relative(named, today, fiscal)
        return Period(start, add_months(start, months), tokens, found[0])
    number = int(named["year"]) + (2000 if len(named["year"]) == 2 else 0)
    nth = named.get("nth") or named.get("other")
    start = fiscal.start_of(number)
    if nth:
        start = add_months(start, 3 * (ORDINALS.get(nth) or int(nth[1:])) - 3)
    end = add_months(start, 3 if nth else 12)
    return Period(start, end, tokens, found[0], fiscal.month == 1 and not nth, _assumed(number, fiscal))


def _relative(named: dict[str, str | None], today: date, fiscal: FiscalYear) -> tuple[date, int]:
    """The first day of this or the last fiscal year or quarter, and how many months it has."""
    start, months = fiscal.start_before(today), 12
    if named["unit"] == "quarter":
        gone = (today.year - start.year) * 12 + today.month - start.month
        start, months = add_months(start, gone // 3 * 3), 3
    this = named["which"] in ("this", "current")
    return (start if this else add_months(start, -months)), months


def _assumed(number: int, fiscal: FiscalYear) -> str:
    if fiscal.month == 1 or fiscal.by_end is not None:
        return ""
    return f"Fiscal year {number} is taken as the one that ends in {number}."
