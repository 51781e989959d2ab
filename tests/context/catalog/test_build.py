"""Building: incremental, resumable, all or nothing, and unmoved by odd warehouses."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from gnomon.context.catalog.build import BuildReport, build_index
from gnomon.context.catalog.file import building_path, table_id
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.catalog.texts import card_texts, card_vectors
from gnomon.domain.catalog import ColumnRef, TableProfile, TableRef, TableSchema
from gnomon.domain.errors import Failed, Misconfigured
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Warehouse
from remembering import EMBEDDER

Build = Callable[..., BuildReport]
Change = Callable[[Path, str], None]


def names(path: Path) -> list[str]:
    index = CatalogIndex.open(path)
    try:
        return [str(c.ref) for c in index.cards()]
    finally:
        index.close()


def assert_vectors_are_of_the_cards(path: Path, embedder: Any) -> None:
    """Each stored vector is the one that its card has, as float16."""
    index = CatalogIndex.open(path)
    cards = index.cards()
    index.close()
    with sqlite3.connect(path) as file:
        stored = dict(file.execute("select id, vector from rows join vectors using (seq)"))
    assert stored.keys() == {table_id(card.ref) for card in cards}
    for card, vector in zip(cards, card_vectors([card_texts(c) for c in cards], embedder), strict=True):
        kept = np.frombuffer(stored[table_id(card.ref)], dtype="<f2")
        assert kept == pytest.approx(vector, abs=1e-3)


@pytest.mark.requirement("ODA-14")
def test_every_table_has_one_card_and_one_vector(
    build: Build, shop: Path, index_path: Path, embedder: Any
) -> None:
    report = build(shop)
    assert (report.tables, report.profiled, report.embedded, report.problems) == (3, 3, 3, ())
    assert names(index_path) == ["customers", "orders", "products"]
    assert len(embedder.texts) == len(set(embedder.texts)), "each text is embedded once"
    assert len([t for t in embedder.texts if "." in t or ":" in t]) == 6, "two passages a table"
    assert_vectors_are_of_the_cards(index_path, embedder)


@pytest.mark.requirement("index:incremental")
def test_vectors_that_were_made_otherwise_are_all_made_anew_and_the_data_are_not_looked_at(
    build: Build, shop: Path, index_path: Path, embedder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr("gnomon.context.catalog.build.VECTORS", "of one passage")
        build(shop)
    with sqlite3.connect(index_path) as file:
        file.execute("update vectors set vector = zeroblob(length(vector))")
    report = build(shop)
    assert (report.unchanged, report.profiled, report.embedded) == (False, 0, 3)
    assert_vectors_are_of_the_cards(index_path, embedder)
    assert build(shop).unchanged


@pytest.mark.requirement("index:incremental")
def test_an_unchanged_warehouse_is_not_looked_at_again(build: Build, shop: Path, embedder: Any) -> None:
    build(shop)
    embedded = len(embedder.texts)
    report = build(shop)
    assert report.unchanged
    assert (report.tables, report.profiled, report.embedded) == (3, 0, 0)
    assert len(embedder.texts) == embedded


@pytest.mark.requirement("index:incremental")
def test_only_the_changed_table_is_embedded_again(
    build: Build, shop: Path, change: Change, embedder: Any
) -> None:
    build(shop)
    change(shop, "alter table products add column colour varchar")
    report = build(shop)
    assert (report.embedded, report.unchanged) == (1, False)
    assert "colour" in embedder.texts[-1]


@pytest.mark.requirement("index:incremental")
def test_new_values_are_found_and_old_ones_are_not(
    build: Build, shop: Path, change: Change, index_path: Path
) -> None:
    build(shop)
    change(shop, "update customers set city = 'Lagos' where city = 'Berlin'")
    build(shop)
    index = CatalogIndex.open(index_path)
    city = ColumnRef(TableRef("customers"), "city")
    assert (index.has_value(city, "Lagos"), index.has_value(city, "Berlin")) == (True, False)
    index.close()


@pytest.mark.requirement("index:incremental")
def test_a_dropped_table_leaves_nothing_behind(
    build: Build, shop: Path, change: Change, index_path: Path
) -> None:
    build(shop)
    change(shop, "drop table orders; create table refunds (id integer)")
    report = build(shop)
    assert (report.removed, report.embedded >= 1) == (1, True)
    index = CatalogIndex.open(index_path)
    assert "orders" not in {str(c.ref) for c in index.retrieve("cancelled orders", None, 10)}
    assert index.match_values("Cancelled") == ()
    index.close()


@pytest.mark.requirement("index:incremental")
def test_a_full_build_looks_at_everything_again(build: Build, shop: Path) -> None:
    build(shop)
    report = build(shop, full=True)
    assert (report.profiled, report.embedded) == (3, 3)


@pytest.mark.requirement("index:progress")
def test_progress_names_the_stage_and_counts_up_to_the_total(build: Build, shop: Path) -> None:
    told: list[tuple[str, int, int]] = []
    build(shop, progress=lambda stage, done, total: told.append((stage, done, total)))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == [
        "introspect",
        "infer joins",
        "profile",
        "read sources",
        "merge",
        "embed",
        "write",
    ]
    assert [t for t in told if t[0] == "profile"] == [("profile", i, 3) for i in range(3)]


@pytest.mark.requirement("ODA-14")
def test_an_index_of_another_embedder_is_refused(build: Build, shop: Path, other_embedder: Any) -> None:
    build(shop)
    with pytest.raises(Misconfigured) as refused:
        build(shop, embedder=other_embedder)
    assert "gnomon index --full" in refused.value.hint
    assert build(shop, embedder=other_embedder, full=True).embedded == 3


@pytest.mark.requirement("index:corrupt")
def test_a_corrupt_index_is_refused_and_made_anew_by_a_full_build(
    build: Build, shop: Path, index_path: Path
) -> None:
    build(shop)
    index_path.write_bytes(b"\x00garbage" * 5_000)
    for attempt in (lambda: build(shop), lambda: CatalogIndex.open(index_path)):
        with pytest.raises(Misconfigured) as refused:
            attempt()
        assert "gnomon index --full" in refused.value.hint
    assert build(shop, full=True).tables == 3


@pytest.mark.requirement("index:corrupt")
def test_a_corrupt_file_under_construction_is_thrown_away(build: Build, shop: Path, index_path: Path) -> None:
    building_path(index_path).parent.mkdir(parents=True)
    building_path(index_path).write_bytes(b"half a file" * 1_000)
    assert build(shop).embedded == 3


KILLED = """
import os, signal, sys
from pathlib import Path
from gnomon.context.catalog.build import build_index
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.warehouses.connect import open_warehouse

