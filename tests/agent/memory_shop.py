"""A shop whose words are easily taken the wrong way: two amounts, and sales that nothing is called."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from agent.desk import Desk
from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.models.port import Embedder
from gnomon.warehouses.connect import open_warehouse

TABLES = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR, region VARCHAR);
INSERT INTO customers SELECT i, 'Customer ' || i, ['North', 'South'][1 + i % 2] FROM range(1, 21) r(i);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), order_date DATE,
  status VARCHAR, amount DECIMAL(10, 2), net_amount DECIMAL(10, 2));
INSERT INTO orders SELECT i, 1 + i % 20, DATE '2026-01-01' + INTERVAL (i) DAY, 
  ['shipped', 'pending'][1 + i % 2],
  100, 80 FROM range(1, 101) r(i);
CREATE TABLE payments (id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (id),
  fee_paid DECIMAL(10, 2), tax_paid DECIMAL(10, 2));
INSERT INTO payments SELECT i, i, 3, 7 FROM range(1, 101) r(i);
"""


@contextmanager
def opened_shop(folder: Path, embedder: Embedder) -> Iterator[Desk]:
    """The shop's desk, with its index, in a folder."""
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute(TABLES)
    warehouse = open_warehouse(str(folder / "shop.duckdb"))
    build_index(warehouse, embedder, folder / "index.db")
    index = CatalogIndex.open(folder / "index.db")
    try:
        yield Desk(warehouse, index, embedder)
    finally:
        index.close()
        warehouse.close()
