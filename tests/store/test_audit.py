"""The audit log: nothing acknowledged is lost, and no change to the past goes unseen."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gnomon.domain.errors import Failed, Misconfigured
from gnomon.domain.events import AuditEvent
from gnomon.store.audit import AuditLog, Receipt

pytestmark = pytest.mark.requirement("store:audit-chain")

KILLS = 32
APPENDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from gnomon.domain.events import AuditEvent
from gnomon.store.audit import AuditLog
log = AuditLog(Path(sys.argv[1]))
for i in range(int(sys.argv[2])):
    detail = (("padding", "x" * (37 * i % 5000)),)
    receipt = log.append(AuditEvent(datetime.now(UTC), f"{sys.argv[3]}-{i}", "acme", "query", detail))
    sys.stdout.write(f"{receipt.n} {receipt.sha256}\\n")
    sys.stdout.flush()
"""


def event(subject: str = "ana", sql: str = "SELECT 1") -> AuditEvent:
    return AuditEvent(datetime(2026, 1, 1, tzinfo=UTC), subject, "acme", "query", (("sql", sql),))


def appender(folder: Path, count: int, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", APPENDER, str(folder), str(count), name]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def filled(folder: Path, count: int) -> AuditLog:
    log = AuditLog(folder)
    for i in range(count):
        log.append(event(f"person{i}"))
    return log


def test_events_come_back_in_order(tmp_path: Path) -> None:
    log = filled(tmp_path, 3)
    assert log.events() == (event("person0"), event("person1"), event("person2"))
    assert log.verify().records == 3
    assert log.verify().sound


def test_an_empty_log_is_sound(tmp_path: Path) -> None:
    log = AuditLog(tmp_path / "audit")
    assert log.verify().sound
    assert log.events() == ()


def test_a_changed_record_is_found_where_it_is(tmp_path: Path) -> None:
    log = filled(tmp_path, 5)
    log.path.write_text(log.path.read_text().replace("person2", "person9"))
    report = log.verify()
    assert (report.broken_line, report.records) == (3, 2)
    assert "changed" in report.reason
    with pytest.raises(Failed, match="audit log was changed"):
        log.events()


def test_a_changed_record_with_its_hash_made_to_fit_breaks_the_next_one(tmp_path: Path) -> None:
    log = filled(tmp_path / "log", 5)
    forged = filled(tmp_path / "forged", 2)
    forged.append(event("mallory"))
    lines = log.path.read_bytes().splitlines(keepends=True)
    lines[2] = forged.path.read_bytes().splitlines(keepends=True)[2]
    log.path.write_bytes(b"".join(lines))
    assert log.verify().broken_line == 4


@pytest.mark.parametrize("line", [0, 1, 3])
def test_a_removed_record_is_found(tmp_path: Path, line: int) -> None:
    log = filled(tmp_path, 5)
    lines = log.path.read_bytes().splitlines(keepends=True)
    del lines[line]
    log.path.write_bytes(b"".join(lines))
    assert log.verify().broken_line == line + 1


def test_swapped_added_and_reformatted_records_are_found(tmp_path: Path) -> None:
    log = filled(tmp_path, 3)
    first, second, third = log.path.read_bytes().splitlines(keepends=True)
    for lines, broken in (
        ((first, third, second), 2),
        ((first, second, second, third), 3),
        ((first, b"{}\n", second, third), 2),
        ((first, b" " + second, third), 2),
    ):
        log.path.write_bytes(b"".join(lines))
        assert log.verify().broken_line == broken


def test_records_cut_from_the_end_are_found_with_a_receipt(tmp_path: Path) -> None:
    log = filled(tmp_path, 2)
    receipt = log.append(event("last"))
    assert log.verify(receipt).sound
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[:2]))
    assert log.verify().sound
    assert log.verify(receipt).broken_line == 3
    log.append(event("rewritten"))
    assert log.verify(receipt).broken_line == 3


def test_a_tail_torn_at_any_byte_is_cut_and_nothing_before_it(tmp_path: Path) -> None:
    log = filled(tmp_path, 3)
    whole = log.path.read_bytes()
    kept = b"".join(whole.splitlines(keepends=True)[:2])
    for end in range(len(kept) + 1, len(whole)):
        log.path.write_bytes(whole[:end])
        assert log.verify().torn_bytes == end - len(kept)
        assert log.verify().sound
        log.append(event("after"))
        assert log.path.read_bytes().startswith(kept)
        assert (log.verify().records, log.verify().sound) == (3, True)


def test_records_larger_than_a_read_window_are_chained(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    for size in (200_000, 10, 70_000, 65_536):
        log.append(event(sql="x" * size))
    assert log.verify().records == 4


def test_nothing_is_appended_behind_a_damaged_last_record(tmp_path: Path) -> None:
    log = filled(tmp_path, 2)
    damaged = log.path.read_bytes().replace(b"person1", b"person7")
    log.path.write_bytes(damaged)
    with pytest.raises(Misconfigured, match="last record"):
        log.append(event())
    assert log.path.read_bytes() == damaged


def test_appends_of_several_processes_make_one_sound_chain(tmp_path: Path) -> None:
    writers = [appender(tmp_path, 40, f"p{i}") for i in range(3)]
    acknowledged = [line.split() for w in writers for line in w.communicate(timeout=60)[0].splitlines()]
    log = AuditLog(tmp_path)
    assert log.verify().sound
    assert sorted(int(n) for n, _ in acknowledged) == list(range(1, 121))
    assert [e.subject for e in log.events() if e.subject.startswith("p1-")] == [f"p1-{i}" for i in range(40)]


def test_no_acknowledged_record_is_lost_when_the_writer_is_killed(tmp_path: Path) -> None:
    """Two writers at a time; the killed one dies right after, or while, it acknowledges."""
    moments = random.Random(7)
    log = AuditLog(tmp_path)
    acknowledged: list[Receipt] = []
    for kill in range(KILLS):
        writer = appender(tmp_path, 100_000, f"k{kill}")
        assert writer.stdout is not None
        received = [writer.stdout.readline() for _ in range(moments.randint(1, 25))]
        log.append(event(f"other{kill}"))
        os.kill(writer.pid, signal.SIGKILL)
        received += writer.stdout.read().splitlines(keepends=True)
        writer.wait(timeout=30)
        writer.stdout.close()
        acknowledged += [Receipt(int(n), sha) for n, sha in (r.split() for r in received if r.endswith("\n"))]
    log.append(event("end"))
    stored = [json.loads(line) for line in log.path.read_text().splitlines()]
    assert log.verify().sound
    assert [r for r in acknowledged if stored[r.n - 1]["hash"] != r.sha256] == []
    assert len(acknowledged) >= KILLS


def test_a_full_disk_refuses_the_event_and_leaves_the_log_whole(tmp_path: Path) -> None:
    log = filled(tmp_path, 2)
    before = log.path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))
    try:
        with pytest.raises(Misconfigured, match="no room left"):
            log.append(event(sql="x" * 1000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert log.path.read_bytes() == before
    log.append(event())
    assert log.verify().records == 3


def test_a_place_that_takes_no_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured, match="cannot use"):
        AuditLog(tmp_path / "file" / "audit").append(event())
