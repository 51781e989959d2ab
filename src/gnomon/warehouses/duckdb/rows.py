"""Rows that are at hand, as a warehouse: a locked DuckDB in memory, gone when it is closed."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

import duckdb

from gnomon.domain.catalog import TableRef
from gnomon.domain.result import ResultTable
from gnomon.warehouses.arrow import to_arrow
from gnomon.warehouses.duckdb.adapter import DuckDbWarehouse
from gnomon.warehouses.duckdb.locks import CONFIG, lock
from gnomon.warehouses.names import quoted, quoted_table, source_id

_GIVEN = "given"


def open_rows(schema: str, tables: Mapping[str, ResultTable]) -> DuckDbWarehouse:
    """Open the given tables, by name, in one schema.

    Lists and dicts become JSON text; what fits no one type becomes text (`warehouses.arrow`).
    """
    config = {**CONFIG, "temp_directory": str(Path(tempfile.gettempdir()) / "gnomon-duckdb")}
    connection = duckdb.connect(":memory:", config=config)
    try:
        connection.execute(f"CREATE SCHEMA {quoted(schema, 'duckdb')}")
        for name, table in tables.items():
            target = quoted_table(TableRef(name, schema), "duckdb")
            connection.register(_GIVEN, to_arrow(table))
            connection.execute(f"CREATE TABLE {target} AS SELECT * FROM {_GIVEN}")
            connection.unregister(_GIVEN)
        lock(connection)
    except BaseException:
        connection.close()
        raise
    return DuckDbWarehouse(
        connection, warehouse_id=source_id("rows", schema, *tables), label=f"the {schema}", watched=()
    )
