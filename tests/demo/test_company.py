"""The demo warehouse: same seed, same rows; the traps are really there; the marts avoid them."""

import json
import re
import time
from datetime import date
from pathlib import Path

import duckdb
import pytest


def one(db: duckdb.DuckDBPyConnection, sql: str) -> object:
    row = db.execute(sql).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.requirement("demo:same-seed-same-rows")
def test_the_same_seed_gives_the_same_rows(tmp_path: Path) -> None:
    from company.build import build_warehouse, content_hash

    first, second, other = (tmp_path / name for name in ("a.duckdb", "b.duckdb", "c.duckdb"))
    build_warehouse(first, seed=5, share=0.05)
    build_warehouse(second, seed=5, share=0.05)
    build_warehouse(other, seed=6, share=0.05)
    assert content_hash(first) == content_hash(second) != content_hash(other)


def test_building_leaves_no_draft_behind(tmp_path: Path) -> None:
    from company.build import build_warehouse

    build_warehouse(tmp_path / "w.duckdb", share=0.01)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["query_log.jsonl", "w.duckdb"]


def test_a_warehouse_of_the_same_recipe_is_not_built_again(tmp_path: Path) -> None:
    from company.build import ensure_warehouse

    path = tmp_path / "folder with spaces" / "w.duckdb"
    assert ensure_warehouse(path)
    assert not ensure_warehouse(path)
    path.with_suffix(".recipe").write_text("an older recipe", encoding="utf-8")
    assert ensure_warehouse(path)


def test_building_takes_less_than_fifteen_seconds_of_processor_time(tmp_path: Path) -> None:
    from company.build import build_warehouse

    started = time.process_time()
    build_warehouse(tmp_path / "w.duckdb")
    assert time.process_time() - started < 15


def test_there_are_three_layers_of_tables_with_a_few_hundred_thousand_rows(
    db: duckdb.DuckDBPyConnection,
) -> None:
    tables = db.execute("SELECT table_schema, table_name FROM information_schema.tables").fetchall()
    assert {schema for schema, _ in tables} == {"raw", "staging", "marts"}
    assert 18 <= len(tables) <= 25
    rows = sum(int(str(one(db, f"SELECT count(*) FROM {s}.{t}"))) for s, t in tables if s != "staging")
    assert 200_000 < rows < 900_000


def test_names_are_unique_across_schemas(db: duckdb.DuckDBPyConnection) -> None:
    names = [n for (n,) in db.execute("SELECT table_name FROM information_schema.tables").fetchall()]
    assert len(set(names)) == len(names)


def test_most_tables_carry_a_comment_and_some_do_not(db: duckdb.DuckDBPyConnection) -> None:
    share = one(db, "SELECT avg((comment IS NOT NULL)::INT) FROM duckdb_tables()")
    assert isinstance(share, float)
    assert 0.8 < share < 1


def test_keys_are_declared_only_in_part(db: duckdb.DuckDBPyConnection) -> None:
    keyed = (
        "SELECT count(DISTINCT table_name) FROM duckdb_constraints() WHERE constraint_type = 'PRIMARY KEY'"
    )
    assert 5 < int(str(one(db, keyed))) < int(str(one(db, "SELECT count(*) FROM duckdb_tables()")))
    links = "SELECT count(*) FROM duckdb_constraints() WHERE constraint_type = 'FOREIGN KEY'"
    assert 0 < int(str(one(db, links))) < 6


@pytest.mark.requirement("demo:traps")
@pytest.mark.parametrize(
    ("trap", "sql"),
    [
        (
            "test accounts, a part of them known by address only",
            "SELECT count(*) FROM raw.shop_customers WHERE email LIKE '%@test.%' AND NOT is_test",
        ),
        ("soft-deleted customers", "SELECT count(*) FROM raw.shop_customers WHERE deleted_at IS NOT NULL"),
        ("soft-deleted orders", "SELECT count(*) FROM raw.shop_orders WHERE deleted_at IS NOT NULL"),
        ("cancelled orders with an amount", "FROM marts.orders SELECT count(*) WHERE status = 'cancelled'"),
        (
            "orders with two payments",
            "SELECT count(*) FROM (SELECT order_id FROM marts.payments GROUP BY 1 HAVING count(*) > 1)",
        ),
        (
            "orders whose UTC day is not the business day",
            "SELECT count(*) FROM marts.orders WHERE CAST(ordered_at AS DATE) <> order_date",
        ),
        (
            "customers with several rows of history",
            "SELECT count(*) - count(DISTINCT customer_id) FROM marts.customer_history",
        ),
        (
            "orders of people who are no longer customers",
            "SELECT count(*) FROM marts.orders ANTI JOIN marts.customers USING (customer_id)",
        ),
        ("logged-out visits", "SELECT count(*) FROM raw.web_sessions WHERE customer_id IS NULL"),
        ("visits of robots", "SELECT count(*) FROM raw.web_sessions WHERE is_bot"),
        ("failed payments", "SELECT count(*) FROM raw.pay_payments WHERE status = 'failed'"),
        ("a closed store", "SELECT count(*) FROM marts.stores WHERE closed_on IS NOT NULL"),
    ],
)
def test_the_traps_of_a_real_warehouse_are_there(db: duckdb.DuckDBPyConnection, trap: str, sql: str) -> None:
    assert int(str(one(db, sql))) > 0, trap


