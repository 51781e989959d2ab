"""dbt's files: whose result a table's is, and what is made of files that are not as they should be."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from context.runtime.orchestrator_server import RECORDED, names
from gnomon.context.runtime.dbt import DbtTarget
from gnomon.domain.errors import Failed, Misconfigured

pytestmark = pytest.mark.requirement("runtime:recorded")

OLD = "dbt finds it older than its owner allows"
SKIPPED = "it was skipped because something before it failed"
DBT = [
    ("marts.orders", "model.shop.orders", "success", "", False),
    ("staging.orders", "model.shop.stg_orders", "success", "", False),
    ("seeds.countries", "seed.shop.countries", "success", "", False),
    ("marts.payments", "model.shop.payments", "failed", "the run ended with an error", False),
    ("marts.revenue", "model.shop.revenue", "failed", SKIPPED, False),
    ("raw.orders", "source.shop.till.orders", "success", "dbt finds it fresh", False),
    ("raw.payments", "source.shop.till.payments", "success", OLD, True),
    ("raw.refunds", "source.shop.till.refunds", "success", OLD, True),
]


@pytest.mark.requirement("ODA-13")
@pytest.mark.parametrize(("address", "job", "state", "detail", "is_late"), DBT)
def test_dbt_tells_of_models_seeds_and_sources_by_their_relation(
    address: str, job: str, state: str, detail: str, is_late: bool
) -> None:
    (run,) = DbtTarget(RECORDED / "dbt").last_runs(names(address))
    assert (run.job, run.state, run.detail, run.is_late) == (job, state, detail, is_late)
    assert (run.last_success_at is not None) == (state == "success")


@pytest.mark.parametrize("address", ["orders", "raw.gone", "other.orders", "marts.stg_orders", "till.orders"])
def test_dbt_tells_nothing_of_tables_that_it_does_not_fill(address: str) -> None:
    assert DbtTarget(RECORDED / "dbt").last_runs(names(address)) == ()


def test_a_source_is_told_by_the_age_of_its_rows_and_not_by_when_dbt_looked() -> None:
    (run,) = DbtTarget(RECORDED / "dbt").last_runs(("raw.refunds",))
    assert run.last_success_at == datetime(2026, 11, 21, 11, 30, 41, 295984, UTC)
    assert run.ended_at
    assert run.ended_at.day == 26


def written(folder: Path, name: str, *results: object) -> DbtTarget:
    """A target folder whose file holds these results."""
    document = {"metadata": {"generated_at": "2026-11-26T04:00:00Z"}, "results": list(results)}
    (folder / name).write_text(json.dumps(document))
    return DbtTarget(folder)


def test_without_a_manifest_a_seed_is_told_by_its_name_and_a_source_by_its_sources(tmp_path: Path) -> None:
    written(tmp_path, "run_results.json", {"unique_id": "seed.shop.countries", "status": "success"})
    failed = {"unique_id": "source.shop.raw.orders", "status": "runtime error", "error": "x"}
    target = written(tmp_path, "sources.json", failed)
    (seed,) = target.last_runs(("seeds.countries",))
    (source,) = target.last_runs(("raw.orders",))
    assert seed.ended_at == datetime(2026, 11, 26, 4, tzinfo=UTC)
    assert (source.state, source.is_late, source.last_success_at) == ("unknown", False, None)
    assert target.last_runs(("marts.orders",)) == ()


@pytest.mark.parametrize(
    "result",
    [
        3,
        None,
        {},
        {"unique_id": None},
        {"unique_id": "model"},
        {"unique_id": "model.shop.orders", "status": ["error"], "timing": 7, "relation_name": 7},
        {"unique_id": "model.shop.orders", "status": "no-op", "timing": [1, {"started_at": "soon"}]},
    ],
)
def test_a_result_of_another_shape_is_no_run_or_one_of_unknown_state(tmp_path: Path, result: object) -> None:
    runs = written(tmp_path, "run_results.json", result).last_runs(("orders",))
    assert {run.state for run in runs} <= {"unknown"}


@pytest.mark.parametrize(
    "content", [b"", b"[]]", b"\xff\xfe{", b"[" * 100_000, b'{"results": 1' + b"1" * 5_000 + b"}"]
)
def test_a_file_of_dbt_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run_results.json").write_bytes(content)
    with pytest.raises(Failed, match=r"`run_results.json` cannot be read") as caught:
        DbtTarget(tmp_path).last_runs(("orders",))
    assert dict(caught.value.facts)["file"] == str(tmp_path / "run_results.json")


@pytest.mark.parametrize("document", [b"[]", b"7", b"{}", b'{"results": 7, "metadata": []}'])
def test_a_document_of_another_shape_tells_of_nothing(tmp_path: Path, document: bytes) -> None:
    (tmp_path / "run_results.json").write_bytes(document)
    assert DbtTarget(tmp_path).last_runs(("orders",)) == ()


def test_a_project_without_results_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no run results") as caught:
        DbtTarget(tmp_path).last_runs(("orders",))
    assert "`dbt_target` in [pipelines]" in caught.value.hint


@pytest.mark.skipif("GNOMON_DATA" not in os.environ, reason="GNOMON_DATA names no folder of development data")
@pytest.mark.parametrize("version", ["classic", "v3"])
def test_every_model_and_seed_of_a_larger_project_is_found_by_its_relation(version: str) -> None:
    folder = Path(os.environ["GNOMON_DATA"]) / "jaffle" / version
    nodes: dict[str, Any] = json.loads((folder / "manifest.json").read_text())["nodes"]
    results = json.loads((folder / "run_results.json").read_text())["results"]
    ran = [nodes[i] for r in results if (i := r["unique_id"]).split(".")[0] in ("model", "seed")]
    assert len(ran) > 5
    for node in ran:
        address = node["alias"] if node["schema"] == "main" else f"{node['schema']}.{node['alias']}"
        (run,) = DbtTarget(folder).last_runs(names(address))
        assert run.job == node["unique_id"]
