"""Past queries that people rely on: kept in the index file, found by the question that they answer."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gnomon.context.catalog.file import table_id, table_ref
from gnomon.domain.context import TrustedQuery
from gnomon.models.port import Embedder

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]

MAX_TRUSTED = 5_000
"""Kept at most, the most trusted first: more would be read before every question and add little."""

LEAST_LIKENESS = 0.5
"""Cosine below which a query answers another question. Unrelated questions of one company lie near 0.3 with
the embedding default, reworded ones above 0.6."""

_TRUST_WEIGHT = 0.1
"""Trust decides between queries that fit alike; it never makes an unlike one fit."""

_BATCH = 32


@dataclass(frozen=True, slots=True)
class Found:
    """A trusted query and how well it fits, by cosine and trust."""

    query: TrustedQuery
    score: float


def write_trusted(
    connection: sqlite3.Connection, queries: Sequence[TrustedQuery], embedder: Embedder
) -> None:
    """Replace all trusted queries; a question that was there before keeps its vector."""
    known = dict(connection.execute("select question, vector from trusted"))
    kept = list(queries[:MAX_TRUSTED])
    missing = list(dict.fromkeys(q.question for q in kept if q.question not in known))
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        vectors = embedder.embed(batch)
        known |= {text: v.astype("float16").tobytes() for text, v in zip(batch, vectors, strict=True)}
    rows = [(i, q.question, trusted_to_json(q), known[q.question]) for i, q in enumerate(kept)]
    with connection:
        connection.execute("delete from trusted")
        connection.executemany("insert into trusted values (?, ?, ?, ?)", rows)


class TrustedIndex:
    """Read side of the trusted queries in an index file."""

    def __init__(self, rows: Sequence[tuple[str, bytes]], dimensions: int) -> None:
        self._rows = rows
        self._dimensions = dimensions

    def near(
        self, vector: Any, k: int, shown: Callable[[TrustedQuery], bool] | None = None
    ) -> tuple[Found, ...]:
        """The `k` queries whose questions are most like the one of `vector`, best first.

        Args:
            shown: Whether a query exists for the reader.
        """
        import numpy as np

        if not self._rows:
            return ()
        likeness = self._vectors @ np.asarray(vector, dtype=np.float32)
        found: list[Found] = []
        for i in np.argsort(-likeness, kind="stable"):
            if likeness[i] < LEAST_LIKENESS or len(found) >= 4 * k:
                break
            query = self._queries[i]
            if shown is None or shown(query):
                found.append(Found(query, float(likeness[i]) + _TRUST_WEIGHT * query.trust))
        return tuple(sorted(found, key=lambda f: -f.score)[:k])

    @cached_property
    def _queries(self) -> tuple[TrustedQuery, ...]:
        return tuple(trusted_from_json(text) for text, _ in self._rows)

    @cached_property
    def _vectors(self) -> "Vectors":
        import numpy as np

        packed = b"".join(vector for _, vector in self._rows)
        return np.frombuffer(packed, dtype=np.float16).reshape(-1, self._dimensions).astype(np.float32)


def trusted_to_json(q: TrustedQuery) -> str:
    """`q` as text; `trusted_from_json` gives an equal query back."""
    return json.dumps([q.question, q.sql, q.trust, q.reason, [table_id(t) for t in q.tables], q.origin])


def trusted_from_json(text: str) -> TrustedQuery:
    """The query that `trusted_to_json` wrote."""
    question, sql, trust, reason, tables, origin = json.loads(text)
    return TrustedQuery(question, sql, trust, reason, tuple(map(table_ref, tables)), origin)
