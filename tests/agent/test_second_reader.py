"""A second reader of each question: it agrees, differs or has no opinion, and never breaks an answer."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agent.desk import Desk, call, say, sql
from attacks.governance.governance_world import ANA, World, build, leaks
from gnomon.agent.agent import Agent
from gnomon.agent.metering import Meter
from gnomon.agent.rights import require_still_seen, still_seen
from gnomon.domain.answer import Answer, Check, Question
from gnomon.domain.errors import Failed, Interrupted, Misconfigured, Refused
from gnomon.domain.events import AnswerReady, AuditEvent
from gnomon.domain.identity import Principal
from gnomon.models.grounded import GroundedModel
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.models.port import ModelRequest, ModelResponse, ToolMessage, Usage
from gnomon.models.scripted import ScriptedModel
from gnomon.policy.budgets import BudgetUse, Spending
from remembering import EMBEDDER

pytestmark = pytest.mark.requirement("second-reading:compared")

ALL = "select count(*) as n from orders"
KEPT = "select count(*) as n from orders where status <> 'cancelled'"
PLACED = "How many orders are there?"


def other(*turns: ModelResponse) -> ScriptedModel:
    """A second reader that plays these turns."""
    return ScriptedModel(list(turns), model_id="other")


def sure(statement: str, confidence: float = 0.95, **more: Any) -> ModelResponse:
    """A second reader's statement, and how sure it is."""
    return replace(sql(statement, **more), confidence=confidence)


def opinion(answer: Answer) -> Check:
    """What the second reading came to."""
    return next(c for c in answer.checks if c.name == "second_reading")


def step(answer: Answer) -> list[str]:
    return [s.text for s in answer.steps if s.text.startswith("second reading")]


def counted(desk: Desk, statement: str, text: str, **options: Any) -> Answer:
    return desk.ask([sql(statement), say(text)], PLACED, **options)


def test_a_second_reading_by_grounded_that_agrees_raises_the_confidence(desk: Desk) -> None:
    alone = counted(desk, ALL, "There are 240 orders.")
    both = counted(desk, ALL, "There are 240 orders.", second_reader=GroundedModel())
    assert (opinion(alone).verdict, opinion(both).verdict) == ("not_applicable", "pass")
    assert opinion(both).summary == "a second reading, by `grounded`, gives the same result"
    assert "orders" in opinion(both).sql
    assert both.confidence > alone.confidence
    assert step(both) == ["second reading: read the question, ran its SQL"]
    assert step(alone) == []


def test_of_several_statements_of_a_second_reader_the_last_is_its_reading(desk: Desk) -> None:
    """As an answer stands on the last query that ran."""
    first, last = sure(KEPT), sure(ALL)
    turn = replace(last, tool_calls=(*first.tool_calls, *last.tool_calls))
    answer = counted(desk, ALL, "There are 240 orders.", second_reader=other(turn))
    assert opinion(answer).verdict == "pass"


def test_a_difference_in_a_condition_is_named_with_a_figure_that_a_result_holds(desk: Desk) -> None:
    alone = counted(desk, KEPT, "There are 160 orders.")
    both = counted(desk, KEPT, "There are 160 orders.", second_reader=GroundedModel())
    found = opinion(both)
    assert (found.verdict, found.summary) == ("warn", "a second reading counts cancelled orders too: 240")
    assert found.evidence is not None
    assert found.evidence.result is not None
    assert found.evidence.result.rows == ((240,),)
    assert both.status == "answered"
    assert both.confidence < alone.confidence
    assert both.result is not None
    assert both.result.rows == ((160,),)


def test_a_second_reader_that_abstains_has_no_opinion_and_changes_nothing(desk: Desk) -> None:
    asked = "How many zorps did the orders glimmer?"
    turns = [sql(ALL), say("There are 240 orders.")]
    alone, both = desk.ask(turns, asked), desk.ask(turns, asked, second_reader=GroundedModel())
    assert opinion(both).verdict == "not_applicable"
    assert both.confidence == alone.confidence
    assert step(both) == [f"second reading: no opinion, {opinion(both).summary}"]


