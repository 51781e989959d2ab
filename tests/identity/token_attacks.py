"""Tokens that must not get in, each with the rule that refuses it.

Every forgery starts from a token that would be taken, so that nothing but the named fault is wrong with it.
"""

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from identity.identity_server import ServerKey, encoded, new_key, signed

Claims = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """A key that is trusted, and the header and claims of a token that is taken."""

    key: ServerKey
    header: dict[str, Any]
    claims: Claims

    def token(self, header: dict[str, Any] | None = None, **claims: Any) -> str:
        """A rightly signed token with these changes; a None takes a member out."""
        return self.raw(_without_none(self.header | (header or {})), _without_none(self.claims | claims))

    def raw(self, header: bytes | dict[str, Any], payload: bytes | Claims) -> str:
        """Rightly signed, of exactly these bytes."""
        return signed(header, payload, self.key.algorithm, self.key.key)

    @property
    def parts(self) -> list[str]:
        return self.token().split(".")


@dataclass(frozen=True)
class Attack:
    """One forgery."""

    name: str
    rule: str
    forge: Callable[[Target], str | bytes]


def _without_none(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _hmac_with_the_public_key(target: Target, form: str) -> str:
    """Key confusion (CVE-2015-9235): the public key, which anybody has, used as a shared secret."""
    pem = target.key.key.as_pem(private=False)  # type: ignore[union-attr]
    secret = pem if form == "pem" else json.dumps(target.key.key.as_dict(private=False)).encode()
    content = f"{encoded({**target.header, 'alg': 'HS256'})}.{encoded(target.claims)}"
    return f"{content}.{encoded(hmac.new(secret, content.encode(), hashlib.sha256).digest())}"


def _brought_key(target: Target, **header: Any) -> str:
    """Signed with a key of the attacker's that the header brings along."""
    own = new_key(target.key.algorithm, target.key.key_id)
    whole = (
        {**target.header, "jwk": own.key.as_dict(private=False)}
        if not header
        else {**target.header, **header}
    )
    return signed(whole, target.claims, own.algorithm, own.key)


def _another_key(target: Target) -> str:
    return signed(target.header, target.claims, target.key.algorithm, new_key(target.key.algorithm).key)


def _changed(target: Target, **claims: Any) -> str:
    """Claims changed behind the signature."""
    header, _, signature = target.parts
    return f"{header}.{encoded(target.claims | claims)}.{signature}"


def _raw_claims(target: Target, name: str, text: str) -> str:
    """The claims with a member's JSON text replaced, as no encoder would write it."""
    members = [f"{json.dumps(n)}: {text if n == name else json.dumps(v)}" for n, v in target.claims.items()]
    return target.raw(target.header, ("{" + ", ".join(members) + "}").encode())


def _added_claims(target: Target, text: str) -> str:
    return target.raw(target.header, json.dumps(target.claims)[:-1].encode() + f", {text}}}".encode())


def _loose_base64(target: Target) -> str:
    """The last character's unused bits are set: another text with the same signature."""
    header, payload, signature = target.parts
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return f"{header}.{payload}.{signature[:-1]}{alphabet[alphabet.index(signature[-1]) ^ 1]}"


def _acting_for(target: Target, **changed: Any) -> str:
    return target.token(acts_for=_without_none(target.claims["acts_for"] | changed))


def _commented(target: Target) -> str:
    return target.raw(target.header, json.dumps(target.claims).encode() + b"//")


def _of_another_token(target: Target) -> str:
    return ".".join([*target.parts[:2], target.token(jti="t2").split(".")[2]])


def _deep_header(target: Target) -> str:
    return target.raw(b'{"a":' + b"[" * 2_500 + b"]" * 2_500 + b"}", target.claims)


def _zero_signature(target: Target) -> str:
    """CVE-2022-21449: r = s = 0."""
    return ".".join([*target.parts[:2], encoded(b"\0" * 64)])


def _none(target: Target, name: str, signature: str) -> str:
    return f"{encoded({**target.header, 'alg': name})}.{encoded(target.claims)}.{signature}"


def _standard_base64(target: Target) -> str:
    header, payload, signature = target.parts
    return f"{header}.{payload[:-1]}+.{signature}"


def _nested(target: Target) -> str:
    """A token in a token: the inner one's signature says nothing about the outer."""
    return target.raw({**target.header, "cty": "JWT"}, target.token().encode())


def _cut(share: float) -> Callable[[Target], str]:
    return lambda target: target.token()[: int(len(target.token()) * share)]


MALFORMED, TIME = "malformed", 1_800_000_000

FORM = [
    Attack("empty", MALFORMED, lambda t: ""),
    Attack("one word", MALFORMED, lambda t: "token"),
    Attack("dots alone", MALFORMED, lambda t: ".."),
    Attack("two parts", MALFORMED, lambda t: ".".join(t.parts[:2])),
    Attack("four parts", MALFORMED, lambda t: t.token() + ".AAAA"),
    Attack("five parts, as if encrypted", MALFORMED, lambda t: t.token() + ".AAAA.AAAA"),
    Attack("a JSON serialization", MALFORMED, lambda t: json.dumps({"payload": t.parts[1]})),
    Attack("a space before", MALFORMED, lambda t: " " + t.token()),
    Attack("a line feed behind", MALFORMED, lambda t: t.token() + "\n"),
    Attack("padding", MALFORMED, lambda t: t.token() + "="),
    Attack("a zero byte", MALFORMED, lambda t: t.token() + "\0"),
    Attack("not ASCII", MALFORMED, lambda t: t.token() + "é"),
    Attack("a lone surrogate", MALFORMED, lambda t: t.token() + "\udcff"),
    Attack("not UTF-8", MALFORMED, lambda t: t.token().encode() + b"\xff\xfe"),
    Attack("digits of another script", MALFORMED, lambda t: t.token() + "١"),
    Attack("standard base64", MALFORMED, _standard_base64),
    Attack("base64 with unused bits set", MALFORMED, _loose_base64),
    Attack("cut in the header", MALFORMED, _cut(0.05)),
    Attack("cut in the payload", MALFORMED, _cut(0.4)),
    Attack("no signature", MALFORMED, lambda t: ".".join([*t.parts[:2], ""])),
    Attack("no payload", MALFORMED, lambda t: f"{t.parts[0]}..{t.parts[2]}"),
    Attack("no header", MALFORMED, lambda t: f".{t.parts[1]}.{t.parts[2]}"),
    Attack("huge", "size", lambda t: t.token(pad="x" * 70_000)),
    Attack("huge and nothing else", "size", lambda t: "x" * 50_000_000),
    Attack("a huge header", "size", lambda t: t.token({"pad": "x" * 9_000})),
]
HEADER = [
    Attack("header is a list", MALFORMED, lambda t: t.raw(b'["RS256"]', t.claims)),
    Attack("header is not UTF-8", MALFORMED, lambda t: t.raw(b'{"alg": "\xff"}', t.claims)),
    Attack("header is UTF-16", MALFORMED, lambda t: t.raw(json.dumps(t.header).encode("utf-16"), t.claims)),
    Attack("header has alg twice", MALFORMED, lambda t: t.raw(b'{"alg":"none","alg":"RS256"}', t.claims)),
    Attack(
        "header is nested deep", MALFORMED, lambda t: t.raw(b'{"a":' + b"[" * 2_500 + b"]" * 2_500 + b"}", {})
    ),
    Attack("no alg", "algorithm", lambda t: t.token({"alg": None})),
    Attack("alg is a list", "algorithm", lambda t: t.token({"alg": ["RS256"]})),
    Attack("alg in lower case", "algorithm", lambda t: t.token({"alg": t.key.algorithm.lower()})),
    Attack("alg none without signature", "algorithm", lambda t: _none(t, "none", "")),
    Attack("alg None with a signature", "algorithm", lambda t: _none(t, "None", "AAAA")),
    Attack("alg nOnE", "algorithm", lambda t: _none(t, "nOnE", "")),
    Attack("alg empty", "algorithm", lambda t: _none(t, "", "")),
    Attack("HS256 with the public key as PEM", "algorithm", lambda t: _hmac_with_the_public_key(t, "pem")),
    Attack("HS256 with the public key as JWK", "algorithm", lambda t: _hmac_with_the_public_key(t, "jwk")),
    Attack("HS384", "algorithm", lambda t: t.token({"alg": "HS384"})),
    Attack("RS512", "algorithm", lambda t: t.token({"alg": "RS512"})),
    Attack("ES256K", "algorithm", lambda t: t.token({"alg": "ES256K"})),
    Attack("an encrypting alg", "algorithm", lambda t: t.token({"alg": "RSA-OAEP", "enc": "A256GCM"})),
    Attack("its own key in the header", "embedded-key", _brought_key),
    Attack("the address of a key", "embedded-key", lambda t: _brought_key(t, jku="https://evil.test/jwks")),
    Attack(
        "the address of a certificate", "embedded-key", lambda t: _brought_key(t, x5u="https://evil.test/c")
    ),
    Attack("a certificate", "embedded-key", lambda t: _brought_key(t, x5c=["MIIB"])),
    Attack("a key that is null", "embedded-key", lambda t: t.raw({**t.header, "jwk": None}, t.claims)),
    Attack("a critical header", "header", lambda t: t.token({"crit": ["exp"]})),
    Attack("an empty crit", "header", lambda t: t.token({"crit": []})),
    Attack("an unencoded payload", "header", lambda t: t.token({"b64": False, "crit": ["b64"]})),
    Attack("a compressed payload", "header", lambda t: t.token({"zip": "DEF"})),
    Attack("a token in a token", "header", _nested),
    Attack("typ is a number", MALFORMED, lambda t: t.token({"typ": 7})),
    Attack("kid is a list", MALFORMED, lambda t: t.token({"kid": ["a"]})),
    Attack("kid is null", MALFORMED, lambda t: t.raw({**t.header, "kid": None}, t.claims)),
    Attack("kid is long", MALFORMED, lambda t: t.token({"kid": "k" * 300})),
]
TYPE = [
    Attack(f"typ {name}", "type", lambda t, name=name: t.token({"typ": name}))  # type: ignore[misc]
    for name in ("logout+jwt", "secevent+jwt", "dpop+jwt", "application/JOSE+json", "JWE", "at+JWT;x", "jwt ")
]
KEY = [
    Attack(f"kid {name!r}", "unknown-key", lambda t, name=name: t.token({"kid": name}))  # type: ignore[misc]
    for name in (
        "wrong",
        "../../../../dev/null",
        "/etc/passwd",
        "..\\..\\secret",
        "key' OR '1'='1",
        "|whoami",
        "key\0",
        "https://evil.test/jwks",
        " ",
    )
]
SIGNATURE = [
    Attack("of another key", "signature", _another_key),
    Attack("subject changed behind it", "signature", lambda t: _changed(t, sub="root")),
    Attack("end changed behind it", "signature", lambda t: _changed(t, exp=TIME + 9_999)),
    Attack("all zeros", "signature", _zero_signature),
    Attack("one byte", "signature", lambda t: ".".join([*t.parts[:2], "AA"])),
    Attack(
        "of another token", "signature", lambda t: ".".join([*t.parts[:2], t.token(jti="t2").split(".")[2]])
    ),
    Attack("cut by a byte", "signature", lambda t: ".".join([*t.parts[:2], encoded(b"s" * 63)])),
]
CLAIMS = [
    Attack("payload is a list", MALFORMED, lambda t: t.raw(t.header, b"[]")),
    Attack("payload is text", MALFORMED, lambda t: t.raw(t.header, b'"ana"')),
    Attack("payload is not UTF-8", MALFORMED, lambda t: t.raw(t.header, b'{"sub": "\xff"}')),
    Attack("payload is nested deep", MALFORMED, lambda t: t.raw(t.header, b"[" * 30_000)),
    Attack(
        "payload has a comment behind",
        MALFORMED,
        lambda t: t.raw(t.header, json.dumps(t.claims).encode() + b"//"),
    ),
    Attack("sub twice", MALFORMED, lambda t: _added_claims(t, '"sub": "root"')),
    Attack("exp twice", MALFORMED, lambda t: _added_claims(t, '"exp": 9999999999')),
    Attack("a name twice, once escaped", MALFORMED, lambda t: _added_claims(t, '"su\\u0062": "root"')),
    Attack("a name twice in an inner object", MALFORMED, lambda t: _added_claims(t, '"x": {"a": 1, "a": 2}')),
    Attack("a number of 5000 digits", MALFORMED, lambda t: _added_claims(t, f'"x": {"9" * 5_000}')),
    Attack("another audience", "audience", lambda t: t.token(aud="other")),
    Attack("the audience in other case", "audience", lambda t: t.token(aud="GNOMON")),
    Attack("a longer audience", "audience", lambda t: t.token(aud="gnomon.evil.test")),
    Attack("other audiences", "audience", lambda t: t.token(aud=["a", "b"])),
    Attack("no audience at all", "audience", lambda t: t.token(aud=[])),
    Attack("another issuer", "issuer", lambda t: t.token(iss="https://evil.test")),
    Attack("no issuer", "issuer", lambda t: t.token(iss=None)),
    Attack("the issuer with a slash more", "issuer", lambda t: t.token(iss=t.claims["iss"] + "/")),
    Attack("the issuer in a list", "issuer", lambda t: t.token(iss=[t.claims["iss"]])),
    Attack("no sub", MALFORMED, lambda t: t.token(sub=None)),
    Attack("sub is empty", MALFORMED, lambda t: t.token(sub="")),
    Attack("sub is a number", MALFORMED, lambda t: t.token(sub=1)),
    Attack("sub is a list", MALFORMED, lambda t: t.token(sub=["ana"])),
    Attack("sub is long", MALFORMED, lambda t: t.token(sub="a" * 256)),
    Attack("sub with a line feed", MALFORMED, lambda t: t.token(sub="ana\nroot")),
    Attack("sub with a zero byte", MALFORMED, lambda t: t.token(sub="ana\0")),
    Attack("sub that writes backwards", MALFORMED, lambda t: t.token(sub="ana\u202eroot")),
]
TIMES = [
    Attack("expired", "expired", lambda t: t.token(iat=TIME - 900, exp=TIME - 100)),
    Attack("expired long ago", "expired", lambda t: t.token(iat=0, exp=1)),
    Attack("issued in the future", "not-yet", lambda t: t.token(iat=TIME + 300, exp=TIME + 900)),
    Attack("not before a later time", "not-yet", lambda t: t.token(nbf=TIME + 300)),
    Attack("valid for years", "lifetime", lambda t: t.token(exp=TIME + 10**8)),
    Attack("ends before it begins", "lifetime", lambda t: t.token(iat=TIME + 9, exp=TIME + 8)),
    Attack("no exp", MALFORMED, lambda t: t.token(exp=None)),
    Attack("no iat", MALFORMED, lambda t: t.token(iat=None)),
    Attack("exp as text", MALFORMED, lambda t: t.token(exp=str(TIME + 300))),
    Attack("exp as truth", MALFORMED, lambda t: t.token(exp=True)),
    Attack("exp as null", MALFORMED, lambda t: _raw_claims(t, "exp", "null")),
    Attack("exp as list", MALFORMED, lambda t: t.token(exp=[TIME + 300])),
    Attack("exp NaN", MALFORMED, lambda t: _raw_claims(t, "exp", "NaN")),
    Attack("exp Infinity", MALFORMED, lambda t: _raw_claims(t, "exp", "Infinity")),
    Attack("exp 1e400", MALFORMED, lambda t: _raw_claims(t, "exp", "1e400")),
    Attack("exp of 400 digits", MALFORMED, lambda t: _raw_claims(t, "exp", "9" * 400)),
    Attack("exp in milliseconds", MALFORMED, lambda t: t.token(exp=(TIME + 300) * 1000)),
    Attack("exp negative", MALFORMED, lambda t: t.token(exp=-1)),
    Attack("iat negative", MALFORMED, lambda t: t.token(iat=-1)),
    Attack("iat as text", MALFORMED, lambda t: t.token(iat="0")),
    Attack("nbf as text", MALFORMED, lambda t: t.token(nbf="0")),
    Attack("nbf NaN", MALFORMED, lambda t: _added_claims(t, '"nbf": NaN')),
]
ON_EVERY_TOKEN = [*FORM, *HEADER, *TYPE, *KEY, *SIGNATURE, *CLAIMS, *TIMES]

ON_OIDC = [
    Attack("bound to a key", "bound", lambda t: t.token(cnf={"jkt": "x"})),
    Attack("aud is missing", MALFORMED, lambda t: t.token(aud=None)),
    Attack("aud is an object", MALFORMED, lambda t: t.token(aud={"gnomon": 1})),
    Attack("aud holds a number", MALFORMED, lambda t: t.token(aud=["gnomon", 1])),
    Attack("groups is an object", MALFORMED, lambda t: t.token(groups={"finance": True})),
    Attack("groups holds a number", MALFORMED, lambda t: t.token(groups=["finance", 7])),
    Attack("a group with a line feed", MALFORMED, lambda t: t.token(groups=["finance\nadmin"])),
    Attack("too many groups", MALFORMED, lambda t: t.token(groups=[str(n) for n in range(1_001)])),
    Attack("a key of another kind is named", "unknown-key", lambda t: t.token({"alg": "ES256"})),
    Attack("another padding than the key is for", "unknown-key", lambda t: t.token({"alg": "PS256"})),
]

ON_WORKLOADS = [
    Attack("RS256 instead of ES256", "algorithm", lambda t: t.token({"alg": "RS256"})),
    Attack("no typ", "type", lambda t: t.token({"typ": None})),
    Attack("an access token", "type", lambda t: t.token({"typ": "at+jwt"})),
    Attack("no kid", "unknown-key", lambda t: t.token({"kid": None})),
    Attack("sub is a person", MALFORMED, lambda t: t.token(sub="ana@acme.test")),
    Attack("sub climbs", MALFORMED, lambda t: t.token(sub="spiffe://acme.test/agent/../admin")),
    Attack("sub has an escape", MALFORMED, lambda t: t.token(sub="spiffe://acme.test/agent/a%2fb/r")),
    Attack("sub has a port", MALFORMED, lambda t: t.token(sub="spiffe://acme.test:80/agent/a/r")),
    Attack("sub is of another domain", "issuer", lambda t: t.token(sub="spiffe://evil.test/agent/a/r")),
    Attack("sub is no agent", "issuer", lambda t: t.token(sub="spiffe://acme.test/admin/a/r")),
    Attack("sub is longer", "issuer", lambda t: t.token(sub="spiffe://acme.test/agent/a/r/s")),
    Attack("no audience", "audience", lambda t: t.token(aud=None)),
    Attack("an hour long", "lifetime", lambda t: t.token(exp=TIME + 3600)),
    Attack("no effects", MALFORMED, lambda t: t.token(effects=None)),
    Attack("unknown effects", MALFORMED, lambda t: t.token(effects=["read", "everything"])),
    Attack("a right that is no effect", MALFORMED, lambda t: t.token(effects=["admin"])),
    Attack("no purpose", MALFORMED, lambda t: t.token(purpose=None)),
    Attack("no id", MALFORMED, lambda t: t.token(jti=None)),
    Attack("acts for nobody", MALFORMED, lambda t: t.token(acts_for=None)),
    Attack("acts for a name alone", MALFORMED, lambda t: t.token(acts_for="ana")),
    Attack(
        "an unknown method", MALFORMED, lambda t: t.token(acts_for={**t.claims["acts_for"], "method": "x"})
    ),
    Attack(
        "a method that is a list",
        MALFORMED,
        lambda t: t.token(acts_for={**t.claims["acts_for"], "method": []}),
    ),
    Attack(
        "claims that are no pairs",
        MALFORMED,
        lambda t: t.token(acts_for={**t.claims["acts_for"], "claims": [1]}),
    ),
    Attack(
        "no tenant",
        MALFORMED,
        lambda t: t.token(acts_for=_without_none({**t.claims["acts_for"], "tenant": None})),
    ),
]
