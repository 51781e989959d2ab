"""What is particular to PostgreSQL."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from gnomon.domain.catalog import TableRef
from gnomon.domain.errors import Failed, GnomonError, Misconfigured, Refused
from gnomon.warehouses.postgres import PostgresWarehouse, open_postgres
from warehouses.datasets import authorized, new_database, unguarded


@contextmanager
def database(url: str, *statements: str) -> Iterator[PostgresWarehouse]:
    new = new_database(url, "own")
    with psycopg.connect(new) as connection:
        for statement in statements:
            connection.execute(statement.encode())
    warehouse = open_postgres(new)
    try:
        yield warehouse
    finally:
        warehouse.close()


def with_parts(url: str, *, user: str = "", password: str = "", port: int = 0, path: str = "") -> str:
    parts = urlsplit(url)
    login = f"{user or parts.username}:{password or parts.password}"
    netloc = f"{login}@{parts.hostname}:{port or parts.port}"
    return urlunsplit(parts._replace(netloc=netloc, path=path or parts.path))


@pytest.mark.requirement("warehouses:types")
@pytest.mark.parametrize(
    ("expression", "kind", "cell"),
    [
        ("1.50::numeric(10, 2)", "decimal", Decimal("1.50")),
        ("'2024-01-01 12:00+02'::timestamptz", "timestamp", datetime(2024, 1, 1, 10, tzinfo=UTC)),
        ("'infinity'::timestamptz", "timestamp", "infinity"),
        ("'infinity'::date", "date", "infinity"),
        ("'0044-03-15 BC'::date", "date", "0044-03-15 BC"),
        ("'3 days'::interval", "other", timedelta(days=3)),
        ("'6a4b5f62-89a2-4c9e-bd0a-2f3a1c1b0001'::uuid", "text", "6a4b5f62-89a2-4c9e-bd0a-2f3a1c1b0001"),
        ("'{\"a\": 1}'::jsonb", "json", '{"a": 1}'),
        ("ARRAY[1, 2]", "other", [1, 2]),
        ("'10.0.0.0/8'::cidr", "other", "10.0.0.0/8"),
        ("'[1,5)'::int4range", "other", "[1,5)"),
        ("'happy'::mood", "text", "happy"),
        ("7::positive", "integer", 7),
        ("'\\xff'::bytea", "other", b"\xff"),
        ("(1, 'a')::pair", "other", "(1,a)"),
        ("'24:00'::time", "time", "24:00:00"),
    ],
)
def test_types_become_cells(postgres_url: str, expression: str, kind: str, cell: object) -> None:
    with database(
        postgres_url,
        "CREATE TYPE mood AS ENUM ('happy')",
        "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
        "CREATE TYPE pair AS (a integer, b text)",
        f"CREATE TABLE t AS SELECT {expression} AS x",
    ) as warehouse:
        result = warehouse.execute(unguarded(warehouse, "SELECT x FROM t"))
        (table,) = warehouse.introspect().tables
        assert warehouse.profile(table).complete
    assert (result.columns[0].kind, result.rows) == (kind, ((cell,),))
    assert table.columns[0].kind == kind


@pytest.mark.requirement("warehouses:introspection")
def test_schemas_partitions_comments_and_materialized_views_are_found(postgres_url: str) -> None:
    with database(
        postgres_url,
        "CREATE SCHEMA sales",
        "CREATE TABLE sales.orders (a int, b int, PRIMARY KEY (a, b))",
        "CREATE TABLE lines (p int, q int, FOREIGN KEY (p, q) REFERENCES sales.orders (a, b))",
        "COMMENT ON TABLE lines IS 'lines of orders'",
        "COMMENT ON COLUMN lines.q IS 'second part'",
        "CREATE TABLE events (id int, at date) PARTITION BY RANGE (at)",
        "CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
        "INSERT INTO events VALUES (1, '2024-05-05'), (2, '2024-06-06')",
        "CREATE MATERIALIZED VIEW days AS SELECT at FROM events",
    ) as warehouse:
        catalog = warehouse.introspect()
    assert {str(t.ref): t.row_count for t in catalog.tables} == {
        "days": 2,
        "events": 2,
        "lines": 0,
        "sales.orders": 0,
    }
    (join,) = catalog.joins
    assert (join.child, join.child_columns) == (TableRef("lines"), ("p", "q"))
    assert (join.parent, join.parent_columns) == (TableRef("orders", "sales"), ("a", "b"))
    lines = catalog.find("lines")
    assert lines is not None
    assert (lines.comment, lines.columns[1].comment) == ("lines of orders", "second part")


@pytest.mark.requirement("warehouses:introspection")
def test_what_the_login_may_not_read_is_not_shown(postgres_url: str) -> None:
    with database(
        postgres_url,
        "DROP ROLE IF EXISTS clerk",
        "CREATE ROLE clerk LOGIN PASSWORD 'quill'",
        "CREATE TABLE open (a int, secret int)",
        "CREATE TABLE closed (a int)",
        "GRANT SELECT (a) ON open TO clerk",
    ) as owner:
        url = with_parts(postgres_url, user="clerk", password="quill", path="/" + owner.label.split()[0])
        warehouse = open_postgres(url)
        catalog = warehouse.introspect()
        assert [(t.ref.name, [c.name for c in t.columns]) for t in catalog.tables] == [("open", ["a"])]
        with pytest.raises(Refused, match="permission denied"):
            warehouse.execute(unguarded(warehouse, "SELECT * FROM closed"))
        assert warehouse.privilege_warnings() == ()
        warehouse.close()
        as_role = open_postgres(url.replace("clerk:quill", "gnomon:sundial") + "?role=clerk")
        assert [t.ref.name for t in as_role.introspect().tables] == ["open"]
        as_role.close()
        assert "superuser" in owner.privilege_warnings()[0]


@pytest.mark.requirement("warehouses:engine-locks")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1; DROP TABLE t",
        "SELECT 1; COMMIT; DROP TABLE t",
        "SET TRANSACTION READ WRITE",
        "SELECT nextval('numbers')",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "WITH w AS (INSERT INTO t VALUES (2) RETURNING a) SELECT * FROM w",
        "SELECT * INTO stolen FROM t",
        "SELECT * FROM t FOR UPDATE",
        "COPY t TO STDOUT",
        "EXPLAIN ANALYZE DELETE FROM t",
    ],
)
def test_a_superuser_session_still_cannot_write(postgres_url: str, sql: str) -> None:
    with database(postgres_url, "CREATE TABLE t AS SELECT 1 AS a", "CREATE SEQUENCE numbers") as warehouse:
        with pytest.raises(GnomonError):
            warehouse.execute(unguarded(warehouse, sql))
        assert warehouse.execute(authorized(warehouse, "SELECT a FROM t")).rows == ((1,),)


@pytest.mark.requirement("warehouses:engine-locks")
def test_plans_take_no_second_statement_either(postgres_url: str) -> None:
    with database(postgres_url, "CREATE TABLE t AS SELECT 1 AS a") as warehouse:
        with pytest.raises(GnomonError):
            warehouse.explain(unguarded(warehouse, "SELECT 1; DROP TABLE t"))
        assert warehouse.execute(authorized(warehouse, "SELECT a FROM t")).rows == ((1,),)


@pytest.mark.requirement("warehouses:engine-locks")
def test_a_setting_changed_by_a_query_is_gone_with_its_transaction(postgres_url: str) -> None:
    with database(postgres_url) as warehouse:
        warehouse.execute(unguarded(warehouse, "SELECT set_config('search_path', 'elsewhere', false)"))
        rows = warehouse.execute(unguarded(warehouse, "SELECT current_setting('search_path')")).rows
    assert rows != (("elsewhere",),)


@pytest.mark.requirement("warehouses:errors")
def test_a_server_that_drops_the_connection_mid_query_fails_and_is_met_again(postgres_url: str) -> None:
    with database(postgres_url, "CREATE TABLE t AS SELECT 1 AS a") as warehouse:
        timer = threading.Timer(0.3, _terminate_others, [postgres_url, warehouse.label.split()[0]])
        timer.start()
        with pytest.raises(Failed, match=r"connection to .* was lost"):
            warehouse.execute(unguarded(warehouse, "SELECT pg_sleep(20)"))
        timer.join()
        assert warehouse.execute(authorized(warehouse, "SELECT a FROM t")).rows == ((1,),)


def _terminate_others(url: str, database_name: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database_name,)
        )


@pytest.mark.requirement("warehouses:open")
def test_what_keeps_us_out_is_said_without_the_password(postgres_url: str) -> None:
    for url, message in (
        (with_parts(postgres_url, password="wrong-secret"), "does not accept the password"),
        (with_parts(postgres_url, path="/absent"), "no such database"),
        (with_parts(postgres_url, port=1), "nothing answers"),
    ):
        with pytest.raises(Misconfigured, match=message) as caught:
            open_postgres(url)
        shown = " ".join([caught.value.message, caught.value.hint, *map(str, caught.value.facts)])
        assert "secret" not in shown
        assert "sundial" not in shown


@pytest.mark.requirement("warehouses:profile")
def test_a_large_table_is_profiled_by_a_sample_that_says_so(postgres_url: str) -> None:
    with database(
        postgres_url,
        "CREATE TABLE t AS SELECT i AS id, i % 3 AS k FROM generate_series(1, 500000) AS i",
    ) as warehouse:
        (table,) = warehouse.introspect().tables
        first, second = warehouse.profile(table, budget_s=20), warehouse.profile(table, budget_s=20)
    assert first == second
    assert (first.columns[1].exact, first.columns[1].distinct) == (False, 3)


@pytest.mark.requirement("warehouses:fingerprint")
def test_a_new_column_changes_the_fingerprint(postgres_url: str) -> None:
    with database(postgres_url, "CREATE TABLE t (a int)") as warehouse:
        before = warehouse.fingerprint()
        own = with_parts(postgres_url, path="/" + warehouse.label.split()[0])
        with psycopg.connect(own) as connection:
            connection.execute("ALTER TABLE t ADD COLUMN b int")
        assert warehouse.fingerprint() != before


@pytest.mark.requirement("warehouses:fingerprint")
def test_a_change_of_one_table_changes_its_fingerprint_alone(postgres_url: str) -> None:
    with database(
        postgres_url,
        "CREATE TABLE still (id integer)",
        "CREATE TABLE moving (id integer)",
        "CREATE VIEW seen AS SELECT 1 AS one",
    ) as warehouse:
        before = warehouse.table_fingerprints()
        assert set(before) == {TableRef("still"), TableRef("moving")}
        own = with_parts(postgres_url, path="/" + warehouse.label.split()[0])
        with psycopg.connect(own) as connection:
            connection.execute("ALTER TABLE moving ALTER COLUMN id TYPE bigint")
        after = warehouse.table_fingerprints()
        assert after[TableRef("still")] == before[TableRef("still")]
        assert after[TableRef("moving")] != before[TableRef("moving")]


@pytest.mark.requirement("warehouses:limits")
def test_a_lock_taken_by_a_query_is_free_for_others_afterwards(postgres_url: str) -> None:
    new = new_database(postgres_url, "own")
    warehouse = open_postgres(new)
    with psycopg.connect(new, autocommit=True) as other:
        warehouse.execute(unguarded(warehouse, "SELECT pg_advisory_lock(7), pg_advisory_lock_shared(8)"))
        assert other.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone() == (0,)
        with pytest.raises(GnomonError):
            warehouse.execute(unguarded(warehouse, "SELECT pg_advisory_lock(7), 1 / 0"))
        assert other.execute("SELECT pg_try_advisory_lock(7)").fetchone() == (True,)
    warehouse.close()


@pytest.mark.requirement("warehouses:limits")
@pytest.mark.parametrize("name", ["TimeZone", "statement_timeout", "search_path", "role", "DateStyle"])
def test_no_setting_that_a_query_keeps_for_the_session_is_met_by_the_next(
    postgres_url: str, name: str
) -> None:
    value = {"TimeZone": "Asia/Tokyo", "DateStyle": "German", "role": "pg_monitor"}.get(name, "0")
    with database(postgres_url) as warehouse:
        look = unguarded(warehouse, f"SELECT current_setting('{name}')")
        before = warehouse.execute(look).rows
        warehouse.execute(unguarded(warehouse, f"SELECT set_config('{name}', '{value}', false)"))
        after = warehouse.execute(look).rows
        assert after == before or name == "statement_timeout"
        assert after != ((value,),)


@pytest.mark.requirement("warehouses:limits")
def test_options_of_the_url_hold_and_ours_count_more(postgres_url: str) -> None:
    options = "options=-c%20work_mem%3D8MB%20-c%20default_transaction_read_only%3Doff"
    warehouse = open_postgres(f"{postgres_url}{'&' if '?' in postgres_url else '?'}{options}")
    shown = warehouse.execute(
        unguarded(
            warehouse, "SELECT current_setting('work_mem'), current_setting('default_transaction_read_only')"
        )
    )
    warehouse.close()
    assert shown.rows == (("8MB", "on"),)
