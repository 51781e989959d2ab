"""Query logs of every known format give the same queries, told by content alone."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from gnomon.context.catalog.facts import PastQuery, PipelineCode, Problem
from gnomon.context.catalog.sources.queries.fields import moment
from gnomon.context.catalog.sources.queries.query_log import open_query_log, recognise
from gnomon.domain.errors import Misconfigured

SQL = "SELECT status, count(*)\nFROM orders\nWHERE note = 'a;b, \"c\"'\nGROUP BY 1"


def read(path: Path, **options: str) -> list[PastQuery | PipelineCode | Problem]:
    return list(open_query_log(path, "log:test", **options).read())  # type: ignore[arg-type]


def one(path: Path, **options: str) -> PastQuery:
    (found,) = read(path, **options)
    assert isinstance(found, PastQuery), found
    return found


def as_json_lines(records: list[dict[str, object]]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def as_json_array(records: list[dict[str, object]]) -> str:
    return json.dumps(records)


def as_pretty_json(records: list[dict[str, object]]) -> str:
    return json.dumps(records, indent=2)


def as_csv(records: list[dict[str, object]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(records[0]))
    writer.writeheader()
    writer.writerows({k: "" if v is None else v for k, v in r.items()} for r in records)
    return out.getvalue()


def as_semicolon_csv(records: list[dict[str, object]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(records[0]), delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue()


OURS = {
    "id": "q1", "sql": SQL, "author": "ana", "role": "analyst", "runs": 40, "dashboard": "Board",
    "title": "By status", "views": 7, "last_viewed": "2026-10-02", "reviewed": True, "succeeded": True,
    "last_run_at": "2026-10-01T09:30:00",
}  # fmt: skip
SNOWFLAKE = {
    "QUERY_ID": "01b2", "QUERY_TEXT": SQL, "USER_NAME": "ANA", "ROLE_NAME": "ANALYST", "WAREHOUSE_NAME": "WH",
    "EXECUTION_STATUS": "FAIL", "ERROR_CODE": "000904", "START_TIME": "2026-10-01 09:30:00.000 +0000",
    "TOTAL_ELAPSED_TIME": "812", "QUERY_TAG": '{"dashboard": "Board", "title": "By status"}',
}  # fmt: skip
BIGQUERY = {
    "job_id": "bq-1", "query": SQL, "user_email": "ana@acme.test", "state": "DONE", "error_result": None,
    "creation_time": "2026-10-01 09:30:00.000000 UTC", "statement_type": "SELECT",
    "labels": [{"key": "dashboard", "value": "Board"}],
}  # fmt: skip
PG_STAT = {"userid": "10", "queryid": "-77", "query": SQL, "calls": "40", "total_exec_time": "1.5"}


@pytest.mark.requirement("sources:queries-formats", "sources:queries-recognised")
@pytest.mark.parametrize("write", [as_json_lines, as_json_array, as_pretty_json, as_csv, as_semicolon_csv])
def test_our_own_fields_are_read_out_of_every_container(
    write: Callable[[list[dict[str, object]]], str], tmp_path: Path
) -> None:
    path = tmp_path / "log"
    path.write_text(write([OURS]), encoding="utf-8")
    found = one(path)
    assert found.sql == SQL
    assert (found.author, found.role, found.title, found.dashboard) == (
        "ana",
        "analyst",
        "By status",
        "Board",
    )
    assert (found.runs, found.views, found.reviewed, found.succeeded) == (40, 7, True, True)
    assert found.last_run == datetime(2026, 10, 1, 9, 30, tzinfo=UTC)
    assert found.last_viewed == datetime(2026, 10, 2, tzinfo=UTC)
    assert found.origin.place.startswith("log:")
    assert found.origin.place.endswith("(q1)")


@pytest.mark.requirement("sources:queries-formats")
@pytest.mark.parametrize("write", [as_json_lines, as_json_array, as_csv])
def test_a_snowflake_export_is_read_with_its_tag_and_failure(
    write: Callable[[list[dict[str, object]]], str], tmp_path: Path
) -> None:
    path = tmp_path / "history.export"
    path.write_text(write([dict(SNOWFLAKE)]), encoding="utf-8")
    found = one(path)
    assert (found.author, found.role, found.dialect, found.succeeded) == (
        "ANA",
        "ANALYST",
        "snowflake",
        False,
    )
    assert (found.dashboard, found.title) == ("Board", "By status")
    assert found.last_run == datetime(2026, 10, 1, 9, 30, tzinfo=UTC)


@pytest.mark.requirement("sources:queries-formats")
def test_a_bigquery_export_is_read_with_its_labels(tmp_path: Path) -> None:
    failed = {**BIGQUERY, "error_result": {"reason": "invalidQuery", "message": "no such column"}}
    path = tmp_path / "jobs.json"
    path.write_text(as_json_lines([dict(BIGQUERY), dict(failed)]), encoding="utf-8")
    good, bad = read(path)
    assert isinstance(good, PastQuery)
    assert isinstance(bad, PastQuery)
    assert (good.author, good.dialect, good.succeeded, good.dashboard) == (
        "ana@acme.test",
        "bigquery",
        True,
        "Board",
    )
    assert bad.succeeded is False
    assert good.last_run == datetime(2026, 10, 1, 9, 30, tzinfo=UTC)


@pytest.mark.requirement("sources:queries-formats")
@pytest.mark.parametrize("write", [as_json_lines, as_csv])
def test_an_export_of_pg_stat_statements_counts_calls_as_runs(
    write: Callable[[list[dict[str, object]]], str], tmp_path: Path
) -> None:
    path = tmp_path / "stat"
    path.write_text(write([dict(PG_STAT)]), encoding="utf-8")
    found = one(path)
    assert (found.runs, found.dialect, found.succeeded) == (40, "postgres", None)


@pytest.mark.requirement("sources:queries-duckdb")
@pytest.mark.parametrize("target", ["folder", "file.csv", "export.csv", "export.json", "query.log"])
def test_what_duckdb_writes_is_read(target: str, tmp_path: Path) -> None:
    place = tmp_path / target
    _log_with_duckdb(place)
    queries = [q for q in read(place) if isinstance(q, PastQuery)]
    assert not [p for p in read(place) if isinstance(p, Problem)]
    assert [q.sql.strip() for q in queries][:3] == [
        "SELECT a,\n b FROM t WHERE b = 'x;\ny'",
        "WITH c AS (\nSELECT a FROM t\n)\nSELECT a FROM c\nUNION ALL\nSELECT 1",
        "SELECT a, 'he said \"q\"' FROM t",
    ]
    assert {q.dialect for q in queries} == {"duckdb"}
    assert all(q.last_run for q in queries) or target == "query.log"


def _log_with_duckdb(place: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (a INTEGER, b VARCHAR)")
        if place.name == "query.log":
            connection.execute(f"PRAGMA log_query_path='{place}'")
        elif place.name.startswith("export"):
            connection.execute("CALL enable_logging('QueryLog')")
        else:
            config = f"storage='file', storage_config={{'path': '{place}'}}"
            connection.execute(f"CALL enable_logging('QueryLog', {config})")
        connection.execute("SELECT a,\n b FROM t WHERE b = 'x;\ny'")
        connection.execute("WITH c AS (\nSELECT a FROM t\n)\nSELECT a FROM c\nUNION ALL\nSELECT 1")
        connection.execute("SELECT a, 'he said \"q\"' FROM t")
        connection.execute("INSERT INTO t VALUES (1, 'z')")
        if place.name.startswith("export"):
            connection.execute(f"COPY (SELECT * FROM duckdb_logs) TO '{place}'")


@pytest.mark.requirement("sources:queries-code")
def test_statements_that_make_tables_are_told_once_without_literals_and_without_names(tmp_path: Path) -> None:
    made = (
        "INSERT INTO daily SELECT count(*) FROM orders WHERE day = '2026-10-{:02}' AND who = 'ana@acme.test'"
    )
    records = [
        *({"sql": made.format(day), "author": "ana@acme.test"} for day in range(1, 9)),
        {"sql": "CREATE OR REPLACE VIEW v AS SELECT * FROM orders WHERE status <> 'test'"},
        {"sql": "MERGE INTO m USING orders AS o ON m.id = o.id WHEN MATCHED THEN UPDATE SET x = o.x"},
        {"sql": "CREATE TEMP TABLE scratch AS SELECT 1"},
        {"sql": "CREATE TABLE bare (id INTEGER)"},
        {"sql": "INSERT INTO daily VALUES (1), (2)"},
        {"sql": "CREATE TABLE broken AS SELECT 1 FROM orders", "succeeded": False},
        {"sql": "UPDATE orders SET status = 'x'"},
    ]
    path = tmp_path / "log.jsonl"
    path.write_text(as_json_lines(records), encoding="utf-8")
    found = read(path)
    assert all(isinstance(item, PipelineCode) for item in found)
    assert [(c.table, c.materialized) for c in found if isinstance(c, PipelineCode)] == [
        ("daily", "incremental"),
        ("v", "view"),
        ("m", "incremental"),
    ]
    assert "2026" not in repr([c.sql for c in found if isinstance(c, PipelineCode)])
    assert "ana" not in repr(found)


@pytest.mark.requirement("sources:queries-broken")
def test_a_broken_line_is_reported_with_its_line_and_the_rest_is_read(tmp_path: Path) -> None:
    good = json.dumps({"sql": "SELECT 1 FROM orders"}).encode()
    lines = [
        good,
        b'{"sql": "SELECT',
        b"[" * 100_000,
        b"7",
        b'{"other": 1}',
        b'{"sql": "SELECT \xff\xfe 2"}',
        good,
    ]
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\n".join(lines))
    found = read(path)
    assert [p.place for p in found if isinstance(p, Problem)] == [f"log.jsonl:{n}" for n in (2, 3, 4, 5)]
    assert len([q for q in found if isinstance(q, PastQuery)]) == 3


@pytest.mark.requirement("sources:queries-broken")
def test_a_csv_with_a_stray_quote_or_a_short_record_is_read_around(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(
        'sql,author\n"SELECT 1",ana\nSELECT 2\n"SELECT ""3""",ben\n"SELECT 4,cem\n', encoding="utf-8"
    )
    found = read(path)
    assert [q.sql for q in found if isinstance(q, PastQuery)] == ["SELECT 1", 'SELECT "3"']
    assert [p.place for p in found if isinstance(p, Problem)] == ["log.csv:3", "log.csv:5"]


