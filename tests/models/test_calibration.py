"""A score is worth the share of answers that were right at it, and the way back is exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.models.calibration import UNCALIBRATED, Calibration
from gnomon.models.connect import calibration_of

shares = st.floats(0, 1)


@st.composite
def calibrations(draw: st.DrawFn) -> Calibration:
    inner = draw(st.lists(st.tuples(st.integers(1, 99), st.integers(1, 98)), max_size=6))
    xs, ys = sorted({x for x, _ in inner}), sorted({y for _, y in inner})
    knots = tuple((x / 100, y / 100) for x, y in zip(xs, ys, strict=False))
    return Calibration(((0.0, 0.0), *knots, (1.0, 0.99)), answered_from=0.5)


@pytest.mark.requirement("grounded:calibrated-confidence")
@given(calibrations(), shares, shares)
def test_a_higher_score_is_never_worth_less(line: Calibration, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0 <= line.share(low) <= line.share(high) <= 0.99


@pytest.mark.requirement("grounded:calibrated-confidence")
@given(calibrations(), shares)
def test_the_score_of_a_share_has_that_share(line: Calibration, score: float) -> None:
    assert line.score(line.share(score)) == pytest.approx(score, abs=1e-9)


@given(st.floats(-5, 5))
def test_what_nobody_has_counted_stands_as_it_is_within_zero_and_one(score: float) -> None:
    assert UNCALIBRATED.share(score) == pytest.approx(min(1.0, max(0.0, score)))


@pytest.mark.requirement("grounded:calibrated-confidence")
def test_grounded_answers_from_a_share_and_hosted_models_from_a_score() -> None:
    assert calibration_of("openai:gpt-5.5") is UNCALIBRATED
    grounded = calibration_of("grounded")
    assert grounded.answered_from == pytest.approx(grounded.share(0.45))
    scores, values = zip(*grounded.knots, strict=True)
    assert list(scores) == sorted(set(scores))
    assert list(values) == sorted(set(values))
