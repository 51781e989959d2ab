"""Searches one partition's file: three rankings of its entries, merged into one.

The entries are ranked by the cosine of their vectors, by BM25 of their words, and by the sum of both, which
knows how far apart the ranks of the other two are.
"""

import json
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import log

import numpy as np

from gnomon.search.fuse import DAMPING, Hit, boosted, fuse
from gnomon.search.scoring import Floats, Mask, Positions, best, cosines, nearest_by_signs, word_scores
from gnomon.search.tokens import Stemmer, question_words
from gnomon.search.view import View, as_matrix, read_posting, read_view

WORDS_SHARE = 0.1
"""What BM25 counts in the sum: cosine + 0.1 BM25 / ln(1 + entries). BM25 grows with the logarithm of the
number of entries, a cosine does not."""

WEIGHTS = (2.0, 1.0, 1.0)
"""Of the sum, of meaning, of words. The sum tells more than either; the others keep what has nothing but the
meaning, or nothing but the very word that was asked for."""

MIN_DEPTH = 50
"""Ranks read from each list before they are merged, at least."""

CANDIDATES = 2_000
"""Entries of a large partition whose vectors are read and compared, beside the best by words. Of 90,000, they
hold 99.5% of the ten nearest and 98.9% of the fifty nearest (bench/bench_scale.py)."""

