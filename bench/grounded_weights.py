"""The file of learned weights: what `make train-grounded` writes and the composer loads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from grounded_isotonic import Calibration
from grounded_ranker import Ranker
from grounded_roles import Weights


@dataclass(frozen=True, slots=True)
class Learned:
    """Everything that was learned.

    Args:
        harmless: Words that change nothing where they are linked to nothing.
    """

    roles: Weights
    ranker: Ranker
    calibration: Calibration
    harmless: Sequence[str]


def write_weights(path: Path, learned: Learned) -> None:
    """Write the arrays, compressed; the file is there whole or not at all.

    `roles` float16 (1 << BITS,); `rank_names` uint8, the names in UTF-8 with a newline between them;
    `rank_weights` float32, one a name; `calibration_x` and `calibration_y` float32, points of a curve that
    rises from the ranker's probability to the share that is right; `harmless` uint8, words in UTF-8 with a
    newline between them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.half")
    with half.open("wb") as file:
        np.savez_compressed(
            file,
            roles=learned.roles.astype(np.float16),
            rank_names=_lines(learned.ranker.names),
            rank_weights=learned.ranker.weights.astype(np.float32),
            calibration_x=learned.calibration.x.astype(np.float32),
            calibration_y=learned.calibration.y.astype(np.float32),
            harmless=_lines(learned.harmless),
        )
    half.replace(path)


def _lines(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Texts without line ends as bytes: the file holds no object of Python, so that loading it runs none."""
    return np.frombuffer("\n".join(texts).encode(), np.uint8)
