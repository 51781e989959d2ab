"""Ctrl-C outside of a question: ends the command with a word instead of a traceback."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from gnomon.domain.errors import Interrupted


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn Ctrl-C within the block into `Interrupted`.

    Whatever fails once the keys were pressed counts: native code and imports turn the signal into errors of
    their own, DuckDB into a RuntimeError for example.
    """
    pressed = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        raise KeyboardInterrupt

    here = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, note) if here else None
    try:
        yield
    except KeyboardInterrupt:
        raise _interrupted() from None
    except Exception:
        if pressed:
            raise _interrupted() from None
        raise
    finally:
        if here:
            signal.signal(signal.SIGINT, before)


@contextmanager
def at_prompt() -> Iterator[None]:
    """Within the block Ctrl-C is the prompt's own affair: a KeyboardInterrupt and nothing more."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _interrupted() -> Interrupted:
    return Interrupted("interrupted", hint="what was stored is kept; run the command again to go on")
