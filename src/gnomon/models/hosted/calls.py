"""One attempt at one request, on an event loop of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pydantic_ai import exceptions
from pydantic_ai import messages as layer
from pydantic_ai.direct import model_request_stream
from pydantic_ai.settings import ModelSettings

from gnomon.models.hosted.failures import BrokenStream, to_trouble
from gnomon.models.hosted.layer import build
from gnomon.models.hosted.mapping import from_response, to_messages, to_parameters
from gnomon.models.hosted.names import COMPATIBLE, Target
from gnomon.models.hosted.retries import Trouble
from gnomon.models.port import ModelRequest, ModelResponse

_Value = TypeVar("_Value")


def attempt(
    target: Target,
    request: ModelRequest,
    on_text: Callable[[str], None],
    *,
    timeout_s: float,
    deadline_s: float,
) -> ModelResponse | Trouble:
    """Ask once. An exception that `on_text` raises ends the attempt and passes through."""
    settings = ModelSettings(
        max_tokens=request.max_output_tokens,
        timeout=timeout_s,
        request_timeout=deadline_s,
        max_retries=0,
        cache=True,
    )
    try:
        return _run(_stream(target, request, settings, on_text))
    except (BrokenStream, exceptions.AgentRunError, exceptions.UserError) as error:
        return to_trouble(error, target)


async def _stream(
    target: Target, request: ModelRequest, settings: ModelSettings, on_text: Callable[[str], None]
) -> ModelResponse:
    async with (
        build(target) as model,
        model_request_stream(
            model,
            to_messages(request),
            model_settings=settings,
            model_request_parameters=to_parameters(request.tools),
        ) as stream,
    ):
        async for event in stream:
            text = _text_of(event)
            if text:
                on_text(text)
        response = stream.get()
    if response.state != "complete" or response.finish_reason is None:
        raise BrokenStream
    if response.finish_reason == "content_filter":
        raise exceptions.ContentFilterError("content filter")
    return from_response(response, _cost_usd(response, target))


def _text_of(event: layer.ModelResponseStreamEvent) -> str:
    if isinstance(event, layer.PartStartEvent) and isinstance(event.part, layer.TextPart):
        return event.part.content
    if isinstance(event, layer.PartDeltaEvent) and isinstance(event.delta, layer.TextPartDelta):
        return event.delta.content_delta
    return ""


def _cost_usd(response: layer.ModelResponse, target: Target) -> float | None:
    """List price in US dollars; None where the provider, the model or the usage is not known.

    A server of one's own may serve a model under a famous name, so its price is never looked up.
    """
    if target.provider == COMPATIBLE or not response.model_name:
        return None
    try:
        return float(response.cost().total_price)
    except (LookupError, ValueError):
        return None


def _run(work: Coroutine[None, None, _Value]) -> _Value:
    """Run to the end here, or in a thread if this one already runs an event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="gnomon-model") as pool:
        return pool.submit(asyncio.run, work).result()
