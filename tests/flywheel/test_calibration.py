"""Confidence against what came of it, on outcomes made up for the test."""

import pytest

from gnomon.flywheel.calibration import (
    at_threshold,
    calibration_error,
    covering,
    reliability,
    risk_coverage,
    widest,
)
from gnomon.flywheel.outcome import Outcome
from gnomon.flywheel.questions import EvalQuestion, Expectation
from gnomon.flywheel.report import tally

pytestmark = pytest.mark.requirement("flywheel:calibration")


def gave(confidence: float, *, right: bool, expect: Expectation = "answer") -> Outcome:
    gold = ("SELECT 1",) if expect == "answer" else ()
    question = EvalQuestion("q", "?", gold=gold, expect=expect)
    verdict = "right" if right else "wrong"
    return Outcome(question, verdict, answered=True, status="answered", confidence=confidence)


SILENT = Outcome(EvalQuestion("q", "?", gold=("SELECT 1",)), "abstained", status="abstained")


def test_an_answer_below_the_threshold_counts_as_withheld_and_one_at_it_does_not() -> None:
    low, at = at_threshold([gave(0.49, right=True), gave(0.5, right=True)], 0.5)
    assert (low.verdict, low.answered, low.status) == ("abstained", False, "abstained")
    assert (at.verdict, at.answered) == ("right", True)


def test_withholding_an_invented_answer_is_right() -> None:
    (held,) = at_threshold([gave(0.3, right=False, expect="abstain")], 0.5)
    assert (held.verdict, held.answered, held.why) == ("right", False, "")


def test_a_threshold_of_zero_withholds_nothing() -> None:
    outcomes = (gave(0.0, right=False), SILENT)
    assert at_threshold(outcomes, 0.0) == outcomes


def test_bins_hold_their_lower_edge_and_the_last_one_both() -> None:
    answers = [gave(0.0, right=False), gave(0.5, right=True), gave(1.0, right=True), SILENT]
    low, high = reliability(answers, (0.0, 0.5, 1.0))
    assert (low.right.count, low.right.total, low.expected) == (0, 1, 0.0)
    assert (high.right.count, high.right.total, high.expected) == (2, 2, 0.75)


def test_a_bin_without_answers_stays_and_expects_nothing() -> None:
    empty, _ = reliability([gave(0.9, right=True)], (0.0, 0.5, 1.0))
    assert (empty.right.total, empty.expected) == (0, 0.0)


@pytest.mark.parametrize(
    "edges", [(0.0,), (0.1, 1.0), (0.0, 0.9), (0.0, 0.5, 0.5, 1.0), (0.0, 0.7, 0.3, 1.0)]
)
def test_edges_that_do_not_rise_from_zero_to_one_are_refused(edges: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="edges rise from 0 to 1"):
        reliability([], edges)


def test_calibration_error_weighs_each_bin_by_its_answers() -> None:
    """Three of 0.9 of which all are right, one of 0.3 that is wrong: (3 * 0.1 + 1 * 0.3) / 4."""
    answers = [gave(0.9, right=True)] * 3 + [gave(0.3, right=False)]
    assert calibration_error(reliability(answers, (0.0, 0.5, 1.0))) == pytest.approx(0.15)
    assert calibration_error(reliability([])) == 0.0


def test_answers_of_the_same_confidence_make_one_point() -> None:
    answers = [gave(0.8, right=True), gave(0.9, right=True), gave(0.8, right=False), SILENT]
    high, low = risk_coverage(answers)
    assert (high.threshold, high.coverage.value, high.precision.value) == (0.9, 0.25, 1.0)
    assert (low.threshold, low.coverage.value) == (0.8, 0.75)
    assert (low.precision.count, low.precision.total) == (2, 3)


def test_an_invented_answer_lowers_precision_and_covers_nothing() -> None:
    answers = [gave(0.9, right=True), gave(0.8, right=False, expect="abstain")]
    last = risk_coverage(answers)[-1]
    assert (last.coverage.count, last.coverage.total) == (1, 1)
    assert (last.precision.count, last.precision.total) == (1, 2)


def test_each_point_is_what_the_tally_says_at_its_threshold() -> None:
    answers = [gave(c / 10, right=c % 3 > 0, expect="abstain" if c == 7 else "answer") for c in range(1, 10)]
    answers.append(SILENT)
    for point in risk_coverage(answers):
        figures = tally(at_threshold(answers, point.threshold))
        assert (point.coverage, point.precision) == (figures.coverage, figures.precision)


def test_a_coverage_is_reached_by_the_highest_threshold_that_answers_so_many() -> None:
    points = risk_coverage([gave(0.9, right=True), gave(0.8, right=False), SILENT, SILENT])
    assert (found := covering(points, 0.25)) is not None
    assert found.threshold == 0.9
    assert (found := covering(points, 0.3)) is not None
    assert found.threshold == 0.8
    assert covering(points, 0.75) is None


def test_the_widest_point_answers_most_at_a_precision_even_where_the_curve_dips() -> None:
    points = risk_coverage([gave(0.9, right=False), gave(0.8, right=True), gave(0.7, right=True)])
    assert (found := widest(points, 0.6)) is not None
    assert found.threshold == 0.7
    assert widest(points, 0.9) is None


def test_nothing_answered_gives_no_curve() -> None:
    assert risk_coverage([SILENT]) == ()
    assert covering((), 0.1) is None
