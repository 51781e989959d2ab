"""Memories as a command works with them: opened as one person, found by id, and told."""

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gnomon.domain.answer import Clarification
from gnomon.domain.memory import Memory, MemoryStatus
from gnomon.surfaces.cli.errors import Usage
from gnomon.surfaces.cli.terminal import Terminal

if TYPE_CHECKING:
    from gnomon.context.memory.book import MemoryBook
    from gnomon.context.memory.changes import Actor, Record
    from gnomon.context.memory.compare import Likeness
    from gnomon.context.memory.disputes import Decision
    from gnomon.context.memory.recall import Reader
    from gnomon.context.memory.review import Findings
    from gnomon.store.memories import Change
    from gnomon.wiring import Gnomon

REPLACE = "Replace the old"
KEEP_BOTH = "Keep both"
NEITHER = "Change nothing"

_LIFE = re.compile(r"([1-9][0-9]{0,3})([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


@dataclass(frozen=True, slots=True)
class Said:
    """What a command line says of memories that another one contradicts.

    Args:
        replace: Ids of those that end.
        keep_both: Whether the others are kept.
        ask: Whether a person is there who can be asked about what nothing is said of.
    """

    replace: tuple[str, ...] = ()
    keep_both: bool = False
    ask: bool = False


@dataclass(frozen=True, slots=True)
class MemoryDesk:
    """Who works on memories, with what, and when."""

    terminal: Terminal
    gnomon: "Gnomon"
    book: "MemoryBook"
    reader: "Reader"
    actor: "Actor"
    now: datetime

    @property
    def tenant(self) -> str:
        """Whose memories these are."""
        return self.reader.access.principal.tenant

    def record(self, detail: Mapping[str, str]) -> None:
        """Keep a change in the audit log before it happens."""
        self._recorder(self.actor.subject, self.tenant)(detail)

    def require_grant(self) -> None:
        """Refuse whom no policy lets remember, as it would the agent in their place.

        Raises:
            Refused: No policy grants them the effect `remember`.
        """
        from gnomon.domain.events import AuditEvent
        from gnomon.policy.authority import refused_tool

        ruling = self.reader.authority.tool("propose_memory", "remember")
        detail = {**ruling.as_detail(), "effect": "remember"}
        event = AuditEvent(self.now, self.actor.subject, self.tenant, "decision", tuple(detail.items()))
        self.gnomon.audit.append(event)
        if not ruling.allowed:
            raise refused_tool(ruling, "propose_memory", "remember")

    def visible(self, statuses: Sequence[MemoryStatus]) -> tuple[Memory, ...]:
        """What this person may look at: what they may change, and what holds for everybody."""
        return self._seen(self.book.store.of_warehouse(self.tenant, self.book.warehouse, statuses))

    def own(self, memories: Iterable[Memory]) -> tuple[Memory, ...]:
        """Those that this person may change."""
        return tuple(m for m in memories if self._owns(m))

    def kept_beside(self, memories: Sequence[Memory]) -> Mapping[str, list[dict[str, str]]]:
        """By id, what each is kept beside although it contradicts it, and who decided so when.

        What this person may not look at is left out.
        """
        kept = self.book.store.kept_both(self.tenant, self.book.warehouse)
        wanted = {m.id for m in memories}
        pairs = [(i, o, k) for k in kept for i, o in ((k.one, k.other), (k.other, k.one)) if i in wanted]
        others = self.book.store.load(self.tenant, sorted({other for _, other, _ in pairs}))
        seen = {m.id for m in self._seen(others)}
        found: dict[str, list[dict[str, str]]] = defaultdict(list)
        for memory_id, other, k in pairs:
            if other in seen:
                at = k.at.isoformat(timespec="seconds")
                found[memory_id].append({"memory": other, "by": k.by, "at": at})
        return found

    def find(self, memory_id: str) -> Memory:
        """The memory of that id, if this person may look at it.

        Raises:
            Usage: There is none, with the ids that are nearest.
        """
        seen = {m.id: m for m in self.visible(())}
        if memory_id not in seen:
            near = difflib.get_close_matches(memory_id, seen, n=3, cutoff=0.6)
            hint = f"did you mean {', '.join(near)}?" if near else "see the ids with `gnomon memory list`"
            raise Usage(f"no memory has the id `{memory_id}`", hint=hint)
        return seen[memory_id]

    def retire_drifted(self) -> tuple[Memory, ...]:
        """Retire what depends on tables that changed."""
        from gnomon.context.memory.drift import retire_drifted

        catalog = self.gnomon.index.catalog()
        return retire_drifted(
            self.book.store,
            self.book.warehouse,
            catalog,
            self.now,
            lambda tenant: self._recorder("gnomon", tenant),
        )

    def _recorder(self, subject: str, tenant: str) -> "Record":
        from gnomon.domain.events import AuditEvent

        def record(detail: Mapping[str, str]) -> None:
            self.gnomon.audit.append(
                AuditEvent(datetime.now(UTC), subject, tenant, "memory", tuple(detail.items()))
            )

        return record

    def _seen(self, memories: Sequence[Memory]) -> tuple[Memory, ...]:
        from gnomon.context.memory.sight import shown

        seen = shown([m for m in memories if self._concerns(m)], self.reader.access)
        return tuple(m for m in seen if self.reader.authority.memory(m.id, m.scope).allowed)

    def _concerns(self, memory: Memory) -> bool:
        return (memory.scope == "global" and memory.status == "active") or self._owns(memory)

    def _owns(self, memory: Memory) -> bool:
        if memory.scope == "user":
            return memory.place == self.actor.subject
        return self.actor.operator or memory.author == self.actor.subject


@contextmanager
def opened_memories(terminal: Terminal) -> Iterator[MemoryDesk]:
    """Everything a command on memories needs, open for the time of the block."""
    from gnomon.context.memory.book import MemoryBook
    from gnomon.context.memory.changes import Actor
    from gnomon.context.memory.recall import Reader
    from gnomon.store.memories import MemoryStore
    from gnomon.surfaces.cli.session import opened, read_settings
    from gnomon.wiring import is_operator

    settings = read_settings()
    with opened(settings, terminal) as gnomon:
        authority = gnomon.own_authority()
        access = authority.access(gnomon.index.catalog(), gnomon.warehouse.dialect)
        store = MemoryStore.open(settings.state_dir)
        try:
            yield MemoryDesk(
                terminal,
                gnomon,
                MemoryBook(store, gnomon.embedder, gnomon.warehouse.warehouse_id),
                Reader(access, authority),
                Actor(gnomon.principal.subject, is_operator(gnomon.principal)),
                settings.now(),
            )
        finally:
            store.close()


def decision_on(memory: Memory, alike: "Sequence[Likeness]", desk: MemoryDesk, said: Said) -> "Decision":
    """What the person says of what a memory contradicts; nothing is changed yet.

    Raises:
        Retry: It contradicts another one for the same people, and nobody says which one holds.
        Usage: There is no memory of one of the ids.
        Refused: One of these is somebody else's.
    """
    from gnomon.context.memory.changes import require_own
    from gnomon.context.memory.disputes import decide, disputed

    replaced = tuple(desk.find(each) for each in dict.fromkeys(said.replace))
    for old in replaced:
        require_own(old, desk.actor)
    open_ = disputed(memory, alike, desk.now, replaced)
    if not (open_ and said.ask and not said.keep_both):
        return decide(memory, alike, desk.now, replaced, keep_both=said.keep_both)
    reply = _asked(memory, open_, desk)
    if reply == REPLACE:
        replaced += tuple(a.other for a in open_)
    return decide(memory, alike, desk.now, replaced, keep_both=reply == KEEP_BOTH)


def settle(
    confirm: Sequence[str], reject: Sequence[str], desk: MemoryDesk, said: Said
) -> "tuple[Change, ...]":
    """Confirm and reject proposals, and what the person says of what they contradict: all, or nothing.

    Raises:
        Retry: One waits for no answer, or contradicts what nobody decided about.
        Usage: There is no memory of one of the ids.
        Refused: Somebody else has to say so.
    """
    from gnomon.context.memory.changes import carry_out, confirming, rejecting

    planned = [rejecting(desk.find(each), desk.actor, desk.now) for each in reject]
    for each in confirm:
        memory = desk.find(each)
        # Who may not confirm it is told so, and not asked what it contradicts.
        confirming(memory, desk.actor, desk.now)
        alike = desk.book.alike(memory, desk.reader, [change.after for change in planned])
        planned += confirming(memory, desk.actor, desk.now, decision_on(memory, alike, desk, said))
    carry_out(desk.book.store, planned, desk.actor.subject, desk.now, desk.record)
    return tuple(planned)


def _asked(memory: Memory, open_: "Sequence[Likeness]", desk: MemoryDesk) -> str:
    """The person's choice between a memory and what it contradicts."""
    from gnomon.policy.untrusted import quoted
    from gnomon.surfaces.cli.asking import Talk

    lines = [f"{quoted(memory.text)} contradicts what is remembered already:"]
    lines += [f"  {a.other.id} {quoted(a.other.text)}: {a.why}" for a in open_]
    others = [a.other for a in open_]
    may_end = (REPLACE,) if len(desk.own(others)) == len(others) else ()
    asked = Clarification("\n".join(lines), (*may_end, KEEP_BOTH, NEITHER), NEITHER)
    return Talk(desk.terminal).ask_person(asked) or NEITHER


def life(text: str | None, now: datetime) -> datetime | None:
    """When something that lives so long is over; None lives on.

    Raises:
        Usage: It is no time.
    """
    if text is None:
        return None
    found = _LIFE.fullmatch(text)
    if found is None:
        raise Usage(f"`{text}` is not a time", hint="write for example --expires 12h, 90d or 8w")
    return now + timedelta(hours=int(found[1]) * _HOURS[found[2]])


def meanings(pairs: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Words and what they mean, from WORDS=TARGET each.

    Raises:
        Usage: One has no words or no target.
    """
    split = [tuple(part.strip() for part in pair.split("=", 1)) for pair in pairs]
    for pair, parts in zip(pairs, split, strict=True):
        if len(parts) != 2 or not all(parts):
            raise Usage(
                f"`{pair}` is not WORDS=TARGET", hint='write for example --means "revenue=orders.net_amount"'
            )
    return tuple((parts[0], parts[1]) for parts in split)


def memory_values(memory: Memory, now: datetime, beside: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """A memory as JSON values.

    Args:
        beside: What it contradicts and is kept with (`MemoryDesk.kept_beside`).
    """
    return {
        "id": memory.id,
        "text": memory.text,
        "reason": memory.reason,
        "scope": memory.scope,
        "for": memory.place or None,
        "state": state(memory, now),
        "author": memory.author,
        "created_at": _iso(memory.created_at),
        "answer": memory.answer_id or None,
        "tables": [str(ref) for ref in memory.refs],
        "means": [{"words": words, "target": target} for words, target in memory.means],
        "question": memory.question or None,
        "sql": memory.sql or None,
        "expires_at": _iso(memory.expires_at),
        "reviewed_by": memory.reviewed_by or None,
        "reviewed_at": _iso(memory.reviewed_at),
        "retired_because": memory.retired_because or None,
        "kept_beside": list(beside),
    }


def memory_line(memory: Memory, now: datetime) -> dict[str, str]:
    """A memory as a line of a list."""
    return {
        "memory": memory.id,
        "for": {"user": "you", "channel": memory.place, "global": "everybody"}[memory.scope],
        "state": state(memory, now),
        "text": memory.text,
        "means": "; ".join(f"{words} = {target}" for words, target in memory.means),
        "author": memory.author,
        "until": f"{memory.expires_at:%Y-%m-%d}" if memory.expires_at else "",
    }


def state(memory: Memory, now: datetime) -> str:
    """Its status, or `expired` where an active one's time is over."""
    return "expired" if memory.status == "active" and memory.expired(now) else memory.status


def likeness_values(likeness: "Likeness") -> dict[str, Any]:
    """How two memories relate, as JSON values."""
    one, other = likeness.one, likeness.other
    return {
        "relation": likeness.relation,
        "one": {"id": one.id, "text": one.text},
        "other": {"id": other.id, "text": other.text},
        "why": likeness.why,
    }


def findings_values(findings: "Findings", now: datetime) -> dict[str, Any]:
    """What wants a decision, as JSON values."""
    return {
        "proposed": [memory_values(m, now) for m in findings.proposed],
        "duplicates": [likeness_values(a) for a in findings.duplicates],
        "contradictions": [likeness_values(a) for a in findings.contradictions],
        "drifted": [{**memory_values(m, now), "why": why} for m, why in findings.drifted],
        "expired": [memory_values(m, now) for m in findings.expired],
        "unused": [memory_values(m, now) for m in findings.unused],
    }


def findings_lines(findings: "Findings") -> list[dict[str, str]]:
    """The same as lines of a list, each with what to do about it."""
    prune = "gnomon memory review --prune"
    told = [
        _line("proposed", m, _proposed_why(m), f"gnomon memory review --confirm {m.id}")
        for m in findings.proposed
    ]
    for a in findings.alike:
        why = f"with {a.other.id} «{a.other.text}»: {a.why}"
        told.append(_line(a.relation, a.one, why, f"gnomon memory retire {a.one.id}"))
    told += [_line("drifted", m, why, prune) for m, why in findings.drifted]
    told += [_line("expired", m, f"since {m.expires_at:%Y-%m-%d}", prune) for m in findings.expired]
    return told + [_line("unused", m, f"of {m.author}", prune) for m in findings.unused]


def _line(what: str, memory: Memory, why: str, act: str) -> dict[str, str]:
    return {"what": what, "memory": memory.id, "text": memory.text, "why": why, "do": act}


def _proposed_why(memory: Memory) -> str:
    place = f"channel {memory.place}" if memory.scope == "channel" else memory.scope
    return f"{place}, by {memory.author}" + (f": {memory.reason}" if memory.reason else "")


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
