"""`gnomon show` and `gnomon history`: stored answers again."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from gnomon.domain.answer import Answer, Turn
from gnomon.domain.identity import Principal
from gnomon.store.public import answer_to_public_json
from gnomon.store.state import StateStore
from gnomon.surfaces.cli.shown import unique_names
from surfaces.cli import answers

pytestmark = pytest.mark.requirement("cli:stored-answers")

Run = Callable[..., Result]


@pytest.fixture
def store(folder: Path, tmp_path: Path) -> Iterator[StateStore]:
    store = StateStore.open(tmp_path / "state")
    for answer in (answers.single(), answers.wide(), answers.abstained()):
        keep(store, answer)
    yield store
    store.close()


def keep(store: StateStore, answer: Answer) -> None:
    store.save_turn(Turn(answer.question, answer))


def test_the_last_answer_is_shown_unless_one_is_named(store: StateStore, run: Run) -> None:
    assert run("show").stdout.startswith("No answer: No table holds happiness.")
    assert run("show", "a1b2").stdout.startswith("Revenue in 2025 was 1,234,567.89.")


@pytest.mark.requirement("cli:json", "ODA-03")
def test_json_holds_the_whole_answer(store: StateStore, run: Run) -> None:
    shown = json.loads(run("show", "a1b2", "--json").stdout)
    assert shown == json.loads(json.dumps(answer_to_public_json(answers.single()), default=str))
    assert {"result", "sql", "tables", "reasoning", "checks", "assumptions", "cost"} <= shown.keys()


def test_sql_alone_is_the_statement_and_nothing_else(store: StateStore, run: Run) -> None:
    assert run("show", "a1b2", "--sql").stdout == answers.single().sql + "\n"


def test_sql_of_an_answer_without_a_query_is_an_error(store: StateStore, run: Run) -> None:
    done = run("show", "--sql")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "ran no query" in done.stderr


def test_csv_holds_every_row_and_the_cells_as_they_are(store: StateStore, run: Run) -> None:
    rows = list(csv.reader(io.StringIO(run("show", "a9c0", "--result", "csv").stdout, newline="")))
    wide = answers.wide().result
    assert wide is not None
    assert rows[0] == [c.name for c in wide.columns]
    assert len(rows) == 1 + len(wide.rows)
    assert rows[3][:5] == ["100002", "Łukasz\nŻak", wide.rows[2][2], "2469.00", "2000"]
    assert rows[1][2] == ""


def test_json_rows_are_objects_by_column(store: StateStore, run: Run) -> None:
    assert json.loads(run("show", "a1b2", "--result", "json").stdout) == [{"revenue": 1234567.89}]


def test_columns_of_one_name_are_all_kept() -> None:
    assert unique_names(["n", "n", "m", "n"]) == ["n", "n_2", "m", "n_3"]


def test_an_unknown_answer_is_an_error_with_a_hint(store: StateStore, run: Run) -> None:
    done = run("show", "a1b2zzzz")
    assert done.exit_code == 2
    assert "hint: " in done.stderr


def test_history_lists_the_newest_first(store: StateStore, run: Run) -> None:
    lines = run("history").stdout.splitlines()
    assert [line.split(" ")[0] for line in lines[2:]] == ["a0000001", "a9c0d1e2", "a1b2c3d4"]
    assert [a["id"] for a in json.loads(run("history", "--json", "-n", "1").stdout)] == ["a0000001"]


def test_history_of_nothing_says_how_to_begin(run: Run) -> None:
    done = run("history")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "gnomon ask" in done.stderr
    assert json.loads(run("history", "--json").stdout) == []


def test_answers_of_other_people_do_not_exist(store: StateStore, run: Run) -> None:
    mine = answers.single()
    other = replace(mine.question, principal=Principal("bo@acme.test"), conversation_id="c2", id="q2")
    keep(store, replace(mine, id="b0000001", question=other))
    assert run("show", "b0000001").exit_code == 2
    assert "b0000001" not in run("history").stdout


@pytest.mark.requirement("cli:hostile-text")
def test_a_stored_answer_with_hostile_cells_prints_no_control_sequence(store: StateStore, run: Run) -> None:
    for args in (["show", "a9c0"], ["show", "a9c0", "--json"], ["history"]):
        assert not set(run(*args).stdout) & set("\x1b\x9b\u202e")