@pytest.mark.parametrize(
    "turn",
    [
        sure(KEPT, confidence=0.45),
        sure(KEPT, confidence=0.55, assumptions=[{"text": "a"}, {"text": "b"}, {"text": "c"}]),
        say("There are 3 orders.", confidence=1.0),
        call("ask_user", {"question": "Which?", "options": ["a", "b"], "default": "a"}),
        call("run_sql", {"sql": KEPT}, problem="not JSON"),
        call("run_sql", {"statement": KEPT}),
    ],
    ids=["unsure", "unsure by its assumptions", "a text", "a question", "unreadable call", "wrong arguments"],
)
def test_a_reading_that_would_not_be_answered_from_is_no_opinion(desk: Desk, turn: ModelResponse) -> None:
    answer = counted(desk, ALL, "There are 240 orders.", second_reader=other(turn))
    assert (answer.status, opinion(answer).verdict) == ("answered", "not_applicable")
    assert len(desk.told(ToolMessage)) == 0
    assert [e.kind for e in desk.audit].count("query") == 1


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("select count(*) from nowhere", "did not run"),
        ("select nothing from orders", "did not run"),
        ("drop table orders", "refused"),
        ("select cast(status as integer) from orders", "did not run"),
        ("select * from read_csv('/etc/passwd')", "refused"),
    ],
)
def test_a_statement_that_does_not_run_is_no_opinion(desk: Desk, statement: str, why: str) -> None:
    answer = counted(desk, ALL, "There are 240 orders.", second_reader=other(sure(statement)))
    assert (answer.status, opinion(answer).verdict) == ("answered", "not_applicable")
    assert why in opinion(answer).summary
    assert step(answer) == [f"second reading: no opinion, {opinion(answer).summary}"]
    assert ("refusal" in [e.kind for e in desk.audit]) == (why == "refused")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Failed("no route"), "no route"),
        (Misconfigured("no key"), "no key"),
        (FileNotFoundError("missing.txt"), "FileNotFoundError"),
    ],
)
def test_a_second_reader_that_breaks_is_no_opinion(desk: Desk, error: Exception, told: str) -> None:
    def broken(request: ModelRequest) -> ModelResponse:
        raise error

    reader = ScriptedModel(broken, model_id="other")
    answer = counted(desk, ALL, "There are 240 orders.", second_reader=reader)
    assert (answer.status, opinion(answer).verdict) == ("answered", "not_applicable")
    assert opinion(answer).summary == f"the reader failed: {told}"
    assert step(answer) == [f"second reading: no opinion, the reader failed: {told}"]


def test_an_interruption_while_the_second_reader_works_stops_the_run(desk: Desk) -> None:
    def stopped(request: ModelRequest) -> ModelResponse:
        raise Interrupted("stopped")

    reader = ScriptedModel(stopped, model_id="other")
    answer = counted(desk, ALL, "There are 240 orders.", second_reader=reader)
    assert answer.status == "interrupted"


def test_no_model_reads_a_question_a_second_time_for_itself(desk: Desk) -> None:
    answer = desk.ask(GroundedModel(), PLACED, second_reader=GroundedModel())
    assert (answer.status, opinion(answer).verdict, step(answer)) == ("answered", "not_applicable", [])
    assert [e.kind for e in desk.audit].count("query") == 1


def test_where_the_model_abstains_nobody_else_is_asked(desk: Desk) -> None:
    reader = other(sure(ALL))
    answer = desk.ask([say("Cannot answer: there is no such table.")], PLACED, second_reader=reader)
    assert answer.status == "abstained"
    assert reader.requests == []


def test_a_question_is_read_once_however_often_the_checks_run(desk: Desk) -> None:
    reader = other(sure(ALL))
    turns = [sql(ALL), say("There are 241 orders."), say("There are 240 orders.")]
    answer = desk.ask(turns, PLACED, second_reader=reader)
    assert (answer.status, opinion(answer).verdict) == ("answered", "pass")
    assert len(reader.requests) == len(step(answer)) == 1


def test_a_second_reader_sees_the_context_of_the_answering_model_and_may_only_query(desk: Desk) -> None:
    first, reader = ScriptedModel([sql(ALL), say("There are 240 orders.")]), other(sure(ALL))
    desk.ask(first, PLACED, second_reader=reader)
    (request,) = reader.requests
    assert request.context == first.requests[0].context
    assert request.context_text == first.requests[0].context_text
    assert [t.name for t in request.tools] == ["run_sql"]
    assert len(request.messages) == 1


def test_a_choice_that_was_made_on_the_way_leaves_a_second_reader_out(desk: Desk) -> None:
    reader = other(sure(KEPT))
    asked = call("ask_user", {"question": "Which?", "options": ["all", "kept"], "default": "all"})
    turns = [asked, sql(ALL), say("There are 240 orders.")]
    answer = desk.ask(turns, PLACED, second_reader=reader)
    assert (opinion(answer).verdict, reader.requests) == ("not_applicable", [])


def counting() -> tuple[Meter, list[Spending]]:
    """A meter without limits, and what it counts."""
    spent: list[Spending] = []

    def add(who: Principal, spending: Spending) -> tuple[BudgetUse, ...]:
        spent.append(spending)
        return ()

    return Meter(lambda who: (), add), spent


