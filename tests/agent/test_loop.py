"""The loop: calls are dispatched, what came of them goes back, and something always ends it."""

import itertools
import threading
from collections.abc import Callable

import pytest

from agent.desk import SLOW, Desk, call, results, say, sql
from gnomon.agent.bounds import Bounds
from gnomon.domain.errors import Failed, Misconfigured
from gnomon.domain.events import AuditEvent, QueryStarted, ToolFailed
from gnomon.domain.query import Limits
from gnomon.models.port import ModelRequest, ModelResponse, ToolCall, Usage
from gnomon.models.scripted import ScriptedModel

pytestmark = pytest.mark.requirement("ODA-05")

COUNT = "select count(*) as orders from orders"


class FailingModel:
    """A provider that is down."""

    model_id = "down"

    def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelResponse:
        raise Failed("the provider answered 500", hint="try again later")


def test_a_tool_result_goes_back_to_the_model(desk: Desk) -> None:
    model = ScriptedModel([sql(COUNT), say("There are 240 orders.")])
    desk.ask(model)
    (shown,) = results(model.requests[1])
    assert (shown.tool, shown.failed) == ("run_sql", False)
    assert shown.content["rows"] == [[240]]


def test_each_of_several_calls_in_one_turn_gets_its_result(desk: Desk) -> None:
    calls = (
        ToolCall("a", "describe_table", {"table": "customers"}),
        ToolCall("b", "run_sql", {"sql": COUNT}),
        ToolCall("c", "no_such_tool", {}),
    )
    model = ScriptedModel([ModelResponse("", calls), say("There are 240 orders.")])
    assert desk.ask(model).status == "answered"
    assert [(m.call_id, m.failed) for m in results(model.requests[1])] == [
        ("a", False),
        ("b", False),
        ("c", True),
    ]


@pytest.mark.parametrize(
    ("turn", "told"),
    [
        (call("run_sqll", {}), "there is no tool `run_sqll`"),
        (call("run_sql", {}), "`sql` is missing"),
        (call("run_sql", {"sql": COUNT, "rows": 5}), "`rows` is not known; known are `sql`"),
        (
            call("run_sql", {}, problem="the arguments are not JSON"),
            "not readable: the arguments are not JSON",
        ),
        (sql("select count(*) from ordres"), "ordres"),
        (sql("select 1; select 2"), "statement"),
        (sql("selec count(*) from orders"), ""),
        (call("describe_table", {"table": "Custmers"}), "there is no table `Custmers`"),
        (call("make_chart", {"kind": "bar", "x": "a", "y": ["b"]}), "no result to draw"),
        (call("ask_user", {"question": "?", "options": ["a", "b"], "default": "c"}), "must be one of"),
        (sql("select cast(status as integer) from orders"), ""),
    ],
)
def test_a_call_that_does_not_work_out_is_told_to_the_model_which_goes_on(
    desk: Desk, turn: ModelResponse, told: str
) -> None:
    model = ScriptedModel([turn, sql(COUNT), say("There are 240 orders.")])
    answer = desk.ask(model)
    assert answer.status == "answered"
    (shown,) = results(model.requests[1])
    assert shown.failed
    assert told in shown.content["error"]
    assert [e.tool for e in desk.told(ToolFailed)] == [turn.tool_calls[0].name]


def test_a_misspelt_table_is_answered_with_the_nearest_one(desk: Desk) -> None:
    model = ScriptedModel([call("describe_table", {"table": "CUSTMERS"}), say("Cannot answer: no.")])
    desk.ask(model)
    assert results(model.requests[1])[0].content["hint"] == "did you mean `customers`?"


@pytest.mark.parametrize("statement", ["delete from orders", "select * from read_csv('/etc/passwd')"])
def test_a_refusal_is_audited_and_told_and_nothing_runs(desk: Desk, statement: str) -> None:
    model = ScriptedModel([sql(statement), say("Cannot answer: it is not allowed.")])
    answer = desk.ask(model)
    assert (answer.status, answer.queries) == ("abstained", ())
    shown = results(model.requests[1])[0]
    kinds = [e.kind for e in desk.audit]
    if "rule" in shown.content:
        refusal = next(e for e in desk.audit if e.kind == "refusal")
        assert dict(refusal.detail)["rule"] == shown.content["rule"]
    assert shown.failed
    assert "query" not in kinds
    assert desk.told(QueryStarted) == []