@pytest.mark.requirement("sources:queries-broken")
def test_a_file_that_ends_inside_a_json_array_gives_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(as_pretty_json([{"sql": "SELECT 1"}, {"sql": "SELECT '}{' "}, {"sql": "SELECT 3"}])[:-12])
    found = read(path)
    assert [q.sql for q in found if isinstance(q, PastQuery)] == ["SELECT 1", "SELECT '}{' "]
    assert [p.place for p in found if isinstance(p, Problem)] == ["log.json:8"]


@pytest.mark.requirement("sources:queries-broken")
@pytest.mark.parametrize(
    "value",
    ["NaN", "1e999", "-5", "many", "", None, [], True, 10**400, "9" * 5_000, "²"],
)
def test_odd_counts_and_times_never_stop_the_reading(value: object, tmp_path: Path) -> None:
    record = {"sql": "SELECT 1", "runs": value, "views": value, "last_run_at": value, "reviewed": value}
    path = tmp_path / "log.jsonl"
    path.write_text(as_json_lines([record]), encoding="utf-8")
    assert 0 <= one(path).runs <= 10**12


@pytest.mark.requirement("sources:queries-broken")
def test_a_damaged_file_says_so_a_hundred_times_and_then_sums_up(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"sql": "SELECT 1"}\n' + "nonsense\n" * 5_000, encoding="utf-8")
    problems = [p for p in read(path) if isinstance(p, Problem)]
    assert len(problems) == 101
    assert problems[-1].message.startswith("4,900 more places")


