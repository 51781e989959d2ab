"""A whole night: `gnomon index` over a large warehouse in which one table in a hundred changed.

    python bench/bench_night.py [--tables 1000,10000] [--data DIR] [--keep DIR] [--profile FILE]

The tables are real metadata and what `scaled_catalog.py` makes of it. dbt manifests, one for 10,000 tables,
tell their descriptions, columns and owners, and the code of every made table, which joins its two origins and
filters them. The warehouse is one that answers at once: it lists the tables with keys and links, all
declared, and a look at data gives a made-up profile. So a night here is all that Gnomon does, and none of the
warehouse's own time: listing, sampling the changed tables, and looking for keys and joins that nobody
declared (at most 60 s). No query log is read; `bench_usage.py` reads one.

The first build embeds nothing: the vectors of its tables are numbers drawn for each text, since only those of
the changed tables are made in a night, and these are embedded for real. A changed table has another
description, so one of its two passages is embedded. A stage's seconds are those until the next stage is told:
by the clock, and of the processor (`cpu`), which say more where others use the machine.
"""

import argparse
import gc
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from bench_scale import BASE_SETS, NIGHTLY_LIMIT_S, NIGHTLY_SHARE
from card_sets import read_sets
from scaled_catalog import SEED, ScaledTable, changed, scaled

from gnomon.context.catalog.build import BuildReport, build_index
from gnomon.context.catalog.sources.registry import open_sources
from gnomon.domain.catalog import (
    Catalog,
    ColumnProfile,
    ColumnRef,
    Evidence,
    Join,
    Key,
    TableCard,
    TableProfile,
    TableRef,
    TableSchema,
)
from gnomon.domain.errors import Failed
from gnomon.models.minilm.embedder import MiniLmEmbedder

SIZES = (1_000, 10_000)
PROJECT_TABLES = 10_000
REAL_SHARE = 4
"""Of so many tables one is real at most: the others have code."""

ROWS = 10_000
"""Of every table."""

Vectors = npt.NDArray[np.float32]


