"""Reading the pipeline code of a large made-up warehouse: tables a second, and what relating them costs."""

import json
import random
import sys
import time
from collections.abc import Iterator
from typing import Any

from gnomon.context.catalog.enrich.extract import in_force, together
from gnomon.context.catalog.enrich.statement import extract_one
from gnomon.context.catalog.enrich.warehouse import Warehouse
from gnomon.context.catalog.facts import Origin, PipelineCode
from gnomon.context.catalog.naming import Names
from gnomon.domain.catalog import Catalog, Column, TableRef, TableSchema

TABLES = 10_000
"""A third stands raw; each other one is made of one or two that come before it."""
_COLUMNS = 20
_WORDS = "order user visit line page store plan seat case task lead deal item cart card".split()  # noqa: SIM905


def run(tables: int = TABLES) -> dict[str, Any]:
    """Processor seconds of reading statement by statement, and of what needs all of them."""
    catalog, code = _warehouse(tables)
    warehouse = Warehouse(catalog, Names(t.ref for t in catalog.tables))
    start = time.process_time()
    read = [extract_one(one, warehouse, "duckdb") for one in in_force(code, warehouse)]
    read_s = time.process_time() - start
    found = together(read, warehouse)
    return {
        "tables": tables,
        "statements": len(code),
        "read_s": round(read_s, 2),
        "statements_a_second": round(len(code) / read_s),
        "relate_s": round(time.process_time() - start - read_s, 2),
        "facts": len(found.facts),
        "edges": len(found.lineage),
        "problems": len(found.problems),
    }


def _warehouse(tables: int) -> tuple[Catalog, list[PipelineCode]]:
    rng = random.Random(1)
    raw = tables // 3
    schemas = [_table(f"raw.t{i}", rng) for i in range(raw)]
    code: list[PipelineCode] = []
    for i in range(raw, tables):
        one, other = rng.choice(schemas), rng.choice(schemas)
        names = [c.name for c in one.columns]
        sql = "\n".join(_model(one, other, names, rng))
        made = TableSchema(TableRef(f"m{i}", "mart"), one.columns)
        schemas.append(made)
        code.append(PipelineCode(str(made.ref), sql, Origin("code", f"models/m{i}.sql:1")))
    return Catalog(tuple(schemas)), code


def _table(name: str, rng: random.Random) -> TableSchema:
    schema, _, bare = name.partition(".")
    words = [f"{rng.choice(_WORDS)}_{rng.randrange(5000)}" for _ in range(_COLUMNS - 2)]
    columns = tuple(Column(c, "other", "varchar") for c in dict.fromkeys(["id", "created_at", *words]))
    return TableSchema(TableRef(bare, schema), columns)


def _model(one: TableSchema, other: TableSchema, names: list[str], rng: random.Random) -> Iterator[str]:
    """A model as people write them: sources, a filter, a join, a CASE, and the columns passed on."""
    yield f"WITH base AS (SELECT * FROM {one.ref} WHERE {rng.choice(names)} IS NOT NULL),"
    yield f"more AS (SELECT id, COUNT(*) AS n, MAX(created_at) AS newest FROM {other.ref} GROUP BY id)"
    yield "SELECT"
    for name in names[:-2]:
        yield f"    base.{name},"
    yield f"    CASE WHEN base.{names[2]} = 'a' THEN more.n / 100.0 ELSE 0 END AS {names[-2]},"
    yield f"    COALESCE(more.newest, base.created_at) AS {names[-1]}"
    yield "FROM base LEFT JOIN more ON more.id = base.id"
    yield f"WHERE base.{rng.choice(names)} <> '{rng.choice(_WORDS)}'"


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
    print()
