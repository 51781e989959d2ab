"""What statements told is kept in the index: unchanged ones are not read again, changed ones are."""

import sqlite3
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from context.catalog.enrich.made_up_shop import SHOP, code, table
from context.catalog.told import Told, fact
from gnomon.context.catalog.build import BuildReport
from gnomon.context.catalog.enrich.extract import Extracted, extract
from gnomon.context.catalog.enrich.kept import KeptStatements
from gnomon.context.catalog.enrich.statement import extract_one
from gnomon.context.catalog.enrich.version import rules_version
from gnomon.context.catalog.enrich.warehouse import Warehouse
from gnomon.context.catalog.facts import Origin, PipelineCode
from gnomon.context.catalog.file import start_building
from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.catalog import Catalog, TableRef, TableSchema

pytestmark = pytest.mark.requirement("enrichment:kept")

USERS = code("mart.users", "SELECT id, email FROM raw.users WHERE NOT is_test")
ORDERS = code(
    "mart.orders",
    "SELECT o.id, o.user_id, o.amount_cents / 100.0 AS amount, u.country"
    " FROM raw.orders AS o LEFT JOIN mart.users AS u ON u.id = o.user_id WHERE o.deleted_at IS NULL",
)
BROKEN = code("mart.odd", "SELEC 1 FRM")


