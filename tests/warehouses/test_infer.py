"""Keys and joins that nobody declared."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from gnomon.domain.catalog import Catalog
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.infer import infer_keys_and_joins
from gnomon.warehouses.naming import words
from gnomon.warehouses.port import Warehouse
from warehouses.datasets import KINDS, Kind, shop


@contextmanager
def warehouse_of(folder: Path, *statements: str) -> Iterator[Warehouse]:
    path = folder / "data.duckdb"
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)
    warehouse = open_warehouse(str(path))
    try:
        yield warehouse
    finally:
        warehouse.close()


def inferred(folder: Path, *statements: str) -> Catalog:
    with warehouse_of(folder, *statements) as warehouse:
        return infer_keys_and_joins(warehouse.introspect(), warehouse)


def joins_of(catalog: Catalog) -> set[str]:
    return {
        f"{j.child}.{'+'.join(j.child_columns)} > {j.parent}.{'+'.join(j.parent_columns)}"
        for j in catalog.joins
    }


CUSTOMERS = "CREATE TABLE customers AS SELECT i AS id, 'n' || i AS name FROM range(1, 101) t(i)"


@pytest.mark.requirement("warehouses:inferred-joins")
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_shop_gets_its_key_and_join_whether_declared_or_not(
    kind: Kind, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    server: Callable[[], str] = lambda: str(request.getfixturevalue("postgres_url"))  # noqa: E731
    with shop(kind, tmp_path, server) as warehouse:
        catalog = infer_keys_and_joins(warehouse.introspect(), warehouse)
    assert "orders.customer_id > customers.customer_id" in joins_of(catalog)
    orders = catalog.find("orders")
    assert orders is not None
    assert orders.keys[0].columns == ("id",)
    assert orders.keys[0].evidence.source == ("declared" if kind.declares else "measured")


@pytest.mark.requirement("warehouses:inferred-joins")
@pytest.mark.parametrize(
    "column",
    [
        "customer_id",
        "customerId",
        "CustomerID",
        "fk_customer",
        "customer_fk",
        "customer",
        "billing_customer_id",
    ],
)
def test_a_column_called_after_a_table_joins_it(tmp_path: Path, column: str) -> None:
    orders = f'CREATE TABLE orders AS SELECT i AS id, i % 90 + 1 AS "{column}" FROM range(1, 301) t(i)'
    catalog = inferred(tmp_path, CUSTOMERS, orders)
    assert joins_of(catalog) == {f"orders.{column} > customers.id"}
    join = catalog.joins[0]
    assert (join.evidence.source, join.evidence.share, join.evidence.rows) == ("measured", 1.0, 90)


@pytest.mark.requirement("warehouses:inferred-joins")
def test_columns_called_id_are_not_joined_to_each_other(tmp_path: Path) -> None:
    others = [
        f"CREATE TABLE {name} AS SELECT i AS id, i AS size FROM range(1, 50) t(i)"
        for name in ("ships", "docks")
    ]
    assert joins_of(inferred(tmp_path, CUSTOMERS, *others)) == set()


@pytest.mark.requirement("warehouses:inferred-joins")
def test_a_count_called_after_a_table_is_not_a_reference(tmp_path: Path) -> None:
    counts = (
        "CREATE TABLE shops AS SELECT i AS id, i AS customers, i AS number_of_customers FROM range(1, 9) t(i)"
    )
    assert joins_of(inferred(tmp_path, CUSTOMERS, counts)) == set()


@pytest.mark.requirement("warehouses:inferred-joins")
def test_values_that_are_not_in_the_parent_make_no_join(tmp_path: Path) -> None:
    orders = "CREATE TABLE orders AS SELECT i AS id, i * 2 AS customer_id FROM range(1, 101) t(i)"
    assert joins_of(inferred(tmp_path, CUSTOMERS, orders)) == set()


@pytest.mark.requirement("warehouses:inferred-joins")
def test_a_few_orphans_lower_the_share_but_keep_the_join(tmp_path: Path) -> None:
    orders = "CREATE TABLE orders AS SELECT i AS id, i AS customer_id FROM range(1, 104) t(i)"
    (join,) = inferred(tmp_path, CUSTOMERS, orders).joins
    assert join.evidence.share == pytest.approx(100 / 103)
    assert join.evidence.rows == 103


@pytest.mark.requirement("warehouses:inferred-joins")
def test_text_is_not_joined_to_numbers(tmp_path: Path) -> None:
    orders = "CREATE TABLE orders AS SELECT i AS id, i::VARCHAR AS customer_id FROM range(1, 90) t(i)"
    assert joins_of(inferred(tmp_path, CUSTOMERS, orders)) == set()


@pytest.mark.requirement("warehouses:inferred-joins")
def test_the_table_that_owns_the_name_is_the_parent_of_its_one_to_one_partner(tmp_path: Path) -> None:
    details = "CREATE TABLE customer_details AS SELECT i AS customer_id, 'x' AS note FROM range(1, 50) t(i)"
    customers = "CREATE TABLE customers AS SELECT i AS customer_id, 'n' AS name FROM range(1, 101) t(i)"
    assert joins_of(inferred(tmp_path, details, customers)) == {
        "customer_details.customer_id > customers.customer_id"
    }


@pytest.mark.requirement("warehouses:inferred-joins")
def test_of_two_tables_with_the_same_key_the_one_that_refers_to_none_is_the_parent(tmp_path: Path) -> None:
    extras = "CREATE TABLE customer_extras AS SELECT i AS customer_id, 'x' AS note FROM range(1, 101) t(i)"
    customers = "CREATE TABLE crm_customers AS SELECT i AS customer_id, 'n' AS name FROM range(1, 101) t(i)"
    orders = "CREATE TABLE orders AS SELECT i AS id, i AS customer_id FROM range(1, 90) t(i)"
    found = joins_of(inferred(tmp_path, customers, extras, orders))
    (root,) = {join.split(" > ")[1] for join in found if join.startswith("orders")}
    assert not any(join.startswith(root) for join in found)


@pytest.mark.requirement("warehouses:inferred-keys")
def test_a_column_with_repeats_or_nulls_is_no_key(tmp_path: Path) -> None:
    table = """CREATE TABLE things AS SELECT i // 2 AS thing_id, nullif(i, 5) AS other_id, i AS line_no
               FROM range(1, 50) t(i)"""
    things = inferred(tmp_path, table).find("things")
    assert things is not None
    assert [k.columns for k in things.keys] == [("line_no",)]


@pytest.mark.requirement("warehouses:inferred-keys")
def test_two_identifiers_together_can_be_the_key(tmp_path: Path) -> None:
    table = "CREATE TABLE order_lines AS SELECT i // 3 AS order_id, i % 3 AS line_no FROM range(30) t(i)"
    lines = inferred(tmp_path, table).find("order_lines")
    assert lines is not None
    assert [k.columns for k in lines.keys] == [("order_id", "line_no")]


@pytest.mark.requirement("warehouses:inferred-keys")
def test_exact_profiles_save_the_measuring_of_keys(tmp_path: Path) -> None:
    with warehouse_of(tmp_path, CUSTOMERS) as warehouse:
        catalog = warehouse.introspect()
        profiles = {table.ref: warehouse.profile(table) for table in catalog.tables}
        found = infer_keys_and_joins(catalog, warehouse, profiles=profiles)
    assert [k.columns for k in found.tables[0].keys] == [("id",)]


@pytest.mark.requirement("warehouses:inferred-joins")
def test_without_time_nothing_is_claimed(tmp_path: Path) -> None:
    with warehouse_of(tmp_path, CUSTOMERS) as warehouse:
        found = infer_keys_and_joins(warehouse.introspect(), warehouse, budget_s=0.0)
    assert found.joins == ()
    assert found.tables[0].keys == ()


@pytest.mark.requirement("warehouses:inferred-joins")
def test_declared_joins_stay_and_are_not_doubled(tmp_path: Path) -> None:
    path = tmp_path / "d.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE customers (id INTEGER PRIMARY KEY)")
    connection.execute(
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers)"
    )
    connection.execute("INSERT INTO customers VALUES (1), (2), (3)")
    connection.execute("INSERT INTO orders VALUES (1, 1), (2, 2), (3, 3)")
    connection.commit()
    connection.close()
    warehouse = open_warehouse(str(path))
    found = infer_keys_and_joins(warehouse.introspect(), warehouse)
    warehouse.close()
    assert [j.evidence.source for j in found.joins] == ["declared"]


@pytest.mark.requirement("warehouses:inferred-joins")
def test_names_come_apart_into_singular_words() -> None:
    assert words("HTTPServerIDs") == ("http", "server", "id")
    assert words("categories") == ("category",)
    assert words("address_status") == ("address", "status")
    assert words("customerid", {"customer"}) == ("customer", "id")
    assert words("paid", {"customer"}) == ("paid",)


COURSES = "CREATE TABLE courses AS SELECT i AS id, 't' || i AS title FROM range(1, 61) t(i)"


def visits_by(column: str, values: int = 50) -> str:
    return f"CREATE TABLE visits AS SELECT i AS id, i % {values} + 1 AS {column} FROM range(1, 301) t(i)"


@pytest.mark.requirement("warehouses:short-keys")
@pytest.mark.parametrize("column", ["crs_id", "crsId", "main_crs_id", "crs_key"])
def test_a_column_called_after_a_table_for_short_joins_it(tmp_path: Path, column: str) -> None:
    catalog = inferred(tmp_path, CUSTOMERS, COURSES, visits_by(f'"{column}"'))
    assert joins_of(catalog) == {f"visits.{column} > courses.id"}
    assert catalog.joins[0].evidence.source == "measured"


@pytest.mark.requirement("warehouses:short-keys")
def test_a_view_that_has_the_key_is_not_referred_to_in_place_of_its_table(tmp_path: Path) -> None:
    view = (
        "CREATE VIEW course_stats AS SELECT c.id AS crs_id, COUNT(*) AS visits"
        " FROM courses c JOIN visits v ON v.crs_id = c.id GROUP BY c.id"
    )
    catalog = inferred(tmp_path, COURSES, visits_by("crs_id"), view)
    assert joins_of(catalog) == {"visits.crs_id > courses.id", "course_stats.crs_id > courses.id"}


@pytest.mark.requirement("warehouses:short-keys")
@pytest.mark.parametrize(
    ("tables", "column", "values"),
    [
        # Two tables may be meant, or one that is short for something else.
        (("agreements", "agents"), "ag_id", 50),
        (("receipts", "recipients"), "rcpt_id", 50),
        (("bookings",), "book_id", 50),
        (("carriers",), "car_id", 50),
        (("categories",), "cat_no", 50),
        # A few small numbers are among the keys of any table, and one that is none of them refers to nothing.
        (("categories",), "cat_id", 5),
        (("categories",), "cat_id", 70),
    ],
)
def test_letters_or_numbers_that_say_too_little_make_no_join(
    tmp_path: Path, tables: tuple[str, ...], column: str, values: int
) -> None:
    made = [f"CREATE TABLE {t} AS SELECT i AS id, 'n' || i AS name FROM range(1, 61) t(i)" for t in tables]
    assert joins_of(inferred(tmp_path, *made, visits_by(column, values))) == set()


@pytest.mark.requirement("warehouses:short-keys")
def test_most_of_a_few_keys_are_enough(tmp_path: Path) -> None:
    few = "CREATE TABLE categories AS SELECT i AS id, 'n' || i AS name FROM range(1, 9) t(i)"
    assert joins_of(inferred(tmp_path, few, visits_by("cat_id", 6))) == {"visits.cat_id > categories.id"}


@pytest.mark.requirement("warehouses:own-numbers")
def test_a_number_of_a_table_s_own_rows_refers_to_nothing(tmp_path: Path) -> None:
    attempts = (
        "CREATE TABLE quiz_attempts AS SELECT i AS id, i % 3 + 1 AS attempt_no, i % 90 + 1 AS customer_no"
        " FROM range(1, 301) t(i)"
    )
    others = "CREATE TABLE exam_attempts AS SELECT i AS id, 'n' || i AS name FROM range(1, 61) t(i)"
    catalog = inferred(tmp_path, CUSTOMERS, attempts, others)
    assert joins_of(catalog) == {"quiz_attempts.customer_no > customers.id"}


KIND_CODES = "CREATE TABLE {0} AS SELECT {1} AS type_code, 'n' || i AS label FROM range(1, 9) t(i)"


@pytest.mark.requirement("warehouses:kind-codes")
@pytest.mark.parametrize(
    ("kinds", "code", "joins"),
    [
        (("van_types",), "'k' || (i % 8 + 1)", {"vans.type_code > van_types.type_code"}),
        (("van_types", "shed_types"), "'k' || (i % 8 + 1)", {"vans.type_code > van_types.type_code"}),
        (("van_types",), "i % 8 + 1", {"vans.type_code > van_types.type_code"}),
        # Of another thing's kinds the code must be no small number, and of one such thing's alone.
        (("vehicle_types",), "'k' || (i % 8 + 1)", {"vans.type_code > vehicle_types.type_code"}),
        (("shed_types",), "i % 8 + 1", set()),
        (("shed_types", "barn_types"), "'k' || (i % 8 + 1)", set()),
        (("shed_labels",), "'k' || (i % 8 + 1)", set()),
    ],
)
def test_a_code_of_a_kind_refers_to_the_table_of_such_kinds(
    tmp_path: Path, kinds: tuple[str, ...], code: str, joins: set[str]
) -> None:
    key = "'k' || i" if code.startswith("'") else "i"
    tables = [KIND_CODES.format(name, key) for name in kinds]
    vans = f"CREATE TABLE vans AS SELECT i AS id, {code} AS type_code FROM range(1, 61) t(i)"
    assert joins_of(inferred(tmp_path, *tables, vans)) == joins
