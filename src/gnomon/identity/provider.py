"""The signing keys of an OpenID Connect provider: discovered, cached, renewed when it rotates them.

Keys are renewed after ten minutes, so that a withdrawn one stops counting, and at once when a token names an
unknown key, but never more often than every few seconds: a sender of random key ids does not make us a client
that floods the provider. While the provider is down, the keys that are known serve on until they are too old.
Source: OpenID Connect Discovery 1.0, sections 4 and 4.3; OpenID Connect Core 1.0, section 10.1.1.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gnomon.domain.errors import Failed, GnomonError, Misconfigured
from gnomon.identity.fetch import fetch_json
from gnomon.identity.jws import PublicKey, SignedToken, public_key
from gnomon.identity.refusals import refused

RENEW_AFTER_S = 600.0
TOO_OLD_AFTER_S = 6 * 3600.0
SHORTEST_INTERVAL_S = 10.0
_MAX_KEYS = 100


@dataclass(frozen=True, slots=True)
class _Keys:
    keys: tuple[PublicKey, ...]
    fetched_at: float


@dataclass(slots=True)
class Provider:
    """One provider. Safe to share between threads.

    Args:
        issuer: Its address, exactly as its tokens name it.
        ticks: A clock that only runs forward, in seconds: the age of keys does not follow a corrected date.
    """

    issuer: str
    ticks: Callable[[], float] = time.monotonic
    _known: _Keys | None = field(default=None, init=False)
    _tried_at: float | None = field(default=None, init=False)
    _trouble: Failed | Misconfigured | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def key_for(self, token: SignedToken) -> PublicKey:
        """The key that the token names.

        Raises:
            Refused: The provider has no such key.
            Failed: The provider is unreachable and no key of it is known that is young enough.
            Misconfigured: What the provider serves cannot be used.
        """
        known = self._known
        if known is None or self.ticks() - known.fetched_at >= RENEW_AFTER_S:
            known = self._renewed(wait=False)
        found = _find(known.keys, token)
        if found is None:
            # Another thread may be fetching the rotated key just now: wait for it.
            found = _find(self._renewed(wait=True).keys, token)
        if found is None:
            raise refused("unknown-key", "the token is signed with a key that its issuer does not have")
        return found

    def _renewed(self, *, wait: bool) -> _Keys:
        usable = self._usable()
        if not self._lock.acquire(blocking=wait or usable is None):
            return usable or self._renewed(wait=True)
        try:
            self._try()
        finally:
            self._lock.release()
        usable = self._usable()
        if usable is None:
            raise self._why_not()
        return usable

    def _usable(self) -> _Keys | None:
        known = self._known
        young = known is not None and self.ticks() - known.fetched_at < TOO_OLD_AFTER_S
        return known if young else None

    def _try(self) -> None:
        now = self.ticks()
        if self._tried_at is not None and now - self._tried_at < SHORTEST_INTERVAL_S:
            return
        self._tried_at = now
        try:
            self._known, self._trouble = _Keys(_fetched_keys(self.issuer), now), None
        except (Failed, Misconfigured) as error:
            self._trouble = error

    def _why_not(self) -> GnomonError:
        trouble = self._trouble
        if trouble is None:
            return Failed("the identity provider's keys are too old", hint="try again in a few seconds")
        # A fresh one: an exception that is raised again and again collects every traceback.
        return type(trouble)(trouble.message, facts=trouble.facts, hint=trouble.hint)


def _find(keys: tuple[PublicKey, ...], token: SignedToken) -> PublicKey | None:
    fitting = [key for key in keys if token.algorithm in key.algorithms]
    if token.key_id:
        return next((key for key in fitting if key.key_id == token.key_id), None)
    # OpenID Connect Core, section 10.1: without a key id the key must be the only one.
    return fitting[0] if len(fitting) == 1 else None


def _fetched_keys(issuer: str) -> tuple[PublicKey, ...]:
    document = fetch_json(issuer.rstrip("/") + "/.well-known/openid-configuration")
    if document.get("issuer") != issuer:
        raise Misconfigured(
            "the identity provider names itself otherwise than the settings do",
            facts=(("settings", issuer), ("provider", str(document.get("issuer"))[:255])),
            hint="write `issuer` in [identity] exactly as the provider does, slash at the end included",
        )
    address = document.get("jwks_uri")
    if not isinstance(address, str):
        raise _useless(issuer, "its discovery document names no `jwks_uri`")
    return _keys_of(fetch_json(address), issuer)


def _keys_of(document: Mapping[str, Any], issuer: str) -> tuple[PublicKey, ...]:
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > _MAX_KEYS:
        raise _useless(issuer, f"its key set is not a list of at most {_MAX_KEYS} keys")
    found = [key for each in listed if isinstance(each, dict) and (key := public_key(each)) is not None]
    if not found:
        raise _useless(issuer, "its key set holds no key for an algorithm that is taken here")
    names = [(key.key_id, algorithm) for key in found for algorithm in key.algorithms]
    if len(set(names)) < len(names):
        raise _useless(issuer, "its key set holds two keys under one id")
    return tuple(found)


def _useless(issuer: str, cause: str) -> Misconfigured:
    return Misconfigured(
        "the identity provider cannot be used",
        facts=(("issuer", issuer), ("cause", cause)),
        hint="check `issuer` in [identity], or ask those who run the provider",
    )
