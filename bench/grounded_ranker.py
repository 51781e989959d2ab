"""Learn which of a question's readings to take: boosted decision trees over what is known of whole readings.

The probability that a reading gives the gold's rows is 1 / (1 + exp(-sum of the trees' leaves)). Features are
those of `composer.rank.describe`, and for the second ranker those of `composer.weighing.weigh` too; a name
seen on few databases is dropped.

Source: G. Ke et al., "LightGBM: A Highly Efficient Gradient Boosting Decision Tree", NIPS 2017.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from grounded_candidates import Candidate, Judged
from grounded_folds import FOLDS, fold_of
from grounded_isotonic import Calibration, calibrate
from grounded_steps import BENCH

from gnomon.models.grounded.composer.trees import Trees
from gnomon.models.grounded.composer.weighing import LOOKED_AT, weigh
from gnomon.models.grounded.composer.weights import logistic

CODE = (BENCH / "grounded_ranker.py", BENCH / "grounded_folds.py")
CALIBRATION_CODE = (BENCH / "grounded_isotonic.py",)
MIN_DATABASES = 10
ROUNDS = 300
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 63, "min_data_in_leaf": 40,
    "feature_fraction": 0.15, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 5.0,
    "seed": 7, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1,
}  # fmt: skip
FEWER_ROUNDS = 200
OF_FEWER = {**PARAMETERS, "num_leaves": 31, "feature_fraction": 0.3}
"""For what is learned of the few readings that are run: a quarter as many."""

_NONE = np.zeros(0, np.int32)
NO_TREES = Trees((), _NONE, _NONE, np.zeros(0, np.float32), _NONE, _NONE)
"""What is learned of nothing, or of readings that are all right or all wrong."""


@dataclass(frozen=True, slots=True)
class Rankers:
    """A ranker for each fold that has not learned from it, and one that has learned from all."""

    without: tuple[Trees, ...]
    of_all: Trees


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


def learn_second(looked: Sequence[Judged]) -> Rankers:
    """The same of questions whose likeliest candidates were looked at."""
    learn_from = partial(fit, parameters=OF_FEWER, rounds=FEWER_ROUNDS)
    without = tuple(learn_from([j for j in looked if fold_of(j.database) != k]) for k in range(FOLDS))
    return Rankers(without, learn_from(looked))


def looked_at(judged: Sequence[Judged], first: Rankers) -> list[Judged]:
    """Each question with its likeliest candidates, and what they give beside each other.

    They are the likeliest by the ranker that has not learned from the question's database.
    """
    return [_looked_at(j, first.without[fold_of(j.database)]) for j in judged]


def _looked_at(judged: Judged, ranker: Trees) -> Judged:
    scores = ranker.sums([c.proposed.features for c in judged.candidates])
    order = sorted(range(len(scores)), key=lambda at: -scores[at])[:LOOKED_AT]
    likeliest = [judged.candidates[at] for at in order]
    weighed = weigh([logistic(scores[at]) for at in order], [c.given for c in likeliest])
    return replace(judged, candidates=tuple(map(_with_features, likeliest, weighed)))


def _with_features(candidate: Candidate, more: Mapping[str, float]) -> Candidate:
    proposed = candidate.proposed
    return replace(candidate, proposed=replace(proposed, features={**proposed.features, **more}))


def fit(
    judged: Sequence[Judged],
    min_databases: int = MIN_DATABASES,
    parameters: Mapping[str, Any] = PARAMETERS,
    rounds: int = ROUNDS,
) -> Trees:
    """Learn from every candidate alike."""
    names = frequent_names(judged, min_databases)
    candidates = [c for j in judged for c in j.candidates]
    right = np.array([c.right for c in candidates], np.int8)
    if not names or right.min(initial=1) == right.max(initial=0):
        return NO_TREES
    # It needs the system's OpenMP library, which everything else here does without.
    import lightgbm

    rows = np.array([[c.proposed.features.get(n, 0.0) for n in names] for c in candidates], np.float32)
    model = lightgbm.train(dict(parameters), lightgbm.Dataset(rows, right), num_boost_round=rounds)
    return trees_of(names, model.dump_model())


def trees_of(names: Sequence[str], dumped: Mapping[str, Any]) -> Trees:
    """The trees of a dumped model, with the features that they ask about."""
    nodes = _Nodes()
    roots = [nodes.add(tree["tree_structure"]) for tree in dumped["tree_info"]]
    asked = sorted({f for f in nodes.feature if f >= 0})
    number = {f: at for at, f in enumerate(asked)}
    return Trees(
        tuple(names[f] for f in asked),
        np.array(roots, np.int32),
        np.array([number.get(f, -1) for f in nodes.feature], np.int32),
        np.array(nodes.limit, np.float32),
        np.array(nodes.left, np.int32),
        np.array(nodes.right, np.int32),
    )


@dataclass(slots=True)
class _Nodes:
    """A table of nodes in the making."""

    feature: list[int] = field(default_factory=list)
    limit: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)

    def add(self, node: Mapping[str, Any]) -> int:
        """Add a node and what is below it; its number."""
        at = len(self.feature)
        leaf = "leaf_value" in node
        self.feature.append(-1 if leaf else int(node["split_feature"]))
        self.limit.append(float(node["leaf_value"] if leaf else node["threshold"]))
        self.left.append(at)
        self.right.append(at)
        if not leaf:
            self.left[at] = self.add(node["left_child"])
            self.right[at] = self.add(node["right_child"])
        return at


def frequent_names(judged: Sequence[Judged], min_databases: int) -> tuple[str, ...]:
    """Names of features that are seen on so many databases, in the order of the alphabet."""
    seen: dict[str, set[str]] = {}
    for j in judged:
        for name in {name for c in j.candidates for name in c.proposed.features}:
            seen.setdefault(name, set()).add(j.database)
    return tuple(sorted(name for name, databases in seen.items() if len(databases) >= min_databases))


def cross_fitted(judged: Sequence[Judged], rankers: Rankers) -> list[Pick]:
    """A pick for each question, by the ranker that has not learned from its database."""
    return [pick(j, rankers.without[fold_of(j.database)]) for j in judged]


def pick(judged: Judged, ranker: Trees) -> Pick:
    """The likeliest candidate; of equals the one with the likelier roles."""
    candidates = judged.candidates
    if not candidates:
        return Pick(judged, 0.0, False, None, -np.inf, False, False)
    scores = np.array(ranker.sums([c.proposed.features for c in candidates]))
    best = int(scores.argmax())
    return Pick(
        judged=judged,
        probability=float(1 / (1 + np.exp(-scores[best]))),
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
