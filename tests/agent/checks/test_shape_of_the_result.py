"""`grain`, `truncation_empty` and `ordering`: the rows are those that the question asks for."""

import pytest

pytestmark = pytest.mark.requirement("ODA-20")


def test_one_figure_asked_for_and_several_rows_warns(shop) -> None:
    check = shop.checks("How many orders are there?", "SELECT status, COUNT(*) FROM orders GROUP BY status")[
        "grain"
    ]
    assert (check.verdict, "3 rows" in check.summary) == ("warn", True)


@pytest.mark.parametrize(
    "question", ["Total amount of shipped orders", "What is the total amount?", "The average order amount"]
)
def test_single_rows_in_place_of_one_figure_fail(shop, question: str) -> None:
    assert shop.checks(question, "SELECT total FROM orders")["grain"].verdict == "fail"
    assert shop.checks(question, "SELECT SUM(total) FROM orders")["grain"].verdict == "pass"


def test_one_figure_in_one_row_passes(shop) -> None:
    assert shop.checks("How many orders are there?", "SELECT COUNT(*) FROM orders")["grain"].verdict == "pass"


def test_groups_that_show_the_same_label_twice_warn(shop) -> None:
    sql = (
        "SELECT c.name, COUNT(*) AS n FROM customers c LEFT JOIN orders o ON o.customer_id = c.id "
        "GROUP BY c.id, c.name"
    )
    check = shop.checks("Orders by customer", sql)["grain"]
    assert (check.verdict, "`Ada Lovelace`" in check.summary) == ("warn", True)


def test_groups_that_differ_only_in_case_warn(shop) -> None:
    sql = (
        "SELECT s, COUNT(*) AS n FROM (SELECT state AS s FROM customers UNION ALL "
        "SELECT LOWER(state) FROM customers)"
        " AS x GROUP BY s"
    )
    assert shop.checks("Customers by state", sql)["grain"].verdict == "warn"


def test_distinct_groups_pass_and_plain_lists_are_not_applicable(shop) -> None:
    grouped = shop.checks("Orders by status", "SELECT status, COUNT(*) FROM orders GROUP BY 1")
    assert grouped["grain"].verdict == "pass"
    assert shop.checks("Show names", "SELECT name FROM customers")["grain"].verdict == "not_applicable"


def test_a_result_that_was_cut_off_warns(shop) -> None:
    check = shop.checks("Names?", "SELECT name FROM customers", max_rows=2)["truncation_empty"]
    assert (check.verdict, "after 2 rows" in check.summary) == ("warn", True)


def test_a_complete_result_passes(shop) -> None:
    assert shop.checks("Names?", "SELECT name FROM customers")["truncation_empty"].verdict == "pass"


@pytest.mark.parametrize("shown", ["id", "SUM(total) AS t", "COUNT(*)"])
def test_an_empty_result_names_the_condition_that_empties_it(shop, shown: str) -> None:
    sql = f"SELECT {shown} FROM orders WHERE status = 'shipped' AND total > 5000"
    check = shop.checks("Which?", sql)["truncation_empty"]
    assert check.verdict == "warn"
    assert "without `total > 5000` 5 rows remain" in check.summary


def test_conditions_that_only_together_remove_every_row_are_told_so(shop) -> None:
    sql = "WITH o AS (SELECT * FROM orders) SELECT id FROM o WHERE total > 5000 AND status = 'x' AND id < 0"
    check = shop.checks("Which?", sql)["truncation_empty"]
    assert "no single condition alone" in check.summary


def test_a_result_that_having_empties_is_told_so(shop) -> None:
    sql = "SELECT status FROM orders WHERE total > 1 GROUP BY status HAVING COUNT(*) > 99"
    check = shop.checks("Which?", sql)["truncation_empty"]
    assert "7 rows meet the conditions of WHERE" in check.summary


def test_an_empty_set_operation_is_reported_without_reason(shop) -> None:
    sql = "SELECT id FROM orders WHERE id < 0 UNION SELECT id FROM customers WHERE id < 0"
    assert shop.checks("Which?", sql)["truncation_empty"].verdict == "warn"


def test_limit_without_order_fails_for_an_extreme(shop) -> None:
    check = shop.checks("Which order is the largest?", "SELECT id, total FROM orders LIMIT 1")["ordering"]
    assert check.verdict == "fail"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT c.state, COUNT(*) AS n FROM customers c GROUP BY c.state ORDER BY n DESC LIMIT 1",
        "SELECT state, COUNT(*) FROM customers GROUP BY state ORDER BY COUNT(*) DESC, state LIMIT 1",
        "WITH s AS (SELECT state, COUNT(*) AS n FROM customers GROUP BY state) "
        "SELECT state FROM s ORDER BY n DESC LIMIT 1",
    ],
)
def test_one_row_of_several_that_tie_fails_and_they_are_named(shop, sql: str) -> None:
    check = shop.checks("Which state has the most customers?", sql)["ordering"]
    assert check.verdict == "fail"
    assert "`California`" in check.summary
    assert "`Texas`" in check.summary


def test_a_tie_behind_the_last_of_several_rows_is_a_warning(shop) -> None:
    sql = "SELECT id, id - id AS n FROM orders ORDER BY n DESC LIMIT 2"
    assert shop.checks("Which two orders have the highest n?", sql)["ordering"].verdict == "warn"


def test_rows_in_order_without_a_tie_pass(shop) -> None:
    sql = "SELECT id, total FROM orders ORDER BY total DESC LIMIT 2"
    assert shop.checks("Two orders?", sql)["ordering"].verdict == "not_applicable"
    assert shop.checks("The 2 biggest orders?", sql)["ordering"].verdict == "pass"


@pytest.mark.parametrize("question", ["The last item?", "Show the most recent item", "What was first?"])
def test_one_end_of_an_order_that_several_share_fails(shop, question: str) -> None:
    sql = "SELECT id, order_id FROM order_items WHERE order_id <= 1 ORDER BY order_id DESC LIMIT 1"
    assert shop.checks(question, sql)["ordering"].verdict == "fail"
    assert shop.checks("An item?", sql)["ordering"].verdict == "not_applicable"


@pytest.mark.parametrize("question", ["Revenue by state last month?", "First names of customers by state?"])
def test_words_for_an_end_of_an_order_say_nothing_where_no_row_is_cut_off(shop, question: str) -> None:
    sql = "SELECT state, COUNT(*) AS n FROM customers GROUP BY state"
    assert shop.checks(question, sql)["ordering"].verdict == "not_applicable"


def test_an_extreme_among_unordered_groups_warns(shop) -> None:
    sql = "SELECT state, COUNT(*) AS n FROM customers GROUP BY state"
    assert shop.checks("Which state has the most customers?", sql)["ordering"].verdict == "warn"


def test_rows_without_a_value_in_front_warn(shop) -> None:
    sql = "SELECT id, customer_id FROM orders ORDER BY customer_id ASC NULLS FIRST LIMIT 1"
    assert shop.checks("Which is the smallest customer id?", sql)["ordering"].verdict == "warn"


def test_at_least_and_at_most_ask_for_no_extreme(shop) -> None:
    found = shop.checks("Orders of at least 50?", "SELECT id FROM orders WHERE total >= 50 LIMIT 3")
    assert found["ordering"].verdict == "not_applicable"