def kill(stage, done, total):
    if (stage, done) == (sys.argv[3], int(sys.argv[4])):
        os.kill(os.getpid(), signal.SIGKILL)

build_index(open_warehouse(sys.argv[1]), MiniLmEmbedder(), Path(sys.argv[2]), progress=kill)
"""


@pytest.mark.requirement("index:resume")
@pytest.mark.parametrize(("stage", "done", "left"), [("profile", 2, 1), ("embed", 0, 0), ("write", 0, 0)])
def test_a_killed_build_shows_readers_nothing_and_is_taken_up_where_it_was(
    build: Build, shop: Path, index_path: Path, stage: str, done: int, left: int
) -> None:
    command = [sys.executable, "-c", KILLED, str(shop), str(index_path), stage, str(done)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with pytest.raises(Misconfigured):
        CatalogIndex.open(index_path)
    report = build(shop, embedder=EMBEDDER)
    assert (report.tables, report.profiled) == (3, left)
    assert names(index_path) == ["customers", "orders", "products"]


@pytest.mark.requirement("index:resume")
def test_a_reader_keeps_its_index_while_another_takes_its_place(
    build: Build, shop: Path, change: Change, index_path: Path
) -> None:
    build(shop)
    before = CatalogIndex.open(index_path)
    change(shop, "drop table orders")
    build(shop)
    assert [c.ref.name for c in before.cards()] == ["customers", "orders", "products"]
    assert before.has_value(ColumnRef(TableRef("orders"), "status"), "Cancelled") is True
    before.close()
    assert names(index_path) == ["customers", "products"]


@pytest.mark.requirement("index:odd")
def test_an_empty_database_gives_an_index_without_tables(
    build: Build, tmp_path: Path, index_path: Path
) -> None:
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    assert build(tmp_path / "empty.duckdb").tables == 0
    index = CatalogIndex.open(index_path)
    assert (index.cards(), index.retrieve("anything", None, 5), index.match_values("anything")) == (
        (),
        (),
        (),
    )
    assert index.brief() == "0 tables."
    index.close()


ODD = """
create table "weird "" name; drop" ("a.b" varchar, "Über größe" varchar, "select" integer, "東京" varchar);
insert into "weird "" name; drop" values ('x.y', 'groß', 1, '渋谷');
create schema "sp ace";
create table "sp ace"."t.t" (v varchar);
insert into "sp ace"."t.t" values ('inside');
"""


@pytest.mark.requirement("index:odd")
def test_odd_names_are_indexed_and_found(
    build: Build, tmp_path: Path, change: Change, index_path: Path
) -> None:
    change(tmp_path / "odd.duckdb", ODD)
    assert build(tmp_path / "odd.duckdb").problems == ()
    index = CatalogIndex.open(index_path)
    assert {(c.ref.schema, c.ref.name) for c in index.cards()} == {
        ("", 'weird " name; drop'),
        ("sp ace", "t.t"),
    }
    assert index.card(TableRef("t.t", "sp ace")) is not None
    found = {(m.value, m.column.column) for m in index.match_values("GROSS in 渋谷 and inside")}
    assert found == {("groß", "Über größe"), ("渋谷", "東京"), ("inside", "v")}
    index.close()


@pytest.mark.requirement("index:odd")
def test_a_table_of_2000_columns_is_indexed(
    build: Build, tmp_path: Path, change: Change, index_path: Path
) -> None:
    columns = ", ".join(f"measure_{i} integer" for i in range(2_000))
    change(tmp_path / "wide.duckdb", f"create table wide ({columns}, code varchar)")
    assert build(tmp_path / "wide.duckdb").problems == ()
    index = CatalogIndex.open(index_path)
    assert len(index.cards()[0].columns) == 2_001
    assert [c.ref.name for c in index.retrieve("measure_1777", None, 1)] == ["wide"]
    index.close()


class WithBrokenTables:
    """A warehouse some of whose tables cannot be read, as when a view's source is gone."""

    def __init__(self, inner: Warehouse, broken: frozenset[str]) -> None:
        self._inner = inner
        self._broken = broken

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def profile(self, table: TableSchema, *, budget_s: float = 5.0) -> TableProfile:
        if table.ref.name in self._broken:
            raise Failed(f"view {table.ref} reads a table that is gone")
        return self._inner.profile(table, budget_s=budget_s)


