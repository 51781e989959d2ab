"""Retrieval: how fast, beside plain FTS5; value matching at 200,000 values. bench_recall.py says how well."""

import random
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gnomon.context.catalog import file, matching, values
from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.models.minilm.wordpiece import read_vocabulary
from gnomon.search.partition import Entry, Partition
from gnomon.search.tokens import question_words

TABLES = 2_000
VALUES = 200_000
MATCH_LIMIT_MS = 20.0
SEED = 7


def run() -> dict[str, Any]:
    """Every figure of this bench: milliseconds, shares, and ratios to the peer or limit named beside it."""
    with tempfile.TemporaryDirectory() as folder:
        return {**_latency(Path(folder)), **_matching(Path(folder))}


def _timed(act: Callable[[Any], object], inputs: Sequence[Any]) -> dict[str, float]:
    act(inputs[0])
    spent = []
    for value in inputs:
        began = time.perf_counter()
        act(value)
        spent.append((time.perf_counter() - began) * 1_000)
    return {"p50": statistics.median(spent), "p95": statistics.quantiles(spent, n=20)[-1]}


def _words(seed: int) -> list[str]:
    words = [w for w in read_vocabulary() if w.isascii() and w.isalpha() and len(w) > 3]
    random.Random(seed).shuffle(words)
    return words


def _latency(folder: Path) -> dict[str, Any]:
    rng, words, embedder = random.Random(SEED), _words(SEED), MiniLmEmbedder()
    vectors = np.random.default_rng(SEED).normal(size=(TABLES, embedder.dimensions)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    texts = [" ".join(rng.choices(words[:4_000], k=60)) for _ in range(TABLES)]
    partition = Partition.open(folder / "p.db", embedder.model_id, embedder.dimensions)
    partition.upsert(Entry(str(i), t, "", v) for i, (t, v) in enumerate(zip(texts, vectors, strict=True)))
    partition.seal()
    plain = sqlite3.connect(":memory:")
    plain.execute("create virtual table t using fts5 (body, tokenize = 'porter unicode61')")
    plain.executemany("insert into t values (?)", [(t,) for t in texts])
    questions = [" ".join(rng.choices(words[:4_000], k=9)) for _ in range(200)]
    vector = embedder.embed(questions[:1])[0]
    sql = "select rowid from t where t match ? order by bm25(t) limit 50"
    hybrid = _timed(lambda q: partition.search(q, vector, 10), questions)
    fts5 = _timed(lambda q: plain.execute(sql, (_any_word(q),)).fetchall(), questions)
    embed = _timed(lambda q: embedder.embed([q]), questions[:50])
    partition.close()
    plain.close()
    return {
        "tables": TABLES,
        "hybrid_ms_p50": hybrid["p50"],
        "hybrid_ms_p95": hybrid["p95"],
        "plain_fts5_ms_p50": fts5["p50"],
        "plain_fts5_ms_p95": fts5["p95"],
        "hybrid_to_plain_fts5_p50": hybrid["p50"] / fts5["p50"],
        "embed_question_ms_p50": embed["p50"],
        "embed_question_ms_p95": embed["p95"],
    }


def _any_word(text: str) -> str:
    return " OR ".join(f'"{word}"' for word in question_words(text))


def _matching(folder: Path) -> dict[str, Any]:
    rng, words = random.Random(SEED), _words(SEED)
    connection = file.start_building(folder / "v.db", embedder="none", full=True)
    held = []
    with connection:
        for i in range(VALUES // 5_000):
            column = [(" ".join(rng.choices(words, k=rng.choice((1, 1, 2, 3)))), 3) for _ in range(5_000)]
            column = list(dict(column).items())
            values.write_values(connection, ColumnRef(TableRef(f"t{i}"), "v"), column, complete=True)
            held += [v for v, _ in column]
    index = values.ValueIndex(connection, threading.RLock())
    questions = [_question(rng, words, held) for _ in range(100)]
    match = _timed(lambda q: matching.match_values(q, index, frozenset(), 20), questions)
    connection.close()
    return {
        "values": len(held),
        "match_values_ms_p50": match["p50"],
        "match_values_ms_p95": match["p95"],
        "match_values_p95_to_limit_of_20_ms": match["p95"] / MATCH_LIMIT_MS,
    }


def _question(rng: random.Random, words: Sequence[str], held: Sequence[str]) -> str:
    """Twelve words with one value as stored, one in capitals, and one misspelt."""
    slip = rng.choice([w for w in rng.choices(held, k=20) if len(w) > 6] or ["warehouse"])
    at = rng.randrange(1, len(slip) - 1)
    parts = [*rng.choices(words, k=8), rng.choice(held), rng.choice(held).upper(), slip[:at] + slip[at + 1 :]]
    return "how many " + " ".join(rng.sample(parts, len(parts)))


def main() -> None:
    """Print the figures, one a line."""
    for name, value in run().items():
        print(f"{name:40} {value:.3f}" if isinstance(value, float) else f"{name:40} {value}")


if __name__ == "__main__":
    main()
