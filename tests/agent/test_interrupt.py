"""A run can be stopped at any moment, and the conversation goes on."""

import threading
import time

import pytest

from agent.desk import SLOW, Desk, call, following, say, sql
from gnomon.domain.answer import Clarification
from gnomon.domain.events import QueryStarted
from gnomon.models.grounded import GroundedModel
from gnomon.models.port import ModelRequest, ModelResponse
from gnomon.models.scripted import ScriptedModel
from gnomon.warehouses.port import Cancellation

pytestmark = pytest.mark.requirement("X-05")

COUNT = "select count(*) as orders from orders"


def test_cancelling_while_a_query_runs_leaves_an_interrupted_answer(desk: Desk) -> None:
    cancellation = Cancellation()
    agent = desk.agent([sql(COUNT), sql(SLOW), say("never said")])
    began_s = time.monotonic()
    for event in agent.ask(desk.question("Slowly?"), cancellation=cancellation):
        if isinstance(event, QueryStarted) and "JOIN" in event.sql:
            threading.Timer(0.2, cancellation.cancel).start()
        last = event
    answer = last.answer  # type: ignore[union-attr]
    assert time.monotonic() - began_s < 10
    assert (answer.status, answer.result) == ("interrupted", None)
    assert [q.result.id for q in answer.queries] == ["r1"], "what was done so far is kept"
    assert dict(desk.audit[-1].detail)["status"] == "interrupted"


def test_cancelling_while_the_model_thinks_does_not_wait_for_it(desk: Desk) -> None:
    cancellation, thinks = Cancellation(), threading.Event()

    def think(request: ModelRequest) -> ModelResponse:
        cancellation.cancel()
        thinks.wait(30)
        return say("too late")

    began_s = time.monotonic()
    answer = desk.ask(think, cancellation=cancellation)
    thinks.set()
    assert time.monotonic() - began_s < 10
    assert (answer.status, answer.cost.turns) == ("interrupted", 0)
    assert answer.text == "Interrupted. The conversation is kept."


def test_a_run_cancelled_before_it_starts_asks_no_model(desk: Desk) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    model = ScriptedModel([])
    answer = desk.ask(model, cancellation=cancellation)
    assert answer.status == "interrupted"


def test_ctrl_c_leaves_an_interrupted_answer_and_stops_the_query(desk: Desk) -> None:
    cancellation = Cancellation()

    def ctrl_c(clarification: Clarification) -> str | None:
        raise KeyboardInterrupt

    arguments = {"question": "Which?", "options": ["a", "b"], "default": "a"}
    answer = desk.ask(
        [call("ask_user", arguments)], interactive=True, ask_person=ctrl_c, cancellation=cancellation
    )
    assert answer.status == "interrupted"
    assert cancellation.cancelled


def test_ctrl_c_while_the_model_streams_leaves_an_interrupted_answer(desk: Desk) -> None:
    agent = desk.agent([sql(COUNT), say("There are 240 orders.")])
    events = agent.ask(desk.question("How many orders?"))
    next(events)
    last = events.throw(KeyboardInterrupt)  # type: ignore[attr-defined]
    assert last.answer.status == "interrupted"
    assert list(events) == []


def test_the_conversation_goes_on_after_an_interruption(desk: Desk) -> None:
    first = desk.ask(GroundedModel(), "How many orders are there?")
    conversation = following(None, first)
    cancellation = Cancellation()
    cancellation.cancel()
    stopped = desk.ask(GroundedModel(), "and by region?", conversation, cancellation=cancellation)
    assert stopped.status == "interrupted"
    answer = desk.ask(GroundedModel(), "only in 2024", following(conversation, stopped))
    assert answer.status == "answered"
    assert "2024" in answer.sql


def test_an_interrupted_question_can_be_changed_by_the_next_one(desk: Desk) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    stopped = desk.ask(GroundedModel(), "How many orders are there?", cancellation=cancellation)
    answer = desk.ask(GroundedModel(), "only in 2024", following(None, stopped))
    assert answer.status == "answered", answer.text
    assert answer.headline == "83"