def test_each_act_is_recorded_before_it_happens(desk: Desk) -> None:
    order: list[str] = []
    desk.warehouse = _Noting(desk.warehouse, order)  # type: ignore[assignment]
    answer = desk.ask(
        [sql(COUNT), say("There are 240 orders.")],
        record=lambda event: order.append(event.kind),
    )
    assert answer.status == "answered"
    assert order[:4] == ["question", "decision", "query", "execute"]
    assert order[-1] == "answer"


class _Noting:
    """The warehouse, with a note of each execution."""

    def __init__(self, warehouse: object, order: list[str]) -> None:
        self._warehouse, self._order = warehouse, order

    def __getattr__(self, name: str) -> object:
        if name == "execute":
            self._order.append(name)
        return getattr(self._warehouse, name)


@pytest.mark.parametrize("error", [Misconfigured("no room for the audit log"), OSError("no room")])
def test_a_query_that_cannot_be_recorded_does_not_run(desk: Desk, error: Exception) -> None:
    order: list[str] = []
    desk.warehouse = _Noting(desk.warehouse, order)  # type: ignore[assignment]

    def record(event: AuditEvent) -> None:
        if event.kind == "query":
            raise error

    with pytest.raises(type(error), match="no room"):
        desk.ask([sql(COUNT), say("There are 240 orders.")], record=record)
    assert order == []


def test_what_an_operator_has_to_mend_is_not_told_to_the_model(desk: Desk) -> None:
    model = ScriptedModel([sql(COUNT)])
    with pytest.raises(Misconfigured, match="has 1 turns"):
        desk.ask(model)


def test_a_model_that_fails_ends_in_an_answer_that_says_so(desk: Desk) -> None:
    answer = desk.ask(FailingModel())
    assert answer.status == "failed"
    assert answer.text == "I could not go on: the provider answered 500. try again later"


def _describes_forever(request: ModelRequest) -> ModelResponse:
    return call("describe_table", {"table": "orders"})


def test_a_model_that_loops_forever_is_stopped_by_the_number_of_turns(desk: Desk) -> None:
    answer = desk.ask(_describes_forever, bounds=Bounds(max_turns=4))
    assert answer.status == "abstained"
    assert answer.text == "I stopped before I had an answer: the limit of 4 model turns is used up."
    assert answer.cost.turns == 4


def test_seconds_stop_a_model_that_does_not_come_back(desk: Desk) -> None:
    never = threading.Event()

    def wait(request: ModelRequest) -> ModelResponse:
        never.wait(30)
        return say("too late")

    answer = desk.ask(wait, bounds=Bounds(max_total_s=0.4))
    never.set()
    assert (answer.status, answer.cost.turns) == ("abstained", 0)
    assert "the limit of 0.4 seconds is used up" in answer.text
    assert answer.cost.total_s < 5


def test_seconds_stop_a_query_that_takes_longer_than_the_question_has(desk: Desk) -> None:
    answer = desk.ask([sql(SLOW)], bounds=Bounds(max_total_s=1.0), limits=Limits(timeout_s=60))
    assert answer.status == "abstained"
    assert answer.cost.total_s < 10


def test_many_calls_in_one_turn_do_not_pass_the_bounds(desk: Desk) -> None:
    calls = tuple(ToolCall(str(i), "run_sql", {"sql": "select * from letters"}) for i in range(50))
    answer = desk.ask([ModelResponse("", calls)], bounds=Bounds(max_result_bytes=60_000))
    assert "the limit of 60,000 result bytes is used up" in answer.text
    assert 1 <= len(answer.queries) < 5


def test_result_bytes_stop_it(desk: Desk) -> None:
    turns = (sql("select * from letters") for _ in itertools.count())
    answer = desk.ask(lambda request: next(turns), bounds=Bounds(max_result_bytes=100_000))
    assert "the limit of 100,000 result bytes is used up" in answer.text


def test_cost_stops_it(desk: Desk) -> None:
    def dear(request: ModelRequest) -> ModelResponse:
        return ModelResponse("", _describes_forever(request).tool_calls, Usage(10, 5, 0.3))

    answer = desk.ask(dear, bounds=Bounds(max_cost_usd=1.0))
    assert "the limit of 1.00 USD is used up" in answer.text
    assert (answer.cost.turns, answer.cost.input_tokens, answer.cost.output_tokens) == (4, 40, 20)
    assert answer.cost.cost_usd == pytest.approx(1.2)


def test_a_call_of_unknown_price_makes_the_price_unknown(desk: Desk) -> None:
    turns = [
        ModelResponse("", sql(COUNT).tool_calls, Usage(1, 1, None)),
        ModelResponse("240 orders.", usage=Usage(1, 1, 0.1)),
    ]
    assert desk.ask(turns).cost.cost_usd is None
