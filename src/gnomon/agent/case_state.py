"""What has become known while a question is worked on.

Raw results never enter the exchange with a model: a result is kept here by reference and distilled to
its shape and a bounded preview, and older previews shrink to one line as newer ones come.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gnomon.agent.bounds import Spent
from gnomon.agent.preview import byte_size, preview, result_hash
from gnomon.domain.answer import Assumption, Chart, Check, Clarification, ExecutedQuery, Question, Step
from gnomon.domain.context import Context
from gnomon.domain.query import AuthorizedQuery
from gnomon.domain.result import ResultRef, ResultTable
from gnomon.models.port import Message, ToolMessage, UserMessage

PREVIEWS_KEPT = 3


@dataclass(frozen=True, slots=True)
class RanQuery:
    """A query that ran, with its rows."""

    query: AuthorizedQuery
    executed: ExecutedQuery
    result: ResultTable


@dataclass(slots=True)
class CaseState:
    """The state of one question: context, queries, assumptions, findings, and the exchange so far."""

    question: Question
    context: Context
    context_text: str = ""
    messages: list[Message] = field(default_factory=list)
    ran: list[RanQuery] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)
    checks: tuple[Check, ...] = ()
    chart: Chart | None = None
    clarification: Clarification | None = None
    clarified: list[tuple[str, str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    spent: Spent = field(default_factory=Spent)
    revisions: int = 0
    confidence: float = 0.8
    reasoning: str = ""
    unplaced: tuple[str, ...] = ()
    started_s: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the question."""
        return time.monotonic() - self.started_s

    @property
    def final(self) -> RanQuery | None:
        """The query whose result the answer stands on: the last one that ran."""
        return self.ran[-1] if self.ran else None

    def record_query(
        self, query: AuthorizedQuery, result: ResultTable, purpose: str, assumptions: tuple[Assumption, ...]
    ) -> Mapping[str, Any]:
        """Keep a result by reference; return what the model may see of it."""
        reference = ResultRef(
            f"r{len(self.ran) + 1}",
            result.columns,
            len(result.rows),
            result.truncated,
            result_hash(result),
        )
        executed = ExecutedQuery(query.original_sql, purpose, query.tables, reference, result.elapsed_s)
        self.ran.append(RanQuery(query, executed, result))
        self.assumptions = list(assumptions)
        self.chart = None
        self.spent.result_bytes += byte_size(result)
        self.spent.warehouse_s += result.elapsed_s
        return preview(reference, result)

    def tell_checks(self, failed: tuple[Check, ...]) -> None:
        """Put failed checks to the model as something to act on."""
        self.revisions += 1
        lines = [f"- {c.name}: {c.summary} {c.action}".rstrip() for c in failed]
        text = "The answer did not pass these checks. Correct it, or say what cannot be known.\n"
        self.messages.append(UserMessage(text + "\n".join(lines), origin="checks"))

    def exchange(self) -> tuple[Message, ...]:
        """The messages for the next call, with all but the newest previews reduced to their shape."""
        with_rows = [i for i, m in enumerate(self.messages) if _has_rows(m)]
        stale = set(with_rows[:-PREVIEWS_KEPT])
        return tuple(_without_rows(m) if i in stale else m for i, m in enumerate(self.messages))


def _has_rows(message: Message) -> bool:
    return isinstance(message, ToolMessage) and "rows" in message.content


def _without_rows(message: Message) -> Message:
    if not isinstance(message, ToolMessage):
        return message
    content = {k: v for k, v in message.content.items() if k != "rows"}
    return ToolMessage(message.call_id, message.tool, content, message.failed)
