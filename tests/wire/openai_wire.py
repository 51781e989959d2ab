"""OpenAI's chat completions, streamed, as a server writes them.

Source: https://platform.openai.com/docs/api-reference/chat/streaming.
"""

import json
from collections.abc import Sequence
from typing import Any

from wire.server import Json, Sse

Call = tuple[str, str, str]
"""A tool call: its id, the tool's name, and the arguments as text."""


def completion(
    *texts: str,
    calls: Sequence[Call] = (),
    finish: str | None = "stop",
    usage: tuple[int, int] | None = (120, 30),
    cut: bool = False,
) -> Sse:
    """A streamed completion: one event a text, two events a call, then why it ended and the usage."""
    events = [_chunk({"role": "assistant", "content": ""})]
    events += [_chunk({"content": text}) for text in texts]
    for index, (call_id, name, arguments) in enumerate(calls):
        middle = len(arguments) // 2
        head = {"name": name, "arguments": arguments[:middle]}
        events.append(_call_chunk({"index": index, "id": call_id, "type": "function", "function": head}))
        events.append(_call_chunk({"index": index, "function": {"arguments": arguments[middle:]}}))
    if finish is not None:
        events.append(_chunk({}, finish))
    if usage is not None:
        events.append(_usage(*usage))
    if finish is not None:
        events.append("data: [DONE]\n\n")
    return Sse(events, cut=cut)


def error(status: int, message: str, *, kind: str = "", code: str = "", **headers: str) -> Json:
    """An error response; underscores in header names stand for hyphens."""
    body = {"error": {"message": message, "type": kind or None, "code": code or None, "param": None}}
    return Json(body, status, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


def _call_chunk(call: dict[str, Any]) -> str:
    return _chunk({"tool_calls": [call]})


def _chunk(delta: dict[str, Any], finish: str | None = None) -> str:
    return _event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})


def _usage(prompt: int, completion: int) -> str:
    tokens = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return _event({"choices": [], "usage": tokens})


def _event(fields: dict[str, Any]) -> str:
    common = {"id": "c1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "tiny"}
    return f"data: {json.dumps({**common, **fields})}\n\n"
