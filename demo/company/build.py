"""Write the demo company's warehouse: draw the raw tables, load them, run the pipelines."""

import hashlib
import os
from pathlib import Path

import duckdb

from company.query_log import write_query_log
from company.raw import Columns, Scale, draw_all

DEMO = Path(__file__).resolve().parent.parent
PIPELINES = DEMO / "pipelines"
WAREHOUSE = DEMO / "warehouse" / "fernhill.duckdb"
SEED = 20_261_031
STAGING = ("stg_customers", "stg_orders")
MARTS = (
    "products",
    "stores",
    "orders",
    "order_items",
    "payments",
    "refunds",
    "customer_history",
    "customers",
    "memberships",
    "daily_active_users",
    "daily_active_visitors",
    "daily_store_sales",
)
NULL_WHERE_ZERO = {
    "shop_orders": "store_id",
    "web_sessions": "customer_id",
    "support_tickets": "satisfaction_score",
}


def build_warehouse(path: Path, *, seed: int = SEED, share: float = 1.0) -> None:
    """Write the warehouse to `path`, whole or not at all; `share` 1.0 is about half a million rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with duckdb.connect(str(draft)) as connection:
        _load_raw(connection, draw_all(seed, Scale(share)))
        _run_pipelines(connection)
        connection.execute("CHECKPOINT")
    draft.replace(path)
    write_query_log(path.with_name("query_log.jsonl"), seed)


def _load_raw(connection: duckdb.DuckDBPyConnection, tables: dict[str, Columns]) -> None:
    connection.execute((PIPELINES / "raw" / "tables.sql").read_text(encoding="utf-8"))
    for name, columns in tables.items():
        connection.register("drawn", columns)
        zero = NULL_WHERE_ZERO.get(name)
        fields = f"* REPLACE (nullif({zero}, 0) AS {zero})" if zero else "*"
        connection.execute(f"INSERT INTO raw.{name} BY NAME SELECT {fields} FROM drawn")
        connection.unregister("drawn")


def _run_pipelines(connection: duckdb.DuckDBPyConnection) -> None:
    for schema, names in (("staging", STAGING), ("marts", MARTS)):
        connection.execute(f"CREATE SCHEMA {schema}")
        for name in names:
            connection.execute((PIPELINES / schema / f"{name}.sql").read_text(encoding="utf-8"))


def content_hash(path: Path) -> str:
    """A hash of every row of every table, whatever their order on disk."""
    digest = hashlib.sha256()
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute(
            "SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL"
        ).fetchall()
        for schema, table in tables:
            row = connection.execute(
                f"SELECT count(*), sum(hash(t)::HUGEINT) FROM {schema}.{table} AS t"
            ).fetchone()
            digest.update(f"{schema}.{table}={row}\n".encode())
    return digest.hexdigest()


def recipe_hash() -> str:
    """A hash of everything the warehouse is made from: the generator, the pipelines and the seed."""
    digest = hashlib.sha256(str(SEED).encode())
    for path in sorted([*PIPELINES.rglob("*.sql"), *(DEMO / "company").glob("*.py")]):
        digest.update(path.relative_to(DEMO).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def ensure_warehouse(path: Path = WAREHOUSE) -> bool:
    """Build the warehouse if it is absent or was made by another recipe; say whether it was built."""
    stamp = path.with_suffix(".recipe")
    recipe = recipe_hash()
    if path.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == recipe:
        return False
    build_warehouse(path)
    stamp.write_text(recipe, encoding="utf-8")
    return True
