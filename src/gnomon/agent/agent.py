"""Ask a question, get typed events, the last of which is the verified answer.

Embed the question, assemble the context, run the loop. The loop gives the model the context and the
tools, dispatches what it calls, and puts the candidate answer to the checks; what fails goes back to the
model until it passes, or until a bound stops it.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from queue import SimpleQueue
from secrets import token_hex

from gnomon.agent.assemble import Assembler
from gnomon.agent.bounds import Bounds, exceeded
from gnomon.agent.case_state import CaseState
from gnomon.agent.checks import CheckInput, run_checks
from gnomon.agent.compose import build_answer, sentence
from gnomon.agent.dispatch import dispatch
from gnomon.agent.grounding import untraced_numbers
from gnomon.agent.instructions import INSTRUCTIONS
from gnomon.agent.streaming import streamed
from gnomon.agent.tools.base import Environment, Tool, spec
from gnomon.agent.tools.registry import checked, default_tools
from gnomon.agent.tracing import span
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.answer import Answer, AnswerStatus, Check, Clarification, Conversation, Question
from gnomon.domain.context import Context
from gnomon.domain.errors import Failed, GnomonError, Interrupted
from gnomon.domain.events import (
    AnswerReady,
    AuditEvent,
    CheckDone,
    Event,
    StepStarted,
)
from gnomon.domain.query import Limits
from gnomon.domain.result import ResultTable
from gnomon.models.port import (
    CANNOT_ANSWER,
    AssistantMessage,
    Embedder,
    Model,
    ModelRequest,
    ModelResponse,
    UserMessage,
)
from gnomon.warehouses.port import Cancellation, Warehouse


def nobody(clarification: Clarification) -> str | None:
    """Nobody is there to ask: the default is taken."""
    return None


def unrecorded(event: AuditEvent) -> None:
    """Keep no audit; for uses that have their own."""


@dataclass(slots=True)
class Agent:
    """One model, a context assembly, the tools, a loop.

    Args:
        record: Called with each decision and act before it happens; raises if it cannot be kept.
        min_confidence: Below this the agent abstains and says what stood in the way.
    """

    model: Model
    warehouse: Warehouse
    index: CatalogIndex
    embedder: Embedder
    bounds: Bounds = field(default_factory=Bounds)
    limits: Limits = field(default_factory=Limits)
    min_confidence: float = 0.5
    ask_person: Callable[[Clarification], str | None] = nobody
    record: Callable[[AuditEvent], object] = unrecorded
    tools: tuple[Tool, ...] = field(default_factory=default_tools)
    context_tokens: int = 12_000

    def __post_init__(self) -> None:
        self.tools = checked(self.tools)

    def ask(
        self,
        question: Question,
        conversation: Conversation | None = None,
        *,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Event]:
        """Work on a question; the last event is `AnswerReady`, also when it was interrupted."""
        cancellation = cancellation or Cancellation()
        events: SimpleQueue[Event] = SimpleQueue()
        case = CaseState(question, Context(self.warehouse.dialect, question.asked_at))
        self._record(question, "question", {"text": question.text})
        try:
            yield StepStarted("Finding the tables")
            self._assemble(case, conversation)
            yield from self._loop(case, self._environment(case, events, cancellation), events)
        except KeyboardInterrupt:
            cancellation.cancel()
            yield AnswerReady(self._answer(case, "interrupted", "Interrupted. The conversation is kept."))
        except Interrupted as error:
            yield AnswerReady(self._answer(case, "interrupted", error.message))

    def _assemble(self, case: CaseState, conversation: Conversation | None) -> None:
        assembler = Assembler(self.index, self.embedder, self.warehouse.dialect, self.context_tokens)
        with span(case.steps, "embed the question", case.started_s):
            text, vector = assembler.embed(case.question, conversation)
        with span(case.steps, "assemble the context", case.started_s):
            case.context, case.context_text = assembler.assemble(case.question, conversation, text, vector)
        case.messages.append(UserMessage(case.question.text))

    def _loop(self, case: CaseState, env: Environment, events: SimpleQueue[Event]) -> Iterator[Event]:
        while True:
            if env.cancellation.cancelled:
                raise Interrupted("Interrupted. The conversation is kept.")
            stop = exceeded(self.bounds, case.spent, case.elapsed_s)
            if stop:
                yield self._abstain(case, f"I stopped before I had an answer: {stop}.")
                return
            try:
                response = yield from self._respond(case)
            except Failed as error:
                yield AnswerReady(self._answer(case, "failed", f"The model failed: {error.message}"))
                return
            case.messages.append(AssistantMessage(response.text, response.tool_calls))
            if response.tool_calls:
                for call in response.tool_calls:
                    yield from dispatch(call, self.tools, case, env, events)
                continue
            finished = yield from self._conclude(case, response, env)
            if finished:
                return

    def _respond(self, case: CaseState) -> Generator[Event, None, ModelResponse]:
        request = ModelRequest(
            question=case.question,
            instructions=INSTRUCTIONS,
            context=case.context,
            context_text=case.context_text,
            messages=case.exchange(),
            tools=tuple(spec(t) for t in self.tools),
        )
        began_s = time.monotonic()
        with span(case.steps, f"ask {self.model.model_id}", case.started_s):
            response = yield from streamed(self.model, request)
        case.spent.model_s += time.monotonic() - began_s
        self._count(case, response)
        return response

    def _count(self, case: CaseState, response: ModelResponse) -> None:
        spent, usage = case.spent, response.usage
        spent.turns += 1
        spent.input_tokens += usage.input_tokens
        spent.output_tokens += usage.output_tokens
        spent.cost_usd += usage.cost_usd or 0.0
        spent.cost_known = spent.cost_known and usage.cost_usd is not None
        case.confidence = response.confidence
        case.reasoning = response.reasoning or case.reasoning
        case.unplaced = response.unplaced

    def _conclude(
        self, case: CaseState, response: ModelResponse, env: Environment
    ) -> Generator[Event, None, bool]:
        """Put the candidate answer to the checks; say whether the question is finished."""
        text = response.text.strip()
        if text.startswith(CANNOT_ANSWER) or not text:
            reason = text.removeprefix(CANNOT_ANSWER).strip() or "The model gave no answer."
            yield self._abstain(case, reason)
            return True
        if case.final is None:
            finished = yield from self._conclude_from_context(case, text)
            return finished
        yield StepStarted("Checking the answer")
        failed = yield from self._check(case, text, env)
        if failed and case.revisions < self.bounds.max_revisions:
            case.tell_checks(failed)
            return False
        if any(c.name == "numbers_trace" for c in failed):
            text = sentence(case.final.result)
        yield from self._finish(case, text)
        return True

    def _conclude_from_context(self, case: CaseState, text: str) -> Generator[Event, None, bool]:
        loose = untraced_numbers(text, case.context_text + " " + case.question.text)
        summary = (
            "Every number in the text stands in the context."
            if not loose
            else (f"Not in the context and not from a query: {', '.join(loose)}.")
        )
        check = Check("context_trace", "fail" if loose else "pass", summary, "Run a query for it.")
        case.checks = (check,)
        yield CheckDone(check)
        if not loose:
            yield AnswerReady(self._answer(case, "answered", text))
            return True
        if case.revisions >= self.bounds.max_revisions:
            yield self._abstain(case, "I could not support an answer with a query.")
            return True
        case.tell_checks((check,))
        return False

    def _check(
        self, case: CaseState, text: str, env: Environment
    ) -> Generator[Event, None, tuple[Check, ...]]:
        final = case.final
        assert final is not None

        def run(sql: str) -> ResultTable:
            return env.run(env.authorize(sql, "check"))

        candidate = CheckInput(
            question=case.question,
            context=case.context,
            catalog=env.catalog,
            text=text,
            query=final.query,
            result=final.result,
            earlier=tuple((r.query, r.result) for r in case.ran[:-1]),
            values=self.index,
            run=run,
        )
        checks: list[Check] = []
        with span(case.steps, "check the answer", case.started_s):
            for check in run_checks(candidate):
                checks.append(check)
                yield CheckDone(check)
        case.checks = tuple(checks)
        return tuple(c for c in checks if c.verdict == "fail")

    def _finish(self, case: CaseState, text: str) -> Iterator[Event]:
        answer = self._answer(case, "answered", text)
        if answer.confidence >= self.min_confidence:
            yield AnswerReady(answer)
            return
        worst = next((c for c in case.checks if c.verdict == "fail"), None)
        why = (
            f"{worst.summary} {worst.action}".strip()
            if worst
            else "The reading of the question is too unsure."
        )
        yield self._abstain(case, f"I found a result but do not trust it: {why}")

    def _abstain(self, case: CaseState, text: str) -> AnswerReady:
        return AnswerReady(self._answer(case, "abstained", text))

    def _answer(self, case: CaseState, status: AnswerStatus, text: str) -> Answer:
        answer = build_answer(case, f"a{token_hex(4)}", status, text, self.model.model_id)
        self._record(case.question, "answer", {"answer": answer.id, "status": status})
        return answer

    def _environment(
        self, case: CaseState, events: SimpleQueue[Event], cancellation: Cancellation
    ) -> Environment:
        return Environment(
            principal=case.question.principal,
            warehouse=self.warehouse,
            index=self.index,
            catalog=self.index.catalog(),
            embedder=self.embedder,
            limits=self.limits,
            cancellation=cancellation,
            ask_person=self.ask_person,
            record=lambda kind, detail: self._record(case.question, kind, detail),
            emit=events.put,
        )

    def _record(self, question: Question, kind: str, detail: Mapping[str, str]) -> None:
        subject, tenant = question.principal.subject, question.principal.tenant
        pairs = (("question", question.id), *detail.items())
        self.record(AuditEvent(datetime.now(UTC), subject, tenant, kind, pairs))


def asked(agent: Agent, question: Question, conversation: Conversation | None = None) -> Answer:
    """Ask without looking at the events on the way."""
    answer: Answer | None = None
    for event in agent.ask(question, conversation):
        if isinstance(event, AnswerReady):
            answer = event.answer
    if answer is None:
        raise GnomonError("the agent ended without an answer")
    return replace(answer)
