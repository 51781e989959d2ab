"""What somebody who tends memories should look at, and what can be put away without asking."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gnomon.context.memory.book import MemoryBook
from gnomon.context.memory.changes import Actor, Record, carry_out
from gnomon.context.memory.compare import Likeness, all_alike
from gnomon.context.memory.drift import drift
from gnomon.domain.catalog import Catalog
from gnomon.domain.memory import UNUSED_DAYS, Memory
from gnomon.store.memories import Change


@dataclass(frozen=True, slots=True)
class Findings:
    """Memories that want a decision.

    Args:
        proposed: They wait for a yes or a no.
        alike: Pairs that say the same, or the opposite; of the latter none that a person keeps side by side.
        drifted: They depend on tables that changed; with what changed.
        expired: Their time is over.
        unused: None of them was applied for long.
    """

    proposed: tuple[Memory, ...] = ()
    alike: tuple[Likeness, ...] = ()
    drifted: tuple[tuple[Memory, str], ...] = ()
    expired: tuple[Memory, ...] = ()
    unused: tuple[Memory, ...] = ()

    @property
    def duplicates(self) -> tuple[Likeness, ...]:
        """Pairs that say the same."""
        return tuple(a for a in self.alike if a.relation == "duplicate")

    @property
    def contradictions(self) -> tuple[Likeness, ...]:
        """Pairs that say the opposite."""
        return tuple(a for a in self.alike if a.relation == "contradiction")


def find(
    book: MemoryBook,
    memories: Sequence[Memory],
    catalog: Catalog,
    now: datetime,
    unused_days: int = UNUSED_DAYS,
) -> Findings:
    """Look at memories of one tenant, proposed and active ones.

    Args:
        catalog: Every table of the warehouse.
        unused_days: An active memory that was not applied for so long counts as unused.
    """
    live = [m for m in memories if m.status in ("proposed", "active")]
    drifted = tuple((m, why) for m in live if (why := drift(m, catalog)))
    expired = tuple(m for m in live if m.expired(now))
    gone = {m.id for m, _ in drifted} | {m.id for m in expired}
    sound = [m for m in live if m.id not in gone]
    tenant = live[0].tenant if live else ""
    return Findings(
        proposed=tuple(m for m in sound if m.status == "proposed"),
        alike=_undecided(book, tenant, all_alike(sound, book.vectors(tenant, sound))),
        drifted=drifted,
        expired=expired,
        unused=_unused(book, sound, now - timedelta(days=unused_days)),
    )


def prune(
    book: MemoryBook, findings: Findings, unused_days: int, actor: Actor, now: datetime, record: Record
) -> tuple[Memory, ...]:
    """Retire what drifted, what expired and what was never of use, each with its reason.

    Nothing is weighed here, so it needs no yes: whatever is retired can be brought back by editing it.
    """
    reasons = {m.id: (m, why) for m, why in findings.drifted}
    reasons |= {m.id: (m, f"its time was over on {m.expires_at:%Y-%m-%d}") for m in findings.expired}
    reasons |= {m.id: (m, f"it was not applied for {unused_days} days") for m in findings.unused}
    ended = [Change("retire", m, _retired(m, why, actor, now)) for m, why in reasons.values()]
    carry_out(book.store, ended, actor.subject, now, record)
    return tuple(change.after for change in ended)


def _undecided(book: MemoryBook, tenant: str, alike: Sequence[Likeness]) -> tuple[Likeness, ...]:
    """Without the contradictions of memories that a person keeps side by side."""
    kept = {k.pair for k in book.store.kept_both(tenant, book.warehouse)}
    return tuple(
        a for a in alike if a.relation == "duplicate" or frozenset((a.one.id, a.other.id)) not in kept
    )


def _retired(memory: Memory, why: str, actor: Actor, now: datetime) -> Memory:
    return replace(memory, status="retired", retired_because=why, reviewed_by=actor.subject, reviewed_at=now)


def _unused(book: MemoryBook, memories: Sequence[Memory], since: datetime) -> tuple[Memory, ...]:
    active = [m for m in memories if m.status == "active"]
    applied = book.store.last_applied(active[0].tenant, [m.id for m in active]) if active else {}
    return tuple(
        m for m in active if max(applied.get(m.id, m.created_at), m.reviewed_at or m.created_at) < since
    )
