"""Spans: what the agent did, when it began and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from gnomon.domain.answer import Step


@contextmanager
def span(steps: list[Step], text: str, since_s: float) -> Iterator[None]:
    """Append a step for the work inside, also when it fails.

    Args:
        since_s: `time.monotonic()` at the question.
    """
    began_s = time.monotonic()
    try:
        yield
    finally:
        steps.append(Step(text, began_s - since_s, time.monotonic() - began_s))
