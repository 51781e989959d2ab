"""Turn a model's streamed text into events while it is still talking."""

import threading
from collections.abc import Generator
from queue import SimpleQueue

from gnomon.domain.events import Event, TextDelta
from gnomon.models.port import Model, ModelRequest, ModelResponse


def streamed(model: Model, request: ModelRequest) -> Generator[Event, None, ModelResponse]:
    """Ask the model on a thread of its own; yield its text as it comes, return its response."""
    queue: SimpleQueue[str | None] = SimpleQueue()
    outcome: list[ModelResponse | BaseException] = []

    def work() -> None:
        try:
            outcome.append(model.respond(request, queue.put))
        except BaseException as error:
            outcome.append(error)
        finally:
            queue.put(None)

    # A daemon: an interrupted person is not made to wait for a slow provider.
    threading.Thread(target=work, name="gnomon-model", daemon=True).start()
    while (piece := queue.get()) is not None:
        yield TextDelta(piece)
    result = outcome[0]
    if isinstance(result, BaseException):
        raise result
    return result
