"""`numbers_trace`: what counts as a presentation of a cell, and what does not."""

import pytest

pytestmark = pytest.mark.requirement("ODA-20")

BIG = "SELECT revenue, share, change FROM figures"


@pytest.mark.parametrize(
    "text",
    [
        "Revenue is 1,234,567.",
        "Revenue is $1.2M.",
        "Revenue is 1.23 million dollars.",
        "Revenue is 1,235k.",
        "Revenue is about 1,230,000.",
        "The share is 12.3%.",
        "The share is 12 percent, or 0.12.",
        "It changed by -50.5.",
        "It fell by 50.5.",
        "It changed by -$50.50.",
        "It is (50.5) in books.",
        "One row says so: 1 row.",
    ],
)
def test_forms_in_which_people_write_a_cell_pass(shop, text: str) -> None:
    assert shop.checks("How is business?", BIG, text)["numbers_trace"].verdict == "pass"


@pytest.mark.parametrize(
    ("text", "offender"),
    [
        ("Revenue is 1,234,568.", "1,234,568"),
        ("Revenue is $1.3M.", "1.3M"),
        ("Revenue is 1,230,000.", "1,230,000"),
        ("The share is 12.4%.", "12.4%"),
        ("It rose by 50.5.", "50.5"),
        ("Revenue is 1,234,567, that is 102,880 a month.", "102,880"),
        ("Twenty-five customers paid.", "Twenty-five"),
        ("It happened on October 5, 2026.", "October 5, 2026"),
        ("It happened at 14:30.", "14:30"),
        ("Revenue grew 7-fold since 2019.", "2019"),
    ],
)
def test_a_number_without_a_cell_fails_and_is_named(shop, text: str, offender: str) -> None:
    check = shop.checks("How is business?", BIG, text)["numbers_trace"]
    assert check.verdict == "fail"
    assert f"`{offender}`" in check.summary
    assert offender in check.action


def test_a_text_without_numbers_is_not_applicable(duck) -> None:
    found = duck.checks("Who?", "SELECT name FROM customers", "Ada and the others.")
    assert found["numbers_trace"].verdict == "not_applicable"


def test_names_that_hold_digits_are_not_numbers(duck) -> None:
    text = "Lamp 3000 costs 20.50 (see `table_99`, Q3, B2B)."
    found = duck.checks("Price?", "SELECT name, unit_price FROM products WHERE id = 1", text)
    assert found["numbers_trace"].verdict == "pass"


@pytest.mark.parametrize("text", ["We sold 3001 lamps.", "We sold 3000 lamps."])
def test_the_digits_of_a_name_do_not_support_a_measure(duck, text: str) -> None:
    found = duck.checks("Price?", "SELECT name FROM products WHERE id = 1", text)
    assert found["numbers_trace"].verdict == "fail"


def test_the_day_of_a_date_cell_does_not_support_a_count(duck) -> None:
    found = duck.checks("When?", "SELECT MAX(order_date) AS d FROM orders", "There were 31 orders.")
    assert found["numbers_trace"].verdict == "fail"


def test_numbers_of_an_earlier_result_of_the_question_pass(duck) -> None:
    earlier = ("SELECT SUM(total) AS t FROM orders",)
    found = duck.checks("Share?", "SELECT COUNT(*) FROM orders", "574.75 over 7 orders.", earlier=earlier)
    assert found["numbers_trace"].verdict == "pass"


def test_a_truncated_result_does_not_tell_how_many_rows_there_are(duck) -> None:
    found = duck.checks("Names?", "SELECT name FROM customers", "There are 2 customers.", max_rows=2)
    assert found["numbers_trace"].verdict == "fail"


def test_bounds_of_the_filters_that_ran_may_be_said(duck) -> None:
    sql = "SELECT COUNT(*) FROM orders WHERE order_date >= '2026-10-01' AND order_date < '2026-11-01'"
    text = "1 order between 2026-10-01 and October 31, 2026."
    assert duck.checks("Last month?", sql, text)["numbers_trace"].verdict == "pass"


def test_a_part_of_a_name_may_be_said(open_shop) -> None:
    shop = open_shop(
        "duckdb", "CREATE TABLE t (n TEXT); INSERT INTO t VALUES ('Lamp 3000 de luxe'), ('30 days')"
    )
    found = shop.checks("What?", "SELECT n FROM t", "The Lamp 3000 takes 30 days.")
    assert found["numbers_trace"].verdict == "pass"


def test_values_that_are_no_number_do_not_disturb(open_shop) -> None:
    shop = open_shop(
        "duckdb", "CREATE TABLE t (a DOUBLE); INSERT INTO t VALUES ('nan'), ('inf'), (NULL), (2.5)"
    )
    assert shop.checks("What?", "SELECT a FROM t", "It is 2.5.")["numbers_trace"].verdict == "pass"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 5062338 AS users",
        "SELECT 5062338 AS users FROM customers LIMIT 1",
        "SELECT CAST(5062338 AS INTEGER) AS users FROM customers LIMIT 1",
        "SELECT CASE WHEN COUNT(*) > 0 THEN 5062338 ELSE 7 END AS users FROM customers",
        "SELECT MAX(5062338) AS users FROM customers",
        "SELECT COALESCE(NULL, 5062338) AS users FROM customers LIMIT 1",
        "WITH told AS (SELECT 5062338 AS n FROM customers) SELECT n AS users FROM told LIMIT 1",
        "SELECT users FROM (SELECT 5062338 AS users FROM customers) AS told LIMIT 1",
    ],
)
def test_a_cell_that_the_statement_writes_itself_supports_no_number(shop, sql: str) -> None:
    check = shop.checks("How many users are there?", sql, "There are 5,062,338 users.")["numbers_trace"]
    assert check.verdict == "fail"
    assert "5,062,338" in check.summary


def test_a_factor_or_a_rounding_is_no_written_cell(shop) -> None:
    sql = "SELECT ROUND(100.0 * COUNT(DISTINCT id) / COUNT(*), 2) AS percent FROM customers"
    check = shop.checks("What share of ids differ?", sql, "100 percent of them.")["numbers_trace"]
    assert check.verdict == "pass"


def test_zero_for_what_is_missing_supports_a_zero(shop) -> None:
    sql = "SELECT COALESCE(SUM(total), 0) AS revenue FROM orders WHERE status = 'unknown'"
    check = shop.checks("What is the revenue of unknown orders?", sql, "The revenue is 0.")["numbers_trace"]
    assert check.verdict == "pass"
