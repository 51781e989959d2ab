"""The hosted model against a real server whose model is too weak to be right: only the plumbing is judged."""

import pytest

from gnomon.domain.errors import Failed, GnomonError
from gnomon.models.connect import open_model
from gnomon.models.port import AssistantMessage, Model, ModelResponse, ToolCall, ToolMessage
from wire.asking import ASKED, request


@pytest.fixture(scope="module")
def model(local_llm_url: str) -> Model:
    """The weak model behind its server."""
    return open_model(f"openai-compatible:{local_llm_url}#smollm2", timeout_s=60.0)


def respond(model: Model, *messages: object, limit: int = 32) -> ModelResponse | GnomonError:
    """What came of one request, with the streamed text checked against the returned one."""
    pieces: list[str] = []
    try:
        response = model.respond(
            request(*messages, max_output_tokens=limit),  # type: ignore[arg-type]
            pieces.append,
        )
    except GnomonError as error:
        return error
    assert "".join(pieces) == response.text
    return response


def test_whatever_it_says_becomes_a_response_within_the_output_limit(model: Model) -> None:
    response = respond(model)
    assert isinstance(response, ModelResponse)
    assert isinstance(response.text, str)
    assert 0 < response.usage.output_tokens <= 32
    assert response.usage.input_tokens > 50
    assert response.usage.cost_usd is None
    # A reply may also end by itself on the last token it is allowed.
    assert response.usage.output_tokens == 32 or not response.truncated


def test_an_exchange_with_calls_and_results_is_taken_by_its_chat_template(model: Model) -> None:
    calls = (ToolCall("a", "run_sql", {"sql": "select count(*) from orders"}),)
    outcome = respond(
        model,
        ASKED,
        AssistantMessage("", calls),
        ToolMessage("a", "run_sql", {"rows": [[7]]}),
        limit=16,
    )
    assert isinstance(outcome, ModelResponse), outcome


def test_a_question_longer_than_its_window_fails_with_the_hint_to_shrink(model: Model) -> None:
    with pytest.raises(Failed) as caught:
        model.respond(request(context_text="orders " * 20_000), lambda text: None)
    assert "shrink the context" in caught.value.hint
