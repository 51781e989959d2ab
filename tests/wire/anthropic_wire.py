"""Anthropic's messages, streamed, as the server writes them.

Source: https://docs.anthropic.com/en/docs/build-with-claude/streaming.
"""

import json
from collections.abc import Sequence
from typing import Any

from wire.server import Json, Sse

Call = tuple[str, str, str]
"""A tool call: its id, the tool's name, and the arguments as text."""


def message(
    *texts: str,
    calls: Sequence[Call] = (),
    stop: str | None = "end_turn",
    usage: tuple[int, int] = (120, 30),
    model: str = "claude-sonnet-5-5",
    cut: bool = False,
) -> Sse:
    """A streamed message: a text block of one event a text, a block a call, then why it stopped."""
    head = {"id": "m1", "type": "message", "role": "assistant", "model": model, "content": []}
    tokens = {"input_tokens": usage[0], "output_tokens": 1}
    ends = {"stop_reason": None, "stop_sequence": None, "usage": tokens}
    events = [_event("message_start", message={**head, **ends})]
    index = 0
    if texts:
        deltas = [{"type": "text_delta", "text": text} for text in texts]
        events += _block(index, {"type": "text", "text": ""}, deltas)
        index += 1
    for call_id, name, arguments in calls:
        middle = len(arguments) // 2
        pieces = (arguments[:middle], arguments[middle:])
        deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
        events += _block(index, {"type": "tool_use", "id": call_id, "name": name, "input": {}}, deltas)
        index += 1
    if stop is not None:
        delta = {"stop_reason": stop, "stop_sequence": None}
        events.append(_event("message_delta", delta=delta, usage={"output_tokens": usage[1]}))
        events.append(_event("message_stop"))
    return Sse(events, cut=cut)


def error(status: int, kind: str, text: str, **headers: str) -> Json:
    """An error response; underscores in header names stand for hyphens."""
    body = {"type": "error", "error": {"type": kind, "message": text}}
    return Json(body, status, tuple((name.replace("_", "-"), value) for name, value in headers.items()))


def _block(index: int, start: dict[str, Any], deltas: Sequence[dict[str, Any]]) -> list[str]:
    return [
        _event("content_block_start", index=index, content_block=start),
        *(_event("content_block_delta", index=index, delta=delta) for delta in deltas),
        _event("content_block_stop", index=index),
    ]


def _event(kind: str, **fields: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n"
