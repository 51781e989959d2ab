"""OpenAI's responses API, streamed, as the server writes it.

Source: https://platform.openai.com/docs/api-reference/responses-streaming.
"""

import json
from typing import Any

from wire.server import Sse

_CALL = {"id": "f1", "type": "function_call", "call_id": "a", "name": "run_sql", "status": "completed"}
_TEXT = {"id": "m1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}


def response(*texts: str, arguments: str = "", end: str = "completed") -> Sse:
    """A streamed response: one event a text, then a call of `run_sql` if there are arguments, then its end.

    `end` is `completed`, `incomplete` (the output limit was reached) or empty (the stream just ends).
    """
    part = {"type": "output_text", "text": "", "annotations": []}
    events = [
        _event("response.created", response=_state("in_progress")),
        _event("response.output_item.added", output_index=0, item=_TEXT),
        _event("response.content_part.added", output_index=0, item_id="m1", content_index=0, part=part),
    ]
    for text in texts:
        at = {"output_index": 0, "item_id": "m1", "content_index": 0, "logprobs": []}
        events.append(_event("response.output_text.delta", delta=text, **at))
    whole = [{**part, "text": "".join(texts)}]
    done = {**_TEXT, "status": "completed", "content": whole}
    events.append(_event("response.output_item.done", output_index=0, item=done))
    if arguments:
        events += _call(arguments)
    if end:
        events.append(_event(f"response.{end}", response=_state(end)))
    return Sse(events)


def _call(arguments: str) -> list[str]:
    begun = {**_CALL, "arguments": "", "status": "in_progress"}
    done = {**_CALL, "arguments": arguments}
    at = {"output_index": 1, "item_id": "f1"}
    return [
        _event("response.output_item.added", output_index=1, item=begun),
        _event("response.function_call_arguments.delta", delta=arguments, **at),
        _event("response.function_call_arguments.done", name="run_sql", arguments=arguments, **at),
        _event("response.output_item.done", output_index=1, item=done),
    ]


def _state(status: str) -> dict[str, Any]:
    details = {"cached_tokens": 0, "reasoning_tokens": 0}
    counts = {"input_tokens": 120, "output_tokens": 30, "total_tokens": 150}
    return {
        "id": "r1",
        "object": "response",
        "created_at": 1_700_000_000,
        "model": "gpt-5.5",
        "status": status,
        "output": [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "usage": {**counts, "input_tokens_details": details, "output_tokens_details": details},
    }


def _event(kind: str, **fields: Any) -> str:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, 'sequence_number': 1, **fields})}\n\n"
