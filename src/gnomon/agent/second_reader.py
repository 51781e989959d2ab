"""Has another model read the question and run its SQL as the asking person, for a check to compare.

The other model sees what the answering one saw, and what it wants to run passes the same policy, guard and
plan. Whatever goes wrong on the way is no opinion, never the end of an answer.
"""

import time
from dataclasses import dataclass, replace

from gnomon.agent.bounds import Bounds, exceeded
from gnomon.agent.case_state import CaseState
from gnomon.agent.checks.case import NotApplicableError, SecondReading
from gnomon.agent.compose import retrieval_margin
from gnomon.agent.confidence import confidence
from gnomon.agent.dispatch import permit
from gnomon.agent.instructions import INSTRUCTIONS
from gnomon.agent.metering import Meter
from gnomon.agent.preview import byte_size
from gnomon.agent.scratch import reads_scratch
from gnomon.agent.tools.base import Environment, parse_arguments, spec
from gnomon.agent.tools.run_sql import RunSql, RunSqlArguments, plan_within_reason, run_planned
from gnomon.domain.answer import Check, Step
from gnomon.domain.errors import Failed, GnomonError, Interrupted, Refused, Retry
from gnomon.models.port import Model, ModelRequest, ModelResponse, UserMessage
from gnomon.policy.budgets import Spending, used_up

PURPOSE = "a second reading of the question"
OPINION_FROM = 0.45
"""Score of a reading from which it counts, as an answer would be given from it."""

_CHECKED = (Check("", "pass", ""),)
"""The checks are the answer's, so that a reading is judged as if its own had passed."""


@dataclass(frozen=True, slots=True)
class SecondReader:
    """Another model, and what it may take."""

    model: Model
    bounds: Bounds
    meter: Meter

    def opinion(self, case: CaseState, env: Environment) -> SecondReading:
        """What it would have answered from; the question is read once, however often this is asked.

        Raises:
            NotApplicableError: It has no opinion; the message says why.
        """
        if case.clarified:
            raise NotApplicableError("a choice was made on the way that a second reader does not know")
        if case.final is not None and reads_scratch(case.final.query):
            raise NotApplicableError("the answer rests on a kept result, which a second reader does not know")
        if case.second is None:
            case.second = self._tried(case, env)
        if isinstance(case.second, str):
            raise NotApplicableError(case.second)
        return case.second

    def _tried(self, case: CaseState, env: Environment) -> SecondReading | str:
        began_s = time.monotonic()
        outcome = self._contained(case, env)
        told = f"no opinion, {outcome}" if isinstance(outcome, str) else "read the question, ran its SQL"
        took_s = time.monotonic() - began_s
        case.steps.append(Step(f"second reading: {told}", began_s - case.started_s, took_s))
        return outcome

    def _contained(self, case: CaseState, env: Environment) -> SecondReading | str:
        """The reading, or the reason why there is none."""
        try:
            return self._read(case, env)
        except NotApplicableError as reason:
            return str(reason)
        except Refused as refusal:
            env.record("refusal", {"tool": PURPOSE, "rule": refusal.rule})
            return f"its query was refused: {refusal.message}"
        except (Retry, Failed) as error:
            return f"its query did not run: {error.message}"

    def _read(self, case: CaseState, env: Environment) -> SecondReading:
        self._require_room(case)
        arguments = self._statement(case, self._respond(case))
        permit(RunSql(), env)
        query = env.authorize(arguments.sql, PURPOSE)
        result = run_planned(query, plan_within_reason(query, env), env)
        case.spent.result_bytes += byte_size(result)
        case.spent.warehouse_s += result.elapsed_s
        return SecondReading(self.model.model_id, query, result)

    def _require_room(self, case: CaseState) -> None:
        """Raise if a bound or budget is used up; the turns are the answering model's."""
        bounds = replace(self.bounds, max_turns=case.spent.turns + 1)
        stop, budget = exceeded(bounds, case.spent, case.worked_s), used_up(case.budgets, started=True)
        if stop or budget is not None:
            raise NotApplicableError(stop or "the budget is used up")

    def _respond(self, case: CaseState) -> ModelResponse:
        request = ModelRequest(
            question=replace(case.question, interactive=False),
            instructions=INSTRUCTIONS,
            context=case.context,
            context_text=case.context_text,
            messages=(UserMessage(case.question.text),),
            tools=(spec(RunSql()),),
        )
        began_s = time.monotonic()
        try:
            response = self.model.respond(request, lambda piece: None)
        except Interrupted:
            raise
        except GnomonError as error:
            raise NotApplicableError(f"the reader failed: {error.message}") from error
        # A model is another's code or service: its fault, whatever it is, is no reason to lose an answer.
        except Exception as error:
            raise NotApplicableError(f"the reader failed: {type(error).__name__}") from error
        self._count(case, response, time.monotonic() - began_s)
        return response

    def _count(self, case: CaseState, response: ModelResponse, took_s: float) -> None:
        spent, usage = case.spent, response.usage
        spent.model_s += took_s
        spent.input_tokens += usage.input_tokens
        spent.output_tokens += usage.output_tokens
        spent.cost_usd += usage.cost_usd or 0.0
        spent.cost_known = spent.cost_known and usage.cost_usd is not None
        tokens = usage.input_tokens + usage.output_tokens
        if tokens or usage.cost_usd:
            spending = Spending(tokens=tokens, cost_usd=usage.cost_usd or 0.0)
            case.budgets = self.meter.add(case.question.principal, spending)

    def _statement(self, case: CaseState, response: ModelResponse) -> RunSqlArguments:
        """What it wants to run, if it is as sure of it as an answer has to be."""
        runs = [c for c in response.tool_calls if c.name == RunSql.name and not c.problem]
        call = runs[-1] if runs else None
        if call is None:
            raise NotApplicableError("the reader does not answer this question by a query of its own")
        arguments = parse_arguments(RunSql(), call.arguments)
        assert isinstance(arguments, RunSqlArguments)
        sure = confidence(
            _CHECKED,
            model_confidence=response.confidence,
            retrieval_margin=retrieval_margin(case),
            assumptions=len(arguments.assumptions),
        )
        if sure < OPINION_FROM:
            raise NotApplicableError("the reader is not sure enough of its own reading")
        return arguments
