"""One state of a partition's file, in the shape that a search reads.

A file that is sealed has it ready. Of one that is not, the same is put together from the rows; a search finds
the same either way.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gnomon.search.scoring import Codes, Floats, Posting, sign_codes

HELD_ENTRIES = 16_384
"""Up to this many entries all vectors are held in memory (25 MB at 384 dimensions) and compared. Of more, the
signs are held (48 bytes an entry), and the vectors are read of those entries alone that are worth it."""

_BATCH = 4_096
_MOST_COUNTED = 255


@dataclass(frozen=True, slots=True)
class View:
    """The entries of one state.

    Args:
        version: Of the file, as the connection that read it sees it.
        sealed: Whether the file holds postings of this state.
        seqs: int64 (n,), ascending; the key of the entry at each position.
        lengths: float32 (n,), words of each entry.
        matrix: float32 (n, dimensions); None where there are more than `HELD_ENTRIES`.
        codes: Signs of the vectors; None where `matrix` is there.
    """

    version: int
    sealed: bool
    seqs: npt.NDArray[np.int64]
    lengths: Floats
    matrix: Floats | None = None
    codes: Codes | None = None


def read_view(connection: sqlite3.Connection, version: int, dimensions: int) -> View:
    """The state that the connection's transaction sees."""
    (entries,) = connection.execute("select count(*) from rows").fetchone()
    seal = connection.execute("select seqs, lengths, codes from seal").fetchone()
    if entries <= HELD_ENTRIES:
        rows = connection.execute("select seq, words, vector from vectors order by seq").fetchall()
        matrix = as_matrix([vector for _, _, vector in rows], dimensions)
        return View(version, seal is not None, *_keys(rows), matrix=matrix)
    if seal is not None:
        seqs, lengths, codes = (np.frombuffer(b, t) for b, t in zip(seal, ("<i8", "<f4", "<u8"), strict=True))
        return View(version, True, seqs, lengths, codes=codes.reshape(-1, entries))
    return _read_signs(connection, version, dimensions)


def as_matrix(vectors: Sequence[bytes], dimensions: int) -> Floats:
    """Vectors as rows hold them (float16), as float32 (n, dimensions)."""
    packed = np.frombuffer(b"".join(vectors), dtype="<f2")
    return packed.reshape(len(vectors), dimensions).astype(np.float32)


def read_posting(connection: sqlite3.Connection, view: View, word: str) -> Posting | None:
    """Where a word of the index stands, or None."""
    if view.sealed:
        found = connection.execute(
            "select positions, counts from postings where word = ?", (word,)
        ).fetchone()
        if found is None:
            return None
        return Posting(np.frombuffer(found[0], "<i4"), np.frombuffer(found[1], "u1").astype(np.float32))
    found = connection.execute("select doc from occurrences where term = ?", (word,)).fetchall()
    return _posting(view.seqs, [seq for (seq,) in found]) if found else None


def write_seal(connection: sqlite3.Connection, dimensions: int) -> None:
    """Put postings, keys and signs into the file; the caller has begun a transaction, and commits."""
    view = _read_signs(connection, 0, dimensions)
    assert view.codes is not None
    connection.execute("delete from postings")
    # One row a word: fetching each of its places, millions in all, takes three times as long.
    found = connection.execute("select term, group_concat(doc) from occurrences group by term")
    postings = (
        (word, _posting(view.seqs, np.fromstring(places, dtype=np.int64, sep=","))) for word, places in found
    )
    connection.executemany(
        "insert into postings values (?, ?, ?)",
        ((w, p.positions.astype("<i4").tobytes(), p.counts.astype("u1").tobytes()) for w, p in postings),
    )
    seal = (view.seqs.astype("<i8"), view.lengths.astype("<f4"), view.codes.astype("<u8"))
    connection.execute("insert into seal values (?, ?, ?)", [array.tobytes() for array in seal])


def _posting(seqs: npt.NDArray[np.int64], places: Sequence[int] | npt.NDArray[np.int64]) -> Posting:
    """From the keys of the entries, one for each time that they hold the word."""
    held = np.asarray(places, dtype=np.int64)
    if (held[1:] > held[:-1]).all():
        # Most words stand once in an entry, and their places come in order.
        return Posting(np.searchsorted(seqs, held).astype(np.int32), np.ones(len(held), np.float32))
    held, counts = np.unique(held, return_counts=True)
    positions = np.searchsorted(seqs, held).astype(np.int32)
    return Posting(positions, np.minimum(counts, _MOST_COUNTED).astype(np.float32))


def _read_signs(connection: sqlite3.Connection, version: int, dimensions: int) -> View:
    """The state with the signs of all entries, without ever holding all vectors."""
    seqs, lengths = _keys([])
    keys, sizes, codes = [seqs], [lengths], [sign_codes(as_matrix([], dimensions))]
    cursor = connection.execute("select seq, words, vector from vectors order by seq")
    while rows := cursor.fetchmany(_BATCH):
        seqs, lengths = _keys(rows)
        keys.append(seqs)
        sizes.append(lengths)
        codes.append(sign_codes(as_matrix([vector for _, _, vector in rows], dimensions)))
    return View(
        version, False, np.concatenate(keys), np.concatenate(sizes), codes=np.concatenate(codes, axis=1)
    )


def _keys(rows: Sequence[tuple[int, int, bytes]]) -> tuple[npt.NDArray[np.int64], Floats]:
    return np.array([r[0] for r in rows], dtype=np.int64), np.array([r[1] for r in rows], dtype=np.float32)
