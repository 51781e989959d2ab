"""Counts of what was tried, from every process of a run, shown at its end."""

from collections import Counter
from collections.abc import Iterable

Line = tuple[str, str, dict[str, int]]
_COUNTS: dict[tuple[str, str], Counter[str]] = {}


def tally(section: str, line: str, counts: Counter[str]) -> None:
    """Keep what became of the things that a test tried."""
    _COUNTS[section, line] = counts


def told() -> list[Line]:
    """Everything kept, as values that one process can send to another."""
    return [(section, line, dict(counts)) for (section, line), counts in _COUNTS.items()]


def learn(lines: Iterable[Line]) -> None:
    """Add what another process kept."""
    for section, line, counts in lines:
        _COUNTS[section, line] = Counter(counts)


def sections() -> dict[str, list[str]]:
    """The lines of each section: what was tried, how often, and what came of it."""
    shown: dict[str, list[str]] = {}
    for (section, line), counts in sorted(_COUNTS.items()):
        shown.setdefault(section, []).append(_line(line, counts))
    for section, lines in shown.items():
        if len(lines) > 1:
            whole = sum((c for (s, _), c in _COUNTS.items() if s == section), Counter())
            lines.append(_line("all", whole))
    return shown


def _line(name: str, counts: Counter[str]) -> str:
    parts = ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items()))
    return f"{name}: tried {counts.total()}: {parts}"
