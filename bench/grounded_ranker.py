"""Learn which of a question's readings to take: logistic regression over what is known of whole readings.

The probability that a reading gives the gold's rows is 1 / (1 + exp(-sum of weight * value)) over its named
features. Features are those of `composer.rank.describe`; a name seen on few databases is dropped.

Source of the descent: J. Nocedal and S. Wright, "Numerical Optimization", 2nd edition, 2006, algorithms 3.1
and 7.4.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from grounded_candidates import Candidate, Judged
from grounded_folds import FOLDS, fold_of
from grounded_isotonic import Calibration, calibrate
from grounded_steps import BENCH

CODE = (BENCH / "grounded_ranker.py", BENCH / "grounded_folds.py")
CALIBRATION_CODE = (BENCH / "grounded_isotonic.py",)
MIN_DATABASES = 3
L2 = 3.0
TOLERANCE = 1e-4
"""Of the slope at zero: where no more is left, the descent ends."""

MAX_STEPS = 400
MEMORY = 12
MAX_HALVINGS = 30
ENOUGH_FALL = 1e-4
ENTRY = [("row", np.int64), ("column", np.int64), ("value", np.float64)]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranker:
    """Named weights; a name that it does not know counts for nothing.

    Args:
        weights: Shape (names,).
    """

    names: tuple[str, ...]
    weights: npt.NDArray[np.float32]

    def probabilities(self, candidates: Sequence[Candidate]) -> Floats:
        """Of each candidate to be right: shape (candidates,), each in (0, 1)."""
        known = dict(zip(self.names, self.weights.tolist(), strict=True))
        sums = [sum(known.get(k, 0.0) * v for k, v in c.proposed.features.items()) for c in candidates]
        return _logistic(np.array(sums, np.float64))


@dataclass(frozen=True, slots=True)
class Rankers:
    """A ranker for each fold that has not learned from it, and one that has learned from all."""

    without: tuple[Ranker, ...]
    of_all: Ranker


@dataclass(frozen=True, slots=True)
class Pick:
    """The reading that is taken of a question, and the one that the roles' score alone would take.

    Args:
        probability: That of the ranker, before calibration; 0 where there is no reading.
        position: Of the taken one among the candidates; None where there is none.
        score: Of the candidate with the likeliest roles; minus infinity where there is none.
        reachable: Whether any candidate is right.
    """

    judged: Judged
    probability: float
    right: bool
    position: int | None
    score: float
    first_right: bool
    reachable: bool

    @property
    def fold(self) -> int:
        """That of the question's database."""
        return fold_of(self.judged.database)


def learn_rankers(judged: Sequence[Judged]) -> Rankers:
    """One for each fold that learns from the others, and one that learns from all."""
    without = tuple(fit([j for j in judged if fold_of(j.database) != k]) for k in range(FOLDS))
    return Rankers(without, fit(judged))


def fit(judged: Sequence[Judged], min_databases: int = MIN_DATABASES, l2: float = L2) -> Ranker:
    """Learn from every candidate alike; the weights' squares are held down by `l2`, also that of the bias."""
    names = frequent_names(judged, min_databases)
    candidates = [c for j in judged for c in j.candidates]
    if not names or not candidates:
        return Ranker((), np.zeros(0, np.float32))
    places = {name: at for at, name in enumerate(names)}
    entries = np.fromiter(
        (
            (row, places[name], value)
            for row, c in enumerate(candidates)
            for name, value in c.proposed.features.items()
            if name in places
        ),
        ENTRY,
    )
    right = np.array([c.right for c in candidates], np.float64)
    table = _Table(entries["row"], entries["column"], entries["value"], right)
    return Ranker(names, _minimise(table, len(names), l2).astype(np.float32))


def frequent_names(judged: Sequence[Judged], min_databases: int) -> tuple[str, ...]:
    """Names of features that are seen on so many databases, in the order of the alphabet."""
    seen: dict[str, set[str]] = {}
    for j in judged:
        for name in {name for c in j.candidates for name in c.proposed.features}:
            seen.setdefault(name, set()).add(j.database)
    return tuple(sorted(name for name, databases in seen.items() if len(databases) >= min_databases))


@dataclass(frozen=True, slots=True)
class _Table:
    """A sparse matrix, an entry a row of `rows`, `columns` and `values`, and what is to be told from it."""

    rows: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    values: Floats
    right: Floats


