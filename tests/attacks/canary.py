"""Small databases whose every byte is known, so that any change or leak shows."""

import hashlib
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import duckdb
import psycopg

from gnomon.domain.catalog import Catalog
from gnomon.domain.identity import Principal
from gnomon.domain.query import Dialect
from gnomon.policy.access import Access
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Warehouse

SECRET = "gnomon-secret-7f3a91"
"""Stands in files and tables that no statement may reach."""

_CITIES = ("Paris", "Lyon", "Berlin", "Rome", "Oslo")
_STATUS = ("paid", "open", "refunded")

CUSTOMERS = [
    (
        i,
        f"Customer {i:02d}",
        _CITIES[i % 5],
        "retail" if i % 3 else "wholesale",
        f"2023-{i % 12 + 1:02d}-15",
        f"c{i}@x.test",
    )
    for i in range(1, 21)
]
ORDERS = [
    (
        i,
        i % 17 + 1,
        f"2024-{i % 12 + 1:02d}-{i % 28 + 1:02d} {i % 24:02d}:30:00",
        _STATUS[i % 3],
        round(10 + i * 7.35 % 190, 2),
        None if i % 4 == 0 else i % 10,
    )
    for i in range(1, 61)
]
PRODUCTS = [(i, f"Product {i}", ("toys", "books", "food")[i % 3], round(1.5 * i, 2)) for i in range(1, 13)]
ITEMS = [(i % 60 + 1, i % 12 + 1, i % 5 + 1, round(2.25 * (i % 9 + 1), 2)) for i in range(1, 151)]
EVENTS = [
    (i, f"2024-03-{i:02d} 08:00:00", f'{{"kind": "k{i % 3}", "n": {i}, "tags": ["a", "b{i}"]}}')
    for i in range(1, 16)
]

_TABLES = (
    (
        "customers",
        CUSTOMERS,
        "id INTEGER PRIMARY KEY, name {text}, city {text}, segment {text}, signed_up {date}, email {text}",
    ),
    (
        "orders",
        ORDERS,
        "id INTEGER PRIMARY KEY, customer_id INTEGER, ordered_at {time}, status {text}, amount {money},"
        " discount INTEGER",
    ),
    ("products", PRODUCTS, "id INTEGER PRIMARY KEY, name {text}, category {text}, price {money}"),
    ("items", ITEMS, "order_id INTEGER, product_id INTEGER, quantity INTEGER, price {money}"),
    ("events", EVENTS, "id INTEGER PRIMARY KEY, happened_at {time}, payload {json}"),
)
_VIEW = "CREATE VIEW big_orders AS SELECT * FROM orders WHERE amount > 100"
_TYPES: dict[Dialect, dict[str, str]] = {
    "duckdb": {
        "text": "VARCHAR",
        "date": "DATE",
        "time": "TIMESTAMP",
        "money": "DECIMAL(10,2)",
        "json": "JSON",
    },
    "sqlite": {"text": "TEXT", "date": "TEXT", "time": "TEXT", "money": "REAL", "json": "TEXT"},
    "postgres": {
        "text": "text",
        "date": "date",
        "time": "timestamp",
        "money": "numeric(10,2)",
        "json": "jsonb",
    },
}
DUCKDB_EXTRAS = (
    "CREATE TABLE nested AS SELECT id, [id, id + 1, id + 2] AS numbers, {'a': id, 'b': 'x' || id} AS pair"
    " FROM range(1, 9) t(id)",
    "CREATE SEQUENCE order_ids START 100",
)
_POSTGRES_EXTRAS = (
    "CREATE SEQUENCE order_ids START 100",
    "CREATE TABLE nested AS SELECT g AS id, ARRAY[g, g + 1, g + 2] AS numbers FROM generate_series(1, 8) g",
    f"CREATE TABLE salaries AS SELECT 1 AS id, '{SECRET}'::text AS note",
    "CREATE SCHEMA hidden",
    f"CREATE TABLE hidden.salaries AS SELECT 1 AS id, '{SECRET}'::text AS note",
    "CREATE FUNCTION wipe_orders() RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1'",
    "CREATE FUNCTION wipe_row(orders) RETURNS int LANGUAGE sql AS 'DELETE FROM orders; SELECT 1'",
    "SELECT lo_from_bytea(0, 'kept')",
)


@dataclass(frozen=True)
class Canary:
    """A database to attack.

    Args:
        catalog: What policy lets through; secrets are not in it.
        state: Hash of everything a statement could change: schema, rows, files, settings.
        outside: The folder with the secrets.
        source: Path or URL by which the owner connects.
    """

    dialect: Dialect
    warehouse: Warehouse
    catalog: Catalog
    state: Callable[[], str]
    outside: Path
    source: str


