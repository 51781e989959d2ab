"""One tenant's entries, found by meaning and by exact words.

A partition is one SQLite file: rows with their vectors, and an FTS5 index over the same texts. Vectors are
compared exactly, all of them: at the sizes a partition has, that is faster than a graph index of like recall.
"""

import sqlite3
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon.domain.errors import Misconfigured
from gnomon.search.fuse import fuse
from gnomon.search.tokens import expand, match_expression
from gnomon.store.durable import no_room

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vector = npt.NDArray[np.float32]

DENSE_WEIGHT = 2.0
TEXT_WEIGHT = 1.0
DAMPING = 10
"""Measured on 200 real tables (bench/bench_retrieval.py): weights 2:1 with damping 10 find more than either
list alone; equal weights, or the usual damping of 60, find no more than vectors alone."""

MIN_DEPTH = 50
"""Ranks read from each list before they are merged, at least."""

_SCHEMA = """
create table if not exists partition_meta (name text primary key, value text not null) without rowid;
create table if not exists rows (
    seq integer primary key,
    id text not null unique,
    text text not null,
    content_hash text not null,
    vector blob not null
);
create virtual table if not exists texts using fts5 (body, tokenize = 'porter unicode61');
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to be found.

    Args:
        id: Unique within the partition.
        text: What it is found by.
        content_hash: Changes with whatever `text` and `vector` are made from.
        vector: float32 of the partition's dimensions, length 1.
    """

    id: str
    text: str
    content_hash: str
    vector: Any


@dataclass(frozen=True, slots=True)
class Hit:
    """A found entry. Ranks start at 1; None where that list does not hold the entry."""

    id: str
    score: float
    dense_rank: int | None
    text_rank: int | None


