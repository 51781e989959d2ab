"""What came of one question of a set."""

from dataclasses import dataclass
from typing import Literal

from gnomon.flywheel.questions import EvalQuestion

Verdict = Literal["right", "wrong", "abstained", "clarified", "error"]
"""`right`: what was expected, be it an answer, a refusal to guess, a question back or an explanation.
`wrong`: an answer that is not. `abstained`, `clarified`: no answer where one exists. `error`: the run or the
gold failed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question.

    Args:
        answered: Whether a value or explanation was given, right or wrong.
        why: For everything but `right`, the reason in one line.
        elapsed_s: Seconds from question to answer; the gold's own time is not in it.
        model_s: Seconds of these that went to the model.
    """

    question: EvalQuestion
    verdict: Verdict
    answered: bool = False
    why: str = ""
    status: str = ""
    text: str = ""
    sql: str = ""
    confidence: float = 0.0
    elapsed_s: float = 0.0
    model_s: float = 0.0