@pytest.mark.requirement("sources:queries-recognised")
@pytest.mark.parametrize("text", ["", "\n\n", "hello\nworld\n", "a,b\n1,2\n", "\x00\x01\x02", "%PDF-1.4\n"])
def test_a_file_of_no_known_format_is_a_problem_and_no_crash(text: str, tmp_path: Path) -> None:
    path = tmp_path / "what.log"
    path.write_text(text, encoding="utf-8")
    found = read(path)
    assert all(isinstance(item, Problem) for item in found)
    assert bool(found) is bool(text.strip())


@pytest.mark.requirement("sources:queries-recognised")
def test_a_named_format_is_taken_at_its_word(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("-- the nightly look\nEXPLAIN ANALYZE\n;\nFROM orders\n;", encoding="utf-8")
    assert recognise(["-- the nightly look"]) == "auto"
    assert one(path, format="sql_text").sql == "FROM orders"


@pytest.mark.requirement("sources:queries-recognised")
def test_a_folder_of_rotated_logs_is_read_in_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "2").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "1.jsonl").write_text('{"sql": "SELECT 1"}')
    (tmp_path / "2" / "b.jsonl.gz").write_bytes(gzip.compress(b'{"sql": "SELECT 2"}'))
    (tmp_path / ".hidden" / "c.jsonl").write_text('{"sql": "SELECT 3"}')
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    places = [q.origin.place for q in read(tmp_path) if isinstance(q, PastQuery)]
    assert places == ["1.jsonl:1", "2/b.jsonl.gz:1"]


@pytest.mark.requirement("sources:queries-recognised")
def test_the_fingerprint_changes_with_the_files_and_only_then(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"sql": "SELECT 1"}')
    source = open_query_log(tmp_path, "log")
    before = source.fingerprint()
    assert source.fingerprint() == before
    path.write_text('{"sql": "SELECT 12"}')
    changed = source.fingerprint()
    assert changed != before
    (tmp_path / "more.jsonl").write_text("")
    assert source.fingerprint() not in (before, changed)


@pytest.mark.requirement("sources:queries-recognised")
def test_a_place_that_does_not_exist_is_misconfigured(tmp_path: Path) -> None:
    source = open_query_log(tmp_path / "nowhere", "log")
    with pytest.raises(Misconfigured, match="no query log"):
        source.fingerprint()
    with pytest.raises(Misconfigured, match="no query log"):
        list(source.read())


@pytest.mark.requirement("sources:queries-formats")
@pytest.mark.parametrize(
    "text",
    [
        "2026-10-01T09:30:00Z", "2026-10-01 09:30:00 UTC", "2026-10-01 11:30:00.000 +0200",
        "2026-10-01 09:30:00",
        "Thu, 01 Oct 2026 02:30:00 -0700", 1790847000, "1790847000000", "1.790847E9", "1790847000000000",
    ],
)  # fmt: skip
def test_times_are_read_as_logs_write_them(text: object) -> None:
    assert moment(text) == datetime(2026, 10, 1, 9, 30, tzinfo=UTC)
