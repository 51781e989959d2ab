"""Judging answers, with DuckDB running the golds."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pytest

from gnomon.domain.answer import (
    Answer,
    AnswerStatus,
    Assumption,
    Clarification,
    Cost,
    ExecutedQuery,
    Question,
)
from gnomon.domain.errors import Failed, Interrupted, Retry
from gnomon.domain.identity import Principal
from gnomon.domain.result import ResultColumn, ResultRef, ResultTable
from gnomon.flywheel.evaluate import run_eval
from gnomon.flywheel.outcome import Outcome
from gnomon.flywheel.questions import EvalQuestion, Expectation

RunGold = Callable[[str], ResultTable]


@pytest.fixture
def run_gold() -> Iterator[RunGold]:
    with duckdb.connect() as connection:

        def run(sql: str) -> ResultTable:
            try:
                found = connection.execute(sql)
            except duckdb.Error as error:
                raise Failed(str(error)) from error
            columns = tuple(ResultColumn(d[0], "other") for d in found.description)
            return ResultTable(columns, tuple(found.fetchall()))

        yield run


def answer(
    status: AnswerStatus = "answered",
    value: object = None,
    *,
    text: str = "",
    assumptions: tuple[Assumption, ...] = (),
    truncated: bool = False,
) -> Answer:
    question = Question("q", "how many?", Principal("ana@acme.test"), datetime(2026, 1, 1, tzinfo=UTC), "c")
    columns = (ResultColumn("n", "integer"),)
    result = ResultTable(columns, ((value,),), truncated=truncated) if value is not None else None
    ran = ExecutedQuery("SELECT 42 AS n", "count", (), ResultRef("r1", columns, 1, truncated, ""), 0.01)
    asked = Clarification("Which?", ("a", "b"), "a") if status == "needs_clarification" else None
    return Answer(
        "a1",
        question,
        status,
        text,
        result=result,
        queries=(ran,),
        assumptions=assumptions,
        clarification=asked,
        confidence=0.9,
    )


def question(expect: Expectation = "answer", *gold: str, mentions: tuple[str, ...] = ()) -> EvalQuestion:
    golds = gold or (("SELECT 42",) if expect in ("answer", "clarify") else ())
    return EvalQuestion("q1", "how many?", gold=golds, expect=expect, mentions=mentions)


def outcome(asked: EvalQuestion, given: Answer, run_gold: RunGold) -> Outcome:
    return run_eval([asked], lambda _: given, run_gold).outcomes[0]


STATED = (Assumption("best means revenue"),)
NET = "net of tax"


@pytest.mark.requirement("flywheel:verdicts")
@pytest.mark.parametrize(
    ("asked", "given", "verdict"),
    [
        (question(), answer(value=42), "right"),
        (question(), answer(value=41), "wrong"),
        (question("answer", "SELECT 1", "SELECT 41"), answer(value=41), "right"),
        (question("answer", "SELECT nothing", "SELECT 41"), answer(value=41), "right"),
        (question("answer", "SELECT nothing"), answer(value=41), "error"),
        (question(), answer("abstained", text="no such column"), "abstained"),
        (question(), answer("needs_clarification"), "clarified"),
        (question(), answer("failed"), "error"),
        (question(), answer("interrupted"), "error"),
        (question(), answer(text="it is 42"), "wrong"),
        (question(), answer(value=42, truncated=True), "error"),
        (question("abstain"), answer("abstained"), "right"),
        (question("abstain"), answer(value=42), "wrong"),
        (question("abstain"), answer("needs_clarification"), "clarified"),
        (question("clarify"), answer("needs_clarification"), "right"),
        (question("clarify"), answer(value=42), "wrong"),
        (question("clarify"), answer(value=42, assumptions=STATED), "right"),
        (question("clarify"), answer(value=41, assumptions=STATED), "wrong"),
        (question("explain", mentions=("NET", "tax")), answer(text=NET), "right"),
        (question("explain", mentions=("refunds",)), answer(text=NET), "wrong"),
    ],
)
def test_verdict(asked: EvalQuestion, given: Answer, verdict: str, run_gold: RunGold) -> None:
    assert outcome(asked, given, run_gold).verdict == verdict


def test_a_verdict_that_is_not_right_says_why(run_gold: RunGold) -> None:
    assert outcome(question(), answer(value=41), run_gold).why == "no column holds the values of `42`"
    assert outcome(question(), answer("abstained", text="no spend"), run_gold).why == "no spend"
    assert outcome(question(), answer("needs_clarification"), run_gold).why == "Which?"


def test_a_foreseen_failure_is_an_error_and_the_run_goes_on(run_gold: RunGold) -> None:
    answers = iter([Retry("unknown column `x`"), answer(value=42)])

    def ask(text: str) -> Answer:
        match next(answers):
            case Answer() as given:
                return given
            case error:
                raise error

    report = run_eval([question(), question()], ask, run_gold)
    assert [o.verdict for o in report.outcomes] == ["error", "right"]
    assert report.outcomes[0].why == "unknown column `x`"


def test_an_interrupt_ends_the_run(run_gold: RunGold) -> None:
    def ask(text: str) -> Answer:
        raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        run_eval([question()], ask, run_gold)


def test_progress_counts_up_to_the_number_of_questions(run_gold: RunGold) -> None:
    seen: list[tuple[int, int]] = []
    run_eval([question()] * 3, lambda _: answer(value=42), run_gold, lambda done, n: seen.append((done, n)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_outcomes_carry_sql_confidence_and_time(run_gold: RunGold) -> None:
    got = outcome(question(), answer(value=42), run_gold)
    assert (got.sql, got.confidence, got.answered) == ("SELECT 42 AS n", 0.9, True)
    assert got.elapsed_s >= 0


def test_the_report_is_json_and_shows_both_queries_of_a_miss(run_gold: RunGold) -> None:
    report = run_eval([question(), question("abstain")], lambda _: answer(value=41), run_gold)
    loaded = json.loads(json.dumps(report.to_json()))
    assert loaded["outcomes"][0]["gold"] == "SELECT 42"
    assert loaded["outcomes"][0]["sql"] == "SELECT 42 AS n"
    text = report.to_text()
    assert "ours: SELECT 42 AS n" in text
    assert "gold: SELECT 42" in text
    assert "gold: (none)" in text


def test_the_time_in_the_model_is_kept_apart(run_gold: RunGold) -> None:
    question = EvalQuestion("q", "how many?", gold=("SELECT 42",))
    timed = replace(answer(value=42), cost=Cost(model_s=0.25, total_s=1.0))
    (outcome,) = run_eval([question], lambda _: timed, run_gold).outcomes
    assert outcome.model_s == 0.25
