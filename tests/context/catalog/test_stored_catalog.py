"""The catalog in the index file: like one in memory, but read when it is asked for."""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.agent.assemble import bridges
from gnomon.agent.scratch import scratch_for
from gnomon.context.catalog import codec
from gnomon.context.catalog.build import BuildReport
from gnomon.context.catalog.file import table_id
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.catalog.stored import StoredCatalog, write_catalog
from gnomon.domain.answer import Question
from gnomon.domain.catalog import Catalog, Column, Evidence, Join, TableRef, TableSchema
from gnomon.domain.errors import Misconfigured
from gnomon.domain.identity import Principal
from gnomon.policy.authority import owners_authority

NAMES = st.sampled_from(["orders", "Orders", "ORDERS", "straße", "STRASSE", "order\x1fs", "ta'ble", "İd"])
REFS = st.builds(TableRef, NAMES, st.sampled_from(["", "main", "Main", "sales"]))


def schema(ref: TableRef) -> TableSchema:
    return TableSchema(ref, (Column("id", "integer", "INTEGER"),), comment=f"All of {ref}.")


def join(child: TableRef, parent: TableRef) -> Join:
    return Join(child, ("id",), parent, ("id",), Evidence("measured", 0.99, 7))


def catalog_of(refs: Iterable[TableRef], ends: Iterable[tuple[TableRef, TableRef]] = ()) -> Catalog:
    return Catalog(tuple(map(schema, refs)), tuple(join(*pair) for pair in ends))


