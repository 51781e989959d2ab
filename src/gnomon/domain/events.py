"""What the agent tells while it works. Every surface renders the same events."""

from dataclasses import dataclass
from datetime import datetime

from gnomon.domain.answer import Answer, Check, Clarification
from gnomon.domain.catalog import TableRef
from gnomon.domain.result import ResultRef


@dataclass(frozen=True, slots=True)
class StepStarted:
    """The agent begins something; `text` says what, in a few words."""

    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the model's text, as it streams. Shown as progress only: it is not yet verified."""

    text: str


@dataclass(frozen=True, slots=True)
class QueryStarted:
    """An authorized query is about to run."""

    sql: str
    purpose: str
    tables: tuple[TableRef, ...]


@dataclass(frozen=True, slots=True)
class ResultReady:
    """A query returned."""

    result: ResultRef
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class ToolFailed:
    """A tool call did not work out; the model reads the same message."""

    tool: str
    message: str


@dataclass(frozen=True, slots=True)
class CheckDone:
    """A check has its verdict."""

    check: Check


@dataclass(frozen=True, slots=True)
class ClarificationAsked:
    """The agent asks back."""

    clarification: Clarification


@dataclass(frozen=True, slots=True)
class AnswerReady:
    """The last event of every question."""

    answer: Answer


Event = (
    StepStarted
    | TextDelta
    | QueryStarted
    | ResultReady
    | ToolFailed
    | CheckDone
    | ClarificationAsked
    | AnswerReady
)


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A decision or act, written before the act. Holds no result data.

    Args:
        kind: For example `question`, `query`, `refusal`, `answer`.
        detail: Name and value pairs.
    """

    at: datetime
    subject: str
    tenant: str
    kind: str
    detail: tuple[tuple[str, str], ...] = ()
