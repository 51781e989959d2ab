"""Tables that are mistaken for each other: what tells two apart, and which one an answer took."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gnomon.domain.catalog import TableCard, TableRef

_COUNTS = re.compile(r"; [\d,]+ rows here, [\d,]+ there")
_NAMED = re.compile(r"`([^`]+)`")
SHARED = "shared columns"
"""The provenance of a caveat that two tables share most of their columns (`context/catalog/caveats.py`)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two tables that look alike, and what tells them apart in one sentence.

    Args:
        provenance: Where the sentence is from.
    """

    one: TableRef
    other: TableRef
    difference: str
    provenance: str


def compared(cards: Sequence[TableCard]) -> list[Pair]:
    """The pairs among the cards that somebody or something says are alike, each once.

    Of several sentences the owner's is taken first, then what the code tells, then what the columns tell.
    """
    by_name = {name: c for c in cards for name in (str(c.ref), c.ref.name)}
    found: dict[frozenset[TableRef], tuple[int, Pair]] = {}
    for card in cards:
        for rank, text, provenance in _sentences(card):
            for other in _mentioned(text, by_name):
                if other.ref != card.ref:
                    pair = Pair(card.ref, other.ref, text, provenance)
                    key = frozenset({card.ref, other.ref})
                    found[key] = min(found.get(key, (rank, pair)), (rank, pair), key=lambda p: p[0])
    return [pair for _, pair in found.values()]


def look_alikes_of(card: TableCard) -> tuple[str, ...]:
    """Names of the tables that the card says are alike to it."""
    texts = [s.text for s in card.statements if s.kind == "use_when"]
    texts += [c.text for c in card.caveats if c.provenance == SHARED]
    quoted = [name for text in texts for name in _NAMED.findall(text)]
    better = [part.split()[0].strip("`") for part in card.use_instead.split(";") if part.strip()]
    return tuple(dict.fromkeys([*quoted, *better]))


def why_taken(used: Iterable[TableRef], cards: Sequence[TableCard]) -> tuple[str, ...]:
    """For each table that an answer used and a look-alike that it did not: that, and why they differ."""
    taken = set(used)
    told = []
    for pair in compared(cards):
        if (pair.one in taken) == (pair.other in taken):
            continue
        one, other = (pair.one, pair.other) if pair.one in taken else (pair.other, pair.one)
        about = f"`{pair.one}`: {pair.difference}"
        told.append(f"Took `{one}` rather than `{other}`. What is known of {about} ({pair.provenance})")
    return tuple(told)


def _sentences(card: TableCard) -> Iterable[tuple[int, str, str]]:
    if card.use_instead:
        yield 0, f"use instead {card.use_instead}", "its owner"
    for statement in card.statements:
        if statement.kind == "use_when":
            yield 1, statement.text, statement.provenance
    for caveat in card.caveats:
        if caveat.provenance == SHARED:
            yield 2, _with_purpose(_COUNTS.sub("", caveat.text), card), caveat.provenance


def _with_purpose(text: str, card: TableCard) -> str:
    """Shared columns alone do not say what differs; what the table is for may."""
    return f"{text} {card.purpose}" if card.purpose else text


def _mentioned(text: str, by_name: dict[str, TableCard]) -> list[TableCard]:
    words = re.findall(r"[\w.]+", text)
    names = {w.strip(".") for w in words} | set(_NAMED.findall(text))
    return [card for name, card in by_name.items() if name in names]
