"""Put what was learned to the person, each in its very words; what they say yes to is remembered."""

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import Field, model_validator

from gnomon.agent.case_state import CaseState
from gnomon.agent.tools.base import Arguments, Environment, Outcome
from gnomon.context.memory.book import MemoryBook
from gnomon.context.memory.changes import Actor, add, decline, require_own, retire
from gnomon.context.memory.compare import Likeness
from gnomon.context.memory.disputes import UNDECIDED, Decision, decide
from gnomon.context.memory.wish import (
    MAX_MEANS,
    MAX_TABLES,
    QUESTION_CHARS,
    REASON_CHARS,
    SQL_CHARS,
    TEXT_CHARS,
    Wish,
    drawn_up,
)
from gnomon.domain.answer import Clarification
from gnomon.domain.errors import Refused, Retry
from gnomon.domain.events import ClarificationAsked, Event
from gnomon.domain.memory import Memory, MemoryScope
from gnomon.models.port import Effect
from gnomon.policy.authority import refused_tool
from gnomon.policy.untrusted import defang, inert_clarification, quoted

KEEP = "Remember it"
REPLACE = "Replace the one it contradicts"
DRAFT = "Edit it first"
DECLINE = "Do not remember it"

MAX_BATCH = 5
MAX_LIFE_DAYS = 3_650

_FOR = {
    "user": "for you alone",
    "channel": "for everybody in this channel",
    "global": "for everybody, once another person has reviewed it",
}


class MeaningArgument(Arguments):
    """Words of a question, and what they mean."""

    words: str = Field(min_length=1, max_length=60, description="Words as they stand in questions")
    target: str = Field(min_length=1, max_length=300, description="Table or schema.table.column meant")


class Learning(Arguments):
    """One thing to remember."""

    text: str = Field(min_length=1, max_length=TEXT_CHARS, description="A plain sentence, without links")
    reason: str = Field(
        min_length=1, max_length=REASON_CHARS, description="What in this conversation shows it"
    )
    scope: MemoryScope = Field(default="user", description="Narrowest that serves")
    tables: tuple[str, ...] = Field(default=(), max_length=MAX_TABLES)
    means: tuple[MeaningArgument, ...] = Field(default=(), max_length=MAX_MEANS)
    question: str = Field(default="", max_length=QUESTION_CHARS, description="What `sql` answers")
    sql: str = Field(default="", max_length=SQL_CHARS, description="The corrected query")
    days: int | None = Field(default=None, ge=1, le=MAX_LIFE_DAYS, description="How long it holds")


class ProposeMemoryArguments(Arguments):
    """A batch: all that the conversation taught."""

    learnings: tuple[Learning, ...] = Field(min_length=1, max_length=MAX_BATCH)

    @model_validator(mode="after")
    def _each_once(self) -> "ProposeMemoryArguments":
        if len({learning.text for learning in self.learnings}) < len(self.learnings):
            raise ValueError("a learning comes twice")
        return self


@dataclass(frozen=True, slots=True)
class _Put:
    """A learning as it is put to the person, and what it is like."""

    memory: Memory
    alike: tuple[Likeness, ...]

    def known(self, *, waiting: bool) -> Memory | None:
        """One that says the same and was decided on; with `waiting`, one that nobody decided on as well."""
        same = (a.other for a in self.alike if a.relation == "duplicate")
        return next((m for m in same if waiting or m.status != "proposed"), None)

    @property
    def drafts(self) -> tuple[Memory, ...]:
        """Proposals that say the same, and that nobody decided on."""
        same = (a.other for a in self.alike if a.relation == "duplicate")
        return tuple(m for m in same if m.status == "proposed" and m.scope == self.memory.scope)

    def decision(self, reply: str | None, actor: Actor) -> Decision:
        """What the person, who read what it contradicts, said of that."""
        if reply not in (KEEP, REPLACE):
            return UNDECIDED
        ended = self.replaceable(actor) if reply == REPLACE else ()
        return decide(self.memory, self.alike, self.memory.created_at, ended, keep_both=True)

    def replaceable(self, actor: Actor) -> tuple[Memory, ...]:
        """What it contradicts, as far as this person may end it, and as it holds for the same people."""
        other = (a.other for a in self.alike if a.relation == "contradiction" and a.other.status == "active")
        return tuple(m for m in other if m.scope == self.memory.scope != "global" and _may(m, actor))


