"""all-MiniLM-L6-v2 with int8 weights, run on this machine's processor: nothing is downloaded at run time."""

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from gnomon.models.minilm.weights import Weights
from gnomon.models.minilm.wordpiece import WordPiece

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MAX_TOKENS = 256
"""What the model was trained on; the rest of a longer text is not seen."""

DIMENSIONS = 384
_BATCH_TOKENS = 4_096
_BATCH_TEXTS = 32


class MiniLmEmbedder:
    """Texts to vectors of length 1: mean over the tokens' last hidden states.

    The model is loaded at the first call of the process. Safe to share between threads.

    Args:
        threads: Processor threads one call may use.
    """

    def __init__(self, *, threads: int = 2) -> None:
        self._threads = threads

    @property
    def model_id(self) -> str:
        """Names the weights, the pooling and the token limit."""
        return "all-MiniLM-L6-v2-onnx-int8/mean/256"

    @property
    def dimensions(self) -> int:
        """Length of each vector."""
        return DIMENSIONS

    def embed(self, texts: Sequence[str]) -> "npt.NDArray[np.float32]":
        """A float32 array of shape (len(texts), 384), each row of length 1, in the order of `texts`.

        Raises:
            Misconfigured: The weights or the runtime are not installed.
        """
        import numpy as np

        tokenizer, weights = _load(self._threads)
        encoded = [tokenizer.encode(text, MAX_TOKENS) for text in texts]
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for batch in _batches([len(ids) for ids in encoded]):
            vectors[batch] = _run(weights, [encoded[i] for i in batch])
        return vectors


_LOADING = threading.Lock()
"""Threads that ask at once load one model."""


def _load(threads: int) -> tuple[WordPiece, Weights]:
    with _LOADING:
        return _loaded(threads)


@lru_cache(maxsize=2)
def _loaded(threads: int) -> tuple[WordPiece, Weights]:
    return WordPiece.load(), Weights(threads)


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Positions grouped so that texts of like length run together: padding costs as much as text."""
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        full = not batches or len(batches[-1]) >= _BATCH_TEXTS
        if full or (len(batches[-1]) + 1) * lengths[i] > _BATCH_TOKENS:
            batches.append([])
        batches[-1].append(i)
    return batches


def _run(weights: Weights, encoded: Sequence[Sequence[int]]) -> "npt.NDArray[np.float32]":
    import numpy as np

    shape = (len(encoded), max(map(len, encoded)))
    ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, tokens in enumerate(encoded):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    present = mask[:, :, None].astype(np.float32)
    mean = (weights.run(ids, mask) * present).sum(axis=1) / present.sum(axis=1)
    unit: npt.NDArray[np.float32] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return unit
