"""Models that play a written tape, and a wrapper that writes one: for tests and replay."""

import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

from gnomon.domain.answer import ReadWords
from gnomon.domain.errors import Misconfigured
from gnomon.models.port import (
    Model,
    ModelRequest,
    ModelResponse,
    ToolCall,
    ToolMessage,
    Usage,
)

TAPE_FORMAT = "gnomon-tape/1"
_WRITE_A_TAPE = "record the tape again, or add the missing turn to it"


@dataclass(frozen=True, slots=True)
class ExpectedResult:
    """What the tape saw a tool give back before it spoke.

    Args:
        tool: The tool's name.
        failed: Whether the call failed; None if either will do.
        content: Items that the result must hold with equal values; further ones may be there.
    """

    tool: str
    failed: bool | None = None
    content: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class ScriptedTurn:
    """One reply of the tape, and what must have come before it.

    Args:
        expects: The tool results that end the request, in order; None if any will do.
        digest: The request's digest when the tape was recorded; empty if it was written by hand.
    """

    response: ModelResponse
    expects: tuple[ExpectedResult, ...] | None = None
    digest: str = ""


Reply = Callable[[ModelRequest], ModelResponse]


class ScriptedModel:
    """Plays turns in order, or asks a function for each reply.

    Args:
        turns: Turns or plain responses, in the order of the requests; or a function of the request.
        strict: Compare each request's digest with the recorded one.

    `requests` keeps every request it was asked, oldest first.
    """

    def __init__(
        self,
        turns: Sequence[ScriptedTurn | ModelResponse] | Reply,
        *,
        model_id: str = "scripted",
        strict: bool = False,
    ) -> None:
        self._reply = turns if callable(turns) else None
        self._turns = () if callable(turns) else tuple(_as_turn(turn) for turn in turns)
        self._model_id = model_id
        self._strict = strict
        self._lock = threading.Lock()
        self.requests: list[ModelRequest] = []

    @classmethod
    def load(cls, path: Path, *, strict: bool = False) -> "ScriptedModel":
        """Read a tape file.

        Raises:
            Misconfigured: There is no such file, or it is not a tape.
        """
        return cls(read_tape(path), model_id=f"scripted:{path}", strict=strict)

    @property
    def model_id(self) -> str:
        """`scripted`, with the tape's path if it was read from a file."""
        return self._model_id

    def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelResponse:
        """The tape's next reply; its text goes to `on_text` in one piece.

        Raises:
            Misconfigured: The tape has ended, or what came before is not what it expects.
        """
        with self._lock:
            self.requests.append(request)
            position = len(self.requests)
        response = self._reply(request) if self._reply else self._play(position, request)
        if response.text:
            on_text(response.text)
        return response

    def _play(self, position: int, request: ModelRequest) -> ModelResponse:
        if position > len(self._turns):
            raise Misconfigured(
                f"the tape of `{self._model_id}` has {len(self._turns)} turns, turn {position} was asked for",
                facts=(("last message", _last_message(request)),),
                hint=_WRITE_A_TAPE,
            )
        turn = self._turns[position - 1]
        if turn.expects is not None:
            self._compare(position, turn.expects, trailing_results(request))
        digest = request_digest(request) if self._strict and turn.digest else turn.digest
        if digest != turn.digest:
            raise self._differs(position, "the recorded request", turn.digest, digest)
        return turn.response

    def _compare(
        self, position: int, expected: tuple[ExpectedResult, ...], got: tuple[ToolMessage, ...]
    ) -> None:
        matching = len(expected) == len(got) and all(map(_matches, expected, got))
        if not matching:
            raise self._differs(position, "the expected tool results", _short(expected), _short(got))

    def _differs(self, position: int, what: str, expected: str, got: str) -> Misconfigured:
        return Misconfigured(
            f"turn {position} of `{self._model_id}` does not follow {what}",
            facts=(("expected", expected), ("got", got)),
            hint=_WRITE_A_TAPE,
        )


class RecordingModel:
    """Lets another model answer and writes each reply to a tape that `ScriptedModel` plays.

    The tape holds the model's replies, the names of the tools called before each, and a digest of each
    request. It holds no tool results and no context.
    """

    def __init__(self, model: Model, path: Path) -> None:
        self._model = model
        self._path = path
        self._lock = threading.Lock()
        self._turns: list[ScriptedTurn] = []

    @property
    def model_id(self) -> str:
        """The id of the model that answers."""
        return self._model.model_id

    def respond(self, request: ModelRequest, on_text: Callable[[str], None]) -> ModelResponse:
        """The other model's reply, which is on disk when this returns."""
        response = self._model.respond(request, on_text)
        expects = tuple(ExpectedResult(m.tool, m.failed) for m in trailing_results(request))
        with self._lock:
            self._turns.append(ScriptedTurn(response, expects, request_digest(request)))
            write_tape(self._path, self._turns, model_id=self.model_id)
        return response


