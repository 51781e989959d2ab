"""Ask a question, get typed events, the last of which is the verified answer.

Embed the question, assemble the context, run the loop. The loop gives the model the context and the
tools, dispatches what it calls, and puts the candidate answer to the checks; what fails goes back to the
model until it passes, or until a bound stops it.
"""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_hex
from typing import Literal

from gnomon.agent.assemble import Assembler
from gnomon.agent.bounds import Bounds, OutOfBoundsError, exceeded
from gnomon.agent.candidate import (
    REWORDED,
    UNSPEAKABLE,
    chart_equals_result,
    context_trace,
    quotes_documents,
    reads_data,
    reason_given,
    reply_whole,
    with_cards_of,
)
from gnomon.agent.case_state import CaseState, RanQuery
from gnomon.agent.checks import CheckInput, SecondReading, run_checks
from gnomon.agent.compose import build_answer, confidence_of, sentence
from gnomon.agent.dispatch import dispatch
from gnomon.agent.instructions import INSTRUCTIONS
from gnomon.agent.metering import Meter, unmetered
from gnomon.agent.personal import with_personal
from gnomon.agent.recollect import Recollection
from gnomon.agent.rights import own_conversation
from gnomon.agent.scratch import scratch_for
from gnomon.agent.second_reader import SecondReader
from gnomon.agent.streaming import streamed
from gnomon.agent.tools.base import Environment, Tool, spec
from gnomon.agent.tools.registry import checked, default_tools
from gnomon.agent.tracing import span
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.runtime.port import Orchestrator
from gnomon.domain.answer import AnswerStatus, Check, Clarification, Conversation, Question
from gnomon.domain.context import Context
from gnomon.domain.errors import Failed, Interrupted, Refused
from gnomon.domain.events import AnswerReady, AuditEvent, CheckDone, Event, StepStarted
from gnomon.domain.query import Limits
from gnomon.models.calibration import UNCALIBRATED, Calibration
from gnomon.models.port import (
    CANNOT_ANSWER,
    AssistantMessage,
    Embedder,
    Model,
    ModelRequest,
    ModelResponse,
    UserMessage,
)
from gnomon.policy.authority import Authority, owners_authority
from gnomon.policy.budgets import Spending, used_up
from gnomon.policy.untrusted import inert_answer, inert_event
from gnomon.store.scratch import ScratchStore
from gnomon.warehouses.port import Cancellation, Warehouse

INTERRUPTED = "Interrupted. The conversation is kept."


def nobody(clarification: Clarification) -> str | None:
    """Nobody is there to ask: the default is taken."""
    return None


def unrecorded(event: AuditEvent) -> None:
    """Keep no audit; for uses that have their own."""


def unwritten() -> str:
    """Nobody wrote a page about the warehouse: the draft is used."""
    return ""


