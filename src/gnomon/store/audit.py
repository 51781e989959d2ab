"""An append-only record of decisions and acts, chained by hashes so that a change to the past shows.

One JSON object a line: `n` (1, 2, ...), `prev` (hash of the record before), `event`, `hash`. The hash of a
record is SHA-256 over `prev`, a line feed and the canonical JSON of the rest. A record counts as written only
once `append` has returned, and then it is on disk. docs/state.md says what the chain cannot show.
"""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnomon.domain.errors import Failed, Misconfigured
from gnomon.domain.events import AuditEvent
from gnomon.store.codec import from_json, to_json
from gnomon.store.durable import exclusive, explained, make_private_folder, sync_folder

_START = "0" * 64
_TAIL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where an event went. Kept elsewhere, it proves later that the log was not cut behind it."""

    n: int
    sha256: str


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


class AuditLog:
    """The log in one folder, made with the first append. Several processes and threads may append at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / "audit.jsonl"

    def append(self, event: AuditEvent) -> Receipt:
        """Write the event and force it to disk; what a crash left unfinished is cut off first.

        Raises:
            Misconfigured: No room, no right, or the last record does not hold; nothing is written.
        """
        make_private_folder(self._folder)
        with explained(self._folder):
            # O_APPEND: an operator may have marked the file append-only.
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            handle = os.open(self.path, flags, 0o600)
            try:
                with exclusive(handle):
                    receipt = self._append_locked(handle, event)
            finally:
                os.close(handle)
            if receipt.n == 1:
                sync_folder(self._folder)
        return receipt

    def verify(self, expected: Receipt | None = None) -> AuditReport:
        """Check every record against the one before it; stop at the first that does not hold.

        Args:
            expected: A receipt of an earlier append, which the log must still contain.
        """
        head, n = _START, 0
        if not self.path.exists():
            return _missing(AuditReport(0, head), expected)
        with self.path.open("rb") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    return _missing(AuditReport(n, head, torn_bytes=len(line)), expected)
                record = _parse(line)
                reason = _fault(record, n + 1, head)
                if reason:
                    return AuditReport(n, head, n + 1, reason)
                head, n = record["hash"], n + 1
                if expected is not None and expected.n == n and expected.sha256 != head:
                    return AuditReport(n - 1, record["prev"], n, "it is not the record that was acknowledged")
        return _missing(AuditReport(n, head), expected)

    def events(self) -> tuple[AuditEvent, ...]:
        """Every acknowledged event, oldest first.

        Raises:
            Failed: The log does not hold.
        """
        report = self.verify()
        if not report.sound:
            raise Failed(
                "the audit log was changed or damaged",
                facts=(("file", str(self.path)), ("line", str(report.broken_line)), ("cause", report.reason)),
                hint="keep the file as evidence and compare it with a copy",
            )
        if not report.records:
            return ()
        with self.path.open("rb") as file:
            lines = [line for line in file if line.endswith(b"\n")]
        return tuple(from_json(json.dumps(json.loads(line)["event"]), AuditEvent) for line in lines)

    def _append_locked(self, handle: int, event: AuditEvent) -> Receipt:
        end, last_line = _acknowledged_tail(handle)
        last: dict[str, Any] = _parse(last_line) if last_line else {"n": 0, "hash": _START}
        if last_line and _fault(last, last.get("n"), last.get("prev")):
            raise Misconfigured(
                f"the last record of {self.path} was changed or damaged",
                hint="keep the file as evidence: move it to another folder, and gnomon starts a new log",
            )
        if os.fstat(handle).st_size > end:
            os.ftruncate(handle, end)
        record = _record(last["n"] + 1, last["hash"], json.loads(to_json(event, AuditEvent)))
        try:
            _write_all(handle, _line(record))
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, end)
            raise
        return Receipt(record["n"], record["hash"])


def _acknowledged_tail(handle: int) -> tuple[int, bytes]:
    """Where the last whole line ends, and that line; bytes behind it were never acknowledged."""
    size = os.lseek(handle, 0, os.SEEK_END)
    window = _TAIL_BYTES
    while True:
        start = max(0, size - window)
        os.lseek(handle, start, os.SEEK_SET)
        tail = _read_all(handle, size - start)
        whole = tail[: tail.rfind(b"\n") + 1]
        begin = whole.rfind(b"\n", 0, len(whole) - 1) + 1
        if begin or start == 0:
            return start + len(whole), whole[begin:]
        window *= 2


def _read_all(handle: int, count: int) -> bytes:
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


def _record(n: int, prev: str, event: Any) -> dict[str, Any]:
    body = {"n": n, "prev": prev, "event": event}
    return {**body, "hash": _hash(body)}


def _line(record: dict[str, Any]) -> bytes:
    return _canonical(record) + b"\n"


def _hash(body: dict[str, Any]) -> str:
    rest = {k: v for k, v in body.items() if k not in ("prev", "hash")}
    return hashlib.sha256(str(body["prev"]).encode() + b"\n" + _canonical(rest)).hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _parse(line: bytes) -> dict[str, Any]:
    """The record of a line, or nothing if the line is not exactly what `append` writes."""
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) and _line(record) == line else {}


def _fault(record: dict[str, Any], n: Any, prev: Any) -> str:
    """What is wrong with a record that should be number `n` after the record of hash `prev`; or nothing."""
    if set(record) != {"n", "prev", "event", "hash"}:
        return "it is not an audit record"
    if record["hash"] != _hash(record):
        return "its content was changed: its hash differs"
    if record["prev"] != prev:
        return "the record before it was changed, removed or added"
    return "" if record["n"] == n and type(n) is int else "its number is out of order"


def _missing(report: AuditReport, expected: Receipt | None) -> AuditReport:
    if expected is None or expected.n <= report.records:
        return report
    reason = f"the log ends at record {report.records}; record {expected.n} was acknowledged"
    return AuditReport(report.records, report.head, report.records + 1, reason, report.torn_bytes)
