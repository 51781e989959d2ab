"""Has a model put what is known of tables in better words, and keeps only what it can prove from its input.

Popular tables come first, in the caller's order. Each answer is stored when it arrives, under a hash of all
that the model was shown, so that a killed run goes on where it was, an unchanged table is not asked about
again, and a statement disappears when its evidence changes.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gnomon.context.catalog.enrich.evidence import (
    INSTRUCTIONS,
    TASK,
    Evidence,
    TableInput,
    evidence_of,
    input_hash,
)
from gnomon.context.catalog.enrich.sidecar import RefinementStore
from gnomon.context.catalog.enrich.verify import Verified, verified
from gnomon.context.catalog.facts import Fact
from gnomon.domain.answer import Question
from gnomon.domain.context import Context
from gnomon.domain.errors import Failed
from gnomon.domain.identity import Principal
from gnomon.domain.query import Dialect
from gnomon.models.port import Model, ModelRequest, ModelResponse, UserMessage

BATCH_TABLES = 150
TABLES_A_REQUEST = 4
MAX_REQUEST_CHARS = 32_000
MAX_OUTPUT_TOKENS = 4096
MAX_ATTEMPTS = 3
"""An input that so many answers were unusable for is left alone until it changes."""
_CHARS_A_TOKEN = 4
_FAILURES_IN_A_ROW = 3


@dataclass(frozen=True, slots=True)
class RefineBudget:
    """What one run may use; None for no limit. The run ends before the request that would go over it."""

    cost_usd: float | None = None
    tokens: int | None = None
    seconds: float | None = None


@dataclass(slots=True)
class RefineReport:
    """What a run did.

    Args:
        reused: Tables answered for by an earlier run.
        asked: Tables that the model gave a usable answer for in this run.
        unusable: Tables whose answer was missing or no JSON.
        waiting: Tables that are left for the next run.
        statements: Statements kept, of this run.
        dropped: Statements dropped in this run, by reason.
        cost_usd: None where the model's price is not known.
        stopped: Why the run ended before all tables were asked about; empty if it did not.
    """

    reused: int = 0
    asked: int = 0
    unusable: int = 0
    waiting: int = 0
    requests: int = 0
    statements: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = 0.0
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class Refined:
    """Facts in the model's words, of this run and of earlier ones, and what the run did."""

    facts: tuple[Fact, ...]
    report: RefineReport


def refine(
    tables: Sequence[TableInput],
    model: Model,
    store: RefinementStore,
    budget: RefineBudget,
    progress: Callable[[int, int], None] | None = None,
    *,
    dialect: Dialect = "duckdb",
) -> Refined:
    """Ask about every table that is not answered for, until the budget ends.

    Args:
        tables: The most popular first.
        progress: Called with tables answered for and tables in all.

    Raises:
        Misconfigured: The model cannot be asked at all, or the store cannot be used.
    """
    run = _Run(model, store, budget, dialect)
    hashes = {input_hash(table): table for table in tables}
    pending = [table for digest, table in hashes.items() if store.facts(digest) is None]
    run.report.reused = len(hashes) - len(pending)
    for batch in _batches(pending):
        run.ask_all(batch)
        if progress is not None:
            progress(run.report.reused + run.report.asked, len(hashes))
        if run.report.stopped:
            break
    run.report.waiting = len(hashes) - run.report.reused - run.report.asked - run.report.unusable
    return Refined(stored(store, hashes), run.report)


def stored(store: RefinementStore, hashes: Iterable[str]) -> tuple[Fact, ...]:
    """The facts of earlier runs whose evidence is unchanged; needs no model."""
    return tuple(fact for digest in hashes for fact in store.facts(digest) or ())


