"""Who asks."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated person or job on whose behalf everything below acts.

    Args:
        subject: Unique within the tenant, for example `ana@acme.test`.
        tenant: The organisation whose data this is.
        groups: Names of the groups the subject belongs to.
        claims: Further facts from the identity provider, as name and value.
    """

    subject: str
    tenant: str = "local"
    groups: frozenset[str] = frozenset()
    claims: tuple[tuple[str, str], ...] = field(default=())
