"""Orchestrators on loopback: they serve recordings of real ones, or misbehave as a test says."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

RECORDED = Path(__file__).with_name("recorded")


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def key(self) -> tuple[str, str, frozenset[tuple[str, str]]]:
        """The request, whatever the order of its parameters."""
        return _key(f"{self.method} {self.target.lstrip('/')}")


Answer = Callable[[Request, BaseHTTPRequestHandler], None]


@dataclass
class Server:
    """Where it listens, what it was asked, and the event that ends a slow answer."""

    url: str
    requests: list[Request] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def authorizations(self) -> list[str]:
        return [r.headers["Authorization"] for r in self.requests if "Authorization" in r.headers]


@contextmanager
def serving(answer: Answer) -> Iterator[Server]:
    """A server that answers so, listening until the block ends."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = True
    server = Server(f"http://127.0.0.1:{http.server_port}")
    http.server, http.answer = server, answer  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        http.shutdown()
        http.server_close()
        thread.join()


def recording(name: str, changed: Mapping[str, Any] | None = None) -> Answer:
    """Answers of the real system of that name; what was not recorded is not there.

    Args:
        changed: Bodies by request that replace recorded ones.
    """
    kept = json.loads((RECORDED / f"{name}.json").read_text())
    kept |= {request: {"status": 200, "body": body} for request, body in (changed or {}).items()}
    by_key = {_key(request): told for request, told in kept.items()}

    def answer(request: Request, handler: BaseHTTPRequestHandler) -> None:
        told = by_key.get(request.key, {"status": 404, "body": {"detail": "not recorded"}})
        reply(handler, json.dumps(told["body"]).encode(), told["status"])

    return answer


def names(address: str) -> tuple[str, ...]:
    """The address of a table and its bare name, as orchestrators are given them."""
    return tuple(dict.fromkeys((address, address.rpartition(".")[2])))


def saying(content: bytes, status: int = 200, **headers: str) -> Answer:
    """The same answer to everything."""

    def answer(_: Request, handler: BaseHTTPRequestHandler) -> None:
        reply(handler, content, status, **headers)

    return answer


def reply(handler: BaseHTTPRequestHandler, content: bytes, status: int = 200, **headers: str) -> None:
    handler.send_response(status)
    for name, value in ({"Content_Type": "application/json"} | headers).items():
        handler.send_header(name.replace("_", "-"), value)
    if "Content_Length" not in headers:
        handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


def _key(request: str) -> tuple[str, str, frozenset[tuple[str, str]]]:
    method, _, target = request.partition(" ")
    parts = urlsplit(target)
    return method, parts.path, frozenset(parse_qsl(parts.query))


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self.command, self.path, dict(self.headers), content)
        self.server.server.requests.append(request)  # type: ignore[attr-defined]
        try:
            self.server.answer(request, self)  # type: ignore[attr-defined]
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing: tests read what was asked from `requests`."""
