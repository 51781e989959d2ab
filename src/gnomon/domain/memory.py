"""Something learned that is to hold for later questions: what, for whom, on whose word, and until when."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gnomon.domain.catalog import TableRef

MemoryScope = Literal["user", "channel", "global"]
"""For whom it holds: one person, everybody in one channel, or everybody."""

MemoryStatus = Literal["proposed", "active", "retired", "rejected"]
"""Only an `active` memory is ever applied."""

SCOPES: tuple[MemoryScope, ...] = ("user", "channel", "global")
"""From the narrowest to the widest; where two contradict, the narrower one holds."""

UNUSED_DAYS = 90
"""An active memory that was not applied for so many days is of no use."""


@dataclass(frozen=True, slots=True)
class KnownTable:
    """A table that a memory depends on, and a hash of its columns' names and types when it was written."""

    ref: TableRef
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Memory:
    """One thing to remember.

    Args:
        text: What is remembered, in a sentence, on one line.
        reason: Why, in a sentence.
        place: The subject it is for where the scope is `user`, the channel's id where it is `channel`.
        warehouse: Id of the warehouse that it speaks of.
        author: Subject of who wrote the text as it stands.
        answer_id: The answer that it came from; empty where it came from none.
        tables: What it depends on; a change of their columns retires it.
        means: Words of a question, and the table or column (`schema.table.column`) that is meant by them.
        question: What `sql` answers.
        sql: A corrected query: one read in the warehouse's dialect.
        expires_at: From then on it is not applied; None for never.
        reviewed_by: Who confirmed, rejected or retired it last; empty where nobody or no person did.
    """

    id: str
    text: str
    reason: str
    scope: MemoryScope
    place: str
    tenant: str
    warehouse: str
    author: str
    created_at: datetime
    answer_id: str = ""
    tables: tuple[KnownTable, ...] = ()
    means: tuple[tuple[str, str], ...] = ()
    question: str = ""
    sql: str = ""
    expires_at: datetime | None = None
    status: MemoryStatus = "proposed"
    reviewed_by: str = ""
    reviewed_at: datetime | None = None
    retired_because: str = ""

    def __post_init__(self) -> None:
        if (self.scope == "global") != (self.place == ""):
            raise ValueError(f"a {self.scope} memory cannot be for {self.place!r}")
        if any(at is not None and at.tzinfo is None for at in (self.created_at, self.expires_at)):
            raise ValueError("the times of a memory have a zone")

    @property
    def refs(self) -> tuple[TableRef, ...]:
        """The tables it depends on."""
        return tuple(table.ref for table in self.tables)

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now
