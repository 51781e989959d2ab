"""Reads a DuckDB database's own catalog."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from gnomon.domain.catalog import Catalog, Column, Evidence, Join, Key, TableRef, TableSchema
from gnomon.domain.errors import GnomonError, Misconfigured
from gnomon.warehouses.collect import Row
from gnomon.warehouses.kinds import kind_of
from gnomon.warehouses.names import quoted_table
from gnomon.warehouses.profiling import Read

_DECLARED = Evidence("declared")
_CATALOG_S = 30.0
_VIEW_COUNT_S = 0.5

_TABLES = """
SELECT schema_name, table_name, comment, estimated_size, FALSE AS is_view, NULL AS sql
FROM duckdb_tables() WHERE NOT internal AND NOT temporary AND database_name = current_database()
UNION ALL
SELECT schema_name, view_name, comment, NULL, TRUE, sql
FROM duckdb_views() WHERE NOT internal AND NOT temporary AND database_name = current_database()
ORDER BY 1, 2"""

_COLUMNS = """
SELECT schema_name, table_name, column_name, data_type, is_nullable, comment
FROM duckdb_columns() WHERE NOT internal AND database_name = current_database()
ORDER BY schema_name, table_name, column_index"""

_CONSTRAINTS = """
SELECT schema_name, table_name, constraint_type, constraint_column_names, referenced_table,
       referenced_column_names
FROM duckdb_constraints()
WHERE database_name = current_database() AND constraint_type IN ('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY')"""

Shown = Callable[[TableRef], bool]


def read_catalog(read: Read) -> Catalog:
    """Tables and views of every schema, with declared keys and joins.

    A view that no longer binds is left out.
    """
    columns: dict[TableRef, list[Column]] = defaultdict(list)
    for schema, table, name, type_sql, nullable, comment in read(_COLUMNS, _CATALOG_S):
        column = Column(name, kind_of(type_sql), type_sql, bool(nullable), comment or "")
        columns[_ref(schema, table)].append(column)
    keys, joins = _constraints(read(_CONSTRAINTS, _CATALOG_S))
    tables = [_table(row, columns, keys, read) for row in read(_TABLES, _CATALOG_S)]
    return Catalog(tuple(t for t in tables if t is not None), tuple(joins))


def _ref(schema: str, table: str) -> TableRef:
    return TableRef(table, "" if schema == "main" else schema)


def _table(
    row: Row, columns: dict[TableRef, list[Column]], keys: dict[TableRef, list[Key]], read: Read
) -> TableSchema | None:
    schema, name, comment, size, is_view, definition = row
    ref = _ref(schema, name)
    rows = None if size is None else int(size)
    if is_view:
        try:
            read(f"SELECT * FROM {quoted_table(ref, 'duckdb')} LIMIT 0", _CATALOG_S)
        except Misconfigured:
            raise
        except GnomonError:
            return None
        rows = _view_rows(ref, read)
    return TableSchema(
        ref,
        tuple(columns[ref]),
        bool(is_view),
        rows,
        comment or "",
        tuple(keys.get(ref, ())),
        definition or "",
    )


def _view_rows(ref: TableRef, read: Read) -> int | None:
    try:
        return int(read(f"SELECT COUNT(*) FROM {quoted_table(ref, 'duckdb')}", _VIEW_COUNT_S)[0][0])
    except Misconfigured:
        raise
    except GnomonError:
        return None


def _constraints(rows: Iterable[Row]) -> tuple[dict[TableRef, list[Key]], list[Join]]:
    keys: dict[TableRef, list[Key]] = defaultdict(list)
    joins: list[Join] = []
    for schema, table, kind, columns, parent, parent_columns in rows:
        ref = _ref(schema, table)
        if kind == "FOREIGN KEY":
            joins.append(Join(ref, tuple(columns), _ref(schema, parent), tuple(parent_columns), _DECLARED))
        else:
            keys[ref].append(Key(tuple(columns), _DECLARED, primary=kind == "PRIMARY KEY"))
    return keys, joins
