"""Tables that are mistaken for each other: what tells two apart, and which one an answer took."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gnomon.context.catalog.naming import Names
from gnomon.domain.catalog import TableCard, TableRef

_COUNTS = re.compile(r"; [\d,]+ rows? here, [\d,]+ there")
_QUOTED = re.compile(r"`([^`]+)`")
_DOTTED = re.compile(r"\w+(?:\.\w+)+")
_BESIDE = re.compile(r"(?:Like|Holds the same rows as) (.+?), (?:but|passed on)\b")
"""How `context/catalog/enrich/lookalikes.py` begins: with the table beside. Further tables in such a sentence
are those that rows come from."""

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


@dataclass(frozen=True, slots=True)
class _Said:
    """A sentence that tells a table apart.

    Args:
        rank: 0 for the owner's, which is taken first; then what is told of use, then what columns tell.
        others: Names of the tables that it tells it apart from, as they stand in the sentence.
    """

    rank: int
    text: str
    provenance: str
    others: tuple[str, ...]


def compared(cards: Sequence[TableCard]) -> list[Pair]:
    """The pairs among the cards that somebody or something says are alike, each once.

    Of several sentences the owner's is taken first, then what the code tells, then what the columns tell.
    """
    names = Names(c.ref for c in cards)
    found: dict[frozenset[TableRef], tuple[int, Pair]] = {}
    for card in cards:
        for said in _sentences(card):
            for other in dict.fromkeys(map(names.find, said.others)):
                if other is None or other == card.ref:
                    continue
                pair = Pair(card.ref, other, said.text, said.provenance)
                key = frozenset({card.ref, other})
                found[key] = min(found.get(key, (said.rank, pair)), (said.rank, pair), key=lambda p: p[0])
    return [pair for _, pair in found.values()]


def look_alikes_of(card: TableCard) -> tuple[str, ...]:
    """Names of the tables that the card says are alike to it."""
    said = sorted(_sentences(card), key=lambda s: s.rank)
    return tuple(dict.fromkeys(name for one in said for name in one.others))


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


def _sentences(card: TableCard) -> Iterator[_Said]:
    if card.use_instead:
        better = (part.split()[0].strip("`") for part in card.use_instead.split(";") if part.strip())
        yield _Said(0, f"use instead {card.use_instead}", "its owner", tuple(better))
    for statement in card.statements:
        if statement.kind == "use_when":
            yield _Said(1, statement.text, statement.provenance, _told_apart_from(statement.text))
    for caveat in card.caveats:
        if caveat.provenance == SHARED:
            text = _with_purpose(_COUNTS.sub("", caveat.text), card)
            # What follows the first name in quotes are columns.
            yield _Said(2, text, caveat.provenance, tuple(_QUOTED.findall(caveat.text)[:1]))


def _told_apart_from(text: str) -> tuple[str, ...]:
    """The names of tables in a sentence about when to use one: by its form, else in quotes or with a schema,
    else any word."""
    beside = _BESIDE.match(text)
    if beside:
        return (beside[1],)
    return (*_QUOTED.findall(text), *_DOTTED.findall(text)) or tuple(re.findall(r"\w+", text))


def _with_purpose(text: str, card: TableCard) -> str:
    """Shared columns alone do not say what differs; what the table is for may."""
    return f"{text} {card.purpose}" if card.purpose else text
