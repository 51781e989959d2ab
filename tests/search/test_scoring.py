"""Scores as arrays: words as FTS5 scores them, signs as angles, the best in order."""

import sqlite3

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.search.scoring import (
    Posting,
    best,
    cosines,
    nearest_by_signs,
    sign_codes,
    word_scores,
)

WORDS = ["order", "refund", "store", "price", "city"]
TEXTS = st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9), min_size=1, max_size=12)


def posting(texts: list[list[str]], word: str) -> Posting:
    held = [i for i, text in enumerate(texts) if word in text]
    counts = np.array([texts[i].count(word) for i in held], dtype=np.float32)
    return Posting(np.array(held, dtype=np.int32), counts)


def lengths(texts: list[list[str]]) -> np.ndarray:
    return np.array([len(text) for text in texts], dtype=np.float32)


def fts5_scores(texts: list[list[str]], asked: list[str]) -> list[float]:
    connection = sqlite3.connect(":memory:")
    connection.execute("create virtual table t using fts5 (body)")
    connection.executemany(
        "insert into t (rowid, body) values (?, ?)", [(i, " ".join(text)) for i, text in enumerate(texts)]
    )
    found = dict(
        connection.execute("select rowid, -bm25(t) from t where t match ?", (" OR ".join(asked),)).fetchall()
    )
    connection.close()
    return [found.get(i, 0.0) for i in range(len(texts))]


@pytest.mark.requirement("search:words")
@settings(derandomize=True, deadline=None)
@given(TEXTS, st.sets(st.sampled_from(WORDS), min_size=1).map(sorted))
def test_words_score_as_fts5_scores_them(texts: list[list[str]], asked: list[str]) -> None:
    ours = word_scores([posting(texts, word) for word in asked], lengths(texts), None)
    assert ours == pytest.approx(fts5_scores(texts, asked), abs=1e-4)


@pytest.mark.requirement("search:words")
@settings(derandomize=True, deadline=None)
@given(TEXTS, st.data())
def test_scores_are_as_if_nothing_else_existed(texts: list[list[str]], data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    shown = [text for text, keep in zip(texts, kept, strict=True) if keep]
    among = word_scores([posting(texts, w) for w in WORDS[:3]], lengths(texts), np.array(kept))
    alone = word_scores([posting(shown, w) for w in WORDS[:3]], lengths(shown), None)
    assert among[np.array(kept)] == pytest.approx(alone, abs=1e-5)
    assert not among[~np.array(kept)].any()


@pytest.mark.requirement("search:large")
def test_signs_of_a_vector_and_of_its_opposite_differ_everywhere() -> None:
    vectors = np.random.default_rng(1).normal(size=(3, 100)).astype(np.float32)
    near = nearest_by_signs(sign_codes(np.concatenate([vectors, -vectors])), vectors[1], 1, None)
    assert near.tolist() == [1]
    assert sign_codes(vectors).shape == (2, 3)


@pytest.mark.requirement("search:large")
def test_only_what_is_allowed_is_near() -> None:
    vectors = np.random.default_rng(1).normal(size=(50, 64)).astype(np.float32)
    allowed = np.arange(50) % 10 == 3
    near = nearest_by_signs(sign_codes(vectors), vectors[0], 20, allowed)
    assert sorted(near.tolist()) == [3, 13, 23, 33, 43]


@pytest.mark.requirement("search:large")
def test_nothing_is_near_in_an_empty_partition() -> None:
    empty = sign_codes(np.zeros((0, 8), dtype=np.float32))
    assert nearest_by_signs(empty, np.ones(8, dtype=np.float32), 5, None).tolist() == []


@pytest.mark.requirement("ODA-15")
def test_the_best_come_first_and_equal_ones_in_their_order() -> None:
    scores = np.array([0.5, 0.9, 0.5, 0.1, 0.5], dtype=np.float32)
    assert best(scores, np.array([4, 7, 2, 9, 8]), 3) == [7, 2, 4]
    assert best(scores[:0], np.zeros(0, dtype=np.int64), 3) == []


@pytest.mark.requirement("ODA-15")
def test_a_cosine_is_that_of_the_angle() -> None:
    matrix = np.array([[1, 0], [0, 1], [0.6, 0.8]], dtype=np.float32)
    assert cosines(matrix, matrix[2]).tolist() == pytest.approx([0.6, 0.8, 1.0])
