"""What the audit log costs: appends a second, each on disk, beside a bare write and fsync of the same bytes.

Each round appends the same records with one thread, four threads and two processes; the peer writes the same
lines to a file with one write and one fsync each. Then the log is verified, searched and exported.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from gnomon.domain.events import AuditEvent
from gnomon.store.audit import AuditLog
from gnomon.store.audit_export import export_lines
from gnomon.store.audit_search import Wanted, search

_ROUNDS = 3
_APPENDS = 600
_THREADS = 4
_PROCESSES = 2
_RECORDS = 20_000
_SQL = "SELECT c.city, sum(o.amount) FROM orders AS o JOIN customers AS c USING (customer_id) GROUP BY c.city"


def run() -> dict[str, float]:
    """Appends a second and their peer's, the best of the rounds; records a second for what reads the log."""
    figures: dict[str, float] = {}
    for _ in range(_ROUNDS):
        for name, per_s in _appending().items():
            figures[name] = max(figures.get(name, 0.0), round(per_s, 1))
    return figures | _reading()


def _appending() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = AuditLog(folder / "one")
        one = _per_s(_APPENDS, lambda: _append(log, _APPENDS))
        lines = log.path.read_bytes().splitlines(keepends=True)
        return {
            "append_1_thread_per_s": one,
            "append_4_threads_per_s": _per_s(_APPENDS * _THREADS, lambda: _append_threads(folder / "four")),
            "append_2_processes_per_s": _processes(folder / "two"),
            "raw_write_fsync_per_s": _per_s(len(lines), lambda: _raw(folder / "raw", lines)),
        }


def _event(number: int) -> AuditEvent:
    detail = (("question", f"q{number % 500:08x}"), ("sql", _SQL), ("tables", "orders, customers"))
    kind = "query" if number % 4 else "question"
    return AuditEvent(datetime.now(UTC), f"person{number % 50}@acme.test", "acme", kind, detail)


def _append(log: AuditLog, count: int) -> None:
    for number in range(count):
        log.append(_event(number))


def _append_threads(folder: Path) -> None:
    log = AuditLog(folder)
    threads = [threading.Thread(target=_append, args=(log, _APPENDS)) for _ in range(_THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _processes(folder: Path) -> float:
    """Each process times itself after its imports, from when all of them are ready."""
    command = [sys.executable, __file__, "--append", str(folder)]
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(_PROCESSES)
    ]
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    began = time.perf_counter()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    spent_s = time.perf_counter() - began
    for child in children:
        child.communicate()
    return _PROCESSES * _APPENDS / spent_s


def _raw(path: Path, lines: list[bytes]) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        for line in lines:
            os.write(handle, line)
            os.fsync(handle)
    finally:
        os.close(handle)


def _reading() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name:
        log = AuditLog(Path(name))
        threads = [threading.Thread(target=_append, args=(log, _RECORDS // 16)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        one_person = Wanted(subject="person7@acme.test", kinds=("query",))
        return {
            "records": _RECORDS,
            "record_bytes": round(log.path.stat().st_size / _RECORDS),
            "verify_records_per_s": _best_per_s(lambda: log.verify()),
            "search_records_per_s": _best_per_s(lambda: list(search(log, one_person))),
            "export_records_per_s": _best_per_s(lambda: sum(map(len, export_lines(log.records(), "jsonl")))),
            "raw_read_lines_per_s": _best_per_s(lambda: sum(map(json_line, log.path.open("rb")))),
        }


def json_line(line: bytes) -> int:
    """Parse a line, as any reader of JSON Lines does."""
    return len(json.loads(line))


def _per_s(count: int, act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return count / (time.perf_counter() - began)


def _best_per_s(act: Callable[[], object]) -> float:
    return round(max(_per_s(_RECORDS, act) for _ in range(_ROUNDS)))


def _append_when_told(folder: Path) -> None:
    log = AuditLog(folder)
    print("ready", flush=True)
    sys.stdin.readline()
    _append(log, _APPENDS)
    print("done", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--append"]:
        _append_when_told(Path(sys.argv[2]))
    else:
        json.dump(run(), sys.stdout, indent=2)
        print()
