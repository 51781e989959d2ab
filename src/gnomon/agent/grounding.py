"""Numbers and dates in a text that given sources do not contain."""

import re
from dataclasses import dataclass
from decimal import Decimal

from gnomon.agent.checks.written_numbers import WrittenDate, written_dates, written_numbers, written_times

_ISO_TIME = re.compile(r"(?<=\d)T(?=\d)")
_LIST_MARKER = re.compile(r"(?m)^\s*\d{1,3}[.)]\s")


@dataclass(frozen=True, slots=True)
class _Read:
    """What a text states: dates, clock times, and numbers each with whether it is a percentage."""

    dates: tuple[WrittenDate, ...]
    times: tuple[str, ...]
    numbers: tuple[tuple[str, Decimal, bool], ...]


def untraced_numbers(text: str, source: str) -> tuple[str, ...]:
    """Dates, times and numbers of `text` that `source` does not state. Separators and forms do not matter.

    >>> untraced_numbers("1,200 rows since 2024", "rows: 1200, from 2024-01-05")
    ()
    """
    stated, known = _read(_LIST_MARKER.sub(" ", text)), _read(source)
    dates = {reading for d in known.dates for reading in d.readings}
    years = {Decimal(reading[0]) for reading in dates if reading[0] is not None}
    numbers = {(value, percent) for _, value, percent in known.numbers} | {(y, False) for y in years}
    lost = [d.text for d in stated.dates if not any(_covers(r, k) for r in d.readings for k in dates)]
    lost += [t for t in stated.times if t not in known.times]
    lost += [word for word, value, percent in stated.numbers if (value, percent) not in numbers]
    return tuple(lost)


def supported_sentences(text: str, source: str) -> str:
    """The sentences of `text` whose numbers `source` states, in order."""
    sentences = re.split(r"(?<=[.!?])\s+", text.strip())
    return " ".join(s for s in sentences if not untraced_numbers(s, source))


def _read(text: str) -> _Read:
    dates, rest = written_dates(_ISO_TIME.sub(" ", text))
    times, rest = written_times(rest)
    numbers = tuple(
        (n.text, abs(n.value * n.scale).normalize(), n.form == "percent") for n in written_numbers(rest)
    )
    return _Read(tuple(dates), tuple(times), numbers)


def _covers(said: tuple[int | None, ...], known: tuple[int | None, ...]) -> bool:
    return all(s is None or s == k for s, k in zip(said, known, strict=True))
