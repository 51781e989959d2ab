"""Budgets while a question is worked on: counted before it starts, stopped in between, told in the answer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agent.desk import Desk, say, sql
from gnomon.agent.metering import Meter
from gnomon.models.port import ModelResponse, Usage
from gnomon.policy.budget_file import parse_budgets
from gnomon.policy.budgets import judge
from gnomon.store.usage import UsageLedger

pytestmark = pytest.mark.requirement("budgets:in-answers")

COUNT = "select count(*) as n from orders"
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[UsageLedger]:
    opened = UsageLedger.open(tmp_path / "state")
    yield opened
    opened.close()


def metered(ledger: UsageLedger, text: str) -> Meter:
    budgets = parse_budgets(text, "budgets.toml")
    return Meter(
        lambda who: ledger.reserve(who, NOW, budgets),
        lambda who, spending: ledger.add(who, NOW, budgets, spending),
    )


def counted() -> list[ModelResponse]:
    return [sql(COUNT), say("There are 240 orders.")]


def test_a_question_beyond_the_budget_is_not_begun_and_says_when_it_may_be_asked(
    desk: Desk, ledger: UsageLedger
) -> None:
    meter = metered(ledger, '[[budget]]\nwho = "person"\nwindow = "day"\nquestions = 1\n')
    first = desk.ask(counted(), meter=meter)
    second = desk.ask(counted(), meter=meter)
    assert (first.status, second.status) == ("answered", "abstained")
    assert second.queries == ()
    assert "1 of 1 question" in second.text
    assert [e.kind for e in desk.audit] == ["question", "refusal", "answer"]


def test_a_budget_that_runs_low_is_told_in_the_answer(desk: Desk, ledger: UsageLedger) -> None:
    meter = metered(ledger, '[[budget]]\nwho = "person"\nwindow = "day"\nquestions = 2\nsoft_share = 0.5\n')
    answer = desk.ask(counted(), meter=meter)
    assert answer.status == "answered"
    assert ["1 of 2 questions today" in notice for notice in answer.notices].count(True) == 1


def test_tokens_beyond_the_budget_end_the_question_between_turns(desk: Desk, ledger: UsageLedger) -> None:
    meter = metered(ledger, '[[budget]]\nwho = "tenant"\nwindow = "month"\ntokens = 1000\n')
    greedy = ModelResponse("", sql(COUNT).tool_calls, Usage(input_tokens=900, output_tokens=200))
    answer = desk.ask([greedy, say("There are 240 orders.")], meter=meter)
    assert answer.status == "abstained"
    assert "budget is used up" in answer.text
    assert answer.queries == ()
    assert "budget" in [e.kind for e in desk.audit]


def test_bytes_that_queries_read_are_counted_also_those_of_the_checks(
    desk: Desk, ledger: UsageLedger
) -> None:
    budgets = parse_budgets('[[budget]]\nwho = "person"\nwindow = "day"\nscan_bytes = 100000000\n', "b.toml")
    meter = Meter(
        lambda who: ledger.reserve(who, NOW, budgets),
        lambda who, spending: ledger.add(who, NOW, budgets, spending),
    )
    answer = desk.ask(counted(), meter=meter)
    who = answer.question.principal
    (use,) = judge(budgets, who, ledger.used(who, budgets, NOW))
    assert (use.measure, use.used > 0) == ("scan_bytes", True)
