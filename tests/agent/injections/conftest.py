"""Counts what became of the planted instructions, for the summary of the run."""

from collections import Counter
from collections.abc import Callable

import pytest

from tally import tally


@pytest.fixture(scope="session")
def record_injections() -> Callable[[str, Counter[str]], None]:
    """Keeps the counts of a channel."""

    def record(channel: str, counts: Counter[str]) -> None:
        tally("planted instructions", channel, counts)

    return record
