"""The file of learned weights: what `make train-grounded` writes and the composer loads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from grounded_isotonic import Calibration
from grounded_roles import Weights

from gnomon.models.grounded.composer.trees import Trees
from gnomon.models.grounded.composer.weights import RANKERS, TREE_PARTS


@dataclass(frozen=True, slots=True)
class Ranked:
    """Trees that rank readings, and the curve from their probability to the share that is right."""

    trees: Trees
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Learned:
    """Everything that was learned."""

    roles: Weights
    first: Ranked
    second: Ranked


def write_weights(path: Path, learned: Learned) -> None:
    """Write the arrays, compressed; the file is there whole or not at all.

    `roles` float16 (1 << BITS,). Of the rankers `first` and `second` each: `NAME_names` uint8, the features'
    names in UTF-8 with a newline between them; `NAME_roots`, `NAME_feature`, `NAME_left` and `NAME_right`
    int32 and `NAME_limit` float32, the fields of `Trees`; `NAME_levels` and `NAME_shares` float32, points of
    a curve that rises from the probability that the trees give to the share that is right.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f"{path.name}.half")
    rankers = zip(RANKERS, (learned.first, learned.second), strict=True)
    arrays = {f"{name}_{part}": held for name, ranked in rankers for part, held in _arrays(ranked)}
    with half.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, roles=learned.roles.astype(np.float16), **arrays)
    half.replace(path)


def _arrays(ranked: Ranked) -> Iterator[tuple[str, npt.NDArray[np.generic]]]:
    yield "names", _lines(ranked.trees.names)
    yield from ((part, getattr(ranked.trees, part)) for part in TREE_PARTS)
    yield "levels", ranked.calibration.x.astype(np.float32)
    yield "shares", ranked.calibration.y.astype(np.float32)


def _lines(texts: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Texts without line ends as bytes: the file holds no object of Python, so that loading it runs none."""
    return np.frombuffer("\n".join(texts).encode(), np.uint8)
