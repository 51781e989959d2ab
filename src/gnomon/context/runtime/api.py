"""A small JSON-over-HTTP client: bounded, without redirects, silent about its token."""

import base64
import http.client
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gnomon.context.runtime.fetch import AnswerError, fetch
from gnomon.domain.errors import Failed, Misconfigured
from gnomon.identity.addresses import is_loopback

TOTAL_S = 20.0


class NotFoundError(Exception):
    """The system has nothing at that path."""


@dataclass(frozen=True, slots=True)
class JsonApi:
    """Where one system's API is.

    Args:
        system: Its name in errors.
        setting: The option that holds its address, for errors.
        token: Gives the token when it is needed: `user:password`, or a bearer token; None if none is wanted.
        total_s: Seconds that all requests about one table may take together.

    Raises:
        Misconfigured: The address cannot be used.
    """

    system: str
    base_url: str
    setting: str
    token: Callable[[], str] | None = field(default=None, repr=False)
    total_s: float = TOTAL_S

    def __post_init__(self) -> None:
        host = _host_of(self.base_url)
        is_private = is_loopback(host) or self.base_url.casefold().startswith("https:")
        if not host:
            raise self._unusable("it is not of the form https://host/path, without user, query or space")
        if self.token is not None and not is_private:
            raise self._unusable("a token is not sent over http to another machine")

    def session(self) -> "Session":
        """A row of requests, bounded in time together.

        Raises:
            Misconfigured: The token is not to be had, or is none.
        """
        token = self.token() if self.token is not None else ""
        user, colon, password = token.partition(":")
        if not token.isprintable() or not (colon or token.isascii()):
            raise Misconfigured(
                f"the token for {self.system} holds characters that no token has",
                facts=(("beside", self.setting),),
                hint="give the token alone, without line breaks",
            )
        return Session(self, time.monotonic() + self.total_s, token, (user, password) if colon else None)

    def failed(self, cause: str) -> Failed:
        """The error that says, in our words, why the system cannot be asked."""
        return Failed(
            f"{self.system} cannot be asked: {cause}",
            facts=(("address", self.base_url),),
            hint=f"check {self.setting}, the token and the network; the data can still be looked at",
        )

    def _unusable(self, cause: str) -> Misconfigured:
        return Misconfigured(
            f"the address of {self.system} cannot be used",
            facts=(("setting", self.setting), ("reason", cause)),
            hint="give it as https://host",
        )


@dataclass(slots=True)
class Session:
    """Requests about one table.

    Args:
        ends: When they have to be done, on the monotonic clock.
        token: The bearer token; empty for none. Not used where there is a login.
        login: User and password.
    """

    api: JsonApi
    ends: float
    token: str = field(repr=False)
    login: tuple[str, str] | None = field(repr=False)

    def get(self, path: str, **query: str | int | Sequence[str]) -> Any:
        """The JSON document at a path. A list in the query is sent as one parameter a member.

        Raises:
            NotFoundError: There is nothing at the path.
            Failed: The system cannot be reached in time, refuses, or answers with something else.
        """
        return self._ask(f"{path}?{urllib.parse.urlencode(query, doseq=True)}" if query else path)

    def log_in(self, path: str) -> None:
        """Trade user and password for a token, as Airflow 3 wants it; without them nothing is done.

        Raises:
            Failed: It refuses, or gives no token.
        """
        if self.login is None:
            return
        user, password = self.login
        try:
            found = self._ask(path, {"username": user, "password": password})
        except NotFoundError as error:
            raise self.api.failed("it gives no tokens for a user and password") from error
        token = found.get("access_token") if isinstance(found, dict) else None
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise self.api.failed("it gives no tokens for a user and password")
        self.token, self.login = token, None

    def _ask(self, path: str, body: Mapping[str, str] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        # The body holds the login, which a header would say a second time.
        more = self._proof() if content is None else {"Content-Type": "application/json"}
        headers = {"Accept": "application/json", "User-Agent": "gnomon", **more}
        url = f"{self.api.base_url.rstrip('/')}/{path}"
        request = urllib.request.Request(url, content, headers)
        left = self.ends - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            return json.loads(fetch(request, left))
        except urllib.error.HTTPError as error:
            if error.code == 404:
                raise NotFoundError from error
            raise self.api.failed(_said_by(error.code)) from error
        except (OSError, http.client.HTTPException) as error:
            raise self.api.failed(self._cause(error)) from error
        except (ValueError, RecursionError) as error:
            raise self.api.failed("it answers with something that is not JSON") from error

    def _proof(self) -> dict[str, str]:
        """The header that proves who asks."""
        if self.login is not None:
            pair = base64.b64encode(":".join(self.login).encode()).decode()
            return {"Authorization": f"Basic {pair}"}
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _cause(self, error: Exception) -> str:
        """Why it failed, without text that the system sent."""
        reason = getattr(error, "reason", error)
        if isinstance(reason, TimeoutError):
            return f"it does not answer within {self.api.total_s:g} s"
        if isinstance(reason, http.client.HTTPException) and not isinstance(reason, OSError):
            return "it does not speak HTTP"
        if isinstance(reason, AnswerError):
            return str(reason)
        return getattr(reason, "strerror", None) or f"the connection failed ({type(reason).__name__})"


def _said_by(status: int) -> str:
    if status in (401, 403):
        return f"it does not take the token (status {status})"
    return f"it redirects (status {status})" if 300 <= status < 400 else f"it answers with status {status}"


def _host_of(url: str) -> str:
    """The host of an address that can be asked; empty if it is none."""
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    plain = url.isascii() and url.isprintable() and " " not in url and parts.scheme in ("http", "https")
    return host if plain and parts.username is None and "?" not in url and "#" not in url else ""