@pytest.mark.requirement("index:odd")
def test_a_table_that_cannot_be_read_is_kept_with_a_caveat(
    shop: Path, index_path: Path, embedder: Any
) -> None:
    warehouse = open_warehouse(str(shop))
    report = build_index(WithBrokenTables(warehouse, frozenset({"orders"})), embedder, index_path)
    warehouse.close()
    assert report.problems == (("orders", "view orders reads a table that is gone"),)
    index = CatalogIndex.open(index_path)
    card = index.card(TableRef("orders"))
    assert card is not None
    assert card.caveats[0].text == "The table could not be read: view orders reads a table that is gone"
    index.close()


@pytest.mark.requirement("index:odd")
def test_a_warehouse_of_which_nothing_can_be_read_leaves_the_old_index_in_place(
    build: Build, shop: Path, change: Change, index_path: Path, embedder: Any
) -> None:
    build(shop)
    change(shop, "create table more (id integer)")
    warehouse = open_warehouse(str(shop))
    everything = frozenset({"orders", "customers", "products", "more"})
    with pytest.raises(Failed, match="no table of the warehouse could be read"):
        build_index(WithBrokenTables(warehouse, everything), embedder, index_path)
    warehouse.close()
    assert names(index_path) == ["customers", "orders", "products"]


@pytest.mark.requirement("index:odd")
def test_a_column_of_too_many_values_does_not_claim_to_know_them(
    build: Build, tmp_path: Path, change: Change, index_path: Path
) -> None:
    change(tmp_path / "big.duckdb", "create table t as select 'item ' || i as v from range(20000) r(i)")
    build(tmp_path / "big.duckdb")
    index = CatalogIndex.open(index_path)
    assert index.has_value(ColumnRef(TableRef("t"), "v"), "never") is None
    index.close()
