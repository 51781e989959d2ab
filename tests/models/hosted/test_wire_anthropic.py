"""What the hosted model sends to, and understands from, a server that speaks Anthropic's messages."""

import pytest

from gnomon.models.hosted import HostedModel
from gnomon.models.port import AssistantMessage, ModelResponse, ToolCall, ToolMessage
from wire import anthropic_wire
from wire.asking import ASKED, RUN_SQL, request
from wire.server import Reply, WireServer, serving

MODEL = "anthropic:claude-sonnet-5-5"


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret")


def ask(reply: Reply, *messages: object) -> tuple[WireServer, ModelResponse, list[str]]:
    """One request answered by one reply; the server, the response, and the streamed pieces."""
    pieces: list[str] = []
    with serving(reply) as server:
        model = HostedModel(MODEL, base_url=server.url)
        response = model.respond(request(*messages), pieces.append)  # type: ignore[arg-type]
    return server, response, pieces


def test_text_and_parallel_calls_stream_and_come_back_with_usage_and_price() -> None:
    calls = [("a", "run_sql", '{"sql": "select 1"}'), ("b", "run_sql", '{"sql": "select 2"}')]
    _, response, pieces = ask(anthropic_wire.message("Coun", "ting.", calls=calls, stop="tool_use"))
    assert pieces == ["Coun", "ting."]
    assert response.text == "Counting."
    assert [(c.id, dict(c.arguments)) for c in response.tool_calls] == [
        ("a", {"sql": "select 1"}),
        ("b", {"sql": "select 2"}),
    ]
    assert (response.usage.input_tokens, response.usage.output_tokens) == (120, 30)
    assert response.usage.cost_usd is not None
    assert 0 < response.usage.cost_usd < 0.01


def test_price_is_unknown_for_a_model_without_a_list_price() -> None:
    _, response, _ = ask(anthropic_wire.message("ok", model="house-model"))
    assert response.usage.cost_usd is None


def test_instructions_and_tools_are_sent_as_a_cached_prefix() -> None:
    server, _, _ = ask(anthropic_wire.message("ok"))
    sent = server.received[0]
    assert sent.path == "/v1/messages"
    assert any("sk-ant-secret" in value for value in sent.headers.values())
    assert sent.body["max_tokens"] == 256
    (system,) = sent.body["system"]
    assert system["text"] == "Answer from the warehouse alone."
    assert system["cache_control"]["type"] == "ephemeral"
    first, last = sent.body["tools"]
    assert (first["name"], first["input_schema"]) == ("run_sql", dict(RUN_SQL.parameters))
    assert last["cache_control"]["type"] == "ephemeral"


def test_results_of_one_turn_share_one_message_and_failed_ones_are_marked() -> None:
    calls = (ToolCall("a", "run_sql", {"sql": "select 1"}), ToolCall("b", "run_sql", {"sql": "oops"}))
    server, _, _ = ask(
        anthropic_wire.message("ok"),
        ASKED,
        AssistantMessage("Looking.", calls),
        ToolMessage("a", "run_sql", {"rows": [[7]]}),
        ToolMessage("b", "run_sql", {"error": "no table"}, failed=True),
    )
    question, assistant, results = server.received[0].body["messages"]
    assert [m["role"] for m in (question, assistant, results)] == ["user", "assistant", "user"]
    assert [block["type"] for block in assistant["content"]] == ["text", "tool_use", "tool_use"]
    assert [(r["tool_use_id"], r.get("is_error", False)) for r in results["content"]] == [
        ("a", False),
        ("b", True),
    ]


def test_malformed_arguments_become_a_problem_of_the_call() -> None:
    _, response, _ = ask(anthropic_wire.message(calls=[("a", "run_sql", '{"sql": oops}')], stop="tool_use"))
    assert "not JSON" in response.tool_calls[0].problem


def test_output_cut_at_the_limit_is_marked() -> None:
    _, response, _ = ask(anthropic_wire.message("There are", stop="max_tokens"))
    assert response.truncated
