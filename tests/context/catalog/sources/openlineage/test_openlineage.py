"""OpenLineage events: what completed runs tell counts, and broken logs cost their broken lines."""

import gzip
import json
import tarfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gnomon.context.catalog.facts import Gathered
from gnomon.context.catalog.sources.openlineage import open_openlineage

DB = "postgres://db:5432"


def dataset(name: str, namespace: str = DB, **facets: object) -> dict[str, object]:
    return {"namespace": namespace, "name": name, "facets": facets}


def event(state: str, run: str, minute: int = 0, **parts: object) -> dict[str, object]:
    return {
        "eventType": state,
        "eventTime": f"2026-11-03T08:{minute:02}:00.123Z",
        "run": {"runId": run},
        "job": {"namespace": "airflow", "name": f"job_{run}"},
        "producer": "https://example.test/producer",
        **parts,
    }


def told(path: Path) -> Gathered:
    gathered = Gathered()
    for item in open_openlineage(path, "openlineage:log").read():
        gathered.add(item)
    return gathered


def write_lines(path: Path, events: Iterable[object]) -> Path:
    path.write_text("".join(json.dumps(e) + "\n" for e in events), encoding="utf-8")
    return path


def edges(gathered: Gathered) -> list[tuple[str, str, str, str]]:
    return [(e.table, e.column, e.upstream, e.upstream_column) for e in gathered.lineage]


COLUMNS = {
    "fields": {
        "amount": {
            "inputFields": [
                {
                    "namespace": DB,
                    "name": "db.shop.raw",
                    "field": "cents",
                    "transformations": [{"type": "DIRECT", "subtype": "TRANSFORMATION"}],
                },
                {
                    "namespace": DB,
                    "name": "db.shop.raw",
                    "field": "day",
                    "transformations": [{"type": "INDIRECT", "subtype": "FILTER"}],
                },
            ]
        },
        "id": {"inputFields": [{"namespace": DB, "name": "db.shop.raw", "field": "id"}]},
    },
    "dataset": [{"namespace": DB, "name": "db.shop.calendar", "field": "day"}],
}


@pytest.mark.requirement("sources:openlineage")
def test_the_events_of_a_run_add_up_until_it_completes(tmp_path: Path) -> None:
    start = event("START", "1", inputs=[dataset("db.shop.raw")])
    start["job"] = {"name": "load", "facets": {"sql": {"query": "SELECT 1", "dialect": "postgres"}}}
    end = event("COMPLETE", "1", 1, outputs=[dataset("db.shop.orders", columnLineage=COLUMNS)])
    gathered = told(write_lines(tmp_path / "a.jsonl", [start, end]))
    assert edges(gathered) == [
        ("db.shop.orders", "", "db.shop.raw", ""),
        ("db.shop.orders", "amount", "db.shop.raw", "cents"),
        ("db.shop.orders", "id", "db.shop.raw", "id"),
        ("db.shop.orders", "", "db.shop.calendar", ""),
    ]
    assert [(c.table, c.sql, c.dialect) for c in gathered.code] == [
        ("db.shop.orders", "SELECT 1", "postgres")
    ]
    assert gathered.code[0].origin.said_at == datetime(2026, 11, 3, 8, 1, 0, 123_000, UTC)
    assert [(f.kind, f.text, f.origin.place) for f in gathered.facts] == [
        ("produced_by", "job job_1", "a.jsonl:2")
    ]


@pytest.mark.requirement("sources:openlineage")
def test_runs_that_fail_or_never_end_do_not_count(tmp_path: Path) -> None:
    parts = {"inputs": [dataset("a.b")], "outputs": [dataset("c.d")]}
    events = [
        event("START", "1", **parts),
        event("FAIL", "1", **parts),
        event("ABORT", "2", **parts),
        event("RUNNING", "3", **parts),
    ]
    gathered = told(write_lines(tmp_path / "a.jsonl", events))
    assert (gathered.lineage, gathered.facts, gathered.problems) == ([], [], [])


