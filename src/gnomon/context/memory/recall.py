"""Which memories help with a question, and what they add to its context.

A memory is relevant if words that it gives a meaning to stand in the question; or if its cosine with the
question reaches `SURE_COSINE`; or if it reaches `LIKELY_COSINE` and the two share a telling word. Of two that
contradict each other the narrower scope holds, and within a scope the newer one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gnomon.context.memory.compare import compare, cosine_of
from gnomon.context.memory.drift import drift
from gnomon.context.memory.sayings import overlap, saying, standing_in
from gnomon.context.memory.sight import shown
from gnomon.domain.answer import Assumption
from gnomon.domain.catalog import TableRef
from gnomon.domain.context import Context, TrustedQuery
from gnomon.domain.memory import SCOPES, Memory
from gnomon.models.port import Embedder
from gnomon.policy.access import Access
from gnomon.policy.authority import Authority, Ruling
from gnomon.store.memories import MemoryStore, Place, Sought

RECALLED = 8
"""Memories applied to one question at most: less, curated context beats more."""

SURE_COSINE = 0.45
LIKELY_COSINE = 0.2
"""For all-MiniLM-L6-v2: a memory on a question's topic begins at about 0.2 and shares a word with it, one on
another topic reaches 0.4 and seldom shares one (docs/memory.md)."""

_READ_AT_MOST = 64
"""Of the nearest by vector; further ones are hardly among the first `k`."""

_ASKED = 32
"""For so many the policies are asked: more than are applied, since some contradict each other."""


@dataclass(frozen=True, slots=True)
class Reader:
    """On whose behalf memories are read, and where.

    Args:
        channel: Id of the channel that the question was asked in; empty outside of one.
        shared: Whether others read along: what one person keeps for themselves is left out then.
    """

    access: Access
    authority: Authority
    channel: str = ""
    shared: bool = False

    @property
    def places(self) -> tuple[Place, ...]:
        """Whose memories hold here."""
        own: tuple[Place, ...] = () if self.shared else (("user", self.access.principal.subject),)
        here: tuple[Place, ...] = (("channel", self.channel),) if self.channel else ()
        return (*own, *here, ("global", ""))


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was found for a question.

    Args:
        memories: The most relevant first.
        rulings: What the policies decided about these, and about those that they keep from the person.
    """

    memories: tuple[Memory, ...] = ()
    rulings: tuple[Ruling, ...] = ()

    @property
    def tables(self) -> tuple[TableRef, ...]:
        """Tables that they speak of: their cards belong into the context."""
        return tuple(dict.fromkeys(ref for memory in self.memories for ref in memory.refs))

    @property
    def details(self) -> tuple[Mapping[str, str], ...]:
        """The rulings as details of audit records, like ones together."""
        alike: dict[tuple[bool, tuple[str, ...]], list[Ruling]] = defaultdict(list)
        for ruling in self.rulings:
            alike[(ruling.allowed, ruling.policies)].append(ruling)
        return tuple(
            replace(rulings[0], resource=", ".join(r.resource for r in rulings)).as_detail()
            for rulings in alike.values()
        )


NOTHING = Recalled()


def embedded_text(memory: Memory) -> str:
    """What of a memory is embedded."""
    words = [phrase for phrase, _ in memory.means]
    return "\n".join(filter(None, (memory.text, ", ".join(words), memory.question)))


def recall(
    store: MemoryStore,
    embedder: Embedder,
    reader: Reader,
    text: str,
    vector: Any,
    warehouse: str,
    now: datetime,
    k: int = RECALLED,
) -> Recalled:
    """The memories that hold for this reader and help with this text.

    Left out are those whose time is over, that depend on a table that changed, that name something hidden
    from the reader, or that a policy keeps from them.

    Args:
        text: The question, or what else to look for.
        vector: Its embedding by `embedder`, of length 1.
    """
    tenant = reader.access.principal.tenant
    sought = _embedded(
        store, embedder, tenant, store.sought(tenant, warehouse, reader.places, embedder.model_id)
    )
    vectors = _near(sought, text, vector)
    memories = [m for m in store.load(tenant, [*vectors]) if not m.expired(now)]
    ranked = _ranked([m for m in memories if not drift(m, reader.access.full)], vectors, text, vector)
    seen = shown(ranked, reader.access)[:_ASKED]
    asked = [(m, reader.authority.memory(m.id, m.scope)) for m in seen]
    kept = _undisputed([m for m, ruling in asked if ruling.allowed], vectors)[:k]
    used = {m.id for m in kept}
    return Recalled(kept, tuple(ruling for m, ruling in asked if m.id in used or not ruling.allowed))


def apply(context: Context, memories: Sequence[Memory], *texts: str) -> Context:
    """The context with memories on top: as texts, as meanings of words, and as trusted queries.

    Args:
        texts: The question, and those that it may follow up on; of `means` counts what stands in them,
            spelt as it stands there.
    """
    found = {phrase: target for m in memories for text in texts for phrase, target in meanings(m, text)}
    chosen = {phrase for phrase, _ in context.choices}
    return replace(
        context,
        memories=(*context.memories, *map(as_told, memories)),
        choices=(*((p, t) for p, t in found.items() if p not in chosen), *context.choices),
        trusted=(*(_as_trusted(m) for m in memories if m.sql), *context.trusted),
    )


