"""Both databases of the comparison, and a statement put to both."""

import math
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg

from gnomon.domain.catalog import Catalog
from gnomon.domain.errors import GnomonError, Refused, Retry
from gnomon.domain.identity import Principal
from gnomon.domain.query import AuthorizedQuery, Dialect, Limits, Query
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize
from gnomon.policy.policies import Situation, parse_policies
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.duckdb.errors import translated
from gnomon.warehouses.port import Warehouse
from policy.differential.diff_grammar import Statement
from policy.differential.diff_people import Person
from policy.differential.diff_shop import SECRET, Execute, Fetch, create_full, create_reduced
from warehouses.datasets import new_database

LIMITS = Limits(max_rows=5_000, timeout_s=20.0)
ENGINES: tuple[Dialect, ...] = ("duckdb", "sqlite", "postgres")
Make = Callable[[Execute, Fetch], None]


class Database(Protocol):
    """What runs the statements of the comparison."""

    @property
    def dialect(self) -> Dialect:
        """The engine's SQL."""
        ...

    def introspect(self) -> Catalog:
        """What it holds."""
        ...

    def execute(self, query: AuthorizedQuery) -> ResultTable:
        """Run a statement."""
        ...


class PlainDuckDb:
    """DuckDB without the product's watch and its second look at a statement: several times as fast."""

    dialect: Dialect = "duckdb"

    def __init__(self, path: Path, make: Make) -> None:
        with duckdb.connect(str(path)) as connection:
            make(connection.execute, lambda sql: connection.execute(sql).fetchall())
        with closing(open_warehouse(str(path))) as warehouse:
            self._catalog = warehouse.introspect()
        self.connection = duckdb.connect(str(path), config={"threads": 1})

    def introspect(self) -> Catalog:
        """The catalog as the product reads it."""
        return self._catalog

    def execute(self, query: AuthorizedQuery) -> ResultTable:
        """Run the statement's text."""
        try:
            rows = self.connection.execute(query.sql).fetchall()
        except duckdb.Error as error:
            raise translated(error, "shop") from error
        names = [column[0] for column in self.connection.description or ()]
        return ResultTable(tuple(ResultColumn(n, "other") for n in names), tuple(rows), False, 0.0)


@contextmanager
def database(
    dialect: Dialect, folder: Path, postgres_url: Callable[[], str], make: Make
) -> Iterator[Database]:
    """What `make` creates."""
    folder.mkdir(parents=True, exist_ok=True)
    if dialect == "duckdb":
        plain = PlainDuckDb(folder / "shop.duckdb", make)
        with closing(plain.connection):
            yield plain
        return
    with closing(warehouse_of(dialect, folder, postgres_url, make)) as warehouse:
        yield warehouse


def warehouse_of(dialect: Dialect, folder: Path, postgres_url: Callable[[], str], make: Make) -> Warehouse:
    """What `make` creates, opened as the warehouse that the product opens."""
    folder.mkdir(parents=True, exist_ok=True)
    return open_warehouse(_made(dialect, folder, postgres_url, make))


def _made(dialect: Dialect, folder: Path, postgres_url: Callable[[], str], make: Make) -> str:
    if dialect == "duckdb":
        path = folder / "shop.duckdb"
        with duckdb.connect(str(path)) as connection:
            make(connection.execute, lambda sql: connection.execute(sql).fetchall())
        return str(path)
    if dialect == "sqlite":
        path = folder / "shop.sqlite"
        lite = sqlite3.connect(path)
        make(lite.execute, lambda sql: lite.execute(sql).fetchall())
        lite.commit()
        lite.close()
        return str(path)
    url = new_database(postgres_url(), folder.name)
    with psycopg.connect(url) as server:
        make(lambda sql: server.execute(sql.encode()), lambda sql: server.execute(sql.encode()).fetchall())
        server.execute("ANALYZE")
    return url


def full_shop(dialect: Dialect) -> Make:
    """Makes the whole shop."""
    return lambda execute, fetch: create_full(execute, dialect)