def test_the_stale_table_stopped_months_before_the_others(db: duckdb.DuckDBPyConnection) -> None:
    stale = date.fromisoformat(str(one(db, "SELECT max(sales_date) FROM marts.daily_store_sales")))
    fresh = date.fromisoformat(str(one(db, "SELECT max(order_date) FROM marts.orders")))
    assert (fresh - stale).days > 180


def test_the_deprecated_column_is_empty_for_newer_customers(db: duckdb.DuckDBPyConnection) -> None:
    assert one(db, "SELECT count(segment) FROM marts.customers WHERE signup_date > '2024-07-02'") == 0
    assert int(str(one(db, "SELECT count(segment) FROM marts.customers"))) > 0


def test_the_look_alike_tables_disagree_every_month(db: duckdb.DuckDBPyConnection) -> None:
    sql = """SELECT min(visitors / users) FROM (
        SELECT sum(v.active_visitors) AS visitors, sum(u.active_users) AS users
        FROM marts.daily_active_visitors AS v JOIN marts.daily_active_users AS u USING (activity_date)
        GROUP BY date_trunc('month', activity_date))"""
    assert float(str(one(db, sql))) > 1.5


def test_no_test_account_reaches_the_marts(db: duckdb.DuckDBPyConnection) -> None:
    assert one(db, "SELECT count(*) FROM marts.customers WHERE email LIKE '%@test.%'") == 0
    sql = """SELECT count(*) FROM marts.orders JOIN raw.shop_customers USING (customer_id)
        WHERE email LIKE '%@test.%'"""
    assert one(db, sql) == 0


def test_order_lines_add_up_to_the_revenue_of_the_orders(db: duckdb.DuckDBPyConnection) -> None:
    lines = float(str(one(db, "SELECT sum(net_revenue) FROM marts.order_items")))
    orders = float(str(one(db, "SELECT sum(net_revenue) FROM marts.orders")))
    assert lines == pytest.approx(orders, rel=1e-6)


def test_every_customer_has_one_current_row_of_history(db: duckdb.DuckDBPyConnection) -> None:
    current = one(db, "SELECT count(*) FROM marts.customer_history WHERE is_current")
    assert current == one(db, "SELECT count(*) FROM marts.customers")
    backwards = "SELECT count(*) FROM marts.customer_history WHERE valid_to < valid_from"
    assert one(db, backwards) == 0


def test_every_order_lies_between_the_first_and_the_last_day(db: duckdb.DuckDBPyConnection) -> None:
    low, high = (str(one(db, f"SELECT {f}(order_date) FROM marts.orders")) for f in ("min", "max"))
    assert (low, high) == ("2023-01-01", "2026-10-31")


def test_store_orders_keep_the_local_day(db: duckdb.DuckDBPyConnection) -> None:
    sql = """SELECT count(*) FROM marts.orders AS o JOIN raw.shop_orders AS r USING (order_id)
        WHERE o.channel = 'store' AND o.order_date <> CAST(r.placed_at AS DATE)"""
    assert one(db, sql) == 0


def test_no_product_is_sold_before_its_launch(db: duckdb.DuckDBPyConnection) -> None:
    sql = """SELECT count(*) FROM marts.order_items AS i JOIN marts.products AS p USING (product_id)
        WHERE i.order_date < p.launched_on - 1"""
    assert one(db, sql) == 0


@pytest.mark.requirement("ODA-07")
def test_the_query_log_mixes_dashboards_with_one_offs_and_failures(warehouse: Path) -> None:
    lines = warehouse.with_name("query_log.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    assert len(entries) >= 200
    assert {e["source"] for e in entries} == {"dashboard", "view", "notebook", "adhoc"}
    assert any(not e["succeeded"] for e in entries)
    assert all(e["author"].endswith("@fernhill.example") for e in entries)


def test_queries_in_the_log_run_exactly_if_they_say_so(
    db: duckdb.DuckDBPyConnection, warehouse: Path
) -> None:
    for line in warehouse.with_name("query_log.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        try:
            db.execute(f"EXPLAIN {entry['sql']}")
            ran = True
        except duckdb.Error:
            ran = False
        assert ran == entry["succeeded"], entry["sql"]


def test_owner_notes_speak_of_tables_and_columns_that_exist(
    demo: Path, db: duckdb.DuckDBPyConnection
) -> None:
    from gnomon.context.catalog.facts import Fact
    from gnomon.context.catalog.sources.annotations import open_annotations

    said = list(open_annotations(demo / "annotations", "annotations:annotations").read())
    sql = "SELECT table_schema || '.' || table_name, column_name FROM information_schema.columns"
    known = set(db.execute(sql).fetchall())
    tables = {table for table, _ in known}
    assert len({item.table for item in said if isinstance(item, Fact)}) >= 10
    for item in said:
        assert isinstance(item, Fact), item
        assert item.table in tables
        assert not item.column or (item.table, item.column) in known
        assert item.kind != "use_instead" or item.text.split()[0].strip("`") in tables


def test_documents_name_only_tables_that_exist(demo: Path, db: duckdb.DuckDBPyConnection) -> None:
    tables = {
        f"{s}.{t}"
        for s, t in db.execute("SELECT table_schema, table_name FROM information_schema.tables").fetchall()
    }
    pages = sorted((demo / "documents").glob("*.md"))
    assert len(pages) >= 5
    for page in pages:
        named = re.findall(r"`((?:raw|staging|marts)\.\w+)`", page.read_text(encoding="utf-8"))
        assert set(named) <= tables, page.name
