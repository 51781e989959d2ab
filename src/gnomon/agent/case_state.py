"""What has become known while a question is worked on.

Raw results never enter the exchange with a model: a result is kept here by reference and distilled to
its shape and a bounded preview, and older previews shrink to their shape as newer ones come.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gnomon.agent.bounds import Spent
from gnomon.agent.preview import byte_size, preview
from gnomon.domain.answer import (
    Assumption,
    Chart,
    Check,
    Clarification,
    ExecutedQuery,
    Question,
    ReadWords,
    Step,
)
from gnomon.domain.context import Context
from gnomon.domain.query import AuthorizedQuery
from gnomon.domain.result import ResultTable
from gnomon.models.calibration import UNCALIBRATED, Calibration
from gnomon.models.port import Message, ToolMessage, UserMessage
from gnomon.policy.budgets import BudgetUse
from gnomon.store.results import result_ref

if TYPE_CHECKING:
    from gnomon.agent.checks.case import SecondReading

PREVIEWS_KEPT = 4


@dataclass(frozen=True, slots=True)
class RanQuery:
    """A query that ran, with its rows."""

    query: AuthorizedQuery
    executed: ExecutedQuery
    result: ResultTable


@dataclass(slots=True)
class CaseState:
    """The state of one question: context, queries, assumptions, findings, and the exchange so far.

    Args:
        assumptions: What the last query assumes.
        defaults: What was taken where nobody answered a clarification; it holds for every later query.
        budgets: What is used of the person's budgets.
        waited_s: Seconds that a person took to answer.
        put: The last candidate that did not pass: its text, and how many queries had run.
        calibration: What the model's confidence is worth.
        second: What another reader makes of the question, or why it has no opinion; None before it is asked.
    """

    question: Question
    context: Context
    context_text: str = ""
    messages: list[Message] = field(default_factory=list)
    ran: list[RanQuery] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)
    defaults: list[Assumption] = field(default_factory=list)
    checks: tuple[Check, ...] = ()
    chart: Chart | None = None
    clarification: Clarification | None = None
    clarified: list[tuple[str, str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    spent: Spent = field(default_factory=Spent)
    budgets: tuple[BudgetUse, ...] = ()
    revisions: int = 0
    put: tuple[str, int] | None = None
    waited_s: float = 0.0
    confidence: float = 0.8
    calibration: Calibration = UNCALIBRATED
    reasoning: str = ""
    unplaced: tuple[str, ...] = ()
    reading: tuple[ReadWords, ...] = ()
    second: "SecondReading | str | None" = None
    started_s: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the question."""
        return time.monotonic() - self.started_s

    @property
    def worked_s(self) -> float:
        """Seconds since the question, without those spent waiting for a person."""
        return self.elapsed_s - self.waited_s

    @property
    def stated(self) -> tuple[Assumption, ...]:
        """Every assumption that the answer has to name, each once."""
        return tuple(dict.fromkeys((*self.defaults, *self.assumptions)))

    @property
    def final(self) -> RanQuery | None:
        """The query whose result the answer stands on: the last one that ran."""
        return self.ran[-1] if self.ran else None

    def record_query(
        self, query: AuthorizedQuery, result: ResultTable, purpose: str, assumptions: tuple[Assumption, ...]
    ) -> Mapping[str, Any]:
        """Keep a result by reference; return what the model may see of it."""
        reference = result_ref(f"r{len(self.ran) + 1}", result)
        executed = ExecutedQuery(
            query.original_sql,
            purpose,
            query.tables,
            reference,
            result.elapsed_s,
            query.access,
            query.policies,
        )
        self.ran.append(RanQuery(query, executed, result))
        self.assumptions = list(assumptions)
        self.chart, self.checks = None, ()
        self.spent.result_bytes += byte_size(result)
        self.spent.warehouse_s += result.elapsed_s
        return preview(reference, result)

    def may_revise(self, text: str, max_revisions: int) -> bool:
        """Whether the model gets another try; one that repeats itself does not."""
        return self.revisions < max_revisions and self.put != (text, len(self.ran))

    def tell_checks(self, text: str, failed: tuple[Check, ...]) -> None:
        """Put failed checks to the model as something to act on."""
        self.put = (text, len(self.ran))
        self.revisions += 1
        lines = [f"- {c.name}: {c.summary} {c.action}".rstrip() for c in failed]
        told = "The answer did not pass these checks. Correct it, or say what cannot be known.\n"
        self.messages.append(UserMessage(told + "\n".join(lines), origin="checks"))

    def exchange(self) -> tuple[Message, ...]:
        """The messages for the next call, with all but the newest previews reduced to their shape.

        A single row is no longer than its shape and may be the very figure that is needed: it stays.
        """
        with_rows = [i for i, m in enumerate(self.messages) if _has_rows(m)]
        stale = set(with_rows[:-PREVIEWS_KEPT])
        return tuple(_without_rows(m) if i in stale else m for i, m in enumerate(self.messages))


def _has_rows(message: Message) -> bool:
    return isinstance(message, ToolMessage) and len(message.content.get("rows", ())) > 1


def _without_rows(message: Message) -> Message:
    if not isinstance(message, ToolMessage):
        return message
    content = {k: v for k, v in message.content.items() if k != "rows"}
    return ToolMessage(message.call_id, message.tool, content, message.failed)
