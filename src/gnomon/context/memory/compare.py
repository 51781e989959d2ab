"""Whether two memories say the same, or the opposite: by rules over words, so that a person can check them.

Conservative on purpose: what is found is shown, and only while a question is worked on does a contradiction
leave one of the two out (`recall`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

from gnomon.context.memory.sayings import Saying, overlap, saying, stems_of
from gnomon.domain.memory import Memory

Relation = Literal["duplicate", "contradiction"]

SAME_TOPIC_OVERLAP = 0.6
"""From this share of common stems on two texts are about the same thing."""

SAME_TOPIC_COSINE = 0.85
"""The same by meaning: in MiniLM's space, rewordings of a rule lie from 0.85 up, other rules below 0.65."""

DUPLICATE_OVERLAP = 0.8
DUPLICATE_COSINE = 0.92
PAIRED_COSINE = 0.5
OTHER_TOLD = 0.34
"""Two definitions of one subject that share less than this share of their stems tell different things."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How one memory relates to another, and why in a sentence."""

    relation: Relation
    one: Memory
    other: Memory
    why: str


def compare(one: Memory, other: Memory, cosine: float = 0.0) -> Likeness | None:
    """How the two relate, or None. A contradiction wins over a duplicate.

    Args:
        cosine: Of their vectors, in [-1, 1]; 0 where it is not known.
    """
    why = _contradiction(one, other, cosine)
    if why:
        return Likeness("contradiction", one, other, why)
    why = _duplicate(one, other, cosine)
    return Likeness("duplicate", one, other, why) if why else None


def alike(new: Memory, known: Iterable[Memory], vectors: Mapping[str, Any]) -> tuple[Likeness, ...]:
    """Every known memory that says the same as a new one, or the opposite.

    Args:
        vectors: Unit vectors by id, the new one's included.
    """
    found = (compare(new, k, cosine_of(new, k, vectors)) for k in known if k.id != new.id)
    return tuple(f for f in found if f is not None)


def all_alike(memories: Sequence[Memory], vectors: Mapping[str, Any]) -> tuple[Likeness, ...]:
    """The same for every pair that can meet in one question.

    Pairs that share no definition and no question, and whose cosine is below `PAIRED_COSINE`, are not looked
    at: of thousands of memories there are millions.
    """
    found = (compare(a, b, cosine_of(a, b, vectors)) for a, b in _pairs(memories, vectors) if _can_meet(a, b))
    return tuple(f for f in found if f is not None)


def _pairs(memories: Sequence[Memory], vectors: Mapping[str, Any]) -> Iterator[tuple[Memory, Memory]]:
    at = {m.id: i for i, m in enumerate(memories)}
    pairs = {(at[a], at[b]) for a, b in _near(sorted(vectors.keys() & at.keys()), vectors)}
    by_key: dict[str, list[int]] = defaultdict(list)
    for i, memory in enumerate(memories):
        for key in _keys(memory):
            by_key[key].append(i)
    pairs |= {pair for group in by_key.values() for pair in combinations(group, 2)}
    ordered = sorted({(min(pair), max(pair)) for pair in pairs})
    return ((memories[i], memories[j]) for i, j in ordered)


def _near(ids: Sequence[str], vectors: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    import numpy as np

    matrix = np.stack([vectors[i] for i in ids]) if ids else np.zeros((0, 1), dtype=np.float32)
    for i in range(len(ids)):
        for j in np.flatnonzero(matrix[i + 1 :] @ matrix[i] >= PAIRED_COSINE):
            yield ids[i], ids[i + 1 + int(j)]


def _keys(memory: Memory) -> Iterator[str]:
    """What memories that define the same thing have in common."""
    yield from (f"words:{stems_of(words)}" for words, _ in memory.means)
    if memory.question:
        yield f"question:{stems_of(memory.question)}"
    subject = saying(memory.text).subject
    if subject:
        yield f"subject:{subject}"


def cosine_of(one: Memory, other: Memory, vectors: Mapping[str, Any]) -> float:
    """The cosine of two memories' vectors; 0 where one has none."""
    a, b = vectors.get(one.id), vectors.get(other.id)
    return 0.0 if a is None or b is None else float(a @ b)


def _can_meet(one: Memory, other: Memory) -> bool:
    return one.scope != other.scope or one.place == other.place


def _contradiction(one: Memory, other: Memory, cosine: float) -> str:
    return _other_target(one, other) or _other_query(one, other) or _opposite(one, other, cosine)


def _other_target(one: Memory, other: Memory) -> str:
    meant = {stems_of(words): target for words, target in other.means}
    for words, target in one.means:
        there = meant.get(stems_of(words), target)
        if there.casefold() != target.casefold():
            return f"`{words}` is {target} in the one and {there} in the other"
    return ""


def _other_query(one: Memory, other: Memory) -> str:
    same = one.question and stems_of(one.question) == stems_of(other.question)
    return f"they give `{one.question}` different queries" if same and one.sql != other.sql else ""


def _opposite(one: Memory, other: Memory, cosine: float) -> str:
    first, second = saying(one.text), saying(other.text)
    if not _tables_agree(one, other):
        return ""
    if first.subject and first.subject == second.subject and _tells_otherwise(first, second):
        return f"they define `{first.subject}` differently"
    if first.subject and second.subject and first.subject != second.subject:
        return ""
    if not _same_topic(first, second, cosine):
        return ""
    if first.numbers and second.numbers and first.numbers.isdisjoint(second.numbers):
        return f"they differ in numbers: {_said(first.numbers)} and {_said(second.numbers)}"
    # Two words that deny may cancel each other out, so only whether their count is odd is compared.
    if first.denials % 2 != second.denials % 2 and overlap(first.stems, second.stems) >= SAME_TOPIC_OVERLAP:
        return "one denies what the other says"
    return ""


def _tells_otherwise(first: Saying, second: Saying) -> bool:
    return bool(first.told and second.told) and overlap(first.told, second.told) < OTHER_TOLD


def _duplicate(one: Memory, other: Memory, cosine: float) -> str:
    first, second = saying(one.text), saying(other.text)
    if not _tables_agree(one, other) or first.numbers != second.numbers:
        return ""
    share = overlap(first.stems, second.stems)
    if share >= DUPLICATE_OVERLAP:
        return f"{share:.0%} of their words are the same"
    if cosine >= DUPLICATE_COSINE:
        return f"they mean the same (cosine {cosine:.2f})"
    same = {(stems_of(w), t.casefold()) for w, t in one.means} & {
        (stems_of(w), t.casefold()) for w, t in other.means
    }
    return "they give the same words the same meaning" if same else ""


def _same_topic(first: Saying, second: Saying, cosine: float) -> bool:
    return overlap(first.stems, second.stems) >= SAME_TOPIC_OVERLAP or cosine >= SAME_TOPIC_COSINE


def _tables_agree(one: Memory, other: Memory) -> bool:
    """Whether they may speak of the same table: they share one, or one of them names none."""
    return not one.tables or not other.tables or not set(one.refs).isdisjoint(other.refs)


def _said(numbers: frozenset[str]) -> str:
    return ", ".join(sorted(numbers))