class _Run:
    """One run within its budget."""

    def __init__(self, model: Model, store: RefinementStore, budget: RefineBudget, dialect: Dialect) -> None:
        self._model = model
        self._store = store
        self._budget = budget
        self._dialect = dialect
        self._started = time.monotonic()
        self._failures = 0
        self.report = RefineReport()

    def ask_all(self, tables: Sequence[TableInput]) -> None:
        """Ask about the tables of a batch, a few at a time; what was unusable together is asked for alone."""
        groups = list(_groups(t for t in tables if self._worth_asking(t)))
        while groups and not self.report.stopped:
            group = groups.pop(0)
            evidence = evidence_of(group)
            if reason := self._over_budget(evidence):
                self.report.stopped = reason
                return
            missing = self._ask(evidence)
            if missing and len(group) > 1:
                groups = [[table] for table in missing] + groups
            else:
                self._give_up(missing)

    def _worth_asking(self, table: TableInput) -> bool:
        worth = self._store.attempts(input_hash(table)) < MAX_ATTEMPTS
        self.report.unusable += not worth
        return worth

    def _ask(self, evidence: Evidence) -> list[TableInput]:
        """Ask once, store what is proven, and return the tables without a usable answer.

        Where the provider fails nothing was answered: the tables wait for the next run.
        """
        try:
            response = self._model.respond(self._request(evidence), lambda text: None)
        except Failed as failure:
            self._failures += 1
            if self._failures >= _FAILURES_IN_A_ROW:
                self.report.stopped = f"the model failed {self._failures} times in a row: {failure.message}"
            return []
        self._failures = 0
        self._count(response)
        answers = verified(response.text, evidence, self._model.model_id)
        missing = []
        for table in evidence.tables:
            answer = answers.get(table.table)
            if answer is None:
                missing.append(table)
            else:
                self._keep(table, answer)
        return missing

    def _keep(self, table: TableInput, answer: Verified) -> None:
        self._store.put(input_hash(table), table.table, answer.facts)
        self.report.asked += 1
        self.report.statements += len(answer.facts)
        self.report.dropped.update(answer.dropped)

    def _give_up(self, tables: Sequence[TableInput]) -> None:
        for table in tables:
            self._store.failed(input_hash(table), table.table)
            self.report.unusable += 1

    def _request(self, evidence: Evidence) -> ModelRequest:
        now = datetime.now(UTC)
        asked = Question("refine", TASK, Principal("gnomon"), now, "refine")
        return ModelRequest(
            question=asked,
            instructions=INSTRUCTIONS,
            context=Context(self._dialect, now),
            context_text=evidence.text,
            messages=(UserMessage(TASK),),
            tools=(),
            max_output_tokens=MAX_OUTPUT_TOKENS,
        )

    def _count(self, response: ModelResponse) -> None:
        report, usage = self.report, response.usage
        report.requests += 1
        report.input_tokens += usage.input_tokens
        report.output_tokens += usage.output_tokens
        known = report.cost_usd is not None and usage.cost_usd is not None
        report.cost_usd = (report.cost_usd or 0.0) + (usage.cost_usd or 0.0) if known else None

    def _over_budget(self, evidence: Evidence) -> str:
        """Why the next request may not be made, or empty."""
        report, budget = self.report, self._budget
        next_tokens = (len(evidence.text) + len(INSTRUCTIONS)) // _CHARS_A_TOKEN + MAX_OUTPUT_TOKENS
        used = report.input_tokens + report.output_tokens
        if budget.seconds is not None and time.monotonic() - self._started >= budget.seconds:
            return f"the time budget of {budget.seconds:g} seconds is used up"
        if budget.tokens is not None and used + next_tokens > budget.tokens:
            return f"the budget of {budget.tokens:,} tokens is used up"
        if budget.cost_usd is None:
            return ""
        if report.cost_usd is None:
            return "the model's price is not known, so a budget in dollars cannot be kept: set one in tokens"
        a_request = report.cost_usd / report.requests if report.requests else 0.0
        if report.cost_usd + a_request > budget.cost_usd:
            return f"the budget of ${budget.cost_usd:g} is used up"
        return ""


def _batches(tables: Sequence[TableInput]) -> Iterator[Sequence[TableInput]]:
    for start in range(0, len(tables), BATCH_TABLES):
        yield tables[start : start + BATCH_TABLES]


def _groups(tables: Iterable[TableInput]) -> Iterator[list[TableInput]]:
    """Tables that fit one request together; a single one always does, since its evidence is bounded."""
    group: list[TableInput] = []
    size = 0
    for table in tables:
        length = len(evidence_of([table]).text)
        if group and (len(group) >= TABLES_A_REQUEST or size + length > MAX_REQUEST_CHARS):
            yield group
            group, size = [], 0
        group.append(table)
        size += length
    if group:
        yield group
