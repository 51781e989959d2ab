"""What every warehouse promises, on every kind of warehouse, with the same small shop."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.errors import Failed, GnomonError, Interrupted
from gnomon.domain.query import Limits
from gnomon.warehouses.port import Cancellation, Warehouse
from warehouses.datasets import (
    CUSTOMERS,
    KINDS,
    ODD_TABLES,
    ORDERS,
    Kind,
    authorized,
    fill_wide,
    made,
    shop,
    unguarded,
)

Url = Callable[[], str]
NEVER_ENDS = "SELECT COUNT(*) FROM orders a, orders b, orders c, orders d WHERE a.id + b.id + c.id <> d.id"


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    return request.param


@pytest.fixture(scope="module")
def server(request: pytest.FixtureRequest) -> Url:
    """Starts the PostgreSQL server only when a test needs it."""
    return lambda: str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="module")
def warehouse(kind: Kind, server: Url, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with shop(kind, tmp_path_factory.mktemp("shop"), server) as opened:
        yield opened


def run(warehouse: Warehouse, sql: str, limits: Limits | None = None) -> list[tuple[object, ...]]:
    return list(warehouse.execute(authorized(warehouse, sql, limits)).rows)


@pytest.mark.requirement("warehouses:introspection")
def test_tables_and_columns_are_found_with_their_kinds(warehouse: Warehouse) -> None:
    orders = warehouse.introspect().find("orders")
    assert orders is not None
    assert {c.name: c.kind for c in orders.columns} == {
        "id": "integer",
        "customer_id": "integer",
        "amount": "decimal",
        "placed_at": "timestamp",
        "paid": "boolean",
        "group": "text",
    }
    customers = warehouse.introspect().find("CUSTOMERS")
    assert customers is not None
    assert [c.kind for c in customers.columns] == ["integer", "text", "text", "date"]


@pytest.mark.requirement("warehouses:introspection")
def test_rows_of_a_small_table_are_counted_exactly(warehouse: Warehouse) -> None:
    catalog = warehouse.introspect()
    counts = {t.ref.name: t.row_count for t in catalog.tables if t.ref.name in ("orders", "customers")}
    assert counts == {"orders": ORDERS, "customers": CUSTOMERS}


@pytest.mark.requirement("warehouses:introspection")
def test_declared_keys_and_joins_are_found(warehouse: Warehouse, kind: Kind) -> None:
    catalog = warehouse.introspect()
    if not kind.declares:
        assert catalog.joins == ()
        return
    customers = catalog.find("customers")
    assert customers is not None
    assert [(k.columns, k.primary) for k in customers.keys] == [(("customer_id",), True)]
    assert [(j.child_columns, j.parent.name, j.parent_columns) for j in catalog.joins] == [
        (("customer_id",), "customers", ("customer_id",))
    ]


@pytest.mark.requirement("warehouses:introspection")
def test_a_view_is_marked_as_one(warehouse: Warehouse, kind: Kind) -> None:
    view = warehouse.introspect().find("paid_orders")
    if not kind.declares:
        assert view is None
        return
    assert view is not None
    assert (view.is_view, view.row_count) == (True, ORDERS // 2)


@pytest.mark.requirement("warehouses:odd-names")
@pytest.mark.parametrize("table", ODD_TABLES)
def test_names_with_spaces_quotes_keywords_and_symbols_work(warehouse: Warehouse, table: str) -> None:
    schema = warehouse.introspect().find(table)
    assert schema is not None
    assert [c.name for c in schema.columns] == ["a b", "from", 'q"x', "☃"]
    profile = warehouse.profile(schema)
    assert [(c.column, c.distinct) for c in profile.columns] == [
        ("a b", 2),
        ("from", 1),
        ('q"x', 2),
        ("☃", 2),
    ]
    assert warehouse.distinct_values(ColumnRef(schema.ref, 'q"x'), limit=5) == (("y", 1), ("z", 1))
    quoted = table.replace('"', '""')
    assert run(warehouse, f'SELECT "☃" FROM "{quoted}" WHERE "q""x" = \'z\'') == [(8,)]


@pytest.mark.requirement("warehouses:profile")
def test_a_profile_counts_nulls_and_distinct_values_and_knows_the_range(warehouse: Warehouse) -> None:
    catalog = warehouse.introspect()
    customers, orders = catalog.find("customers"), catalog.find("orders")
    assert customers is not None
    assert orders is not None
    profile = warehouse.profile(customers)
    by_name = {c.column: c for c in profile.columns}
    assert profile.complete
    city = by_name["city"]
    assert (city.rows, city.nulls, city.distinct, city.low, city.high) == (CUSTOMERS, 1, 3, "Kyoto", "Oslo")
    assert city.top == (("Lima", 17), ("Kyoto", 16), ("Oslo", 16))
    assert (by_name["since"].low, by_name["since"].high) == ("2020-01-01", "2020-01-28")
    assert (by_name["customer_id"].distinct, by_name["customer_id"].exact) == (CUSTOMERS, True)
    dates = {c.column: c for c in warehouse.profile(orders).columns}["placed_at"]
    assert (dates.low, dates.high) == ("2024-01-03 10:00:00", "2024-12-03 10:00:00")


@pytest.mark.requirement("warehouses:profile")
def test_a_profile_without_time_says_it_is_incomplete(warehouse: Warehouse) -> None:
    orders = warehouse.introspect().find("orders")
    assert orders is not None
    assert not warehouse.profile(orders, budget_s=0.0).complete


@pytest.mark.requirement("warehouses:profile")
def test_distinct_values_come_most_frequent_first_or_not_at_all(warehouse: Warehouse) -> None:
    city = ColumnRef(TableRef("customers"), "city")
    assert warehouse.distinct_values(city, limit=3) == (("Lima", 17), ("Kyoto", 16), ("Oslo", 16))
    assert warehouse.distinct_values(city, limit=2) is None


@pytest.mark.requirement("warehouses:execute")
def test_a_query_returns_columns_and_rows(warehouse: Warehouse) -> None:
    sql = (
        "SELECT city, COUNT(*) AS n FROM customers WHERE NOT city IS NULL GROUP BY city ORDER BY n DESC, city"
    )
    result = warehouse.execute(authorized(warehouse, sql))
    assert [(c.name, c.kind) for c in result.columns] == [("city", "text"), ("n", "integer")]
    assert result.rows == (("Lima", 17), ("Kyoto", 16), ("Oslo", 16))
    assert not result.truncated
    assert 0 <= result.elapsed_s < 30


@pytest.mark.requirement("warehouses:execute")
def test_cells_have_python_types(warehouse: Warehouse) -> None:
    amount, placed, paid = run(warehouse, "SELECT amount, placed_at, paid FROM orders WHERE id = 2")[0]
    assert float(str(amount)) == 2.5
    # SQLite has no types for dates and truth values: it returns what it stores.
    stored = warehouse.dialect == "sqlite"
    assert placed == ("2024-03-03 10:00:00" if stored else datetime(2024, 3, 3, 10))
    assert paid == (1 if stored else True)
    since = run(warehouse, "SELECT since FROM customers WHERE customer_id = 1")[0][0]
    assert since == ("2020-01-02" if stored else date(2020, 1, 2))


@pytest.mark.requirement("warehouses:limits")
def test_more_rows_than_the_limit_are_cut_and_said(warehouse: Warehouse) -> None:
    cut = warehouse.execute(authorized(warehouse, "SELECT id FROM orders ORDER BY id", Limits(max_rows=10)))
    assert (len(cut.rows), cut.truncated) == (10, True)
    whole = warehouse.execute(
        authorized(warehouse, "SELECT id FROM orders ORDER BY id", Limits(max_rows=ORDERS))
    )
    assert (len(whole.rows), whole.truncated) == (ORDERS, False)


@pytest.mark.requirement("warehouses:limits")
def test_more_rows_than_the_limit_are_cut_even_if_the_statement_has_no_limit(warehouse: Warehouse) -> None:
    cut = warehouse.execute(unguarded(warehouse, "SELECT id FROM orders", Limits(max_rows=10)))
    assert (len(cut.rows), cut.truncated) == (10, True)


@pytest.mark.requirement("warehouses:limits")
def test_more_bytes_than_the_limit_are_cut_and_said(warehouse: Warehouse) -> None:
    cut = warehouse.execute(authorized(warehouse, "SELECT name FROM customers", Limits(max_bytes=500)))
    assert 0 < len(cut.rows) < CUSTOMERS
    assert cut.truncated


@pytest.mark.requirement("warehouses:limits")
def test_a_query_stops_at_its_time_limit_and_the_warehouse_stays_usable(warehouse: Warehouse) -> None:
    query = unguarded(warehouse, NEVER_ENDS, Limits(timeout_s=0.2))
    started = time.monotonic()
    with pytest.raises(Failed, match=r"stopped after 0\.2 s"):
        warehouse.execute(query)
    assert time.monotonic() - started < 10
    assert run(warehouse, "SELECT COUNT(*) FROM orders") == [(ORDERS,)]


@pytest.mark.requirement("X-05", "warehouses:cancellation")
def test_a_cancelled_query_stops_soon(warehouse: Warehouse) -> None:
    cancellation = Cancellation()
    cancelled_at: list[float] = []

    def cancel() -> None:
        cancelled_at.append(time.monotonic())
        cancellation.cancel()

    timer = threading.Timer(0.2, cancel)
    timer.start()
    with pytest.raises(Interrupted):
        warehouse.execute(unguarded(warehouse, NEVER_ENDS), cancellation=cancellation)
    timer.join()
    # The promise is 100 ms; a shared machine gets a hundred times as much, and the query would take hours.
    assert time.monotonic() - cancelled_at[0] < 10


@pytest.mark.requirement("warehouses:cancellation")
def test_a_query_cancelled_before_it_starts_does_not_run(warehouse: Warehouse) -> None:
    cancellation = Cancellation()
    cancellation.cancel()
    with pytest.raises(Interrupted):
        warehouse.execute(unguarded(warehouse, NEVER_ENDS), cancellation=cancellation)


@pytest.mark.requirement("warehouses:plan")
def test_a_plan_names_scans_and_estimates_without_running(warehouse: Warehouse) -> None:
    plan = warehouse.explain(authorized(warehouse, "SELECT SUM(amount) FROM orders"))
    assert plan.estimated_rows == ORDERS
    assert plan.full_scans == ("orders",)
    assert plan.cross_joins == ()
    assert "orders" in plan.text


@pytest.mark.requirement("warehouses:plan")
def test_a_plan_tells_a_join_without_a_condition_from_one_with(warehouse: Warehouse) -> None:
    crossed = unguarded(warehouse, "SELECT COUNT(*) FROM orders AS o CROSS JOIN customers AS c")
    assert len(warehouse.explain(crossed).cross_joins) == 1
    joined = "SELECT COUNT(*) FROM orders AS o JOIN customers AS c ON c.customer_id = o.customer_id"
    assert warehouse.explain(authorized(warehouse, joined)).cross_joins == ()
    one_row = "SELECT COUNT(*) FROM orders AS o WHERE o.amount > (SELECT AVG(i.amount) FROM orders AS i)"
    assert warehouse.explain(authorized(warehouse, one_row)).cross_joins == ()


@pytest.mark.requirement("policy:authorized-only")
def test_only_an_authorized_query_of_its_own_dialect_comes_in(warehouse: Warehouse) -> None:
    with pytest.raises(TypeError, match="AuthorizedQuery"):
        warehouse.execute("SELECT 1")  # type: ignore[arg-type]
    query = unguarded(warehouse, "SELECT 1")
    other = "postgres" if warehouse.dialect != "postgres" else "duckdb"
    object.__setattr__(query, "dialect", other)
    with pytest.raises(TypeError, match="speaks"):
        warehouse.execute(query)
    with pytest.raises(TypeError, match="speaks"):
        warehouse.explain(query)


WRITES = (
    "DELETE FROM orders",
    "UPDATE orders SET amount = 0",
    "INSERT INTO orders SELECT * FROM orders",
    "DROP TABLE orders",
    "CREATE TABLE stolen AS SELECT * FROM orders",
    "CREATE TEMP TABLE stolen AS SELECT * FROM orders",
    "SELECT 1; DROP TABLE orders",
    "SELECT 1; SELECT 2",
    "COMMIT; DROP TABLE orders",
    "ATTACH 'stolen.db' AS stolen",
    "WITH gone AS (DELETE FROM orders RETURNING *) SELECT * FROM gone",
)


@pytest.mark.requirement("warehouses:engine-locks")
@pytest.mark.parametrize("sql", WRITES)
def test_the_engine_itself_refuses_to_write_without_any_guard(warehouse: Warehouse, sql: str) -> None:
    with pytest.raises(GnomonError):
        warehouse.execute(unguarded(warehouse, sql))
    assert run(warehouse, "SELECT COUNT(*), SUM(id) FROM orders") == [(ORDERS, ORDERS * (ORDERS + 1) // 2)]


@pytest.mark.requirement("warehouses:fingerprint")
def test_ids_and_fingerprints_are_stable_and_hold_no_secret(warehouse: Warehouse) -> None:
    assert warehouse.fingerprint() == warehouse.fingerprint()
    for text in (warehouse.warehouse_id, warehouse.label, warehouse.fingerprint()):
        assert text
        assert "sundial" not in text


@pytest.mark.requirement("warehouses:odd-names")
def test_a_table_of_very_many_columns_is_found_and_profiled(kind: Kind, server: Url, tmp_path: Path) -> None:
    columns = kind.widest
    with made(kind, tmp_path, server, lambda execute: fill_wide(execute, columns)) as warehouse:
        table = warehouse.introspect().find("wide")
        assert table is not None
        assert len(table.columns) == columns
        profile = warehouse.profile(table, budget_s=30)
        assert profile.complete
        last = profile.columns[-1]
        assert (last.column, last.low, last.high) == (f"c{columns - 1}", str(columns - 1), str(columns))


@pytest.mark.requirement("warehouses:introspection")
def test_an_empty_table_is_profiled_as_empty(kind: Kind, server: Url, tmp_path: Path) -> None:
    def make(execute: Callable[[str], object]) -> None:
        execute("CREATE TABLE hollow (a INTEGER, b VARCHAR)")

    with made(kind, tmp_path, server, make) as warehouse:
        table = warehouse.introspect().find("hollow")
        assert table is not None
        assert table.row_count == 0
        assert [(c.rows, c.nulls, c.distinct, c.low) for c in warehouse.profile(table).columns] == [
            (0, 0, 0, None)
        ] * 2
        result = warehouse.execute(authorized(warehouse, "SELECT a, b FROM hollow"))
        assert (len(result.columns), result.rows) == (2, ())


@pytest.mark.requirement("warehouses:introspection")
def test_an_empty_database_has_an_empty_catalog(kind: Kind, server: Url, tmp_path: Path) -> None:
    if not kind.declares:
        pytest.skip("an empty folder is refused at open: there is nothing to read")
    with made(kind, tmp_path, server, lambda execute: None) as warehouse:
        assert warehouse.introspect().tables == ()


@pytest.mark.requirement("warehouses:execute")
def test_queries_from_many_threads_do_not_disturb_each_other(warehouse: Warehouse) -> None:
    found: list[object] = []
    query = authorized(warehouse, "SELECT COUNT(*) FROM orders")
    threads = [threading.Thread(target=lambda: found.append(warehouse.execute(query).rows)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [((ORDERS,),)] * 8


@pytest.mark.requirement("warehouses:open")
def test_closing_twice_is_harmless(kind: Kind, server: Url, tmp_path: Path) -> None:
    with made(kind, tmp_path, server, lambda execute: fill_wide(execute, 2)) as warehouse:
        warehouse.close()
