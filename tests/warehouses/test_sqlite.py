"""What is particular to SQLite files."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.errors import GnomonError, Misconfigured, Refused, Retry
from gnomon.policy.functions import ALLOWED_FUNCTIONS, TABLE_FUNCTIONS
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Warehouse
from gnomon.warehouses.sqlite.locks import FUNCTIONS
from warehouses.datasets import authorized, unguarded


@contextmanager
def database(path: Path, *statements: str) -> Iterator[Warehouse]:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()
    warehouse = open_warehouse(str(path))
    try:
        yield warehouse
    finally:
        warehouse.close()


@pytest.mark.requirement("warehouses:types")
@pytest.mark.parametrize(
    ("declared", "values", "kind"),
    [
        ("INTEGER", "(1), (2)", "integer"),
        ("INTEGER", "('x'), ('y')", "text"),
        ("INTEGER", "(1), ('y')", "text"),
        ("TEXT", "('2024-01-01'), (NULL)", "date"),
        ("TEXT", "('2024-01-01 10:00:00'), ('2024-01-01')", "timestamp"),
        ("TEXT", "('2024-01-01'), ('soon')", "text"),
        ("TEXT", "('2024-13-45')", "text"),
        ("DATE", "('2024-01-01')", "date"),
        ("DATE", "('Spring')", "text"),
        ("DATE", "(20240101)", "integer"),
        ("DATETIME", "(NULL)", "timestamp"),
        ("BOOLEAN", "(0), (1)", "boolean"),
        ("", "(1.5), (2)", "decimal"),
        ("", "(NULL)", "text"),
        ("NUMERIC(10,2)", "(1), (2)", "decimal"),
        ("VARCHAR(20)", "('12')", "text"),
        ("JSON", "('{}')", "json"),
    ],
)
def test_kinds_follow_the_values_where_they_differ_from_the_declaration(
    tmp_path: Path, declared: str, values: str, kind: str
) -> None:
    with database(
        tmp_path / "d.db", f"CREATE TABLE t (x {declared})", f"INSERT INTO t VALUES {values}"
    ) as warehouse:
        assert warehouse.introspect().tables[0].columns[0].kind == kind


@pytest.mark.requirement("warehouses:types")
def test_text_that_is_not_utf_8_is_shown_with_replacements(tmp_path: Path) -> None:
    make = ("CREATE TABLE t (x TEXT)", "INSERT INTO t VALUES (CAST(x'636166E9' AS TEXT))")
    with database(tmp_path / "d.db", *make) as warehouse:
        assert warehouse.execute(authorized(warehouse, "SELECT x FROM t")).rows == (("caf\ufffd",),)
        assert warehouse.distinct_values(ColumnRef(TableRef("t"), "x"), limit=5) == (("caf\ufffd", 1),)
        assert warehouse.profile(warehouse.introspect().tables[0]).complete


@pytest.mark.requirement("warehouses:introspection")
def test_full_text_tables_show_without_the_tables_behind_them_and_can_be_searched(tmp_path: Path) -> None:
    make = (
        "CREATE VIRTUAL TABLE notes USING fts5 (body)",
        "INSERT INTO notes VALUES ('red apple'), ('blue sky')",
    )
    with database(tmp_path / "d.db", *make) as warehouse:
        assert [t.ref.name for t in warehouse.introspect().tables] == ["notes"]
        found = warehouse.execute(unguarded(warehouse, "SELECT body FROM notes WHERE notes MATCH 'apple'"))
    assert found.rows == (("red apple",),)


@pytest.mark.requirement("warehouses:introspection")
def test_broken_views_are_left_out_and_the_rest_is_found(tmp_path: Path) -> None:
    with database(
        tmp_path / "d.db",
        "CREATE TABLE t (a INTEGER)",
        "CREATE TABLE gone (a INTEGER)",
        "CREATE VIEW broken AS SELECT a FROM gone",
        "DROP TABLE gone",
    ) as warehouse:
        assert [t.ref.name for t in warehouse.introspect().tables] == ["t"]


@pytest.mark.requirement("warehouses:introspection")
def test_composite_and_implicit_keys_are_found(tmp_path: Path) -> None:
    with database(
        tmp_path / "d.db",
        "CREATE TABLE a (x INTEGER, y INTEGER, PRIMARY KEY (x, y)) WITHOUT ROWID",
        "CREATE TABLE b (p INTEGER, q INTEGER, u TEXT UNIQUE, FOREIGN KEY (p, q) REFERENCES A)",
        "CREATE TABLE c (p INTEGER REFERENCES nowhere (id))",
    ) as warehouse:
        catalog = warehouse.introspect()
    assert [(j.child.name, j.child_columns, j.parent.name, j.parent_columns) for j in catalog.joins] == [
        ("b", ("p", "q"), "a", ("x", "y"))
    ]
    assert [k.columns for t in catalog.tables for k in t.keys] == [("x", "y"), ("u",)]


LEAKS = (
    "SELECT * FROM sqlite_master",
    "SELECT * FROM pragma_table_list",
    "PRAGMA writable_schema = ON",
    "SELECT load_extension('x')",
    "SELECT sqlite_version()",
    "ATTACH '/tmp/gnomon-stolen.db' AS stolen",
    "VACUUM INTO '/tmp/gnomon-stolen.db'",
    "BEGIN",
)


@pytest.mark.requirement("warehouses:engine-locks")
@pytest.mark.parametrize("sql", LEAKS)
def test_the_authorizer_denies_everything_but_reading_tables(tmp_path: Path, sql: str) -> None:
    with (
        database(tmp_path / "d.db", "CREATE TABLE t (a INTEGER)") as warehouse,
        pytest.raises(Refused) as caught,
    ):
        warehouse.execute(unguarded(warehouse, sql))
    assert caught.value.rule == "engine-lock"


@pytest.mark.requirement("warehouses:engine-locks")
def test_ordinary_functions_windows_and_recursion_are_allowed(tmp_path: Path) -> None:
    sql = """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5)
    SELECT SUM(i), GROUP_CONCAT(UPPER('a')), strftime('%Y', '2024-05-01'), json_extract('{"a": 7}', '$.a'),
           MAX(ROUND(SQRT(i), 1)) FROM n"""
    with database(tmp_path / "d.db", "CREATE TABLE t (a INTEGER)") as warehouse:
        assert warehouse.execute(unguarded(warehouse, sql)).rows == ((15, "A,A,A,A,A", "2024", 7, 2.2),)


@pytest.mark.requirement("warehouses:errors")
def test_a_misspelt_column_is_for_the_model(tmp_path: Path) -> None:
    with (
        database(tmp_path / "d.db", "CREATE TABLE t (a INTEGER)") as warehouse,
        pytest.raises(Retry, match="no such"),
    ):
        warehouse.execute(unguarded(warehouse, "SELECT b FROM t"))


@pytest.mark.requirement("warehouses:open")
def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    with database(tmp_path / "whole.db", "CREATE TABLE t (a)", "INSERT INTO t VALUES (zeroblob(100000))"):
        pass
    cut = tmp_path / "cut.db"
    cut.write_bytes((tmp_path / "whole.db").read_bytes()[:9000])
    with pytest.raises(Misconfigured, match="cut short"):
        open_warehouse(str(cut))


@pytest.mark.requirement("warehouses:open")
def test_a_damaged_file_is_for_the_operator_whenever_it_is_noticed(tmp_path: Path) -> None:
    with database(tmp_path / "d.db", "CREATE TABLE t (a)", "INSERT INTO t VALUES (1)"):
        pass
    content = bytearray((tmp_path / "d.db").read_bytes())
    content[100:4096] = b"\xaa" * 3996
    (tmp_path / "d.db").write_bytes(content)
    with pytest.raises(Misconfigured, match=r"d\.db"):
        open_warehouse(str(tmp_path / "d.db"))


@pytest.mark.requirement("warehouses:open")
def test_a_file_locked_by_a_writer_is_named(tmp_path: Path) -> None:
    path = tmp_path / "d.db"
    with database(path, "CREATE TABLE t (a)"):
        pass
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Misconfigured, match="locked by a program"):
        open_warehouse(str(path))
    writer.close()


@pytest.mark.requirement("warehouses:open")
def test_odd_characters_in_the_path_are_only_a_path(tmp_path: Path) -> None:
    folder = tmp_path / "a b?mode=rwc#x%20"
    folder.mkdir()
    with database(folder / "d.db", "CREATE TABLE t (a)") as warehouse:
        assert [t.ref.name for t in warehouse.introspect().tables] == ["t"]
        with pytest.raises(GnomonError):
            warehouse.execute(unguarded(warehouse, "INSERT INTO t VALUES (1)"))


@pytest.mark.requirement("warehouses:profile")
def test_a_large_table_is_profiled_by_a_sample_that_says_so(tmp_path: Path) -> None:
    numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000)"
    make = f"INSERT INTO t (k) {numbers} SELECT i % 3 FROM n"
    with database(tmp_path / "d.db", "CREATE TABLE t (id INTEGER PRIMARY KEY, k INTEGER)", make) as warehouse:
        (table,) = warehouse.introspect().tables
        profile = warehouse.profile(table, budget_s=20)
    assert (profile.columns[1].exact, profile.columns[1].rows) == (False, 500_000 // 3)


@pytest.mark.requirement("warehouses:engine-locks")
def test_the_authorizer_allows_every_function_that_policy_lets_through() -> None:
    guarded = ALLOWED_FUNCTIONS["sqlite"]
    assert guarded <= FUNCTIONS
    # What only SQLite's own syntax, its full-text tables, its internals and the rewriting of masks call.
    assert FUNCTIONS - guarded == {
        *("->", "->>", "match", "regexp", "current_date", "current_time", "current_timestamp"),
        *("bm25", "highlight", "matchinfo", "offsets", "snippet"),
        *("json_error_position", "unhex", "zeroblob", "gnomon_hash"),
    }


@pytest.mark.requirement("warehouses:engine-locks")
def test_policy_lets_no_function_through_that_no_sqlite_has() -> None:
    newer = {
        (3, 43): {"octet_length", "timediff"},
        (3, 44): {"concat", "concat_ws", "string_agg"},
        (3, 48): {"if"},
    }
    # Compiled in by some: the percentile functions.
    optional = {"median", "percentile", "percentile_cont", "percentile_disc"}
    connection = sqlite3.connect(":memory:")
    has = {name for (name,) in connection.execute("SELECT name FROM pragma_function_list")}
    connection.close()
    has |= TABLE_FUNCTIONS["sqlite"] | optional
    for version, names in newer.items():
        has |= names if sqlite3.sqlite_version_info[:2] < version else set()
    assert ALLOWED_FUNCTIONS["sqlite"] - has == set()


@pytest.mark.requirement("warehouses:open")
def test_a_write_that_must_be_undone_first_is_named(tmp_path: Path) -> None:
    path = tmp_path / "hot.db"
    code = f"""
import os, sqlite3
connection = sqlite3.connect({str(path)!r}, isolation_level=None)
connection.execute("CREATE TABLE t (a INTEGER, b TEXT)")
connection.execute("PRAGMA cache_size = 5")
connection.execute("INSERT INTO t SELECT value, hex(zeroblob(300)) FROM json_each('[' || "
                   "substr(replace(hex(zeroblob(500)), '00', ',1'), 2) || ']')")
connection.execute("BEGIN")
connection.execute("UPDATE t SET b = b || 'x'")
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 9
    with pytest.raises(Misconfigured, match="middle of a write") as caught:
        open_warehouse(str(path))
    assert "sqlite3" in caught.value.hint
