"""One line of the audit log: how it is written, read, and checked against the line before.

A line is `{"event":E,"hash":H,"n":N,"prev":P}` in ASCII and exactly this form. H is SHA-256 over P, a line
feed and `{"event":E,"n":N}`, so that a check needs the bytes of the line and nothing else.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gnomon.domain.events import AuditEvent
from gnomon.store.codec import to_json

START = "0" * 64
MAX_LINE_BYTES = 16 * 1024 * 1024
"""More than any record takes, so that a file without line feeds is not read into memory whole."""

_FRAME = re.compile(
    rb'\{"event":(\{.*\}),"hash":"([0-9a-f]{64})","n":([1-9][0-9]{0,18}),"prev":"([0-9a-f]{64})"\}\n'
)


@dataclass(frozen=True, slots=True)
class Link:
    """A line of the log, taken apart.

    Args:
        event: The event's JSON, byte for byte.
        sha256: The hash that the line states.
    """

    n: int
    prev: str
    sha256: str
    event: bytes

    def holds_itself(self) -> bool:
        """Whether the stated hash is the hash of the content."""
        return self.sha256 == _hash(self.n, self.prev, self.event)

    def to_line(self) -> bytes:
        """The line with its line feed."""
        return b'{"event":%b,"hash":"%b","n":%d,"prev":"%b"}\n' % (
            self.event,
            self.sha256.encode(),
            self.n,
            self.prev.encode(),
        )


def event_json(event: AuditEvent) -> bytes:
    """The event's JSON, the same for the same event: fields in their order, no spaces, ASCII."""
    return to_json(event, AuditEvent).encode("ascii")


def next_link(n: int, prev: str, event: bytes) -> Link:
    """The link of number `n` after the one of hash `prev`."""
    return Link(n, prev, _hash(n, prev, event), event)


def read_link(line: bytes) -> Link | None:
    """The line taken apart; None if it is not of the form that is written."""
    frame = _FRAME.fullmatch(line)
    if frame is None or not _is_json(frame[1]):
        return None
    return Link(int(frame[3]), frame[4].decode(), frame[2].decode(), frame[1])


def fault(link: Link | None, n: int, prev: str) -> str:
    """What is wrong with a line that should be number `n` after the record of hash `prev`; or nothing."""
    if link is None:
        return "it is not an audit record"
    if not link.holds_itself():
        return "its content was changed: its hash differs"
    if link.prev != prev:
        return "the record before it was changed, removed or added"
    return "" if link.n == n else "its number is out of order"


@dataclass(slots=True)
class Walk:
    """A pass over a log from its first line; it ends before the first line that does not hold.

    Args:
        n: Sound records so far.
        head: Hash of the last of them.
        reason: What is wrong with the line after them; empty if nothing is.
        torn_bytes: Bytes after the last line feed.
    """

    path: Path
    n: int = 0
    head: str = START
    reason: str = ""
    torn_bytes: int = 0

    def __iter__(self) -> Iterator[Link]:
        """The sound links, in order."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            while line := file.readline(MAX_LINE_BYTES):
                link = self._next(line)
                if link is None:
                    return
                yield link

    def _next(self, line: bytes) -> Link | None:
        if not line.endswith(b"\n") and len(line) < MAX_LINE_BYTES:
            self.torn_bytes = len(line)
            return None
        link = read_link(line)
        self.reason = fault(link, self.n + 1, self.head)
        if link is None or self.reason:
            return None
        self.n, self.head = link.n, link.sha256
        return link


def _hash(n: int, prev: str, event: bytes) -> str:
    return hashlib.sha256(b'%b\n{"event":%b,"n":%d}' % (prev.encode(), event, n)).hexdigest()


def _is_json(text: bytes) -> bool:
    """Whether the text is one JSON value: two side by side would be read one way and hashed another."""
    try:
        json.loads(text.decode("ascii"))
    except (ValueError, RecursionError):
        return False
    return True
