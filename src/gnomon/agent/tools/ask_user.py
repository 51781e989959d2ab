"""Ask the person back, with real options and a default."""

import time
from collections.abc import Generator
from dataclasses import replace

from pydantic import Field, model_validator

from gnomon.agent.case_state import CaseState
from gnomon.agent.tools.base import Arguments, Environment, Outcome
from gnomon.domain.answer import Assumption, Clarification
from gnomon.domain.errors import Retry
from gnomon.domain.events import ClarificationAsked, Event
from gnomon.models.port import Effect
from gnomon.policy.untrusted import inert_clarification

MAX_CLARIFICATIONS = 3


class AskUserArguments(Arguments):
    """The question back."""

    question: str = Field(min_length=1, max_length=500)
    options: tuple[str, ...] = Field(min_length=2, max_length=9)
    default: str = Field(description="The option taken when nobody answers")

    @model_validator(mode="after")
    def _default_is_an_option(self) -> "AskUserArguments":
        if self.default not in self.options:
            raise ValueError("the default must be one of the options")
        return self


class AskUser:
    """A clarification; where nobody is there to answer, the default is taken and said."""

    name = "ask_user"
    description = "Put a choice between readings to the person, offering options that exist."
    effect: Effect = "ask"
    capability = ("ask", "person")
    arguments = AskUserArguments

    def run(
        self, arguments: AskUserArguments, case: CaseState, environment: Environment
    ) -> Generator[Event, None, Outcome]:
        """Return the choice and whether a person made it."""
        if len(case.clarified) >= MAX_CLARIFICATIONS:
            raise Retry(
                f"{MAX_CLARIFICATIONS} questions were asked already", hint="take the default and say so"
            )
        clarification = inert_clarification(
            Clarification(arguments.question, arguments.options, arguments.default)
        )
        case.clarification = clarification
        yield ClarificationAsked(clarification)
        asked_s = time.monotonic()
        reply = environment.ask_person(clarification) if case.question.interactive else None
        case.waited_s += time.monotonic() - asked_s
        chosen = reply or clarification.default
        case.clarification = replace(clarification, chosen=chosen)
        case.clarified.append((clarification.question, chosen))
        if reply is None:
            others = ", ".join(o for o in clarification.options if o != chosen)
            taken = f"{clarification.question} Taken: {chosen}."
            case.defaults.append(Assumption(taken, f"or say: {others}"))
        return {"question": clarification.question, "chosen": chosen, "by_person": reply is not None}
