"""A question and what came of it: the answer with everything a reader needs to trust it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gnomon.domain.catalog import TableRef
from gnomon.domain.identity import Principal
from gnomon.domain.result import ResultRef, ResultTable

Verdict = Literal["pass", "warn", "fail", "not_applicable"]
AnswerStatus = Literal["answered", "abstained", "needs_clarification", "interrupted", "failed"]
"""`answered`: backed by a result or by context. `abstained`: we cannot know, and say why."""

Audience = Literal["private", "shared"]
ChartKind = Literal["bar", "line"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a person.

    Args:
        interactive: Whether somebody is there to answer a clarification.
        asked_at: Aware; "last month" and the like are counted from here.
        purpose: What the person says it is for; policies may depend on it.
        audience: `shared` where others read along.
        channel: Id of the channel it was asked in; empty outside of one.
    """

    id: str
    text: str
    principal: Principal
    asked_at: datetime
    conversation_id: str
    interactive: bool = False
    purpose: str = ""
    audience: Audience = "private"
    channel: str = ""


@dataclass(frozen=True, slots=True)
class CheckEvidence:
    """What a check read besides the answer's own tables, and the cell that its summary quotes.

    Args:
        tables: Every table that the check's statement reads.
        access: Fingerprint of what the asker could see of them, as in `ExecutedQuery`.
        result: A row of one cell; None where the summary quotes none.
    """

    tables: tuple[TableRef, ...]
    access: str = ""
    result: ResultTable | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One deterministic look at a candidate answer.

    Args:
        name: The check's id, for example `numbers_trace`.
        summary: One sentence: what was computed and what came out.
        action: For a failed check, what the model can do about it.
        sql: The statement the check ran, if it ran one.
        evidence: Set where the statement is not derived from the answer's own.
    """

    name: str
    verdict: Verdict
    summary: str
    action: str = ""
    sql: str = ""
    evidence: CheckEvidence | None = None


@dataclass(frozen=True, slots=True)
class ReadWords:
    """Words of the question and how they were read.

    Args:
        certainty: In [0, 1]; None from a model that does not say it word by word.
    """

    words: str
    role: str
    certainty: float | None = None


@dataclass(frozen=True, slots=True)
class ConfidencePart:
    """One thing that the confidence comes from, in words, and the factor it counts with."""

    name: str
    factor: float


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something the question left open and how it was taken. `alternative` says how to ask for the other."""

    text: str
    alternative: str = ""


@dataclass(frozen=True, slots=True)
class ExecutedQuery:
    """A query that ran for this answer, with its stored result.

    Args:
        access: Fingerprint of what the asker could see of the tables; other rights have another one.
        policies: Ids of the access policies that decided about the tables.
    """

    sql: str
    purpose: str
    tables: tuple[TableRef, ...]
    result: ResultRef
    elapsed_s: float
    access: str = ""
    policies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Personal data that a result holds: its column, its kind, and how many cells."""

    column: str
    kind: str
    cells: int


@dataclass(frozen=True, slots=True)
class Chart:
    """How to draw the result: one label column against one or more number columns."""

    kind: ChartKind
    x: str
    y: tuple[str, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer took.

    Args:
        model_s: Seconds spent waiting for the model.
        total_s: Seconds from question to answer.
        cost_usd: Price of the model calls; 0 for embedded ones, None where the price is unknown.
    """

    turns: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    warehouse_s: float = 0.0
    model_s: float = 0.0
    total_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Step:
    """A span of the agent's work: what it did, when it began after the question, how long it took."""

    text: str
    at_s: float
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Clarification:
    """A question back to the person: real options, and what is taken if nobody answers.

    Args:
        chosen: The option that was taken; empty before one was.
    """

    question: str
    options: tuple[str, ...]
    default: str
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The verified answer.

    Args:
        text: The sentence. Every number in it traces to a cell of `result` or to the context shown.
        headline: The one value asked for, formatted, where there is one.
        result: The rows of the final query; None where context alone answered.
        queries: Every query that ran, the final one last.
        confidence: In [0, 1]; see docs/checks.md for how it is computed.
        unplaced: Words of the question that the answer does not account for.
        personal: Personal data found in the result.
        notices: What the asker should know besides: budgets that run low, cells that are masked.
        reading: The question word by word, from models that can tell.
        confidence_parts: What `confidence` is the product of.
    """

    id: str
    question: Question
    status: AnswerStatus
    text: str
    headline: str = ""
    result: ResultTable | None = None
    queries: tuple[ExecutedQuery, ...] = ()
    tables: tuple[TableRef, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    checks: tuple[Check, ...] = ()
    confidence: float = 0.0
    reasoning: str = ""
    steps: tuple[Step, ...] = ()
    chart: Chart | None = None
    clarification: Clarification | None = None
    unplaced: tuple[str, ...] = ()
    model_id: str = ""
    cost: Cost = Cost()
    personal: tuple[PersonalData, ...] = ()
    notices: tuple[str, ...] = ()
    reading: tuple[ReadWords, ...] = ()
    confidence_parts: tuple[ConfidencePart, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """The notices, and the personal data by column, kind and cells."""
        found = ", ".join(f"{p.column} ({p.kind}, {p.cells:,} cells)" for p in self.personal)
        return (*self.notices, f"Personal data in the result: {found}.") if found else self.notices

    @property
    def sql(self) -> str:
        """The final query's SQL, or an empty string."""
        return self.queries[-1].sql if self.queries else ""


@dataclass(frozen=True, slots=True)
class Turn:
    """A finished exchange of a conversation."""

    question: Question
    answer: Answer


@dataclass(frozen=True, slots=True)
class Conversation:
    """Turns, oldest first."""

    id: str
    principal: Principal
    turns: tuple[Turn, ...] = ()
