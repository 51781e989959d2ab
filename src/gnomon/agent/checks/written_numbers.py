"""Finds the numbers and dates that a sentence states, in the forms people write them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Form = Literal["number", "percent", "ordinal"]

MONTHS = {
    name: index + 1
    for index, names in enumerate(
        (
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sep sept",
            "october oct",
            "november nov",
            "december dec",
        )
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_SCALES = {
    "k": 10**3,
    "thousand": 10**3,
    "m": 10**6,
    "mn": 10**6,
    "mm": 10**6,
    "million": 10**6,
    "b": 10**9,
    "bn": 10**9,
    "billion": 10**9,
    "t": 10**12,
    "tn": 10**12,
    "trillion": 10**12,
}
_SMALL_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_SMALL_WORDS += ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"]
_SMALL_WORDS += ["eighteen", "nineteen"]
_TENS_WORDS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SMALL = {word: value for value, word in enumerate(_SMALL_WORDS)}
_TENS = {word: 10 * (index + 2) for index, word in enumerate(_TENS_WORDS)}

_DATE_PATTERNS = (
    re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})\b"),
    re.compile(
        rf"\b(?P<month>{_MONTH})\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:,?\s+(?P<y>\d{{4}}))?(?![\d,.]*\d)",
        re.I,
    ),
    re.compile(
        rf"\b(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})\b\.?(?:,?\s+(?P<y>\d{{4}}))?",
        re.I,
    ),
    re.compile(r"\b(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})\b"),
    re.compile(r"\b(?P<d>\d{1,2})\.(?P<m>\d{1,2})\.(?P<y>\d{4})\b"),
    re.compile(r"\b(?P<y>(?:19|20)\d{2})-(?P<m>0[1-9]|1[0-2])\b(?!-)"),
)
_TIME = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:\s?[ap]m\b)?", re.I)
_NUMBER = re.compile(
    r"(?P<sign>(?:(?<=^)|(?<=[\s(:=,$€£¥]))[-−])?"
    r"(?<![\w.])(?P<digits>\d{1,3}(?:[, \u00a0\u202f']\d{3})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?|\.\d+)"
    r"(?:(?P<ordinal>st|nd|rd|th)\b|\s?(?P<percent>%|(?:percent|per cent|pct|percentage points?)\b)"
    r"|(?P<tight>k|mn|mm|m|bn|b|tn|t)\b|\s(?P<scale>thousand|million|billion|trillion|bn|mn)\b)?"
    r"(?![A-Za-z_]*[\d_][A-Za-z_\d]*)",
    re.I,
)
_WORDS = re.compile(
    rf"\b(?:(?:{'|'.join(_TENS_WORDS)})(?:[- ](?:{'|'.join(_SMALL_WORDS[1:10])}))?"
    rf"|{'|'.join(w for w in _SMALL_WORDS if w != 'one')})"
    r"(?:\s(?:hundred|thousand|million|billion))?\b(?![-\w])",
    re.I,
)


@dataclass(frozen=True, slots=True)
class WrittenNumber:
    """A number as written.

    Args:
        value: What it says before its scale word, sign included: 1.2 for `1.2 million`.
        scale: 1, or what `k`, `million` and the like stand for.
        decimals: Decimals shown.
        before: The words in front of it, lower case.
        after: The words behind it, lower case.
    """

    text: str
    value: Decimal
    scale: int
    decimals: int
    form: Form
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date as written; parts that are not written are None. `readings` are (year, month, day)."""

    text: str
    readings: tuple[tuple[int | None, int, int | None], ...]


def blank(text: str, start: int, end: int) -> str:
    """The text with a span replaced by spaces, so that positions stay."""
    return text[:start] + " " * (end - start) + text[end:]


def written_dates(text: str) -> tuple[list[WrittenDate], str]:
    """The dates in a text, and the text without them."""
    found = []
    for pattern in _DATE_PATTERNS:
        for match in list(pattern.finditer(text)):
            readings = _readings(match)
            if readings:
                found.append(WrittenDate(match.group().strip(), readings))
                text = blank(text, *match.span())
    return found, text


def _readings(match: re.Match[str]) -> tuple[tuple[int | None, int, int | None], ...]:
    parts = match.groupdict()
    year = int(parts["y"]) if parts.get("y") else None
    day = int(parts["d"]) if parts.get("d") else None
    month = MONTHS[parts["month"].lower()] if parts.get("month") else int(parts["m"])
    orders = [(month, day)]
    if "/" in match.group() and day is not None:
        orders.append((day, month))
    return tuple((year, m, d) for m, d in orders if _exists(year, m, d))


def _exists(year: int | None, month: int, day: int | None) -> bool:
    try:
        date(year or 2000, month, day or 1)
    except ValueError:
        return False
    return True


def written_times(text: str) -> tuple[list[str], str]:
    """The clock times in a text, and the text without them."""
    found = []
    for match in list(_TIME.finditer(text)):
        found.append(match.group())
        text = blank(text, *match.span())
    return found, text


def written_numbers(text: str) -> Iterator[WrittenNumber]:
    """The numbers in a text, in digits and in words; `one` is left out, it is mostly a pronoun."""
    for match in _NUMBER.finditer(text):
        yield _from_digits(text, match)
    for match in _WORDS.finditer(text):
        value = word_value(match.group())
        yield WrittenNumber(match.group(), Decimal(value), 1, 0, "number", *_around(text, match))


def _from_digits(text: str, match: re.Match[str]) -> WrittenNumber:
    digits = re.sub(r"[,'\s]", "", match["digits"])
    scale = (
        _SCALES[(match["tight"] or match["scale"] or "").lower()] if match["tight"] or match["scale"] else 1
    )
    negative = match["sign"] or re.search(r"-[$€£¥]$", text[: match.start("digits")])
    decimals = len(digits.partition(".")[2])
    form: Form = "percent" if match["percent"] else "ordinal" if match["ordinal"] else "number"
    value = -Decimal(digits) if negative else Decimal(digits)
    return WrittenNumber(match.group().strip(), value, scale, decimals, form, *_around(text, match))


def _around(text: str, match: re.Match[str]) -> tuple[str, str]:
    return text[max(0, match.start() - 40) : match.start()].lower(), text[
        match.end() : match.end() + 30
    ].lower()


def word_value(words: str) -> int:
    """The value of number words, for example 25 for `twenty-five`, 2000000 for `two million`."""
    total = 0
    for word in re.split(r"[-\s]+", words.lower()):
        if word in _SMALL or word in _TENS:
            total += _SMALL.get(word, 0) + _TENS.get(word, 0)
        else:
            total *= 100 if word == "hundred" else _SCALES[word]
    return total
