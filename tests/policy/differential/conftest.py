"""Counts of what was tried, shown at the end of a run."""

from collections import Counter
from collections.abc import Callable

import pytest

from tally import tally


@pytest.fixture(scope="session")
def record_differences() -> Callable[[str, str, Counter[str]], None]:
    """Keeps what became of the statements of a test on an engine, for the summary of the run."""

    def record(what: str, engine: str, counts: Counter[str]) -> None:
        tally("what a person may see", f"{what}, {engine}", counts)

    return record
