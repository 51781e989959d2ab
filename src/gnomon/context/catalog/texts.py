"""The texts that a table is found by: one is embedded, one is searched for exact words."""

from dataclasses import dataclass

from gnomon.domain.catalog import CardColumn, TableCard
from gnomon.search.tokens import split_identifier

_EMBEDDED_COLUMNS = 60
"""Columns beyond this are found by their exact words only: the embedder would cut them off anyway."""

_EMBEDDED_VALUES = 5
_MAX_EMBEDDED_VALUE_CHARS = 40


@dataclass(frozen=True, slots=True)
class CardTexts:
    """What a card is found by: `meaning` is embedded, `words` is searched for exact words."""

    meaning: str
    words: str


def card_texts(card: TableCard, *, values: bool = True) -> CardTexts:
    """The texts a card is found by: name as words, purpose, columns with meanings, a few values.

    Args:
        values: False leaves the values out: whoever searches learns from a hit that the value exists.
    """
    head = f"{card.ref} {words_of(card.ref.name)}. {card.purpose}"
    described = [_describe(c, values) for c in card.columns]
    meaning = f"{head} Columns: {', '.join(described[:_EMBEDDED_COLUMNS])}."
    names = " ".join(c.name for c in card.columns)
    words = f"{head} {names} {', '.join(described)}"
    return CardTexts(meaning, words)


def words_of(name: str) -> str:
    """An identifier as lower-case words."""
    return " ".join(split_identifier(name)).lower() or name


def _describe(column: CardColumn, with_values: bool) -> str:
    text = words_of(column.name)
    if column.meaning:
        text += f" ({column.meaning})"
    profile = column.profile if with_values and column.column.kind == "text" else None
    values = () if profile is None else profile.top
    shown = [v for v, n in values[:_EMBEDDED_VALUES] if n > 1 and len(v) <= _MAX_EMBEDDED_VALUE_CHARS]
    return f"{text} such as {', '.join(shown)}" if shown else text
