"""What a record may be: a closed list of kinds, bounded texts, one line whatever they hold."""

import hashlib
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gnomon.domain.errors import Misconfigured
from gnomon.domain.events import AuditEvent
from gnomon.store import audit_ocsf
from gnomon.store.audit import AuditLog, Receipt
from gnomon.store.audit_chain import MAX_LINE_BYTES, START, next_link
from gnomon.store.audit_kinds import KINDS, MAX_DETAILS, MAX_NAME_BYTES, MAX_VALUE_BYTES, admitted

DOCS = Path(__file__).parents[2] / "docs"
NASTY = 'a\nb\r\x00\x1b[31m\x7f\x85\u2028\u202e\ud800\U0001f600\\"},{'


def event(kind: str = "query", **detail: str) -> AuditEvent:
    return AuditEvent(datetime(2026, 1, 1, tzinfo=UTC), "ana", "acme", kind, tuple(detail.items()))


@pytest.mark.requirement("audit:kinds")
def test_a_kind_that_is_not_listed_is_not_recorded(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    with pytest.raises(ValueError, match="'gossip' is not a kind"):
        log.append(event("gossip"))
    assert not log.path.exists()


@pytest.mark.requirement("audit:kinds")
def test_every_kind_is_recorded_documented_and_exported(tmp_path: Path) -> None:
    log, page = AuditLog(tmp_path), (DOCS / "audit.md").read_text()
    for kind in KINDS:
        log.append(event(kind))
    assert [e.kind for e in log.events()] == list(KINDS)
    assert [kind for kind in KINDS if f"| `{kind}` |" not in page] == []
    assert set(audit_ocsf.KINDS) == set(KINDS)


@pytest.mark.requirement("audit:kinds")
def test_a_long_text_is_cut_and_its_whole_can_be_proven() -> None:
    sql = "SELECT '" + "é" * 10_000 + "'"
    kept = dict(admitted(event(sql=sql)).detail)["sql"]
    assert len(kept.encode()) <= MAX_VALUE_BYTES
    assert kept.startswith("SELECT 'éé")
    assert kept.endswith(f" [cut from 20009 bytes, sha256 {hashlib.sha256(sql.encode()).hexdigest()}]")


@pytest.mark.requirement("audit:kinds")
@pytest.mark.parametrize("size", [MAX_VALUE_BYTES - 1, MAX_VALUE_BYTES, MAX_VALUE_BYTES + 1])
def test_a_text_is_whole_up_to_its_limit(size: int) -> None:
    kept = dict(admitted(event(sql="x" * size)).detail)["sql"]
    assert (kept == "x" * size) == (size <= MAX_VALUE_BYTES)
    assert len(kept) <= MAX_VALUE_BYTES


@pytest.mark.requirement("audit:kinds")
def test_names_and_the_number_of_details_are_bounded() -> None:
    """A failed login may name any subject at all."""
    many = AuditEvent(
        datetime.now(UTC),
        "s" * 5000,
        "t" * 5000,
        "login",
        tuple((f"{i}" + "n" * 2000, "v") for i in range(100)),
    )
    kept = admitted(many)
    assert max(len(kept.subject), len(kept.tenant), *(len(n) for n, _ in kept.detail)) <= MAX_NAME_BYTES
    assert len(kept.detail) == MAX_DETAILS + 1
    assert kept.detail[-1] == ("left out", "36 more details")


@pytest.mark.requirement("audit:kinds")
def test_a_time_without_a_zone_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="has a zone"):
        admitted(replace(event(), at=datetime(2026, 1, 1)))


@pytest.mark.requirement("audit:kinds")
def test_no_detail_hides_another_of_the_same_name() -> None:
    """A credential that is refused may name its claims as it likes."""
    twice = replace(event(), detail=(("a", "1"), ("a", "2"), ("a 2", "3"), ("a", "4")))
    assert admitted(twice).detail == (("a", "1"), ("a 2", "2"), ("a 2 2", "3"), ("a 3", "4"))


