"""What a model is shown for one question. Hosted models read it as text, `grounded` reads it as it is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gnomon.domain.answer import Answer
from gnomon.domain.catalog import ColumnRef, TableCard, TableRef
from gnomon.domain.query import Dialect

MatchKind = Literal["exact", "folded", "stemmed", "fuzzy"]
SynonymSource = Literal["annotation", "comment", "query", "embedder"]
"""Who calls a table or column so, the surest first: its owner, its comment or documentation, the name that a
trusted query gives it. For `embedder` nobody does: the words are near in meaning, which is no more than a
question worth asking."""


UNANSWERED = ("",)
"""Stands for a question that was not answered, of which none can be a change."""


@dataclass(frozen=True, slots=True)
class ValueMatch:
    """Words of the question that a column holds.

    Args:
        phrase: The words as they stand in the question.
        value: The cell's text, as stored.
        rows: How many rows hold the value, as far as the index knows.
        score: In (0, 1]; 1 for an exact match.
    """

    phrase: str
    column: ColumnRef
    value: str
    kind: MatchKind
    rows: int = 0
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Synonym:
    """Words of the question that call a table, or a column of it, by another name than its own.

    Args:
        phrase: The words by which it is called, as the source has them; for `embedder` those of the question.
        column: None where the table is meant.
        score: In (0, 1]; 1 is as sure as a name.
        origin: Where it is said: file and line, `comment`, a query's question; for `embedder` the near name.
    """

    phrase: str
    table: TableRef
    column: str | None
    source: SynonymSource
    score: float
    origin: str = ""

    @property
    def meant(self) -> str:
        """The address of the table or column that is meant."""
        return str(ColumnRef(self.table, self.column)) if self.column else str(self.table)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A retrieved table: why it was retrieved, and how far ahead of the others it is."""

    ref: TableRef
    score: float
    dense_rank: int | None = None
    text_rank: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TrustedQuery:
    """A past query with evidence that people rely on it, and the question it answers.

    Args:
        question: What it answers, in words: a dashboard's or chart's title, or a description drawn from it.
        sql: Its text with literals and personal data stripped.
        trust: In [0, 1].
        reason: Why it is trusted, in words.
        tables: The tables it reads.
        origin: Where it was read: file and line, dashboard or log entry.
    """

    question: str
    sql: str
    trust: float
    reason: str = ""
    tables: tuple[TableRef, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything assembled for one question.

    Args:
        cards: Tables in order of relevance.
        others: Names of further tables that exist, without their cards.
        now: The clock of the question, aware.
        previous: The last answer of the conversation, if this is a follow-up.
        earlier: The questions of the conversation that were answered, oldest first, since the last one that
            was not; `UNANSWERED` alone where that is the one right before.
        choices: Words of the question, and the table or column that the person chose for them.
        synonyms: Words of the question, or of earlier ones, that call a table or column of `cards` otherwise
            than by its name; the surest first.
    """

    dialect: Dialect
    now: datetime
    brief: str = ""
    cards: tuple[TableCard, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    others: tuple[TableRef, ...] = ()
    values: tuple[ValueMatch, ...] = ()
    trusted: tuple[TrustedQuery, ...] = ()
    memories: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    previous: Answer | None = None
    earlier: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    synonyms: tuple[Synonym, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether the question right before was not answered from the data: there is nothing to change."""
        return self.earlier == UNANSWERED

    def card(self, ref: TableRef) -> TableCard | None:
        """The card of that table, or None."""
        return next((c for c in self.cards if c.ref == ref), None)
