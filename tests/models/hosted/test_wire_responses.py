"""What the hosted model sends to, and understands from, a server that speaks OpenAI's responses API."""

import json

import pytest

from gnomon.domain.errors import Failed
from gnomon.models.hosted import HostedModel
from gnomon.models.port import AssistantMessage, ModelResponse, ToolCall, ToolMessage
from wire import openai_wire, responses_wire
from wire.asking import ASKED, request
from wire.server import Reply, WireServer, serving


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")


def ask(reply: Reply, *messages: object) -> tuple[WireServer, ModelResponse, list[str]]:
    """One request answered by one reply; the server, the response, and the streamed pieces."""
    pieces: list[str] = []
    with serving(reply) as server:
        model = HostedModel(
            "openai-responses:gpt-5.5", base_url=f"{server.url}/v1", pause=lambda wait_s: None
        )
        response = model.respond(request(*messages), pieces.append)  # type: ignore[arg-type]
    return server, response, pieces


def test_text_and_calls_stream_and_come_back_with_usage_and_price() -> None:
    _, response, pieces = ask(responses_wire.response("Coun", "ting.", arguments='{"sql": "select 1"}'))
    assert pieces == ["Coun", "ting."]
    assert response.text == "Counting."
    assert response.tool_calls == (ToolCall("a", "run_sql", {"sql": "select 1"}),)
    assert (response.usage.input_tokens, response.usage.output_tokens) == (120, 30)
    assert response.usage.cost_usd


def test_instructions_and_earlier_turns_are_sent() -> None:
    server, _, _ = ask(
        responses_wire.response("ok"),
        ASKED,
        AssistantMessage("Looking.", (ToolCall("a", "run_sql", {"sql": "select 1"}),)),
        ToolMessage("a", "run_sql", {"rows": [["é"]]}),
    )
    sent = server.received[0]
    assert (sent.path, sent.body["instructions"]) == ("/v1/responses", "Answer from the warehouse alone.")
    _, said, call, result = sent.body["input"]
    assert said["content"] == "Looking."
    assert (call["call_id"], json.loads(call["arguments"])) == ("a", {"sql": "select 1"})
    assert (result["call_id"], json.loads(result["output"])["data"]) == ("a", {"rows": [["é"]]})


def test_output_cut_at_the_limit_is_marked() -> None:
    _, response, _ = ask(responses_wire.response("There are", end="incomplete"))
    assert response.truncated


@pytest.mark.requirement("models:broken-stream-is-no-answer")
def test_a_stream_without_an_end_is_no_answer() -> None:
    with pytest.raises(Failed, match="broke off"):
        ask(responses_wire.response("There are 1", end=""))


def test_the_sdks_own_address_variable_leads_to_chat_completions(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(openai_wire.completion("ok")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        assert HostedModel("openai:tiny").respond(request(), lambda text: None).text == "ok"
    assert server.received[0].path == "/v1/chat/completions"
