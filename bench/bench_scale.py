"""Scale: building, changing and searching catalogues of 1,000 to 90,000 tables.

    python bench/bench_scale.py [--tables 1000,10000,90000] [--full] [--data DIR] [--cache DIR]

Tables are real metadata and what `scaled_catalog.py` makes of it; without the development data, the demo
company's. All words are those of the tables. Up to `--embed` tables (10,000) every vector is embedded, with
`--full` all are. Beyond, a vector is the mean of its subject's and its donor's, by how much of each its text
holds, and noise of its own. `--likeness` says how near such means come to embedded vectors, and what vectors
alone find with either. Embedded vectors are kept in the cache folder, so that a run that was stopped goes on.

Building is compared with the embedder alone on the same texts: those of 512 tables are embedded at each size,
in one call and in the batches that the index makes, and the time of all is reckoned from these. Searches are
compared with FTS5 alone on the same words, and with a scan of all vectors in memory. Recall is measured with
the same questions at each size; "with kin" counts a table that is made of the one that answers as well.
Searches are timed with these questions and with what is said of a thousand of the tables.
"""

import argparse
import hashlib
import json
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from card_sets import Asked, read_sets
from children import peak_mib
from remembering_embedder import CACHE, RememberingEmbedder
from scaled_catalog import ScaledTable, changed, scaled

from gnomon.context.catalog.texts import CardTexts, card_texts, card_vectors
from gnomon.domain.catalog import TableCard
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.search.partition import Entry, Partition
from gnomon.search.tokens import question_words

SIZES = (1_000, 10_000)
EMBEDDED = 10_000
BASE_SETS = ("retrieval", "mozilla", "fivetran")
NIGHTLY_SHARE = 0.01
READABLE = 10_000
"""Tables that exist for a person who does not see all."""

SEED = 7
RAW_SAMPLE = 512
"""Tables that are embedded to know what the embedder alone takes."""

EMBED_BATCH = 256
EMBED_THREADS = 2
"""Of the embedder; a second on its two processors is half a second of the clock."""

SUBJECT_SHARE = 0.65
"""Of a made table's text: half of the sentences, seven columns in ten, and the name."""

NOISE = 0.35
K = 10
ASKED = 1_000
"""Different questions that searches are timed with: fewer tell nothing of the slowest in a hundred."""

RUN_TABLES, RUN_BASE, RUN_SAMPLE = 10_000, 400, 128
"""Of the benchmark among others: tables, real ones among these, and those that the embedder is timed on. With
nothing embedded before, about two minutes on two processors."""