@pytest.mark.requirement("audit:kinds")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(), max_size=300) | st.just(NASTY))
def test_any_text_comes_back_as_it_was_and_stays_in_its_line(text: str) -> None:
    line = next_link(1, START, _encoded(event(sql=text, note="x"))).to_line()
    assert line.isascii()
    assert line.count(b"\n") == 1
    stored = json.loads(line)["event"]["detail"]
    assert stored == [["sql", text], ["note", "x"]]


@pytest.mark.requirement("audit:kinds")
def test_control_characters_survive_the_round_trip(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.append(event(sql=NASTY))
    log.append(event(sql="after"))
    assert [dict(e.detail)["sql"] for e in log.events()] == [NASTY, "after"]


def _encoded(what: AuditEvent) -> bytes:
    from gnomon.store.audit_chain import event_json

    return event_json(admitted(what))


@pytest.mark.requirement("store:audit-chain")
def test_the_largest_record_is_read_back(tmp_path: Path) -> None:
    """Control characters take six bytes each in JSON."""
    largest = AuditEvent(
        datetime.now(UTC),
        "\x00" * MAX_NAME_BYTES,
        "\x00" * MAX_NAME_BYTES,
        "query",
        tuple(
            (f"{i:04}" + "\x00" * (MAX_NAME_BYTES - 4), "\x00" * MAX_VALUE_BYTES) for i in range(MAX_DETAILS)
        ),
    )
    log = AuditLog(tmp_path)
    log.append(largest)
    log.append(event())
    assert log.events() == (largest, event())
    assert log.path.stat().st_size < MAX_LINE_BYTES / 4


@pytest.mark.requirement("store:audit-chain")
def test_threads_share_a_forced_write_and_each_gets_its_own_receipt(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    receipts: list[tuple[str, Receipt]] = []
    start = threading.Barrier(8)

    def append(name: str) -> None:
        start.wait()
        for i in range(25):
            receipts.append((f"{name}-{i}", log.append(event(id=f"{name}-{i}"))))

    threads = [threading.Thread(target=append, args=(f"t{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stored = {dict(r.event.detail)["id"]: Receipt(r.n, r.sha256) for r in log.records()}
    assert stored == dict(receipts)
    assert log.verify().records == 200


@pytest.mark.requirement("store:audit-chain")
def test_every_thread_hears_that_its_event_could_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = AuditLog(tmp_path / "file" / "audit")
    heard: list[Misconfigured] = []

    def append() -> None:
        try:
            log.append(event())
        except Misconfigured as error:
            heard.append(error)

    threads = [threading.Thread(target=append) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 6
    assert len({id(error) for error in heard}) == 6


@pytest.mark.requirement("store:audit-chain")
def test_a_log_that_was_moved_away_is_begun_anew(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.append(event(sql="old"))
    log.path.rename(tmp_path / "moved.jsonl")
    assert log.append(event(sql="new")).n == 1
    assert [dict(e.detail)["sql"] for e in log.events()] == ["new"]


@pytest.mark.requirement("store:audit-chain")
def test_two_json_values_in_the_place_of_one_event_are_no_record(tmp_path: Path) -> None:
    """A reader would take the second, so the hash alone does not make it a record."""
    log = AuditLog(tmp_path)
    log.append(event())
    second = next_link(1, START, b'{"a":1},"event":{"kind":"forged"}')
    log.path.write_bytes(second.to_line())
    assert log.verify().reason == "it is not an audit record"


@pytest.mark.requirement("store:audit-chain")
def test_a_line_longer_than_any_record_is_not_read_whole(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.append(event())
    with log.path.open("ab") as file:
        file.truncate(log.path.stat().st_size + 3 * MAX_LINE_BYTES)
    report = log.verify()
    assert (report.broken_line, report.reason) == (2, "it is not an audit record")
