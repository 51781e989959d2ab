"""Who may change a memory, and the change itself: recorded first, then made.

A memory of one person is that person's alone. What others go by needs more: a memory for everybody holds only
once an operator other than its author has confirmed it, and whoever changes its words becomes its author.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from gnomon.domain.errors import Refused, Retry
from gnomon.domain.memory import Memory, MemoryStatus
from gnomon.store.memories import MemoryChange, MemoryStore

Record = Callable[[Mapping[str, str]], None]
"""Keeps the details of a change before it happens (audit kind `memory`); raises if it cannot."""

MAX_OPEN_PROPOSALS = 50
"""Of one author: a model that proposes without end fills no queue."""

_KINDS: dict[MemoryChange, str] = {
    "add": "create",
    "edit": "update",
    "confirm": "update",
    "reject": "delete",
    "retire": "delete",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who wants to change something, and whether they are an operator."""

    subject: str
    operator: bool = False


def recorded(
    store: MemoryStore,
    before: Memory | None,
    after: Memory,
    change: MemoryChange,
    by: str,
    now: datetime,
    record: Record,
) -> Memory:
    """Record a change, then make it. Asks nobody for leave."""
    record(
        {
            "change": _KINDS[change],
            "act": change,
            "memory": after.id,
            "by": by or "gnomon",
            "scope": after.scope,
            "for": after.place or "everybody",
            "status": after.status,
            "text_sha256": sha256(after.text.encode("utf-8", "surrogatepass")).hexdigest(),
        }
        | ({"why": after.retired_because} if after.retired_because else {})
    )
    if before is None:
        store.add(after, by, now)
    else:
        store.change(before, after, change, by, now)
    return after


def add(store: MemoryStore, memory: Memory, actor: Actor, record: Record, *, yes: bool) -> Memory:
    """Keep a new memory of the actor's; returned as it is kept.

    Args:
        yes: Whether the actor, a person, said yes to these very words, and for a channel that they speak in
            it. Without, it waits as a proposal.

    Raises:
        Retry: Too many of the author's proposals wait already.
    """
    status: MemoryStatus = "active" if yes and memory.scope != "global" else "proposed"
    if status == "proposed" and store.open_proposals(memory.tenant, memory.author) >= MAX_OPEN_PROPOSALS:
        raise Retry(
            f"{MAX_OPEN_PROPOSALS} proposals of {memory.author} wait for an answer already",
            hint="confirm or reject some with `gnomon memory review` first",
        )
    kept = replace(memory, status=status)
    if status == "active":
        kept = replace(kept, reviewed_by=actor.subject, reviewed_at=memory.created_at)
    return recorded(store, None, kept, "add", actor.subject, memory.created_at, record)


def decline(store: MemoryStore, memory: Memory, actor: Actor, record: Record) -> Memory:
    """Keep that a person said no to a new memory, so that it is not proposed again."""
    said = replace(memory, status="rejected", reviewed_by=actor.subject, reviewed_at=memory.created_at)
    return recorded(store, None, said, "add", actor.subject, memory.created_at, record)


def confirm(store: MemoryStore, memory: Memory, actor: Actor, now: datetime, record: Record) -> Memory:
    """Let a proposal hold.

    Raises:
        Retry: It waits for no answer.
        Refused: Somebody else has to say so.
    """
    _require_proposed(memory)
    if memory.scope == "global" and not (actor.operator and actor.subject != memory.author):
        raise Refused(
            f"`{memory.id}` is for everybody, so an operator other than its author confirms it",
            rule="memory:needs-reviewer",
            facts=(("author", memory.author), ("you are", actor.subject)),
            hint="ask another operator to run `gnomon memory review`",
        )
    require_own(memory, actor)
    after = replace(memory, status="active", reviewed_by=actor.subject, reviewed_at=now)
    return recorded(store, memory, after, "confirm", actor.subject, now, record)


def reject(store: MemoryStore, memory: Memory, actor: Actor, now: datetime, record: Record) -> Memory:
    """Turn a proposal down.

    Raises:
        Retry: It waits for no answer.
        Refused: Somebody else has to say so.
    """
    _require_proposed(memory)
    require_own(memory, actor)
    after = replace(memory, status="rejected", reviewed_by=actor.subject, reviewed_at=now)
    return recorded(store, memory, after, "reject", actor.subject, now, record)


def retire(
    store: MemoryStore, memory: Memory, actor: Actor, now: datetime, record: Record, *, why: str
) -> Memory:
    """End a memory, with the reason.

    Raises:
        Retry: It has ended already.
        Refused: Somebody else has to say so.
    """
    require_own(memory, actor)
    if memory.status in ("retired", "rejected"):
        raise Retry(
            f"`{memory.id}` is {memory.status} already",
            hint=f"see it with `gnomon memory show {memory.id}`",
        )
    after = replace(memory, status="retired", retired_because=why, reviewed_by=actor.subject, reviewed_at=now)
    return recorded(store, memory, after, "retire", actor.subject, now, record)


def edit(
    store: MemoryStore, before: Memory, after: Memory, actor: Actor, now: datetime, record: Record
) -> Memory:
    """Put new words in place of the old ones; the actor becomes the author, and a yes to the old is no more.

    A memory that was retired or rejected comes back this way.

    Args:
        after: The same memory with its new words, tables and time.

    Raises:
        Retry: Nothing changes.
        Refused: It is somebody else's.
    """
    require_own(before, actor)
    for_all = before.scope == "global"
    changed = replace(
        after,
        author=actor.subject,
        created_at=before.created_at,
        status="proposed" if for_all else "active",
        reviewed_by="" if for_all else actor.subject,
        reviewed_at=None if for_all else now,
        retired_because="",
    )
    if _words(changed) == _words(before) and before.status == changed.status:
        raise Retry(f"nothing of `{before.id}` changes", hint="give a new text, reason, table or time")
    return recorded(store, before, changed, "edit", actor.subject, now, record)


def require_own(memory: Memory, actor: Actor) -> None:
    """Refuse whoever may not change it: a person's own is theirs, the rest its author's or an operator's.

    Raises:
        Refused: It is somebody else's.
    """
    if memory.scope == "user":
        allowed = memory.place == actor.subject
    else:
        allowed = actor.operator or memory.author == actor.subject
    if not allowed:
        raise Refused(
            f"the memory `{memory.id}` is somebody else's",
            rule="memory:own",
            facts=(("scope", memory.scope), ("you are", actor.subject)),
            hint="ask its author or an operator",
        )


def _require_proposed(memory: Memory) -> None:
    if memory.status != "proposed":
        raise Retry(
            f"`{memory.id}` is {memory.status}: it waits for no answer",
            hint="see what waits with `gnomon memory review`",
        )


def _words(memory: Memory) -> tuple[object, ...]:
    told = (memory.text, memory.reason, memory.tables, memory.means, memory.question, memory.sql)
    return (*told, memory.expires_at)
