"""A proven login, and the audit record that every attempt leaves before anything happens on its behalf.

Records name a credential by its public id alone. What a refused credential says of itself is unproven; it is
kept, cut and marked as a claim, because it helps to find who tried.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from gnomon.domain.errors import GnomonError, Refused
from gnomon.domain.events import AuditEvent
from gnomon.domain.identity import AuthMethod, Principal
from gnomon.identity.claims import Clock

Record = Callable[[AuditEvent], object]
Pairs = tuple[tuple[str, str], ...]

UNKNOWN = "unknown"
"""The subject and tenant in the record of a refusal."""

_MAX_CLAIM = 64


@dataclass(frozen=True, slots=True)
class Login:
    """Somebody who is proven.

    Args:
        because: One sentence for the person: what proved it.
        detail: Ids of the credential for the audit record; no secret.
    """

    principal: Principal
    because: str
    detail: Pairs = ()


@dataclass(frozen=True, slots=True)
class Recorder:
    """Puts attempts through and writes down how they end.

    Args:
        record: Writes an event durably. If it fails, the login fails.
    """

    record: Record
    clock: Clock

    def __call__(self, method: AuthMethod, prove: Callable[[], Login], *, claimed: Pairs = ()) -> Login:
        """The login that `prove` makes.

        Args:
            claimed: What the credential says of itself, for the record of a refusal.

        Raises:
            GnomonError: What `prove` raises, after it is recorded.
        """
        try:
            login = prove()
        except GnomonError as error:
            rule = error.rule if isinstance(error, Refused) else "identity:unavailable"
            pairs = (("method", method), ("rule", rule), ("reason", error.message))
            facts = tuple((f"fact_{label.replace(' ', '_')}", value) for label, value in error.facts)
            self._write(UNKNOWN, UNKNOWN, "refusal", pairs + facts + _as_claims(claimed))
            raise
        who = login.principal
        self._write(who.subject, who.tenant, "login", (("method", method), *login.detail))
        return login

    def _write(self, subject: str, tenant: str, kind: str, detail: Pairs) -> None:
        self.record(AuditEvent(datetime.fromtimestamp(self.clock(), UTC), subject, tenant, kind, detail))


def _as_claims(pairs: Pairs) -> Pairs:
    cut = ((name, "".join(c for c in value if c.isprintable())[:_MAX_CLAIM]) for name, value in pairs)
    return tuple((f"claimed_{name}", value) for name, value in cut if value)
