"""A small shop's catalogue, and past queries on it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gnomon.context.catalog.facts import Origin, PastQuery
from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.usage.collector import UsageCollector
from gnomon.domain.catalog import Catalog, Column, Evidence, Key, TableRef, TableSchema

NOW = datetime(2026, 11, 1, tzinfo=UTC)

_TABLES = {
    "orders": ("order_id", "customer_id status channel amount_cents paid_at deleted_at is_test"),
    "customers": ("customer_id", "name email city"),
    "order_lines": ("order_id line_no", "product quantity"),
    "events": ("", "happened_at payload"),
}


def _table(name: str, key: str, columns: str) -> TableSchema:
    names = [*key.split(), *columns.split()]
    keys = (Key(tuple(key.split()), Evidence("declared"), primary=True),) if key else ()
    return TableSchema(TableRef(name, "shop"), tuple(Column(c, "other", "") for c in names), keys=keys)


@pytest.fixture
def catalog() -> Catalog:
    return Catalog(tuple(_table(name, key, columns) for name, (key, columns) in _TABLES.items()))


@pytest.fixture
def names(catalog: Catalog) -> Names:
    return Names(table.ref for table in catalog.tables)


@pytest.fixture
def collector(catalog: Catalog, names: Names) -> UsageCollector:
    return UsageCollector(catalog, names, "duckdb", NOW)


@pytest.fixture
def past() -> Callable[..., PastQuery]:
    """A query that ran `days` ago."""

    def make(sql: str, days: float | None = 1.0, **fields: Any) -> PastQuery:
        last_run = NOW - timedelta(days=days) if days is not None else None
        return PastQuery(sql, Origin("usage", "log.jsonl:1"), last_run=last_run, **fields)

    return make
