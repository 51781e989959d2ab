"""Names that are nearest in meaning to a word that nothing else explains.

Nearness is no sameness: opposites and siblings (`buyer` and `seller`) lie as near to each other as words of
one meaning do. Of pairs written for the purpose (tests/context/catalog/synonym_pairs.txt) every second one at
`LEAST_LIKENESS` is no synonym, and no threshold tells them apart. What is found here is worth a question to
the person, and never an answer.

The vectors of names are made when the index is built, so that a question embeds its own few words alone.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from gnomon.context.catalog.folding import stems
from gnomon.context.catalog.texts import words_of
from gnomon.domain.catalog import TableCard, TableRef, TableSchema
from gnomon.domain.context import Synonym
from gnomon.models.port import Embedder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]

LEAST_LIKENESS = 0.6
"""Cosine from which a name may be what a word means. Half of the pairs of synonyms reach it."""

LEAD = 0.05
"""How far, by cosine, the next name that shares no word with it is behind."""

MAX_TARGETS = 3
"""A name that more tables or columns have is no suggestion."""

MAX_NAMES = 5_000
"""Names that are embedded, those of tables first. One costs about 3 ms when the index is first built."""

MAX_NAME_WORDS = 3
_LEAST_LETTERS = 3
_BATCH = 64


def write_names(connection: sqlite3.Connection, tables: Sequence[TableSchema], embedder: Embedder) -> None:
    """Keep a vector of each name; one that was there before keeps its own."""
    wanted = _first_spoken(tables)
    known = {name for (name,) in connection.execute("select name from names")}
    missing = [name for name in wanted if name not in known]
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        vectors = embedder.embed(batch)
        with connection:
            connection.executemany(
                "insert into names values (?, ?)",
                [(n, v.astype("float16").tobytes()) for n, v in zip(batch, vectors, strict=True)],
            )
    with connection:
        gone = [(name,) for name in known.difference(wanted)]
        connection.executemany("delete from names where name = ?", gone)


def _first_spoken(tables: Sequence[TableSchema]) -> list[str]:
    """The names to be kept, as they are said: no more are looked at than it takes."""
    named = chain((t.ref.name for t in tables), (c.name for t in tables for c in t.columns))
    found: dict[str, None] = {}
    for name in named:
        if len(found) == MAX_NAMES:
            break
        if said := spoken(name):
            found[said] = None
    return list(found)


def read_names(rows: Iterable[tuple[str, bytes]]) -> Mapping[str, "Vectors"]:
    """The vectors that `write_names` kept, by name."""
    import numpy as np

    return {name: np.frombuffer(packed, dtype=np.float16).astype(np.float32) for name, packed in rows}


def spoken(name: str) -> str:
    """A name of a table or column as it is said; empty where it is no word that people would ask by.

    >>> spoken("dim_customerTypes"), spoken("id"), spoken("x1")
    ('dim customer types', '', '')
    """
    said = words_of(name)
    words = said.split()
    letters = sum(len(w) for w in words if w.isalpha())
    return said if len(words) <= MAX_NAME_WORDS and letters >= _LEAST_LETTERS else ""


def nearest(
    words: Sequence[str], cards: Sequence[TableCard], vectors: Mapping[str, "Vectors"], embedder: Embedder
) -> tuple[Synonym, ...]:
    """What each word may mean, by nearness alone; words without a clear nearest name mean nothing.

    Args:
        words: Looked for in one call of the embedder, which is not called if there are none.
        vectors: By name, of length 1.
    """
    import numpy as np

    targets = _targets(cards)
    names = [name for name in targets if name in vectors]
    if not words or not names:
        return ()
    matrix = np.stack([vectors[name] for name in names])
    likeness = matrix @ np.asarray(embedder.embed(list(words)), dtype=np.float32).T
    found: list[Synonym] = []
    for column, word in enumerate(words):
        best = _clear_best(names, likeness[:, column])
        places = targets[names[best]] if best is not None else ()
        if best is not None and len(places) <= MAX_TARGETS:
            score = round(min(float(likeness[best, column]), 1.0), 3)
            found += [Synonym(word, ref, of, "embedder", score, names[best]) for ref, of in places]
    return tuple(found)


def _targets(cards: Sequence[TableCard]) -> dict[str, tuple[tuple[TableRef, str | None], ...]]:
    """What each name means: tables rather than columns."""
    tables: dict[str, list[tuple[TableRef, str | None]]] = defaultdict(list)
    columns: dict[str, list[tuple[TableRef, str | None]]] = defaultdict(list)
    for card in cards:
        tables[spoken(card.ref.name)].append((card.ref, None))
        for column in card.columns:
            columns[spoken(column.name)].append((card.ref, column.name))
    found = {**columns, **tables}
    return {name: tuple(places) for name, places in found.items() if name}


def _clear_best(names: Sequence[str], likeness: "Vectors") -> int | None:
    """The nearest name, if it is near and no name of other words is about as near."""
    ranked = sorted(range(len(names)), key=lambda i: (-float(likeness[i]), names[i]))
    best = ranked[0]
    if likeness[best] < LEAST_LIKENESS:
        return None
    own = stems(names[best])
    rival = next((i for i in ranked[1:] if not own & stems(names[i])), None)
    return best if rival is None or likeness[best] - likeness[rival] >= LEAD else None
