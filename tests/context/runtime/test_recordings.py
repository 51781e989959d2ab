"""The clients against recordings of real systems: the runs of the right table, and no text of a system."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from context.runtime.orchestrator_server import RECORDED, Server, names, recording, serving
from gnomon.context.runtime.airflow import Airflow
from gnomon.context.runtime.api import JsonApi
from gnomon.context.runtime.dbt import DbtTarget
from gnomon.context.runtime.spark import SparkHistory

pytestmark = pytest.mark.requirement("runtime:recorded")

LOGIN = "gnomon:pass-word"
BASIC = "Basic " + base64.b64encode(LOGIN.encode()).decode()


def airflow(server: Server, token: str = LOGIN) -> Airflow:
    return Airflow(JsonApi("Airflow", server.url, "airflow_url in [pipelines]", lambda: token))


@pytest.fixture(params=["airflow3", "airflow2"])
def either(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Airflow 3, and Airflow 2."""
    with serving(recording(request.param)) as server:
        yield server


@pytest.fixture
def history() -> Iterator[Server]:
    """Spark's history server."""
    with serving(recording("spark")) as server:
        yield server


def spark(server: Server) -> SparkHistory:
    return SparkHistory(JsonApi("Spark's history", server.url, "spark_history_url in [pipelines]"))


@pytest.mark.requirement("ODA-13")
def test_the_dag_that_produces_the_tables_asset_is_its_own_and_not_a_look_alikes(either: Server) -> None:
    (marts,) = airflow(either).last_runs(names("marts.orders"))
    (raw,) = airflow(either).last_runs(names("raw.orders"))
    assert (marts.job, marts.state, marts.source) == ("nightly_orders", "success", "airflow")
    assert raw.job == "raw_orders_import"
    assert marts.last_success_at == marts.ended_at != raw.ended_at


@pytest.mark.requirement("ODA-13")
def test_a_failed_dag_is_found_by_its_name_and_tells_which_tasks_failed(either: Server) -> None:
    (run,) = airflow(either).last_runs(names("marts.payments"))
    assert (run.job, run.state, run.detail) == ("load_payments", "failed", "failed tasks: load")
    assert run.last_success_at is None
    assert run.started_at
    assert run.ended_at
    assert run.started_at < run.ended_at


def test_a_dag_is_found_by_a_tag_with_the_tables_address_and_is_said_to_be_paused(either: Server) -> None:
    (run,) = airflow(either).last_runs(names("marts.customers"))
    assert (run.job, run.state, run.detail) == ("crm_import", "waiting", "it is paused and has never run")


@pytest.mark.parametrize("address", ["marts.refunds", "staging.orders", "orders", "marts.stg_payments"])
def test_a_table_that_no_dag_fills_has_no_runs(either: Server, address: str) -> None:
    assert airflow(either).last_runs(names(address)) == ()


def test_airflow_3_gives_a_token_for_the_user_and_then_the_password_is_not_sent_again() -> None:
    with serving(recording("airflow3")) as server:
        airflow(server).last_runs(names("marts.orders"))
    (login,) = [r for r in server.requests if r.method == "POST"]
    assert login.target == "/auth/token"
    assert json.loads(login.body) == {"username": "gnomon", "password": "pass-word"}
    later = server.requests[server.requests.index(login) + 1 :]
    assert {r.headers["Authorization"] for r in later} == {"Bearer recorded-token"}


def test_airflow_2_is_asked_with_basic_authentication() -> None:
    with serving(recording("airflow2")) as server:
        airflow(server).last_runs(names("marts.orders"))
    assert {r.headers["Authorization"] for r in server.requests} == {BASIC}
    assert "POST" not in {r.method for r in server.requests}


def test_a_bearer_token_is_used_as_it_is(either: Server) -> None:
    airflow(either, "a-token").last_runs(names("marts.orders"))
    assert {r.headers["Authorization"] for r in either.requests} == {"Bearer a-token"}
    assert "POST" not in {r.method for r in either.requests}