@dataclass(frozen=True, slots=True)
class _Point:
    """Weights, the loss there, and its slope."""

    weights: Floats
    loss: float
    slope: Floats


def _minimise(table: _Table, width: int, l2: float) -> Floats:
    """Weights of least summed log loss plus l2 / 2 * |w|^2, by L-BFGS.

    A descent that stops short leaves the probabilities of one ranker higher than those of another, and a
    curve that calibrates one does not hold for the other: so the slope has to vanish.
    """
    here = _at(table, np.zeros(width), l2)
    least = TOLERANCE * float(np.linalg.norm(here.slope))
    changes: deque[tuple[Floats, Floats]] = deque(maxlen=MEMORY)
    for _ in range(MAX_STEPS):
        if np.linalg.norm(here.slope) <= least:
            break
        there = _lower(table, here, -_curved(here.slope, changes), l2)
        if there is None:
            break
        change = (there.weights - here.weights, there.slope - here.slope)
        if change[0] @ change[1] > 0:
            changes.append(change)
        here = there
    return here.weights


def _at(table: _Table, weights: Floats, l2: float) -> _Point:
    sums = np.bincount(table.rows, table.values * weights[table.columns], len(table.right))
    loss = float((np.logaddexp(0, sums) - table.right * sums).sum() + l2 / 2 * weights @ weights)
    missed = (_logistic(sums) - table.right)[table.rows]
    return _Point(
        weights, loss, np.bincount(table.columns, table.values * missed, len(weights)) + l2 * weights
    )


def _lower(table: _Table, here: _Point, direction: Floats, l2: float) -> _Point | None:
    """The first point along the direction, halving the way, where the loss falls enough; None if nowhere."""
    fall = float(here.slope @ direction)
    for halvings in range(MAX_HALVINGS):
        rate = 0.5**halvings
        there = _at(table, here.weights + rate * direction, l2)
        if there.loss <= here.loss + ENOUGH_FALL * rate * fall:
            return there
    return None


def _curved(slope: Floats, changes: Sequence[tuple[Floats, Floats]]) -> Floats:
    """The slope times an estimate of the inverse curvature, from the last changes of weights and slope."""
    found = slope.copy()
    shares: list[float] = []
    for moved, bent in reversed(changes):
        shares.append(float(moved @ found / (moved @ bent)))
        found -= shares[-1] * bent
    if changes:
        moved, bent = changes[-1]
        found *= float(moved @ bent / (bent @ bent))
    else:
        found /= max(1.0, float(np.linalg.norm(slope)))
    for (moved, bent), share in zip(changes, reversed(shares), strict=True):
        found += (share - float(bent @ found / (moved @ bent))) * moved
    return found


def _logistic(sums: npt.NDArray[Any]) -> Floats:
    found: Floats = 1 / (1 + np.exp(-sums))
    return found


def cross_fitted(judged: Sequence[Judged], rankers: Rankers) -> list[Pick]:
    """A pick for each question, by the ranker that has not learned from its database."""
    return [pick(j, rankers.without[fold_of(j.database)]) for j in judged]


def pick(judged: Judged, ranker: Ranker) -> Pick:
    """The likeliest candidate; of equals the one with the likelier roles."""
    candidates = judged.candidates
    if not candidates:
        return Pick(judged, 0.0, False, None, -np.inf, False, False)
    likely = ranker.probabilities(candidates)
    best = int(likely.argmax())
    return Pick(
        judged=judged,
        probability=float(likely[best]),
        right=candidates[best].right,
        position=best,
        score=candidates[0].proposed.score,
        first_right=candidates[0].right,
        reachable=any(c.right for c in candidates),
    )


def calibrations(picks: Sequence[Pick]) -> Mapping[int | None, Calibration]:
    """A curve for each fold that comes from the others' picks, and under None one of all picks."""
    made = [p for p in picks if p.position is not None]
    return {held_out: _calibration(made, held_out) for held_out in (*range(FOLDS), None)}


def _calibration(picks: Sequence[Pick], held_out: int | None) -> Calibration:
    kept = [p for p in picks if p.fold != held_out]
    return calibrate([p.probability for p in kept], [p.right for p in kept])


def confidences(picks: Sequence[Pick], curves: Mapping[int | None, Calibration]) -> Iterator[float]:
    """Of each pick to be right, by the curve that has not seen its database; 0 where there is no reading."""
    for p in picks:
        yield curves[p.fold](p.probability) if p.position is not None else 0.0
