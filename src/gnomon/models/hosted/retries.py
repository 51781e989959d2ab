"""Try a model call again, a bounded number of times and for a bounded time."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from gnomon.domain.errors import GnomonError
from gnomon.models.port import ModelResponse

MAX_ATTEMPTS = 8
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 20.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """One attempt went wrong.

    Args:
        kind: Attempts are counted per kind.
        error: What to raise if no further attempt is made.
        attempts: Attempts of this kind at most, the first included.
        retry_after_s: Seconds the provider asked to wait; None if it did not say.
    """

    kind: str
    error: GnomonError
    attempts: int = 1
    retry_after_s: float | None = None


def respond_with_retries(
    attempt: Callable[[], ModelResponse | Trouble], *, budget_s: float, pause: Callable[[float], None]
) -> ModelResponse:
    """Call `attempt` until it returns a response, its kind of trouble is used up, or the waiting is.

    Args:
        budget_s: Seconds spent waiting between attempts at most, in sum.
        pause: Waits that many seconds.

    Raises:
        GnomonError: The last trouble's error, with the attempts made and the seconds waited as facts.
    """
    seen: Counter[str] = Counter()
    waited_s = 0.0
    while True:
        outcome = attempt()
        if isinstance(outcome, ModelResponse):
            return outcome
        seen[outcome.kind] += 1
        wait_s = _wait_s(outcome, seen.total())
        used_up = seen[outcome.kind] >= outcome.attempts or seen.total() >= MAX_ATTEMPTS
        if used_up or waited_s + wait_s > budget_s:
            raise _final(outcome, seen.total(), waited_s, budget_s)
        pause(wait_s)
        waited_s += wait_s


def _wait_s(trouble: Trouble, attempts: int) -> float:
    """What the provider asked for, else about twice as long each time, spread so that clients part ways."""
    if trouble.retry_after_s is not None:
        return max(trouble.retry_after_s, 0.0)
    longest: float = min(_FIRST_PAUSE_S * 2 ** (attempts - 1), _LONGEST_PAUSE_S)
    return random.uniform(longest / 2, longest)


def _final(trouble: Trouble, attempts: int, waited_s: float, budget_s: float) -> GnomonError:
    error = trouble.error
    facts = [*error.facts]
    if trouble.attempts > 1:
        facts.append(("attempts", f"{attempts}, {waited_s:.0f} s of at most {budget_s:.0f} s spent waiting"))
    if trouble.retry_after_s is not None:
        facts.append(("asked to wait", f"{trouble.retry_after_s:.0f} s"))
    error.facts = tuple(facts)
    return error
