"""The warehouse port on a locked DuckDB connection."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from gnomon.domain.catalog import Catalog, ColumnRef, TableProfile, TableRef, TableSchema
from gnomon.domain.errors import Retry
from gnomon.domain.query import AuthorizedQuery, Dialect, Limits
from gnomon.domain.result import Plan, ResultColumn, ResultTable
from gnomon.warehouses.admit import admit
from gnomon.warehouses.collect import Collected, Row, collect
from gnomon.warehouses.duckdb.catalog import read_catalog
from gnomon.warehouses.duckdb.errors import ENGINE_ERRORS, translated
from gnomon.warehouses.duckdb.plan import plan_of
from gnomon.warehouses.fingerprint import files_fingerprint
from gnomon.warehouses.kinds import kind_of
from gnomon.warehouses.names import quoted, quoted_table
from gnomon.warehouses.port import Cancellation
from gnomon.warehouses.profiling import (
    Source,
    distinct_values,
    profile_source,
    sample_rows,
    sample_step,
    sampled,
)
from gnomon.warehouses.watch import Deadline, Watch

_BATCH_ROWS = 1_000
_AWARE = "TIMESTAMP WITH TIME ZONE"
_INTERNAL = Limits(max_rows=1_000_000, max_bytes=1 << 30, timeout_s=600.0)

Fetched = tuple[tuple[ResultColumn, ...], Collected]
Fetch = Callable[[duckdb.DuckDBPyConnection, str, Limits], Fetched]


class DuckDbWarehouse:
    """One DuckDB database. Each call has a cursor of its own, so threads do not wait for each other.

    Args:
        connection: Opened and locked; closed with the warehouse.
        watched: Files whose size and time tell whether the data changed.
    """

    dialect: Dialect = "duckdb"

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        warehouse_id: str,
        label: str,
        watched: Sequence[Path],
    ) -> None:
        self._connection = connection
        self._warehouse_id = warehouse_id
        self._label = label
        self._watched = tuple(watched)

    @property
    def warehouse_id(self) -> str:
        """Stable id of this source."""
        return self._warehouse_id

    @property
    def label(self) -> str:
        """The file's or folder's name."""
        return self._label

    def fingerprint(self) -> str:
        """Changes with the size or time of any file of the source."""
        return files_fingerprint(self._watched)

    def table_fingerprints(self) -> Mapping[TableRef, str]:
        """None: a file's time and size say nothing of single tables."""
        return {}

    def introspect(self) -> Catalog:
        """Tables and views of every schema; `main` is the default one."""
        return read_catalog(self._read)

    def profile(self, table: TableSchema, *, budget_s: float = 5.0) -> TableProfile:
        """Profile a table; a large one by a fraction of its rows, the same ones every time."""
        return profile_source(table, _source(table), self._read, self.dialect, budget_s)

    def distinct_values(
        self, column: ColumnRef, *, limit: int, budget_s: float = 5.0
    ) -> tuple[tuple[str, int], ...] | None:
        """Distinct non-null values with their row counts, most frequent first; None if too many."""
        relation = quoted_table(column.table, self.dialect)
        return distinct_values(relation, column.column, self._read, self.dialect, limit, budget_s)

    def explain(self, query: AuthorizedQuery) -> Plan:
        """DuckDB's physical plan; nothing runs."""
        sql = self._single_select(admit(query, self.dialect).sql)
        nodes = self._read(f"EXPLAIN (FORMAT json) {sql}", query.limits.timeout_s)
        text = self._read(f"EXPLAIN {sql}", query.limits.timeout_s)
        return plan_of(json.loads(str(nodes[0][-1])), str(text[0][-1]))

    def execute(self, query: AuthorizedQuery, *, cancellation: Cancellation | None = None) -> ResultTable:
        """Run the query; rows stream in until a limit is met."""
        sql = self._single_select(admit(query, self.dialect).sql)
        deadline = Deadline(query.limits.timeout_s, cancellation)
        columns, collected = self._run(sql, query.limits, deadline)
        return ResultTable(columns, collected.rows, collected.truncated, deadline.elapsed_s)

    def close(self) -> None:
        """Close the database file."""
        self._connection.close()

    def _read(self, sql: str, timeout_s: float) -> Sequence[Row]:
        """Run a statement of ours: none returns moments, so none needs to be described first."""
        return self._run(sql, _INTERNAL, Deadline(timeout_s), _rows_alone)[1].rows

    def _single_select(self, sql: str) -> str:
        """Refuse what DuckDB's own parser does not take for one read."""
        try:
            statements = self._connection.extract_statements(sql)
        except ENGINE_ERRORS as error:
            raise translated(error, self._label) from error
        if [s.type for s in statements] != [duckdb.StatementType.SELECT]:
            raise Retry("a query must be a single SELECT", facts=(("query", sql),))
        return statements[0].query.rstrip().rstrip(";")

    def _run(self, sql: str, limits: Limits, deadline: Deadline, fetch: Fetch | None = None) -> Fetched:
        try:
            with self._connection.cursor() as cursor, Watch(deadline, cursor.interrupt):
                return (fetch or _described_rows)(cursor, sql, limits)
        except ENGINE_ERRORS as error:
            if deadline.cause is not None:
                raise deadline.error() from error
            raise translated(error, self._label) from error


