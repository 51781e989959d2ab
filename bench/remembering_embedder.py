"""The embedder with a memory on disk: a benchmark that was stopped goes on, and a repeated one is quick."""

import hashlib
import sqlite3
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gnomon.models.minilm.embedder import MiniLmEmbedder

CACHE = Path(tempfile.gettempdir()) / "gnomon-bench-vectors"

Vectors = npt.NDArray[np.float32]


@dataclass(slots=True)
class RememberingEmbedder:
    """The embedder behind a file that keeps each text's vector, so that a run which was stopped goes on."""

    embedder: MiniLmEmbedder
    kept: sqlite3.Connection
    spent_s: float = 0.0

    @classmethod
    def open(cls, folder: Path) -> "RememberingEmbedder":
        """With what earlier runs embedded."""
        folder.mkdir(parents=True, exist_ok=True)
        kept = sqlite3.connect(folder / "vectors.db", isolation_level=None)
        kept.execute("create table if not exists vectors (key text primary key, vector blob) without rowid")
        return cls(MiniLmEmbedder(), kept)

    @property
    def model_id(self) -> str:
        """The embedder's own."""
        return self.embedder.model_id

    @property
    def dimensions(self) -> int:
        """The embedder's own."""
        return self.embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder`. `spent_s` grows by what the new ones took."""
        keys = [hashlib.sha256(f"{self.model_id}\x1f{text}".encode()).hexdigest() for text in texts]
        found = [self._found(key) for key in keys]
        missing = [i for i, vector in enumerate(found) if vector is None]
        if missing:
            began = time.perf_counter()
            made = self.embedder.embed([texts[i] for i in missing])
            self.spent_s += time.perf_counter() - began
            rows = [(keys[i], vector.tobytes()) for i, vector in zip(missing, made, strict=True)]
            self.kept.executemany("insert or replace into vectors values (?, ?)", rows)
            for i, vector in zip(missing, made, strict=True):
                found[i] = vector
        return np.stack([vector for vector in found if vector is not None])

    def _found(self, key: str) -> npt.NDArray[np.float32] | None:
        found = self.kept.execute("select vector from vectors where key = ?", (key,)).fetchone()
        return None if found is None else np.frombuffer(found[0], dtype=np.float32)
