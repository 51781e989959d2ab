"""Assemble what a model sees for one question: candidate tables, value matches, the turn before."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import takewhile

from gnomon.agent.look_alikes import look_alikes_of
from gnomon.agent.render import render_context
from gnomon.agent.synonyms import with_synonyms
from gnomon.context.catalog.governed import GovernedIndex
from gnomon.context.catalog.naming import Names
from gnomon.context.memory.recall import NOTHING, Recalled, apply
from gnomon.domain.answer import Answer, Conversation, Question, Turn
from gnomon.domain.catalog import Catalog, TableCard, TableRef
from gnomon.domain.context import UNANSWERED, Candidate, Context, ValueMatch
from gnomon.domain.query import Dialect
from gnomon.models.port import Embedder

SMALL_WAREHOUSE = 30
"""Up to this many tables all cards are shown: leaving one out costs more than reading it."""

MAX_CARDS = 12
MAX_BRIDGE_HOPS = 3
EARLIER_KEPT = 6
COMPARED = 4
"""The first tables are compared with their look-alikes, with as many of each."""


@dataclass(frozen=True, slots=True)
class Assembler:
    """Builds the context of a question from the index.

    Args:
        budget_tokens: Size of the context as text.
    """

    index: GovernedIndex
    embedder: Embedder
    dialect: Dialect
    budget_tokens: int = 12_000

    def embed(self, question: Question, conversation: Conversation | None) -> tuple[str, object]:
        """Embed the question once, together with the one it follows up on."""
        previous = last_answered(conversation)
        text = f"{previous.question.text} {question.text}" if previous else question.text
        return text, self.embedder.embed([text])[0]

    def assemble(
        self,
        question: Question,
        conversation: Conversation | None,
        text: str,
        vector: object,
        recalled: Recalled = NOTHING,
        passages: tuple[str, ...] = (),
    ) -> tuple[Context, str]:
        """The context as values and as text within the token budget.

        Args:
            recalled: Memories to apply on top of what the tables say.
            passages: What documents say of the question.
        """
        catalog = self.index.catalog()
        earlier = earlier_questions(conversation)
        values = self._values([question.text, *earlier])
        candidates = self.index.retrieve(text, vector, MAX_CARDS)
        previous = last_answered(conversation)
        refs = self._chosen(catalog, recalled.tables, candidates, values, previous)
        cards = self._with_look_alikes(catalog, refs)
        shown = {c.ref for c in cards}
        context = Context(
            dialect=self.dialect,
            now=question.asked_at,
            brief=self.index.brief(),
            cards=cards,
            candidates=tuple(candidates),
            others=tuple(ref for ref in catalog.refs if ref not in shown),
            values=values,
            trusted=self.index.trusted(vector),
            documents=passages,
            previous=previous,
            earlier=earlier or unanswered(conversation),
        )
        context = apply(context, recalled.memories, question.text, *earlier)
        context = with_synonyms(context, self.index.names, self.embedder, question.text, *earlier)
        return context, render_context(context, self.budget_tokens, question.text)

    def _with_look_alikes(self, catalog: Catalog, refs: list[TableRef]) -> tuple[TableCard, ...]:
        """The cards, and those of tables that the first of them are mistaken for: a choice needs both."""
        cards = {r: c for r in refs if (c := self.index.card(r)) is not None}
        first = list(cards.values())[:COMPARED]
        alike = [name for card in first for name in look_alikes_of(card)[:COMPARED]]
        names = Names(catalog.refs if alike else ())
        for ref in filter(None, map(names.find, alike)):
            if ref not in cards and (card := self.index.card(ref)) is not None:
                cards[ref] = card
        return tuple(cards.values())

    def _values(self, texts: list[str]) -> tuple[ValueMatch, ...]:
        """Matches for the question and for those it may follow up on; a repeated match once."""
        return tuple(dict.fromkeys(v for text in texts for v in self.index.match_values(text)))

    def _chosen(
        self,
        catalog: Catalog,
        remembered: Iterable[TableRef],
        candidates: Iterable[Candidate],
        values: Iterable[ValueMatch],
        previous: Answer | None,
    ) -> list[TableRef]:
        ranked = [*remembered, *(c.ref for c in candidates)]
        ranked += [v.column.table for v in values]
        ranked += list(previous.tables) if previous else []
        if len(catalog.refs) <= SMALL_WAREHOUSE:
            ranked += catalog.refs
            return list(dict.fromkeys(ranked))
        chosen = list(dict.fromkeys(ranked))[: MAX_CARDS + 4]
        return list(dict.fromkeys([*chosen, *bridges(catalog, chosen)]))


def last_answered(conversation: Conversation | None) -> Answer | None:
    """The newest answer of the conversation that a next question can build on, or None."""
    return next((t.answer for t in reversed(_followable(conversation))), None)


def earlier_questions(conversation: Conversation | None) -> tuple[str, ...]:
    """The texts of the last questions that a next one can change, oldest first.

    A question that was not answered ends what was before it: who goes on speaks of that question.
    """
    turns = conversation.turns if conversation else ()
    unbroken = [*takewhile(_can_be_changed, reversed(turns))]
    return tuple(t.question.text for t in reversed(unbroken[:EARLIER_KEPT]))


def unanswered(conversation: Conversation | None) -> tuple[str, ...]:
    """`UNANSWERED` where the question right before was not answered from the data, else nothing."""
    last = conversation.turns[-1:] if conversation else ()
    return () if all(map(_can_be_changed, last)) else UNANSWERED


def _can_be_changed(turn: Turn) -> bool:
    """Whoever interrupts may want to change the question."""
    answered = turn.answer.status == "answered" and bool(turn.answer.queries)
    return answered or turn.answer.status == "interrupted"


def _followable(conversation: Conversation | None) -> list[Turn]:
    """Turns whose query ran, and interrupted ones: whoever interrupts may want to change the question."""
    turns = conversation.turns if conversation else ()
    return [t for t in turns if t.answer.queries or t.answer.status == "interrupted"]


def bridges(catalog: Catalog, chosen: list[TableRef]) -> list[TableRef]:
    """Tables on the shortest join paths between the chosen ones, at most three hops long."""
    known: dict[TableRef, list[TableRef]] = {}

    def neighbours(ref: TableRef) -> list[TableRef]:
        if ref not in known:
            known[ref] = [j.parent if j.child == ref else j.child for j in catalog.joins_of(ref)]
        return known[ref]

    wanted = set(chosen)
    return [ref for start in chosen for ref in _between(neighbours, start, wanted)]


def _between(
    neighbours: Callable[[TableRef], Iterable[TableRef]], start: TableRef, wanted: set[TableRef]
) -> list[TableRef]:
    came_from: dict[TableRef, TableRef | None] = {start: None}
    queue = deque([(start, 0)])
    on_paths: list[TableRef] = []
    while queue:
        here, hops = queue.popleft()
        if here in wanted and here != start:
            step = came_from[here]
            while step is not None and step != start:
                on_paths.append(step)
                step = came_from[step]
            continue
        if hops == MAX_BRIDGE_HOPS:
            continue
        for there in neighbours(here):
            if there not in came_from:
                came_from[there] = here
                queue.append((there, hops + 1))
    return on_paths
