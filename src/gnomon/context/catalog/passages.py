"""One vector a card; those of passages that were embedded before are kept, by the hash of their text.

A card has two passages, and mostly one of them changes: a new description leaves the columns as they are.
"""

import hashlib
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnomon.context.catalog.drafts import Drafts
from gnomon.context.catalog.texts import CardTexts, card_texts, mean_vectors, rounded
from gnomon.models.port import Embedder
from gnomon.search.partition import Entry, Partition
from gnomon.warehouses.port import Progress

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]

_BATCH = 256
"""Cards at a time. Passages of like length run together, so that little is padded; of fewer cards hardly any
are of like length."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """How many cards got a vector, and the seconds that it took."""

    cards: int
    seconds: float


class Passages:
    """The vectors of passages in one index under construction.

    Args:
        connection: To the index under construction.
        vectors: How vectors are made; those that were made otherwise are not used.
    """

    def __init__(self, connection: sqlite3.Connection, embedder: Embedder, vectors: str) -> None:
        self._connection = connection
        self._embedder = embedder
        self._vectors = vectors

    def embed(
        self, drafts: Drafts, partition: Partition, *, with_values: bool, progress: Progress
    ) -> Embedded:
        """Give each card that reads differently a new vector, a batch at a time; others keep theirs."""
        wanted, known = drafts.texts_of(), partition.hashes()
        partition.delete(known.keys() - wanted.keys())
        changed = [identifier for identifier, digest in wanted.items() if known.get(identifier) != digest]
        seconds = 0.0
        for start in range(0, len(changed), _BATCH):
            progress("embed", start, len(changed))
            batch = changed[start : start + _BATCH]
            texts = [card_texts(drafts.card(i), values=with_values) for i in batch]
            began = time.perf_counter()
            vectors = self._of(batch, texts)
            seconds += time.perf_counter() - began
            partition.upsert(
                Entry(i, t.words, wanted[i], v) for i, t, v in zip(batch, texts, vectors, strict=True)
            )
        self._drop_others()
        return Embedded(len(changed), seconds)

    def _of(self, ids: Sequence[str], texts: Sequence[CardTexts]) -> "Vectors":
        """The cards' vectors, of which the passages are kept."""
        import numpy as np

        passages = [passage for text in texts for passage in text.passages]
        digests = [self._digest(passage) for passage in passages]
        found = dict(self._known(digests))
        missing = {d: p for d, p in zip(digests, passages, strict=True) if d not in found}
        if missing:
            made = rounded(self._embedder.embed(list(missing.values())))
            found |= {d: v.astype("<f2").tobytes() for d, v in zip(missing, made, strict=True)}
        packed = np.frombuffer(b"".join(found[d] for d in digests), dtype="<f2").astype(np.float32)
        self._keep(ids, digests, {d: found[d] for d in missing})
        return mean_vectors(packed.reshape(len(passages), self._embedder.dimensions))

    def _known(self, digests: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
        for digest in digests:
            sql = "select vector from passages where digest = ?"
            row = self._connection.execute(sql, (digest,)).fetchone()
            if row is not None and len(row[0]) == 2 * self._embedder.dimensions:
                yield digest, row[0]

    def _keep(self, ids: Sequence[str], digests: Sequence[bytes], made: dict[bytes, bytes]) -> None:
        uses = zip(ids, digests[::2], digests[1::2], strict=True)
        with self._connection:
            self._connection.executemany("insert or replace into passages values (?, ?)", made.items())
            self._connection.executemany("insert or replace into passages_of values (?, ?, ?)", uses)

    def _drop_others(self) -> None:
        """Forget passages that no card has any more."""
        with self._connection:
            self._connection.execute("delete from passages_of where id not in (select id from cards)")
            self._connection.execute(
                "delete from passages where digest not in (select about from passages_of)"
                " and digest not in (select holds from passages_of)"
            )

    def _digest(self, passage: str) -> bytes:
        text = f"{self._vectors}\x1f{passage}"
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
