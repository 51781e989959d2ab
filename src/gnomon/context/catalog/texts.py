"""What a table is found by: two passages that become its one vector, and the words that are searched exactly.

One text that names the purpose and sixty columns reads, to an embedder, like a list of columns. The two are
embedded apart, and the vector is their mean: bench/bench_recall.py has the figures. Statements, most of them
drawn from code, are searched for exact words alone: they name the tables that rows come from, and embedded
they find no more.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from gnomon.domain.catalog import CardColumn, TableCard
from gnomon.models.port import Embedder
from gnomon.search.abbreviations import in_full
from gnomon.search.tokens import as_one, split_identifier

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

VECTORS = "mean of two passages"
"""How a card becomes a vector; changed with what `card_vectors` does. Those made otherwise are made anew."""

_PASSAGE_CHARS = 600
"""Of what is embedded. Longer passages cost time and find no more."""

_WORDS_CHARS = 100_000
_NAMES_KEPT = 65_536
"""Spelt names: tables of a warehouse share most of their columns' names."""

_MEANING_CHARS = 60
"""Of a column's meaning, in what is embedded: so that more columns are."""

_EMBEDDED_VALUES = 5
_MAX_VALUE_CHARS = 40
_TITLES = 5

_TOLD = ("grain", "use_when")
_DERIVED = ("scope", "derivation")
"""Statements that may quote values of the table, as conditions do. What a statement says of other tables
(`downstream`), or of times, would have them found for this one."""


@dataclass(frozen=True, slots=True)
class CardTexts:
    """What a card is found by.

    Args:
        about: Embedded: name, and what the table is for.
        holds: Embedded: name, and the columns.
        words: Searched for exact words: both in full, further names, and what code, documents and owners tell
            of grain, rows and use.
    """

    about: str
    holds: str
    words: str

    @property
    def passages(self) -> tuple[str, str]:
        """What is embedded; the vector of the card is the mean."""
        return self.about, self.holds


def card_texts(card: TableCard, *, values: bool = True) -> CardTexts:
    """The texts that a card is found by: names as words and abbreviations in full, purpose, titles of
    dashboards, columns with meanings, a few values; as words also tags, further names, and statements of
    grain and use.

    Args:
        values: False leaves out what may show values: the frequent ones, conditions in code, titles of
            dashboards. Whoever searches learns from a hit that the value exists.
    """
    kinds = (*_TOLD, *_DERIVED) if values else _TOLD
    told = [s.text for kind in kinds for s in card.statements if s.kind == kind]
    titles = card.usage.dashboards[:_TITLES] if values and card.usage is not None else ()
    about = _sentences(
        f"{spelt(card.ref.schema)} {spelt(card.ref.name)}".strip(), _in_full(card.purpose), *titles
    )
    names, columns = (c.name for c in card.columns), (_describe(c, values) for c in card.columns)
    called = [s.text for s in card.also_called]
    called += [s.text for c in card.columns for s in c.also_called]
    words = (
        str(card.ref),
        as_one(card.ref.name),
        about,
        *told,
        *card.tags,
        *called,
        *names,
        ", ".join(columns),
    )
    return CardTexts(
        about=about[:_PASSAGE_CHARS],
        holds=f"{spelt(card.ref.name)}: {_first(card.columns, values)}"[:_PASSAGE_CHARS],
        words=" ".join(words)[:_WORDS_CHARS],
    )


def card_vectors(texts: Sequence[CardTexts], embedder: Embedder) -> "npt.NDArray[np.float32]":
    """One vector a card: the mean of its passages' vectors, of length 1; shape (len(texts), dimensions)."""
    passages = [passage for text in texts for passage in text.passages]
    return mean_vectors(rounded(embedder.embed(passages).reshape(len(passages), embedder.dimensions)))


def mean_vectors(passages: "npt.NDArray[np.float32]") -> "npt.NDArray[np.float32]":
    """One vector for each two rows, which are the passages of one card: their mean, of length 1."""
    import numpy as np

    means = passages.reshape(-1, 2, passages.shape[1]).mean(axis=1)
    unit: npt.NDArray[np.float32] = means / np.linalg.norm(means, axis=1, keepdims=True)
    return unit


def rounded(vectors: "npt.NDArray[np.float32]") -> "npt.NDArray[np.float32]":
    """Vectors of passages as an index keeps them, in 16 bits a number: cards are made of no others."""
    import numpy as np

    return vectors.astype(np.float16).astype(np.float32)


def text_hash(texts: CardTexts, vectors: str) -> str:
    """Changes with the texts and with how vectors are made of them: no index holds vectors of two makings."""
    joined = "\x1f".join((vectors, *texts.passages, texts.words))
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


def words_of(name: str) -> str:
    """An identifier as lower-case words."""
    return " ".join(split_identifier(name)).lower() or name


@lru_cache(maxsize=_NAMES_KEPT)
def spelt(name: str) -> str:
    """An identifier as lower-case words, followed by what its abbreviations stand for."""
    return _in_full(words_of(name))


def _in_full(text: str) -> str:
    return " ".join([text, *in_full(words_of(text).split())]) if text else text


def _sentences(*parts: str) -> str:
    return " ".join(p if p.endswith((".", "!", "?")) else f"{p}." for p in parts if p)


def _first(columns: Sequence[CardColumn], with_values: bool) -> str:
    """As many columns as are embedded, their meanings cut short."""
    told: list[str] = []
    length = 0
    for column in columns:
        told.append(_describe(column, with_values, _MEANING_CHARS))
        length += len(told[-1])
        if length > _PASSAGE_CHARS:
            break
    return ", ".join(told)


def _describe(column: CardColumn, with_values: bool, meaning_chars: int | None = None) -> str:
    text = spelt(column.name)
    if column.meaning:
        text += f" ({column.meaning[:meaning_chars]})"
    profile = column.profile if with_values and column.column.kind == "text" else None
    values = () if profile is None else profile.top
    shown = [v for v, n in values[:_EMBEDDED_VALUES] if n > 1 and len(v) <= _MAX_VALUE_CHARS]
    return f"{text} such as {', '.join(shown)}" if shown else text
