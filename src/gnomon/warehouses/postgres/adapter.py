"""The warehouse port on a read-only PostgreSQL session."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from gnomon.domain.catalog import Catalog, ColumnRef, TableProfile, TableRef, TableSchema, TypeKind
from gnomon.domain.query import AuthorizedQuery, Dialect, Limits
from gnomon.domain.result import Plan, ResultColumn, ResultTable
from gnomon.warehouses.admit import admit
from gnomon.warehouses.collect import Row
from gnomon.warehouses.names import quoted_table
from gnomon.warehouses.port import Cancellation
from gnomon.warehouses.postgres.catalog import column_kind, read_catalog
from gnomon.warehouses.postgres.plan import plan_of
from gnomon.warehouses.postgres.session import Session
from gnomon.warehouses.profiling import (
    Source,
    distinct_values,
    profile_source,
    sample_rows,
    sample_step,
    sampled,
)
from gnomon.warehouses.watch import Deadline

_INTERNAL = Limits(max_rows=1_000_000, max_bytes=1 << 30, timeout_s=600.0)
_CATALOG_S = 30.0

_LINE = """
c.oid::text || ':' || c.relname || ':' || c.xmin::text || ':' || COALESCE(
    (SELECT md5(string_agg(a.attname || a.xmin::text, ',' ORDER BY a.attnum))
     FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0), '')
|| ':' || COALESCE(s.n_tup_ins + s.n_tup_upd + s.n_tup_del, 0)::text || ':' || pg_relation_size(c.oid)"""

_RELATIONS = """
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')"""

_FINGERPRINT = f"""
SELECT COALESCE(md5(string_agg(line, ',' ORDER BY line)), '')
FROM (SELECT {_LINE} AS line {_RELATIONS} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')) AS lines"""

_TABLE_FINGERPRINTS = f"SELECT n.nspname::text, c.relname::text, {_LINE} {_RELATIONS} AND c.relkind = 'r'"

_MAY_WRITE = """
SELECT COUNT(*), MIN(n.nspname || '.' || c.relname)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"""

_LOGIN = """
SELECT current_user::text, r.rolsuper, has_database_privilege(current_database(), 'CREATE'),
       (SELECT string_agg(g.rolname::text, ', ' ORDER BY g.rolname) FROM pg_roles AS g
        WHERE g.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')
          AND pg_has_role(current_user, g.oid, 'MEMBER'))
FROM pg_roles AS r WHERE r.rolname = current_user"""


class PostgresWarehouse:
    """One PostgreSQL database. Calls take turns on one connection.

    Args:
        session: Connected, read-only.
    """

    dialect: Dialect = "postgres"

    def __init__(self, session: Session, *, warehouse_id: str, label: str) -> None:
        self._session = session
        self._warehouse_id = warehouse_id
        self._label = label
        self._kinds: dict[int, TypeKind] = {}

    @property
    def warehouse_id(self) -> str:
        """Stable id of this source."""
        return self._warehouse_id

    @property
    def label(self) -> str:
        """Database, host and port."""
        return self._label

    def fingerprint(self) -> str:
        """Changes with the catalog, with the server's counts of changed rows and with table sizes.

        The server counts a change up to a second after it happened.
        """
        text = str(self._read(_FINGERPRINT, _CATALOG_S)[0][0])
        return hashlib.sha256(text.encode()).hexdigest()

    def table_fingerprints(self) -> Mapping[TableRef, str]:
        """Of every plain table; a view, a partitioned or a foreign table may change with other tables.

        The server counts a change up to a second after it happened.
        """
        rows = self._read(_TABLE_FINGERPRINTS, _CATALOG_S)
        return {TableRef(str(n), "" if s == "public" else str(s)): str(line) for s, n, line in rows}

    def introspect(self) -> Catalog:
        """Tables and views the login may read; `public` is the default schema."""
        return read_catalog(self._read)

    def profile(self, table: TableSchema, *, budget_s: float = 5.0) -> TableProfile:
        """Profile a table; a large one by some of its pages, the same ones every time."""
        return profile_source(table, _source(table), self._read, self.dialect, budget_s)

    def distinct_values(
        self, column: ColumnRef, *, limit: int, budget_s: float = 5.0
    ) -> tuple[tuple[str, int], ...] | None:
        """Distinct non-null values with their row counts, most frequent first; None if too many."""
        relation = quoted_table(column.table, self.dialect)
        return distinct_values(relation, column.column, self._read, self.dialect, limit, budget_s)

    def explain(self, query: AuthorizedQuery) -> Plan:
        """The planner's plan; nothing runs."""
        sql = admit(query, self.dialect).sql
        timeout_s = query.limits.timeout_s
        as_json, as_text = (
            self._read(f"{start} {sql}", timeout_s, stream=False, role=query.role)
            for start in ("EXPLAIN (FORMAT json, VERBOSE)", "EXPLAIN")
        )
        found, text = as_json[0][0], "\n".join(str(row[0]) for row in as_text)
        return plan_of(json.loads(str(found))[0]["Plan"], text)

    def execute(self, query: AuthorizedQuery, *, cancellation: Cancellation | None = None) -> ResultTable:
        """Run the query in a read-only transaction through a server-side cursor."""
        sql = admit(query, self.dialect).sql
        deadline = Deadline(query.limits.timeout_s, cancellation)
        described, collected = self._session.run(sql, query.limits, deadline, role=query.role)
        elapsed_s = deadline.elapsed_s
        self._learn_kinds({code for _, code in described})
        columns = tuple(ResultColumn(name, self._kinds[code]) for name, code in described)
        return ResultTable(columns, collected.rows, collected.truncated, elapsed_s)

    def privilege_warnings(self) -> tuple[str, ...]:
        """What the login may do beyond reading, one sentence each; empty for a login as it should be."""
        user, superuser, may_create, server_roles = self._read(_LOGIN, _CATALOG_S)[0]
        if superuser:
            return (f"{user} is a superuser: use a login that may only SELECT",)
        warnings = []
        tables, example = self._read(_MAY_WRITE, _CATALOG_S)[0]
        if tables:
            warnings.append(f"{user} may write to {tables} tables, for example {example}")
        if may_create:
            warnings.append(f"{user} may create schemas in the database")
        if server_roles:
            warnings.append(f"{user} may reach the server's files or programs: {server_roles}")
        return tuple(warnings)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def _read(self, sql: str, timeout_s: float, *, stream: bool = True, role: str = "") -> Sequence[Row]:
        return self._session.run(sql, _INTERNAL, Deadline(timeout_s), stream=stream, role=role)[1].rows

    def _learn_kinds(self, codes: set[int]) -> None:
        unknown = sorted(codes - self._kinds.keys())
        if not unknown:
            return
        listed = ", ".join(map(str, unknown))
        found = self._read(
            f"SELECT oid::bigint, format_type(oid, NULL), typtype::text FROM pg_type WHERE oid IN ({listed})",
            _CATALOG_S,
        )
        self._kinds.update(dict.fromkeys(unknown, "other"))
        self._kinds.update({oid: column_kind(name, type_type) for oid, name, type_type in found})


def _source(table: TableSchema) -> Source:
    relation = quoted_table(table.ref, "postgres")
    step = sample_step(table)
    if table.row_count is not None and step == 1:
        return Source(relation)
    if table.row_count is None or table.is_view:
        return sampled(f"SELECT * FROM {relation} LIMIT {sample_rows(len(table.columns))}")
    percent = 100.0 / step
    return sampled(f"SELECT * FROM {relation} TABLESAMPLE SYSTEM ({percent:.6f}) REPEATABLE (42)")
