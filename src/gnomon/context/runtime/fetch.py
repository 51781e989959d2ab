"""One HTTP request, bounded in size and in time from the look-up of the name to the last byte."""

import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import Future
from typing import IO, Any

from gnomon.identity.addresses import is_loopback

MAX_BYTES = 8 * 1024 * 1024
_IDLE_S = 10.0


class AnswerError(OSError):
    """What is served is not taken; the text says why, in our words."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could carry the token to another host."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def fetch(request: urllib.request.Request, seconds: float) -> bytes:
    """What is served to the request.

    A socket's own timeout bounds each wait and not their sum, and a look-up of a name not at all. So the
    request runs on a thread, which is left behind when the time is over and ends with its last wait.

    Raises:
        urllib.error.HTTPError: The status is no success; a redirect counts as such.
        AnswerError: It sends too much, or ends too early.
        OSError: It cannot be reached, or (TimeoutError) takes too long.
        http.client.HTTPException: It does not speak HTTP.
    """
    answer: Future[bytes] = Future()

    def ask() -> None:
        try:
            answer.set_result(_fetch(request, seconds))
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=ask, name="gnomon-fetch", daemon=True).start()
    return answer.result(timeout=seconds)


def _fetch(request: urllib.request.Request, seconds: float) -> bytes:
    ends = time.monotonic() + seconds
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if is_loopback(urllib.parse.urlsplit(request.full_url).hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        opened = urllib.request.build_opener(*handlers).open(request, timeout=min(_IDLE_S, seconds))
    except urllib.error.HTTPError as error:
        error.close()
        raise
    with opened as response:
        return _bounded(response, ends)


def _bounded(response: IO[bytes], ends: float) -> bytes:
    content = bytearray()
    while chunk := response.read1(64 * 1024):  # type: ignore[attr-defined]
        content += chunk
        if len(content) > MAX_BYTES:
            raise AnswerError(f"it sent over {MAX_BYTES:,} bytes")
        if time.monotonic() > ends:
            raise TimeoutError
    if getattr(response, "length", None):
        raise AnswerError("it broke off")
    return bytes(content)
