"""Turn a model's streamed text into events while it is still talking."""

import threading
from collections.abc import Callable, Generator
from queue import Empty, SimpleQueue

from gnomon.domain.errors import Interrupted
from gnomon.domain.events import Event, TextDelta
from gnomon.models.port import Model, ModelRequest, ModelResponse

POLL_S = 0.05


def streamed(
    model: Model, request: ModelRequest, hold: Callable[[], None]
) -> Generator[Event, None, ModelResponse]:
    """Ask the model on a thread of its own; yield its text as it comes, return its response.

    Args:
        hold: Called often while the model works; raises to stop waiting for it.
    """
    queue: SimpleQueue[str | None] = SimpleQueue()
    outcome: list[ModelResponse | BaseException] = []
    left = threading.Event()

    def listen(piece: str) -> None:
        if left.is_set():
            raise Interrupted("nobody waits for this answer any more")
        queue.put(piece)

    def work() -> None:
        try:
            outcome.append(model.respond(request, listen))
        except BaseException as error:
            outcome.append(error)
        finally:
            queue.put(None)

    # A daemon: an interrupted person is not made to wait for a slow provider.
    threading.Thread(target=work, name="gnomon-model", daemon=True).start()
    try:
        while (piece := _next(queue, hold)) is not None:
            yield TextDelta(piece)
    finally:
        left.set()
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result


def _next(queue: "SimpleQueue[str | None]", hold: Callable[[], None]) -> str | None:
    while True:
        hold()
        try:
            return queue.get(timeout=POLL_S)
        except Empty:
            continue
