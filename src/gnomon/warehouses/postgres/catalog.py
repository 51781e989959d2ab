"""Reads PostgreSQL's own catalog: what the login may select from, outside the system's schemas."""

from collections import defaultdict
from collections.abc import Iterable

from gnomon.domain.catalog import Catalog, Column, Evidence, Join, Key, TableRef, TableSchema, TypeKind
from gnomon.domain.errors import Failed, Refused
from gnomon.warehouses.collect import Row
from gnomon.warehouses.kinds import kind_of
from gnomon.warehouses.names import quoted_table
from gnomon.warehouses.profiling import Read
from gnomon.warehouses.watch import Deadline

_DECLARED = Evidence("declared")
_CATALOG_S = 60.0
_COUNT_S = 1.0
_COUNTING_S = 15.0
_CHEAP_BYTES = 64 * 1024 * 1024
_VIEW_KINDS = ("v", "f")
"""Views and foreign tables: neither can be sampled by pages."""

_OURS = """
c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
AND n.nspname NOT IN ('information_schema', 'pg_catalog', 'pg_toast') AND n.nspname NOT LIKE 'pg\\_temp\\_%'
AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT')"""

_TABLES = f"""
SELECT c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text, obj_description(c.oid, 'pg_class'),
       CASE WHEN c.relkind = 'p'
            THEN (SELECT COALESCE(SUM(pg_relation_size(t.relid)), 0) FROM pg_partition_tree(c.oid) AS t)
            WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) END::bigint,
       CASE WHEN c.relkind = 'p'
            THEN (SELECT SUM(GREATEST(k.reltuples, 0)) FROM pg_partition_tree(c.oid) AS t
                  JOIN pg_class AS k ON k.oid = t.relid AND t.isleaf)
            WHEN c.reltuples >= 0 THEN c.reltuples END::bigint,
       CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE {_OURS} ORDER BY n.nspname, c.relname"""

_COLUMNS = f"""
SELECT c.oid::bigint, a.attname::text, format_type(a.atttypid, a.atttypmod),
       format_type(COALESCE(NULLIF(t.typbasetype, 0), t.oid), NULL), t.typtype::text, a.attnotnull,
       col_description(c.oid, a.attnum)
FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_type AS t ON t.oid = a.atttypid
WHERE {_OURS} AND a.attnum > 0 AND NOT a.attisdropped AND has_column_privilege(c.oid, a.attnum, 'SELECT')
ORDER BY c.oid, a.attnum"""

_CONSTRAINTS = """
SELECT k.conrelid::bigint, k.contype::text, k.confrelid::bigint,
       ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(n, i)
             JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.i),
       ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(n, i)
             JOIN pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.i)
FROM pg_constraint AS k WHERE k.contype IN ('p', 'u', 'f') AND k.conparentid = 0 ORDER BY k.oid"""


def read_catalog(read: Read) -> Catalog:
    """Tables, views, materialized views and foreign tables, with declared keys and joins.

    A partitioned table is one table; its partitions are not shown.
    """
    columns: dict[int, list[Column]] = defaultdict(list)
    for oid, name, type_sql, base, type_type, not_null, comment in read(_COLUMNS, _CATALOG_S):
        kind = column_kind(base, type_type)
        columns[oid].append(Column(name, kind, type_sql, not not_null, comment or ""))
    rows = list(read(_TABLES, _CATALOG_S))
    refs = {row[0]: _ref(row[1], row[2]) for row in rows}
    keys, joins = _constraints(read(_CONSTRAINTS, _CATALOG_S), refs, columns)
    counting = Deadline(_COUNTING_S)
    tables = [
        TableSchema(
            refs[row[0]],
            tuple(columns[row[0]]),
            is_view=row[3] in _VIEW_KINDS,
            row_count=_row_count(row, refs[row[0]], read, counting),
            comment=row[4] or "",
            keys=tuple(keys[row[0]]),
            definition=row[7] or "",
        )
        for row in rows
    ]
    return Catalog(tuple(tables), tuple(joins))


def column_kind(type_sql: str, type_type: str) -> TypeKind:
    """The family of a type; an enumeration (`e` in `pg_type.typtype`) is text."""
    return "text" if type_type == "e" else kind_of(type_sql)


def _ref(schema: str, table: str) -> TableRef:
    return TableRef(table, "" if schema == "public" else schema)


def _row_count(row: Row, ref: TableRef, read: Read, counting: Deadline) -> int | None:
    """Exact for small relations, the planner's estimate for large ones, None where neither is at hand."""
    size, estimate = row[5], row[6]
    if size is not None and size > _CHEAP_BYTES and estimate is not None:
        return int(estimate)
    try:
        left_s = max(0.05, min(_COUNT_S, counting.left_s))
        return int(read(f"SELECT COUNT(*) FROM {quoted_table(ref, 'postgres')}", left_s)[0][0])
    except (Failed, Refused):
        return int(estimate) if size is not None and estimate is not None else None


def _constraints(
    rows: Iterable[Row], refs: dict[int, TableRef], columns: dict[int, list[Column]]
) -> tuple[dict[int, list[Key]], list[Join]]:
    """Declared keys and links among the columns that are shown."""
    keys: dict[int, list[Key]] = defaultdict(list)
    joins: list[Join] = []
    shown = {oid: {column.name for column in found} for oid, found in columns.items()}
    for oid, kind, parent, names, parent_names in rows:
        if oid not in refs or not set(names) <= shown.get(oid, set()):
            continue
        if kind != "f":
            keys[oid].append(Key(tuple(names), _DECLARED, primary=kind == "p"))
        elif parent in refs and set(parent_names) <= shown.get(parent, set()):
            joins.append(Join(refs[oid], tuple(names), refs[parent], tuple(parent_names), _DECLARED))
    return keys, joins
