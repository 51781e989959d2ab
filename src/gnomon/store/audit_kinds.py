"""What may be recorded: a closed list of kinds, and texts of bounded size.

docs/audit.md says for each kind what its details hold. None of them is a place for rows of a result.
"""

import hashlib
from collections.abc import Container
from itertools import count
from typing import Literal, get_args

from gnomon.domain.events import AuditEvent

Kind = Literal[
    "question",
    "decision",
    "query",
    "explain",
    "profile",
    "result",
    "answer",
    "memory",
    "policy",
    "login",
    "refusal",
    "tool",
    "budget",
    "write",
]
"""Everything that is recorded. A new kind is added here, in docs/audit.md and in `audit_ocsf`."""

KINDS: tuple[Kind, ...] = get_args(Kind)
MAX_VALUE_BYTES = 8 * 1024
MAX_NAME_BYTES = 1024
MAX_DETAILS = 64


def admitted(event: AuditEvent) -> AuditEvent:
    """The event as it is recorded: long texts are cut and say so, names that come twice are numbered.

    Raises:
        ValueError: The kind is not one of `KINDS`, or the time has no zone.
    """
    if event.kind not in KINDS:
        raise ValueError(f"{event.kind!r} is not a kind of audit record: {', '.join(KINDS)}")
    if event.at.tzinfo is None:
        raise ValueError("the time of an audit record has a zone")
    subject, tenant = _cut(event.subject, MAX_NAME_BYTES), _cut(event.tenant, MAX_NAME_BYTES)
    return AuditEvent(event.at, subject, tenant, event.kind, _bounded(event.detail))


def _bounded(detail: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    kept: dict[str, str] = {}
    for name, value in detail[:MAX_DETAILS]:
        kept[_free(_cut(name, MAX_NAME_BYTES), kept)] = _cut(value, MAX_VALUE_BYTES)
    left_out = len(detail) - len(kept)
    if left_out:
        kept[_free("left out", kept)] = f"{left_out} more details"
    return tuple(kept.items())


def _free(name: str, taken: Container[str]) -> str:
    """The name, numbered if it is taken: names may come from a credential, and no value may hide another."""
    if name not in taken:
        return name
    return next(numbered for n in count(2) if (numbered := f"{name} {n}") not in taken)


def _cut(text: str, most_bytes: int) -> str:
    """The text, or its beginning with the length and hash of the whole, so that the whole can be proven."""
    if len(text) * 4 <= most_bytes:
        return text
    whole = text.encode("utf-8", "surrogatepass")
    if len(whole) <= most_bytes:
        return text
    mark = f" [cut from {len(whole)} bytes, sha256 {hashlib.sha256(whole).hexdigest()}]"
    return whole[: most_bytes - len(mark)].decode("utf-8", "ignore") + mark
