"""Counts what became of the planted instructions, for the summary of the run."""

from collections import Counter
from collections.abc import Callable

import pytest

_COUNTS: dict[str, Counter[str]] = {}


@pytest.fixture(scope="session")
def record_injections() -> Callable[[str, Counter[str]], None]:
    """Keeps the counts of a channel."""

    def record(channel: str, counts: Counter[str]) -> None:
        _COUNTS[channel] = counts

    return record


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what became of the instructions, a channel a line and all together."""
    if not _COUNTS:
        return
    terminalreporter.section("planted instructions")
    for channel, counts in [*sorted(_COUNTS.items()), ("all", sum(_COUNTS.values(), Counter()))]:
        parts = ", ".join(f"{verdict} {counts[verdict]}" for verdict in ("refused", "harmless", "escaped"))
        terminalreporter.write_line(f"{channel}: tried {counts.total()}: {parts}")
