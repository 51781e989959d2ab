"""Questions about tables and columns themselves, answered from the cards without running SQL."""

import re

from gnomon.domain.catalog import CardColumn, TableCard
from gnomon.domain.context import Context
from gnomon.models.grounded.words import name_words, stem, tokenize

ABOUT_TABLES = re.compile(
    r"\b(which|what|list|show)\b.*\b(tables?|datasets?)\b.*\b(there|have|exist|available|contain|about|know)\b",
    re.I,
)
ABOUT_COLUMNS = re.compile(
    r"\b(which|what|list|show)\b.*\b(columns?|fields?)\b.*\b(does|in|of|has|have)\b", re.I
)
ABOUT_MEANING = re.compile(
    r"\bwhat does\b.*\bmean\b|\bmeaning of\b|\bdefinition of\b|\bdescribe the (table|column)\b"
    r"|\bwhat is the (table|column)\b|\bwhat is\b.*\b(table|column)\b.*\bfor\b"
    r"|\bexplain the (table|column)\b",
    re.I,
)
ABOUT_OWNER = re.compile(r"\bwho (owns|is the owner of|maintains|is responsible for)\b|\bowner of\b", re.I)
NAMES_SHOWN = 40
ASKING_WORDS = """
what which who whose does do did is are was the a an of in on for to and or mean means meaning definition
describe explain table tables column columns field fields dataset datasets used use owner owns own owned
maintains responsible there have has exist exists available contain contains about know list show me we our
you please tell stand stands by with
"""
ASKING = frozenset(stem(w) for w in ASKING_WORDS.split())
"""A question of these words and of names alone is about the tables, not about what is in them."""


def answer_from_cards(question: str, context: Context) -> str | None:
    """The answer to a question about structure or meaning; None if it is a question about data."""
    if not _only_about(question, context):
        return None
    if ABOUT_OWNER.search(question):
        return _owner(question, context)
    if ABOUT_MEANING.search(question):
        return _meaning(question, context)
    if ABOUT_COLUMNS.search(question):
        return _columns(question, context)
    if ABOUT_TABLES.search(question):
        names = [str(c.ref) for c in context.cards] + [str(r) for r in context.others]
        shown = ", ".join(sorted(names)[:NAMES_SHOWN])
        return f"The tables are: {shown}" + (" and more." if len(names) > NAMES_SHOWN else ".")
    return None


def _only_about(question: str, context: Context) -> bool:
    """Whether every word is one of asking about meaning, or of a table's or column's name."""
    known = {stem(w) for c in context.cards for w in name_words(f"{c.ref.schema} {c.ref.name}")}
    known |= {stem(w) for c in context.cards for column in c.columns for w in name_words(column.name)}
    return set(_stems(question)) <= known | ASKING


def _owner(question: str, context: Context) -> str | None:
    card = _card(question, context)
    if card is None:
        return None
    return (
        f"{card.ref} is owned by {card.owner}."
        if card.owner
        else f"Nobody is noted as the owner of {card.ref}."
    )


def _columns(question: str, context: Context) -> str | None:
    card = _card(question, context)
    return f"{card.ref} has the columns {', '.join(c.name for c in card.columns)}." if card else None


def is_noted(question: str, context: Context) -> bool:
    """Whether the cards say something of what a question about meaning names; True for any other question."""
    if not ABOUT_MEANING.search(question):
        return True
    card, named = _card(question, context), _named(question, context)
    return any(_said_of(column) for _, column in named) if named else bool(card and card.purpose)


def _meaning(question: str, context: Context) -> str | None:
    card, named = _card(question, context), _named(question, context)
    if named:
        return " ".join(_say_column(c, column) for c, column in named)
    return _say_table(card) if card else None


def _named(question: str, context: Context) -> list[tuple[TableCard, CardColumn]]:
    """The columns that the question names, by the longest of their names."""
    stems = _stems(question)
    card = _card(question, context)
    named = [
        (c, column)
        for c in ([card] if card else context.cards)
        for column in c.columns
        if _within(tuple(stem(w) for w in name_words(column.name)), stems)
    ]
    longest = max((len(name_words(column.name)) for _, column in named), default=0)
    return [(c, column) for c, column in named if len(name_words(column.name)) == longest]


def _card(question: str, context: Context) -> TableCard | None:
    stems = _stems(question)
    named = [c for c in context.cards if _within(tuple(stem(w) for w in name_words(c.ref.name)), stems)]
    return max(named, key=lambda c: len(name_words(c.ref.name)), default=None)


def _stems(question: str) -> tuple[str, ...]:
    return tuple(stem(w) for t in tokenize(question) if t.kind != "mark" for w in name_words(t.text))


def _within(words: tuple[str, ...], stems: tuple[str, ...]) -> bool:
    return any(stems[i : i + len(words)] == words for i in range(len(stems) - len(words) + 1))


def _said_of(column: CardColumn) -> str:
    return column.meaning or column.column.comment


def _say_column(card: TableCard, column: CardColumn) -> str:
    meaning = _said_of(column)
    if not meaning:
        return (
            f"{card.ref}.{column.name} is of type {column.column.type_sql}; nobody has noted what it means."
        )
    return f"{card.ref}.{column.name}: {meaning.rstrip('.')}."


def _say_table(card: TableCard) -> str:
    notes = " ".join(s.text for s in card.caveats)
    return f"{card.ref}: {(card.purpose or 'nobody has noted what it holds').rstrip('.')}. {notes}".strip()
