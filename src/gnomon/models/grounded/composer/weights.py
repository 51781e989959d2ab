"""What was learned, read once a process from the file beside this module."""

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

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
        rank: The weight of each named feature of a whole reading.
        scores: Rising probabilities that the ranker gives; `shares` is the share that was right at each
            (isotonic regression, on databases that the ranker had not seen).
        harmless: Words that questions use without asking for anything by them.
    """

    roles: "Floats"
    rank: dict[str, float]
    scores: "Floats"
    shares: "Floats"
    harmless: frozenset[str]

    def probability(self, features: dict[str, float]) -> float:
        """How likely a reading with these features is right."""
        import numpy as np

        score = sum(self.rank.get(name, 0.0) * value for name, value in features.items())
        return float(np.interp(1.0 / (1.0 + np.exp(-score)), self.scores, self.shares))

    def score(self, features: dict[str, float]) -> float:
        """What readings of one question are ranked by."""
        return sum(self.rank.get(name, 0.0) * value for name, value in features.items())


@lru_cache(maxsize=1)
def learned() -> Weights:
    """The weights that `make train-grounded` wrote."""
    import numpy as np

    content = (files("gnomon.models.grounded.composer") / FILE).read_bytes()
    with np.load(BytesIO(content), allow_pickle=False) as kept:
        names = bytes(kept["rank_names"]).decode().split("\n")
        return Weights(
            kept["roles"].astype(np.float32),
            dict(zip(names, kept["rank_weights"].tolist(), strict=True)),
            kept["calibration_x"],
            kept["calibration_y"],
            frozenset(bytes(kept["harmless"]).decode().split("\n")),
        )
