"""What reading a query log costs, beside a bare loop that parses its JSON and its distinct statements.

    python bench/bench_usage.py [--mb 200]

The log is generated: dashboards that run the same text again and again, one query in twenty with values of
its own, and statements that are no query. Each side runs in a process of its own; its seconds are those of a
processor, its peak is resident memory.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from children import peak_mib

from gnomon.context.catalog.facts import PastQuery
from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.sources.queries.query_log import open_query_log
from gnomon.context.catalog.usage.collector import UsageCollector
from gnomon.domain.catalog import Catalog, Column, Evidence, Key, TableRef, TableSchema

LOG_MB = 200
TABLES = 40
DASHBOARD_QUERIES = 400
OWN_VALUES = 0.05
NO_QUERIES = 0.05
NOW = datetime(2026, 11, 1, tzinfo=UTC)
_MEASURES = ("count(*)", "sum(a.amount)", "avg(a.amount)", "count(distinct a.other_id)")
_COLUMNS = ("id", "other_id", "happened_at", "kind", "amount", "deleted_at")


def run(log_mb: int = LOG_MB) -> dict[str, float]:
    """MB/s and peak MiB of the log read and collected, of the bare loop, and how many queries it held."""
    with tempfile.TemporaryDirectory(prefix="gnomon-bench-") as folder:
        home = Path(folder)
        log = home / "log.jsonl"
        write_log(log, log_mb * 1_000_000)
        return {**_measured("usage", log, home), **_measured("bare", log, home)}


def _measured(side: str, log: Path, home: Path) -> dict[str, float]:
    told = home / f"{side}.json"
    peak = peak_mib([sys.executable, __file__, "--side", side, "--log", str(log), "--told", str(told)], home)
    figures: dict[str, float] = json.loads(told.read_text())
    return {**figures, f"{side}_peak_mib": round(peak, 1)}


def write_log(path: Path, size: int) -> None:
    """A log of about `size` bytes, the same each time."""
    rng = random.Random(1)
    templates = [_template(rng) for _ in range(DASHBOARD_QUERIES)]
    repeated = [_filled(rng, template) for template in templates]
    written = 0
    with path.open("w", encoding="utf-8") as file:
        while written < size:
            written += file.write(json.dumps(_record(rng, templates, repeated)) + "\n")


def _record(rng: random.Random, templates: list[str], repeated: list[str]) -> dict[str, object]:
    chance = rng.random()
    sql = repeated[min(int(rng.expovariate(8 / DASHBOARD_QUERIES)), DASHBOARD_QUERIES - 1)]
    if chance < OWN_VALUES:
        sql = _filled(rng, rng.choice(templates))
    elif chance < OWN_VALUES + NO_QUERIES:
        sql = f"INSERT INTO events VALUES ({rng.randrange(10**9)}, 'seen')"
    return {
        "sql": sql,
        "author": f"person{rng.randrange(200)}@acme.test",
        "role": rng.choice(("analyst", "sales", "engineer")),
        "last_run_at": f"2026-{rng.randrange(1, 11):02}-{rng.randrange(1, 28):02}T09:30:00",
        "duration_ms": rng.randrange(1, 9_000),
        "succeeded": rng.random() > 0.02,
    }


def _template(rng: random.Random) -> str:
    one, other = rng.sample(range(TABLES), 2)
    return (
        f"SELECT date_trunc('month', a.happened_at) AS month, b.kind, {rng.choice(_MEASURES)} AS measured "
        f"FROM table_{one} AS a JOIN table_{other} AS b ON a.other_id = b.id WHERE a.deleted_at IS NULL "
        f"AND a.kind <> 'kind VALUE' AND a.amount > VALUE GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 100"
    )


def _filled(rng: random.Random, template: str) -> str:
    return template.replace("VALUE", str(rng.randrange(10**4, 10**6)))


def _read_with_usage(log: Path) -> dict[str, float]:
    columns = tuple(Column(c, "other", "") for c in _COLUMNS)
    keys = (Key(("id",), Evidence("declared"), primary=True),)
    tables = tuple(TableSchema(TableRef(f"table_{n}"), columns, keys=keys) for n in range(TABLES))
    collector = UsageCollector(Catalog(tables), Names(t.ref for t in tables), "duckdb", NOW)
    began, seen = time.process_time(), 0
    for item in open_query_log(log, "bench").read():
        if isinstance(item, PastQuery):
            seen += 1
            collector.add(item)
    usage = collector.finish()
    spent = time.process_time() - began
    return {
        "usage_mb_per_s": round(log.stat().st_size / 1e6 / spent, 2),
        "queries": seen,
        "distinct_kept": len(usage.trusted) + usage.left_out,
    }


def _read_bare(log: Path) -> dict[str, float]:
    import sqlglot

    began, parsed = time.process_time(), set()
    with log.open(encoding="utf-8") as file:
        for line in file:
            sql = json.loads(line)["sql"]
            if sql not in parsed:
                parsed.add(sql)
                sqlglot.parse_one(sql, read="duckdb")
    spent = time.process_time() - began
    return {"bare_mb_per_s": round(log.stat().st_size / 1e6 / spent, 2), "distinct_texts": len(parsed)}


def main() -> int:
    """Run both sides, or the one side that a parent asked for."""
    parser = argparse.ArgumentParser(description="Measure reading a query log.")
    parser.add_argument("--mb", type=int, default=LOG_MB, help="size of the log, in MB")
    parser.add_argument("--side", choices=("usage", "bare"), help=argparse.SUPPRESS)
    parser.add_argument("--log", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--told", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        read = _read_with_usage if options.side == "usage" else _read_bare
        options.told.write_text(json.dumps(read(options.log)), encoding="utf-8")
        return 0
    json.dump(run(options.mb), sys.stdout, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
