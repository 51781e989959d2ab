"""What was learned, read once a process from the file beside this module."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

from gnomon.models.grounded.composer.trees import Trees

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

FILE = "weights.npz"


@dataclass(frozen=True, slots=True)
class Weights:
    """The learned numbers.

    Args:
        roles: Shape (2**BITS,): the weight of each hashed feature of a role.
        trees: What is known of a whole reading makes a score of it.
        levels: Rising probabilities that scores stand for; `shares` is the share that was right at each
            (isotonic regression, on databases that the trees had not seen).
    """

    roles: "Floats"
    trees: Trees
    levels: "Floats"
    shares: "Floats"

    def scores(self, readings: Sequence[Mapping[str, float]]) -> list[float]:
        """What readings of one question are ranked by, from their features."""
        return self.trees.sums(readings)

    def probability(self, score: float) -> float:
        """How likely a reading with this score is right, if it is the first of its question."""
        import numpy as np

        return float(np.interp(1.0 / (1.0 + math.exp(-score)), self.levels, self.shares))


@lru_cache(maxsize=1)
def learned() -> Weights:
    """The weights that `make train-grounded` wrote."""
    import numpy as np

    content = (files("gnomon.models.grounded.composer") / FILE).read_bytes()
    with np.load(BytesIO(content), allow_pickle=False) as kept:
        trees = Trees(
            tuple(bytes(kept["names"]).decode().split("\n")),
            *(kept[f"tree_{part}"] for part in ("roots", "feature", "limit", "left", "right")),
        )
        return Weights(kept["roles"].astype(np.float32), trees, kept["calibration_x"], kept["calibration_y"])
