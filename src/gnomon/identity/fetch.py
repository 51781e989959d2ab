"""Fetch a small JSON document of an identity provider: over https, within limits, from that address only."""

import http.client
import time
import urllib.error
import urllib.request
from typing import IO, Any
from urllib.parse import SplitResult, urlsplit

from gnomon.domain.errors import Failed, Misconfigured, Refused
from gnomon.identity.addresses import is_loopback
from gnomon.identity.jws import read_object

MAX_DOCUMENT_BYTES = 256 * 1024
TIMEOUT_S = 5.0
_TOTAL_S = 10.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect could leave https or the provider; whoever configures an issuer names where it is."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def fetch_json(url: str) -> dict[str, Any]:
    """The JSON object at that address.

    Raises:
        Misconfigured: The address is not one that may be fetched, or what it serves is no such document.
        Failed: The provider cannot be reached in time.
    """
    parts = checked_address(url)
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
    if is_loopback(parts.hostname or ""):
        handlers.append(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "gnomon"})
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=TIMEOUT_S) as response:
            content = _bounded(response, url)
    except urllib.error.HTTPError as error:
        error.close()
        raise _unreachable(url, f"it answered with status {error.code}") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise _unreachable(url, str(error)) from error
    try:
        return read_object(content, "the document")
    except Refused as error:
        raise Misconfigured(
            "the identity provider serves something that is not a JSON document",
            facts=(("address", url),),
            hint="check `issuer` in [identity]",
        ) from error


def checked_address(url: str) -> SplitResult:
    """The parts of an address that may be fetched.

    Raises:
        Misconfigured: It is not https (http only on this machine), or holds credentials.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = SplitResult("", "", "", "", ""), ""
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    if safe and host and parts.username is None and url.isascii() and url.isprintable() and " " not in url:
        return parts
    raise Misconfigured(
        "an identity provider is reached over https",
        facts=(("address", f"{parts.scheme}://{host}" if host else "not an address"),),
        hint="give its address as https://..., without a user or password; http is for this machine alone",
    )


def _bounded(response: IO[bytes], url: str) -> bytes:
    """What is served, within size and time: a socket's timeout alone lets a slow sender go on for ever."""
    ends, content = time.monotonic() + _TOTAL_S, bytearray()
    while chunk := response.read1(16 * 1024):  # type: ignore[attr-defined]
        content += chunk
        if len(content) > MAX_DOCUMENT_BYTES:
            raise Misconfigured(
                f"the identity provider serves a document of more than {MAX_DOCUMENT_BYTES} bytes",
                facts=(("address", url),),
                hint="check `issuer` in [identity]",
            )
        if time.monotonic() > ends:
            raise TimeoutError(f"it sent for over {_TOTAL_S:g} s")
    return bytes(content)


def _unreachable(url: str, cause: str) -> Failed:
    return Failed(
        "the identity provider cannot be reached",
        facts=(("address", url), ("cause", cause)),
        hint="try again in a minute; if it stays so, check `issuer` in [identity] and the network",
    )
