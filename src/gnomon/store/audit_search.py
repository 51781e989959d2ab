"""Find records of the audit log: one streamed pass that checks the chain on its way."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from gnomon.domain.events import AuditEvent
from gnomon.store.audit import AuditLog, AuditRecord


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records are looked for; what is empty or None does not narrow.

    Args:
        kinds: Any of these kinds.
        since: Aware; the record is not older.
        until: Aware; the record is older.
        question: Id of the question that the record belongs to.
        text: Occurs in a detail, whatever the case.
    """

    kinds: tuple[str, ...] = ()
    subject: str = ""
    tenant: str = ""
    since: datetime | None = None
    until: datetime | None = None
    question: str = ""
    text: str = ""

    def matches(self, event: AuditEvent) -> bool:
        """Whether the event is one of them."""
        return (
            (not self.kinds or event.kind in self.kinds)
            and self.subject in ("", event.subject)
            and self.tenant in ("", event.tenant)
            and (self.since is None or event.at >= self.since)
            and (self.until is None or event.at < self.until)
            and self.question in ("", question_of(event))
            and self._says(event)
        )

    def pieces(self) -> tuple[bytes, ...]:
        """What the JSON of every such event contains, so that others need not be decoded."""
        kind = self.kinds[0] if len(self.kinds) == 1 else ""
        return tuple(
            json.dumps(text).encode("ascii")
            for text in (kind, self.subject, self.tenant, self.question)
            if text
        )

    def _says(self, event: AuditEvent) -> bool:
        sought = self.text.casefold()
        return not sought or any(sought in value.casefold() for _, value in event.detail)


def question_of(event: AuditEvent) -> str:
    """Id of the question that the event belongs to, or an empty text."""
    return next((value for name, value in event.detail if name == "question"), "")


def search(log: AuditLog, wanted: Wanted) -> Iterator[AuditRecord]:
    """The wanted records, oldest first. Every record is read: times may go back where a clock was set.

    Raises:
        Failed: A record does not hold; the wanted ones before it have been given.
    """
    return (record for record in log.records(wanted.pieces()) if wanted.matches(record.event))
