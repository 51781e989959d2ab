"""Identities of agents, loops and jobs: a signed name for minutes, for one run and one purpose.

A token is a JWT-SVID: `sub` is the run's SPIFFE ID, `aud` the one border it is for. It also says for whom the
run acts and which effects it may have: those that were asked for and that the person's own credential allows,
never more. What a verified token yields is that narrowed principal, so passing it on only narrows further.
Source: SPIFFE JWT-SVID, sections 2 and 3.
"""

import hashlib
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from gnomon.domain.identity import AuthMethod, Principal
from gnomon.identity.claims import MAX_TEXT, Clock, Lifetime, is_readable, lifetime, text_claim, texts_claim
from gnomon.identity.jws import MAX_TOKEN_BYTES, SignedToken, check_signature, read_token
from gnomon.identity.keyring import LONGEST_LIFE_S, KeyRing
from gnomon.identity.refusals import refused
from gnomon.identity.scopes import EFFECTS
from gnomon.identity.spiffe import SpiffeId, check_trust_domain, parse_spiffe_id
from gnomon.store.tokens import TokenStore

LIFE_S = 300.0
SKEW_S = 10.0
"""Minter and verifier share a machine or a clock service; a wide allowance would lengthen every life."""

_ALGORITHM = "ES256"
_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Workload:
    """A verified run.

    Args:
        principal: For whom it acts: `method` is the person's, `actor` the SPIFFE ID, `scopes` the effects.
        expires_at: Seconds since 1970.
    """

    spiffe_id: str
    principal: Principal
    run_id: str
    purpose: str
    effects: frozenset[str]
    expires_at: float
    token_id: str


@dataclass(frozen=True, slots=True)
class Issuer:
    """Mints tokens of one trust domain.

    Raises:
        ValueError: The trust domain is not one, or tokens would live too long.
    """

    ring: KeyRing
    trust_domain: str
    clock: Clock
    life_s: float = LIFE_S

    def __post_init__(self) -> None:
        check_trust_domain(self.trust_domain)
        if not 0 < self.life_s <= LONGEST_LIFE_S:
            raise ValueError(f"a workload's token lives up to {LONGEST_LIFE_S:g} s")

    def mint(
        self,
        principal: Principal,
        *,
        agent: str,
        run_id: str,
        purpose: str,
        effects: Iterable[str],
        audience: str,
        until: float | None = None,
    ) -> str:
        """A token for one run.

        Args:
            agent: Name of the agent, loop or job; with `run_id` a segment of its SPIFFE ID.
            effects: What the run needs; the token holds those that `principal` may.
            audience: The one border that is to take it.
            until: When the authority behind the run ends, for example the token of the run that starts it.

        Raises:
            Refused: None of the effects is one that the principal may, or the authority has ended.
            ValueError: A name or an effect that does not exist.
        """
        name = SpiffeId(self.trust_domain, ("agent", agent, run_id))
        if not is_readable(purpose):
            raise ValueError(f"a purpose is one line of 1 to {MAX_TEXT} characters")
        granted = _granted(principal, frozenset(effects))
        now = self.clock()
        ends = now + self.life_s if until is None else min(now + self.life_s, until)
        if ends <= now:
            raise refused("expired", "the authority that this run would act under has ended")
        claims = {
            "iss": _issuer(self.trust_domain),
            "sub": str(name),
            "aud": [audience],
            "iat": now,
            "exp": ends,
            "jti": secrets.token_hex(16),
            "purpose": purpose,
            "effects": sorted(granted),
            "acts_for": _person_claims(principal),
        }
        return self._signed(claims)

    def _signed(self, claims: Mapping[str, Any]) -> str:
        from joserfc.jws import serialize_compact

        key = self.ring.signing()
        header = {"alg": _ALGORITHM, "typ": "JWT", "kid": key.key_id}
        token = serialize_compact(header, json.dumps(claims), key.private, algorithms=[_ALGORITHM])
        if len(token) > MAX_TOKEN_BYTES:
            raise refused("size", "the person has more groups and claims than a token can hold")
        return token


