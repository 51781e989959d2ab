"""What was learned, read once a process from the file beside this module."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING, Any

from gnomon.models.grounded.composer.trees import Trees

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

FILE = "weights.npz"
RANKERS = ("first", "second")
TREE_PARTS = ("roots", "feature", "limit", "left", "right")
"""Fields of `Trees` that are arrays; in the file each has the ranker's name before it."""


@dataclass(frozen=True, slots=True)
class Ranker:
    """What readings of one question are ranked by.

    Args:
        trees: What is known of a whole reading makes a score of it.
        levels: Rising probabilities that scores stand for; `shares` is the share that was right at each
            (isotonic regression, on databases that the trees had not seen).
    """

    trees: Trees
    levels: "Floats"
    shares: "Floats"

    def scores(self, readings: Sequence[Mapping[str, float]]) -> list[float]:
        """What readings of one question are ranked by, from their features."""
        return self.trees.sums(readings)

    def probability(self, score: float) -> float:
        """How likely a reading with this score is right, if it is the first of its question."""
        import numpy as np

        return float(np.interp(logistic(score), self.levels, self.shares))


@dataclass(frozen=True, slots=True)
class Weights:
    """The learned numbers.

    Args:
        roles: Shape (2**BITS,): the weight of each hashed feature of a role.
        first: Ranks readings by what is known before any of them is run.
        second: Ranks the likeliest by what they give, too.
    """

    roles: "Floats"
    first: Ranker
    second: Ranker


def logistic(score: float) -> float:
    """The probability that a sum of trees stands for: 1 / (1 + exp(-score))."""
    return 1.0 / (1.0 + math.exp(-score))


@lru_cache(maxsize=1)
def learned() -> Weights:
    """The weights that `make train-grounded` wrote."""
    import numpy as np

    content = (files("gnomon.models.grounded.composer") / FILE).read_bytes()
    with np.load(BytesIO(content), allow_pickle=False) as kept:
        first, second = (_ranker(kept, name) for name in RANKERS)
        return Weights(kept["roles"].astype(np.float32), first, second)


def _ranker(kept: "Mapping[str, npt.NDArray[np.generic]]", name: str) -> Ranker:
    parts: Any = {part: kept[f"{name}_{part}"] for part in (*TREE_PARTS, "names", "levels", "shares")}
    trees = Trees(tuple(bytes(parts["names"]).decode().split("\n")), *(parts[part] for part in TREE_PARTS))
    return Ranker(trees, parts["levels"], parts["shares"])