def request_digest(request: ModelRequest) -> str:
    """A hash of everything a hosted model reads: equal requests, equal digests."""
    read = {
        "instructions": request.instructions,
        "context": request.context_text,
        "messages": [(type(message).__name__, message) for message in request.messages],
        "tools": request.tools,
    }
    canonical = json.dumps(read, sort_keys=True, ensure_ascii=False, default=_jsonable)
    return hashlib.sha256(canonical.encode()).hexdigest()


def trailing_results(request: ModelRequest) -> tuple[ToolMessage, ...]:
    """The tool results at the end of the exchange, in order."""
    results: list[ToolMessage] = []
    for message in reversed(request.messages):
        if not isinstance(message, ToolMessage):
            break
        results.append(message)
    return tuple(reversed(results))


def read_tape(path: Path) -> tuple[ScriptedTurn, ...]:
    """The turns of a tape file.

    Raises:
        Misconfigured: There is no such file, or it is not a tape; the message says where it goes wrong.
    """
    try:
        tape = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Misconfigured(f"the tape `{path}` cannot be read", facts=(("because", str(error)),)) from None
    except ValueError as error:
        raise _not_a_tape(path, f"not JSON: {error}") from None
    if not isinstance(tape, dict) or tape.get("format") != TAPE_FORMAT:
        raise _not_a_tape(path, f'`"format": "{TAPE_FORMAT}"` is missing')
    turns = tape.get("turns")
    if not isinstance(turns, list):
        raise _not_a_tape(path, "`turns` is not a list")
    try:
        return tuple(_turn_from_json(turn) for turn in turns)
    except (KeyError, TypeError, AttributeError) as error:
        raise _not_a_tape(path, f"a turn is malformed: {error!r}") from None


def write_tape(path: Path, turns: Sequence[ScriptedTurn], *, model_id: str = "") -> None:
    """Replace the tape file in one step: a reader sees the old tape or the new one."""
    tape = {"format": TAPE_FORMAT, "model": model_id, "turns": [_turn_to_json(turn) for turn in turns]}
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(tape, file, indent=2, ensure_ascii=False, default=_jsonable)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _as_turn(turn: ScriptedTurn | ModelResponse) -> ScriptedTurn:
    return turn if isinstance(turn, ScriptedTurn) else ScriptedTurn(turn)


def _turn_to_json(turn: ScriptedTurn) -> dict[str, Any]:
    written = _values(turn.response)
    if turn.expects is not None:
        written["expects"] = turn.expects
    if turn.digest:
        written["digest"] = turn.digest
    return written


def _turn_from_json(turn: Mapping[str, Any]) -> ScriptedTurn:
    calls = tuple(_call_from_json(i, call) for i, call in enumerate(turn.get("tool_calls", ()), start=1))
    rest = {
        key: value for key, value in turn.items() if key not in ("tool_calls", "usage", "expects", "digest")
    }
    rest["unplaced"] = tuple(rest.get("unplaced", ()))
    rest["reading"] = tuple(ReadWords(**words) for words in rest.get("reading", ()))
    response = ModelResponse(**{"text": "", **rest}, tool_calls=calls, usage=Usage(**turn.get("usage", {})))
    expects = turn.get("expects")
    expected = None if expects is None else tuple(ExpectedResult(**item) for item in expects)
    return ScriptedTurn(response, expected, turn.get("digest", ""))


def _call_from_json(position: int, call: Mapping[str, Any]) -> ToolCall:
    arguments = call.get("arguments", {})
    return ToolCall(call.get("id", f"call-{position}"), call["name"], arguments, call.get("problem", ""))


def _matches(expected: ExpectedResult, got: ToolMessage) -> bool:
    same_items = all(
        key in got.content and got.content[key] == value for key, value in (expected.content or {}).items()
    )
    return expected.tool == got.tool and expected.failed in (None, got.failed) and same_items


def _last_message(request: ModelRequest) -> str:
    return _short(request.messages[-1]) if request.messages else "none"


def _short(value: object, longest: int = 500) -> str:
    text = json.dumps(value, ensure_ascii=False, default=_jsonable)
    return text if len(text) <= longest else f"{text[:longest]}..."


def _jsonable(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return _values(value)
    return dict(value) if isinstance(value, Mapping) else str(value)


def _values(value: Any) -> dict[str, Any]:
    """A dataclass's own fields, by reference: read-only mappings in them cannot be copied."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _not_a_tape(path: Path, why: str) -> Misconfigured:
    return Misconfigured(
        f"`{path}` is not a tape", facts=(("because", why),), hint="see docs/models.md for the format"
    )
