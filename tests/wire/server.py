"""A small HTTP server on loopback that plays a list of replies and keeps what it was sent."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Json:
    """A whole JSON response."""

    body: Any
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Sse:
    """A stream of server-sent events. `cut` closes the connection in the middle of the stream."""

    events: Sequence[str]
    cut: bool = False


@dataclass(frozen=True)
class Hang:
    """No response until the server closes. `then` is called when the request is there."""

    then: Callable[[], None] = lambda: None


Reply = Json | Sse | Hang


@dataclass(frozen=True)
class Received:
    """A request as it came over the wire. Header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class WireServer:
    """`replies` are played in order, the last one again and again; `received` grows with each request."""

    url: str
    replies: list[Reply]
    received: list[Received] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next_reply(self, received: Received) -> Reply:
        with self.lock:
            self.received.append(received)
            return self.replies[min(len(self.received), len(self.replies)) - 1]


@contextmanager
def serving(*replies: Reply) -> Iterator[WireServer]:
    """Serve the replies on a free port of loopback until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = False
    wire = WireServer(f"http://127.0.0.1:{server.server_port}", list(replies))
    server.wire = wire  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield wire
    finally:
        wire.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        wire: WireServer = self.server.wire  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.close_connection = True
        match wire.next_reply(Received(self.path, headers, json.loads(body))):
            case Json() as reply:
                self._send_json(reply)
            case Sse() as reply:
                self._send_events(reply)
            case Hang() as reply:
                reply.then()
                wire.closing.wait()

    def _send_json(self, reply: Json) -> None:
        data = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in (("content-type", "application/json"), *reply.headers):
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _send_events(self, reply: Sse) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for event in reply.events:
            data = event.encode()
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()
        if not reply.cut:
            self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:
        """Tests read `received` instead of a log."""
