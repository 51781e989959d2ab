"""Names of workloads. Source: SPIFFE-ID, section 2 (the SPIFFE Identity and Verifiable Identity Document)."""

import re
from dataclasses import dataclass

MAX_ID_BYTES = 2048
_TRUST_DOMAIN = re.compile(r"[a-z0-9._-]{1,255}")
_SEGMENT = re.compile(r"[a-zA-Z0-9._-]+")
_ID = re.compile(r"spiffe://([^/]*)((?:/[^/]*)*)")


@dataclass(frozen=True, slots=True)
class SpiffeId:
    """`spiffe://<trust domain>/<segment>/...`, checked when made.

    Args:
        path: The segments, at least one.

    Raises:
        ValueError: A part is not in the form that the standard asks for.
    """

    trust_domain: str
    path: tuple[str, ...]

    def __post_init__(self) -> None:
        check_trust_domain(self.trust_domain)
        if not self.path:
            raise ValueError("a workload's name has a path")
        for segment in self.path:
            if not _SEGMENT.fullmatch(segment) or segment in (".", ".."):
                raise ValueError(
                    "a segment holds letters, digits, dots, dashes and underscores, and is no . or .."
                )
        if len(str(self)) > MAX_ID_BYTES:
            raise ValueError(f"a SPIFFE ID has at most {MAX_ID_BYTES} bytes")

    def __str__(self) -> str:
        return f"spiffe://{self.trust_domain}/{'/'.join(self.path)}"


def parse_spiffe_id(text: str) -> SpiffeId:
    """The parts of a SPIFFE ID.

    Raises:
        ValueError: It is none: another scheme, a port, user, query, escape, empty segment, or too long.

    >>> parse_spiffe_id("spiffe://acme.test/agent/analyst/r1").path
    ('agent', 'analyst', 'r1')
    """
    found = _ID.fullmatch(text) if len(text) <= MAX_ID_BYTES else None
    if found is None:
        raise ValueError("not a SPIFFE ID")
    return SpiffeId(found[1], tuple(found[2].split("/")[1:]))


def check_trust_domain(name: str) -> None:
    """Return if the name may stand as a trust domain.

    Raises:
        ValueError: It may not.
    """
    if not _TRUST_DOMAIN.fullmatch(name):
        raise ValueError(
            "a trust domain has 1 to 255 lower case letters, digits, dots, dashes and underscores"
        )
