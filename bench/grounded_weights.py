"""The file of learned weights: what `make train-grounded` writes and the composer loads."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from grounded_isotonic import Calibration
from grounded_roles import Weights

from gnomon.models.grounded.composer.trees import Trees


@dataclass(frozen=True, slots=True)
class Learned:
    """Everything that was learned."""

    roles: Weights
    trees: Trees
    calibration: Calibration


def write_weights(path: Path, learned: Learned) -> None:
    """Write the arrays, compressed; the file is there whole or not at all.

    `roles` float16 (1 << BITS,); `names` uint8, the features' names in UTF-8 with a newline between them;
    `tree_roots`, `tree_feature`, `tree_left` and `tree_right` int32 and `tree_limit` float32, the fields of
    `Trees`; `calibration_x` and `calibration_y` float32, points of a curve that rises from the probability
    that the trees give to the share that is right.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.half")
    with half.open("wb") as file:
        np.savez_compressed(
            file,
            roles=learned.roles.astype(np.float16),
            names=_lines(learned.trees.names),
            tree_roots=learned.trees.roots,
            tree_feature=learned.trees.feature,
            tree_limit=learned.trees.limit,
            tree_left=learned.trees.left,
            tree_right=learned.trees.right,
            calibration_x=learned.calibration.x.astype(np.float32),
            calibration_y=learned.calibration.y.astype(np.float32),
        )
    half.replace(path)


def _lines(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Texts without line ends as bytes: the file holds no object of Python, so that loading it runs none."""
    return np.frombuffer("\n".join(texts).encode(), np.uint8)
