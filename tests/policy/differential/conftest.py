"""Counts of what was tried, shown at the end of a run."""

from collections import Counter
from collections.abc import Callable

import pytest

_COUNTS: dict[tuple[str, str], Counter[str]] = {}


@pytest.fixture(scope="session")
def record_differences() -> Callable[[str, str, Counter[str]], None]:
    """Keeps what became of the statements of a test on an engine, for the summary of the run."""

    def record(what: str, engine: str, counts: Counter[str]) -> None:
        _COUNTS[what, engine] = counts

    return record


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what became of the statements, an engine a line."""
    if not _COUNTS:
        return
    terminalreporter.section("what a person may see")
    for (what, engine), counts in sorted(_COUNTS.items()):
        parts = ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items()))
        terminalreporter.write_line(f"{what}, {engine}: {counts.total()} statements: {parts}")