def _source(table: TableSchema) -> Source:
    relation = quoted_table(table.ref, "duckdb")
    step = sample_step(table)
    if table.row_count is None:
        return sampled(f"SELECT * FROM {relation} LIMIT {sample_rows(len(table.columns))}")
    if step == 1:
        return Source(relation)
    if table.is_view or table.column("rowid"):
        return sampled(f"SELECT * FROM {relation} LIMIT {sample_rows(len(table.columns))}")
    return sampled(f"SELECT * FROM {relation} WHERE hash(rowid) % {step} = 0")


def _rows_alone(cursor: duckdb.DuckDBPyConnection, sql: str, limits: Limits) -> Fetched:
    cursor.execute(sql)
    return (), collect(_batches(cursor), limits)


def _described_rows(cursor: duckdb.DuckDBPyConnection, sql: str, limits: Limits) -> Fetched:
    described = cursor.execute(f"DESCRIBE {sql}").fetchall()
    names, types = [row[0] for row in described], [row[1] for row in described]
    columns = tuple(
        ResultColumn(name, kind_of(type_sql)) for name, type_sql in zip(names, types, strict=True)
    )
    if not any(_AWARE in type_sql for type_sql in types):
        cursor.execute(sql)
        return columns, collect(_batches(cursor), limits)
    cursor.execute(_without_zones(sql, types))
    aware = [i for i, type_sql in enumerate(types) if type_sql == _AWARE]
    collected = collect(_batches(cursor), limits)
    return columns, Collected(tuple(_in_utc(row, aware) for row in collected.rows), collected.truncated)


def _without_zones(sql: str, types: Sequence[str]) -> str:
    """Wrap a query so that it returns moments as UTC wall time.

    DuckDB's Python client needs the `pytz` package to return them itself.
    """
    names = [quoted(f"c{i}", "duckdb") for i in range(len(types))]
    cells = ", ".join(_zoneless(name, type_sql) for name, type_sql in zip(names, types, strict=True))
    return f"SELECT {cells} FROM ({sql}\n) AS q({', '.join(names)})"


def _zoneless(name: str, type_sql: str) -> str:
    if type_sql == _AWARE:
        return f"{name} AT TIME ZONE 'UTC'"
    return f"CAST({name} AS VARCHAR)" if _AWARE in type_sql else name


def _in_utc(row: Row, aware: Sequence[int]) -> Row:
    cells = list(row)
    for index in aware:
        moment = cells[index]
        # A year beyond 9999 arrives as text and stays so.
        if isinstance(moment, datetime):
            cells[index] = moment.replace(tzinfo=UTC)
    return tuple(cells)


def _batches(cursor: duckdb.DuckDBPyConnection) -> Iterator[list[Row]]:
    while batch := cursor.fetchmany(_BATCH_ROWS):
        yield batch