def meanings(memory: Memory, text: str) -> tuple[tuple[str, str], ...]:
    """Words of a question, as they stand in it, with what they mean by this memory."""
    found = ((" ".join(standing_in(words, text).split()), target) for words, target in memory.means)
    return tuple((phrase, target) for phrase, target in found if phrase)


def as_told(memory: Memory) -> str:
    """A memory in a line, for a model or a person to read as data."""
    meant = "; ".join(f'"{words}" is {target}' for words, target in memory.means)
    kept = f"{memory.scope} memory {memory.id} of {memory.author}, {memory.created_at:%Y-%m-%d}"
    why = f", because: {memory.reason}" if memory.reason else ""
    return f"{memory.text}{f' [{meant}]' if meant else ''} ({kept}{why})"


def assumptions(memories: Iterable[Memory], text: str) -> tuple[Assumption, ...]:
    """What an answer says of the words that were read by a memory."""
    return tuple(
        Assumption(
            f"`{phrase}` is read as {target}: memory {memory.id} of {memory.author}.",
            f"say otherwise in the question, or end it with `gnomon memory retire {memory.id}`",
        )
        for memory in memories
        for phrase, target in meanings(memory, text)
    )


def vectors_of(
    store: MemoryStore, embedder: Embedder, tenant: str, memories: Sequence[Memory]
) -> Mapping[str, Any]:
    """Float32 vectors of length 1 by id; what this embedder has not made yet is made, and kept if stored."""
    import numpy as np

    kept = store.vectors(tenant, embedder.model_id, [m.id for m in memories])
    missing = [m for m in memories if m.id not in kept]
    made = embedder.embed([embedded_text(m) for m in missing]) if missing else ()
    new = {m.id: np.asarray(v, dtype="<f4") for m, v in zip(missing, made, strict=True)}
    store.keep_vectors(tenant, embedder.model_id, {i: v.tobytes() for i, v in new.items()})
    return new | {i: np.frombuffer(v, dtype="<f4") for i, v in kept.items()}


def _embedded(
    store: MemoryStore, embedder: Embedder, tenant: str, sought: Sequence[Sought]
) -> Sequence[Sought]:
    """The same, each with its vector."""
    missing = store.load(tenant, [s.id for s in sought if s.vector is None])
    if not missing:
        return sought
    made = vectors_of(store, embedder, tenant, missing)
    return [replace(s, vector=made[s.id].tobytes()) if s.id in made else s for s in sought]


def _near(sought: Sequence[Sought], text: str, vector: Any) -> Mapping[str, Any]:
    """Vectors by id of what is worth reading: the nearest, and whatever gives words of the text a meaning."""
    import numpy as np

    found = [s for s in sought if s.vector is not None]
    if not found:
        return {}
    matrix = np.frombuffer(b"".join(s.vector or b"" for s in found), dtype="<f4").reshape(len(found), -1)
    cosines = matrix @ np.asarray(vector, dtype=np.float32)
    nearest = [i for i in np.argsort(-cosines, kind="stable")[:_READ_AT_MOST] if cosines[i] >= LIKELY_COSINE]
    named = [i for i, s in enumerate(found) if any(standing_in(p, text) for p in s.phrases)]
    return {found[i].id: matrix[i] for i in (*nearest, *named)}


def _ranked(
    memories: Iterable[Memory], vectors: Mapping[str, Any], text: str, vector: Any
) -> tuple[Memory, ...]:
    """The relevant ones, the most relevant first."""
    scored = ((_relevance(m, float(vectors[m.id] @ vector), text), m) for m in memories)
    relevant = [(score, m) for score, m in scored if score > 0]
    return tuple(m for _, m in sorted(relevant, key=lambda pair: (-pair[0], pair[1].id)))


def _relevance(memory: Memory, cosine: float, text: str) -> float:
    """Above 0 if the memory is relevant; more if it is more so."""
    asked, says = saying(text).stems, saying(embedded_text(memory)).stems
    named = bool(meanings(memory, text))
    if not (named or cosine >= SURE_COSINE or (cosine >= LIKELY_COSINE and asked & says)):
        return 0.0
    return named + max(cosine, 0.0) + overlap(asked, says)


def _undisputed(memories: Sequence[Memory], vectors: Mapping[str, Any]) -> tuple[Memory, ...]:
    """Without those that a narrower, or newer, one contradicts; in their order."""
    kept: list[Memory] = []
    for memory in sorted(memories, key=_precedence):
        if not any(_disputes(k, memory, vectors) for k in kept):
            kept.append(memory)
    ids = {m.id for m in kept}
    return tuple(m for m in memories if m.id in ids)


def _precedence(memory: Memory) -> tuple[int, float]:
    return SCOPES.index(memory.scope), -_as_of(memory).timestamp()


def _as_of(memory: Memory) -> datetime:
    return memory.reviewed_at or memory.created_at


def _disputes(one: Memory, other: Memory, vectors: Mapping[str, Any]) -> bool:
    found = compare(one, other, cosine_of(one, other, vectors))
    return found is not None and found.relation == "contradiction"


def _as_trusted(memory: Memory) -> TrustedQuery:
    return TrustedQuery(
        question=memory.question,
        sql=memory.sql,
        trust=1.0,
        reason=f"corrected by {memory.author}",
        tables=memory.refs,
        origin=f"memory {memory.id}",
    )
