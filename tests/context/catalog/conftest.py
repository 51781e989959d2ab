"""A small shop in DuckDB, an embedder that counts, and an index of the one by the other."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from gnomon.context.catalog.build import BuildReport, build_index
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.warehouses.connect import open_warehouse

SHOP = """
create table customers (
    id integer primary key, name varchar, city varchar, country varchar, segment varchar, is_test boolean
);
insert into customers values
    (1, 'Ana O''Brien', 'New York', 'US', 'Home Office', false), (2, 'Bob', 'York', 'GB', 'Consumer', false),
    (3, 'Cem', 'São Paulo', 'BR', 'Small Business', true), (4, 'Dora', 'Zürich', 'CH', 'Consumer', false),
    (5, 'Eve', 'Berlin', 'DE', 'Corporate', false);
create table products (
    id integer primary key, sku varchar, name varchar, category varchar, price_cents integer
);
insert into products values
    (1, 'ZX-81/B', 'Bottle', 'Beverages', 250), (2, '00731', 'Mug', 'Kitchen', 900),
    (3, '2024', 'Pen', 'Office', 100);
create table orders (
    id integer primary key, customer_id integer references customers (id),
    product_id integer references products (id), status varchar, state varchar,
    created_at timestamp, deleted_at timestamp
);
insert into orders select i, 1 + i % 5, 1 + i % 3, ['shipped', 'Cancelled', 'pending', 'OR'][1 + i % 4],
    ['OR', 'IN', 'all'][1 + i % 3], timestamp '2026-01-01' + to_hours(i), null from range(200) r(i);
"""


class CountingEmbedder:
    """A vector from each text's hash: quick, and tells which texts it was asked for."""

    def __init__(self, model_id: str = "counting") -> None:
        self.model_id = model_id
        self.dimensions = 8
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Any:
        self.texts += texts
        seeds = [int.from_bytes(hashlib.sha256(t.encode()).digest()[:8]) for t in texts]
        vectors = np.array([np.random.default_rng(s).normal(size=8) for s in seeds]).reshape(-1, 8)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def run_sql(path: Path, sql: str) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(sql)


@pytest.fixture
def change() -> Callable[[Path, str], None]:
    """Run SQL on a DuckDB file."""
    return run_sql


@pytest.fixture
def embedder() -> CountingEmbedder:
    return CountingEmbedder()


@pytest.fixture
def counting_vector() -> Callable[[str], Any]:
    """The vector that the counting embedder gives a text."""
    return lambda text: CountingEmbedder().embed([text])[0]


@pytest.fixture
def other_embedder() -> CountingEmbedder:
    return CountingEmbedder("another")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.duckdb"
    run_sql(path, SHOP)
    return path


@pytest.fixture
def index_path(tmp_path: Path) -> Path:
    return tmp_path / "index" / "shop.db"


@pytest.fixture
def build(index_path: Path, embedder: CountingEmbedder) -> Callable[..., BuildReport]:
    """Build the index of a DuckDB file."""

    def run(source: Path, **options: Any) -> BuildReport:
        warehouse = open_warehouse(str(source))
        try:
            return build_index(warehouse, options.pop("embedder", embedder), index_path, **options)
        finally:
            warehouse.close()

    return run


@pytest.fixture(scope="module")
def shop_index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CatalogIndex]:
    folder = tmp_path_factory.mktemp("shop")
    run_sql(folder / "shop.duckdb", SHOP)
    warehouse = open_warehouse(str(folder / "shop.duckdb"))
    build_index(warehouse, CountingEmbedder(), folder / "index.db")
    warehouse.close()
    index = CatalogIndex.open(folder / "index.db")
    yield index
    index.close()