class Partition:
    """Entries of one tenant. Safe to share between threads; one process writes at a time."""

    def __init__(self, connection: sqlite3.Connection, dimensions: int) -> None:
        self._connection = connection
        self._dimensions = dimensions
        self._lock = threading.RLock()
        self._matrix: tuple[int, list[str], Any] | None = None

    @classmethod
    def open(cls, path: Path, embedder_id: str, dimensions: int, *, read_only: bool = False) -> "Partition":
        """Open the partition in `path`, or create it.

        Args:
            embedder_id: The model whose vectors it holds.
            dimensions: Length of each vector.
            read_only: The file is never written again by anyone; it must exist.

        Raises:
            Misconfigured: The file is no partition, or its vectors are another model's.
        """
        connection: sqlite3.Connection | None = None
        try:
            connection = _connect(path, read_only)
            if not read_only:
                connection.executescript(_SCHEMA)
            _claim(connection, path, f"{embedder_id}:{dimensions}", read_only)
        except sqlite3.DatabaseError as problem:
            if connection is not None:
                connection.close()
            raise _unreadable(path, problem) from problem
        except Misconfigured:
            if connection is not None:
                connection.close()
            raise
        return cls(connection, dimensions)

    def upsert(self, entries: Iterable[Entry]) -> None:
        """Add or replace entries, all or none of them."""
        with self._lock, self._connection:
            for entry in entries:
                self._remove(entry.id)
                self._insert(entry)

    def delete(self, ids: Iterable[str]) -> None:
        """Remove entries; unknown ids are passed over."""
        with self._lock, self._connection:
            for entry_id in ids:
                self._remove(entry_id)

    def hashes(self) -> dict[str, str]:
        """Id to content hash of every entry."""
        with self._lock:
            return dict(self._connection.execute("select id, content_hash from rows"))

    def search(
        self, text: str, vector: "Vector | None", k: int, *, among: Collection[str] | None = None
    ) -> list[Hit]:
        """The `k` best entries for `text`, whose embedding is `vector`; without one, by words alone.

        Args:
            among: The ids that exist for the reader; ranks are as if there were no others.
        """
        depth = max(MIN_DEPTH, 4 * k)
        read = depth if among is None else max(depth, self._size())
        by_text = _existing(self.search_text(text, read), among, depth)
        by_meaning = _existing(self.search_vector(vector, read) if vector is not None else [], among, depth)
        merged = fuse([by_meaning, by_text], weights=[DENSE_WEIGHT, TEXT_WEIGHT], k=DAMPING)[:k]
        dense = {entry_id: rank for rank, entry_id in enumerate(by_meaning, start=1)}
        exact = {entry_id: rank for rank, entry_id in enumerate(by_text, start=1)}
        return [Hit(i, score, dense.get(i), exact.get(i)) for i, score in merged]

    def search_text(self, text: str, k: int) -> list[str]:
        """Ids of the entries that hold words of `text`, best first by BM25."""
        expression = match_expression(text)
        if not expression:
            return []
        with self._lock:
            found = self._connection.execute(
                "select rows.id from texts join rows on rows.seq = texts.rowid "
                "where texts match ? order by bm25(texts), rows.id limit ?",
                (expression, k),
            ).fetchall()
        return [entry_id for (entry_id,) in found]

    def search_vector(self, vector: "Vector", k: int) -> list[str]:
        """Ids of the entries nearest to `vector`, best first by cosine."""
        import numpy as np

        ids, matrix = self._load_matrix()
        if not ids:
            return []
        # BLAS splits this small product over threads and waits for them: 8 ms at 2,000 rows against 0.1 ms.
        scores = np.einsum("ij,j->i", matrix, np.asarray(vector, dtype=np.float32))
        best = np.argpartition(-scores, k)[:k] if k < len(ids) else np.arange(len(ids))
        return [ids[i] for i in best[np.lexsort((best, -scores[best]))]]

    def close(self) -> None:
        """Give back the file. Calling it twice is harmless."""
        with self._lock:
            self._matrix = None
            self._connection.close()

    def _size(self) -> int:
        with self._lock:
            (count,) = self._connection.execute("select count(*) from rows").fetchone()
        return int(count)

    def _insert(self, entry: Entry) -> None:
        import numpy as np

        vector = np.asarray(entry.vector, dtype=np.float32)
        if vector.shape != (self._dimensions,):
            raise ValueError(
                f"the vector of {entry.id!r} has shape {vector.shape}, not ({self._dimensions},)"
            )
        blob = vector.astype(np.float16).tobytes()
        cursor = self._connection.execute(
            "insert into rows (id, text, content_hash, vector) values (?, ?, ?, ?)",
            (entry.id, entry.text, entry.content_hash, blob),
        )
        body = expand(entry.text)
        self._connection.execute("insert into texts (rowid, body) values (?, ?)", (cursor.lastrowid, body))
        self._matrix = None

    def _remove(self, entry_id: str) -> None:
        found = self._connection.execute("select seq from rows where id = ?", (entry_id,)).fetchone()
        if found is not None:
            self._connection.execute("delete from texts where rowid = ?", found)
            self._connection.execute("delete from rows where seq = ?", found)
            self._matrix = None

    def _load_matrix(self) -> "tuple[Sequence[str], Vector]":
        import numpy as np

        with self._lock:
            (version,) = self._connection.execute("pragma data_version").fetchone()
            if self._matrix is None or self._matrix[0] != version:
                found = self._connection.execute("select id, vector from rows order by seq").fetchall()
                packed = b"".join(blob for _, blob in found)
                matrix = np.frombuffer(packed, dtype=np.float16).reshape(len(found), self._dimensions)
                self._matrix = (version, [i for i, _ in found], matrix.astype(np.float32))
            return self._matrix[1], self._matrix[2]


def _existing(ids: list[str], among: Collection[str] | None, depth: int) -> list[str]:
    return ids if among is None else [i for i in ids if i in among][:depth]


def _connect(path: Path, read_only: bool) -> sqlite3.Connection:
    if read_only:
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        return sqlite3.connect(uri, uri=True, check_same_thread=False)
    connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    return connection


def _claim(connection: sqlite3.Connection, path: Path, embedder: str, read_only: bool) -> None:
    """Write the embedder's id into a new partition, or compare it with the one that is there."""
    found = connection.execute("select value from partition_meta where name = 'embedder'").fetchone()
    if found is None and not read_only:
        with connection:
            connection.execute("insert into partition_meta values ('embedder', ?)", (embedder,))
    elif found != (embedder,):
        raise Misconfigured(
            "the search index holds vectors of another embedding model",
            facts=(("index", str(path)), ("made with", str(found and found[0])), ("asked for", embedder)),
            hint="run `gnomon index --full`",
        )


def _unreadable(path: Path, problem: Exception) -> Misconfigured:
    if "disk is full" in str(problem):
        return no_room(path.parent)
    return Misconfigured(
        "the search index cannot be read",
        facts=(("index", str(path)), ("sqlite says", str(problem))),
        hint="run `gnomon index --full`",
    )
