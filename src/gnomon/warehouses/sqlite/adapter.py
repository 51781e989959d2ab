"""The warehouse port on two read-only SQLite connections: ours, and one behind the authorizer."""

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gnomon.domain.catalog import Catalog, ColumnRef, TableProfile, TableRef, TableSchema
from gnomon.domain.errors import GnomonError, Misconfigured
from gnomon.domain.query import AuthorizedQuery, Dialect, Limits
from gnomon.domain.result import Plan, ResultColumn, ResultTable
from gnomon.warehouses.admit import admit
from gnomon.warehouses.collect import Collected, Row, collect, kind_of_values
from gnomon.warehouses.fingerprint import files_fingerprint
from gnomon.warehouses.names import quoted
from gnomon.warehouses.port import Cancellation
from gnomon.warehouses.profiling import (
    Source,
    distinct_values,
    profile_source,
    sample_rows,
    sample_step,
    sampled,
)
from gnomon.warehouses.sqlite.catalog import read_catalog
from gnomon.warehouses.sqlite.errors import translated
from gnomon.warehouses.sqlite.plan import plan_of
from gnomon.warehouses.watch import Deadline

_BATCH_ROWS = 500
_STEPS = 5_000
"""Virtual machine steps between two looks at the clock: well under a millisecond."""
_INTERNAL = Limits(max_rows=1_000_000, max_bytes=1 << 30, timeout_s=600.0)
_COUNT_S = 0.5


class SqliteWarehouse:
    """One SQLite file. Calls take turns: a connection runs one statement at a time.

    Args:
        internal: Read-only, for catalog and profile statements, which we generate.
        guarded: Read-only behind the authorizer, for queries.
        watched: Files whose size and time tell whether the data changed.
    """

    dialect: Dialect = "sqlite"

    def __init__(
        self,
        internal: sqlite3.Connection,
        guarded: sqlite3.Connection,
        *,
        warehouse_id: str,
        label: str,
        watched: Sequence[Path],
    ) -> None:
        self._internal = internal
        self._guarded = guarded
        self._warehouse_id = warehouse_id
        self._label = label
        self._watched = tuple(watched)
        self._turn = threading.Lock()

    @property
    def warehouse_id(self) -> str:
        """Stable id of this source."""
        return self._warehouse_id

    @property
    def label(self) -> str:
        """The file's name."""
        return self._label

    def fingerprint(self) -> str:
        """Changes with the size or time of the file or its write-ahead log."""
        return files_fingerprint(self._watched)

    def table_fingerprints(self) -> Mapping[TableRef, str]:
        """None: a file's time and size say nothing of single tables."""
        return {}

    def introspect(self) -> Catalog:
        """Tables, views and virtual tables; kinds are corrected by a sample of values."""
        return read_catalog(self._read)

    def profile(self, table: TableSchema, *, budget_s: float = 5.0) -> TableProfile:
        """Profile a table; a large one by every n-th row number."""
        return profile_source(table, self._source(table), self._read, self.dialect, budget_s)

    def distinct_values(
        self, column: ColumnRef, *, limit: int, budget_s: float = 5.0
    ) -> tuple[tuple[str, int], ...] | None:
        """Distinct non-null values with their row counts, most frequent first; None if too many."""
        relation = quoted(column.table.name, self.dialect)
        return distinct_values(relation, column.column, self._read, self.dialect, limit, budget_s)

    def explain(self, query: AuthorizedQuery) -> Plan:
        """SQLite's query plan; nothing runs."""
        sql = admit(query, self.dialect).sql
        deadline = Deadline(query.limits.timeout_s)
        _, collected = self._run(self._guarded, f"EXPLAIN QUERY PLAN {sql}", _INTERNAL, deadline)
        return plan_of(collected.rows, sql, self._row_count)

    def execute(self, query: AuthorizedQuery, *, cancellation: Cancellation | None = None) -> ResultTable:
        """Run the query; rows stream in until a limit is met. Kinds are those of the values."""
        sql = admit(query, self.dialect).sql
        deadline = Deadline(query.limits.timeout_s, cancellation)
        deadline.check()
        names, collected = self._run(self._guarded, sql, query.limits, deadline)
        columns = tuple(
            ResultColumn(name, kind_of_values(row[i] for row in collected.rows) or "other")
            for i, name in enumerate(names)
        )
        return ResultTable(columns, collected.rows, collected.truncated, deadline.elapsed_s)

    def close(self) -> None:
        """Close both connections."""
        with self._turn:
            self._internal.close()
            self._guarded.close()

    def _read(self, sql: str, timeout_s: float) -> Sequence[Row]:
        return self._run(self._internal, sql, _INTERNAL, Deadline(timeout_s))[1].rows

    def _run(
        self, connection: sqlite3.Connection, sql: str, limits: Limits, deadline: Deadline
    ) -> tuple[list[str], Collected]:
        with self._turn:
            connection.set_progress_handler(deadline.expired, _STEPS)
            try:
                cursor = connection.execute(sql)
                try:
                    names = [column[0] for column in cursor.description or ()]
                    return names, collect(_batches(cursor, deadline), limits)
                finally:
                    cursor.close()
            except sqlite3.Error as error:
                if deadline.cause is not None:
                    raise deadline.error() from error
                raise translated(error, self._label) from error

    def _row_count(self, name: str) -> int | None:
        try:
            return int(self._read(f"SELECT COUNT(*) FROM {quoted(name, self.dialect)}", _COUNT_S)[0][0])
        except Misconfigured:
            raise
        except GnomonError:
            return None

    def _source(self, table: TableSchema) -> Source:
        relation = quoted(table.ref.name, self.dialect)
        step = sample_step(table)
        if table.row_count is not None and step == 1:
            return Source(relation)
        if table.row_count is not None and self._has_rowid(table):
            return sampled(f"SELECT * FROM {relation} WHERE rowid % {step} = 0")
        return sampled(f"SELECT * FROM {relation} LIMIT {sample_rows(len(table.columns))}")

    def _has_rowid(self, table: TableSchema) -> bool:
        if table.is_view or table.column("rowid"):
            return False
        try:
            self._read(f"SELECT rowid FROM {quoted(table.ref.name, self.dialect)} LIMIT 1", _COUNT_S)
        except Misconfigured:
            raise
        except GnomonError:
            return False
        return True


def _batches(cursor: sqlite3.Cursor, deadline: Deadline) -> Iterator[list[Row]]:
    while batch := cursor.fetchmany(_BATCH_ROWS):
        yield batch
        deadline.check()
