"""Learn the weights of the composer's roles: a log-linear model of each slot's option, by AdaGrad.

The probability of an option is proportional to exp(sum of the weights at its places). Places that are seen
on too few of the databases learned from are left at 0, so that a weight tells of questions and not of one
database.

Source: J. Duchi, E. Hazan and Y. Singer, "Adaptive Subgradient Methods for Online Learning and Stochastic
Optimization", JMLR 12, 2011.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt
from grounded_examples import Example, Lessons
from grounded_folds import fold_of
from grounded_steps import BENCH, Step

from gnomon.models.grounded.composer.features import BITS

CODE = (BENCH / "grounded_roles.py", BENCH / "grounded_folds.py")
MIN_DATABASES = 4
EPOCHS = 2
RATE = 0.1
L2 = 1e-4
LEAST = 2e-3
"""An option less likely than that gives no gradient: it is right already, and there are many."""

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Training:
    """What one set of weights is learned from.

    Args:
        lessons: The step that holds the lessons, and `names` its outputs.
        held_out: The fold that is not learned from; None learns from all.
    """

    lessons: Step
    names: tuple[str, ...]
    held_out: int | None


@dataclass(frozen=True, slots=True)
class Roles:
    """Learned weights, and how they do on the slots that were not learned from.

    Args:
        weights: Shape (1 << BITS,).
        right: Of the held-out slots, how many get the option that the gold gives them.
        loss: Their mean -log probability of that option; 0 without any.
    """

    weights: Weights
    learned: int
    held_out: int
    right: int
    loss: float


def learn(training: Training) -> Roles:
    """Read the lessons, learn, and judge what was held out."""
    lessons: list[Lessons] = [training.lessons.load(name) for name in training.names]
    learned: list[Lessons] = []
    held: list[Lessons] = []
    for lesson in lessons:
        (held if fold_of(lesson.database) == training.held_out else learned).append(lesson)
    seldom = seldom_seen(learned)
    examples = [without(e, seldom) for lesson in learned for e in lesson.examples]
    weights = train(examples)
    others = [without(e, seldom) for lesson in held for e in lesson.examples]
    right, loss = judge(weights, others)
    return Roles(weights, len(examples), len(others), right, loss)


def seldom_seen(lessons: Sequence[Lessons], min_databases: int = MIN_DATABASES) -> npt.NDArray[np.bool_]:
    """Shape (1 << BITS,): the places that fewer databases touch."""
    counted = np.zeros(1 << BITS, np.int32)
    for _, same in groupby(sorted(lessons, key=_database), _database):
        here = np.zeros(1 << BITS, np.bool_)
        for example in (e for lesson in same for e in lesson.examples):
            here[example.places.ravel()] = True
        counted += here
    return counted < min_databases


def _database(lessons: Lessons) -> str:
    return lessons.database


def without(example: Example, seldom: npt.NDArray[np.bool_]) -> Example:
    """The example with those places moved to place 0, whose weight stays 0."""
    places = np.where(seldom[example.places], 0, example.places).astype(np.int32)
    return Example(places, example.right, example.weight)


def train(
    examples: Sequence[Example], epochs: int = EPOCHS, rate: float = RATE, l2: float = L2, seed: int = 1
) -> Weights:
    """Weights of shape (1 << BITS,); the one of place 0 is 0."""
    weights = np.zeros(1 << BITS, np.float32)
    squares = np.ones(1 << BITS, np.float32)
    rng = random.Random(seed)
    order = list(range(len(examples)))
    for _ in range(epochs):
        rng.shuffle(order)
        for i in order:
            _descend(examples[i], weights, squares, rate, l2)
    return weights


def _descend(example: Example, weights: Weights, squares: Weights, rate: float, l2: float) -> None:
    """One step of AdaGrad on -log probability of the right option, in place."""
    likely = probabilities(weights, example)
    kept = likely > LEAST
    kept[example.right] = True
    slope = likely[kept]
    slope[int(kept[: example.right].sum())] -= 1
    places = example.places[kept]
    touched, inverse = np.unique(places.ravel(), return_inverse=True)
    summed = np.bincount(inverse, np.repeat(slope * example.weight, places.shape[1]))
    gradient = summed.astype(np.float32) + l2 * weights[touched]
    squares[touched] += gradient * gradient
    weights[touched] -= rate * gradient / np.sqrt(squares[touched])
    weights[0] = 0


def probabilities(weights: Weights, example: Example) -> Weights:
    """Of each option: shape (options,), summing to 1."""
    scores = weights[example.places].sum(axis=1)
    likely = np.exp(scores - scores.max())
    shares: Weights = likely / likely.sum()
    return shares


def judge(weights: Weights, examples: Sequence[Example]) -> tuple[int, float]:
    """How many slots get the right option, and their mean -log probability of it."""
    right, loss = 0, 0.0
    for example in examples:
        likely = probabilities(weights, example)
        right += int(likely.argmax() == example.right)
        loss -= float(np.log(likely[example.right] + 1e-9))
    return right, loss / len(examples) if examples else 0.0