_MASKS_KEPT = 16


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question put to one state.

    Args:
        allowed: Who exists for the reader; None for all.
        word_scores: (n,), how well the words fit; 0 for no word at all.
    """

    view: View
    allowed: Mask | None
    word_scores: Floats

    def existing(self) -> Positions:
        """The positions that exist for the reader, ascending."""
        return np.arange(len(self.view.seqs)) if self.allowed is None else np.flatnonzero(self.allowed)

    def by_words(self, k: int) -> list[int]:
        """The `k` entries whose words fit best."""
        held = np.flatnonzero(self.word_scores)
        return best(self.word_scores[held], held, k)


@dataclass(frozen=True, slots=True)
class _Compared:
    """Entries compared with a question: positions, cosines, and cosines with the words counted in."""

    positions: Positions
    cosines: Floats
    sums: Floats

    def by_meaning(self, k: int) -> list[int]:
        """The `k` nearest."""
        return best(self.cosines, self.positions, k)

    def by_sum(self, k: int) -> list[int]:
        """The `k` that are near and hold the words."""
        return best(self.sums, self.positions, k)


class Searcher:
    """Reads a partition. It keeps the state it read last, and looks whether the file has changed since.

    Args:
        lock: Held while the connection is used.
    """

    def __init__(self, connection: sqlite3.Connection, lock: threading.RLock, dimensions: int) -> None:
        self._connection = connection
        self._lock = lock
        self._dimensions = dimensions
        self._stemmer = Stemmer()
        self._view: View | None = None
        self._masks: dict[frozenset[str], Mask] = {}

    def search(
        self,
        text: str,
        vector: Floats | None,
        k: int,
        among: Collection[str] | None,
        boosts: Mapping[str, float] | None,
    ) -> list[Hit]:
        """See `Partition.search`."""
        depth = max(MIN_DEPTH, 4 * k)
        asked = self._ask(text, among)
        by_words = asked.by_words(depth)
        compared = None if vector is None else self._compare(asked, vector, by_words)
        by_meaning = compared.by_meaning(depth) if compared else []
        by_sum = compared.by_sum(depth) if compared else []
        names = self._names(asked.view, {*by_sum, *by_meaning, *by_words})
        lists = [[names[p] for p in ranked if p in names] for ranked in (by_sum, by_meaning, by_words)]
        merged = fuse(lists, weights=WEIGHTS, k=DAMPING)
        _, dense, exact = ({entry_id: rank for rank, entry_id in enumerate(ids, start=1)} for ids in lists)
        return [Hit(i, score, dense.get(i), exact.get(i)) for i, score in boosted(merged, boosts)[:k]]

    def by_words(self, text: str, k: int) -> list[str]:
        """See `Partition.search_text`."""
        asked = self._ask(text, None)
        return self._in_order(asked.view, asked.by_words(k))

    def by_meaning(self, vector: Floats, k: int) -> list[str]:
        """See `Partition.search_vector`."""
        asked = self._ask("", None)
        return self._in_order(asked.view, self._compare(asked, vector, []).by_meaning(k))

    def forget(self) -> None:
        """Read the state anew at the next search."""
        self._view = None
        self._masks.clear()

    def close(self) -> None:
        """Give back memory. Calling it twice is harmless."""
        self.forget()
        self._stemmer.close()

    def _ask(self, text: str, among: Collection[str] | None) -> _Asked:
        """Look at one state of the file: what it is, who exists in it, and where the words stand."""
        words = question_words(text)
        with self._reading():
            view = self._current()
            allowed = None if among is None else self._mask(view, frozenset(among))
            terms = self._stemmer.terms(words) if words else []
            postings = [read_posting(self._connection, view, term) for term in terms]
        scores = word_scores([p for p in postings if p is not None], view.lengths, allowed)
        return _Asked(view, allowed, scores)

    def _compare(self, asked: _Asked, vector: Floats, by_words: Sequence[int]) -> _Compared:
        """The exact cosines of every entry that exists, or of those that may be among the nearest."""
        view, vector = asked.view, np.asarray(vector, dtype=np.float32)
        existing = asked.existing()
        if view.matrix is not None:
            positions = existing
            matrix = view.matrix if asked.allowed is None else view.matrix[positions]
        else:
            assert view.codes is not None
            near = nearest_by_signs(view.codes, vector, CANDIDATES, asked.allowed)
            positions, matrix = self._vectors(view, np.union1d(near, np.array(by_words, dtype=np.int64)))
        found = cosines(matrix, vector)
        share = WORDS_SHARE / log(1 + max(len(existing), 1))
        return _Compared(positions, found, found + share * asked.word_scores[positions])

    def _vectors(self, view: View, positions: Positions) -> tuple[Positions, Floats]:
        """Those of the ascending positions that are still there, and their vectors."""
        with self._lock:
            found = self._connection.execute(
                "select seq, vector from vectors where seq in (select value from json_each(?)) order by seq",
                (json.dumps(view.seqs[positions].tolist()),),
            ).fetchall()
        there = np.searchsorted(view.seqs, np.array([seq for seq, _ in found], dtype=np.int64))
        return there, as_matrix([vector for _, vector in found], self._dimensions)

    def _names(self, view: View, positions: Collection[int]) -> dict[int, str]:
        """Position to id, of the entries that are still there."""
        places = {int(view.seqs[p]): p for p in positions}
        with self._lock:
            found = self._connection.execute(
                "select seq, id from rows where seq in (select value from json_each(?))",
                (json.dumps(list(places)),),
            ).fetchall()
        return {places[seq]: entry_id for seq, entry_id in found}

    def _in_order(self, view: View, positions: Sequence[int]) -> list[str]:
        names = self._names(view, positions)
        return [names[p] for p in positions if p in names]

    def _current(self) -> View:
        """The state that the transaction sees, read only if the file has changed."""
        (version,) = self._connection.execute("pragma data_version").fetchone()
        if self._view is None or self._view.version != version:
            self.forget()
            self._view = read_view(self._connection, version, self._dimensions)
        return self._view

    def _mask(self, view: View, among: frozenset[str]) -> Mask:
        """Which entries exist for a reader; kept for the readers who asked last."""
        mask = self._masks.pop(among, None)
        if mask is None:
            found = self._connection.execute(
                "select seq from rows where id in (select value from json_each(?))",
                (json.dumps(list(among)),),
            )
            mask = np.zeros(len(view.seqs), dtype=np.bool_)
            mask[np.searchsorted(view.seqs, np.array([seq for (seq,) in found], dtype=np.int64))] = True
        self._masks[among] = mask
        while len(self._masks) > _MASKS_KEPT:
            del self._masks[next(iter(self._masks))]
        return mask

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One state of the file for all that is read within."""
        with self._lock:
            self._connection.execute("begin")
            try:
                yield
            finally:
                self._connection.execute("rollback")
