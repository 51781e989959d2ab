"""Errors: what happened, the facts, what to do next, and the exit code."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from gnomon.domain.errors import Refused
from gnomon.surfaces.cli.errors import error_json, foreseen, show_error
from gnomon.surfaces.cli.question import MAX_CHARACTERS
from gnomon.surfaces.cli.terminal import Terminal

pytestmark = pytest.mark.requirement("cli:errors")

Run = Callable[..., Result]


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (["ask"], 2, "error: missing argument 'question'"),
        (["nope"], 2, "error: no such command 'nope'"),
        (["ask", "--nope", "x"], 2, "error: no such option: --nope"),
        (["ask", ""], 2, "error: the question is empty"),
        (["ask", "  ", "\t"], 2, "error: the question is empty"),
        (["ask", "a\x1b[2Jb"], 2, "error: the question holds a control character"),
        (["ask", "x" * 100_000], 2, "error: the question is too long"),
        (["ask", "--max-rows", "0", "x"], 2, "error: invalid value for '--max-rows'"),
        (["ask", "how many"], 3, "error: no warehouse is set"),
        (["ask", "how many", "-w", "nowhere.duckdb"], 3, "nowhere.duckdb"),
        (["show"], 2, "error: no answer is stored yet"),
        (["show", "--result", "xml"], 2, "error: invalid value for '--result'"),
        (["chat", "c123"], 2, "error: `c123` is not expected here"),
        (["eval", "demo"], 2, "error: the demo company is not here"),
        (["eval", "nowhere.toml"], 3, "error: cannot read the question set nowhere.toml"),
    ],
)
def test_a_mistake_of_the_person_is_told_on_stderr_with_a_hint(
    run: Run, args: list[str], code: int, message: str
) -> None:
    done = run(*args)
    assert (done.exit_code, done.stdout) == (code, "")
    assert message in done.stderr
    assert "\n\nhint: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_checkout_whose_demo_was_not_built_is_told_how_to_build_it(run: Run, folder: Path) -> None:
    questions = folder / "demo" / "eval" / "questions.toml"
    questions.parent.mkdir(parents=True)
    questions.write_text("")
    done = run("eval", "demo")
    assert done.exit_code == 2
    assert "error: the demo company has no warehouse yet" in done.stderr
    assert "run `make demo`" in done.stderr


@pytest.mark.parametrize("args", [["ask", ""], ["ask", "x"], ["nope"], ["show"], ["tables"], ["index"]])
def test_with_json_the_error_is_json_on_stdout(run: Run, args: list[str]) -> None:
    done = run(*args, "--json")
    error: dict[str, Any] = json.loads(done.stdout)["error"]
    assert error["exit_code"] == done.exit_code != 0
    assert error["message"]
    assert error["hint"]
    assert done.stderr == ""


def test_a_question_on_stdin_is_bounded_and_has_to_be_text(run: Run) -> None:
    assert "too long" in run("ask", "-", stdin="x" * 100_000).stderr
    assert "not UTF-8" in run("ask", "-", stdin=b"caf\xe9").stderr
    assert "empty" in run("ask", "-", stdin="").stderr


def test_the_longest_question_is_not_too_long(run: Run) -> None:
    assert "no warehouse is set" in run("ask", "x" * MAX_CHARACTERS).stderr


def test_a_settings_file_with_a_typo_is_named_with_its_line(run: Run, folder: Path) -> None:
    (folder / "gnomon.toml").write_text("[limits]\nmax_rws = 3\n")
    done = run("tables")
    assert done.exit_code == 3
    assert "gnomon.toml:2" in done.stderr
    assert "hint: did you mean `max_rows`?" in done.stderr


def test_debug_adds_the_traceback_wherever_it_stands(run: Run) -> None:
    for args in (["--debug", "ask", ""], ["ask", "--debug", ""], ["ask", "", "--debug"]):
        assert "Traceback" in run(*args).stderr
    assert "Traceback" not in run("ask", "--", "--debug").stderr


def test_what_nobody_foresaw_is_a_bug_with_how_to_report_it() -> None:
    error = foreseen(ZeroDivisionError("division by zero"), "gnomon ask")
    assert error.exit_code == 70
    assert dict(error.facts)["problem"] == "ZeroDivisionError: division by zero"
    assert "--debug" in error.hint


def test_a_refusal_names_its_rule(capsys: pytest.CaptureFixture[str]) -> None:
    error = Refused(
        "`customers.email` is masked for ana@acme.test",
        rule="mask-pii",
        facts=(("query", "select email\nfrom customers"),),
        hint="select `customers.id` instead",
    )
    show_error(error, Terminal(), as_json=False, cause=None)
    assert capsys.readouterr().err == (
        "error: `customers.email` is masked for ana@acme.test\n"
        "  rule:  mask-pii\n"
        "  query: select email\n"
        "  from customers\n"
        "\n"
        "hint: select `customers.id` instead\n"
    )
    assert error_json(error)["error"]["rule"] == "mask-pii"


@pytest.mark.requirement("cli:hostile-text")
def test_an_error_that_quotes_data_does_not_act_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    error = Refused("no \x1b[2J", rule="r\x9b", facts=(("f", "\u202ex"),), hint="[red]h[/red]\x07")
    show_error(error, Terminal(), as_json=False, cause=None)
    shown = capsys.readouterr().err
    assert not set(shown) & set("\x1b\x9b\u202e\x07")
    assert "[red]h[/red]" in shown
    show_error(error, Terminal(), as_json=True, cause=None)
    raw = capsys.readouterr().out
    assert not set(raw) & set("\x1b\x9b\u202e\x07")
    assert json.loads(raw)["error"]["message"] == "no \x1b[2J"
