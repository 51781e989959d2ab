"""What is particular to DuckDB files."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from gnomon.domain.catalog import TableRef
from gnomon.domain.errors import Failed, GnomonError, Misconfigured, Retry
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Warehouse
from warehouses.datasets import authorized, unguarded


@contextmanager
def database(path: Path, *statements: str) -> Iterator[Warehouse]:
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    warehouse = open_warehouse(str(path))
    try:
        yield warehouse
    finally:
        warehouse.close()


@pytest.mark.requirement("warehouses:types")
@pytest.mark.parametrize(
    ("expression", "kind", "cell"),
    [
        ("123456789012345678901234567890::HUGEINT", "integer", 123456789012345678901234567890),
        ("1.50::DECIMAL(10, 2)", "decimal", Decimal("1.50")),
        ("'6a4b5f62-89a2-4c9e-bd0a-2f3a1c1b0001'::UUID", "text", "6a4b5f62-89a2-4c9e-bd0a-2f3a1c1b0001"),
        ("INTERVAL 3 DAY", "other", timedelta(days=3)),
        ("'a'::ENUM ('a', 'b')", "text", "a"),
        ("{'x': 1, 'y': ['z']}", "other", {"x": 1, "y": ["z"]}),
        ("MAP {'k': 1}", "other", {"k": 1}),
        ("union_value(n := 7)", "other", 7),
        ("'\\xFF'::BLOB", "other", b"\xff"),
        ("TIMESTAMPTZ '2024-01-01 12:00:00+02'", "timestamp", datetime(2024, 1, 1, 10, tzinfo=UTC)),
        ("[TIMESTAMPTZ '2024-01-01 12:00:00+02']", "other", "['2024-01-01 10:00:00+00']"),
        ("'{\"a\": 1}'::JSON", "json", '{"a": 1}'),
        ("NULL::TIMESTAMPTZ", "timestamp", None),
    ],
)
def test_types_become_cells(tmp_path: Path, expression: str, kind: str, cell: object) -> None:
    with database(tmp_path / "d.duckdb", f"CREATE TABLE t AS SELECT {expression} AS x") as warehouse:
        result = warehouse.execute(unguarded(warehouse, "SELECT x FROM t ORDER BY 1"))
        (table,) = warehouse.introspect().tables
        assert warehouse.profile(table).complete
    assert (result.columns[0].kind, result.rows) == (kind, ((cell,),))


@pytest.mark.requirement("warehouses:types")
def test_moments_keep_the_order_and_names_of_the_query(tmp_path: Path) -> None:
    first = "TIMESTAMPTZ '2024-01-01 00:00:00+00'"
    make = f"CREATE TABLE t AS SELECT {first} + INTERVAL (i) HOUR AS moment FROM range(5) r(i)"
    with database(tmp_path / "d.duckdb", make) as warehouse:
        result = warehouse.execute(
            authorized(warehouse, "SELECT moment, moment AS b FROM t ORDER BY moment DESC")
        )
    assert [c.name for c in result.columns] == ["moment", "b"]
    assert [row[0].hour for row in result.rows] == [4, 3, 2, 1, 0]


@pytest.mark.requirement("warehouses:introspection")
def test_schemas_and_comments_are_found(tmp_path: Path) -> None:
    with database(
        tmp_path / "d.duckdb",
        "CREATE SCHEMA sales",
        "CREATE TABLE sales.orders (id INTEGER, amount INTEGER)",
        "COMMENT ON TABLE sales.orders IS 'one row an order'",
        "COMMENT ON COLUMN sales.orders.amount IS 'in cents'",
    ) as warehouse:
        (table,) = warehouse.introspect().tables
        assert warehouse.execute(authorized(warehouse, "SELECT COUNT(*) FROM sales.orders")).rows == ((0,),)
    assert table.ref == TableRef("orders", "sales")
    assert (table.comment, table.columns[1].comment) == ("one row an order", "in cents")


@pytest.mark.requirement("warehouses:introspection")
def test_a_broken_view_is_left_out(tmp_path: Path) -> None:
    with database(
        tmp_path / "d.duckdb",
        "CREATE TABLE t (a INTEGER)",
        "CREATE VIEW v AS SELECT a FROM t",
        "DROP TABLE t",
    ) as warehouse:
        assert warehouse.introspect().tables == ()


@pytest.mark.requirement("warehouses:profile")
def test_a_large_table_is_profiled_by_a_sample_that_says_so(tmp_path: Path) -> None:
    make = "CREATE TABLE t AS SELECT i AS id, i % 3 AS k FROM range(1000000) r(i)"
    with database(tmp_path / "d.duckdb", make) as warehouse:
        (table,) = warehouse.introspect().tables
        first, second = warehouse.profile(table), warehouse.profile(table)
    assert first == second
    k = first.columns[1]
    assert (k.exact, k.distinct) == (False, 3)
    assert 100_000 < k.rows < 400_000


LEAKS = (
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM '/etc/passwd'",
    "COPY (SELECT 1) TO '/tmp/gnomon-stolen.csv'",
    "ATTACH '/tmp/gnomon-stolen.duckdb'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access = true",
    "SET threads = 1",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "EXPORT DATABASE '/tmp/gnomon-stolen'",
    "SELECT * FROM sql",
)


@pytest.mark.requirement("warehouses:engine-locks")
@pytest.mark.parametrize("sql", LEAKS)
def test_the_engine_reads_nothing_but_its_own_tables(tmp_path: Path, sql: str) -> None:
    """The last one names a variable of the Python caller, which DuckDB would otherwise read as a table."""
    with (
        database(tmp_path / "d.duckdb", "CREATE TABLE t (a INTEGER)") as warehouse,
        pytest.raises(GnomonError),
    ):
        warehouse.execute(unguarded(warehouse, sql))


@pytest.mark.requirement("warehouses:errors")
def test_an_unknown_column_is_for_the_model_and_a_bad_cast_is_not(tmp_path: Path) -> None:
    with database(tmp_path / "d.duckdb", "CREATE TABLE t AS SELECT 'x' AS a") as warehouse:
        with pytest.raises(Retry, match="not found"):
            warehouse.execute(unguarded(warehouse, "SELECT b FROM t"))
        with pytest.raises(Failed, match="convert"):
            warehouse.execute(unguarded(warehouse, "SELECT a::INTEGER FROM t"))


@pytest.mark.requirement("warehouses:open")
def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.duckdb", tmp_path / "cut.duckdb"
    with duckdb.connect(str(whole)) as connection:
        connection.execute("CREATE TABLE t AS SELECT range AS a FROM range(100000)")
    cut.write_bytes(whole.read_bytes()[:5000])
    with pytest.raises(Misconfigured, match=r"cut\.duckdb"):
        open_warehouse(str(cut))


@pytest.mark.requirement("warehouses:open")
def test_a_file_held_by_a_writer_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "held.duckdb"
    holder = (
        f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(Misconfigured, match="held by another process") as caught:
            open_warehouse(str(path))
        process.communicate("")
    assert "close the other program" in caught.value.hint


@pytest.mark.requirement("warehouses:open")
def test_one_process_opens_a_file_twice_and_closes_one(tmp_path: Path) -> None:
    with database(tmp_path / "d.duckdb", "CREATE TABLE t AS SELECT 1 AS a") as first:
        second = open_warehouse(str(tmp_path / "d.duckdb"))
        assert second.warehouse_id == first.warehouse_id
        second.close()
        assert first.execute(authorized(first, "SELECT a FROM t")).rows == ((1,),)
        with pytest.raises(GnomonError):
            first.execute(unguarded(first, "SELECT * FROM read_text('/etc/hostname')"))


@pytest.mark.requirement("warehouses:types")
def test_moments_do_not_depend_on_the_time_zone_of_the_machine(tmp_path: Path) -> None:
    path = tmp_path / "d.duckdb"
    with database(path, "CREATE TABLE t AS SELECT TIMESTAMPTZ '2024-01-01 23:00:00+00' AS moment"):
        pass
    code = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from warehouses.datasets import unguarded
from gnomon.warehouses.connect import open_warehouse
warehouse = open_warehouse({str(path)!r})
print(warehouse.execute(unguarded(warehouse, "SELECT strftime(moment, '%d %H') FROM t")).rows)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], env={"TZ": "Asia/Tokyo"}, capture_output=True, text=True, check=True
    )
    assert run.stdout == "(('01 23',),)\n"


@pytest.mark.requirement("warehouses:fingerprint")
def test_a_write_changes_the_fingerprint_but_not_the_id(tmp_path: Path) -> None:
    path = tmp_path / "d.duckdb"
    with database(path, "CREATE TABLE t (a INTEGER)") as warehouse:
        before = (warehouse.warehouse_id, warehouse.fingerprint())
    with database(path, "CREATE TABLE u AS SELECT range AS a FROM range(100000)") as warehouse:
        after = (warehouse.warehouse_id, warehouse.fingerprint())
    assert before[0] == after[0]
    assert before[1] != after[1]


@pytest.mark.requirement("warehouses:errors")
@pytest.mark.parametrize("end", ["::BIT", "::JSON", "::UUID", "::DATE", "::INTEGER"])
def test_a_message_cut_inside_a_character_is_still_an_error_of_ours(tmp_path: Path, end: str) -> None:
    with database(tmp_path / "d.duckdb") as warehouse:
        for text in ("ééé", "漢字漢字", "a😀b" * 30, "x" * 49 + "é" * 60):
            with pytest.raises(GnomonError) as caught:
                warehouse.execute(unguarded(warehouse, f"SELECT '{text}'{end}"))
            assert caught.value.message
        assert warehouse.execute(unguarded(warehouse, "SELECT 1")).rows == ((1,),)


@pytest.mark.requirement("warehouses:execute")
@pytest.mark.parametrize("wanted", ["('x')", "('x', 'y')"])
def test_rows_are_taken_by_a_case_without_else_as_they_should_be(tmp_path: Path, wanted: str) -> None:
    """DuckDB 2.0.0 by itself takes all hundred rows here."""
    labelled = "SELECT CASE WHEN i % 7 > 3 THEN 'x' END AS label FROM t"
    with database(tmp_path / "d.duckdb", "CREATE TABLE t AS SELECT * FROM range(100) r(i)") as warehouse:
        query = authorized(warehouse, f"SELECT COUNT(*) FROM ({labelled}) AS s WHERE label IN {wanted}")
        assert warehouse.execute(query).rows == ((42,),)
