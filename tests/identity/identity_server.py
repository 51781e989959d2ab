"""An OpenID Connect provider that runs on loopback: discovery, keys with rotation, and a token endpoint.

It conforms to OpenID Connect Discovery 1.0 and RFC 6749 as far as a relying party sees: client credentials,
and the authorization code with PKCE (RFC 7636), whose login page `login_hint` skips. What a test breaks, it
breaks by a named switch.
"""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

CLIENT, CLIENT_SECRET = "report-job", "the-client-secret"
REDIRECT = "http://127.0.0.1/callback"
START = 1_800_000_000.0


@dataclass
class SetClock:
    """A clock that stands where it was put."""

    now: float = START

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class ServerKey:
    """A key pair with its id and algorithm."""

    key_id: str
    algorithm: str
    key: Key

    def published(self) -> dict[str, Any]:
        return {**self.key.as_dict(private=False), "kid": self.key_id, "alg": self.algorithm, "use": "sig"}


def new_key(algorithm: str = "RS256", key_id: str = "") -> ServerKey:
    made: Key
    if algorithm.startswith("ES"):
        made = ECKey.generate_key("P-256")
    elif algorithm == "EdDSA":
        made = OKPKey.generate_key("Ed25519")
    else:
        made = RSAKey.generate_key(2048)
    return ServerKey(key_id or secrets.token_hex(4), algorithm, made)


def encoded(value: bytes | dict[str, Any]) -> str:
    """Base64url of bytes, or of an object's JSON."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(header: bytes | dict[str, Any], payload: bytes | dict[str, Any], algorithm: str, key: Key) -> str:
    """A compact token of exactly these parts, however wrong they are."""
    content = f"{encoded(header)}.{encoded(payload)}"
    model = JWSRegistry.algorithms["Ed25519" if algorithm == "EdDSA" else algorithm]
    return f"{content}.{encoded(model.sign(content.encode(), key))}"


@dataclass
class IdentityServer:
    """The provider's state.

    Args:
        people: Claims by login name.
        down: Answer everything with 503.
        discovery: Replaces members of the discovery document.
        jwks: Replaces the key set's text.
        redirect: Answer everything with a redirect to there.
        requested: Paths, in the order they were asked for.
    """

    url: str
    clock: SetClock
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    keys: list[ServerKey] = field(default_factory=lambda: [new_key()])
    signing: int = -1
    down: bool = False
    discovery: dict[str, Any] = field(default_factory=dict)
    jwks: bytes | None = None
    redirect: str = ""
    requested: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def rotate(self, algorithm: str = "RS256", *, keep_old: bool = False) -> ServerKey:
        key = new_key(algorithm)
        self.keys = [*self.keys, key] if keep_old else [key]
        return key

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Claims of a token that is in order, but for what is changed; a None takes a claim out."""
        now = int(self.clock())
        usual = {
            "iss": self.url,
            "sub": "ana-0001",
            "aud": "gnomon",
            "iat": now,
            "exp": now + 600,
            "jti": "t1",
        }
        return {name: value for name, value in (usual | changed).items() if value is not None}

    def token(self, header: dict[str, Any] | None = None, **changed: Any) -> str:
        key = self.keys[self.signing]
        whole = {"alg": key.algorithm, "typ": "JWT", "kid": key.key_id} | (header or {})
        return signed(
            {n: v for n, v in whole.items() if v is not None}, self.claims(**changed), key.algorithm, key.key
        )

    def document(self) -> dict[str, Any]:
        usual = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint": f"{self.url}/token",
            "authorization_endpoint": f"{self.url}/authorize",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "code_challenge_methods_supported": ["S256"],
        }
        return usual | self.discovery


@contextmanager
def running_identity_server(clock: SetClock | None = None) -> Iterator[IdentityServer]:
    """The provider, listening until the block ends."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.identity = IdentityServer(f"http://127.0.0.1:{http.server_port}", clock or SetClock())  # type: ignore[attr-defined]
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield http.identity  # type: ignore[attr-defined]
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    @property
    def identity(self) -> IdentityServer:
        return self.server.identity  # type: ignore[attr-defined, no-any-return]

    def do_GET(self) -> None:
        server, parts = self.identity, urlsplit(self.path)
        server.requested.append(parts.path)
        if server.down:
            self.reply(503, {"error": "temporarily_unavailable"})
        elif server.redirect:
            self.moved(server.redirect)
        elif parts.path == "/.well-known/openid-configuration":
            self.reply(200, server.document())
        elif parts.path == "/jwks":
            self.reply(200, server.jwks or {"keys": [key.published() for key in server.keys]})
        elif parts.path == "/authorize":
            self.authorize({name: values[0] for name, values in parse_qs(parts.query).items()})
        else:
            self.reply(404, {"error": "not_found"})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        grants = {
            "client_credentials": self.client_credentials,
            "authorization_code": self.authorization_code,
        }
        grant = grants.get(form.get("grant_type", ""))
        if grant is None:
            self.reply(400, {"error": "unsupported_grant_type"})
        else:
            grant(form)

    def authorize(self, query: dict[str, str]) -> None:
        """RFC 7636, section 4.3: the challenge is kept with the code."""
        code = secrets.token_urlsafe(16)
        self.identity.codes[code] = query
        self.moved(f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query.get('state', '')})}")

    def authorization_code(self, form: dict[str, str]) -> None:
        asked = self.identity.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if asked is None or encoded(digest) != asked["code_challenge"]:
            self.reply(400, {"error": "invalid_grant"})
            return
        claims = {"aud": asked["client_id"], "nonce": asked.get("nonce")}
        token = self.identity.token(**(claims | self.identity.people[asked["login_hint"]]))
        self.reply(200, {"id_token": token, "token_type": "Bearer", "expires_in": 600})

    def client_credentials(self, form: dict[str, str]) -> None:
        basic = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {basic}":
            self.reply(401, {"error": "invalid_client"})
            return
        token = self.identity.token({"typ": "at+jwt"}, sub=CLIENT, client_id=CLIENT, aud=form["audience"])
        self.reply(200, {"access_token": token, "token_type": "Bearer", "expires_in": 600})

    def moved(self, address: str) -> None:
        self.send_response(302)
        self.send_header("Location", address)
        self.end_headers()

    def reply(self, status: int, body: dict[str, Any] | bytes) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: tests read what was asked from `requested`."""