@contextmanager
def stored(catalog: Catalog, asked: list[str] | None = None) -> Iterator[StoredCatalog]:
    """The catalog in a file of its own; the statements that are run on it are kept in `asked`."""
    from gnomon.context.catalog.file import _SCHEMA

    with closing(sqlite3.connect(":memory:")) as file:
        file.executescript(_SCHEMA)
        write_catalog(file, catalog)

        def read(sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
            rows = file.execute(sql, values).fetchall()
            if asked is not None and "described" in sql:
                asked.extend(str(text) for *_, text in rows)
            return rows

        yield StoredCatalog(Path("index.db"), read)


@pytest.mark.requirement("index:lazy")
@settings(derandomize=True, deadline=None)
@given(st.lists(REFS, unique=True, max_size=12), st.lists(st.tuples(REFS, REFS), max_size=5), st.data())
def test_a_stored_catalog_tells_what_the_one_in_memory_tells(
    refs: list[TableRef], ends: list[tuple[TableRef, TableRef]], data: st.DataObject
) -> None:
    catalog = catalog_of([r for r in refs if "\x1f" not in r.schema], ends)
    with stored(catalog) as kept:
        asked = data.draw(REFS)
        for schema_name in ("", asked.schema):
            assert kept.find(asked.name, schema_name) == catalog.find(asked.name, schema_name)
        assert kept.joins_of(asked) == catalog.joins_of(asked)
        assert kept.exact(asked) == next((t for t in catalog.tables if t.ref == asked), None)
        assert list(kept.names()) == list(catalog.names())
        assert (kept, kept.refs) == (catalog, tuple(t.ref for t in catalog.tables))
        assert catalog == kept
        assert hash(catalog) == hash(kept)


@pytest.mark.requirement("index:lazy")
def test_a_stored_catalog_differs_from_one_that_knows_another_table() -> None:
    refs = [TableRef("orders"), TableRef("customers")]
    with stored(catalog_of(refs)) as kept:
        assert kept != catalog_of(refs[:1])
        assert kept != catalog_of(refs, [(refs[0], refs[1])])
        assert kept != "index.db"


@pytest.mark.requirement("index:lazy")
def test_only_the_tables_and_joins_that_are_asked_for_are_read() -> None:
    refs = [TableRef(f"t{i}") for i in range(1_000)]
    asked: list[str] = []
    with stored(catalog_of(refs, [(refs[i], refs[i // 2]) for i in range(1, 1_000)]), asked) as kept:
        assert len(kept.refs) == len(list(kept.names())) == 1_000
        assert asked == []
        first = kept.find("T7")
        assert kept.exact(TableRef("t7")) is first
        assert asked == [codec.schema_to_json(schema(TableRef("t7")))]
        assert [(j.child.name, j.parent.name) for j in kept.joins_of(TableRef("t7"))] == [
            ("t7", "t3"),
            ("t14", "t7"),
            ("t15", "t7"),
        ]
        assert len(asked) == 4
        assert kept.tables[7] is first


def damage(path: Path, table: str, ref: TableRef, text: str) -> None:
    column = "card" if table == "cards" else "described"
    with closing(sqlite3.connect(path)) as file, file:
        changed = file.execute(f"update {table} set {column} = ? where id = ?", (text, table_id(ref)))
        assert changed.rowcount == 1


@pytest.mark.requirement("index:corrupt")
@pytest.mark.parametrize(
    "text", ["", "[1", "[]", "7", "{}", '[["orders",""],[[]],0,0,"",[],""]', "[" * 100_000]
)
@pytest.mark.parametrize("part", ["tables", "cards"])
def test_a_damaged_row_is_told_with_the_name_of_its_table(
    build: Callable[..., BuildReport], shop: Path, index_path: Path, part: str, text: str
) -> None:
    build(shop)
    damage(index_path, part, TableRef("orders"), text)
    with closing(CatalogIndex.open(index_path)) as index:
        catalog = index.catalog()
        assert catalog.find("customers") is not None
        assert index.card(TableRef("customers")) is not None
        for look in (
            (lambda: catalog.find("orders")) if part == "tables" else lambda: index.card(TableRef("orders")),
            (lambda: catalog.tables) if part == "tables" else index.cards,
        ):
            with pytest.raises(Misconfigured) as told:
                look()
            assert "`orders`" in str(dict(told.value.facts)["reason"])
            assert "gnomon index --full" in told.value.hint


@pytest.mark.requirement("index:corrupt")
def test_a_damaged_join_is_told_with_the_names_of_its_tables(
    build: Callable[..., BuildReport], shop: Path, index_path: Path
) -> None:
    build(shop)
    with closing(sqlite3.connect(index_path)) as file, file:
        file.execute("update joins set described = '[]' where parent_id like '%customers'")
    with closing(CatalogIndex.open(index_path)) as index:
        assert index.catalog().joins_of(TableRef("products"))
        with pytest.raises(Misconfigured) as told:
            index.catalog().joins_of(TableRef("customers"))
    assert "`orders` and `customers`" in dict(told.value.facts)["reason"]


@pytest.mark.requirement("index:lazy")
def test_a_rebuilt_index_holds_the_new_catalog_and_no_table_that_is_gone(
    build: Callable[..., BuildReport], change: Callable[[Path, str], None], shop: Path, index_path: Path
) -> None:
    build(shop)
    change(shop, "drop table orders; create table returns (id integer primary key, customer_id integer)")
    build(shop)
    with closing(CatalogIndex.open(index_path)) as index:
        assert [t.ref.name for t in index.catalog().tables] == ["customers", "products", "returns"]
        assert index.catalog().find("orders") is None
        assert index.catalog().joins_of(TableRef("orders")) == ()


@pytest.mark.requirement("index:codec")
def test_a_described_table_is_plain_json_in_the_order_of_the_fields() -> None:
    described = json.loads(codec.schema_to_json(replace(schema(TableRef("orders", "shop")), row_count=3)))
    assert described[0] == ["orders", "shop"]
    assert described[3] == 3


@pytest.mark.requirement("index:lazy")
def test_the_owners_rights_and_the_ways_between_tables_read_only_tables_on_the_way() -> None:
    question = Question("q1", "?", Principal("me", method="local"), datetime.now(UTC), "c1")
    refs = [TableRef(f"t{i}") for i in range(1_000)]
    asked: list[str] = []
    with stored(catalog_of(refs, [(refs[i], refs[i - 1]) for i in range(1, 1_000)]), asked) as kept:
        access = owners_authority(question).access(kept, "duckdb")
        assert access.sees_all
        assert access.catalog is kept
        assert bridges(kept, [refs[500], refs[502]]) == [refs[501], refs[501]]
        assert scratch_for(None, question, "w", kept) is None
        assert len(asked) < 30
