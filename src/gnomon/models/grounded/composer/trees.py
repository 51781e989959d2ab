"""A sum of decision trees over named features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Ints = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees whose leaves are added up. Nodes of all trees stand in one table.

    Args:
        names: The features, by number.
        roots: Shape (trees,): the node that each tree begins at.
        feature: Shape (nodes,): number of the feature that a node asks about; -1 at a leaf.
        limit: Shape (nodes,): a value up to this goes left, another right; at a leaf, what it adds.
        left: Shape (nodes,): the node to go to; a leaf goes to itself.
        right: Shape (nodes,): likewise.
    """

    names: tuple[str, ...]
    roots: "Ints"
    feature: "Ints"
    limit: "Floats"
    left: "Ints"
    right: "Ints"
    _walk: "_Walk" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Lay the nodes out for walking."""
        object.__setattr__(self, "_walk", _Walk.over(self))

    def sums(self, rows: Sequence[Mapping[str, float]]) -> list[float]:
        """What the trees say of each row: a name that is not in it is 0, one that no tree knows nothing."""
        import numpy as np

        if not rows:
            return []
        number = self._walk.number
        values = np.zeros((len(rows), max(len(self.names), 1)), np.float32)
        for held, features in zip(values, rows, strict=True):
            for name in features.keys() & number.keys():
                held[number[name]] = features[name]
        leaves = self.limit[self._walk.leaves(values)].reshape(len(rows), len(self.roots))
        return [float(total) for total in leaves.sum(axis=1, dtype=np.float64)]


@dataclass(frozen=True, slots=True)
class _Walk:
    """Nodes laid out so that all rows go down all trees together: a leaf asks too, and its answer is itself.

    Args:
        number: That of each feature.
        roots: As in `Trees`.
        feature: Likewise; 0 at a leaf.
        limit: Likewise; infinite at a leaf.
        ways: Shape (2 * nodes,): where a node goes from an answer of no, and of yes.
    """

    number: Mapping[str, int]
    roots: "npt.NDArray[np.intp]"
    feature: "npt.NDArray[np.intp]"
    limit: "Floats"
    ways: "npt.NDArray[np.intp]"

    @classmethod
    def over(cls, trees: Trees) -> "_Walk":
        """The layout of these trees."""
        import numpy as np

        leaf = trees.feature < 0
        return cls(
            {name: at for at, name in enumerate(trees.names)},
            trees.roots.astype(np.intp),
            np.where(leaf, 0, trees.feature).astype(np.intp),
            np.where(leaf, np.float32(np.inf), trees.limit),
            np.stack([trees.left, trees.right], axis=1).astype(np.intp).ravel(),
        )

    def leaves(self, values: "Floats") -> "npt.NDArray[np.intp]":
        """The leaf that each row of values reaches in each tree: shape (rows * trees,)."""
        import numpy as np

        rows, width = values.shape
        first, flat = np.repeat(np.arange(rows) * width, len(self.roots)), values.ravel()
        at = np.tile(self.roots, rows)
        while True:
            beyond = flat.take(first + self.feature.take(at)) > self.limit.take(at)
            below = self.ways.take(2 * at + beyond)
            if np.array_equal(below, at):
                return at
            at = below
