"""What the checks find goes back to the model, which corrects its SQL or its words."""

import pytest

from agent.desk import Desk, call, say, sql
from gnomon.agent.bounds import Bounds
from gnomon.agent.candidate import with_cards_of
from gnomon.agent.case_state import CaseState
from gnomon.domain.context import Context
from gnomon.domain.events import CheckDone
from gnomon.models.port import ModelRequest, ModelResponse, UserMessage
from gnomon.models.scripted import ScriptedModel
from gnomon.warehouses.port import Cancellation

pytestmark = pytest.mark.requirement("ODA-20")

COUNT = "select count(*) as orders from orders"
FANNED = """select sum(o.amount) as amount from orders o join order_items i on i.order_id = o.id"""
HONEST = "select sum(amount) as amount from orders"


def told(request: ModelRequest) -> str:
    """What the checks said last."""
    return next(
        m.text for m in reversed(request.messages) if isinstance(m, UserMessage) and m.origin == "checks"
    )


def test_a_join_that_repeats_rows_goes_back_and_the_corrected_sql_is_answered(desk: Desk) -> None:
    turns = [sql(FANNED), say("There is a total."), sql(HONEST), say("The orders come to 31,320.")]
    model = ScriptedModel(turns)
    answer = desk.ask(model, "What is the total amount of the orders?")
    assert "join_fanout" in told(model.requests[2])
    assert (answer.status, answer.text) == ("answered", "The orders come to 31,320.")
    assert "JOIN" not in answer.sql
    assert [q.result.id for q in answer.queries] == ["r1", "r2"]
    assert [c.verdict for c in answer.checks if c.name == "join_fanout"] != ["fail"]
    assert next(e.check.verdict for e in desk.told(CheckDone) if e.check.name == "join_fanout") == "fail"


def test_a_filter_value_that_does_not_exist_goes_back_with_the_near_one(desk: Desk) -> None:
    where = "select count(*) as n from orders where status = "
    model = ScriptedModel(
        [
            sql(where + "'shiped'"),
            say("No order was shipped."),
            sql(where + "'shipped'"),
            say("80 orders were shipped."),
        ]
    )
    answer = desk.ask(model, "How many orders were shipped?")
    assert "shipped" in told(model.requests[2])
    assert (answer.status, answer.headline) == ("answered", "80")
    assert answer.reasoning.endswith("The checks sent a first answer back.")


def test_a_number_that_no_cell_holds_goes_back_and_the_model_mends_its_words(desk: Desk) -> None:
    model = ScriptedModel([sql(COUNT), say("There are 999 orders."), say("There are 240 orders.")])
    answer = desk.ask(model)
    assert "999" in told(model.requests[2])
    assert (answer.status, answer.text) == ("answered", "There are 240 orders.")


def test_numbers_that_do_not_trace_are_not_said_once_the_revisions_are_used_up(desk: Desk) -> None:
    turns = [sql(COUNT), *(say(f"There are {n} orders.") for n in (997, 998, 999))]
    answer = desk.ask(turns, bounds=Bounds(max_revisions=2))
    assert (answer.status, answer.text) == ("answered", "orders is 240.")
    assert answer.cost.turns == 4
    own = [c for c in answer.checks if c.name == "own_words"]
    assert [c.verdict for c in own] == ["warn"]
    assert all(c.verdict != "fail" for c in answer.checks)
    assert answer.confidence < desk.ask([sql(COUNT), say("There are 240 orders.")]).confidence


def test_a_model_that_repeats_itself_is_not_asked_again(desk: Desk) -> None:
    answer = desk.ask([sql(COUNT), say("999 orders."), say("999 orders.")], bounds=Bounds(max_revisions=9))
    assert (answer.text, answer.cost.turns) == ("orders is 240.", 3)


@pytest.mark.parametrize("broken", [say("There are 24", truncated=True), say(""), say("  \n ")])
def test_a_reply_that_is_cut_off_or_empty_is_not_taken_for_an_answer(
    desk: Desk, broken: ModelResponse
) -> None:
    model = ScriptedModel([sql(COUNT), broken, say("There are 240 orders.")])
    answer = desk.ask(model)
    assert "reply_whole" in told(model.requests[2])
    assert (answer.status, answer.text) == ("answered", "There are 240 orders.")


