"""The embedder of this machine, with a memory: hundreds of tests ask the same question of the same shop."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gnomon.models.minilm.embedder import MiniLmEmbedder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class RememberingEmbedder(MiniLmEmbedder):
    """MiniLM with a memory.

    A batch is remembered as a whole, since int8 activations are scaled per batch: what comes from memory is
    what the model gives.
    """

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[tuple[str, ...], npt.NDArray[np.float32]] = {}

    def embed(self, texts: Sequence[str]) -> "npt.NDArray[np.float32]":
        """The vectors, from memory where they are known; a copy, which the caller may change."""
        key = tuple(texts)
        if key not in self._known:
            self._known[key] = super().embed(texts)
        return self._known[key].copy()


EMBEDDER = RememberingEmbedder()
"""The one of this process, for every test that is not about the embedder itself."""