@dataclass(slots=True)
class Verifier:
    """Verifies workloads at a border. Safe to share between threads.

    A token that was verified is remembered until it ends, so that a run's later calls cost microseconds; its
    times and its key are looked at each time all the same.

    Args:
        store: Remembers tokens that count once; None where `once` is never asked for.
    """

    ring: KeyRing
    trust_domain: str
    clock: Clock
    store: TokenStore | None = None
    _seen: OrderedDict[bytes, "_Verified"] = field(default_factory=OrderedDict, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def verify(self, token: str | bytes, *, audience: str, once: bool = False) -> Workload:
        """The run that the token names.

        Args:
            once: Take the token this one time only, as a border does that starts something.

        Raises:
            Refused: The token does not prove a run of this trust domain for this audience.
        """
        found = self._remembered(token) or self._proven(token)
        found.life.check(self.clock(), SKEW_S)
        if audience not in found.audience:
            raise refused("audience", "the token is meant for somebody else", facts=(("expected", audience),))
        if self.ring.verifying(found.key_id) is None:
            raise refused("unknown-key", "the token is signed with a key that no longer counts")
        if once:
            self._spend(found)
        return found.workload

    def _proven(self, token: str | bytes) -> "_Verified":
        parsed = read_token(token)
        key = self.ring.verifying(parsed.key_id)
        if parsed.algorithm != _ALGORITHM:
            raise refused("algorithm", f"a workload's token is signed with {_ALGORITHM}")
        if parsed.type != "jwt":
            raise refused("type", "this is not a workload's token")
        if parsed.claims.get("iss") != _issuer(self.trust_domain):
            raise refused(
                "issuer", "the token is of another trust domain", facts=(("expected", self.trust_domain),)
            )
        if key is None:
            raise refused("unknown-key", "the token is signed with a key that is not ours")
        check_signature(parsed, key)
        life = lifetime(parsed.claims, self.clock(), skew_s=SKEW_S, longest_s=LONGEST_LIFE_S)
        found = _Verified(_workload(parsed, self.trust_domain, life), life, _audience(parsed), parsed.key_id)
        self._remember(token, found)
        return found

    def _remembered(self, token: str | bytes) -> "_Verified | None":
        if len(token) > MAX_TOKEN_BYTES:
            return None
        with self._lock:
            return self._seen.get(_digest(token))

    def _remember(self, token: str | bytes, found: "_Verified") -> None:
        with self._lock:
            self._seen[_digest(token)] = found
            if len(self._seen) > _KEPT:
                self._seen.popitem(last=False)

    def _spend(self, found: "_Verified") -> None:
        if self.store is None:
            raise ValueError("a verifier without a store cannot tell the first time")
        # The skew counts too: until then the token itself would be taken.
        until = found.life.expires_at + SKEW_S + 1
        if not self.store.first_time(f"workload:{found.workload.token_id}", until, self.clock()):
            raise refused("replayed", "the token counts once and was used before")


@dataclass(frozen=True, slots=True)
class _Verified:
    workload: Workload
    life: Lifetime
    audience: frozenset[str]
    key_id: str


def _digest(token: str | bytes) -> bytes:
    return hashlib.sha256(
        token if isinstance(token, bytes) else token.encode("utf-8", "surrogatepass")
    ).digest()


def _issuer(trust_domain: str) -> str:
    return f"spiffe://{trust_domain}"


def _granted(principal: Principal, asked: frozenset[str]) -> frozenset[str]:
    unknown = sorted(asked - EFFECTS)
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not an effect")
    granted = asked if principal.scopes is None else asked & principal.scopes
    if not granted:
        raise refused(
            "scope",
            "the person's credential allows nothing of what this run needs",
            facts=(("needed", ", ".join(sorted(asked)) or "nothing"),),
            hint="use a credential with one of these scopes",
        )
    return granted


def _person_claims(principal: Principal) -> dict[str, Any]:
    return {
        "subject": principal.subject,
        "tenant": principal.tenant,
        "groups": sorted(principal.groups),
        "claims": [list(pair) for pair in principal.claims],
        "method": principal.method,
    }


def _audience(token: SignedToken) -> frozenset[str]:
    return frozenset(texts_claim(token.claims, "aud"))


def _workload(token: SignedToken, trust_domain: str, life: Lifetime) -> Workload:
    claims = token.claims
    try:
        name = parse_spiffe_id(text_claim(claims, "sub"))
    except ValueError as error:
        raise refused("malformed", "the token's `sub` is not a SPIFFE ID") from error
    if name.trust_domain != trust_domain or len(name.path) != 3 or name.path[0] != "agent":
        raise refused("issuer", "the token names a workload of another trust domain or form")
    effects = frozenset(texts_claim(claims, "effects"))
    if not effects or effects - EFFECTS:
        raise refused("malformed", "the token's `effects` are not effects")
    return Workload(
        spiffe_id=str(name),
        principal=_principal(claims, effects, str(name)),
        run_id=name.path[2],
        purpose=text_claim(claims, "purpose"),
        effects=effects,
        expires_at=life.expires_at,
        token_id=text_claim(claims, "jti"),
    )


def _principal(claims: Mapping[str, Any], effects: frozenset[str], actor: str) -> Principal:
    person, methods = claims.get("acts_for"), get_args(AuthMethod)
    if not isinstance(person, dict) or person.get("method") not in methods:
        raise refused("malformed", "the token does not say for whom it acts")
    pairs = person.get("claims")
    if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
        raise refused("malformed", "the token's `claims` are not pairs of texts")
    method: AuthMethod = person["method"]
    return Principal(
        text_claim(person, "subject"),
        text_claim(person, "tenant"),
        frozenset(texts_claim(person, "groups")),
        tuple((name, value) for name, value in pairs),
        method,
        effects,
        actor,
    )


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(each, str) for each in value)
