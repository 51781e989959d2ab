"""Scores of entries as arrays: words by BM25, meaning by cosine, and the entries that are worth a cosine.

An entry is a position in [0, n): its place in the order of `seq`. Arrays named `allowed` are masks of shape
(n,); None allows all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint64]

SATURATION, LENGTH_SHARE = 1.2, 0.75
"""k1 and b of BM25, as SQLite's FTS5 has them."""

LEAST_IDF = 1e-6
"""What a word counts that stands in half of the entries or more, as in FTS5."""

NO_DISTANCE = np.iinfo(np.uint16).max


@dataclass(frozen=True, slots=True)
class Posting:
    """Where a word stands.

    Args:
        positions: int32, ascending; the entries that hold the word.
        counts: float32 of the same shape; how often each does.
    """

    positions: npt.NDArray[np.int32]
    counts: Floats


def word_scores(postings: Sequence[Posting], lengths: Floats, allowed: Mask | None) -> Floats:
    """BM25 of every entry, at least 0; an entry that is not allowed neither scores nor counts.

    Args:
        lengths: (n,), words of each entry.

    Source: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, with the
    constants and the floor of FTS5 (https://www.sqlite.org/fts5.html, "The bm25() function").
    """
    scores = np.zeros(len(lengths), dtype=np.float32)
    shown = lengths if allowed is None else lengths[allowed]
    if not len(shown):
        return scores
    damping = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * lengths / max(float(shown.mean()), 1.0))
    for posting in postings:
        positions, counts = posting.positions, posting.counts
        if allowed is not None:
            kept = allowed[positions]
            positions, counts = positions[kept], counts[kept]
        rarity = (len(shown) - len(positions) + 0.5) / (len(positions) + 0.5)
        idf = max(float(np.log(rarity)), LEAST_IDF)
        scores[positions] += idf * counts * (SATURATION + 1) / (counts + damping[positions])
    return scores


def sign_codes(vectors: Floats) -> Codes:
    """The signs of (n, d) vectors, 64 to a number, as (ceil(d / 64), n)."""
    signs = np.packbits(vectors > 0, axis=1)
    padded = np.zeros((len(signs), -(-signs.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : signs.shape[1]] = signs
    return np.ascontiguousarray(padded.view("<u8").T)


def nearest_by_signs(codes: Codes, vector: Floats, k: int, allowed: Mask | None) -> Positions:
    """The `k` allowed positions whose signs differ least from the vector's, in no order; fewer if there are
    not as many.

    Signs tell angles: the share of those that differ between two random directions is the angle over pi
    (Charikar, "Similarity Estimation Techniques from Rounding Algorithms", STOC 2002).
    """
    distances = np.zeros(codes.shape[1], dtype=np.uint16)
    for column, asked in zip(codes, sign_codes(vector[None, :]), strict=True):
        distances += np.bitwise_count(column ^ asked)
    if allowed is not None:
        distances[~allowed] = NO_DISTANCE
        k = min(k, int(np.count_nonzero(allowed)))
    if k >= len(distances):
        return np.arange(len(distances))
    return np.argpartition(distances, k)[:k]


def cosines(matrix: Floats, vector: Floats) -> Floats:
    """(n,) cosines of the rows of (n, d), all of length 1, with a vector of length 1."""
    # BLAS splits this small product over threads and waits for them: 8 ms at 2,000 rows against 0.1 ms.
    found: Floats = np.einsum("ij,j->i", matrix, vector)
    return found


def best(scores: Floats, positions: Positions, k: int) -> list[int]:
    """The `k` of `positions` with the highest scores, best first, equal ones by position.

    Args:
        scores: As many as `positions`.
    """
    if k < len(scores):
        kept = np.flatnonzero(scores >= np.partition(scores, -k)[-k])
        scores, positions = scores[kept], positions[kept]
    order = np.lexsort((positions, -scores))[:k]
    return [int(p) for p in positions[order]]
