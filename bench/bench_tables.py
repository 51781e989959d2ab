"""A first index, as a user waits for it: the demo company and 200 tables, beside the embedder alone
on what it embeds of them."""

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import demo_company
from bench_index import make_warehouse
from children import gnomon, peak_mib

from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.catalog.texts import card_texts
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.warehouses.connect import open_warehouse

TABLES = 200
ROWS = 1_000

_EMBED = """
import json, pathlib, sys
from gnomon.models.minilm.embedder import MiniLmEmbedder
MiniLmEmbedder().embed(json.loads(pathlib.Path(sys.argv[1]).read_text()))
"""


def run() -> dict[str, Any]:
    """Tables a second and MiB at the peak, for both warehouses."""
    with tempfile.TemporaryDirectory(prefix="gnomon-bench-") as name:
        folder = Path(name)
        made = folder / "made.duckdb"
        make_warehouse(made, TABLES, ROWS)
        return _figures("demo", demo_company.warehouse(), folder) | _figures("made", made, folder)


def _figures(name: str, path: Path, folder: Path) -> dict[str, Any]:
    embedder, index = MiniLmEmbedder(), folder / f"{name}.db"
    embedder.embed(["load the model first"])
    warehouse = open_warehouse(str(path))
    report = build_index(warehouse, embedder, index)
    warehouse.close()
    opened = CatalogIndex.open(index)
    passages = [passage for card in opened.cards() for passage in card_texts(card).passages]
    opened.close()
    began = time.perf_counter()
    embedder.embed(passages)
    raw_s = time.perf_counter() - began
    home = folder / f"{name}-home"
    home.mkdir()
    (home / "texts.json").write_text(json.dumps(passages), encoding="utf-8")
    embed = [sys.executable, "-c", _EMBED, str(home / "texts.json")]
    return {
        f"{name}_tables": report.tables,
        f"{name}_index_s": report.elapsed_s,
        f"{name}_tables_per_s": report.tables / report.elapsed_s,
        f"{name}_embedder_alone_tables_per_s": report.tables / raw_s,
        f"{name}_index_peak_mib": peak_mib(gnomon("index", "--warehouse", str(path)), home),
        f"{name}_embedder_alone_peak_mib": peak_mib(embed, home),
    }


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
    print()
