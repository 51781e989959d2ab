"""What a model's confidence is worth: how often answers of a score were right, as counted."""

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising line from scores to the share of answers that were right, straight between its knots.

    Args:
        knots: Scores and shares, each in [0, 1] and strictly rising; the first is (0, 0), the last score 1.
        answered_from: The share from which an answer is given, where nobody sets another.

    >>> half = Calibration(((0.0, 0.0), (0.5, 0.8), (1.0, 1.0)), answered_from=0.8)
    >>> half.share(0.25), half.score(0.4)
    (0.4, 0.25)
    """

    knots: tuple[tuple[float, float], ...]
    answered_from: float

    def share(self, score: float) -> float:
        """How many answers of such a score are right; scores outside [0, 1] are clipped."""
        return _between(self.knots, score)

    def score(self, share: float) -> float:
        """The least score of answers of which so many are right; shares that no score has are clipped."""
        return _between(tuple((y, x) for x, y in self.knots), share)


UNCALIBRATED = Calibration(((0.0, 0.0), (1.0, 1.0)), answered_from=0.45)
"""For a model whose answers nobody has counted: its score stands as it is."""


def _between(knots: tuple[tuple[float, float], ...], x: float) -> float:
    at = bisect_right(knots, x, key=lambda knot: knot[0])
    if at == 0:
        return knots[0][1]
    if at == len(knots):
        return knots[-1][1]
    (left, low), (right, high) = knots[at - 1 : at + 1]
    return low + (high - low) * (x - left) / (right - left)
