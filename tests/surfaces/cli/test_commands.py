"""The commands on a real warehouse, with the deterministic model."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from gnomon.domain.answer import Answer

Run = Callable[..., Result]
COUNT = "how many orders are there"


@pytest.mark.requirement("ODA-03")
def test_an_answer_goes_to_stdout_and_nothing_to_stderr_when_piped(indexed: Path, run: Run) -> None:
    done = run("ask", COUNT)
    assert (done.exit_code, done.stderr) == (0, "")
    assert "400" in done.stdout.splitlines()[0]
    for part in ("SQL\n", "Tables: orders", "Checks\n", "confidence ", "gnomon show a"):
        assert part in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.requirement("cli:json", "ODA-03")
def test_json_holds_every_field_of_the_answer_and_equals_the_stored_one(indexed: Path, run: Run) -> None:
    asked: dict[str, Any] = json.loads(run("ask", COUNT, "--json").stdout)
    assert {f.name for f in fields(Answer)} | {"sql"} <= asked.keys()
    assert asked["result"]["rows"] == [[400]]
    assert json.loads(run("show", asked["id"], "--json").stdout) == asked


def test_a_question_can_come_from_stdin_and_in_several_words(indexed: Path, run: Run) -> None:
    assert "400" in run("ask", "-", stdin=COUNT + "\n").stdout
    assert "400" in run("ask", *COUNT.split()).stdout


def test_a_question_that_the_data_cannot_answer_exits_4(indexed: Path, run: Run) -> None:
    done = run("ask", "how happy are the penguins of the moon")
    assert done.exit_code == 4
    assert done.stdout.startswith("No answer: ")


def test_verbose_tells_the_steps_on_stderr(indexed: Path, run: Run) -> None:
    done = run("ask", COUNT, "--verbose")
    assert "Finding the tables" in done.stderr
    assert "query: " in done.stderr
    assert "check numbers_trace: pass" in done.stderr


def test_options_win_over_settings(indexed: Path, run: Run) -> None:
    shown = json.loads(run("ask", "customers by city", "--max-rows", "2", "--json").stdout)
    assert shown["result"] is None or shown["result"]["row_count"] <= 2


def test_a_conversation_goes_on_by_its_id(indexed: Path, run: Run) -> None:
    first = json.loads(run("ask", COUNT, "--json").stdout)
    talk = first["question"]["conversation_id"]
    second = json.loads(run("ask", COUNT, "--conversation", talk, "--json").stdout)
    assert second["question"]["conversation_id"] == talk
    assert run("ask", COUNT, "--conversation", "c0").exit_code == 2


def test_piped_lines_are_a_chat_that_ends_with_the_input(indexed: Path, run: Run) -> None:
    done = run("chat", stdin=f"{COUNT}\n/sql\n\n/checks\n/table\n/help\n/nope\nx\x07y\n")
    assert done.exit_code == 0
    assert done.stdout.count("400") >= 2
    assert "COUNT(*)" in done.stdout
    assert "/nope` is not a command" in done.stderr
    assert "control character" in done.stderr


def test_quit_ends_the_chat(indexed: Path, run: Run) -> None:
    done = run("chat", stdin=f"/sql\n/quit\n{COUNT}\n")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "there is no answer yet" in done.stderr


@pytest.mark.requirement("cli:json")
def test_a_chat_in_json_is_one_line_an_answer_and_an_error(indexed: Path, run: Run) -> None:
    done = run("chat", "--json", stdin=f"{COUNT}\n/nope\n{COUNT}\n")
    first, error, second = map(json.loads, done.stdout.splitlines())
    assert first["question"]["conversation_id"] == second["question"]["conversation_id"]
    assert error["error"]["kind"] == "usage"


def test_a_chat_goes_on_where_it_was_left(indexed: Path, run: Run) -> None:
    first = json.loads(run("chat", "--json", stdin=COUNT).stdout)["question"]["conversation_id"]
    latest = json.loads(run("chat", "--resume", "--json", stdin=COUNT).stdout)["question"]["conversation_id"]
    named = json.loads(run("chat", "--resume", first, "--json", stdin=COUNT).stdout)
    assert first == latest == named["question"]["conversation_id"]
    assert "400" in run("chat", "--resume", stdin="/table").stdout


def test_there_is_nothing_to_resume_at_first(indexed: Path, run: Run) -> None:
    assert run("chat", "--resume").exit_code == 2


def test_tables_are_listed_and_filtered(indexed: Path, run: Run) -> None:
    assert [t["table"] for t in json.loads(run("tables", "--json").stdout)] == ["customers", "orders"]
    assert [t["rows"] for t in json.loads(run("tables", "ORD*", "--json").stdout)] == [400]
    done = run("tables", "nope")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "matches `nope`" in done.stderr
    assert "customers" in run("tables").stdout


def test_a_table_is_described_with_profile_keys_and_joins(indexed: Path, run: Run) -> None:
    shown = run("describe", "orders").stdout
    assert shown.startswith("orders  (400 rows, 5 columns)\n")
    for part in ("order_id", "paid", "primary", "orders.customer_id = customers.customer_id (declared)"):
        assert part in shown
    card = json.loads(run("describe", "ORDERS", "--json").stdout)
    assert card["ref"] == "orders"
    assert next(c["column"]["name"] for c in card["columns"]) == "order_id"


def test_an_unknown_table_is_an_error_that_names_the_near_one(indexed: Path, run: Run) -> None:
    done = run("describe", "oders")
    assert done.exit_code == 2
    assert "did you mean `orders`?" in done.stderr


def test_the_index_is_built_refreshed_and_built_anew(indexed: Path, run: Run) -> None:
    assert json.loads(run("index", "--json").stdout)["unchanged"] is True
    assert "up to date" in run("index").stdout
    done = run("index", "--full")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "2 tables, built in" in done.stdout
    report = json.loads(run("index", "--full", "--json").stdout)
    assert (report["tables"], report["embedded"], report["problems"]) == (2, 2, [])


@pytest.mark.requirement("cli:health")
def test_the_doctor_finds_a_healthy_installation_healthy(indexed: Path, run: Run) -> None:
    done = run("doctor", "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["healthy"]) == (0, True), found
    parts = {p["part"] for p in found["probes"]}
    assert parts >= {
        "python",
        "packages",
        "settings",
        "state folder",
        "disk space",
        "warehouse",
        "privileges",
        "model",
        "embedder",
        "index",
    }
    assert "every part works" in run("doctor").stdout


@pytest.mark.requirement("cli:health")
@pytest.mark.parametrize(
    ("environ", "part"),
    [
        ({"GNOMON_WAREHOUSE": "nowhere.duckdb"}, "warehouse"),
        ({"GNOMON_WAREHOUSE": ""}, "warehouse"),
        ({"GNOMON_MODEL": "nobody:nothing"}, "model"),
        ({"GNOMON_LIMITS_MAX_ROWS": "0"}, "settings"),
        ({"GNOMON_HOME": "/proc/nowhere"}, "state folder"),
    ],
)
def test_the_doctor_names_what_fails_and_how_to_mend_it(
    indexed: Path, run: Run, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], part: str
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    done = run("doctor", "--json")
    failed = {p["part"]: p for p in json.loads(done.stdout)["probes"] if p["verdict"] == "fail"}
    assert done.exit_code == 3
    assert failed[part]["found"]
    assert failed[part]["mend"]


@pytest.mark.requirement("cli:health")
def test_the_doctor_warns_of_variables_that_nothing_reads(
    indexed: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNOMON_LIMIT_MAX_ROWS", "5")
    assert "no option reads GNOMON_LIMIT_MAX_ROWS" in run("doctor").stdout


@pytest.mark.requirement("cli:health")
def test_the_doctor_warns_of_an_index_that_is_behind_the_data(
    indexed: Path, run: Run, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.sqlite"
    shutil.copy(shop, copy)
    monkeypatch.setenv("GNOMON_WAREHOUSE", str(copy))
    assert "not built yet" in run("doctor").stdout


def test_a_question_set_is_judged_and_each_miss_is_printed(indexed: Path, run: Run, folder: Path) -> None:
    (folder / "set.toml").write_text(
        f'[[question]]\nid = "right"\nquestion = "{COUNT}"\ngold = "SELECT count(*) FROM orders"\n'
        f'[[question]]\nid = "wrong"\nquestion = "{COUNT}"\ngold = "SELECT 1"\n'
    )
    done = run("eval", "set.toml")
    assert done.exit_code == 0
    assert "coverage   100.0% (2 of 2" in done.stdout
    assert "[wrong]" in done.stdout
    assert run("eval", "set.toml", "--fail-under", "0.9").exit_code == 1
    report = json.loads(run("eval", "set.toml", "--limit", "1", "--json", "--fail-under", "1").stdout)
    assert report["overall"]["accuracy"]["count"] == 1
    assert json.loads(run("history", "--json").stdout) == []


SLOW_SQL = "SELECT count(*) FROM orders a JOIN orders b ON a.status = b.status " + " ".join(
    f"JOIN orders {t} ON a.status = {t}.status AND {t}.amount > b.amount - {i}" for i, t in enumerate("cdef")
)


@pytest.mark.requirement("X-05")
def test_ctrl_c_stops_the_query_and_keeps_the_conversation(indexed: Path, run: Run, folder: Path) -> None:
    tape = {
        "format": "gnomon-tape/1",
        "turns": [{"tool_calls": [{"name": "run_sql", "arguments": {"sql": SLOW_SQL, "purpose": "wait"}}]}],
    }
    (folder / "slow.json").write_text(json.dumps(tape))
    command = [sys.executable, "-m", "gnomon", "ask", COUNT, "-m", "scripted:slow.json"]
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    audit = indexed / "audit"
    while process.poll() is None:
        if any("run_sql" in p.read_text() for p in audit.glob("*") if p.is_file()):
            process.send_signal(signal.SIGINT)
            break
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130, err
    assert "stopping" in err
    assert out.startswith("Stopped: ")
    kept = json.loads(run("history", "--json").stdout)
    assert [a["status"] for a in kept] == ["interrupted"]
    assert COUNT in run("chat", "--resume", "--json", stdin=COUNT).stdout


@pytest.mark.requirement("catalog:source-counts")
def test_the_index_tells_what_each_source_told(indexed: Path, folder: Path, run: Run) -> None:
    (folder / "annotations").mkdir()
    (folder / "annotations" / "orders.yaml").write_text("table: orders\nowner: Ana\ncaveats: [Late.]\n")
    assert "  annotations:annotations: 2 facts, 1 table\n" in run("index").stdout
    assert "  annotations:annotations: 2 facts, 1 table\n" in run("index").stdout
    (told,) = json.loads(run("index", "--json").stdout)["sources"]
    assert (told["source"], told["facts"], told["tables"], told["queries"]) == (
        "annotations:annotations",
        2,
        1,
        0,
    )


@pytest.mark.requirement("ODA-03")
def test_what_was_written_in_several_lines_is_described_as_one_paragraph(
    indexed: Path, folder: Path, run: Run
) -> None:
    (folder / "annotations").mkdir()
    meaning = "Gross,\n      in dollars,\n\n      " + "before any refund was paid back " * 4
    (folder / "annotations" / "orders.yaml").write_text(
        f"table: orders\ncolumns:\n  amount: |\n      {meaning}\n"
    )
    run("index")
    shown = run("describe", "orders").stdout
    assert (
        "\n  amount: Gross, in dollars, before any refund was paid back before any refund\n    was" in shown
    )


def test_a_wrong_setting_is_explained_in_our_words(indexed: Path, folder: Path, run: Run) -> None:
    for text, reason, hint in (
        (
            '[context]\nsources = "dbt:x"',
            "it is not a list",
            "a list of texts; its default is an empty list",
        ),
        ("[limits]\nmax_rows = 0", "it is below 1", "a whole number; its default is 10000"),
        (
            '[policy]\nshared_personal = "x"',
            "it is none of 'mask' or 'show'",
            '`mask` or `show`; its default is "mask"',
        ),
        ('[answers]\ntimezone = "Mars"', "no time zone is named 'Mars'", "a text; its default is empty"),
    ):
        (folder / "gnomon.toml").write_text(f"{text}\n")
        done = run("tables")
        assert done.exit_code == 3
        assert f"reason: {reason}\n" in done.stderr
        assert hint in done.stderr
