"""How often and how long a model call is tried again."""

import pytest

from gnomon.domain.errors import Failed
from gnomon.models.hosted.retries import MAX_ATTEMPTS, Trouble, respond_with_retries
from gnomon.models.port import ModelResponse


def run(*outcomes: Trouble | ModelResponse, budget_s: float = 1000.0) -> tuple[str, list[float]]:
    """Play the outcomes, the last one again and again; the text or the error's message, and the pauses."""
    pauses: list[float] = []
    left = list(outcomes)

    def attempt() -> Trouble | ModelResponse:
        return left.pop(0) if len(left) > 1 else left[0]

    try:
        return respond_with_retries(attempt, budget_s=budget_s, pause=pauses.append).text, pauses
    except Failed as error:
        return error.message, pauses


def trouble(kind: str, attempts: int, retry_after_s: float | None = None) -> Trouble:
    return Trouble(kind, Failed(kind), attempts, retry_after_s)


def test_each_kind_of_trouble_has_attempts_of_its_own() -> None:
    text, pauses = run(trouble("timeout", 2), trouble("broken", 2), ModelResponse("ok"))
    assert (text, len(pauses)) == ("ok", 2)
    text, pauses = run(trouble("timeout", 2), trouble("broken", 2), trouble("timeout", 2))
    assert (text, len(pauses)) == ("timeout", 2)


@pytest.mark.requirement("models:retries-are-bounded")
def test_attempts_of_all_kinds_together_are_bounded() -> None:
    _, pauses = run(trouble("rate", 10_000, retry_after_s=0.0))
    assert len(pauses) == MAX_ATTEMPTS - 1


def test_pauses_grow_to_a_bound_where_the_provider_names_none() -> None:
    _, pauses = run(trouble("rate", MAX_ATTEMPTS))
    expected = [1, 2, 4, 8, 16, 20, 20]
    assert all(most / 2 <= pause <= most for pause, most in zip(pauses, expected, strict=True))


def test_a_negative_wait_is_none() -> None:
    assert run(trouble("rate", 2, retry_after_s=-3.0), ModelResponse("ok")) == ("ok", [0.0])


@pytest.mark.requirement("models:retries-are-bounded")
def test_without_a_budget_nothing_is_waited_for() -> None:
    assert run(trouble("rate", 8, retry_after_s=1.0), budget_s=0.0) == ("rate", [])
