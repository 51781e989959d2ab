"""Search and export: one streamed, checked pass over the log."""

import csv
import io
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from gnomon.domain.errors import Failed
from gnomon.domain.events import AuditEvent
from gnomon.store.audit import AuditLog
from gnomon.store.audit_export import CSV_COLUMNS, Format, export_lines
from gnomon.store.audit_kinds import KINDS
from gnomon.store.audit_ocsf import to_ocsf
from gnomon.store.audit_search import Wanted, search

pytestmark = pytest.mark.requirement("audit:search-export")

DAY = datetime(2026, 1, 1, tzinfo=UTC)


def event(
    kind: str = "query", subject: str = "ana", at: datetime = DAY, tenant: str = "acme", **detail: str
) -> AuditEvent:
    return AuditEvent(at, subject, tenant, kind, tuple(detail.items()))


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    log = AuditLog(tmp_path)
    log.append(event("question", question="q1", text="How many Customers?"))
    log.append(
        event("query", question="q1", sql="SELECT count(*) FROM customers", at=DAY + timedelta(hours=1))
    )
    log.append(event("login", subject="bo", at=DAY + timedelta(days=1), method="oidc"))
    log.append(event("query", subject='Zoë "z"', question="q2", sql="SELECT 1", at=DAY - timedelta(days=1)))
    log.append(event("answer", question="q11", tenant="other", status="answered"))
    return log


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), [1, 2, 3, 4, 5]),
        (Wanted(kinds=("query",)), [2, 4]),
        (Wanted(kinds=("login", "question")), [1, 3]),
        (Wanted(subject="bo"), [3]),
        (Wanted(subject='Zoë "z"'), [4]),
        (Wanted(tenant="other"), [5]),
        (Wanted(question="q1"), [1, 2]),
        (Wanted(text="CUSTOMERS"), [1, 2]),
        (Wanted(since=DAY), [1, 2, 3, 5]),
        (Wanted(until=DAY), [4]),
        (Wanted(since=DAY, until=DAY + timedelta(hours=1)), [1, 5]),
        (Wanted(kinds=("query",), subject="ana", text="count"), [2]),
        (Wanted(subject="an"), []),
    ],
)
def test_each_filter_finds_its_records_in_order(log: AuditLog, wanted: Wanted, found: list[int]) -> None:
    assert [record.n for record in search(log, wanted)] == found


def test_a_text_that_names_a_kind_is_not_taken_for_it(log: AuditLog) -> None:
    """The look at bytes only leaves records out; whether one matches is decided on its fields."""
    log.append(event("question", text='"query" "bo" "q1"', question="q9"))
    assert [r.n for r in search(log, Wanted(kinds=("query",)))] == [2, 4]
    assert [r.n for r in search(log, Wanted(subject="bo"))] == [3]


def test_a_search_gives_what_is_sound_and_then_says_where_the_log_breaks(log: AuditLog) -> None:
    log.path.write_bytes(log.path.read_bytes().replace(b'"bo"', b'"xo"'))
    found = search(log, Wanted())
    assert [r.n for r in islice(found, 2)] == [1, 2]
    with pytest.raises(Failed, match="changed or damaged") as caught:
        next(found)
    assert ("first broken", "record 3 (line 3)") in caught.value.facts


