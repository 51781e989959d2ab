"""A question back: a default where nobody answers, the choice where somebody does."""

import time
from collections.abc import Callable

import pytest

from agent.desk import Desk, call, results, say, sql
from gnomon.agent.bounds import Bounds
from gnomon.domain.answer import Clarification
from gnomon.domain.events import ClarificationAsked
from gnomon.models.scripted import ScriptedModel

pytestmark = pytest.mark.requirement("X-04")

ASK = call(
    "ask_user",
    {"question": "Which orders?", "options": ["placed", "shipped", "pending"], "default": "placed"},
)
COUNT = sql("select count(*) as orders from orders")
SHIPPED = sql("select count(*) as orders from orders where status = 'shipped'")


def chooses(option: str | None) -> Callable[[Clarification], str | None]:
    """A person who takes that option."""
    return lambda clarification: option


def test_unanswered_it_takes_the_default_and_the_answer_says_so(desk: Desk) -> None:
    model = ScriptedModel([ASK, COUNT, say("There are 240 orders.")])
    answer = desk.ask(model)
    assert answer.status == "answered"
    (assumption,) = answer.assumptions
    assert assumption.text == "Which orders? Taken: placed."
    assert assumption.alternative == "or say: shipped, pending"
    assert results(model.requests[1])[0].content == {
        "question": "Which orders?",
        "chosen": "placed",
        "by_person": False,
    }


def test_the_default_stays_stated_beside_what_the_query_assumes(desk: Desk) -> None:
    assumed = sql("select count(*) as orders from orders", assumptions=[{"text": "Cancelled orders count."}])
    answer = desk.ask([ASK, assumed, say("There are 240 orders.")])
    assert [a.text for a in answer.assumptions] == ["Which orders? Taken: placed.", "Cancelled orders count."]


def test_a_person_is_not_asked_where_nobody_is_there(desk: Desk) -> None:
    def nobody_is_there(clarification: Clarification) -> str | None:
        raise AssertionError("asked")

    answer = desk.ask([ASK, COUNT, say("There are 240 orders.")], ask_person=nobody_is_there)
    assert len(answer.assumptions) == 1


def test_a_persons_choice_is_taken_and_is_no_assumption(desk: Desk) -> None:
    model = ScriptedModel([ASK, SHIPPED, say("80 orders were shipped.")])
    answer = desk.ask(model, interactive=True, ask_person=chooses("shipped"))
    assert results(model.requests[1])[0].content["chosen"] == "shipped"
    assert answer.assumptions == ()
    assert answer.clarification is not None
    assert answer.clarification.options == ("placed", "shipped", "pending")
    assert "Asked: Which orders? Taken: shipped." in answer.reasoning


def test_a_person_who_gives_no_answer_gets_the_default_stated(desk: Desk) -> None:
    answer = desk.ask([ASK, COUNT, say("There are 240 orders.")], interactive=True, ask_person=chooses(None))
    assert [a.text for a in answer.assumptions] == ["Which orders? Taken: placed."]


def test_the_question_back_is_told_before_the_person_is_asked(desk: Desk) -> None:
    def after_the_event(clarification: Clarification) -> str | None:
        assert seen == [clarification]
        return "placed"

    seen: list[Clarification] = []
    agent = desk.agent([ASK, COUNT, say("There are 240 orders.")], ask_person=after_the_event)
    for event in agent.ask(desk.question("How many?", interactive=True)):
        if isinstance(event, ClarificationAsked):
            seen.append(event.clarification)
    assert len(seen) == 1


def test_the_time_a_person_takes_does_not_count_against_the_bounds(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, late_s = time.monotonic, [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock() + late_s[0])

    def slowly(clarification: Clarification) -> str | None:
        late_s[0] += 3_600
        return "placed"

    answer = desk.ask(
        [ASK, COUNT, say("There are 240 orders.")],
        interactive=True,
        ask_person=slowly,
        bounds=Bounds(max_total_s=60.0),
    )
    assert answer.status == "answered", answer.text


def test_a_model_may_ask_three_times_and_not_a_fourth(desk: Desk) -> None:
    model = ScriptedModel([ASK, ASK, ASK, ASK, COUNT, say("There are 240 orders.")])
    answer = desk.ask(model)
    assert [m.failed for m in results(model.requests[4])] == [False, False, False, True]
    assert answer.status == "answered"
    assert len(answer.assumptions) == 1, "the same default is said once"
