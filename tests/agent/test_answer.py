"""What an answer carries, and the way to it: embed, assemble, loop."""

from collections.abc import Callable, Sequence

import pytest

from agent.desk import Desk, call, following, say, sql
from gnomon.agent.agent import Agent
from gnomon.agent.instructions import INSTRUCTIONS
from gnomon.agent.tools.base import spec
from gnomon.agent.tools.registry import MAX_TOOLS, default_tools
from gnomon.domain.catalog import TableRef
from gnomon.domain.events import QueryStarted, ResultReady, TextDelta
from gnomon.models.grounded import GroundedModel
from gnomon.models.port import ModelRequest, ModelResponse
from gnomon.models.scripted import ScriptedModel
from gnomon.store.results import result_ref

COUNT = "select count(*) as orders from orders"


@pytest.mark.requirement("ODA-03")
def test_an_answer_carries_its_result_the_sql_the_tables_and_how_it_was_reached(desk: Desk) -> None:
    answer = desk.ask([sql(COUNT, "counting the orders"), say("There are 240 orders.")])
    assert (answer.status, answer.text, answer.headline) == ("answered", "There are 240 orders.", "240")
    assert answer.result is not None
    assert answer.result.rows == ((240,),)
    assert answer.sql == 'SELECT\n  count(*) AS orders\nFROM "orders"'
    assert answer.tables == (TableRef("orders"),)
    assert answer.reasoning == "Ran: counting the orders."
    assert answer.model_id == "scripted"
    assert (answer.cost.turns, answer.cost.cost_usd) == (2, 0.0)
    assert answer.confidence > 0.5


@pytest.mark.requirement("ODA-03")
def test_a_reference_holds_the_hash_under_which_the_rows_are_stored(desk: Desk) -> None:
    answer = desk.ask([sql(COUNT), say("There are 240 orders.")])
    assert answer.result is not None
    assert answer.queries[-1].result == result_ref("r1", answer.result)


@pytest.mark.requirement("ODA-03")
def test_every_query_is_kept_and_the_last_is_what_the_answer_stands_on(desk: Desk) -> None:
    turns = [
        sql("select distinct status from orders", "the states"),
        sql("select count(*) as n from orders where status = 'shipped'", "the shipped ones"),
        say("80 orders were shipped."),
    ]
    answer = desk.ask(turns, "How many orders were shipped?")
    assert [q.result.id for q in answer.queries] == ["r1", "r2"]
    assert answer.result is not None
    assert answer.result.rows == ((80,),)
    assert answer.reasoning == "Ran: the states; then the shipped ones."


@pytest.mark.requirement("ODA-03")
def test_a_models_own_reasoning_is_preferred(desk: Desk) -> None:
    answer = desk.ask([sql(COUNT), say("There are 240 orders.", reasoning="`orders` means the table.")])
    assert answer.reasoning == "`orders` means the table."


@pytest.mark.requirement("ODA-04")
def test_one_model_serves_every_request_with_the_same_instructions_and_tools(desk: Desk) -> None:
    model = ScriptedModel(
        [sql(COUNT), say("240."), call("describe_table", {"table": "customers"}), say("It has names.")]
    )
    agent = desk.agent(model)
    desk.ask(agent)
    desk.ask(agent, "What is in customers?")
    assert len(model.requests) == 4
    tools = tuple(spec(t) for t in agent.tools)
    assert all(r.instructions == INSTRUCTIONS and r.tools == tools for r in model.requests)


@pytest.mark.requirement("ODA-04")
def test_the_agent_has_one_model_that_answers_and_nothing_chooses_between_models(desk: Desk) -> None:
    fields = Agent.__dataclass_fields__
    assert [name for name, f in fields.items() if "Model" in str(f.type)] == ["model", "second_reader"]
    assert len(default_tools()) <= MAX_TOOLS
    doubter = ScriptedModel([sql(f"{COUNT} where id > 5"), say("There are 235 orders.")], model_id="other")
    answer = desk.ask([sql(COUNT), say("There are 240 orders.")], second_reader=doubter)
    assert (answer.text, answer.model_id) == ("There are 240 orders.", "scripted")
    assert [q.sql for q in answer.queries] == [answer.sql]


