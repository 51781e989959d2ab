"""One tenant's entries, found by meaning and by exact words.

A partition is one SQLite file: rows with their vectors, and an FTS5 index over their texts.
"""

import sqlite3
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gnomon.domain.errors import Misconfigured
from gnomon.search.fuse import DAMPING as DAMPING
from gnomon.search.fuse import DENSE_WEIGHT as DENSE_WEIGHT
from gnomon.search.fuse import TEXT_WEIGHT as TEXT_WEIGHT
from gnomon.search.fuse import Hit
from gnomon.search.schema import SCHEMA, claim, connect, unreadable
from gnomon.search.tokens import count_words, expand

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from gnomon.search.searcher import Searcher

    Vector = npt.NDArray[np.float32]


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


class Partition:
    """Entries of one tenant. Safe to share between threads; one process writes at a time."""

    def __init__(self, connection: sqlite3.Connection, dimensions: int) -> None:
        self._connection = connection
        self._dimensions = dimensions
        self._lock = threading.RLock()
        self._opened: Searcher | None = None

    @classmethod
    def open(cls, path: Path, embedder_id: str, dimensions: int, *, read_only: bool = False) -> "Partition":
        """Open the partition in `path`, or create it.

        Args:
            embedder_id: The model whose vectors it holds.
            dimensions: Length of each vector.
            read_only: The file is never written again by anyone; it must exist.

        Raises:
            Misconfigured: The file is no partition, of another version, or its vectors are another model's.
        """
        connection: sqlite3.Connection | None = None
        try:
            connection = connect(path, read_only)
            if not read_only:
                connection.executescript(SCHEMA)
            claim(connection, path, f"{embedder_id}:{dimensions}", read_only)
        except sqlite3.DatabaseError as problem:
            if connection is not None:
                connection.close()
            raise unreadable(path, problem) from problem
        except Misconfigured:
            if connection is not None:
                connection.close()
            raise
        return cls(connection, dimensions)

    def upsert(self, entries: Iterable[Entry]) -> None:
        """Add or replace entries, all or none of them."""
        with self._writing():
            for entry in entries:
                self._remove(entry.id)
                self._insert(entry)

    def delete(self, ids: Iterable[str]) -> None:
        """Remove entries; unknown ids are passed over."""
        with self._writing():
            for entry_id in ids:
                self._remove(entry_id)

    def seal(self) -> None:
        """Write what makes searching fast; to be called when all is written. All or nothing.

        It changes no result. The next write breaks the seal.
        """
        from gnomon.search.view import write_seal

        with self._lock:
            if self._connection.execute("select 1 from seal").fetchone() is None:
                with self._writing():
                    write_seal(self._connection, self._dimensions)

    def hashes(self) -> dict[str, str]:
        """Id to content hash of every entry."""
        with self._lock:
            return dict(self._connection.execute("select id, content_hash from rows"))

    def search(
        self,
        text: str,
        vector: "Vector | None",
        k: int,
        *,
        among: Collection[str] | None = None,
        boosts: Mapping[str, float] | None = None,
    ) -> list[Hit]:
        """The `k` best entries for `text`, whose embedding is `vector`; without one, by words alone.

        Args:
            among: The ids that exist for the reader; ranks are as if there were no others.
            boosts: Factors by id on the merged scores (`fuse.boosted`); 1 for ids that are not in it.
        """
        return self._searcher.search(text, vector, k, among, boosts)

    def search_text(self, text: str, k: int) -> list[str]:
        """Ids of the entries that hold words of `text`, best first by BM25."""
        return self._searcher.by_words(text, k)

    def search_vector(self, vector: "Vector", k: int) -> list[str]:
        """Ids of the entries nearest to `vector`, best first by cosine."""
        return self._searcher.by_meaning(vector, k)

    def close(self) -> None:
        """Give back the file. Calling it twice is harmless."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
            self._connection.close()

    @property
    def _searcher(self) -> "Searcher":
        from gnomon.search.searcher import Searcher

        with self._lock:
            if self._opened is None:
                self._opened = Searcher(self._connection, self._lock, self._dimensions)
            return self._opened

    def _insert(self, entry: Entry) -> None:
        import numpy as np

        vector = np.asarray(entry.vector, dtype=np.float32)
        if vector.shape != (self._dimensions,):
            raise ValueError(
                f"the vector of {entry.id!r} has shape {vector.shape}, not ({self._dimensions},)"
            )
        body, write = expand(entry.text), self._connection.execute
        row = write("insert into rows (id, content_hash) values (?, ?)", (entry.id, entry.content_hash))
        measured = (row.lastrowid, count_words(body), vector.astype("<f2").tobytes())
        write("insert into vectors (seq, words, vector) values (?, ?, ?)", measured)
        write("insert into texts (rowid, body) values (?, ?)", (row.lastrowid, body))
        write("delete from seal")

    def _remove(self, entry_id: str) -> None:
        found = self._connection.execute("select seq from rows where id = ?", (entry_id,)).fetchone()
        if found is not None:
            self._connection.execute("delete from texts where rowid = ?", found)
            self._connection.execute("delete from vectors where seq = ?", found)
            self._connection.execute("delete from rows where seq = ?", found)
            self._connection.execute("delete from seal")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """All or nothing of what is written within."""
        with self._lock:
            if self._opened is not None:
                self._opened.forget()
            self._connection.execute("begin immediate")
            try:
                yield
                self._connection.execute("commit")
            except BaseException:
                self._connection.execute("rollback")
                raise