def create_tables(execute: Callable[[str], object], dialect: Dialect) -> None:
    """Create and fill the tables and the view."""
    for name, rows, columns in _TABLES:
        execute(f"CREATE TABLE {name} ({columns.format(**_TYPES[dialect])})")
        execute(
            f"INSERT INTO {name} VALUES " + ", ".join(f"({', '.join(map(_literal, row))})" for row in rows)
        )
    execute(_VIEW)


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)


def plant_secrets(folder: Path) -> None:
    """Files beside which the attacks run; none of their content may appear in a result."""
    (folder / "secret.txt").write_text(f"{SECRET}\n")
    (folder / "secret.csv").write_text(f"id,note\n1,{SECRET}\n")
    with sqlite3.connect(folder / "other.db") as other:
        other.execute("CREATE TABLE accounts (note TEXT)")
        other.execute("INSERT INTO accounts VALUES (?)", (SECRET,))
    other.close()
    with duckdb.connect(str(folder / "other.duckdb")) as connection:
        connection.execute(f"CREATE TABLE accounts AS SELECT '{SECRET}' AS note")


def files_hash(*folders: Path) -> str:
    """Hash of the names and bytes of every file below the folders."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def duckdb_canary(folder: Path, secrets: Path) -> Canary:
    """A DuckDB file."""
    path = folder / "canary.duckdb"
    with duckdb.connect(str(path)) as connection:
        create_tables(connection.execute, "duckdb")
        for statement in DUCKDB_EXTRAS:
            connection.execute(statement)
    warehouse = open_warehouse(str(path))
    return Canary(
        "duckdb", warehouse, warehouse.introspect(), lambda: files_hash(folder, secrets), secrets, str(path)
    )


def sqlite_canary(folder: Path, secrets: Path) -> Canary:
    """An SQLite file."""
    path = folder / "canary.db"
    with sqlite3.connect(path) as connection:
        create_tables(connection.execute, "sqlite")
    connection.close()
    warehouse = open_warehouse(str(path))
    return Canary(
        "sqlite", warehouse, warehouse.introspect(), lambda: files_hash(folder, secrets), secrets, str(path)
    )


def postgres_canary(url: str, secrets: Path) -> Canary:
    """A PostgreSQL database of its own, with a role that may read the tables of the catalog and no more."""
    name = f"canary_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        server.execute(f"CREATE ROLE {name}_reader LOGIN PASSWORD 'reader'")
    parts = urlsplit(url)
    owner = urlunsplit(parts._replace(path=f"/{name}"))
    with psycopg.connect(owner, autocommit=True) as connection:
        create_tables(lambda sql: connection.execute(sql.encode()), "postgres")
        for statement in _POSTGRES_EXTRAS:
            connection.execute(statement.encode())
        for table in (*(t[0] for t in _TABLES), "nested", "big_orders"):
            connection.execute(f"GRANT SELECT ON {table} TO {name}_reader")
    reader = urlunsplit(parts._replace(netloc=_as_reader(parts.netloc, f"{name}_reader"), path=f"/{name}"))
    warehouse = open_warehouse(reader if "host=" not in parts.query else f"{owner}&role={name}_reader")
    tables = tuple(t for t in warehouse.introspect().tables if "salaries" not in t.ref.name)
    return Canary(
        "postgres", warehouse, Catalog(tables), lambda: _postgres_state(owner, secrets), secrets, owner
    )


def _as_reader(netloc: str, role: str) -> str:
    host = netloc.rpartition("@")[2]
    return f"{role}:reader@{host}"


_POSTGRES_STATE = (
    "SELECT relname, relkind FROM pg_class WHERE relnamespace NOT IN "
    "(SELECT oid FROM pg_namespace WHERE nspname IN ('pg_catalog', 'pg_toast', 'information_schema'))"
    " ORDER BY 1, 2",
    *(f"SELECT * FROM {t[0]} ORDER BY 1, 2" for t in _TABLES),
    "SELECT last_value, is_called FROM order_ids",
    "SELECT rolname, rolsuper FROM pg_roles ORDER BY 1",
    "SELECT loid, data FROM pg_largeobject ORDER BY 1, 2",
    "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
    "SELECT extname FROM pg_extension ORDER BY 1",
    "SELECT count(*) FROM pg_prepared_xacts",
    "SELECT name, setting FROM pg_file_settings ORDER BY 1, 2",
    "SELECT classid, objid, mode FROM pg_locks WHERE locktype = 'advisory' ORDER BY 1, 2, 3",
)


def _postgres_state(owner: str, secrets: Path) -> str:
    digest = hashlib.sha256(files_hash(secrets).encode())
    with psycopg.connect(owner, autocommit=True) as connection:
        for found in connection.execute("; ".join(_POSTGRES_STATE).encode()).results():
            digest.update(repr(found.fetchall()).encode())
    return digest.hexdigest()


ANA = Principal("ana@acme.test")


def everything(canary: "Canary") -> Access:
    """The view of somebody who may read all of the canary: what stops an attack is the guard alone."""
    return Access.to_all(ANA, canary.catalog, canary.dialect)
