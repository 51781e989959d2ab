"""Who may change a memory, and the change itself: recorded first, then made.

A memory of one person is that person's alone. What others go by needs more: a memory for everybody holds only
once an operator other than its author has confirmed it, and whoever changes its words becomes its author.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from gnomon.context.memory.disputes import UNDECIDED, Decision
from gnomon.domain.errors import Refused, Retry
from gnomon.domain.memory import Memory, MemoryStatus
from gnomon.store.memories import Change, MemoryChange, MemoryStore

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
    "keep": "update",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who wants to change something, and whether they are an operator."""

    subject: str
    operator: bool = False


def carry_out(store: MemoryStore, changes: Sequence[Change], by: str, now: datetime, record: Record) -> None:
    """Record changes, then make all of them or none. Asks nobody for leave.

    Args:
        by: Subject of who makes them; empty for Gnomon itself.

    Raises:
        Retry: A memory is not how somebody saw it any more.
    """
    for change in changes:
        record(_detail(change, by))
    store.carry_out(changes, by, now)


def add(
    store: MemoryStore,
    memory: Memory,
    actor: Actor,
    record: Record,
    *,
    yes: bool,
    decision: Decision = UNDECIDED,
) -> Memory:
    """Keep a new memory of the actor's; returned as it is kept.

    Args:
        yes: Whether the actor, a person, said yes to these very words, and for a channel that they speak in
            it. Without, it waits as a proposal.
        decision: What the actor says of memories that it contradicts; nothing of it while it waits.

    Raises:
        Retry: Too many of the author's proposals wait already.
        Refused: A memory that it shall replace is somebody else's.
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
    wanted = decided(Change("add", None, kept), decision, actor, memory.created_at)
    return _made(store, wanted, actor, memory.created_at, record)


def decline(store: MemoryStore, memory: Memory, actor: Actor, record: Record) -> Memory:
    """Keep that a person said no to a new memory, so that it is not proposed again."""
    said = replace(memory, status="rejected", reviewed_by=actor.subject, reviewed_at=memory.created_at)
    return _made(store, (Change("add", None, said),), actor, memory.created_at, record)


def confirming(
    memory: Memory, actor: Actor, now: datetime, decision: Decision = UNDECIDED
) -> tuple[Change, ...]:
    """What lets a proposal hold, with what was decided about memories that it contradicts; not made yet.

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
    return decided(Change("confirm", memory, after), decision, actor, now)


def confirm(
    store: MemoryStore,
    memory: Memory,
    actor: Actor,
    now: datetime,
    record: Record,
    decision: Decision = UNDECIDED,
) -> Memory:
    """Let a proposal hold; raises as `confirming` does."""
    return _made(store, confirming(memory, actor, now, decision), actor, now, record)


def rejecting(memory: Memory, actor: Actor, now: datetime) -> Change:
    """What turns a proposal down; not made yet.

    Raises:
        Retry: It waits for no answer.
        Refused: Somebody else has to say so.
    """
    _require_proposed(memory)
    require_own(memory, actor)
    after = replace(memory, status="rejected", reviewed_by=actor.subject, reviewed_at=now)
    return Change("reject", memory, after)


def reject(store: MemoryStore, memory: Memory, actor: Actor, now: datetime, record: Record) -> Memory:
    """Turn a proposal down; raises as `rejecting` does."""
    return _made(store, (rejecting(memory, actor, now),), actor, now, record)


def retire(
    store: MemoryStore, memory: Memory, actor: Actor, now: datetime, record: Record, *, why: str
) -> Memory:
    """End a memory, with the reason.

    Raises:
        Retry: It has ended already.
        Refused: Somebody else has to say so.
    """
    return _made(store, (_retiring(memory, actor, now, why),), actor, now, record)


def edit(
    store: MemoryStore,
    before: Memory,
    after: Memory,
    actor: Actor,
    now: datetime,
    record: Record,
    decision: Decision = UNDECIDED,
) -> Memory:
    """Put new words in place of the old ones; the actor becomes the author, and a yes to the old is no more.

    A memory that was retired or rejected comes back this way. Where the words of one that holds stay as they
    are, the decision alone is kept: author and yes stay, too.

    Args:
        after: The same memory with its new words, tables and time.

    Raises:
        Retry: Nothing changes.
        Refused: It is somebody else's, or for everybody and the actor, who decides about it, no operator.
    """
    require_own(before, actor)
    same = _words(after) == _words(before)
    if same and before.status == "active" and decision != UNDECIDED:
        _require_reviewer(before, actor)
        return _made(store, decided(Change("keep", before, before), decision, actor, now), actor, now, record)
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
    if same and before.status in ("active", changed.status):
        raise Retry(f"nothing of `{before.id}` changes", hint="give a new text, reason, table or time")
    return _made(store, decided(Change("edit", before, changed), decision, actor, now), actor, now, record)


def decided(change: Change, decision: Decision, actor: Actor, now: datetime) -> tuple[Change, ...]:
    """The change, and with it what was decided about memories that it contradicts, once it holds.

    While a memory waits for a yes it ends nothing and stands beside nothing: whoever says yes decides.

    Raises:
        Retry: One that it shall replace has ended already.
        Refused: One that it shall replace is somebody else's.
    """
    if change.after.status != "active":
        return (change,)
    why = f"{change.after.id} took its place"
    ended = (_retiring(old, actor, now, why) for old in decision.replaced)
    return (replace(change, beside=decision.beside), *ended)


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


def _made(
    store: MemoryStore, changes: Sequence[Change], actor: Actor, now: datetime, record: Record
) -> Memory:
    """Make the changes; the first one's memory as it is now."""
    carry_out(store, changes, actor.subject, now, record)
    return changes[0].after


def _detail(change: Change, by: str) -> Mapping[str, str]:
    """What is recorded of a change: the words as a hash."""
    after = change.after
    detail = {
        "change": _KINDS[change.act],
        "act": change.act,
        "memory": after.id,
        "by": by or "gnomon",
        "scope": after.scope,
        "for": after.place or "everybody",
        "status": after.status,
        "text_sha256": sha256(after.text.encode("utf-8", "surrogatepass")).hexdigest(),
    }
    if after.retired_because:
        detail["why"] = after.retired_because
    if change.beside:
        detail["beside"] = ", ".join(other.id for other in change.beside)
    return detail


def _retiring(memory: Memory, actor: Actor, now: datetime, why: str) -> Change:
    require_own(memory, actor)
    if memory.status in ("retired", "rejected"):
        raise Retry(
            f"`{memory.id}` is {memory.status} already",
            hint=f"see it with `gnomon memory show {memory.id}`",
        )
    after = replace(memory, status="retired", retired_because=why, reviewed_by=actor.subject, reviewed_at=now)
    return Change("retire", memory, after)


def _require_reviewer(memory: Memory, actor: Actor) -> None:
    """Refuse a decision about what everybody goes by to who is no operator."""
    if memory.scope == "global" and not actor.operator:
        raise Refused(
            f"`{memory.id}` is for everybody, so an operator decides what it is kept beside",
            rule="memory:needs-reviewer",
            facts=(("you are", actor.subject),),
            hint="ask an operator to run `gnomon memory review`",
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
