"""Times as systems write them, and expectations of freshness as people write them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

_UNITS: Mapping[str, timedelta] = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hr": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "d": timedelta(days=1),
    "day": timedelta(days=1),
    "w": timedelta(weeks=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=31),
    "quarter": timedelta(days=92),
    "year": timedelta(days=366),
}
_WORDS: Mapping[str, timedelta] = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "nightly": timedelta(days=1),
    "weekly": timedelta(weeks=1),
    "monthly": timedelta(days=31),
    "quarterly": timedelta(days=92),
    "yearly": timedelta(days=366),
    "annually": timedelta(days=366),
}
_WEEKEND = timedelta(days=3)
"""From Friday to Monday: the longest wait of a table that is filled on weekdays."""

_NO_EVENT = r"(?! (?i:of|after|before|from)\b)"
_SPAN = (
    r"(?<![\d.])(\d{1,4})[ -]?"
    r"((?i:minute|min|hour|hr|day|week|month|quarter|year)(?i:s?)|[mhdw])\b" + _NO_EVENT
)
_EVERY_SPAN = re.compile(rf"\b(?i:every|each) {_SPAN}")
_EVERY = re.compile(rf"\b(?i:every|each|per|an?) ((?i:minute|hour|day|week|month|quarter|year))\b{_NO_EVENT}")
_WORD = re.compile(rf"\b({'|'.join(_WORDS)}|weekdays?)\b", re.IGNORECASE)
_WITHIN = re.compile(rf"\b(?i:within|under|than|most|to|max|maximum|over) {_SPAN}")
_ALONE = re.compile(rf"\s*{_SPAN}(?: (?i:old|at most|sla))*[\s.]*")
_ZONE = re.compile(r"(GMT|UTC)$")
_MAX_EXPECTATION = 4_000

GRACE = 0.5
"""A table is late when half of its period has passed beyond the period: schedules slip a little every day."""


def parse_time(value: Any) -> datetime | None:
    """A time as an API writes it, in UTC; None for anything else. Without a zone it is read as UTC.

    >>> parse_time("2026-11-20T04:00:12.345GMT").isoformat()
    '2026-11-20T04:00:12.345000+00:00'
    """
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(_ZONE.sub("+00:00", value.strip()))
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def period_of(expectation: str) -> timedelta | None:
    """How often a table is expected to be filled; None where the words do not say.

    How often goes before how old: of "daily, within 2 hours" the day counts.

    >>> [str(period_of(t)) for t in ("daily by 06:00 UTC", "at least every 12 hours", "often")]
    ['1 day, 0:00:00', '12:00:00', 'None']
    """
    text = expectation[:_MAX_EXPECTATION]
    if found := _EVERY_SPAN.search(text):
        return _length(found)
    if words := [word.casefold() for word in _WORD.findall(text)]:
        return _WEEKEND if any(w.startswith("weekday") for w in words) else _WORDS[words[0]]
    if found := _EVERY.search(text):
        return _UNITS[found[1].casefold()]
    found = _WITHIN.search(text) or _ALONE.fullmatch(text)
    return _length(found) if found else None


def _length(found: re.Match[str]) -> timedelta | None:
    unit = found[2].casefold()
    return int(found[1]) * _UNITS[unit if unit in _UNITS else unit.removesuffix("s")] or None


def is_late(newest: datetime, period: timedelta, now: datetime) -> bool:
    """Whether a table whose newest row or run is of that time should have been filled again."""
    return now - newest > period * (1 + GRACE)


def said(moment: datetime) -> str:
    """A time to the minute, in UTC; the last moment of a day stands for the day.

    >>> said(datetime(2026, 11, 20, 4, 0, tzinfo=UTC))
    '2026-11-20 04:00 UTC'
    """
    moment = moment.astimezone(UTC).replace(tzinfo=None)
    return str(moment.date()) if moment.time() == time.max else f"{moment.isoformat(' ', 'minutes')} UTC"
