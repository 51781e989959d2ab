"""`gnomon status`: verdicts for people and programs, with an exit code that a schedule can act on."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from context.runtime.orchestrator_server import saying, serving

pytestmark = pytest.mark.requirement("runtime:status-command")

Run = Callable[..., Result]
TOKEN = "sesame-4711"
TABLES = {"orders": 1, "refunds": 99, "visits": 1, "payments": 1}
"""Tables, and how many hours ago each got its newest row."""

ANNOTATIONS = """
tables:
  - table: orders
    freshness: {within: 24h, column: loaded_at}
  - table: refunds
    freshness: {within: 24h, column: loaded_at}
  - table: payments
    freshness: daily
"""


@pytest.fixture
def place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment whose orders are fresh, refunds late, payments failed, and visits expected by nobody."""
    now = datetime.now(UTC)
    with closing(sqlite3.connect(folder / "shop.sqlite")) as db:
        for table, hours in TABLES.items():
            db.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, loaded_at TIMESTAMP)")
            rows = [(i, str((now - timedelta(hours=hours + i)).replace(tzinfo=None))) for i in range(30)]
            db.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)
        db.commit()
    (folder / "annotations").mkdir()
    (folder / "annotations" / "shop.yaml").write_text(ANNOTATIONS)
    failed = {"unique_id": "model.shop.payments", "status": "error", "message": "ana@shop.test has no card"}
    document = {"metadata": {"generated_at": now.isoformat()}, "results": [failed]}
    (folder / "target").mkdir()
    (folder / "target" / "run_results.json").write_text(json.dumps(document))
    settings = '[warehouse]\nurl = "shop.sqlite"\n[pipelines]\ndbt_target = "target"\n'
    (folder / "gnomon.toml").write_text(settings)
    monkeypatch.delenv("GNOMON_HOME")
    return folder


def _said(done: Result) -> dict[str, Any]:
    return {each["table"]: each for each in json.loads(done.stdout)}


@pytest.mark.requirement("ODA-13")
@pytest.mark.usefixtures("place")
def test_each_table_has_its_verdict_and_what_is_late_or_failed_ends_with_one(run: Run) -> None:
    done = run("status", *TABLES, "--json")
    said = _said(done)
    assert {table: each["state"] for table, each in said.items()} == {
        "orders": "fresh",
        "refunds": "late",
        "payments": "failed",
        "visits": "unknown",
    }
    assert done.exit_code == 1
    assert said["payments"]["summary"] == (
        "`payments` is failed: the last run of `model.shop.payments` failed."
    )
    assert [e["source"] for e in said["payments"]["evidence"]] == ["the data", "shop.yaml:8", "dbt"]
    assert "ana@" not in done.output
    for table, code in (("orders", 0), ("visits", 0), ("refunds", 1), ("payments", 1)):
        assert run("status", table).exit_code == code


@pytest.mark.usefixtures("place")
def test_people_read_the_verdict_and_then_what_it_stands_on(run: Run) -> None:
    done = run("status", "orders")
    first, *evidence = done.stdout.splitlines()
    assert "`orders` is fresh: it was last filled on " in first
    assert any(line.startswith("  the data: newest `loaded_at` is ") for line in evidence)
    assert "  shop.yaml:4: expected within 24h by loaded_at" in evidence
    assert done.stderr == ""


@pytest.mark.requirement("runtime:token")
def test_a_system_that_refuses_is_told_beside_the_verdict_and_its_token_is_not(
    run: Run, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_TOKEN", TOKEN)
    with serving(saying(b"ana@shop.test may not", 401)) as server:
        with (place / "gnomon.toml").open("a") as settings:
            settings.write(f'airflow_url = "{server.url}"\nairflow_token = "env:AIRFLOW_TOKEN"\n')
        done = run("status", "orders", "--json")
        assert server.authorizations == [f"Bearer {TOKEN}"]
    (said,) = _said(done).values()
    assert (done.exit_code, said["state"]) == (0, "fresh")
    assert said["evidence"][-1] == {
        "source": "pipelines",
        "text": "Airflow cannot be asked: it does not take the token (status 401)",
    }
    assert TOKEN not in done.output
    assert "ana@" not in done.output


@pytest.mark.requirement("runtime:token")
def test_a_token_that_is_not_there_leaves_the_rest_as_it_is(run: Run, place: Path) -> None:
    with (place / "gnomon.toml").open("a") as settings:
        settings.write('airflow_url = "https://airflow.example"\nairflow_token = "env:NO_SUCH_TOKEN"\n')
    done = run("status", "orders", "--json")
    (said,) = _said(done).values()
    assert (done.exit_code, said["state"]) == (0, "fresh")
    assert "NO_SUCH_TOKEN" in said["evidence"][-1]["text"]
    assert run("ask", "How many orders are there?", "--no-input").exit_code == 0


@pytest.mark.requirement("runtime:token")
def test_an_address_to_which_no_token_may_go_is_an_error_of_the_settings(run: Run, place: Path) -> None:
    with (place / "gnomon.toml").open("a") as settings:
        settings.write('airflow_url = "http://airflow.example"\nairflow_token = "env:AIRFLOW_TOKEN"\n')
    done = run("status", "orders")
    assert done.exit_code == 3
    assert "error: the address of Airflow cannot be used" in done.stderr
    assert "airflow_url in [pipelines]" in done.stderr
    assert "a token is not sent over http to another machine" in done.stderr


@pytest.mark.usefixtures("place")
def test_a_table_that_is_not_there_is_wrong_usage_and_near_names_are_told(run: Run) -> None:
    done = run("status", "orderz")
    assert done.exit_code == 2
    assert "no table is named `orderz`" in done.stderr
    assert "did you mean `orders`?" in done.stderr
    assert done.stdout == ""


@pytest.mark.usefixtures("place")
def test_the_status_is_told_without_any_pipeline(run: Run, place: Path) -> None:
    (place / "gnomon.toml").write_text('[warehouse]\nurl = "shop.sqlite"\n')
    assert _said(run("status", "payments", "--json"))["payments"]["state"] == "fresh"
