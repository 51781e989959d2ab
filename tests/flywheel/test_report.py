"""The arithmetic of a report, against hand-computed figures."""

import pytest

from gnomon.flywheel.outcome import Outcome, Verdict
from gnomon.flywheel.questions import EvalQuestion, Expectation
from gnomon.flywheel.report import EvalReport, Share, tally


def made(
    verdict: Verdict,
    *,
    answered: bool = False,
    expect: Expectation = "answer",
    category: str = "count",
    elapsed_s: float = 1.0,
) -> Outcome:
    gold = ("SELECT 1",) if expect == "answer" else ()
    mentions = ("x",) if expect == "explain" else ()
    question = EvalQuestion("q", "?", category, gold, expect=expect, mentions=mentions)
    return Outcome(question, verdict, answered=answered, elapsed_s=elapsed_s)


RIGHT = made("right", answered=True)
WRONG = made("wrong", answered=True)
SILENT = made("abstained")
REFUSED = made("right", expect="abstain", category="unanswerable")
INVENTED = made("wrong", answered=True, expect="abstain", category="unanswerable")


@pytest.mark.requirement("flywheel:report")
def test_coverage_counts_answers_among_questions_that_have_one() -> None:
    figures = tally([RIGHT, WRONG, SILENT, SILENT, REFUSED, INVENTED])
    assert (figures.coverage.count, figures.coverage.total) == (2, 4)


@pytest.mark.requirement("flywheel:report")
def test_precision_counts_an_invented_answer_as_wrong() -> None:
    figures = tally([RIGHT, RIGHT, WRONG, SILENT, REFUSED, INVENTED])
    assert (figures.precision.count, figures.precision.total) == (2, 4)


@pytest.mark.requirement("flywheel:report")
def test_accuracy_counts_an_expected_refusal_as_right() -> None:
    figures = tally([RIGHT, SILENT, REFUSED, INVENTED])
    assert (figures.accuracy.count, figures.accuracy.total) == (2, 4)


def test_asking_back_where_it_is_expected_is_right_and_not_uncovered() -> None:
    figures = tally([made("right", expect="clarify"), RIGHT])
    assert (figures.coverage.count, figures.coverage.total) == (1, 1)
    assert figures.accuracy.value == 1


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)],
)
def test_wilson_intervals_agree_with_published_values(
    count: int, total: int, low: float, high: float
) -> None:
    """The last row: R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    share = Share(count, total)
    assert share.low == pytest.approx(low, abs=5e-5)
    assert share.high == pytest.approx(high, abs=5e-5)


def test_a_share_of_nothing_says_so() -> None:
    share = Share(0, 0)
    assert (share.value, share.low, share.high, str(share)) == (0.0, 0.0, 1.0, "none")


def test_more_than_all_is_no_share() -> None:
    with pytest.raises(ValueError, match="3 of 2"):
        Share(3, 2)


def test_times_are_median_and_95th_percentile() -> None:
    figures = tally([made("right", elapsed_s=float(s)) for s in range(1, 21)])
    assert (figures.median_s, figures.p95_s) == (10.0, 19.0)


def test_an_empty_run_has_figures() -> None:
    assert tally([]).median_s == 0.0
    assert EvalReport(()).to_json()["questions"] == 0
    assert "coverage" in EvalReport(()).to_text()


def test_categories_add_up_to_the_whole() -> None:
    report = EvalReport((RIGHT, WRONG, REFUSED, INVENTED))
    per_category = report.by_category()
    assert sorted(per_category) == ["count", "unanswerable"]
    assert sum(t.accuracy.total for t in per_category.values()) == report.overall.accuracy.total


def test_misses_come_worst_first() -> None:
    report = EvalReport((SILENT, RIGHT, made("clarified"), WRONG, made("error")))
    assert [o.verdict for o in report.misses] == ["wrong", "error", "clarified", "abstained"]


def test_the_text_shows_each_category_with_its_counts() -> None:
    text = EvalReport((RIGHT, WRONG, SILENT)).to_text(misses=False)
    assert text.splitlines()[-1].split() == ["count", "3", "1", "1", "1"]