def test_a_log_is_streamed_and_not_held(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    for i in range(300):
        log.append(event(sql=f"{i}" + "x" * 8_000))
    tracemalloc.start()
    try:
        count = sum(len(line) > 0 for line in export_lines(search(log, Wanted()), "ocsf"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 300
    assert peak < log.path.stat().st_size / 4


def test_json_lines_hold_every_field(log: AuditLog) -> None:
    lines = [json.loads(line) for line in exported(log, "jsonl")]
    assert [line["n"] for line in lines] == [1, 2, 3, 4, 5]
    record = next(log.records())
    assert lines[0] == {
        "n": 1,
        "at": "2026-01-01T00:00:00+00:00",
        "tenant": "acme",
        "subject": "ana",
        "kind": "question",
        "detail": {"question": "q1", "text": "How many Customers?"},
        "sha256": record.sha256,
    }


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_of_the_csv_is_a_formula(tmp_path: Path, start: str) -> None:
    """Source: OWASP, CSV Injection."""
    log = AuditLog(tmp_path)
    attack = f"{start}cmd|' /C calc'!A0"
    log.append(event(subject=attack, tenant=attack, question=attack, sql=attack))
    rows = list(csv.DictReader(io.StringIO("".join(exported(log, "csv")), newline="")))
    assert list(rows[0]) == list(CSV_COLUMNS)
    assert {rows[0][name][:1] for name in ("subject", "tenant", "question")} == {"'"}
    assert rows[0]["detail"].startswith("{")
    assert json.loads(rows[0]["detail"])["sql"] == attack


def test_cells_of_the_csv_are_quoted_and_a_reader_of_semicolons_starts_none_inside(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.append(event(subject='a;=1+1;"b",c'))
    row = exported(log, "csv")[1]
    assert '"a;=1+1;""b"",c"' in row
    assert next(csv.reader([row]))[3] == 'a;=1+1;"b",c'


@pytest.mark.parametrize("form", ["jsonl", "csv", "ocsf"])
def test_no_export_acts_on_a_terminal_or_breaks_its_lines(tmp_path: Path, form: Format) -> None:
    log = AuditLog(tmp_path)
    hostile = "a\x1b[31m\x07\x7f\x9b\r\n\u2028\u202e\ud800b"
    log.append(event(subject=hostile, question=hostile, sql=hostile))
    lines = exported(log, form)
    assert all(line[:-1].isprintable() and line.endswith("\n") for line in lines)
    assert "".join(lines).encode().count(b"\n") == len(lines)


def ocsf_of(log: AuditLog, what: AuditEvent) -> dict[str, Any]:
    log.append(what)
    *_, last = log.records()
    return to_ocsf(last)


REQUIRED = {
    3002: {"user", "service"},
    3004: {"entity"},
    6003: {"actor", "api", "src_endpoint"},
    6005: {"actor", "src_endpoint", "database"},
}
EVERY_EVENT = {
    "class_uid",
    "category_uid",
    "activity_id",
    "type_uid",
    "time",
    "severity_id",
    "metadata",
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_what_its_ocsf_class_requires(tmp_path: Path, kind: str) -> None:
    """Source: OCSF schema 1.1.0, the required attributes of the four classes and of their objects."""
    shown = ocsf_of(AuditLog(tmp_path), event(kind, question="q1", sql="SELECT 1", tables="orders"))
    assert shown.keys() >= EVERY_EVENT | REQUIRED[shown["class_uid"]]
    assert shown["category_uid"] == shown["class_uid"] // 1000
    assert shown["type_uid"] == shown["class_uid"] * 100 + shown["activity_id"]
    assert shown["metadata"].keys() >= {"version", "product"}
    assert shown["metadata"]["product"].keys() >= {"name", "vendor_name"}
    assert shown["metadata"]["correlation_uid"] == "q1"
    assert shown["time"] == 1767225600000


def test_queries_logins_changes_and_refusals_take_the_class_that_is_meant_for_them(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    query = ocsf_of(log, event("query", sql="SELECT 1", tables="main.orders"))
    assert (query["type_uid"], query["status_id"]) == (600504, 0)
    assert query["query_info"] == {"query_string": "SELECT 1"}
    assert query["table"] == {"name": "main.orders"}
    failed = ocsf_of(log, event("refusal", method="oidc", rule="identity:expired"))
    assert (failed["type_uid"], failed["status_id"], failed["severity_id"]) == (300201, 2, 3)
    login = ocsf_of(log, event("login", method="oidc"))
    assert (login["type_uid"], login["status_id"], login["severity_id"]) == (300201, 1, 1)
    assert login["user"]["uid"] == "ana"
    assert ocsf_of(log, event("decision", verdict="refused"))["status_id"] == 2
    assert ocsf_of(log, event("decision", verdict="allowed"))["status_id"] == 1
    memory = ocsf_of(log, event("memory", change="delete", memory="m1"))
    assert (memory["type_uid"], memory["entity"]) == (300404, {"name": "m1", "type": "memory"})
    token = ocsf_of(log, event("policy", act="token revoked", token_id="t1"))
    assert (token["type_uid"], token["entity"]) == (300404, {"name": "t1", "type": "policy"})
    refusal = ocsf_of(log, event("refusal", tool="run_sql", rule="deny"))
    assert (refusal["class_uid"], refusal["api"]["operation"], refusal["status_id"]) == (6003, "run_sql", 2)
    assert "table" not in ocsf_of(log, event("query", tables="a, b"))


def exported(log: AuditLog, form: Format) -> list[str]:
    return list(export_lines(search(log, Wanted()), form))
