"""Reading a finished index."""

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gnomon.context.catalog.build import BuildReport, build_index
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.catalog import TableRef
from gnomon.domain.errors import Misconfigured
from gnomon.warehouses.connect import open_warehouse
from remembering import EMBEDDER


@pytest.mark.requirement("ODA-15")
def test_tables_are_retrieved_by_a_synonym_and_by_a_rare_word(shop: Path, index_path: Path) -> None:
    embedder, warehouse = EMBEDDER, open_warehouse(str(shop))
    build_index(warehouse, embedder, index_path)
    warehouse.close()
    index = CatalogIndex.open(index_path)
    by_meaning = index.retrieve("clients", embedder.embed(["clients"])[0], 1)[0]
    assert (by_meaning.ref.name, by_meaning.text_rank, by_meaning.reason) == (
        "customers",
        None,
        "meaning (rank 1)",
    )
    by_words = index.retrieve("sku", None, 1)[0]
    assert (by_words.ref.name, by_words.dense_rank, by_words.text_rank) == ("products", None, 1)
    index.close()


@pytest.mark.requirement("index:reader")
def test_the_index_says_what_it_is_of(
    build: Callable[..., BuildReport], shop: Path, index_path: Path
) -> None:
    build(shop)
    index, warehouse = CatalogIndex.open(index_path), open_warehouse(str(shop))
    assert (index.warehouse_id, index.fingerprint) == (warehouse.warehouse_id, warehouse.fingerprint())
    assert index.embedder_id == "counting"
    assert abs((datetime.now(UTC) - index.built_at).total_seconds()) < 60
    warehouse.close()
    index.close()


@pytest.mark.requirement("index:reader")
def test_the_catalog_and_the_cards_speak_of_the_same_tables(shop_index: CatalogIndex) -> None:
    catalog = shop_index.catalog()
    assert [t.ref for t in catalog.tables] == [c.ref for c in shop_index.cards()]
    assert {(str(j.child), str(j.parent)) for j in catalog.joins} == {
        ("orders", "customers"),
        ("orders", "products"),
    }
    assert shop_index.card(TableRef("orders")) == shop_index.cards()[1]
    assert shop_index.card(TableRef("nowhere")) is None


@pytest.mark.requirement("index:reader")
def test_a_missing_index_is_told_with_the_command_that_makes_it(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refused:
        CatalogIndex.open(tmp_path / "none.db")
    assert "gnomon index" in refused.value.hint


@pytest.mark.requirement("index:reader")
@pytest.mark.parametrize("change", [{"format": "0"}, {"complete": "0"}, {"embedder": "nonsense"}])
def test_an_index_of_another_format_is_refused(
    build: Callable[..., BuildReport], shop: Path, index_path: Path, change: dict[str, Any]
) -> None:
    build(shop)
    with sqlite3.connect(index_path) as file:
        file.executemany("update meta set value = ? where name = ?", [(v, k) for k, v in change.items()])
    with pytest.raises(Misconfigured) as refused:
        CatalogIndex.open(index_path)
    assert "gnomon index --full" in refused.value.hint


@pytest.mark.requirement("index:corrupt")
def test_damage_found_while_reading_is_told_with_the_command_that_mends_it(
    build: Callable[..., BuildReport], shop: Path, index_path: Path
) -> None:
    build(shop)
    content = bytearray(index_path.read_bytes())
    content[8_192:] = b"\xff" * (len(content) - 8_192)
    index_path.write_bytes(content)

    def use() -> None:
        index = CatalogIndex.open(index_path)
        index.cards()
        index.match_values("Berlin")

    with pytest.raises(Misconfigured) as refused:
        use()
    assert "gnomon index --full" in refused.value.hint


@pytest.mark.requirement("index:reader")
def test_threads_share_one_reader(shop_index: CatalogIndex) -> None:
    def ask(_: int) -> tuple[object, ...]:
        return shop_index.match_values("cancelled in Berlin"), shop_index.retrieve("orders", None, 2)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(40)))) == 1