BUILD_LIMIT = 1.2
NIGHTLY_LIMIT_S = 120.0
QUERY_LIMIT_MS = 50.0
_BATCH = 256

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Base:
    """The real tables, and the questions with the vectors of those."""

    cards: tuple[TableCard, ...]
    questions: tuple[Asked, ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One size: its tables, what they are found by, and their vectors, (tables, dimensions)."""

    tables: tuple[ScaledTable, ...]
    texts: tuple[CardTexts, ...]
    vectors: Vectors
    ids: tuple[str, ...]
    texts_s: float


def run() -> dict[str, Any]:
    """The figures of 10,000 tables; the command line has those of any size."""
    data = Path(os.environ.get("GNOMON_DATA") or "none")
    embedder = RememberingEmbedder.open(CACHE)
    base = read_base(data, embedder, RUN_BASE)
    return measured(base, RUN_TABLES, embedder, len(base.cards), RUN_SAMPLE)


def read_base(data: Path, embedder: RememberingEmbedder, most: int | None = None) -> Base:
    """The development data's tables, each once; without them, the demo company's.

    Args:
        most: Tables taken at most; all by default.
    """
    cards: dict[Any, TableCard] = {}
    questions: list[Asked] = []
    for found in read_sets(data, BASE_SETS):
        new = [c for c in found.cards if c.ref not in cards]
        refs = {c.ref for c in new}
        # A table of two sets is in the first one's words: the second one's question was held out of its own.
        questions += [q for q in found.questions if q.tables <= refs]
        cards |= {c.ref: c for c in new}
    if not cards:
        cards = {c.ref: c for c in _demo_cards(embedder)}
        questions = [Asked(c.purpose, frozenset([c.ref])) for c in cards.values()]
    kept = tuple(cards.values())[:most]
    first = {c.ref for c in kept[: min(SIZES)]}
    asked = tuple(q for q in questions if q.tables <= first)
    return Base(kept, asked, embedder.embed([q.text for q in asked]))


def _demo_cards(embedder: RememberingEmbedder) -> Sequence[TableCard]:
    import demo_company

    from gnomon.context.catalog.build import build_index
    from gnomon.context.catalog.reader import CatalogIndex
    from gnomon.warehouses.connect import open_warehouse

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.db"
        with closing(open_warehouse(str(demo_company.warehouse()))) as warehouse:
            build_index(warehouse, embedder, path)
        with closing(CatalogIndex.open(path)) as index:
            return index.cards()


def measured(
    base: Base, size: int, embedder: RememberingEmbedder, embedded: int, sampled: int = RAW_SAMPLE
) -> dict[str, Any]:
    """Every figure of one size.

    Args:
        embedded: Tables whose vectors are embedded, at least; the others get means.
        sampled: Tables that the embedder's own speed is measured on.
    """
    catalogue = made(base, size, embedder, embedded)
    figures: dict[str, Any] = {"tables": size, "texts_ms_a_table": catalogue.texts_s * 1_000 / size}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "partition.db"
        with closing(Partition.open(path, embedder.model_id, embedder.dimensions)) as partition:
            figures |= _built(partition, catalogue, embedder, sampled)
        with closing(
            Partition.open(path, embedder.model_id, embedder.dimensions, read_only=True)
        ) as finished:
            figures |= _searched(finished, path, base, catalogue)
        figures |= _cold(path, base, Path(folder))
        with closing(Partition.open(path, embedder.model_id, embedder.dimensions)) as partition:
            figures |= _night(partition, catalogue, embedder)
        figures["file_mib"] = path.stat().st_size / 2**20
    return figures


def made(base: Base, size: int, embedder: RememberingEmbedder, embedded: int) -> Catalogue:
    """The catalogue of that size, with embedded vectors as far as `embedded` and means beyond."""
    tables = tuple(scaled(base.cards, size))
    began = time.perf_counter()
    texts = tuple(card_texts(t.card) for t in tables)
    texts_s = time.perf_counter() - began
    real = min(size, max(embedded, min(size, len(base.cards))))
    parts = []
    for start in range(0, real, _BATCH):
        parts.append(card_vectors(texts[start : min(real, start + _BATCH)], embedder))
        print(f"\r{min(real, start + _BATCH)} of {real} embedded ", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    vectors = np.concatenate(parts)
    if real < size:
        vectors = np.concatenate([vectors, means(vectors, tables[real:])])
    return Catalogue(tables, texts, vectors, tuple(str(t.card.ref) for t in tables), texts_s)


def means(base: Vectors, tables: Sequence[ScaledTable]) -> Vectors:
    """Vectors that stand for embedded ones: by shares of text, with noise of its own for each table."""
    rng = np.random.default_rng(len(base))
    subjects, donors = (base[[getattr(t, role) for t in tables]] for role in ("subject", "donor"))
    noise = rng.normal(size=subjects.shape).astype(np.float32) / np.sqrt(base.shape[1])
    mixed = SUBJECT_SHARE * subjects + (1 - SUBJECT_SHARE) * donors + NOISE * noise
    unit: Vectors = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return unit


def _built(
    partition: Partition, catalogue: Catalogue, embedder: RememberingEmbedder, sampled: int
) -> dict[str, Any]:
    """Writing all tables in batches, as the index does, beside what embedding them takes."""
    rows = list(zip(catalogue.ids, catalogue.texts, catalogue.vectors, strict=True))

    def write_all() -> None:
        for start in range(0, len(rows), EMBED_BATCH):
            batch = rows[start : start + EMBED_BATCH]
            partition.upsert(Entry(i, text.words, _hash(text), vector) for i, text, vector in batch)

    write, seal = _spent(write_all), _spent(partition.seal)
    sample = random.Random(len(rows)).sample(catalogue.texts, min(sampled, len(rows)))
    batches = [sample[i : i + EMBED_BATCH] for i in range(0, len(sample), EMBED_BATCH)]
    texts = [passage for text in sample for passage in text.passages]
    raw_s, batched_s = (
        _spent(act).cpu_s / EMBED_THREADS / len(sample)
        for act in (
            lambda: embedder.embedder.embed(texts),
            lambda: [card_vectors(batch, embedder.embedder) for batch in batches],
        )
    )
    write_s, seal_s = write.cpu_s, seal.cpu_s
    return {
        "embedder_alone_tables_per_s": 1 / raw_s,
        "write_ms_a_table": write_s * 1_000 / len(rows),
        "seal_s": seal_s,
        "build_to_embedder_alone": (batched_s + (write_s + seal_s) / len(rows)) / raw_s,
    }


def _night(partition: Partition, catalogue: Catalogue, embedder: RememberingEmbedder) -> dict[str, Any]:
    """One table in a hundred reads differently: all texts are made and compared, those are embedded again."""
    rng = random.Random(SEED)
    chosen = set(rng.sample(range(len(catalogue.tables)), max(1, int(NIGHTLY_SHARE * len(catalogue.tables)))))
    cards = [changed(t.card, 1) if i in chosen else t.card for i, t in enumerate(catalogue.tables)]
    began, worked = time.perf_counter(), time.process_time()
    texts = {i: card_texts(card) for i, card in zip(catalogue.ids, cards, strict=True)}
    known = partition.hashes()
    new = [(i, text) for i, text in texts.items() if known.get(i) != _hash(text)]
    embedding = 0.0
    for start in range(0, len(new), EMBED_BATCH):
        batch = new[start : start + EMBED_BATCH]
        at = time.process_time()
        vectors = card_vectors([text for _, text in batch], embedder.embedder)
        embedding += time.process_time() - at
        partition.upsert(Entry(i, t.words, _hash(t), v) for (i, t), v in zip(batch, vectors, strict=True))
    partition.seal()
    return {
        "night_tables": len(new),
        "night_s": time.perf_counter() - began,
        "night_cpu_s": time.process_time() - worked,
        "night_embedding_cpu_s": embedding,
    }


def _searched(partition: Partition, path: Path, base: Base, catalogue: Catalogue) -> dict[str, Any]:
    """Milliseconds of a search beside FTS5 alone and a scan of all vectors, and what it finds."""
    asked = _asked(base, catalogue)
    texts = [q.text for q in base.questions]
    found = [
        [h.id for h in partition.search(text, vector, K)]
        for text, vector in zip(texts, base.vectors, strict=True)
    ]
    search = _timed(lambda pair: partition.search(pair[0], pair[1], K), asked)
    readable = frozenset(random.Random(SEED).sample(catalogue.ids, min(READABLE, len(catalogue.ids) // 2)))
    first = _spent(lambda: partition.search(*asked[0], k=K, among=readable))
    among = _timed(lambda pair: partition.search(pair[0], pair[1], K, among=readable), asked)
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as plain:
        fts5 = _timed(lambda pair: plain.execute(_FTS5, (_any_word(pair[0]),)).fetchall(), asked)
    scan = _timed(lambda pair: np.einsum("ij,j->i", catalogue.vectors, pair[1]), asked[:50])
    embedder = MiniLmEmbedder()
    embed = _timed(lambda text: embedder.embed([text]), texts)
    together = _timed(lambda text: partition.search(text, embedder.embed([text])[0], K), texts)
    return {
        "questions": len(texts),
        "searches": len(asked),
        **{f"search_ms_{k}": v for k, v in search.items()},
        **{f"search_among_ms_{k}": v for k, v in among.items()},
        "search_among_first_ms": first.wall_s * 1_000,
        **{f"embed_question_ms_{k}": v for k, v in embed.items()},
        **{f"together_ms_{k}": v for k, v in together.items()},
        **{f"fts5_alone_ms_{k}": v for k, v in fts5.items()},
        **{f"vector_scan_ms_{k}": v for k, v in scan.items()},
        "search_to_fts5_alone_cpu_p50": search["cpu_p50"] / fts5["cpu_p50"],
        "search_to_both_alone_cpu_p50": search["cpu_p50"] / (fts5["cpu_p50"] + scan["cpu_p50"]),
        "nearest_10_found": _nearest(partition, base, catalogue),
        **_recall(base, catalogue, found),
    }


def _asked(base: Base, catalogue: Catalogue) -> list[tuple[str, Vectors]]:
    """The questions with their vectors, and first sentences of tables with these tables' vectors: each text
    once, `ASKED` of them."""
    put = {q.text: vector for q, vector in zip(base.questions, base.vectors, strict=True)}
    places = list(range(len(catalogue.tables)))
    random.Random(SEED).shuffle(places)
    for place in places:
        if len(put) >= ASKED:
            break
        put.setdefault(catalogue.tables[place].card.purpose.partition(". ")[0], catalogue.vectors[place])
    return list(put.items())


def _nearest(partition: Partition, base: Base, catalogue: Catalogue) -> float:
    """Of the ten nearest vectors, the share that a search by meaning finds."""
    shares = []
    for vector in base.vectors[:100]:
        scores = catalogue.vectors @ vector
        exact = {catalogue.ids[i] for i in np.argpartition(-scores, K)[:K]}
        shares.append(len(exact & set(partition.search_vector(vector, K))) / K)
    return statistics.mean(shares)


_FTS5 = "select rowid from texts where texts match ? order by bm25(texts) limit 50"


def _any_word(text: str) -> str:
    return " OR ".join(f'"{word}"' for word in question_words(text)) or '"nothing"'


def _recall(base: Base, catalogue: Catalogue, found: Sequence[Sequence[str]]) -> dict[str, float]:
    """Of the tables that answer, and of these or tables that are made of them."""
    made_of: dict[str, set[str]] = {}
    names = [str(c.ref) for c in base.cards]
    for identifier, table in zip(catalogue.ids, catalogue.tables, strict=True):
        made_of[identifier] = {names[table.subject], names[table.donor]}
    exact, family = [], []
    for question, ids in zip(base.questions, found, strict=True):
        gold = {str(ref) for ref in question.tables}
        exact.append(len(gold & set(ids)) / len(gold))
        family.append(len(gold & {name for i in ids for name in made_of[i]}) / len(gold))
    return {"recall_at_10": statistics.mean(exact), "recall_at_10_with_kin": statistics.mean(family)}


def _cold(path: Path, base: Base, folder: Path) -> dict[str, Any]:
    """A process of its own: its first search after opening, and its peak memory."""
    asked = folder / "asked.npz"
    np.savez(asked, texts=np.array([q.text for q in base.questions]), vectors=base.vectors)
    told = folder / "told.json"
    command = [sys.executable, __file__, "--probe", str(path.absolute()), str(asked), str(told)]
    peak = peak_mib(command, folder)
    figures: dict[str, Any] = json.loads(told.read_text())
    return {**figures, "search_peak_mib": peak}


def probe(path: Path, asked: Path, told: Path) -> None:
    """Open a partition, search it once with the clock running, then for every question."""
    found = np.load(asked)
    texts, vectors = [str(t) for t in found["texts"]], found["vectors"]
    embedder = MiniLmEmbedder()
    began = time.perf_counter()
    partition = Partition.open(path, embedder.model_id, embedder.dimensions, read_only=True)
    partition.search(texts[0], vectors[0], K)
    first_s = time.perf_counter() - began
    for text, vector in zip(texts, vectors, strict=True):
        partition.search(text, vector, K)
    partition.close()
    told.write_text(json.dumps({"open_and_first_search_ms": first_s * 1_000}))


def likeness(catalogue: Catalogue, base: Base) -> Iterator[str]:
    """How near means come to embedded vectors, and what vectors alone find with either."""
    start = len(base.cards)
    made_tables, real = catalogue.tables[start:], catalogue.vectors[start:]
    if not made_tables:
        return
    stand_ins = means(catalogue.vectors[:start], made_tables)
    yield f"means beside embedded vectors: cosine {float((real * stand_ins).sum(axis=1).mean()):.3f}"
    for name, rest in (("embedded", real), ("means", stand_ins)):
        matrix = np.concatenate([catalogue.vectors[:start], rest])
        hits = [
            [catalogue.ids[i] for i in np.argsort(-(matrix @ vector), kind="stable")[:K]]
            for vector in base.vectors
        ]
        yield f"  vectors alone, {name}: recall at 10 {_recall(base, catalogue, hits)['recall_at_10']:.3f}"


def _hash(text: CardTexts) -> str:
    return hashlib.sha256("\x1f".join((*text.passages, text.words)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Spent:
    """What something took: seconds of the clock, and of all this process's threads on the processor."""

    wall_s: float
    cpu_s: float


def _spent(act: Callable[[], object]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def _timed(act: Callable[[Any], object], inputs: Sequence[Any]) -> dict[str, float]:
    """Milliseconds of each input: by the clock, and on the processor."""
    act(inputs[0])
    spent = [_spent(lambda value=value: act(value)) for value in inputs]  # type: ignore[misc]
    wall, cpu = [s.wall_s * 1_000 for s in spent], [s.cpu_s * 1_000 for s in spent]
    return {
        "p50": statistics.median(wall),
        "p99": statistics.quantiles(wall, n=100)[-1],
        "cpu_p50": statistics.median(cpu),
        "cpu_p99": statistics.quantiles(cpu, n=100)[-1],
    }


def main() -> int:
    """Print the figures of each size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tables", default=",".join(map(str, SIZES)), help="sizes, with commas")
    parser.add_argument("--embed", type=int, default=EMBEDDED, help="tables embedded for real, at least")
    parser.add_argument("--sample", type=int, default=RAW_SAMPLE, help="tables to time the embedder on")
    parser.add_argument("--full", action="store_true", help="embed every table")
    parser.add_argument("--likeness", action="store_true", help="how near means come to embedded vectors")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("GNOMON_DATA") or "none"))
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file as well")
    parser.add_argument("--probe", nargs=3, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.probe:
        probe(*options.probe)
        return 0
    embedder = RememberingEmbedder.open(options.cache)
    base = read_base(options.data, embedder)
    print(f"{len(base.cards)} real tables, {len(base.questions)} questions")
    figures = {}
    for size in map(int, options.tables.split(",")):
        embedded = size if options.full else options.embed
        figures[size] = measured(base, size, embedder, embedded, options.sample)
        print(*_lines(figures[size]), sep="\n", flush=True)
        if options.json:
            options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        if options.likeness and size <= embedded:
            print(*likeness(made(base, size, embedder, embedded), base), sep="\n", flush=True)
    return 0


_LIMITS = {
    "build_to_embedder_alone": BUILD_LIMIT,
    "night_s": NIGHTLY_LIMIT_S,
    "search_ms_p99": QUERY_LIMIT_MS,
    "together_ms_p99": QUERY_LIMIT_MS,
}


def _lines(figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n{figures['tables']:,} tables"
    for key, value in figures.items():
        limit = _LIMITS.get(key)
        verdict = "" if limit is None else f"  limit {limit:g}, {'met' if value <= limit else 'MISSED'}"
        yield f"  {key:30} {value:,.3f}{verdict}" if isinstance(value, float) else f"  {key:30} {value:,}"


if __name__ == "__main__":
    sys.exit(main())