def test_what_a_second_reading_takes_is_counted(desk: Desk) -> None:
    meter, spent = counting()
    reader = other(replace(sure(ALL), usage=Usage(700, 50, 0.25)))
    answer = counted(desk, ALL, "There are 240 orders.", second_reader=reader, meter=meter)
    assert (answer.cost.input_tokens, answer.cost.output_tokens, answer.cost.cost_usd) == (700, 50, 0.25)
    assert answer.cost.turns == 2
    assert [s for s in spent if s.tokens == 750 and s.cost_usd == 0.25]
    meter, alone = counting()
    counted(desk, ALL, "There are 240 orders.", meter=meter)
    assert sum(s.scan_bytes for s in spent) > sum(s.scan_bytes for s in alone)


def test_without_room_left_nobody_reads_a_second_time(desk: Desk) -> None:
    def slow_turns(request: ModelRequest) -> ModelResponse:
        return (
            sql(ALL) if len(request.messages) == 1 else ModelResponse("240 orders.", usage=Usage(1, 1, 2.0))
        )

    reader = other(sure(ALL))
    answer = desk.ask(slow_turns, PLACED, second_reader=reader)
    assert reader.requests == []
    assert "USD is used up" in opinion(answer).summary


@pytest.fixture(scope="module")
def _world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = build("duckdb", 0, tmp_path_factory.mktemp("second-reader"), EMBEDDER)
    yield made
    made.close()


@pytest.fixture
def world(_world: World) -> World:
    """The shop as ana sees it: orders of her region, figures of salaries, and no vault."""
    return World(0, _world.warehouse, _world.index)


Asked = Callable[[str, str, str], tuple[Answer, list[AuditEvent]]]


@pytest.fixture
def as_ana(world: World) -> Asked:
    embedder: MiniLmEmbedder = EMBEDDER

    def ask(statement: str, text: str, second: str) -> tuple[Answer, list[AuditEvent]]:
        kept: list[AuditEvent] = []
        agent = Agent(
            ScriptedModel([sql(statement), say(text), say(text)]),
            world.warehouse,
            world.index,
            embedder,
            authority_of=world.authority_of,
            record=kept.append,
            second_reader=other(sure(second)),
        )
        question = Question("q1", "How many orders?", ANA, datetime(2026, 3, 1, tzinfo=UTC), "c1")
        last = [*agent.ask(question)][-1]
        assert isinstance(last, AnswerReady)
        return last.answer, kept

    return ask


@pytest.mark.requirement("second-reading:rights")
@pytest.mark.parametrize(
    "second",
    [
        "SELECT count(*) AS n FROM zq_vault",
        "SELECT count(DISTINCT zq_card) AS n FROM customers",
        "SELECT pay FROM salaries WHERE employee_id = 3",
    ],
    ids=["a table she may not see", "a column she may not see", "a single cell of figures"],
)
def test_what_the_asker_may_not_read_a_second_reader_may_not_read(as_ana: Asked, second: str) -> None:
    answer, records = as_ana("SELECT count(*) AS n FROM orders", "100 orders.", second)
    assert (answer.status, opinion(answer).verdict) == ("answered", "not_applicable")
    assert opinion(answer).evidence is None
    assert leaks(repr(answer), second) == []
    assert [r.kind for r in records].count("query") == 1


@pytest.mark.requirement("second-reading:rights")
def test_a_second_reading_sees_the_rows_that_the_asker_sees(as_ana: Asked) -> None:
    answer, records = as_ana(
        "SELECT 100 * count(DISTINCT region) AS n FROM orders",
        "100 orders.",
        ("SELECT count(*) AS n FROM orders"),
    )
    assert opinion(answer).verdict == "pass"
    assert [r.kind for r in records].count("query") == 2


@pytest.mark.requirement("second-reading:rights", "governance:stored-results")
def test_a_stored_answer_closes_when_rights_to_a_table_of_its_second_reading_change(
    world: World, as_ana: Asked
) -> None:
    answer, _ = as_ana("SELECT count(*) AS n FROM orders", "100 orders.", "SELECT count(*) n FROM old_orders")
    found, access = (
        opinion(answer),
        world.authority_of(answer.question).access(world.index.catalog(), "duckdb"),
    )
    assert found.summary == "a second reading reads `old_orders` in place of `orders`: 5"
    assert still_seen(answer, access)
    assert found.evidence is not None
    wider = replace(found, evidence=replace(found.evidence, access="as it was before"))
    stored = replace(answer, checks=(wider,))
    assert not still_seen(stored, access)
    with pytest.raises(Refused) as refused:
        require_still_seen(stored, access)
    assert "old_orders" in dict(refused.value.facts)["tables"]


def test_a_rounded_figure_agrees(desk: Desk) -> None:
    turns = [sql("select round(avg(amount), 1) as a from orders"), say("It is 130.5.")]
    second = other(sure("select avg(amount) as a from orders"))
    answer = desk.ask(turns, "What is the average amount of orders?", second_reader=second)
    assert opinion(answer).verdict == "pass"
