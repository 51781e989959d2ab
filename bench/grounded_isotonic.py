"""Isotonic regression: a rising curve from the ranker's probability to the share that is right."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MIN_ANSWERS = 25
"""Predictions that a level of the curve rests on, unless there are fewer at all."""

Curve = npt.NDArray[np.float32]


def pool_adjacent_violators(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The rising sequence nearest to `values` by weighted squares.

    Neighbours that fall are replaced by their weighted mean until nothing falls.

    Args:
        values: n values in the order of what they depend on.
        weights: n weights above 0.

    Returns:
        n values, none below the one before it.

    Raises:
        ValueError: If the lengths differ or a weight is not above 0.

    Source: R. Barlow, D. Bartholomew, J. Bremner and H. Brunk, "Statistical Inference under Order
    Restrictions", 1972, section 1.2.

    >>> pool_adjacent_violators([0.0, 1.0, 0.0, 1.0], [1, 1, 1, 1])
    [0.0, 0.5, 0.5, 1.0]
    """
    if len(values) != len(weights) or any(w <= 0 for w in weights):
        raise ValueError(f"{len(values)} values need as many weights above 0, not {list(weights)[:9]}")
    means: list[float] = []
    held: list[float] = []
    sizes: list[int] = []
    for value, weight in zip(values, weights, strict=True):
        mean, mass, size = float(value), float(weight), 1
        while means and means[-1] > mean:
            before = held.pop()
            mean = (means.pop() * before + mean * mass) / (before + mass)
            mass, size = before + mass, size + sizes.pop()
        means.append(mean)
        held.append(mass)
        sizes.append(size)
    return [mean for mean, size in zip(means, sizes, strict=True) for _ in range(size)]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A rising curve through its points: straight between them, level before the first and behind the last.

    Args:
        x: Shape (n,): probabilities of the ranker, rising.
        y: Shape (n,): the shares that are right there.
    """

    x: Curve
    y: Curve

    def __call__(self, probability: float) -> float:
        """The share that is right at that probability."""
        return float(np.interp(probability, self.x, self.y))


NO_CHANGE = Calibration(np.array([0, 1], np.float32), np.array([0, 1], np.float32))
"""The curve of no predictions at all."""


def calibrate(
    probabilities: Sequence[float], right: Sequence[bool], min_answers: int = MIN_ANSWERS
) -> Calibration:
    """The curve of predictions and what came of them; each level stretch is kept by its two ends.

    A stretch of too few predictions is pooled with its neighbour too, so that a handful that are all right
    give no certainty.
    """
    if not probabilities:
        return NO_CHANGE
    # The curve is kept in single precision: points that fall together there have to be one before pooling.
    x, inverse = np.unique(np.array(probabilities, np.float32), return_inverse=True)
    counts = np.bincount(inverse)
    found = np.bincount(inverse, np.array(right, np.float64))
    risen = np.array(pool_adjacent_violators((found / counts).tolist(), counts.tolist()))
    starts = np.flatnonzero(np.diff(risen, prepend=-1.0) > 0)
    starts = starts[_wide_enough(np.add.reduceat(counts, starts).tolist(), min_answers)]
    levels = np.add.reduceat(found, starts) / np.add.reduceat(counts, starts)
    lasts = np.append(starts[1:], len(x)) - 1
    places = np.stack([starts, lasts], axis=1).ravel()
    kept = np.append(True, np.diff(places) > 0)
    return Calibration(x[places[kept]], np.repeat(levels, 2)[kept].astype(np.float32))


def _wide_enough(sizes: Sequence[int], least: int) -> list[int]:
    """Which of these neighbours begin a group, where each group has so many; a rest joins the last one."""
    begins, held = [0], 0
    for at, size in enumerate(sizes):
        if held >= least and sum(sizes[at:]) >= least:
            begins.append(at)
            held = 0
        held += size
    return begins
