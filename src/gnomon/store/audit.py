"""An append-only record of decisions and acts, chained by hashes so that a change to the past shows.

One JSON object a line, in the form that `audit_chain` describes. A record counts as written only once
`append` has returned, and then it is on disk. docs/audit.md says what the chain cannot show.
"""

import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gnomon.domain.errors import Failed, Misconfigured
from gnomon.domain.events import AuditEvent
from gnomon.store.audit_chain import START, Link, Walk, event_json, fault, next_link, read_link
from gnomon.store.audit_kinds import admitted
from gnomon.store.codec import from_json
from gnomon.store.durable import exclusive, explained, make_private_folder, sync_folder

_TAIL_BYTES = 4 * 1024
# O_APPEND: an operator may have marked the file append-only.
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an event went. Kept elsewhere, it proves later that the log was not cut behind it."""

    n: int
    sha256: str


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An event as it stands in the log."""

    n: int
    sha256: str
    event: AuditEvent


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What checking the whole log found.

    Args:
        records: Sound records, counted from the first up to the first broken one.
        head: Hash of the last sound record.
        broken_line: The first line that does not hold, counted from 1; None if all hold.
        reason: What is wrong with it.
        torn_bytes: Bytes after the last line feed: an append that a crash cut off and nobody relied on.
    """

    records: int
    head: str
    broken_line: int | None = None
    reason: str = ""
    torn_bytes: int = 0

    @property
    def sound(self) -> bool:
        """Whether every acknowledged record holds."""
        return self.broken_line is None


@dataclass(frozen=True, slots=True)
class _Tail:
    """Where the last whole line ends, and that line; bytes behind it were never acknowledged."""

    end: int
    line: bytes
    n: int
    sha256: str


@dataclass(slots=True)
class _Waiting:
    """An event on its way to the disk."""

    event: bytes
    receipt: Receipt | None = None


class AuditLog:
    """The log in one folder, made with the first append. Several processes and threads may append at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "audit.jsonl"
        self._queue: list[_Waiting] = []
        self._queued = threading.Lock()
        self._writing = threading.Lock()
        self._tail: _Tail | None = None

    def append(self, event: AuditEvent) -> Receipt:
        """Write the event and force it to disk; what a crash left unfinished is cut off first.

        Threads that append at the same time share one forced write; each returns once its own event is on
        disk.

        Raises:
            Misconfigured: No room, no right, or the last record does not hold; nothing is written.
            ValueError: The event is not one that may be recorded (`audit_kinds.admitted`).
        """
        waiting = _Waiting(event_json(admitted(event)))
        with self._queued:
            self._queue.append(waiting)
        with self._writing:
            if waiting.receipt is None:
                self._write_queue(waiting)
        assert waiting.receipt is not None
        return waiting.receipt

    def verify(self, expected: Receipt | None = None) -> AuditReport:
        """Check every record against the one before it; stop at the first that does not hold.

        Args:
            expected: A receipt of an earlier append, which the log must still contain.
        """
        with explained(self._folder):
            walk = Walk(self.path)
            for link in walk:
                if expected is not None and expected.n == link.n and expected.sha256 != link.sha256:
                    reason = "it is not the record that was acknowledged"
                    return AuditReport(link.n - 1, link.prev, link.n, reason)
        broken = walk.n + 1 if walk.reason else None
        return _missing(AuditReport(walk.n, walk.head, broken, walk.reason, walk.torn_bytes), expected)

    def records(self, containing: Iterable[bytes] = ()) -> Iterator[AuditRecord]:
        """Every acknowledged record, oldest first, each checked before it is given; the file is streamed.

        Args:
            containing: Pieces of an event's JSON; a record whose event lacks one is checked and left out.

        Raises:
            Failed: A record does not hold; those before it have been given.
        """
        pieces = tuple(containing)
        with explained(self._folder):
            walk = Walk(self.path)
            for link in walk:
                if all(piece in link.event for piece in pieces):
                    yield AuditRecord(link.n, link.sha256, from_json(link.event, AuditEvent))
        if walk.reason:
            raise self.broken(AuditReport(walk.n, walk.head, walk.n + 1, walk.reason))

    def events(self) -> tuple[AuditEvent, ...]:
        """Every acknowledged event, oldest first.

        Raises:
            Failed: The log does not hold.
        """
        return tuple(record.event for record in self.records())

    def broken(self, report: AuditReport) -> Failed:
        """The error that says where the log does not hold."""
        return Failed(
            "the audit log was changed or damaged",
            facts=(
                ("file", str(self.path)),
                ("first broken", f"record {report.broken_line} (line {report.broken_line})"),
                ("cause", report.reason),
                ("sound before", f"{report.records:,} records"),
            ),
            hint="keep the file as evidence and compare it with a copy",
        )

    def _write_queue(self, mine: _Waiting) -> None:
        """Write everything that waits by now; if that fails, the others try for themselves."""
        with self._queued:
            batch, self._queue = self._queue, []
        try:
            self._write(batch)
        except BaseException:
            with self._queued:
                self._queue[:0] = [w for w in batch if w is not mine]
            raise

    def _write(self, batch: list[_Waiting]) -> None:
        with explained(self._folder):
            handle = self._open()
            try:
                with exclusive(handle):
                    links = self._append_locked(handle, [w.event for w in batch])
            finally:
                os.close(handle)
            if links[0].n == 1:
                sync_folder(self._folder)
        for waiting, link in zip(batch, links, strict=True):
            waiting.receipt = Receipt(link.n, link.sha256)

    def _open(self) -> int:
        """The file, open; an operator may have moved it away since the last time."""
        try:
            return os.open(self.path, _FLAGS, 0o600)
        except FileNotFoundError:
            make_private_folder(self._folder)
            return os.open(self.path, _FLAGS, 0o600)

    def _append_locked(self, handle: int, events: list[bytes]) -> list[Link]:
        tail = self._current_tail(handle)
        links: list[Link] = []
        n, prev = tail.n, tail.sha256
        for event in events:
            link = next_link(n + 1, prev, event)
            links.append(link)
            n, prev = link.n, link.sha256
        lines = [link.to_line() for link in links]
        content = b"".join(lines)
        if os.fstat(handle).st_size > tail.end:
            os.ftruncate(handle, tail.end)
        self._tail = None
        try:
            _write_all(handle, content)
            os.fsync(handle)
        except BaseException:
            os.ftruncate(handle, tail.end)
            raise
        self._tail = _Tail(tail.end + len(content), lines[-1], n, prev)
        return links

    def _current_tail(self, handle: int) -> _Tail:
        """The tail that this log wrote last, if the file still ends with that line; else what is read."""
        if self._tail is not None and _ends_with(handle, self._tail):
            return self._tail
        end, line = _acknowledged_end(handle)
        if not line:
            return _Tail(0, b"", 0, START)
        last = read_link(line)
        if last is None or fault(last, last.n, last.prev):
            raise Misconfigured(
                f"the last record of {self.path} was changed or damaged",
                hint="keep the file as evidence: move it to another folder, and gnomon starts a new log",
            )
        return _Tail(end, line, last.n, last.sha256)


