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
        number = {name: at for at, name in enumerate(self.names)}
        values = np.zeros((len(rows), len(self.names)), np.float32)
        for held, features in zip(values, rows, strict=True):
            for name in features.keys() & number.keys():
                held[number[name]] = features[name]
        at = np.tile(self.roots, len(rows))
        row = np.repeat(np.arange(len(rows)), len(self.roots))
        going = np.arange(len(at))
        while len(going):
            feature = self.feature[at[going]]
            going, feature = going[feature >= 0], feature[feature >= 0]
            nodes = at[going]
            left = values[row[going], feature] <= self.limit[nodes]
            at[going] = np.where(left, self.left[nodes], self.right[nodes])
        leaves = self.limit[at].reshape(len(rows), len(self.roots))
        return [float(total) for total in leaves.sum(axis=1, dtype=np.float64)]
