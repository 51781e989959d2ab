"""A sum of decision trees over named features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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

    def sums(self, rows: Sequence[Mapping[str, float]]) -> list[float]:
        """What the trees say of each row: a name that is not in it is 0, one that no tree knows nothing."""
        import numpy as np

        if not rows:
            return []
        values = np.array([[row.get(name, 0.0) for name in self.names] for row in rows], np.float32)
        at = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
        row = np.arange(len(rows))[:, None]
        while True:
            feature = self.feature[at]
            inner = feature >= 0
            if not inner.any():
                return [float(total) for total in self.limit[at].sum(axis=1, dtype=np.float64)]
            left = values[row, np.maximum(feature, 0)] <= self.limit[at]
            at = np.where(inner, np.where(left, self.left[at], self.right[at]), at)
