"""Tapes: played, checked against what came before, recorded and played again."""

import json
from pathlib import Path

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.models.connect import open_model
from gnomon.models.port import AssistantMessage, ModelRequest, ModelResponse, ToolCall, ToolMessage, Usage
from gnomon.models.scripted import (
    TAPE_FORMAT,
    ExpectedResult,
    RecordingModel,
    ScriptedModel,
    ScriptedTurn,
    request_digest,
)
from wire.asking import ASKED, request

CALL = ToolCall("a", "run_sql", {"sql": "select count(*) from orders"})
COUNTED = ToolMessage("a", "run_sql", {"rows": [[7]], "row_count": 1})
CALLS = ModelResponse("", (CALL,), Usage(10, 5, 0.01))
SAYS = ModelResponse("There are 7 orders.", confidence=0.5, reasoning="counted", unplaced=("soon",))
AFTER_CALL = request(ASKED, AssistantMessage("", (CALL,)), COUNTED)


def ignore(text: str) -> None:
    """Take streamed text and do nothing with it."""


def test_turns_are_played_in_order_and_text_is_streamed() -> None:
    pieces: list[str] = []
    model = ScriptedModel([CALLS, SAYS])
    assert model.respond(request(), pieces.append) == CALLS
    assert model.respond(AFTER_CALL, pieces.append) == SAYS
    assert pieces == ["There are 7 orders."]
    assert model.requests == [request(), AFTER_CALL]


def test_a_function_of_the_request_can_be_the_tape() -> None:
    def reply(asked: ModelRequest) -> ModelResponse:
        return ModelResponse(f"{len(asked.messages)} messages")

    assert ScriptedModel(reply).respond(AFTER_CALL, ignore).text == "3 messages"


def test_the_end_of_the_tape_is_an_error_that_says_what_came_last() -> None:
    model = ScriptedModel([SAYS])
    model.respond(request(), ignore)
    with pytest.raises(Misconfigured, match="has 1 turns, turn 2 was asked for") as caught:
        model.respond(AFTER_CALL, ignore)
    assert "run_sql" in dict(caught.value.facts)["last message"]


def test_expected_results_that_came_let_the_tape_play_on() -> None:
    expected = (ExpectedResult("run_sql", failed=False, content={"rows": [[7]]}),)
    assert ScriptedModel([ScriptedTurn(SAYS, expected)]).respond(AFTER_CALL, ignore) == SAYS


@pytest.mark.parametrize(
    "expected",
    [
        (ExpectedResult("run_sql", content={"rows": [[8]]}),),
        (ExpectedResult("run_sql", failed=True),),
        (ExpectedResult("ask_user"),),
        (),
    ],
    ids=["other cell", "failed", "other tool", "none"],
)
def test_a_result_that_differs_is_an_error_that_shows_both(expected: tuple[ExpectedResult, ...]) -> None:
    model = ScriptedModel([ScriptedTurn(SAYS, expected)])
    with pytest.raises(Misconfigured, match="does not follow the expected tool results") as caught:
        model.respond(AFTER_CALL, ignore)
    assert "row_count" in dict(caught.value.facts)["got"]


def test_a_recording_plays_the_same_replies_to_the_same_requests(tmp_path: Path) -> None:
    tape = tmp_path / "tapes" / "orders.json"
    recorder = RecordingModel(ScriptedModel([CALLS, SAYS], model_id="other:model"), tape)
    assert recorder.model_id == "other:model"
    for asked in (request(), AFTER_CALL):
        recorder.respond(asked, ignore)
    player = ScriptedModel.load(tape, strict=True)
    assert player.respond(request(), ignore) == CALLS
    assert player.respond(AFTER_CALL, ignore) == SAYS
    assert [file.name for file in tape.parent.iterdir()] == ["orders.json"]


def test_a_recording_holds_no_results_and_no_context(tmp_path: Path) -> None:
    tape = tmp_path / "t.json"
    model = RecordingModel(ScriptedModel([ModelResponse("ok")]), tape)
    result = ToolMessage("a", "run_sql", {"rows": [["ana@acme.test"]]})
    model.respond(request(ASKED, result, context_text="salary table"), ignore)
    written = tape.read_text()
    assert "ana@acme" not in written
    assert "salary" not in written


def test_a_strict_replay_refuses_a_request_that_differs(tmp_path: Path) -> None:
    tape = tmp_path / "t.json"
    RecordingModel(ScriptedModel([SAYS]), tape).respond(request(), ignore)
    assert ScriptedModel.load(tape).respond(request(context_text="other"), ignore) == SAYS
    with pytest.raises(Misconfigured, match="does not follow the recorded request"):
        ScriptedModel.load(tape, strict=True).respond(request(context_text="other"), ignore)


def test_the_digest_changes_with_everything_a_model_reads() -> None:
    digests = {
        request_digest(asked)
        for asked in (request(), AFTER_CALL, request(context_text="x"), request(tools=()))
    }
    assert len(digests) == 4
    assert request_digest(request()) == request_digest(request())


def test_a_tape_written_by_hand_may_leave_almost_everything_out(tmp_path: Path) -> None:
    tape = tmp_path / "t.json"
    turns = [{"tool_calls": [{"name": "run_sql", "arguments": {"sql": "select 1"}}]}, {"text": "One."}]
    tape.write_text(json.dumps({"format": TAPE_FORMAT, "turns": turns}))
    model = open_model(f"scripted:{tape}")
    assert model.model_id == f"scripted:{tape}"
    assert model.respond(request(), ignore).tool_calls == (
        ToolCall("call-1", "run_sql", {"sql": "select 1"}),
    )
    assert model.respond(request(), ignore).text == "One."


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        "{}",
        "FORMAT}",
        'FORMAT, "turns": 7}',
        'FORMAT, "turns": [7]}',
        'FORMAT, "turns": [{"tool_calls": [{}]}]}',
        'FORMAT, "turns": [{"txt": "a typing error"}]}',
    ],
)
def test_a_file_that_is_no_tape_says_so(tmp_path: Path, content: str) -> None:
    tape = tmp_path / "t.json"
    tape.write_text(content.replace("FORMAT", f'{{"format": "{TAPE_FORMAT}"'))
    with pytest.raises(Misconfigured, match="is not a tape"):
        ScriptedModel.load(tape)


def test_a_missing_tape_says_so(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be read"):
        open_model(f"scripted:{tmp_path / 'none.json'}")


def test_an_option_that_does_not_fit_the_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="takes no option `base_url`"):
        open_model("grounded", base_url="http://x")
    with pytest.raises(Misconfigured, match="takes no option `colour`") as caught:
        open_model("ollama:qwen3", colour="red")
    assert "timeout_s" in dict(caught.value.facts)["options"]
