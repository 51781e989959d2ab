"""The tool that says whether a table is fresh: as the person sees it, and in no words of an orchestrator."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.desk import call, results, say
from attacks.governance.governance_world import ANA, OWNER, World, ana_policies, build, leaks
from context.catalog.told import Told, fact
from context.runtime.orchestrator_server import RECORDED, recording, saying, serving
from gnomon.agent.agent import Agent
from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.runtime.airflow import Airflow
from gnomon.context.runtime.api import JsonApi
from gnomon.context.runtime.dbt import DbtTarget
from gnomon.context.runtime.port import Orchestrator
from gnomon.context.runtime.spark import SparkHistory
from gnomon.domain.answer import Question
from gnomon.domain.events import AuditEvent
from gnomon.domain.identity import Principal
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.models.scripted import ScriptedModel
from remembering import EMBEDDER

pytestmark = pytest.mark.requirement("runtime:governed")

SAID = Told((fact("orders", "freshness", "within 2 days by placed"),))
DISCOVER = """
permit (principal in Group::"sales", action == Action::"discover", resource in Table::"zq_bribes");
"""


@pytest.fixture(scope="module")
def embedder() -> MiniLmEmbedder:
    return EMBEDDER


@pytest.fixture(scope="module")
def _world(tmp_path_factory: pytest.TempPathFactory, embedder: MiniLmEmbedder) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("pipelines")
    made = build("duckdb", 0, folder, embedder)
    made.index.close()
    build_index(made.warehouse, embedder, folder / "told.db", sources=(SAID,), found_by_values=False)
    world = World(0, made.warehouse, CatalogIndex.open(folder / "told.db"))
    yield world
    world.close()


@pytest.fixture
def world(_world: World) -> World:
    return World(0, _world.warehouse, _world.index)


class Case:
    """One question, in which a model asks for the status of tables."""

    def __init__(self, world: World, embedder: MiniLmEmbedder, who: Principal, now: datetime) -> None:
        self.world, self.embedder, self.now = world, embedder, now
        world.who = who
        self.records: list[AuditEvent] = []

    def status(self, table: str, *orchestrators: Orchestrator) -> Any:
        """What the model gets to see."""
        model = ScriptedModel([call("pipeline_status", {"table": table}), say("Cannot answer: enough.")])
        agent = Agent(
            model,
            self.world.warehouse,
            self.world.index,
            self.embedder,
            authority_of=self.world.authority_of,
            record=self.records.append,
            orchestrators=orchestrators,
        )
        [*agent.ask(Question("q1", "Is it fresh?", self.world.who, self.now, "c1"))]
        (message,) = results(model.requests[1])
        return message.content


NOW = datetime(2026, 9, 4, 12, tzinfo=UTC)


@pytest.fixture
def ana(world: World, embedder: MiniLmEmbedder) -> Case:
    """Ana, who sees orders of Europe, of 2025."""
    return Case(world, embedder, ANA, NOW)


@pytest.fixture
def olga(world: World, embedder: MiniLmEmbedder) -> Case:
    """Olga, who sees everything, orders of 2026 among it."""
    return Case(world, embedder, OWNER, NOW)


@contextmanager
def _spark() -> Iterator[SparkHistory]:
    with serving(recording("spark")) as server:
        yield SparkHistory(JsonApi("Spark's history", server.url, "spark_history_url in [pipelines]"))


@pytest.mark.requirement("ODA-13")
def test_somebody_who_sees_every_row_gets_the_verdict_of_the_rows_that_the_owner_names(olga: Case) -> None:
    told = olga.status("orders")
    assert told["state"] == "fresh"
    assert told["table"] == "orders"
    assert told["evidence"] == [
        "the data: newest `placed` is 2026-09-03",
        "f.yaml:1 by Ines: expected within 2 days by placed",
    ]
    assert [r.kind for r in olga.records].count("query") == 1


def test_the_newest_row_of_somebody_who_sees_a_part_is_the_newest_of_that_part(ana: Case) -> None:
    told = ana.status("orders")
    assert told["evidence"][0] == "the data: newest `placed` that you may see is 2025-09-02"
    assert "2026" not in str(told)
    assert told["state"] == "unknown"


def test_a_pipeline_makes_the_verdict_where_a_part_of_the_rows_cannot(ana: Case) -> None:
    with _spark() as spark:
        ana.now = datetime(2026, 11, 27, tzinfo=UTC)
        told = ana.status("orders", spark)
    assert told["state"] == "fresh"
    assert any(line.startswith("spark: `load_orders_daily`: success") for line in told["evidence"])


@pytest.mark.parametrize("table", ["zq_bribes", "zq_vault", "nowhere"])
def test_a_table_that_is_kept_from_the_person_is_as_one_that_is_not_there(ana: Case, table: str) -> None:
    with _spark() as spark:
        told = ana.status(table, spark)
    assert f"there is no table `{table}`" in str(told)
    assert "state" not in told


def test_a_table_that_the_person_may_know_of_is_refused_and_nobody_is_asked(ana: Case, world: World) -> None:
    world.policies = ana_policies(DISCOVER)
    with serving(recording("spark")) as server:
        spark = SparkHistory(JsonApi("Spark's history", server.url, "spark_history_url in [pipelines]"))
        told = ana.status("zq_bribes", spark)
        assert server.requests == []
    assert "`zq_bribes` is not for ana@acme.test" in str(told)
    assert "state" not in told


def test_tasks_that_name_a_table_which_is_kept_from_the_person_are_not_told(ana: Case, olga: Case) -> None:
    runs = [{"state": "failed", "start_date": "2026-09-04T04:00:00Z", "dag_run_id": "r"}]
    told = {
        "GET api/v2/dags?limit=100&offset=0&tags=orders": {
            "dags": [{"dag_id": "nightly", "tags": [{"name": "orders"}]}]
        },
        "GET api/v2/dags/nightly/dagRuns?limit=25&order_by=-start_date": {"dag_runs": runs},
        "GET api/v2/dags/nightly/dagRuns/r/taskInstances?state=failed&limit=100": {
            "task_instances": [{"task_id": "copy_zq_vault", "state": "failed"}]
        },
    }
    with serving(recording("airflow3", told)) as server:
        airflow = Airflow(JsonApi("Airflow", server.url, "airflow_url in [pipelines]"))
        olga.world.who = OWNER
        whole = olga.status("orders", airflow)
        ana.world.who = ANA
        part = ana.status("orders", airflow)
    assert "failed tasks: copy_zq_vault" in str(whole)
    assert part["state"] == whole["state"] == "failed"
    assert leaks(str(part), "") == []


def test_a_system_that_fails_is_named_and_its_text_is_not_told(olga: Case) -> None:
    with serving(saying(b"customer ana@shop.test has no card", 500)) as server:
        airflow = Airflow(JsonApi("Airflow", server.url, "airflow_url in [pipelines]", lambda: "sesame-4711"))
        told = olga.status("orders", airflow, DbtTarget(RECORDED / "dbt"))
    assert told["state"] == "fresh"
    assert "pipelines: Airflow cannot be asked: it answers with status 500" in told["evidence"]
    assert not [bad for bad in ("ana@", "sesame", server.url) if bad in str(told)]


def test_a_table_without_any_time_is_unknown_and_says_so(olga: Case) -> None:
    told = olga.status("regions")
    assert told["state"] == "unknown"
    assert told["summary"] == "`regions` is unknown: neither its rows nor a pipeline says when it was filled."