def _ends_with(handle: int, tail: _Tail) -> bool:
    start = tail.end - len(tail.line)
    return os.fstat(handle).st_size == tail.end and _read_at(handle, start, len(tail.line)) == tail.line


def _acknowledged_end(handle: int) -> tuple[int, bytes]:
    """Where the last whole line ends, and that line."""
    size = os.fstat(handle).st_size
    window = _TAIL_BYTES
    while True:
        start = max(0, size - window)
        tail = _read_at(handle, start, size - start)
        whole = tail[: tail.rfind(b"\n") + 1]
        begin = whole.rfind(b"\n", 0, len(whole) - 1) + 1
        if begin or start == 0:
            return start + len(whole), whole[begin:]
        window *= 4


def _read_at(handle: int, start: int, count: int) -> bytes:
    os.lseek(handle, start, os.SEEK_SET)
    pieces = []
    while count:
        piece = os.read(handle, count)
        if not piece:
            break
        pieces.append(piece)
        count -= len(piece)
    return b"".join(pieces)


def _write_all(handle: int, content: bytes) -> None:
    while content:
        content = content[os.write(handle, content) :]


def _missing(report: AuditReport, expected: Receipt | None) -> AuditReport:
    if expected is None or expected.n <= report.records or not report.sound:
        return report
    reason = f"the log ends at record {report.records}; record {expected.n} was acknowledged"
    return AuditReport(report.records, report.head, report.records + 1, reason, report.torn_bytes)