@pytest.mark.requirement("sources:openlineage")
def test_a_job_with_several_outputs_has_no_code_of_one_table(tmp_path: Path) -> None:
    both = event("COMPLETE", "1", inputs=[dataset("a.b")], outputs=[dataset("c.d"), dataset("c.e")])
    both["job"] = {"name": "x", "facets": {"sql": {"query": "SELECT 1"}}}
    gathered = told(write_lines(tmp_path / "a.jsonl", [both]))
    assert gathered.code == []
    assert edges(gathered) == [("c.d", "", "a.b", ""), ("c.e", "", "a.b", "")]


@pytest.mark.requirement("sources:openlineage")
def test_files_are_tables_only_where_a_symlink_names_one(tmp_path: Path) -> None:
    link = {"identifiers": [{"namespace": "glue", "name": "table/lake/clicks", "type": "TABLE"}]}
    place = {"identifiers": [{"namespace": "s3://x", "name": "y", "type": "LOCATION"}]}
    inputs = [
        dataset("clicks/day=1", "s3://lake", symlinks=link),
        dataset("other", "s3://lake", symlinks=place),
        dataset("topic", "kafka://k:9092"),
    ]
    done = event("COMPLETE", "1", inputs=inputs, outputs=[dataset("warehouse.shop.clicks")])
    gathered = told(write_lines(tmp_path / "a.jsonl", [done]))
    assert edges(gathered) == [("warehouse.shop.clicks", "", "lake.clicks", "")]


@pytest.mark.requirement("sources:openlineage")
def test_facets_describe_tables_and_the_newest_event_is_right(tmp_path: Path) -> None:
    def described(text: str, minute: int) -> dict[str, object]:
        fields = [{"name": "id", "description": f"{text} id"}]
        fields.append({"name": "ship", "fields": [{"name": "city", "description": "Where"}]})  # type: ignore[dict-item]
        facets = {
            "documentation": {"description": text},
            "schema": {"fields": fields},
            "ownership": {"owners": [{"name": "x", "type": "STEWARD"}, {"name": "data", "type": "OWNER"}]},
            "tags": {"tags": [{"key": "pii", "value": "true"}, {"key": "a", "value": "b", "field": "id"}]},
        }
        return event("COMPLETE", f"{minute}", minute, outputs=[dataset("shop.orders", **facets)])

    tested = {"assertions": [{"assertion": "unique", "success": True, "column": "id"}]}
    check = {"namespace": DB, "name": "shop.orders", "inputFacets": {"dataQualityAssertions": tested}}
    events = [described("newer", 9), described("older", 2), event("COMPLETE", "c", 3, inputs=[check])]
    gathered = told(write_lines(tmp_path / "a.jsonl", events))
    facts = {(f.kind, f.column): f.text for f in gathered.facts}
    assert facts == {
        ("produced_by", ""): "job job_9",
        ("meaning", ""): "newer",
        ("column_meaning", "id"): "newer id",
        ("column_meaning", "ship.city"): "Where",
        ("owner", ""): "data",
        ("tag", ""): "pii",
    }
    assert [(k.table, k.columns) for k in gathered.keys] == [("shop.orders", ("id",))]


@pytest.mark.requirement("sources:openlineage")
def test_the_lineage_facets_of_the_newer_specification_are_read(tmp_path: Path) -> None:
    source = {"namespace": DB, "name": "shop.raw", "type": "DATASET", "field": "cents"}
    facet = {"inputs": [{**source, "name": "shop.days"}], "fields": {"amount": {"inputs": [source]}}}
    entry = {"namespace": DB, "name": "shop.daily", "type": "DATASET", "inputs": [source]}
    job_event = {
        "eventTime": "2026-11-03T08:00:00Z",
        "job": {"name": "declared", "facets": {"lineage": {"entries": [entry]}}},
        "outputs": [dataset("shop.orders", lineage=facet)],
    }
    dataset_event = {"dataset": dataset("shop.days", documentation={"description": "One row per day"})}
    gathered = told(write_lines(tmp_path / "a.jsonl", [job_event, dataset_event]))
    assert edges(gathered) == [
        ("shop.orders", "", "shop.raw", ""),
        ("shop.orders", "amount", "shop.raw", "cents"),
        ("shop.orders", "", "shop.days", ""),
        ("shop.daily", "", "shop.raw", ""),
    ]
    assert ("shop.days", "One row per day") in [(f.table, f.text) for f in gathered.facts]


