"""What a rule finds, and what the rules look at."""

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.sources.annotations.model import Annotation
from gnomon.domain.catalog import TableCard, TableRef

Severity = Literal["error", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The gravest first. SARIF's levels bear the same names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend.

    Args:
        rule: The rule's id.
        table: The table as it is named; empty where no table is meant.
        message: What is wrong, as a sentence without its end.
        mend: What to do about it, as an instruction or a command.
        place: File and line where it can be mended, or empty.
        users: People who use the table, as far as query history tells.
        queries: Runs of queries that read it.
    """

    rule: str
    severity: Severity
    table: str
    message: str
    mend: str
    column: str = ""
    place: str = ""
    users: int = 0
    queries: int = 0


@dataclass(frozen=True, slots=True)
class Ground:
    """Everything that rules look at.

    Args:
        annotations: What owners say, by the table that they mean.
        strays: Annotations whose table is not among the cards.
        broken: Place and reason of annotations that could not be read.
        problems: Place and message of everything else that the build of the index could not use.
        now: The day from which ages are counted.
        complete: The cards are all that there is. Otherwise nothing is said of what seems to be missing: it
            may be there, for others to see.
        dialect: The warehouse's, in which conditions are written.
    """

    cards: Sequence[TableCard]
    now: date
    annotations: Mapping[TableRef, Sequence[Annotation]] = field(default_factory=dict)
    strays: Sequence[Annotation] = ()
    broken: Sequence[tuple[str, str]] = ()
    problems: Sequence[tuple[str, str]] = ()
    complete: bool = True
    dialect: str = ""
    names: Names = field(default_factory=lambda: Names(()))

    def place(self, ref: TableRef, *path: str | int) -> str:
        """Where the owner speaks of that part of a table; of the table, if not of the part; or empty."""
        said = self.annotations.get(ref, ())
        exact = next((a.place(*path) for a in said if path[:1] in a.lines), "")
        return exact or next((a.place("table") for a in said), "")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the foundation lint; docs/lint.md has a paragraph for each.

    Args:
        severity: What a finding of it is, usually.
        title: What it finds, in a few words.
        why: What comes of it where nobody mends it.
        mend: What to do about it.
    """

    id: str
    severity: Severity
    title: str
    why: str
    mend: str
    find: Callable[[Ground], Iterator[Finding]]


def of_card(
    rule: str,
    severity: Severity,
    card: TableCard,
    message: str,
    mend: str,
    *,
    column: str = "",
    place: str = "",
) -> Finding:
    """A finding on a table, with how many people it concerns."""
    users, queries = (card.usage.users, card.usage.queries) if card.usage else (0, 0)
    return Finding(rule, severity, str(card.ref), message, mend, column, place, users, queries)


def annotate(ref: TableRef | str, *options: str) -> str:
    """The command that says something of a table. Words in capitals are for the person to replace."""
    return " ".join(("gnomon annotate", shlex.quote(str(ref)), *options))