def reduced_shop(dialect: Dialect, person: Person) -> Make:
    """Makes the shop as the person sees it."""
    return lambda execute, fetch: create_reduced(execute, _plain(fetch), dialect, person.sights)


def _plain(fetch: Fetch) -> Fetch:
    """Rows with moments as the texts that the shop is written with."""
    return lambda sql: [
        tuple(str(c) if isinstance(c, date | datetime) else c for c in row) for row in fetch(sql)
    ]


def access_of(person: Person, catalog: Catalog, dialect: Dialect) -> Access:
    """The person's view of the whole shop."""
    policies = parse_policies([("shop.cedar", person.policies(dialect))], home="local")
    return policies.access(person.principal, catalog, dialect, Situation(), secret=SECRET)


def everything(catalog: Catalog, dialect: Dialect) -> Access:
    """The view of somebody who may read all of it."""
    return Access.to_all(Principal("ana"), catalog, dialect)


def as_written(sql: str, dialect: Dialect) -> AuthorizedQuery:
    """The statement as it stands, for a database from which everything that is kept was taken out."""
    return AuthorizedQuery(sql, sql, dialect, Principal("ana"), (), (), ("test",), LIMITS)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a statement.

    Args:
        refused: The error of the guard, if it refused.
        failed: The error of the engine, if it failed.
    """

    names: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    refused: GnomonError | None = None
    failed: GnomonError | None = None
    sql: str = ""

    @property
    def verdict(self) -> str:
        """One word for it."""
        return "refused" if self.refused else "failed" if self.failed else "answered"

    @property
    def error(self) -> GnomonError | None:
        """Whatever kept it from an answer."""
        return self.refused or self.failed

    def told(self, *, ordered: bool) -> Sequence[tuple[Any, ...]]:
        """The rows, comparable; sorted where the statement leaves the order open."""
        rows = [tuple(_comparable(cell) for cell in row) for row in self.rows]
        return rows if ordered else sorted(rows, key=repr)


def authorized(dialect: Dialect, access: Access, sql: str) -> AuthorizedQuery | GnomonError:
    """The statement as it was let through, or why it was not."""
    try:
        return authorize(Query(sql, dialect), access, LIMITS)
    except (Refused, Retry) as error:
        return error


def outcome(database: Database | Warehouse, query: AuthorizedQuery | GnomonError) -> Outcome:
    """Put what the guard made of a statement to the engine."""
    if isinstance(query, GnomonError):
        return Outcome(refused=query)
    try:
        found = database.execute(query)
    except GnomonError as error:
        return Outcome(failed=error, sql=query.sql)
    return Outcome(tuple(c.name for c in found.columns), tuple(found.rows), sql=query.sql)


def difference(statement: Statement, seen: Outcome, expected: Outcome) -> str:
    """What differs between the person's outcome and that on the reduced shop; empty if nothing does."""
    if seen.error is not None or expected.error is not None:
        both = seen.error is not None and expected.error is not None
        return "" if both else f"{seen.verdict} ({seen.error}), not {expected.verdict} ({expected.error})"
    if len(seen.names) != len(expected.names):
        return f"columns {seen.names}, not {expected.names}"
    ours, theirs = seen.told(ordered=statement.ordered), expected.told(ordered=statement.ordered)
    if ours != theirs:
        only, missing = [r for r in ours if r not in theirs][:4], [r for r in theirs if r not in ours][:4]
        return f"{len(ours)} rows, not {len(theirs)}; only seen: {only}; missing: {missing}"
    return ""


def _comparable(cell: Any) -> Any:
    if isinstance(cell, bool) or cell is None:
        return cell
    if isinstance(cell, float):
        return "nan" if math.isnan(cell) else float(f"{cell:.9g}")
    if isinstance(cell, Decimal):
        return float(f"{cell:.9g}")
    if isinstance(cell, dict):
        return tuple((k, _comparable(v)) for k, v in cell.items())
    if isinstance(cell, list | tuple):
        return tuple(_comparable(c) for c in cell)
    return cell
