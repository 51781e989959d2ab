"""`join_fanout`: rows that a join repeats are measured before they are summed."""

import pytest

pytestmark = pytest.mark.requirement("ODA-20")

INFLATED = [
    "SELECT SUM(o.total) AS revenue FROM orders o JOIN order_items i ON i.order_id = o.id",
    "SELECT SUM(o.total) AS revenue FROM order_items i JOIN orders o ON i.order_id = o.id",
    "SELECT SUM(o.total) AS revenue FROM order_items AS i, orders AS o WHERE i.order_id = o.id",
    "SELECT c.state, SUM(o.total) AS revenue FROM customers c JOIN orders o ON o.customer_id = c.id "
    "JOIN order_items i ON i.order_id = o.id GROUP BY c.state",
    "WITH o AS (SELECT id, total FROM orders) "
    "SELECT SUM(o.total) AS revenue FROM o LEFT JOIN order_items i ON i.order_id = o.id",
    "WITH s AS (SELECT SUM(o.total) AS revenue FROM orders o JOIN order_items i ON i.order_id = o.id) "
    "SELECT revenue FROM s",
    'SELECT SUM("O"."total") AS revenue FROM orders "O" JOIN order_items i ON i.order_id = "O".id',
    "SELECT AVG(o.total) AS a FROM orders o JOIN order_items i ON i.order_id = o.id",
    'SELECT SUM(i.quantity) AS q FROM order_items i JOIN "Order Notes" n ON n."Order Id" = i.order_id',
]


@pytest.mark.parametrize("sql", INFLATED)
def test_a_sum_over_repeated_rows_fails_with_the_numbers(shop, sql: str) -> None:
    check = shop.checks("What is the revenue?", sql)["join_fanout"]
    assert check.verdict == "fail", check.summary
    assert "instead of" in check.summary
    assert check.sql


def test_the_true_and_the_inflated_sum_are_both_told(shop) -> None:
    check = shop.checks("What is the revenue?", INFLATED[0])["join_fanout"]
    assert "10 joined rows for 7 rows of `orders`" in check.summary
    assert "1,017.25 instead of 574.75" in check.summary


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM customers c JOIN orders o ON o.customer_id = c.id",
        "SELECT COUNT(c.id) FROM customers c JOIN orders o ON o.customer_id = c.id",
    ],
)
def test_counting_the_parent_through_its_children_fails(shop, sql: str) -> None:
    check = shop.checks("How many customers have orders?", sql)["join_fanout"]
    assert check.verdict == "fail"
    assert "6 joined rows for 4 rows of `customers`" in check.summary


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT SUM(i.quantity) AS q FROM orders o JOIN order_items i ON i.order_id = o.id",
        "SELECT c.name, SUM(o.total) AS t FROM orders o JOIN customers c USING (id) GROUP BY c.name",
        "SELECT SUM(p.unit_price * quantity) AS r FROM order_items i JOIN products p ON p.id = i.product_id",
        "SELECT SUM(o.total) AS t FROM orders o JOIN "
        "(SELECT order_id, COUNT(*) AS n FROM order_items GROUP BY order_id) AS x ON x.order_id = o.id",
        "SELECT i.id, SUM(o.total) AS t FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY i.id",
    ],
)
def test_sums_of_rows_that_count_once_in_their_group_pass(shop, sql: str) -> None:
    assert shop.checks("What is it?", sql)["join_fanout"].verdict == "pass"


def test_a_price_repeated_for_each_sale_is_a_warning(shop) -> None:
    sql = "SELECT SUM(p.unit_price) AS s FROM order_items i JOIN products p ON p.id = i.product_id"
    assert shop.checks("What is the sum?", sql)["join_fanout"].verdict == "warn"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT SUM(total) AS t FROM orders",
        "SELECT MAX(o.total) AS m FROM orders o JOIN order_items i ON i.order_id = o.id",
        "SELECT COUNT(DISTINCT o.id) FROM orders o JOIN order_items i ON i.order_id = o.id",
        "SELECT o.id, SUM(o.total) OVER () AS w FROM orders o JOIN order_items i ON i.order_id = o.id",
    ],
)
def test_aggregates_that_repetition_cannot_change_are_not_applicable(shop, sql: str) -> None:
    assert shop.checks("What is it?", sql)["join_fanout"].verdict == "not_applicable"


def test_tables_without_a_known_key_are_not_judged(duck) -> None:
    sql = "SELECT SUM(v.hits) AS h FROM visits v JOIN visits w ON w.page = v.page"
    assert duck.checks("How many hits?", sql)["join_fanout"].verdict == "not_applicable"


PRODUCTS_OF = (
    "SELECT COUNT(*) FROM orders o WHERE o.id IN (SELECT i.order_id FROM order_items i "
    "JOIN products p ON p.id = i.product_id GROUP BY i.order_id HAVING {count} > 1)"
)


@pytest.mark.parametrize("text", ["Orders with more than 1 products?", "Which order has the most products?"])
def test_rows_that_each_row_has_so_many_of_are_counted_once_over_what_links_them(
    open_shop, text: str
) -> None:
    twice = "CREATE TABLE orders (id INTEGER PRIMARY KEY); CREATE TABLE products (id INTEGER PRIMARY KEY);"
    twice += "CREATE TABLE order_items (id INTEGER PRIMARY KEY, order_id INTEGER, product_id INTEGER);"
    twice += "INSERT INTO orders VALUES (1), (2); INSERT INTO products VALUES (1), (2);"
    twice += "INSERT INTO order_items VALUES (1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 2, 2)"
    shop = open_shop("duckdb", twice)
    check = shop.checks(text, PRODUCTS_OF.format(count="COUNT(*)"))["join_fanout"]
    assert check.verdict == "fail", check.summary
    assert "`products`" in check.summary
    once = shop.checks(text, PRODUCTS_OF.format(count="COUNT(DISTINCT p.id)"))["join_fanout"]
    assert once.verdict == "not_applicable"


def test_what_links_two_things_is_no_repeated_row_where_it_is_counted_itself(shop) -> None:
    sql = "SELECT i.order_id FROM order_items i JOIN products p ON p.id = i.product_id "
    sql += "GROUP BY i.order_id HAVING COUNT(*) > 1"
    check = shop.checks("Orders with more than 1 order items?", sql)["join_fanout"]
    assert check.verdict in ("pass", "not_applicable"), check.summary