@dataclass(slots=True)
class AnsweringWarehouse:
    """Tables without an engine behind them; every question is answered at once, from what is declared.

    Args:
        changed: Tables whose fingerprint is another one than on the first day.
        day: The number of the night; each finds other data in these.
    """

    tables: Sequence[TableSchema]
    joins: Sequence[Join]
    changed: frozenset[TableRef] = frozenset()
    day: int = 0
    dialect: Any = "duckdb"
    warehouse_id: str = "bench-night"
    label: str = "bench"

    def fingerprint(self) -> str:
        """Another one as soon as any table is."""
        return f"day {self.day}"

    def table_fingerprints(self) -> Mapping[TableRef, str]:
        """As PostgreSQL and others have them: one for each table."""
        return {t.ref: f"day {self.day if t.ref in self.changed else 0}" for t in self.tables}

    def introspect(self) -> Catalog:
        """All tables with their keys and joins."""
        return Catalog(tuple(self.tables), tuple(self.joins))

    def profile(self, table: TableSchema, *, budget_s: float = 5.0) -> TableProfile:
        """A profile of made-up counts."""
        columns = (ColumnProfile(c.name, ROWS, 0, ROWS // 2, "0", "9", (), False) for c in table.columns)
        return TableProfile(table.ref, tuple(columns), False)

    def distinct_values(
        self, column: ColumnRef, *, limit: int, budget_s: float = 5.0
    ) -> tuple[tuple[str, int], ...] | None:
        """None: there are more than are asked for."""
        return None

    def execute(self, query: Any, *, cancellation: Any = None) -> Any:
        """No statement is answered, so no join is measured.

        Raises:
            Failed: Always.
        """
        raise Failed("nothing is measured here")

    def explain(self, query: Any) -> Any:
        """As `execute`."""
        raise Failed("nothing is planned here")

    def close(self) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class NightEmbedder:
    """Draws vectors by day, embeds by night."""

    embedder: MiniLmEmbedder
    by_night: bool = False

    @property
    def model_id(self) -> str:
        """The embedder's own."""
        return self.embedder.model_id

    @property
    def dimensions(self) -> int:
        """The embedder's own."""
        return self.embedder.dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder`."""
        if self.by_night:
            return self.embedder.embed(texts)
        seeds = (int.from_bytes(hashlib.sha256(t.encode()).digest()[:8], "big") for t in texts)
        drawn = np.stack([np.random.default_rng(s).normal(size=self.dimensions) for s in seeds])
        unit: Vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
        return unit


@dataclass(slots=True)
class Stages:
    """Seconds by stage, as the build tells them: of the clock and of the processor."""

    seconds: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)
    _now: str = "start"
    _since: tuple[float, float] = field(default_factory=lambda: (time.perf_counter(), time.process_time()))

    def __call__(self, stage: str, done: int, total: int) -> None:
        """See `Progress`."""
        if stage == self._now:
            return
        at = time.perf_counter(), time.process_time()
        self.seconds[self._now] = self.seconds.get(self._now, 0.0) + at[0] - self._since[0]
        self.cpu[self._now] = self.cpu.get(self._now, 0.0) + at[1] - self._since[1]
        self._now, self._since = stage, at


def run() -> dict[str, Any]:
    """The figures of 1,000 tables; the command line has those of any size."""
    data = Path(os.environ.get("GNOMON_DATA") or "none")
    with tempfile.TemporaryDirectory() as folder:
        return measured(1_000, data, Path(folder))


def measured(size: int, data: Path, folder: Path) -> dict[str, Any]:
    """A first build, and the night after it, each in a process of its own for its memory."""
    figures: dict[str, Any] = {"tables": size}
    for day in (0, 1):
        if day == 0 and (folder / "index.db").is_file():
            continue
        command = [sys.executable, __file__, "--day", str(day), "--tables", str(size), "--data", str(data)]
        told = subprocess.run(
            [*command, "--keep", str(folder)], check=True, stdout=subprocess.PIPE, text=True
        )
        figures |= {f"{('first', 'night')[day]}_{k}": v for k, v in json.loads(told.stdout).items()}
    figures["night_to_limit"] = figures["night_s"] / NIGHTLY_LIMIT_S
    return figures


def one_day(size: int, day: int, data: Path, folder: Path) -> dict[str, Any]:
    """Build or rebuild the index in `folder`.

    Args:
        day: 0 for the first build, more for a night in which one table in a hundred changed.
    """
    tables, chosen = _tables(data, size, day)
    for number, start in enumerate(range(0, size, PROJECT_TABLES)):
        _write_project(
            folder / f"project_{number}", tables, range(start, min(size, start + PROJECT_TABLES)), day
        )
    schemas = [_schema(t.card) for t in tables]
    warehouse = AnsweringWarehouse(schemas, _joins(tables, schemas), chosen, day)
    entries = [f"dbt:{p.name}" for p in sorted(folder.glob("project_*"))]
    embedder, stages = NightEmbedder(MiniLmEmbedder(), by_night=day > 0), Stages()
    del tables
    # As `gnomon` does (`surfaces.cli.process`): there are many objects and hardly any garbage.
    gc.set_threshold(50_000, 10, 10)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    wall, cpu = time.perf_counter(), time.process_time()
    report = build_index(
        warehouse,
        embedder,
        folder / "index.db",
        sources=open_sources(entries, folder, "duckdb"),
        progress=stages,
    )
    stages("end", 0, 0)
    return {
        "s": time.perf_counter() - wall,
        "cpu_s": time.process_time() - cpu,
        "before_mib": before,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "index_mib": (folder / "index.db").stat().st_size / 2**20,
        **_counts(report),
        **{f"{name.replace(' ', '_')}_s": s for name, s in stages.seconds.items()},
        **{f"{name.replace(' ', '_')}_cpu_s": s for name, s in stages.cpu.items()},
    }


def _counts(report: BuildReport) -> dict[str, int]:
    return {
        "in_index": report.tables,
        "profiled": report.profiled,
        "embedded": report.embedded,
        "problems": len(report.problems),
    }


def _tables(data: Path, size: int, day: int) -> tuple[list[ScaledTable], frozenset[TableRef]]:
    """The tables as they are on that day, and which of them changed."""
    cards: dict[TableRef, TableCard] = {}
    for found in read_sets(data, BASE_SETS):
        for card in found.cards:
            cards.setdefault(card.ref, card)
    tables = list(scaled(tuple(cards.values())[: size // REAL_SHARE], size))
    chosen = set(random.Random(SEED).sample(range(size), max(1, int(NIGHTLY_SHARE * size)))) if day else set()
    for place in chosen:
        tables[place] = replace(tables[place], card=changed(tables[place].card, day))
    return tables, frozenset(tables[place].card.ref for place in chosen)


def _schema(card: TableCard) -> TableSchema:
    """A table with a key of its first two columns: no column alone is one that others could refer to."""
    columns = tuple(replace(c.column, name=_plain(c.column.name)) for c in card.columns)
    if len(columns) == 1:
        # A lone key column would have the data searched for columns that refer to it; dates are never asked.
        columns = (replace(columns[0], kind="timestamp"),)
    keys = (Key(tuple(c.name for c in columns[:2]), Evidence("declared"), primary=True),) if columns else ()
    return TableSchema(card.ref, columns, row_count=ROWS, keys=keys)


def _joins(tables: Sequence[ScaledTable], schemas: Sequence[TableSchema]) -> list[Join]:
    """A link of every made table to its subject."""
    found = []
    for table, child in zip(tables, schemas, strict=True):
        parent = schemas[table.subject]
        if not table.is_real and child.columns and parent.columns:
            ends = (child.ref, (child.columns[0].name,), parent.ref, (parent.columns[0].name,))
            found.append(Join(*ends, Evidence("declared")))
    return found


def _write_project(folder: Path, tables: Sequence[ScaledTable], places: range, day: int) -> None:
    """A manifest of schema version 12, written entry by entry."""
    folder.mkdir(parents=True, exist_ok=True)
    version = "https://schemas.getdbt.com/dbt/manifest/v12.json"
    with (folder / "manifest.json").open("w", encoding="utf-8") as file:
        file.write(json.dumps({"metadata": {"dbt_schema_version": version}})[:-1])
        for section, real in (("nodes", False), ("sources", True)):
            file.write(f', "{section}": {{')
            entries = (_node(tables, p, day) for p in places if tables[p].is_real == real)
            file.write(",\n".join(f"{json.dumps(key)}: {json.dumps(node)}" for key, node in entries))
            file.write("}")
        file.write("}")


def _node(tables: Sequence[ScaledTable], place: int, day: int) -> tuple[str, dict[str, Any]]:
    table = tables[place]
    card, kind = table.card, "source" if table.is_real else "model"
    path = f"models/{card.ref.schema}/{card.ref.name}"
    node = {
        "resource_type": kind,
        "name": card.ref.name,
        "schema": card.ref.schema,
        "description": card.purpose if card.purpose_from else "",
        "original_file_path": f"{path}.sql",
        "patch_path": f"bench://{path}.yml",
        "columns": {_plain(c.name): {"description": c.meaning} for c in card.columns if c.meaning},
        "tags": [card.ref.schema],
        "meta": {"owner": f"team-{table.subject % 40}@example.com"},
        "config": {"materialized": "table"},
    }
    if not table.is_real:
        node |= {"compiled_code": "\n".join(_code(tables, table)), "language": "sql"}
        node["depends_on"] = {"nodes": [_key(tables[p]) for p in (table.subject, table.donor)]}
    return _key(table), node


def _key(table: ScaledTable) -> str:
    return f"{'source' if table.is_real else 'model'}.bench.{table.card.ref.schema}.{table.card.ref.name}"


def _code(tables: Sequence[ScaledTable], table: ScaledTable) -> Iterator[str]:
    """A model: the subject's columns and the donor's, joined by their keys, filtered and newest first."""
    subject, donor = tables[table.subject].card, tables[table.donor].card
    own = {_plain(c.name) for c in subject.columns}
    others = {_plain(c.name) for c in donor.columns}
    names = [_plain(c.name) for c in table.card.columns]
    yield f"-- {table.card.ref.name}: {table.card.purpose.partition('. ')[0][:80]}"
    yield f'with base as (select * from "{subject.ref.schema}"."{subject.ref.name}"),'
    yield f'more as (select * from "{donor.ref.schema}"."{donor.ref.name}")'
    yield "select"
    shown = [f'    {"base" if n in own or n not in others else "more"}."{n}"' for n in names]
    yield ",\n".join([*shown, "    current_timestamp as loaded_at"])
    yield "from base"
    if own and others:
        yield f'left join more on more."{min(others)}" = base."{min(own)}"'
        yield f'where base."{max(own)}" is not null and base."{min(own)}" <> \'{table.card.ref.name[:12]}\''


def _plain(name: str) -> str:
    """A column's name that code can quote."""
    return name.replace('"', "").replace(".", "__") or "unnamed"


def main() -> int:
    """Print the figures of each size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tables", default=",".join(map(str, SIZES)), help="sizes, with commas")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("GNOMON_DATA") or "none"))
    parser.add_argument("--keep", type=Path, help="a folder for sources and index; one that is there is used")
    parser.add_argument("--day", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--profile", type=Path, help="write what a day's functions take to this file")
    options = parser.parse_args()
    if options.day is not None:
        print(
            json.dumps(
                _profiled(options)
                if options.profile
                else one_day(int(options.tables), options.day, options.data, options.keep)
            )
        )
        return 0
    for size in map(int, options.tables.split(",")):
        with tempfile.TemporaryDirectory() as temporary:
            folder = options.keep / str(size) if options.keep else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            for name, value in measured(size, options.data, folder).items():
                print(f"{name:32} {value:,.3f}" if isinstance(value, float) else f"{name:32} {value:,}")
    return 0


def _profiled(options: argparse.Namespace) -> dict[str, Any]:
    import cProfile

    profiler = cProfile.Profile()
    figures: dict[str, Any] = profiler.runcall(
        one_day, int(options.tables), options.day, options.data, options.keep
    )
    profiler.dump_stats(options.profile)
    return figures


if __name__ == "__main__":
    sys.exit(main())
