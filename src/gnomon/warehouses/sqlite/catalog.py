"""Reads an SQLite database's own catalog."""

from collections import defaultdict

from gnomon.domain.catalog import Catalog, Column, Evidence, Join, Key, TableRef, TableSchema
from gnomon.domain.errors import Failed, GnomonError, Misconfigured
from gnomon.warehouses.collect import Row
from gnomon.warehouses.names import literal, quoted
from gnomon.warehouses.profiling import Read
from gnomon.warehouses.sqlite.kinds import column_kind
from gnomon.warehouses.watch import Deadline

_DECLARED = Evidence("declared")
_CATALOG_S = 30.0
_COUNT_S = 1.0
_VIEW_COUNT_S = 0.5
_COUNTING_S = 20.0
_SAMPLE_ROWS = 200

_TABLES = (
    "SELECT name, type, wr FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow' ORDER BY name"
)


def read_catalog(read: Read) -> Catalog:
    """Tables, views and virtual tables, without SQLite's own and without those that back a virtual table.

    A view or virtual table that cannot be read any more is left out.
    """
    counting = Deadline(_COUNTING_S)
    names = [row for row in read(_TABLES, _CATALOG_S) if not row[0].lower().startswith("sqlite_")]
    tables = tuple(t for t in (_table(row, read, counting) for row in names) if t is not None)
    joins = [join for table in tables if not table.is_view for join in _joins(table, tables, read)]
    return Catalog(tables, tuple(joins))


def _table(row: Row, read: Read, counting: Deadline) -> TableSchema | None:
    name, kind, without_rowid = row
    is_table = kind == "table"
    try:
        columns = [
            c for c in read(f"SELECT * FROM pragma_table_xinfo({literal(name)})", _CATALOG_S) if c[6] != 1
        ]
        sample = _sample(name, columns, read, newest=is_table and not without_rowid)
    except Misconfigured:
        raise
    except GnomonError:
        if is_table:
            raise
        return None
    return TableSchema(
        TableRef(name),
        tuple(_column(c, [r[i] for r in sample]) for i, c in enumerate(columns)),
        is_view=kind == "view",
        row_count=_row_count(name, read, counting, _COUNT_S if is_table else _VIEW_COUNT_S),
        keys=_keys(name, columns, read) if is_table else (),
        definition=_definition(name, read) if kind == "view" else "",
    )


def _definition(name: str, read: Read) -> str:
    rows = read(f"SELECT sql FROM sqlite_master WHERE type = 'view' AND name = {literal(name)}", _CATALOG_S)
    return str(rows[0][0] or "") if rows else ""


def _sample(name: str, columns: list[Row], read: Read, *, newest: bool) -> list[Row]:
    """Some first rows, and some last ones where that is cheap. Long values are cut."""
    if not columns:
        return []
    cells = ", ".join(_short(quoted(str(c[1]), "sqlite")) for c in columns)
    base = f"SELECT {cells} FROM {quoted(name, 'sqlite')}"
    try:
        rows = list(read(f"{base} LIMIT {_SAMPLE_ROWS}", _COUNT_S))
        if newest and len(rows) == _SAMPLE_ROWS:
            rows += read(f"{base} ORDER BY rowid DESC LIMIT {_SAMPLE_ROWS}", _COUNT_S)
    except Failed:
        read(f"{base} LIMIT 0", _CATALOG_S)
        return []
    return rows


def _short(column: str) -> str:
    return f"CASE WHEN typeof({column}) IN ('text', 'blob') THEN substr({column}, 1, 40) ELSE {column} END"


def _column(row: Row, sample: list[object]) -> Column:
    _, name, type_sql, not_null, *_ = row
    return Column(name, column_kind(type_sql or "", sample), type_sql or "", nullable=not not_null)


def _row_count(name: str, read: Read, counting: Deadline, most_s: float) -> int | None:
    """The exact count if it takes little; else the highest row number, else None."""
    table = quoted(name, "sqlite")
    try:
        return int(read(f"SELECT COUNT(*) FROM {table}", max(0.05, min(most_s, counting.left_s)))[0][0])
    except Misconfigured:
        raise
    except GnomonError:
        pass
    try:
        highest = read(f"SELECT MAX(rowid) FROM {table}", _VIEW_COUNT_S)[0][0]
    except GnomonError:
        return None
    return int(highest) if isinstance(highest, int) else None


def _keys(name: str, columns: list[Row], read: Read) -> tuple[Key, ...]:
    primary = tuple(c[1] for c in sorted((c for c in columns if c[5]), key=lambda c: int(c[5])))
    keys = [Key(primary, _DECLARED, primary=True)] if primary else []
    indexes = f"SELECT name FROM pragma_index_list({literal(name)})"
    for (index,) in read(f"{indexes} WHERE \"unique\" AND origin <> 'pk' AND NOT partial", _CATALOG_S):
        parts = read(f"SELECT name FROM pragma_index_info({literal(index)}) ORDER BY seqno", _CATALOG_S)
        unique = tuple(part[0] for part in parts)
        if None not in unique:
            keys.append(Key(unique, _DECLARED))
    return tuple(keys)


def _joins(child: TableSchema, tables: tuple[TableSchema, ...], read: Read) -> list[Join]:
    by_name = {t.ref.name.casefold(): t for t in tables}
    parts: dict[int, list[Row]] = defaultdict(list)
    for row in read(f"SELECT * FROM pragma_foreign_key_list({literal(child.ref.name)})", _CATALOG_S):
        parts[row[0]].append(row)
    joins = (_join(child, rows, by_name.get(str(rows[0][2]).casefold())) for _, rows in sorted(parts.items()))
    return [join for join in joins if join is not None]


def _join(child: TableSchema, rows: list[Row], parent: TableSchema | None) -> Join | None:
    """A declared link, unless it names a table or a column that does not exist."""
    if parent is None:
        return None
    rows.sort(key=lambda row: int(row[1]))
    from_names = [str(row[3]) for row in rows]
    to_names = [row[4] for row in rows]
    if None in to_names:
        primary = next((k for k in parent.keys if k.primary), None)
        to_names = list(primary.columns) if primary else []
    child_columns = [child.column(name) for name in from_names]
    parent_columns = [parent.column(str(name)) for name in to_names]
    if len(child_columns) != len(parent_columns) or None in child_columns or None in parent_columns:
        return None
    return Join(
        child.ref,
        tuple(c.name for c in child_columns if c),
        parent.ref,
        tuple(c.name for c in parent_columns if c),
        _DECLARED,
    )
