"""What a check is handed, and how it may look at the data: few statements, each remembered."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol

from gnomon.agent.checks.analysis import Statement, read_statement
from gnomon.domain.answer import Check, CheckEvidence, Question, Verdict
from gnomon.domain.catalog import Catalog, ColumnRef
from gnomon.domain.context import Context
from gnomon.domain.query import AuthorizedQuery
from gnomon.domain.result import ResultTable

MAX_STATEMENTS = 8
"""Reads that all checks of one answer may add together."""


class ValueLookup(Protocol):
    """What the index knows about the values of text columns."""

    def near_values(self, column: ColumnRef, literal: str, limit: int = 3) -> tuple[str, ...]:
        """Stored values that look like the literal, nearest first."""
        ...

    def has_value(self, column: ColumnRef, literal: str) -> bool | None:
        """Whether the column holds exactly the literal; None where the index does not hold every value."""
        ...


@dataclass(frozen=True, slots=True)
class SecondReading:
    """What another reader of the same question would have answered from.

    Args:
        reader: Its model id.
        query: Authorized for the asking person, like the answer's own.
    """

    reader: str
    query: AuthorizedQuery
    result: ResultTable


@dataclass(frozen=True, slots=True)
class CheckInput:
    """A candidate answer and everything needed to doubt it.

    Args:
        text: The sentence about to be said.
        query: The query whose result the sentence rests on.
        earlier: Queries of the same question that ran before, with their results.
        run: Authorizes and runs a check's own read; raises Retry, Failed or Refused.
        second: Reads the question a second time; raises `NotApplicableError` where that gives no opinion.
            None where nobody does.
    """

    question: Question
    context: Context
    catalog: Catalog
    text: str
    query: AuthorizedQuery
    result: ResultTable
    earlier: tuple[tuple[AuthorizedQuery, ResultTable], ...]
    values: ValueLookup
    run: Callable[[str], ResultTable]
    second: Callable[[], SecondReading] | None = None


class NotApplicableError(Exception):
    """The check has nothing to look at in this answer, or cannot look; the message says why."""


@dataclass(slots=True)
class Probe:
    """Runs the checks' own reads within one allowance; the same statement runs once."""

    run: Callable[[str], ResultTable]
    left: int = MAX_STATEMENTS
    known: dict[str, ResultTable] = field(default_factory=dict)

    def __call__(self, sql: str) -> ResultTable:
        """The statement's result.

        Raises:
            NotApplicableError: The allowance is used up.
        """
        if sql not in self.known:
            if not self.left:
                raise NotApplicableError(f"the checks of one answer may run {MAX_STATEMENTS} statements")
            self.left -= 1
            self.known[sql] = self.run(sql)
        return self.known[sql]


@dataclass
class Case:
    """A candidate answer with its parsed SQL and the allowance for reads that its checks share."""

    input: CheckInput
    probe: Probe

    @cached_property
    def statement(self) -> Statement:
        """The query that the answer rests on, parsed.

        Raises:
            NotApplicableError: The SQL is not a query that can be read.
        """
        statement = read_statement(
            self.input.query.original_sql, self.input.query.dialect, self.input.catalog
        )
        if statement is None:
            raise NotApplicableError("the statement is not a plain query")
        return statement


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check has to say about a case; the check's name is added by the runner."""

    verdict: Verdict
    summary: str
    action: str = ""
    sql: str = ""
    evidence: CheckEvidence | None = None

    def named(self, name: str) -> Check:
        """The finding as the answer carries it."""
        return Check(name, self.verdict, self.summary, self.action, self.sql, self.evidence)


def passed(summary: str, sql: str = "") -> Finding:
    """A finding that nothing is wrong."""
    return Finding("pass", summary, sql=sql)


def worst(findings: list[Finding], otherwise: Finding) -> Finding:
    """The gravest findings as one: summaries and actions of all that share the gravest verdict."""
    grave = [f for f in findings if f.verdict == "fail"] or [f for f in findings if f.verdict == "warn"]
    if not grave:
        return otherwise
    sql = next((f.sql for f in grave if f.sql), "")
    actions = dict.fromkeys(f.action for f in grave if f.action)
    return replace(grave[0], summary="; ".join(f.summary for f in grave), action=" ".join(actions), sql=sql)


def quoted(names: list[str] | tuple[str, ...]) -> str:
    """Names in backticks, separated by commas."""
    return ", ".join(f"`{name}`" for name in names)


def share(part: float, whole: float) -> str:
    """`part` of `whole` as a percentage with at most one decimal."""
    return f"{100 * part / whole:.3g}%" if whole else "0%"