@pytest.mark.requirement("sources:openlineage")
def test_lines_arrays_single_events_folders_and_archives_tell_the_same(tmp_path: Path) -> None:
    events = [
        event("COMPLETE", str(n), n, inputs=[dataset("a.b")], outputs=[dataset(f"c.d{n}")]) for n in range(3)
    ]
    lines = write_lines(tmp_path / "a.jsonl", events)
    array = tmp_path / "array.json"
    array.write_text(json.dumps(events, indent=1))
    folder = tmp_path / "folder"
    folder.mkdir()
    for number, one in enumerate(events):
        (folder / f"{number}.json").write_text(json.dumps(one, indent=2))
    archive = tmp_path / "events.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(lines, "events/a.jsonl")
    expected = edges(told(lines))
    assert len(expected) == 3
    assert [edges(told(path)) for path in (array, folder, archive)] == [expected] * 3


@pytest.mark.requirement("sources:openlineage-bad-input")
def test_circles_pass_as_they_are(tmp_path: Path) -> None:
    events = [
        event("COMPLETE", "1", inputs=[dataset("a.b")], outputs=[dataset("a.c")]),
        event("COMPLETE", "2", inputs=[dataset("a.c")], outputs=[dataset("a.b")]),
        event("COMPLETE", "3", inputs=[dataset("a.b")], outputs=[dataset("a.b")]),
    ]
    gathered = told(write_lines(tmp_path / "a.jsonl", events))
    assert edges(gathered) == [("a.c", "", "a.b", ""), ("a.b", "", "a.c", "")]


@pytest.mark.requirement("sources:openlineage-bad-input")
def test_broken_lines_are_reported_and_the_others_read(tmp_path: Path) -> None:
    good = json.dumps(event("COMPLETE", "1", inputs=[dataset("a.b")], outputs=[dataset("c.d")])).encode()
    log = tmp_path / "a.jsonl"
    lines = [
        b'{"eventType": "COMPL',
        good,
        b"[" * 50_000,
        b'{"job": "caf\xe9"}',
        b'{"other": 1}',
        b'{"run": {"runId": ' + b"1" * 6_000 + b"}}",
        b'{"x": "' + b"x" * 8_000_001 + b'"}',
        b'{"eventType": "COMPLETE", "run": 3, "job": [], "inputs": {"a": 1}, "outputs": [1, null]}',
        good.replace(b"c.d", b"c.e")[:-9],
    ]
    log.write_bytes(b"\n".join(lines))
    gathered = told(log)
    assert edges(gathered) == [("c.d", "", "a.b", "")]
    assert [p.place for p in gathered.problems] == [f"a.jsonl:{n}" for n in (1, 3, 4, 5, 6, 7, 9)]


@pytest.mark.requirement("sources:openlineage-bad-input")
def test_a_log_of_nothing_but_noise_has_a_bounded_number_of_problems(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text("noise\n" * 5_000)
    problems = told(log).problems
    assert len(problems) == 101
    assert problems[-1].message == "It has 4,900 further lines that cannot be read."


@pytest.mark.requirement("sources:openlineage-bad-input")
def test_a_bomb_in_an_archive_is_contained(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    info = tarfile.TarInfo("a.jsonl")
    info.size = 60_000_000
    with gzip.open(archive, "wb", compresslevel=1) as file:
        file.write(info.tobuf() + b" " * 60_000_000)
    assert ["times its size" in p.message for p in told(archive).problems] == [True]
