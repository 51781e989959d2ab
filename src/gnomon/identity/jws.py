"""Read a signed token strictly, and check its signature.

The frame is parsed here and refuses whatever has two readings: repeated names, loose base64, numbers that are
none, headers that bring their own key or change how the rest is read. The cryptography is joserfc's. Sources:
RFC 7515 (JWS), RFC 7518 (algorithms), RFC 8725 (best current practices for JWT).
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gnomon.identity.refusals import refused

if TYPE_CHECKING:
    from joserfc.jwk import Key

MAX_TOKEN_BYTES = 64 * 1024
MAX_HEADER_BYTES = 8 * 1024
KEY_TYPES = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}
"""Algorithms that are taken, with the kind of key each needs. All asymmetric: a public key signs nothing."""

_CURVES = {"EC": "P-256", "OKP": "Ed25519"}
_BRINGS_ITS_OWN_KEY = ("jwk", "jku", "x5u", "x5c")
_CHANGES_THE_READING = ("crit", "b64", "enc", "zip", "cty")
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+")
_RSA_BITS = range(2048, 8193)
_MAX_KEY_ID = 256


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token in the right form. Nothing in it is true before `check_signature`.

    Args:
        type: The `typ` header in lower case without `application/`; empty where there is none.
        key_id: The `kid` header; empty where there is none. Only ever compared, never a path or a query.
    """

    algorithm: str
    type: str
    key_id: str
    claims: Mapping[str, Any] = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies, and the algorithms it may do so with."""

    key_id: str
    algorithms: frozenset[str]
    key: "Key" = field(repr=False, compare=False)


def read_token(token: str | bytes) -> SignedToken:
    """The parts of a compact token.

    Raises:
        Refused: It is too large, not in the form of a signed token, or uses what is not taken here.
    """
    text = _text_of(token)
    parts = text.split(".")
    if len(parts) != 3:
        raise refused("malformed", f"a signed token has three parts, this one has {len(parts)}")
    if len(parts[0]) > MAX_HEADER_BYTES:
        raise refused("size", f"the token's header is longer than {MAX_HEADER_BYTES} bytes")
    header = read_object(_decoded(parts[0], "header"), "the token's header")
    algorithm = _algorithm_of(header)
    _check_header(header)
    # Without a signature the algorithm was a lie; said before the payload, which proves nothing.
    signature = _decoded(parts[2], "signature")
    claims = read_object(_decoded(parts[1], "payload"), "the token's payload")
    signed = f"{parts[0]}.{parts[1]}".encode("ascii")
    return SignedToken(algorithm, _type_of(header), _key_id_of(header), claims, signed, signature)


def check_signature(token: SignedToken, key: PublicKey) -> None:
    """Return if the key made the signature.

    Raises:
        Refused: It did not, or the key is not for that algorithm.
    """
    from joserfc.errors import JoseError
    from joserfc.jws import JWSRegistry

    if token.algorithm not in key.algorithms:
        raise refused("algorithm", f"the signing key is not for {token.algorithm}")
    # RFC 9864 gives EdDSA on this curve its own name; the signature is the same.
    model = JWSRegistry.algorithms["Ed25519" if token.algorithm == "EdDSA" else token.algorithm]
    try:
        sound = model.verify(token.signed, token.signature, key.key)
    except (JoseError, ValueError) as error:
        raise refused("signature", "the token's signature does not hold") from error
    if not sound:
        raise refused("signature", "the token's signature does not hold")


def public_key(jwk: Mapping[str, Any]) -> PublicKey | None:
    """The key of a published JWK; None where it is not one that verifies our algorithms."""
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    algorithms = _algorithms_for(jwk)
    if not algorithms or not _strong(jwk):
        return None
    bare = {name: jwk[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in jwk}
    try:
        key = import_key(bare)
    except (JoseError, ValueError, KeyError, TypeError):
        # RFC 7517, section 5: a key that cannot be used is passed over, the others of its set count.
        return None
    return PublicKey(str(jwk.get("kid", "")), algorithms, key)


def read_object(content: bytes, what: str) -> dict[str, Any]:
    """A JSON object in which every name stands once and every number is one.

    Raises:
        Refused: It is anything else.
    """
    try:
        value = json.loads(
            content.decode("utf-8"), object_pairs_hook=_named_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise refused("malformed", f"{what} is not plain JSON") from error
    if not isinstance(value, dict):
        raise refused("malformed", f"{what} is not a JSON object")
    return value


def _text_of(token: str | bytes) -> str:
    if len(token) > MAX_TOKEN_BYTES:
        raise refused("size", f"a token may have {MAX_TOKEN_BYTES} bytes, this one is longer")
    if not token.isascii():
        raise refused("malformed", "a token is plain ASCII, this one is not")
    return token.decode("ascii") if isinstance(token, bytes) else token


def _decoded(segment: str, what: str) -> bytes:
    """Base64url in its one canonical form, so that no second text carries the same token."""
    if not _SEGMENT.fullmatch(segment) or len(segment) % 4 == 1:
        raise refused("malformed", f"the token's {what} is not base64url")
    content = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii") != segment:
        raise refused("malformed", f"the token's {what} is not base64url")
    return content


def _named_once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError("a name is repeated")
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _algorithm_of(header: Mapping[str, Any]) -> str:
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
        raise refused(
            "algorithm",
            "the token is not signed with an algorithm that is taken here",
            facts=(("taken", ", ".join(KEY_TYPES)),),
        )
    return algorithm


def _check_header(header: Mapping[str, Any]) -> None:
    own = [name for name in _BRINGS_ITS_OWN_KEY if name in header]
    if own:
        raise refused("embedded-key", f"the token brings its own key (`{own[0]}`)")
    changing = [name for name in _CHANGES_THE_READING if name in header]
    if changing:
        raise refused("header", f"the token's header `{changing[0]}` is not taken here")


def _type_of(header: Mapping[str, Any]) -> str:
    value = header.get("typ", "")
    if not isinstance(value, str):
        raise refused("malformed", "the token's `typ` is not text")
    return value.lower().removeprefix("application/")


def _key_id_of(header: Mapping[str, Any]) -> str:
    value = header.get("kid", "")
    if not isinstance(value, str) or len(value) > _MAX_KEY_ID:
        raise refused("malformed", f"the token's `kid` is not text of at most {_MAX_KEY_ID} characters")
    return value


def _algorithms_for(jwk: Mapping[str, Any]) -> frozenset[str]:
    signs = jwk.get("use", "sig") == "sig" and "verify" in jwk.get("key_ops", ["verify"])
    if not signs or "d" in jwk:
        return frozenset()
    fitting = {name for name, kind in KEY_TYPES.items() if kind == jwk.get("kty")}
    # A key made for Ed25519 may carry that name, which is EdDSA here.
    declared = "EdDSA" if jwk.get("alg") == "Ed25519" else jwk.get("alg")
    return frozenset(fitting if declared is None else fitting & {declared})


def _strong(jwk: Mapping[str, Any]) -> bool:
    if jwk["kty"] == "RSA":
        modulus, exponent = jwk.get("n"), jwk.get("e")
        if not isinstance(modulus, str) or not isinstance(exponent, str):
            return False
        # Bounded above as well: verifying with a giant key is a way to keep a server busy.
        return len(modulus) * 6 // 8 * 8 in _RSA_BITS and len(exponent) <= 6
    return jwk.get("crv") == _CURVES[jwk["kty"]]
