"""Questions about meaning, ownership and structure are answered from the context, without a query."""

import pytest

from agent.desk import Desk, call, say, sql
from gnomon.agent.bounds import Bounds
from gnomon.models.grounded import GroundedModel
from gnomon.models.port import CANNOT_ANSWER
from gnomon.models.scripted import ScriptedModel

pytestmark = pytest.mark.requirement("X-08")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What does tier mean in customers?", "Loyalty level, set by the sales team"),
        ("Who owns orders?", "the finance team"),
        ("What columns does order_items have?", "quantity"),
        ("Which tables are there?", "orders_2019"),
    ],
)
def test_meaning_ownership_and_structure_need_no_query(desk: Desk, question: str, said: str) -> None:
    answer = desk.ask(GroundedModel(), question)
    assert (answer.status, answer.queries, answer.result) == ("answered", (), None)
    assert said in answer.text
    assert "query" not in [e.kind for e in desk.audit]
    assert [(c.name, c.verdict) for c in answer.checks] == [("context_trace", "pass")]


def test_a_model_is_shown_owner_and_meaning(desk: Desk) -> None:
    model = ScriptedModel([say("The finance team owns orders.")])
    answer = desk.ask(model, "Who owns orders?")
    assert (answer.status, answer.queries) == ("answered", ())
    assert "owner: «the finance team»" in model.requests[0].context_text
    assert "Loyalty level, set by the sales team" in model.requests[0].context_text
    assert answer.reasoning == "Answered from what is known about the tables, without a query."


def test_a_number_that_the_context_holds_may_be_said(desk: Desk) -> None:
    answer = desk.ask([say("The table orders holds 240 rows in 5 columns.")], "What is in orders?")
    assert answer.status == "answered", answer.text


@pytest.mark.parametrize(
    "invented", ["777", "seven hundred", "1.5 million", "31,320.25", "83%", "2031-05-05"]
)
def test_a_number_that_the_context_does_not_hold_is_refused(desk: Desk, invented: str) -> None:
    model = ScriptedModel([say(f"Last year there were {invented} orders."), say(f"I think {invented}.")])
    answer = desk.ask(model, "How many orders came in last year?", bounds=Bounds(max_revisions=1))
    assert answer.status == "abstained"
    assert invented not in answer.text
    assert "Run a query for it." in model.requests[1].messages[-1].text  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["1", "The answer is 1.", "There is 1 order.", "There are 30 orders."])
def test_a_number_that_the_context_holds_of_something_else_is_refused(desk: Desk, text: str) -> None:
    """Every context holds a 1, and 30 is the number of customers."""
    answer = desk.ask([say(text), say(text)], "How many orders are there?")
    assert (answer.status, answer.result) == ("abstained", None)


def test_after_a_refusal_the_model_can_run_the_query(desk: Desk) -> None:
    turns = [
        say("There were 77 orders in 2024."),
        sql("select count(*) as n from orders where year(order_date) = 2024"),
        say("There were 83 orders in 2024."),
    ]
    answer = desk.ask(turns, "How many orders were placed in 2024?")
    assert (answer.status, answer.headline) == ("answered", "83")


def test_what_a_look_at_a_column_found_may_be_said(desk: Desk) -> None:
    look = call("profile_column", {"table": "order_items", "column": "product"})
    answer = desk.ask([look, say("The items name 3 products.")], "How many products do the items name?")
    assert (answer.status, answer.queries) == ("answered", ())


def test_numbers_that_only_a_models_own_words_hold_support_nothing(desk: Desk) -> None:
    echo = call("ask_user", {"question": "777?", "options": ["777", "778"], "default": "777"})
    answer = desk.ask([echo, say("There were 777."), say("There were 777.")], "How many?")
    assert answer.status == "abstained"


def test_a_reason_for_not_answering_says_no_invented_number_either(desk: Desk) -> None:
    turns = [say(f"{CANNOT_ANSWER} Margins are not stored. Usually they are about 37%.")]
    answer = desk.ask(turns, "What is our margin?")
    assert (answer.status, answer.text) == ("abstained", "Margins are not stored.")


def test_a_reason_made_of_invented_numbers_alone_is_replaced(desk: Desk) -> None:
    answer = desk.ask([say(f"{CANNOT_ANSWER} it is 37%")], "What is our margin?")
    assert "37" not in answer.text
    assert answer.text
