"""One small shop, loaded into every kind of warehouse, and how to query it."""

import csv
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import duckdb
import psycopg

from gnomon.domain.identity import Principal
from gnomon.domain.query import AuthorizedQuery, Dialect, Limits, Query
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Warehouse

ANA = Principal("ana@acme.test")
ORDERS = 600
CUSTOMERS = 50
WIDE = 2_000
ODD_TABLES = ("order details", 'say "hi"', "select", "🛒 carts")

SCHEMA = """
CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name VARCHAR NOT NULL, city VARCHAR, since DATE);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (customer_id), amount DECIMAL(10, 2),
  placed_at TIMESTAMP, paid BOOLEAN, "group" VARCHAR);
CREATE VIEW paid_orders AS SELECT * FROM orders WHERE paid;
"""


def customers() -> list[tuple[object, ...]]:
    """Fifty customers of three cities; the last one has no city."""
    cities = ("Oslo", "Lima", "Kyoto")
    return [
        (i, f"Customer {i}", None if i == CUSTOMERS else cities[i % 3], f"2020-01-{i % 28 + 1:02d}")
        for i in range(1, CUSTOMERS + 1)
    ]


def orders() -> list[tuple[object, ...]]:
    """Six hundred orders of all customers but the last ten."""
    return [
        (i, i % 40 + 1, f"{i}.50", f"2024-{i % 12 + 1:02d}-03 10:00:00", i % 2 == 0, "ab"[i % 2])
        for i in range(1, ORDERS + 1)
    ]


def fill(execute: Callable[[str], object]) -> None:
    """Create and fill the shop by statements that all three engines take."""
    for statement in SCHEMA.split(";"):
        if statement.strip():
            execute(statement)
    execute(f"INSERT INTO customers VALUES {', '.join(map(_row, customers()))}")
    execute(f"INSERT INTO orders VALUES {', '.join(map(_row, orders()))}")
    for name in ODD_TABLES:
        quoted = '"' + name.replace('"', '""') + '"'
        execute(f'CREATE TABLE {quoted} ("a b" INTEGER, "from" VARCHAR, "q""x" VARCHAR, "☃" INTEGER)')
        execute(f"INSERT INTO {quoted} VALUES (1, 'x', 'y', 7), (2, 'x', 'z', 8)")


def fill_wide(execute: Callable[[str], object], columns: int) -> None:
    """A table `wide` with columns c0, c1, ... and two rows."""
    execute(f"CREATE TABLE wide ({', '.join(f'c{i} INTEGER' for i in range(columns))})")
    for row in range(2):
        execute(f"INSERT INTO wide VALUES ({', '.join(str(i + row) for i in range(columns))})")


def _row(cells: tuple[object, ...]) -> str:
    return f"({', '.join(_literal(cell) for cell in cells)})"


def _literal(cell: object) -> str:
    if cell is None:
        return "NULL"
    return f"'{cell}'" if isinstance(cell, str) else str(cell).upper()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of warehouse under test.

    Args:
        declares: Whether it declares keys, joins and views.
        widest: Most columns its tables can have.
    """

    name: str
    dialect: Dialect
    declares: bool = True
    widest: int = WIDE


KINDS = (
    Kind("duckdb", "duckdb"),
    Kind("sqlite", "sqlite"),
    Kind("parquet", "duckdb", declares=False),
    Kind("csv", "duckdb", declares=False),
    Kind("postgres", "postgres", widest=1_600),
)


@contextmanager
def shop(kind: Kind, folder: Path, postgres_url: Callable[[], str]) -> Iterator[Warehouse]:
    """The shop, opened as that kind."""
    with _opened(_url(kind, folder, postgres_url, fill)) as warehouse:
        yield warehouse


@contextmanager
def made(
    kind: Kind, folder: Path, postgres_url: Callable[[], str], make: Callable[[Callable[[str], object]], None]
) -> Iterator[Warehouse]:
    """What `make` creates, opened as that kind."""
    with _opened(_url(kind, folder, postgres_url, make)) as warehouse:
        yield warehouse


@contextmanager
def _opened(url: str) -> Iterator[Warehouse]:
    warehouse = open_warehouse(url)
    try:
        yield warehouse
    finally:
        warehouse.close()


def _url(
    kind: Kind, folder: Path, postgres_url: Callable[[], str], make: Callable[[Callable[[str], object]], None]
) -> str:
    if kind.name == "postgres":
        return _postgres(postgres_url(), folder.name, make)
    if kind.name == "sqlite":
        return _sqlite(folder / "shop.sqlite", make)
    path = folder / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        make(connection.execute)
        if kind.name == "duckdb":
            return str(path)
        files = folder / "files"
        files.mkdir()
        _export(connection, files, kind.name)
    return str(files)


def _export(connection: duckdb.DuckDBPyConnection, files: Path, form: str) -> None:
    names = connection.execute("SELECT table_name FROM duckdb_tables() ORDER BY 1").fetchall()
    for (name,) in names:
        quoted, target = name.replace('"', '""'), str(files / f"{name}.{form}").replace("'", "''")
        if form == "parquet":
            connection.execute(f"COPY \"{quoted}\" TO '{target}' (FORMAT parquet)")
        else:
            rows = connection.execute(f'SELECT * FROM "{quoted}"')
            with open(target, "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(column[0] for column in rows.description)
                writer.writerows(rows.fetchall())


def _sqlite(path: Path, make: Callable[[Callable[[str], object]], None]) -> str:
    connection = sqlite3.connect(path)
    make(connection.execute)
    connection.commit()
    connection.close()
    return str(path)


def _postgres(url: str, name: str, make: Callable[[Callable[[str], object]], None]) -> str:
    new = new_database(url, name)
    with psycopg.connect(new) as connection:
        make(lambda text: connection.execute(text.encode()))
        # The planner's estimates come from statistics, which a new table lacks until it is analysed.
        connection.execute("ANALYZE")
    return new


def new_database(url: str, name: str) -> str:
    """Create an empty database on the server and return its URL."""
    with psycopg.connect(url, autocommit=True) as connection:
        plain = "".join(c if c.isalnum() else "_" for c in name).lower()
        count = connection.execute("SELECT COUNT(*) FROM pg_database").fetchone()
        database = f"{plain}_{count[0] if count else 0}"
        connection.execute(f'CREATE DATABASE "{database}"'.encode())
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{database}"))


def authorized(warehouse: Warehouse, sql: str, limits: Limits | None = None) -> AuthorizedQuery:
    """Put a query through policy, with the warehouse's catalog."""
    query = Query(sql, warehouse.dialect, "test")
    access = Access.to_all(ANA, warehouse.introspect(), warehouse.dialect)
    return authorize(query, access, limits or Limits())


def unguarded(warehouse: Warehouse, sql: str, limits: Limits | None = None) -> AuthorizedQuery:
    """A query as if policy had let it through, to see what the engine's own locks stop."""
    return AuthorizedQuery(sql, sql, warehouse.dialect, ANA, (), (), ("test",), limits or Limits())
