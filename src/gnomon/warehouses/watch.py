"""Stops a running statement when its time is up or when somebody cancels it."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal

from gnomon.domain.errors import Failed, GnomonError, Interrupted
from gnomon.warehouses.port import Cancellation

POLL_S = 0.03
"""How often a watch looks at the clock and the flag, seconds."""

Cause = Literal["timeout", "cancelled"]


class Deadline:
    """A clock and a cancellation flag, asked together.

    Args:
        timeout_s: Seconds from now.
    """

    def __init__(self, timeout_s: float, cancellation: Cancellation | None = None) -> None:
        self.timeout_s = timeout_s
        self.cause: Cause | None = None
        self._cancellation = cancellation
        self._started = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    @property
    def left_s(self) -> float:
        """Seconds until the time is up, at least 0."""
        return max(0.0, self.timeout_s - self.elapsed_s)

    def expired(self) -> bool:
        """Whether the statement must stop now; `cause` then says why."""
        if self._cancellation is not None and self._cancellation.cancelled:
            self.cause = "cancelled"
        elif self.cause is None and self.elapsed_s >= self.timeout_s:
            self.cause = "timeout"
        return self.cause is not None

    def check(self) -> None:
        """Raise `error()` if the statement must stop now."""
        if self.expired():
            raise self.error()

    def error(self) -> GnomonError:
        """What to raise for a statement that was stopped."""
        if self.cause == "cancelled":
            return Interrupted("the query was stopped on request")
        return Failed(
            f"the query was stopped after {self.timeout_s:g} s",
            facts=(("limit", f"{self.timeout_s:g} s"),),
            hint="read fewer rows, filter earlier, or raise the time limit",
        )


class Watch:
    """Calls `stop` from a thread of its own once the deadline expires, until the block is left.

    `stop` is repeated: an interrupt that arrives before the engine starts would be lost.
    """

    def __init__(self, deadline: Deadline, stop: Callable[[], object]) -> None:
        self.deadline = deadline
        self._stop = stop
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gnomon-watch", daemon=True)

    def __enter__(self) -> "Watch":
        self.deadline.check()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._done.wait(POLL_S):
            if self.deadline.expired():
                self._stop()
