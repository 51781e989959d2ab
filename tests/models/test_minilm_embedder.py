"""The embedder: shape, length, order, batching, threads, and what it holds close."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gnomon.models.minilm.embedder import MiniLmEmbedder

EMBEDDER = MiniLmEmbedder()
TEXTS = ["How much did we sell?", "revenue", "orders per customer " * 40, "", "東京", "Order items of a shop"]


@pytest.mark.requirement("models:minilm-embedder")
def test_vectors_have_the_stated_shape_and_length_one() -> None:
    vectors = EMBEDDER.embed(TEXTS)
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), EMBEDDER.dimensions), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.requirement("models:minilm-embedder")
def test_no_texts_give_an_array_without_rows() -> None:
    assert EMBEDDER.embed([]).shape == (0, EMBEDDER.dimensions)


@pytest.mark.requirement("models:minilm-embedder")
def test_a_text_has_the_same_vector_alone_and_in_a_batch() -> None:
    together = EMBEDDER.embed(TEXTS)
    alone = np.concatenate([EMBEDDER.embed([text]) for text in TEXTS])
    assert (together * alone).sum(axis=1) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.requirement("models:minilm-embedder")
def test_a_synonym_is_nearer_than_an_unrelated_sentence() -> None:
    query, near, far = EMBEDDER.embed(
        ["how much money did we earn", "revenue and sales", "employee birthdays"]
    )
    assert query @ near > query @ far


@pytest.mark.requirement("models:minilm-embedder")
def test_threads_share_one_embedder_and_get_the_same_vectors() -> None:
    embedder = MiniLmEmbedder(threads=1)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: embedder.embed(["revenue by month"]), range(8)))
    assert all(np.abs(results[0] - r).max() < 1e-6 for r in results)


@pytest.mark.requirement("models:minilm-embedder")
def test_making_an_embedder_does_not_load_the_runtime() -> None:
    code = (
        "import sys; from gnomon.models.minilm.embedder import MiniLmEmbedder; MiniLmEmbedder();"
        "sys.exit('onnxruntime' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
