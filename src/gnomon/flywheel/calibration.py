"""How far a confidence can be relied on: thresholds, reliability, and precision against coverage.

Everything here is counted from outcomes of a run in which no answer was withheld, that is one with the
threshold 0: what a higher threshold would have withheld is known from the confidence of each answer.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from gnomon.flywheel.outcome import Outcome
from gnomon.flywheel.report import Share

WITHHELD = "There is an answer, and its confidence is below the threshold."
EDGES = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
"""Finer where answers are given: the bounds between them decide what a threshold does."""


def at_threshold(outcomes: Sequence[Outcome], threshold: float) -> tuple[Outcome, ...]:
    """The outcomes as they would be if answers below that confidence were withheld."""
    return tuple(_withheld(o) if o.answered and o.confidence < threshold else o for o in outcomes)


def _withheld(outcome: Outcome) -> Outcome:
    expected = outcome.question.expect == "abstain"
    return replace(
        outcome,
        verdict="right" if expected else "abstained",
        answered=False,
        status="abstained",
        why="" if expected else WITHHELD,
    )


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose confidence lies in [low, high); the last bin holds its upper bound too.

    Args:
        right: How many of them are right.
        expected: Their mean confidence, which a calibrated model makes equal to that share; 0 without any.
    """

    low: float
    high: float
    right: Share
    expected: float

    def to_json(self) -> dict[str, Any]:
        """Bounds, expected share and counted share."""
        bounds = {"low": self.low, "high": self.high}
        return bounds | {"expected": round(self.expected, 4), "right": self.right.to_json()}


def reliability(outcomes: Sequence[Outcome], edges: Sequence[float] = EDGES) -> tuple[Bin, ...]:
    """Answers by their confidence, a bin between each edge and the next; empty bins stay.

    Raises:
        ValueError: If the edges do not rise from 0 to 1.
    """
    if len(edges) < 2 or edges[0] != 0 or edges[-1] != 1 or list(edges) != sorted(set(edges)):
        raise ValueError(f"edges rise from 0 to 1, and {tuple(edges)} do not")
    bins: list[list[Outcome]] = [[] for _ in edges[1:]]
    for outcome in outcomes:
        if outcome.answered:
            inside = min(1.0, max(0.0, outcome.confidence))
            bins[min(bisect_right(edges, inside), len(bins)) - 1].append(outcome)
    return tuple(
        Bin(low, high, _precision(held), sum(o.confidence for o in held) / len(held) if held else 0.0)
        for low, high, held in zip(edges, edges[1:], bins, strict=False)
    )


def calibration_error(bins: Sequence[Bin]) -> float:
    """How far confidence and share right lie apart, over bins weighted by their answers; 0 without any.

    ECE = sum over bins of n_b / n * |right_b - expected_b|.

    Source: C. Guo, G. Pleiss, Y. Sun and K. Weinberger, "On Calibration of Modern Neural Networks",
    ICML 2017, equation 5.
    """
    total = sum(b.right.total for b in bins)
    return sum(b.right.total * abs(b.right.value - b.expected) for b in bins) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold gives: answers of at least that confidence, of the questions that have one."""

    threshold: float
    coverage: Share
    precision: Share

    def to_json(self) -> dict[str, Any]:
        """Threshold, coverage and precision."""
        shares = {"coverage": self.coverage.to_json(), "precision": self.precision.to_json()}
        return {"threshold": round(self.threshold, 4), **shares}


def risk_coverage(outcomes: Sequence[Outcome]) -> tuple[Point, ...]:
    """A point for every confidence that occurs, the highest first: coverage rises along them.

    Coverage and precision are those of `report.tally`. Risk is one less the precision.

    Source: R. El-Yaniv and Y. Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 11,
    2010.
    """
    asked = sum(o.question.expect in ("answer", "explain") for o in outcomes)
    answers = sorted((o for o in outcomes if o.answered), key=lambda o: -o.confidence)
    points, given, covered, right = [], 0, 0, 0
    for confidence, tied in groupby(answers, key=lambda o: o.confidence):
        held = list(tied)
        given += len(held)
        covered += sum(o.question.expect in ("answer", "explain") for o in held)
        right += sum(o.verdict == "right" for o in held)
        points.append(Point(confidence, Share(covered, asked), Share(right, given)))
    return tuple(points)


def covering(points: Sequence[Point], coverage: float) -> Point | None:
    """The highest threshold that answers at least that share; None if even 0 does not."""
    return next((p for p in points if p.coverage.value >= coverage - 1e-12), None)


def widest(points: Sequence[Point], precision: float) -> Point | None:
    """The lowest threshold that keeps at least that precision; None if none does."""
    return next((p for p in reversed(points) if p.precision.value >= precision - 1e-12), None)


def _precision(answers: Sequence[Outcome]) -> Share:
    return Share(sum(o.verdict == "right" for o in answers), len(answers))