@pytest.mark.requirement("ODA-16")
@pytest.mark.parametrize(
    "model", [GroundedModel, lambda: ScriptedModel([sql(COUNT), say("There are 240 orders.")])]
)
def test_embedding_assembling_and_each_turn_of_the_loop_have_a_span(
    desk: Desk, model: Callable[[], GroundedModel | ScriptedModel]
) -> None:
    made = model()
    answer = desk.ask(made, "How many orders are there?")
    ask = f"ask {made.model_id}"
    assert [s.text for s in answer.steps] == [
        "embed the question",
        "assemble the context",
        ask,
        "run_sql",
        ask,
        "check the answer",
    ]
    assert all(s.at_s >= 0 and s.duration_s >= 0 for s in answer.steps)
    assert [s.at_s for s in answer.steps] == sorted(s.at_s for s in answer.steps)
    assert answer.steps[-1].at_s <= answer.cost.total_s


@pytest.mark.requirement("ODA-16")
def test_the_question_is_embedded_once(desk: Desk) -> None:
    texts: list[str] = []
    embedder = desk.embedder

    class Noting:
        model_id, dimensions = embedder.model_id, embedder.dimensions

        def embed(self, given: Sequence[str]) -> object:
            texts.extend(given)
            return embedder.embed(given)

    desk.embedder = Noting()
    desk.ask([sql(COUNT), say("There are 240 orders.")])
    assert texts == ["How many orders were placed?"]


@pytest.mark.requirement("ODA-21")
def test_the_instructions_state_goals_and_no_steps(desk: Desk) -> None:
    text = INSTRUCTIONS.lower()
    assert "what a good answer is" in text
    lines = [line.strip() for line in text.splitlines()]
    assert not [line for line in lines if line[:1].isdigit()], "a numbered line is a recipe"
    assert not [w for w in ("step", "first,", "then call", "next,", "finally") if w in text]
    named = [t.name for t in default_tools() if t.name in text]
    assert named == [], "which tool to take is the model's choice"
    assert not [t for t in ("orders", "customers") if t in text]


@pytest.mark.requirement("ODA-05")
def test_events_tell_of_a_query_before_it_runs_and_of_text_while_it_streams(desk: Desk) -> None:
    agent = desk.agent([sql(COUNT), say("There are 240 orders.")])
    seen: list[str] = []
    for event in agent.ask(desk.question("How many orders were placed?")):
        if isinstance(event, QueryStarted):
            assert "query" not in [e.kind for e in desk.audit], "the query must not have run yet"
        seen.append(type(event).__name__)
    assert seen.index("QueryStarted") < seen.index("ResultReady") < seen.index("TextDelta")
    assert seen[-1] == "AnswerReady"
    assert {QueryStarted.__name__, ResultReady.__name__, TextDelta.__name__} <= set(seen)


@pytest.mark.requirement("ODA-05")
@pytest.mark.parametrize(
    ("followup", "clause"),
    [("and by region?", "region"), ("only in 2024", "2024"), ("what about North?", "'North'")],
)
def test_a_followup_changes_the_question_before(desk: Desk, followup: str, clause: str) -> None:
    first = desk.ask(GroundedModel(), "How many orders are there?")
    assert first.headline == "240"
    answer = desk.ask(GroundedModel(), followup, following(None, first))
    assert answer.status == "answered", answer.text
    assert clause in answer.sql
    assert any("change to the question before" in a.text for a in answer.assumptions)


@pytest.mark.requirement("ODA-05")
def test_a_model_reads_the_question_before_and_its_sql(desk: Desk) -> None:
    model = ScriptedModel([sql(COUNT), say("240 orders."), sql(COUNT), say("240.")])
    agent = desk.agent(model)
    first = desk.ask(agent)
    desk.ask(agent, "and now?", following(None, first))
    assert "The question before: How many orders were placed?" in model.requests[-1].context_text
    assert first.sql in model.requests[-1].context_text


@pytest.mark.requirement("X-09")
def test_tables_that_look_alike_stand_side_by_side_with_why_each_was_found(desk: Desk) -> None:
    seen: list[ModelRequest] = []

    def reply(request: ModelRequest) -> ModelResponse:
        seen.append(request)
        return say("Cannot answer: just looking.")

    desk.ask(reply, "How many orders were placed?")
    context, text = seen[0].context, seen[0].context_text
    found = {str(c.ref): c.reason for c in context.candidates}
    assert {"orders", "orders_2019"} <= set(found)
    assert all(found.values())
    for name in ("orders", "orders_2019"):
        shown = text[text.index(f"Table {name},") :].split("\n\n")[0]
        assert f"found by: {found[name]}" in shown
    assert "use instead: orders" in text


@pytest.mark.requirement("X-09")
def test_of_tables_that_look_alike_the_default_model_takes_the_one_to_use(desk: Desk) -> None:
    assert desk.ask(GroundedModel(), "How many orders are there?").tables == (TableRef("orders"),)