@dataclass(frozen=True, slots=True)
class ProposeMemory:
    """Remembering takes a policy that grants it, and a person's yes to the very words."""

    book: MemoryBook

    name = "propose_memory"
    description = "Offer the person corrections and rules that they stated, all at once, to hold in future."
    effect: Effect = "remember"
    capability = ("propose", "memory")
    arguments = ProposeMemoryArguments

    def run(
        self, arguments: ProposeMemoryArguments, case: CaseState, environment: Environment
    ) -> Generator[Event, None, Outcome]:
        """Check every learning, then ask about one after the other, and say what became of each."""
        if any(question.startswith(_ASKING) for question, _ in case.clarified):
            raise Retry("learnings were put to the person already", hint="go on without")
        drawn = [self._drawn(learning, case, environment) for learning in arguments.learnings]
        told = []
        for memory in drawn:
            told.append((yield from self._settled(memory, case, environment)))
        return {"learnings": told}

    def _drawn(self, learning: Learning, case: CaseState, environment: Environment) -> Memory:
        _require_literal(learning)
        now, previous = case.question.asked_at, case.context.previous
        wish = Wish(
            text=learning.text,
            reason=learning.reason,
            scope=learning.scope,
            channel=self.book.channel_of(case.question),
            tables=learning.tables,
            means=tuple((m.words, m.target) for m in learning.means),
            question=learning.question,
            sql=learning.sql,
            answer_id=previous.id if previous else "",
            expires_at=now + timedelta(days=learning.days) if learning.days else None,
        )
        return drawn_up(wish, environment.access, self.book.warehouse, now)

    def _settled(
        self, memory: Memory, case: CaseState, environment: Environment
    ) -> Generator[Event, None, Mapping[str, Any]]:
        put = _Put(memory, self._alike(memory, case, environment))
        known = put.known(waiting=not case.question.interactive)
        if known is not None:
            return {"text": memory.text, "status": f"{known.status} before", "memory": known.id}
        reply = yield from self._reply(put, case, environment)
        if reply is not None:
            self._still_granted(environment)
        kept = self._kept(put, reply, environment)
        return {"text": kept.text, "status": kept.status, "memory": kept.id, "note": _note(kept)}

    def _kept(self, put: _Put, reply: str | None, environment: Environment) -> Memory:
        """Keep the learning as the person said, and end what it takes the place of."""
        store, memory = self.book.store, put.memory
        actor = Actor(environment.access.principal.subject)

        def record(detail: Mapping[str, str]) -> None:
            environment.record("memory", detail)

        if reply == DECLINE:
            return decline(store, memory, actor, record)
        yes, decision = reply in (KEEP, REPLACE), put.decision(reply, actor)
        kept = add(store, memory, actor, record, yes=yes, decision=decision)
        for other in put.drafts if kept.status == "active" else ():
            if _may(other, actor):
                retire(store, other, actor, memory.created_at, record, why=f"{kept.id} replaces it")
        return kept

    def _alike(self, memory: Memory, case: CaseState, environment: Environment) -> tuple[Likeness, ...]:
        reader = self.book.reader(case.question, environment.access, environment.authority)
        return self.book.alike(memory, reader)

    def _reply(
        self, put: _Put, case: CaseState, environment: Environment
    ) -> Generator[Event, None, str | None]:
        """The person's own choice; None where nobody is there, or nobody chose."""
        if not case.question.interactive:
            return None
        actor = Actor(environment.access.principal.subject)
        clarification = inert_clarification(_clarification(put, bool(put.replaceable(actor))))
        yield ClarificationAsked(clarification)
        asked_s = time.monotonic()
        reply = environment.ask_person(clarification)
        case.waited_s += time.monotonic() - asked_s
        chosen = reply if reply in clarification.options else None
        case.clarified.append((f"{_ASKING}{quoted(put.memory.text)}?", chosen or "no answer"))
        return chosen

    def _still_granted(self, environment: Environment) -> None:
        """Ask the policies again: a person may take minutes to answer, and policies change meanwhile."""
        ruling = environment.authority.tool(self.name, self.effect)
        environment.record("decision", {**ruling.as_detail(), "effect": self.effect})
        if not ruling.allowed:
            raise refused_tool(ruling, self.name, self.effect)


_ASKING = "Remember "


def _clarification(put: _Put, replaceable: bool) -> Clarification:
    options = (KEEP, *((REPLACE,) if replaceable else ()), DRAFT, DECLINE)
    return Clarification("\n".join(_lines(put)), options, DECLINE)


def _lines(put: _Put) -> Iterator[str]:
    memory = put.memory
    until = f", until {memory.expires_at:%Y-%m-%d}" if memory.expires_at else ""
    yield f"{_ASKING}{_FOR[memory.scope]}{until}: {quoted(memory.text)}"
    yield f"because: {quoted(memory.reason)}"
    for words, target in memory.means:
        yield f"{quoted(words)} then means {quoted(target)}"
    if memory.sql:
        yield f"{quoted(memory.question)} is then answered by: {quoted(memory.sql)}"
    if memory.tables:
        yield f"it depends on: {', '.join(quoted(str(ref)) for ref in memory.refs)}"
    for likeness in put.alike:
        other = likeness.other
        yield f"it contradicts {other.id} ({other.scope}, {other.status}): {quoted(other.text)}"


def _may(memory: Memory, actor: Actor) -> bool:
    try:
        require_own(memory, actor)
    except Refused:
        return False
    return True


def _require_literal(learning: Learning) -> None:
    """Refuse texts that the person could not be shown letter by letter: what is kept is what they read."""
    for text in (learning.text, learning.reason, learning.question, *(m.words for m in learning.means)):
        if f"«{text}»" != defang(quoted(text)):
            raise Retry(
                "a memory is plain words: no links, markup, line breaks or marks of a conversation",
                hint="say it in plain words; tables and columns go into `tables` and `means`",
            )


def _note(memory: Memory) -> str:
    if memory.status == "active":
        return "it holds from the next question on"
    if memory.status == "rejected":
        return "the person said no; do not propose it again"
    return "it waits for `gnomon memory review` and does not hold yet"
