"""Judge what a token says of itself: its times, its audience, its texts.

Every comparison allows for a clock that is a little off, in both directions. A token issued in the future is
refused like one that expired: a clock that was set back makes no old token young.
Source: RFC 7519, section 4.1.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from gnomon.domain.errors import Refused
from gnomon.identity.refusals import refused

Clock = Callable[[], float]
"""Seconds since 1970, like `time.time`."""

_END_OF_TIME = 253_402_300_799.0
"""9999-12-31: numbers beyond are no dates."""

MAX_TEXT = 255
_MAX_ENTRIES = 1_000


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a token was issued and when it ends, in seconds since 1970."""

    issued_at: float
    expires_at: float

    def check(self, now: float, skew_s: float) -> None:
        """Return if `now` lies inside.

        Raises:
            Refused: It is over, or has not begun.
        """
        if now >= self.expires_at + skew_s:
            raise refused("expired", "the token has expired")
        if self.issued_at > now + skew_s:
            raise not_yet()


def not_yet() -> Refused:
    """The refusal of a token from the future."""
    return refused(
        "not-yet", "the token is not valid yet", hint="compare the clocks of this machine and of the issuer"
    )


def lifetime(claims: Mapping[str, Any], now: float, *, skew_s: float, longest_s: float) -> Lifetime:
    """The checked lifetime of a token.

    Args:
        longest_s: Longest time between issue and end that is taken.

    Raises:
        Refused: A time is missing or no time, the token is over, not yet valid, or valid for too long.
    """
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    found = Lifetime(issued, expires)
    found.check(now, skew_s)
    if "nbf" in claims and _moment(claims, "nbf") > now + skew_s:
        raise not_yet()
    if not 0 < expires - issued <= longest_s:
        raise refused(
            "lifetime", f"a token may live {longest_s / 3600:g} hours, this one does not end in time"
        )
    return found


def check_audience(claims: Mapping[str, Any], audience: str) -> None:
    """Return if the token is meant for `audience`.

    Raises:
        Refused: It is meant for others or says nothing.
    """
    named = claims.get("aud")
    if isinstance(named, str):
        named = [named]
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise refused("malformed", "the token's `aud` is not text or a list of texts")
    if audience not in named:
        raise refused("audience", "the token is meant for somebody else", facts=(("expected", audience),))


def text_claim(claims: Mapping[str, Any], name: str) -> str:
    """A claim that must be there as readable text.

    Raises:
        Refused: It is missing, empty, too long, no text, or holds control characters.
    """
    if name not in claims:
        raise refused("malformed", f"the token has no `{name}`")
    return _text(claims[name], name)


def texts_claim(claims: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A claim that is one text or a list of texts; empty where it is missing.

    Raises:
        Refused: It is anything else.
    """
    value = claims.get(name, [])
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or len(value) > _MAX_ENTRIES:
        raise refused("malformed", f"the token's `{name}` is not a list of at most {_MAX_ENTRIES} texts")
    return tuple(_text(each, name) for each in value)


def plain_claim(claims: Mapping[str, Any], name: str) -> str:
    """A text, number or truth value as text.

    Raises:
        Refused: It is anything else.
    """
    value = claims[name]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _text(value, name)


def is_readable(value: object) -> TypeGuard[str]:
    """Whether a value is text that may name somebody or something: short, and without control characters."""
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()


def _text(value: object, name: str) -> str:
    if not is_readable(value):
        raise refused("malformed", f"the token's `{name}` is not readable text of 1 to {MAX_TEXT} characters")
    return value


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise refused("malformed", f"the token's `{name}` is not a number of seconds")
    # Compared before it becomes a float: a huge integer has none.
    if not 0 <= value <= _END_OF_TIME or not math.isfinite(value):
        raise refused("malformed", f"the token's `{name}` is not a time")
    return float(value)