@dataclass(slots=True)
class Agent:
    """One model, a context assembly, the tools, a loop.

    Args:
        record: Called with each decision and act before it happens; raises if it cannot be kept.
        link_hosts: Hosts whose links stay links in an answer; all others become text.
        shared_personal: Whether personal data is masked in answers that others read along.
        meter: Counts use against budgets, and says when one is used up.
        authority_of: What the person of a question may do; the machine's own user alone by default.
        scratch: Where people keep results of a conversation; None keeps nothing.
        recollection: Documents and memories.
        orchestrators: Systems that run what fills the tables.
        brief: The page about the warehouse that people wrote; empty for the draft.
        min_confidence: Below this the agent abstains and says what stood in the way.
        calibration: What the confidence of `model` is worth.
        second_reader: Reads each question that another model answers by a query, for a check to compare.
    """

    model: Model
    warehouse: Warehouse
    index: CatalogIndex
    embedder: Embedder
    bounds: Bounds = field(default_factory=Bounds)
    limits: Limits = field(default_factory=Limits)
    min_confidence: float = UNCALIBRATED.answered_from
    calibration: Calibration = UNCALIBRATED
    ask_person: Callable[[Clarification], str | None] = nobody
    record: Callable[[AuditEvent], object] = unrecorded
    meter: Meter = field(default_factory=unmetered)
    authority_of: Callable[[Question], Authority] = owners_authority
    scratch: ScratchStore | None = None
    brief: Callable[[], str] = unwritten
    orchestrators: tuple[Orchestrator, ...] = ()
    recollection: Recollection = field(default_factory=Recollection)
    tools: tuple[Tool, ...] = field(default_factory=default_tools)
    context_tokens: int = 12_000
    link_hosts: tuple[str, ...] = ()
    shared_personal: Literal["mask", "show"] = "mask"
    second_reader: Model | None = None

    def __post_init__(self) -> None:
        self.tools = checked(self.tools)

    def ask(
        self,
        question: Question,
        conversation: Conversation | None = None,
        *,
        cancellation: Cancellation | None = None,
    ) -> Iterator[Event]:
        """Work on a question; the last event is `AnswerReady`, also when it was interrupted.

        Raises:
            Misconfigured: An operator has to act first; also what `record` raises.
        """
        cancellation = cancellation or Cancellation()
        context = Context(self.warehouse.dialect, question.asked_at)
        case = CaseState(question, context, calibration=self.calibration)
        self._record(question, "question", {"text": question.text})
        env = self._environment(case, cancellation)
        try:
            case.budgets = self.meter.reserve(question.principal)
            yield StepStarted("Finding the tables")
            self._assemble(case, env, own_conversation(question, conversation, env.access))
            for event in self._loop(case, env):
                yield inert_event(event, self.link_hosts)
        except KeyboardInterrupt:
            cancellation.cancel()
            yield self._end(case, "interrupted", INTERRUPTED)
        except Interrupted:
            yield self._end(case, "interrupted", INTERRUPTED)
        except Refused as refusal:
            self._record(question, "refusal", {"rule": refusal.rule, "message": refusal.message})
            yield self._end(case, "abstained", f"{refusal.message}. {refusal.hint}".strip())
        except OutOfBoundsError as stop:
            yield self._end(case, "abstained", f"I stopped before I had an answer: {stop}.")
        except Failed as error:
            yield self._end(
                case, "failed", f"I could not go on: {error.message.rstrip('.')}. {error.hint}".strip()
            )

    def _assemble(self, case: CaseState, env: Environment, conversation: Conversation | None) -> None:
        assembler = Assembler(env.index, self.embedder, self.warehouse.dialect, self.context_tokens)
        with span(case.steps, "embed the question", case.started_s):
            text, vector = assembler.embed(case.question, conversation)
        with span(case.steps, "assemble the context", case.started_s):
            recalled = self.recollection.remembered(text, vector, case, env)
            passages = self.recollection.passages(case.question.text, vector, env)
            case.context, case.context_text = assembler.assemble(
                case.question, conversation, text, vector, recalled, passages
            )
        if env.scratch is not None:
            case.context_text += env.scratch.told(env.access, env.before_write)
        case.messages.append(UserMessage(case.question.text))

    def _loop(self, case: CaseState, env: Environment) -> Iterator[Event]:
        finished = False
        while not finished:
            response = yield from self._respond(case, env)
            case.messages.append(AssistantMessage(response.text, response.tool_calls))
            for call in response.tool_calls:
                self._hold(case, env)
                yield from dispatch(call, self.tools, case, env)
                self._charge(case, Spending(scan_bytes=case.spent.take_scanned()))
            if not response.tool_calls:
                finished = yield from self._conclude(case, response, env)

    def _hold(self, case: CaseState, env: Environment) -> None:
        """Raise if the person stopped the run, or if a bound is used up."""
        if env.cancellation.cancelled:
            raise Interrupted(INTERRUPTED)
        stop = exceeded(self.bounds, case.spent, case.worked_s)
        if stop:
            raise OutOfBoundsError(stop)

    def _respond(self, case: CaseState, env: Environment) -> Generator[Event, None, ModelResponse]:
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
            response = yield from streamed(self.model, request, lambda: self._hold(case, env))
        case.spent.model_s += time.monotonic() - began_s
        self._count(case, response)
        tokens = response.usage.input_tokens + response.usage.output_tokens
        self._charge(case, Spending(tokens=tokens, cost_usd=response.usage.cost_usd or 0.0))
        return response

    def _charge(self, case: CaseState, spending: Spending) -> None:
        """Count what was used; raise if a budget ends the question."""
        case.budgets = self.meter.add(case.question.principal, spending)
        stop = used_up(case.budgets, started=True)
        if stop is not None:
            budget = f"{stop.who} {stop.window} {stop.measure}"
            detail = {"budget": budget, "state": "hard", "used": stop.sentence}
            self._record(case.question, "budget", detail)
            raise OutOfBoundsError(f"the budget is used up: {stop.sentence}")

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
        case.reading = response.reading or case.reading

    def _conclude(
        self, case: CaseState, response: ModelResponse, env: Environment
    ) -> Generator[Event, None, bool]:
        """Put the candidate answer to the checks; say whether the question is finished."""
        text = response.text.strip()
        if text.startswith(CANNOT_ANSWER):
            yield self._end(case, "abstained", reason_given(text.removeprefix(CANNOT_ANSWER), case))
            return True
        yield StepStarted("Checking the answer")
        failed = yield from self._check(case, self._look(case, text, env, reply_whole(response)))
        if failed and case.may_revise(text, self.bounds.max_revisions):
            case.tell_checks(text, failed)
            return False
        if case.final and any(c.name in UNSPEAKABLE for c in failed):
            text = sentence(case.final.result)
            yield from self._check(case, self._look(case, text, env, REWORDED))
        yield self._verdict(case, text)
        return True

    def _check(self, case: CaseState, looks: Iterator[Check]) -> Generator[Event, None, tuple[Check, ...]]:
        case.checks = ()
        with span(case.steps, "check the answer", case.started_s):
            for check in looks:
                case.checks += (check,)
                yield CheckDone(check)
        return tuple(c for c in case.checks if c.verdict == "fail")

    def _look(self, case: CaseState, text: str, env: Environment, about: Check | None) -> Iterator[Check]:
        """Every check that applies, those of a candidate as such first."""
        final = case.final
        if about is not None:
            yield about
        if final is None:
            yield context_trace(text, case)
            yield from filter(None, (quotes_documents(text, case),))
            return
        yield from filter(None, (reads_data(final), chart_equals_result(case.chart, final.result)))
        yield from run_checks(self._candidate(case, final, text, env))

    def _candidate(self, case: CaseState, final: RanQuery, text: str, env: Environment) -> CheckInput:
        return CheckInput(
            question=case.question,
            context=with_cards_of(case.context, env.index, final),
            catalog=env.catalog_of(final.query),
            text=text,
            query=final.query,
            result=final.result,
            earlier=tuple((r.query, r.result) for r in case.ran[:-1]),
            values=env.index,
            run=lambda sql: env.run(env.authorize(sql, "check")),
            second=self._second(case, env),
        )

    def _second(self, case: CaseState, env: Environment) -> Callable[[], SecondReading] | None:
        """How to have the question read by another; None where there is no other."""
        other = self.second_reader
        if other is None or other.model_id == self.model.model_id:
            return None
        reader = SecondReader(other, self.bounds, self.meter)
        return lambda: reader.opinion(case, env)

    def _verdict(self, case: CaseState, text: str) -> AnswerReady:
        """Answer, or abstain if the answer is not to be trusted, and say why."""
        worst = next((c for c in case.checks if c.verdict == "fail"), None)
        if case.final is None and worst:
            return self._end(case, "abstained", "I could not support an answer with a query.")
        unspeakable = any(c.name in UNSPEAKABLE and c.verdict == "fail" for c in case.checks)
        if confidence_of(case) >= self.min_confidence and not unspeakable:
            return self._end(case, "answered", text)
        unsure = "The reading of the question is too unsure."
        why = worst.summary if worst else unsure
        found = "I found a result but do not trust it" if case.final else "I do not trust my answer"
        return self._end(case, "abstained", f"{found}: {why}")

    def _end(self, case: CaseState, status: AnswerStatus, text: str) -> AnswerReady:
        case.budgets = self.meter.add(case.question.principal, self._rest(case))
        built = build_answer(case, f"a{token_hex(4)}", status, text, self.model.model_id)
        answer = with_personal(inert_answer(built, self.link_hosts), mask=self.shared_personal == "mask")
        self._record(case.question, "answer", {"answer": answer.id, "status": status})
        return AnswerReady(answer)

    def _rest(self, case: CaseState) -> Spending:
        """What was not charged on the way."""
        return Spending(scan_bytes=case.spent.take_scanned(), wall_s=case.worked_s)

    def _environment(self, case: CaseState, cancellation: Cancellation) -> Environment:
        return Environment(
            authority=self.authority_of(case.question),
            warehouse=self.warehouse,
            whole_index=self.index,
            embedder=self.embedder,
            limits=self.limits,
            cancellation=cancellation,
            ask_person=self.ask_person,
            record=lambda kind, detail: self._record(case.question, kind, detail),
            remaining_s=lambda: self.bounds.max_total_s - case.worked_s,
            scanned=case.spent.scanned,
            scratch=scratch_for(
                self.scratch, case.question, self.warehouse.warehouse_id, self.index.catalog()
            ),
            brief=self.brief(),
            orchestrators=self.orchestrators,
        )

    def _record(self, question: Question, kind: str, detail: Mapping[str, str]) -> None:
        subject, tenant = question.principal.subject, question.principal.tenant
        pairs = (("question", question.id), *detail.items())
        self.record(AuditEvent(datetime.now(UTC), subject, tenant, kind, pairs))
