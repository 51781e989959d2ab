"""The confidence formula: its limits, and that a worse signal never raises it."""

import itertools
import math

import pytest

from gnomon.agent.confidence import confidence, confidence_parts
from gnomon.domain.answer import Check

pytestmark = pytest.mark.requirement("ODA-20")

VERDICTS = ("pass", "warn", "fail", "not_applicable")


def _of(*verdicts: str, model: float = 0.95, margin: float | None = 0.3, assumptions: int = 0) -> float:
    checks = [Check(f"c{i}", verdict, "") for i, verdict in enumerate(verdicts)]  # type: ignore[arg-type]
    return confidence(checks, model_confidence=model, retrieval_margin=margin, assumptions=assumptions)


def test_passed_checks_and_a_sure_model_keep_its_confidence() -> None:
    assert _of("pass", "pass", "not_applicable") == pytest.approx(0.95)


def test_a_failed_check_caps_at_two_fifths_and_a_second_halves_it() -> None:
    assert _of("pass", "fail") == pytest.approx(0.4)
    assert _of("pass", "fail", "fail") == pytest.approx(0.2)


def test_a_warning_lowers_moderately() -> None:
    assert 0.75 < _of("pass", "warn") < 0.9


def test_not_applicable_checks_alone_do_not_count_as_passed() -> None:
    assert _of("not_applicable", "not_applicable") == pytest.approx(0.6)
    assert _of() == pytest.approx(0.6)


def test_every_combination_lies_between_nothing_and_certainty() -> None:
    for verdicts in itertools.product(VERDICTS, repeat=3):
        for model, margin, assumptions in itertools.product((-1.0, 0.0, 0.5, 2.0), (None, -1.0, 0.1), (0, 5)):
            assert 0.0 <= _of(*verdicts, model=model, margin=margin, assumptions=assumptions) <= 1.0


def test_a_worse_verdict_never_raises_it() -> None:
    for rest in itertools.product(VERDICTS, repeat=2):
        assert _of("pass", *rest) >= _of("warn", *rest) >= _of("fail", *rest)


@pytest.mark.parametrize("worse", [{"model": 0.5}, {"margin": 0.05}, {"assumptions": 2}])
def test_a_less_sure_model_a_narrow_retrieval_and_open_words_lower_it(worse: dict[str, float]) -> None:
    assert _of("pass", **worse) < _of("pass")  # type: ignore[arg-type]


@pytest.mark.requirement("second-reading:compared")
def test_a_second_reading_that_agrees_takes_half_of_the_doubt_away() -> None:
    agrees, differs = Check("second_reading", "pass", ""), Check("second_reading", "warn", "")
    none = Check("second_reading", "not_applicable", "")
    passed = Check("grain", "pass", "")

    def of(*checks: Check, model: float = 0.8) -> float:
        return confidence(checks, model_confidence=model, retrieval_margin=None, assumptions=0)

    assert of(passed, agrees) == pytest.approx(0.9)
    assert of(passed, differs) == pytest.approx(0.68)
    assert of(passed, none) == pytest.approx(0.8)
    assert of(agrees, Check("grain", "fail", "")) == pytest.approx(0.4)
    assert of(agrees, model=0.0) == 0.0


@pytest.mark.requirement("cli:reading")
def test_the_parts_of_a_confidence_multiply_to_it() -> None:
    for verdicts in itertools.product(VERDICTS, repeat=3):
        for model, margin, assumptions in itertools.product((0.0, 0.5, 0.9), (None, 0.1), (0, 2)):
            checks = [Check(n, v, "") for n, v in zip(("a", "b", "second_reading"), verdicts, strict=True)]  # type: ignore[arg-type]
            given = {"model_confidence": model, "retrieval_margin": margin, "assumptions": assumptions}
            parts = confidence_parts(checks, **given)  # type: ignore[arg-type]
            assert math.prod(p.factor for p in parts) == pytest.approx(confidence(checks, **given))  # type: ignore[arg-type]
            assert all(p.factor != 1.0 for p in parts[1:])