def test_a_model_that_only_ever_gets_cut_off_is_answered_for_by_the_result(desk: Desk) -> None:
    cut = (say(f"{'well ' * n} there are 240", truncated=True) for n in range(9))
    answer = desk.ask([sql(COUNT), *cut])
    assert (answer.status, answer.text) == ("answered", "orders is 240.")


def test_a_model_that_says_nothing_at_all_ends_in_an_abstention(desk: Desk) -> None:
    answer = desk.ask([say(""), say("")])
    assert (answer.status, answer.confidence) == ("abstained", 0.0)
    assert answer.text == "I could not support an answer with a query."


def test_a_query_that_reads_no_table_supports_nothing(desk: Desk) -> None:
    model = ScriptedModel([sql("select 999 as orders"), say("There are 999 orders."), say("999 orders.")])
    answer = desk.ask(model, bounds=Bounds(max_revisions=1))
    assert "reads_data" in told(model.requests[2])
    assert answer.status == "abstained"


def test_below_the_threshold_it_abstains_and_says_what_stood_in_the_way(desk: Desk) -> None:
    turns = [sql(FANNED), *(say(f"Here is the total{dots}") for dots in (".", "..", "..."))]
    answer = desk.ask(turns, "What is the total amount of the orders?")
    assert (answer.status, answer.result) == ("abstained", None), answer.checks
    assert answer.text.startswith("I found a result but do not trust it: ")
    assert next(c.summary for c in answer.checks if c.verdict == "fail") in answer.text
    assert len(answer.queries) == 1, "what was tried is shown"


def test_an_unsure_reading_is_not_answered(desk: Desk) -> None:
    answer = desk.ask([sql(COUNT), say("There are 240 orders.", confidence=0.3)])
    assert answer.status == "abstained"
    assert "too unsure" in answer.text
    sure = desk.ask([sql(COUNT), say("There are 240 orders.", confidence=0.3)], min_confidence=0.1)
    assert sure.status == "answered"


def test_checks_of_an_older_candidate_do_not_stick_to_a_newer_query(desk: Desk) -> None:
    turns = [sql(FANNED), say("A total."), sql(HONEST), call("describe_table", {"table": "orders"})]
    answer = desk.ask(turns, "What is the total amount of the orders?", bounds=Bounds(max_turns=4))
    assert answer.status == "abstained"
    assert answer.checks == ()


def test_a_chart_of_columns_that_the_result_repeats_goes_back(desk: Desk) -> None:
    two = "select status, count(*) as n, sum(amount) as n from orders group by status"
    chart = call("make_chart", {"kind": "bar", "x": "status", "y": ["n"]})
    model = ScriptedModel([sql(two), chart, say("See the chart."), say("See the table.")])
    desk.ask(model, "Orders by status?", bounds=Bounds(max_revisions=1))
    assert "chart_equals_result" in told(model.requests[3])


def test_a_chart_is_checked_against_the_result_that_it_draws(desk: Desk) -> None:
    by_status = "select status, count(*) as n from orders group by status order by status"
    chart = call("make_chart", {"kind": "bar", "x": "status", "y": ["n"]})
    answer = desk.ask([sql(by_status), chart, say("Each status has 80 orders.")], "Orders by status?")
    assert answer.chart is not None
    assert [c.verdict for c in answer.checks if c.name == "chart_equals_result"] == ["pass"]


def test_the_checks_see_the_card_of_a_table_that_the_context_left_out(desk: Desk) -> None:
    answered = desk.ask([sql(COUNT), say("There are 240 orders.")])
    case = CaseState(answered.question, Context("duckdb", answered.question.asked_at))
    query = desk.agent([])._environment(case, Cancellation()).authorize(COUNT, "")
    assert answered.result is not None
    case.record_query(query, answered.result, "", ())
    assert case.final is not None
    context = with_cards_of(case.context, desk.index, case.final)
    assert [str(c.ref) for c in context.cards] == ["orders"]
