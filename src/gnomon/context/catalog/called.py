"""What tables and columns are called besides their names: by their owners, and in short comments.

An owner's word is as sure as a name. A comment explains and does not name: the short noun phrase that it is,
or begins with, is what people may say for it, and whoever reads a question by it has to say so.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from gnomon.context.catalog.cards import COMMENT
from gnomon.context.catalog.folding import stems, words_of
from gnomon.domain.catalog import CardColumn, TableCard
from gnomon.domain.context import Synonym
from gnomon.search.tokens import STOP_WORDS, split_identifier

OWNER_SCORE = 1.0
COMMENT_SCORE = 0.72
"""Below the 0.75 from which a reader takes a name rather than a value, and the 0.8 below which it states an
assumption."""

MAX_WORDS = 5
MAX_CONTENT_WORDS = 4
_INSIDE = frozenset({"of", "the"})
_ARTICLES = frozenset({"the", "a", "an"})
_TECHNICAL_WORDS = """
key keys id ids identifier identifiers primary foreign surrogate unique flag column columns field fields
table tables row rows record records data value values index deprecated obsolete unused internal test
temporary temp todo unknown none null legacy raw staging copy backup see same note various misc other
"""
_TECHNICAL = frozenset(_TECHNICAL_WORDS.split())
"""Words of comments that say what a column is to an engineer, and not what it is called."""

_MARK = re.compile(r"[,;.:()\n–—]| - |/")
_LETTERS = re.compile(r"[^\W\d_]+(?:[ '’&-][^\W\d_]+)*")


def called(cards: Iterable[TableCard]) -> Iterator[Synonym]:
    """Every further name of the tables and columns of the cards, as their owners and comments have it."""
    for card in cards:
        for name in card.also_called:
            yield Synonym(name.text, card.ref, None, "annotation", OWNER_SCORE, name.provenance)
        if card.purpose_from and (phrase := short_phrase(card.purpose, card.ref.name)):
            yield Synonym(phrase, card.ref, None, "comment", COMMENT_SCORE, card.purpose_from)
        for column in card.columns:
            yield from _of_column(card, column)


def _of_column(card: TableCard, column: CardColumn) -> Iterator[Synonym]:
    for name in column.also_called:
        yield Synonym(name.text, card.ref, column.name, "annotation", OWNER_SCORE, name.provenance)
    if column.meaning and (phrase := short_phrase(column.meaning, column.name)):
        origin = column.meaning_from or COMMENT
        yield Synonym(phrase, card.ref, column.name, "comment", COMMENT_SCORE, origin)


@lru_cache(maxsize=16_384)
def short_phrase(text: str, name: str) -> str:
    """The noun phrase that a comment is, or begins with; empty where there is none, or where `name` says it.

    >>> short_phrase("Gross, in euro cents", "amount"), short_phrase("The date of birth", "dob")
    ('Gross', 'date of birth')
    >>> short_phrase("Whether it was paid", "paid"), short_phrase("Order status", "order_status")
    ('', '')
    """
    words = _MARK.split(text[:200], maxsplit=1)[0].split()
    while words and words[0].casefold() in _ARTICLES:
        words = words[1:]
    phrase = " ".join(words)
    folded = [w.casefold() for w in words]
    content = [w for w in folded if w not in STOP_WORDS]
    joined = [w for w in folded if w in STOP_WORDS]
    if not 0 < len(content) <= MAX_CONTENT_WORDS or len(words) > MAX_WORDS:
        return ""
    if not set(joined) <= _INSIDE or folded[0] in STOP_WORDS or folded[-1] in STOP_WORDS:
        return ""
    if set(folded) & _TECHNICAL or not _LETTERS.fullmatch(phrase):
        return ""
    return "" if stems(phrase) <= stems(" ".join(split_identifier(name))) else phrase


class Asked:
    """The runs of words of one or several questions, by which phrases are looked for."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._runs = {run for text in texts for run in _runs(text)}

    def holds(self, phrase: str) -> bool:
        """Whether the words of the phrase stand side by side in a question, in whatever number or tense."""
        return _stemmed(phrase) in self._runs


@lru_cache(maxsize=16_384)
def _stemmed(phrase: str) -> tuple[str, ...]:
    return tuple(w.stem for w in words_of(phrase))


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    stemmed = [w.stem for w in words_of(text)]
    for start in range(len(stemmed)):
        for length in range(1, MAX_WORDS + 1):
            yield tuple(stemmed[start : start + length])
