"""Who asks, and how we know."""

from dataclasses import dataclass, field
from typing import Literal

AuthMethod = Literal["local", "oidc", "api_token", "slack", "workload"]
"""How a surface made sure: the operating system's user, an identity provider's token, a token of ours, a
signed request of Slack, or a workload's own short-lived token."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated person or job on whose behalf everything below acts.

    Only `gnomon.identity` makes one from what a surface received.

    Args:
        subject: Unique within the tenant, for example `ana@acme.test`.
        tenant: The organisation whose data this is.
        groups: Names of the groups the subject belongs to.
        claims: Further facts from the identity provider, as name and value.
        method: How the subject was authenticated.
        scopes: What this credential may be used for (names of tool effects, `history`, `admin`); None where
            the credential sets no limit of its own. A scope only ever narrows.
        actor: The SPIFFE ID of the agent, loop or job that acts for the subject; empty for the person alone.
    """

    subject: str
    tenant: str = "local"
    groups: frozenset[str] = frozenset()
    claims: tuple[tuple[str, str], ...] = field(default=())
    method: AuthMethod = "local"
    scopes: frozenset[str] | None = None
    actor: str = ""
