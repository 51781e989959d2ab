"""A small shop in a real database, and a way to put a question, its SQL and its answer before the checks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import duckdb
import pytest

from gnomon.agent.checks import CheckInput, run_checks
from gnomon.domain.answer import Check, Question
from gnomon.domain.catalog import CardColumn, Catalog, ColumnRef, TableCard, TableSchema
from gnomon.domain.context import Context, ValueMatch
from gnomon.domain.identity import Principal
from gnomon.domain.query import AuthorizedQuery, Limits, Query
from gnomon.domain.result import ResultTable
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Warehouse

ANA = Principal("ana@shop.test")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

SHOP = Path(__file__).with_name("shop.sql").read_text()


def _write_duckdb(path: Path, sql: str) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(sql)


def _write_sqlite(path: Path, sql: str) -> None:
    import sqlite3

    connection = sqlite3.connect(path)
    connection.executescript(sql)
    connection.commit()
    connection.close()


@dataclass(frozen=True)
class StoredValues:
    """Answers what the index answers, by reading the distinct values. `known` is False for a bare index."""

    warehouse: Warehouse
    known: bool = True

    def _values(self, column: ColumnRef) -> list[str]:
        return [value for value, _ in self.warehouse.distinct_values(column, limit=1000) or ()]

    def near_values(self, column: ColumnRef, literal: str, limit: int = 3) -> tuple[str, ...]:
        folded = {value.casefold(): value for value in self._values(column)}
        return tuple(folded[n] for n in get_close_matches(literal.casefold(), list(folded), limit, 0.5))

    def has_value(self, column: ColumnRef, literal: str) -> bool | None:
        return literal in self._values(column) if self.known else None


class Shop:
    """A warehouse with its catalog and cards, and the checks over it."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.catalog: Catalog = warehouse.introspect()
        self.values = StoredValues(warehouse)
        self.cards = tuple(self._card(table) for table in self.catalog.tables)
        self.ran: list[str] = []
        self.matches: tuple[ValueMatch, ...] = ()
        self.run: Callable[[str], ResultTable] = self._run

    def _card(self, table: TableSchema) -> TableCard:
        profiles = {p.column: p for p in self.warehouse.profile(table).columns}
        columns = tuple(CardColumn(c, profiles.get(c.name)) for c in table.columns)
        fresh = next((c.name for c in table.columns if c.name in ("order_date", "signup", "day")), "")
        return TableCard(table.ref, columns, table.row_count, keys=table.keys, freshness_column=fresh)

    def authorized(self, sql: str, limits: Limits) -> AuthorizedQuery:
        access = Access.to_all(ANA, self.catalog, self.warehouse.dialect)
        return authorize(Query(sql, self.warehouse.dialect), access, limits)

    def _run(self, sql: str) -> ResultTable:
        self.ran.append(sql)
        return self.warehouse.execute(self.authorized(sql, Limits()))

    def given(
        self, question: str, sql: str, text: str, *, earlier: tuple[str, ...] = (), max_rows: int = 1000
    ):  # type: ignore[no-untyped-def]
        query = self.authorized(sql, Limits(max_rows=max_rows))
        before = tuple(
            (q, self.warehouse.execute(q)) for q in (self.authorized(e, Limits()) for e in earlier)
        )
        return CheckInput(
            question=Question("q1", question, ANA, NOW, "c1"),
            context=Context(self.warehouse.dialect, NOW, cards=self.cards, values=self.matches),
            catalog=self.catalog,
            text=text,
            query=query,
            result=self.warehouse.execute(query),
            earlier=before,
            values=self.values,
            run=self.run,
        )

    def checks(self, question: str, sql: str, text: str = "Done.", **more: Any) -> dict[str, Check]:
        """Every check's finding by name."""
        return {check.name: check for check in run_checks(self.given(question, sql, text, **more))}

    def without_profiles(self) -> None:
        """Forget the profiles, as for a table that the index has not looked at."""
        self.cards = tuple(
            replace(card, columns=tuple(replace(c, profile=None) for c in card.columns))
            for card in self.cards
        )


Open = Callable[..., Shop]


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Open]:
    """Write SQL into a new database of an engine and open it."""
    opened: list[Warehouse] = []

    def write(engine: str = "duckdb", sql: str = SHOP) -> Shop:
        path = tmp_path / f"shop{len(opened)}.{engine}"
        (_write_duckdb if engine == "duckdb" else _write_sqlite)(path, sql)
        opened.append(open_warehouse(str(path)))
        return Shop(opened[-1])

    yield write
    for warehouse in opened:
        warehouse.close()


@pytest.fixture(params=["duckdb", "sqlite"])
def shop(request: pytest.FixtureRequest, open_shop: Open) -> Shop:
    """The shop, in each embedded engine."""
    return open_shop(request.param)


@pytest.fixture
def duck(open_shop: Open) -> Shop:
    """The shop in DuckDB, where the engine makes no difference."""
    return open_shop("duckdb")
