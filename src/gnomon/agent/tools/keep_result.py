"""Keep a copy of the last result for this conversation, once the person has said yes."""

import time
from collections.abc import Generator

from pydantic import Field

from gnomon.agent.case_state import CaseState, RanQuery
from gnomon.agent.scratch import SCHEMA, Scratch, check_keepable
from gnomon.agent.tools.ask_user import MAX_CLARIFICATIONS
from gnomon.agent.tools.base import Arguments, Environment, Outcome
from gnomon.domain.answer import Clarification
from gnomon.domain.errors import Refused, Retry
from gnomon.domain.events import ClarificationAsked, Event
from gnomon.models.port import Effect
from gnomon.policy.authority import refused_tool
from gnomon.policy.untrusted import named
from gnomon.store.scratch import NAME

KEEP = "Keep it"
DECLINE = "Do not keep it"
_SOURCES_SHOWN = 5


class KeepResultArguments(Arguments):
    """Under which name."""

    name: str = Field(pattern=NAME, description="Lower-case name; it is then read as scratch.<name>")


class KeepResult:
    """A write, so it needs three things: a policy that grants it, a person's yes, and room."""

    name = "keep_result"
    description = "Save a copy of the newest rows under scratch.<name>, to build on in later questions."
    effect: Effect = "write"
    capability = ("keep", "result")
    arguments = KeepResultArguments

    def run(
        self, arguments: KeepResultArguments, case: CaseState, environment: Environment
    ) -> Generator[Event, None, Outcome]:
        """Ask the person, keep the result, and say how it is read."""
        scratch = _scratch(case, environment)
        ran = case.final
        if ran is None:
            raise Retry("there is no result to keep yet", hint="run the query first")
        check_keepable(ran.query, ran.result)
        yield from _confirmed(_question(arguments.name, ran, scratch), case, environment)
        self._still_granted(environment)
        kept = scratch.keep(
            arguments.name, ran.query, ran.result, environment.access, environment.before_write
        )
        return {
            "kept": f"{SCHEMA}.{kept.name}",
            "columns": [named(c.name) for c in kept.columns],
            "row_count": kept.row_count,
            "dialect": "duckdb",
            "until": scratch.store.until(kept).isoformat(timespec="minutes"),
        }

    def _still_granted(self, environment: Environment) -> None:
        """Ask the policies again: a person may take minutes to answer, and policies change meanwhile."""
        ruling = environment.authority.tool(self.name, self.effect)
        environment.record("decision", {**ruling.as_detail(), "effect": self.effect})
        if not ruling.allowed:
            raise refused_tool(ruling, self.name, self.effect)


def _scratch(case: CaseState, environment: Environment) -> Scratch:
    if environment.scratch is None:
        shared = case.question.audience != "private"
        why = "others read along here" if shared else "there is no scratch for this warehouse"
        raise Refused(
            f"results cannot be kept: {why}",
            rule="write:private-only" if shared else "write:no-scratch",
            hint="answer from the warehouse",
        )
    return environment.scratch


def _question(name: str, ran: RanQuery, scratch: Scratch) -> Clarification:
    sources = [named(str(t)) for t in ran.query.tables]
    more = f" and {len(sources) - _SOURCES_SHOWN} more" if len(sources) > _SOURCES_SHOWN else ""
    rows = len(ran.result.rows)
    text = (
        f"Keep a copy of the last result ({rows:,} row{'' if rows == 1 else 's'} from "
        f"{', '.join(sources[:_SOURCES_SHOWN])}{more}) as {SCHEMA}.{name}, on this machine, "
        f"for this conversation and at most {scratch.store.keep_hours:g} hours?"
    )
    return Clarification(text, (KEEP, DECLINE), DECLINE)


def _confirmed(
    clarification: Clarification, case: CaseState, environment: Environment
) -> Generator[Event, None, None]:
    """Return only if a person said yes to this very question; silence is a no."""
    if not case.question.interactive:
        raise Refused(
            "nothing is kept without a person's yes, and nobody is there to ask",
            rule="write:needs-confirmation",
            hint="answer without keeping anything",
        )
    if any(chosen == DECLINE for _, chosen in case.clarified):
        raise _declined()
    if len(case.clarified) >= MAX_CLARIFICATIONS:
        raise Retry(f"{MAX_CLARIFICATIONS} questions were asked already", hint="answer without keeping it")
    yield ClarificationAsked(clarification)
    asked_s = time.monotonic()
    reply = environment.ask_person(clarification)
    case.waited_s += time.monotonic() - asked_s
    case.clarified.append((clarification.question, KEEP if reply == KEEP else DECLINE))
    if reply != KEEP:
        raise _declined()


def _declined() -> Refused:
    return Refused(
        "the person did not say yes to keeping it",
        rule="write:not-confirmed",
        hint="answer without keeping anything, and do not ask again",
    )
