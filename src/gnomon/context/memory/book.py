"""The memories of one warehouse, as the agent and the commands use them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gnomon.context.memory.compare import Likeness, alike
from gnomon.context.memory.recall import RECALLED, Reader, Recalled, embedded_text, recall, vectors_of
from gnomon.context.memory.sight import shown
from gnomon.domain.answer import Question
from gnomon.domain.memory import Memory
from gnomon.models.port import Embedder
from gnomon.policy.access import Access
from gnomon.policy.authority import Authority
from gnomon.store.memories import MemoryStore, Place


def no_channel(question: Question) -> str:
    """Questions are asked outside of channels."""
    return ""


@dataclass(frozen=True, slots=True)
class MemoryBook:
    """Where memories are kept, and how their texts become vectors.

    Args:
        warehouse: Id of the warehouse that they speak of; those of another one do not exist here.
        channel_of: The id of the channel that a question was asked in; empty outside of one.
    """

    store: MemoryStore
    embedder: Embedder
    warehouse: str
    channel_of: Callable[[Question], str] = no_channel

    def reader(self, question: Question, access: Access, authority: Authority) -> Reader:
        """On whose behalf memories are read for a question, and where."""
        return Reader(access, authority, self.channel_of(question), question.audience == "shared")

    def recall(self, reader: Reader, text: str, vector: Any, now: datetime, k: int = RECALLED) -> Recalled:
        """The memories that hold for this reader and help with this text; that they did is noted.

        Args:
            vector: The text's embedding by `embedder`.
        """
        found = recall(self.store, self.embedder, reader, text, vector, self.warehouse, now, k)
        self.store.applied(reader.access.principal.tenant, [m.id for m in found.memories], now)
        return found

    def alike(self, memory: Memory, reader: Reader, planned: Sequence[Memory] = ()) -> tuple[Likeness, ...]:
        """What says the same as a memory, or the opposite, of that which holds for its author.

        Of proposals their own count, not those of others. What was rejected counts in the very place alone:
        there it was said already that it shall not hold.

        Args:
            memory: Stored or not; its words need not be those that are stored under its id.
            planned: Stored memories that change together with this one, as they will be.
        """
        own: Place = (memory.scope, memory.place)
        places = tuple(dict.fromkeys((own, *reader.places)))
        stored = [m for place in places for m in self._live(memory, place)]
        stored += self.store.of_warehouse(memory.tenant, self.warehouse, ("rejected",), own)
        known = {m.id: m for m in (*stored, *planned) if (m.scope, m.place) in places and m.id != memory.id}
        mine = [m for m in known.values() if m.status == "active" or m.author == memory.author]
        seen = [m for m in shown(mine, reader.access) if reader.authority.memory(m.id, m.scope).allowed]
        # What is kept under its id may be the vector of other words, and these may never be kept.
        vector = self.embedder.embed([embedded_text(memory)])[0]
        return alike(memory, seen, {**self.vectors(memory.tenant, seen), memory.id: vector})

    def _live(self, memory: Memory, place: Place) -> tuple[Memory, ...]:
        return self.store.of_warehouse(memory.tenant, self.warehouse, ("active", "proposed"), place)

    def vectors(self, tenant: str, memories: Sequence[Memory]) -> Mapping[str, Any]:
        """Unit vectors by id."""
        return vectors_of(self.store, self.embedder, tenant, memories)
