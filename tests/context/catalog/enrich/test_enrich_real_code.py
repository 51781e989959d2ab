"""The demo company's pipelines, and published dbt projects where the development data is at hand."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from context.catalog.enrich.made_up_shop import keys_of, told
from gnomon.context.catalog.enrich.extract import Extracted, extract
from gnomon.context.catalog.facts import Origin, PipelineCode
from gnomon.context.catalog.naming import Names
from gnomon.domain.catalog import Catalog, Column, TableRef, TableSchema
from gnomon.warehouses.connect import open_warehouse

PIPELINES = Path(__file__).parents[4] / "demo" / "pipelines"
DBT = (
    "jaffle/v3",
    "jaffle/classic",
    *(f"fivetran/{n}/dbt_artifacts" for n in ("github", "jira", "salesforce", "shopify", "stripe")),
)


def statements(path: Path) -> Iterator[PipelineCode]:
    """The statements of a file that make a table, with the comments in front of them."""
    text, start = path.read_text(), 0
    for sql in re.split(r"(?<=;)\n", text):
        made = re.search(r"^(?:CREATE (?:TABLE|VIEW)|INSERT INTO) (\S+)", sql, re.MULTILINE)
        line = text.count("\n", 0, start) + 1
        if made:
            yield PipelineCode(made[1], sql, Origin("code", f"{path.name}:{line}", "demo"))
        start += len(sql) + 1


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Extracted:
    """The demo's pipelines read against its empty tables."""
    path = tmp_path_factory.mktemp("demo") / "demo.duckdb"
    files = sorted(PIPELINES.rglob("*.sql"))
    with duckdb.connect(str(path)) as engine:
        engine.execute("CREATE SCHEMA staging; CREATE SCHEMA marts")
        waiting = [file.read_text() for file in files]
        for _ in files:
            waiting = [sql for sql in waiting if not made(engine, sql)]
    assert waiting == []
    warehouse = open_warehouse(str(path))
    catalog = warehouse.introspect()
    warehouse.close()
    code = [one for file in files for one in statements(file)]
    return extract(code, catalog, Names(t.ref for t in catalog.tables), "duckdb")


def made(engine: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Whether the script ran; one that reads tables of others waits until they are there."""
    try:
        engine.execute(f"BEGIN; {sql}; COMMIT")
    except duckdb.Error:
        engine.execute("ROLLBACK")
        return False
    return True


@pytest.mark.requirement("ODA-09")
@pytest.mark.requirement("enrichment:real-code")
def test_the_demo_pipelines_tell_what_their_tables_hold(demo: Extracted) -> None:
    assert demo.problems == ()
    assert keys_of(demo, "marts.orders") == [("order_id",)]
    assert keys_of(demo, "marts.daily_store_sales") == [("sales_date", "store_id")]
    assert told(demo, "marts.customers", "grain")[0].startswith(
        "One row per row of staging.stg_customers, repeated if"
    )
    users = [t for t in told(demo, "marts.daily_active_users", "use_when") if "daily_active_visitors" in t]
    assert "leaves out rows without `customer_id`" in users[0]
    assert "after 2026-03-14" in told(demo, "marts.daily_store_sales", "freshness")[0]
    edges = {(e.column, e.upstream, e.upstream_column) for e in demo.lineage if e.table == "marts.customers"}
    assert ("lifetime_revenue", "marts.orders", "net_revenue") in edges
    assert ("state", "marts.customer_history", "state") in edges


@pytest.mark.requirement("enrichment:real-code")
def test_every_demo_table_that_code_makes_has_a_grain_and_says_where_it_is_made(demo: Extracted) -> None:
    made_here = {e.table for e in demo.lineage}
    assert len(made_here) >= 13
    for kind in ("grain", "produced_by", "derivation"):
        assert made_here <= {f.table for f in demo.facts if f.kind == kind}, kind


@pytest.mark.requirement("enrichment:real-code")
@pytest.mark.parametrize("project", DBT)
def test_published_projects_are_read_without_a_problem(project: str) -> None:
    folder = Path(os.environ.get("GNOMON_DATA", "")) / project
    if "GNOMON_DATA" not in os.environ or not (folder / "manifest.json").is_file():
        pytest.skip("needs the development data: set GNOMON_DATA to its folder")
    manifest = json.loads((folder / "manifest.json").read_text())
    catalog = Catalog(tuple(_tables(json.loads((folder / "catalog.json").read_text()))))
    code = [
        PipelineCode(
            f"{n['schema']}.{n['alias']}", n["compiled_code"], Origin("code", n["original_file_path"])
        )
        for n in manifest["nodes"].values()
        if n["resource_type"] == "model"
        and n["config"]["materialized"] != "ephemeral"
        and n.get("compiled_code")
    ]
    dialect = manifest["metadata"]["adapter_type"]
    found = extract(code, catalog, Names(t.ref for t in catalog.tables), dialect)
    assert found.problems == ()
    assert {c.table for c in code} <= {f.table for f in found.facts}


def _tables(artifact: dict[str, Any]) -> list[TableSchema]:
    found = {}
    for node in (*artifact["nodes"].values(), *artifact["sources"].values()):
        ref = TableRef(node["metadata"]["name"], node["metadata"]["schema"])
        columns = sorted(node["columns"].values(), key=lambda c: c["index"])
        found[ref] = TableSchema(ref, tuple(Column(c["name"], "other", c["type"]) for c in columns))
    return list(found.values())