@pytest.fixture
def file(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An index under construction."""
    connection = start_building(tmp_path / "index.db", embedder="none:1", full=True)
    yield connection
    connection.close()


def read(
    kept: KeptStatements | None,
    *statements: PipelineCode,
    tables: tuple[TableSchema, ...] = SHOP,
    dialect: str = "duckdb",
) -> Extracted:
    return extract(statements, Catalog(tables), Names(t.ref for t in tables), dialect, kept=kept)


def reused(file: sqlite3.Connection, *statements: PipelineCode, **options: object) -> int:
    """How many of the statements are not read again; what they tell is what reading all of them tells."""
    kept = KeptStatements(file)
    assert read(kept, *statements, **options) == read(None, *statements, **options)  # type: ignore[arg-type]
    return kept.reused


def rows(file: sqlite3.Connection) -> int:
    (count,) = file.execute("select count(*) from code_read").fetchone()
    return int(count)


def test_an_unchanged_statement_is_not_read_again_and_tells_the_same(file: sqlite3.Connection) -> None:
    assert reused(file, USERS, ORDERS, BROKEN) == 0
    assert reused(file, USERS, ORDERS, BROKEN) == 3


def test_a_changed_statement_is_read_again_and_what_it_told_is_forgotten(file: sqlite3.Connection) -> None:
    reused(file, USERS, ORDERS)
    changed = replace(USERS, sql=USERS.sql.replace("NOT is_test", "deleted_at IS NULL"))
    assert reused(file, changed, ORDERS) == 1
    assert rows(file) == 2
    assert reused(file, USERS, ORDERS) == 1, "the older text is as new as any other"


@pytest.mark.parametrize(
    "changed",
    [
        replace(ORDERS, dialect="postgres"),
        replace(ORDERS, materialized="incremental"),
        replace(ORDERS, origin=Origin("code", "elsewhere.sql:1", "sql")),
        replace(ORDERS, table="mart.sales"),
    ],
)
def test_whatever_its_facts_are_made_of_counts_as_a_change(
    file: sqlite3.Connection, changed: PipelineCode
) -> None:
    reused(file, USERS, ORDERS)
    assert reused(file, USERS, changed) == 1


def test_code_without_a_dialect_is_read_again_for_a_warehouse_of_another_one(
    file: sqlite3.Connection,
) -> None:
    reused(file, USERS)
    assert reused(file, USERS, dialect="postgres") == 0


def test_a_statement_is_read_again_when_a_table_that_it_names_has_other_columns(
    file: sqlite3.Connection,
) -> None:
    star = code("mart.stores", "SELECT * FROM raw.stores")
    reused(file, USERS, star)
    wider = tuple(t if t.ref.name != "stores" else table("raw.stores", "id name city") for t in SHOP)
    assert reused(file, USERS, star, tables=wider) == 1


def test_a_statement_is_read_again_when_a_name_in_it_means_another_table(file: sqlite3.Connection) -> None:
    """`visits` is the one table of that name, until the default schema has one too, with the same columns."""
    bare = code("mart.seen", "SELECT id FROM visits")
    visits = next(t for t in SHOP if t.ref.name == "visits")
    reused(file, bare)
    both = (*SHOP, replace(visits, ref=TableRef("visits")))
    assert reused(file, bare, tables=both) == 0
    assert {e.upstream for e in read(KeptStatements(file), bare, tables=both).lineage} == {"visits"}


def test_other_rules_read_everything_again(file: sqlite3.Connection) -> None:
    reused(file, USERS, ORDERS)
    later = KeptStatements(file, rules="of the next release")
    assert rows(file) == 0
    read(later, USERS, ORDERS)
    assert (later.reused, rows(file)) == (0, 2)
    again = KeptStatements(file, rules="of the next release")
    read(again, USERS, ORDERS)
    assert again.reused == 2


def test_a_statement_that_is_gone_is_forgotten(file: sqlite3.Connection) -> None:
    reused(file, USERS, ORDERS)
    assert reused(file, ORDERS) == 1
    assert rows(file) == 1


def test_what_is_kept_has_a_bound_and_the_rest_is_read_each_time(file: sqlite3.Connection) -> None:
    warehouse = Warehouse(Catalog(SHOP), Names(t.ref for t in SHOP))
    kept = KeptStatements(file)
    kept.keep(extract_one(USERS, warehouse, "duckdb"))
    (room,) = file.execute("select length(told) from code_read").fetchone()
    for _ in range(2):
        kept = KeptStatements(file, max_bytes=room)
        assert read(kept, USERS, ORDERS) == read(None, USERS, ORDERS)
        assert (kept.reused, rows(file)) == (1, 1)


@pytest.mark.parametrize("damage", [b"", b"no zlib", zlib.compress(b"{}"), zlib.compress(b'{"a": 1}'), 7])
def test_a_damaged_row_is_read_again(file: sqlite3.Connection, damage: object) -> None:
    reused(file, USERS, ORDERS)
    file.execute("update code_read set told = ?", (damage,))
    assert reused(file, USERS, ORDERS) == 0
    assert reused(file, USERS, ORDERS) == 2


def test_what_took_too_long_is_not_kept(file: sqlite3.Connection) -> None:
    """Another machine may read it in time."""
    late = extract_one(USERS, Warehouse(Catalog(SHOP), Names(())), "duckdb", max_seconds=0.0)
    assert "takes too long" in late.problems[0].message
    KeptStatements(file).keep(late)
    assert rows(file) == 0


def test_the_version_of_the_rules_is_the_same_in_every_process() -> None:
    assert rules_version() == rules_version.__wrapped__()
    assert len(rules_version()) == 32


def test_a_build_reads_only_the_code_that_changed(
    build: Callable[..., BuildReport], shop: Path, index_path: Path
) -> None:
    """What is kept is altered in the index file: the cards of the next build tell what was read anew."""
    one = PipelineCode("orders", "select id from imported where status <> 'void'", _at("orders.sql"))
    other = PipelineCode("products", "select id from supplied where status <> 'void'", _at("products.sql"))
    source = Told((one, other))
    build(shop, sources=(source,))
    with sqlite3.connect(index_path) as file:
        for digest, told in file.execute("select digest, told from code_read").fetchall():
            altered = zlib.decompress(told).replace(b"void", b"kept")
            file.execute("update code_read set told = ? where digest = ?", (zlib.compress(altered), digest))
    source.items = (one, replace(other, sql=f"{other.sql} and id > 7"), fact("orders", "owner", "Ana"))
    build(shop, sources=(source,))
    index = CatalogIndex.open(index_path)
    cards = {card.ref.name: " ".join(s.text for s in card.statements) for card in index.cards()}
    index.close()
    assert "status <> 'kept'" in cards["orders"]
    assert "status <> 'void'" in cards["products"]


def test_a_build_that_is_cut_short_keeps_what_it_has_read(
    build: Callable[..., BuildReport], shop: Path, index_path: Path
) -> None:
    many = tuple(PipelineCode("orders", f"select {i} as id", _at(f"o{i}.sql")) for i in range(120))

    def stops(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("read pipeline code", 110):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        build(shop, sources=(Told(many),), progress=stops)
    with sqlite3.connect(f"{index_path}.building") as file:
        assert rows(file) == 100


def _at(file: str) -> Origin:
    return Origin("code", f"{file}:1", "told:test")