@pytest.mark.parametrize("size", [100, 50])
def test_every_page_of_dags_is_looked_at_however_many_rows_it_has(size: int) -> None:
    others = [{"dag_id": f"orders_{i}", "tags": []} for i in range(size)]
    query = "limit=100&dag_id_pattern=letters"
    pages = {
        f"GET api/v2/dags?{query}&offset=0": {"dags": others, "total_entries": size + 1},
        f"GET api/v2/dags?{query}&offset={size}": {
            "dags": [{"dag_id": "load_letters", "tags": []}],
            "total_entries": size + 1,
        },
        "GET api/v2/dags/load_letters/dagRuns?limit=25&order_by=-start_date": {"dag_runs": []},
    }
    with serving(recording("airflow3", pages)) as server:
        (run,) = airflow(server).last_runs(names("marts.letters"))
    assert run.job == "load_letters"


@pytest.mark.parametrize(
    ("runs", "state", "detail"),
    [
        (("running", "failed", "success"), "running", "the run before it failed"),
        (("queued", "success"), "waiting", ""),
        (("restarting", "success"), "unknown", ""),
    ],
)
def test_a_run_that_goes_on_tells_of_the_one_before_it_and_of_the_last_good_one(
    runs: tuple[str, ...], state: str, detail: str
) -> None:
    told = [
        {"state": s, "start_date": f"2026-11-2{9 - i}T04:00:00Z", "end_date": f"2026-11-2{9 - i}T04:30:00Z"}
        for i, s in enumerate(runs)
    ]
    path = "GET api/v2/dags/nightly_orders/dagRuns?limit=25&order_by=-start_date"
    with serving(recording("airflow3", {path: {"dag_runs": told}})) as server:
        (run,) = airflow(server).last_runs(names("marts.orders"))
    assert (run.state, run.detail) == (state, detail)
    assert run.last_success_at == datetime(2026, 11, 30 - len(runs), 4, 30, tzinfo=UTC)


def test_an_airflow_without_datasets_is_asked_by_names() -> None:
    answer = recording("airflow2")

    def without(request: Any, handler: Any) -> None:
        answer(request, handler) if "datasets" not in request.target else handler.send_error(404)

    with serving(without) as server:
        (run,) = airflow(server).last_runs(names("marts.payments"))
    assert run.job == "load_payments"


@pytest.mark.requirement("ODA-13")
def test_the_newest_application_for_a_table_is_told_with_the_last_good_one(history: Server) -> None:
    (orders,) = spark(history).last_runs(names("marts.orders"))
    (payments,) = spark(history).last_runs(names("marts.payments"))
    assert (orders.job, orders.state, orders.source) == ("load_orders_daily", "success", "spark")
    assert orders.last_success_at == orders.ended_at
    assert (payments.job, payments.state, payments.detail) == ("load_payments", "failed", "failed jobs: 1")
    assert payments.last_success_at
    assert payments.started_at
    assert payments.last_success_at < payments.started_at


def test_an_application_of_a_look_alike_is_not_taken(history: Server) -> None:
    (staged,) = spark(history).last_runs(names("staging.stg_orders"))
    assert staged.job == "load_stg_orders"
    assert spark(history).last_runs(names("marts.order")) == ()


def test_an_application_that_was_killed_is_running_as_far_as_spark_knows(history: Server) -> None:
    (run,) = spark(history).last_runs(names("marts.refunds"))
    assert (run.job, run.state, run.ended_at) == ("refresh refunds 2026-11-26", "running", None)
    assert run.started_at


def test_an_exit_code_and_jobs_that_are_gone_are_no_success() -> None:
    listing = [
        {"id": "a", "name": "orders", "attempts": [{"startTime": "2026-11-26T04:00:00.000GMT"} | more]}
        for more in ({"completed": True, "exitCode": 137}, {"completed": True, "attemptId": "2"})
    ]
    for application, state, detail in (
        (listing[0], "failed", "it ended with exit code 137"),
        (listing[1], "unknown", "its jobs are no longer kept"),
    ):
        with serving(recording("spark", {"GET api/v1/applications?limit=1000": [application]})) as server:
            (run,) = spark(server).last_runs(names("marts.orders"))
        assert (run.state, run.detail, run.last_success_at) == (state, detail, None)


def test_no_text_of_a_system_stands_in_a_run(either: Server, history: Server) -> None:
    tables = [names(f"marts.{t}") for t in ("orders", "payments", "customers", "revenue")]
    asked = (airflow(either), spark(history), DbtTarget(RECORDED / "dbt"))
    told = [run for one in asked for table in tables for run in one.last_runs(table)]
    assert len(told) >= 8
    assert not [run for run in told if "ana@" in repr(run) or "Error" in repr(run)]
