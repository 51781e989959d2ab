"""A shop with look-alike tables in a real database, with its real index."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from agent.desk import Desk
from context.catalog.told import Told, fact
from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.models.port import Embedder
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Warehouse
from remembering import EMBEDDER

SHOP = Path(__file__).with_name("shop.sql")
SAID = Told(
    (
        fact("orders", "owner", "the finance team"),
        fact("orders", "meaning", "One row per order that was placed."),
        fact("orders_2019", "meaning", "Orders of the old shop system, closed in 2019."),
        fact("orders_2019", "use_instead", "orders"),
        fact("customers", "column_meaning", "Loyalty level, set by the sales team", column="tier"),
    )
)


@pytest.fixture(scope="session")
def _shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Warehouse, CatalogIndex, Embedder]]:
    folder = tmp_path_factory.mktemp("agent-shop")
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute(SHOP.read_text())
    warehouse, embedder = open_warehouse(str(folder / "shop.duckdb")), EMBEDDER
    build_index(warehouse, embedder, folder / "index.db", sources=(SAID,))
    index = CatalogIndex.open(folder / "index.db")
    yield warehouse, index, embedder
    index.close()
    warehouse.close()


@pytest.fixture
def desk(_shop: tuple[Warehouse, CatalogIndex, Embedder]) -> Desk:
    """The shop's desk, with nothing on it."""
    return Desk(*_shop)
