"""`ratios`, `units`, `parts_to_whole` and `keys_null_duplicate`: what is added up and divided is meant so."""

from dataclasses import replace

import pytest

from gnomon.domain.catalog import CardStatement

pytestmark = pytest.mark.requirement("ODA-20")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT SUM(bounces) / SUM(hits) AS bounce_rate FROM visits",
        "SELECT COUNT(CASE WHEN status = 'shipped' THEN 1 END) / COUNT(*) AS part FROM orders",
        "WITH v AS (SELECT SUM(bounces) AS b, SUM(hits) AS h FROM visits) SELECT b / h AS r FROM v",
        "SELECT page, (SUM(bounces)) / NULLIF(SUM(hits), 0) AS r FROM visits GROUP BY page",
    ],
)
def test_a_ratio_that_truncates_fails_in_sqlite_only(open_shop, sql: str) -> None:
    assert open_shop("sqlite").checks("What is the bounce rate?", sql)["ratios"].verdict in ("fail", "warn")
    assert (
        "drops the fraction"
        not in open_shop("duckdb").checks("What is the bounce rate?", sql)["ratios"].summary
    )


def test_a_truncating_ratio_fails_and_says_what_to_write(open_shop) -> None:
    sql = "SELECT SUM(bounces) / SUM(hits) AS r FROM visits"
    check = open_shop("sqlite").checks("What is the bounce rate?", sql)["ratios"]
    assert check.verdict == "fail"
    assert "1.0 * SUM(bounces) / SUM(hits)" in check.action


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1.0 * SUM(bounces) / SUM(hits) AS r FROM visits",
        "SELECT CAST(SUM(bounces) AS REAL) / SUM(hits) AS r FROM visits",
        "SELECT hits / 10 * 10 AS bucket, COUNT(*) AS n FROM visits GROUP BY hits / 10 * 10",
        "SELECT SUM(total) / COUNT(*) AS r FROM orders",
    ],
)
def test_divisions_that_keep_the_fraction_or_mean_a_bucket_pass(shop, sql: str) -> None:
    assert shop.checks("What is it?", sql)["ratios"].verdict == "pass"


def test_an_average_of_ratios_warns(shop) -> None:
    sql = "SELECT AVG(1.0 * bounces / NULLIF(hits, 0)) AS r FROM visits"
    check = shop.checks("What is the bounce rate?", sql)["ratios"]
    assert (check.verdict, "averages ratios" in check.summary) == ("warn", True)


def test_a_zero_denominator_warns_with_the_number_of_rows(shop) -> None:
    sql = "SELECT page, 1.0 * SUM(bounces) / NULLIF(SUM(hits), 0) AS r FROM visits GROUP BY page"
    check = shop.checks("Bounce rate by page", sql)["ratios"]
    assert (check.verdict, "in 1 of 2 rows" in check.summary) == ("warn", True)


def test_a_share_above_a_hundred_warns_and_growth_does_not(shop) -> None:
    share = "SELECT 100.0 * SUM(hits) / SUM(bounces) AS bounce_pct FROM visits"
    growth = "SELECT 100.0 * SUM(hits) / SUM(bounces) AS growth_pct FROM visits"
    assert shop.checks("Share?", share)["ratios"].verdict == "warn"
    assert shop.checks("Growth?", growth)["ratios"].verdict == "pass"


def test_a_query_that_divides_nothing_is_not_applicable(shop) -> None:
    assert shop.checks("How many?", "SELECT COUNT(*) FROM visits")["ratios"].verdict == "not_applicable"


def test_cents_said_as_dollars_warn(shop) -> None:
    sql = "WITH i AS (SELECT amount_cents AS a FROM order_items) SELECT SUM(a) AS revenue FROM i"
    check = shop.checks("Revenue?", sql, "Revenue is $55,825.")["units"]
    assert (check.verdict, "`order_items.amount_cents` holds cents" in check.summary) == ("warn", True)


def test_milliseconds_said_as_seconds_warn(shop) -> None:
    found = shop.checks(
        "Wait?", "SELECT MAX(wait_ms) AS w FROM order_items", "The longest wait is 200 seconds."
    )
    assert found["units"].verdict == "warn"


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT SUM(amount_cents) / 100.0 AS revenue FROM order_items", "Revenue is $558.25."),
        ("SELECT SUM(amount_cents) AS revenue FROM order_items", "Revenue is 55,825 cents."),
    ],
)
def test_converted_and_stated_units_pass(shop, sql: str, text: str) -> None:
    assert shop.checks("Revenue?", sql, text)["units"].verdict == "pass"


@pytest.mark.parametrize(
    ("question", "sql", "text", "verdict"),
    [
        (
            "What was our revenue?",
            "SELECT SUM(amount_cents) AS revenue FROM order_items",
            "It is 55825.",
            "warn",
        ),
        (
            "What was our revenue?",
            "SELECT SUM(amount_cents) AS cents FROM order_items",
            "It is 55825.",
            "pass",
        ),
        (
            "Revenue, in cents?",
            "SELECT SUM(amount_cents) AS revenue FROM order_items",
            "It is 55825.",
            "pass",
        ),
        (
            "What was our revenue?",
            "SELECT SUM(amount_cents) / 1e2 AS r FROM order_items",
            "It is 558.25.",
            "pass",
        ),
        (
            "What part of the sales is order 1?",
            "SELECT SUM(CASE WHEN order_id = 1 THEN amount_cents END) * 1.0 / SUM(amount_cents) AS part"
            " FROM order_items",
            "It is 0.31.",
            "pass",
        ),
        ("How heavy is it?", "SELECT SUM(amount_cents) AS w FROM order_items", "It is 55825.", "pass"),
        ("Which sales took longest?", "SELECT MAX(wait_ms) AS wait FROM order_items", "It is 200.", "pass"),
    ],
)
def test_cents_where_money_is_asked_for_are_converted_or_named(
    shop, question: str, sql: str, text: str, verdict: str
) -> None:
    assert shop.checks(question, sql, text)["units"].verdict == verdict


TOTAL_IN_CENTS = CardStatement(
    "downstream",
    "Holds hundredths in `total`, `fee`: the code of mart.orders divides these values by 100.",
    "models/orders.sql:1",
)


def with_statements(shop, *statements: CardStatement, meaning: str = "") -> None:
    """Say something on the card of the orders, and of the meaning of their total."""
    shop.cards = tuple(
        replace(
            card,
            statements=statements,
            columns=tuple(replace(c, meaning=meaning if c.name == "total" else "") for c in card.columns),
        )
        if card.ref.name == "orders"
        else card
        for card in shop.cards
    )


@pytest.mark.requirement("checks:units-from-code")
@pytest.mark.parametrize(
    ("sql", "text", "verdict"),
    [
        ("SELECT SUM(total) AS revenue FROM orders", "Revenue is 574.75.", "warn"),
        ("SELECT SUM(total) AS revenue FROM orders", "Revenue is $574.75.", "warn"),
        ("SELECT SUM(total) / 100 AS revenue FROM orders", "Revenue is $5.75.", "pass"),
        ("SELECT SUM(total) AS revenue FROM orders", "Revenue is 574.75 cents.", "pass"),
        ("SELECT COUNT(total) AS orders FROM orders", "There were 7.", "not_applicable"),
    ],
)
def test_a_column_that_code_divides_by_100_is_not_given_as_money(
    shop, sql: str, text: str, verdict: str
) -> None:
    with_statements(shop, TOTAL_IN_CENTS)
    check = shop.checks("What was our revenue?", sql, text)["units"]
    assert check.verdict == verdict
    if verdict == "warn":
        assert "`orders.total` holds hundredths (the code of mart.orders divides these" in check.summary


@pytest.mark.requirement("checks:units-from-code")
def test_a_column_that_code_has_converted_is_money(shop) -> None:
    """Its derivation names the cents that it was made from."""
    with_statements(shop, meaning="raw.orders.total_cents / 100.0 (converted from hundredths)")
    check = shop.checks("Revenue?", "SELECT SUM(total) AS revenue FROM orders", "It is $574.75.")["units"]
    assert check.verdict == "not_applicable"


def test_columns_without_a_small_unit_are_not_applicable(shop) -> None:
    found = shop.checks("Revenue?", "SELECT SUM(total), COUNT(*) FROM orders", "It is $574.75.")
    assert found["units"].verdict == "not_applicable"


def test_groups_that_add_up_pass(shop) -> None:
    check = shop.checks("By status", "SELECT status, SUM(total) AS t FROM orders GROUP BY status")[
        "parts_to_whole"
    ]
    assert (check.verdict, "574.75" in check.summary) == ("pass", True)


def test_rows_that_an_inner_join_loses_warn_with_their_share(shop) -> None:
    sql = (
        "SELECT c.state, SUM(o.total) AS t FROM orders o JOIN customers c ON c.id = o.customer_id "
        "WHERE o.status <> 'cancelled' GROUP BY c.state"
    )
    check = shop.checks("Revenue by state", sql)["parts_to_whole"]
    assert check.verdict == "warn"
    assert "20% of `SUM(o.total)` (395.75 of 494.75) is lost" in check.summary


def test_rows_that_a_left_join_keeps_pass(shop) -> None:
    sql = (
        "SELECT c.state, SUM(o.total) AS t FROM orders o LEFT JOIN customers c ON c.id = o.customer_id "
        "GROUP BY c.state"
    )
    assert shop.checks("Revenue by state", sql)["parts_to_whole"].verdict == "pass"


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT SUM(total) AS t FROM orders",
        "SELECT status, SUM(total) AS t FROM orders GROUP BY status LIMIT 2",
        "SELECT status, SUM(total) AS t FROM orders GROUP BY status HAVING SUM(total) > 100",
        "SELECT status, AVG(total) AS t FROM orders GROUP BY status",
        "SELECT status, COUNT(*) FROM orders GROUP BY status UNION ALL SELECT 'x', 1",
    ],
)
def test_results_that_are_not_parts_of_a_whole_are_not_applicable(shop, sql: str) -> None:
    assert shop.checks("By status", sql)["parts_to_whole"].verdict == "not_applicable"


def test_null_join_keys_warn_with_their_share(shop) -> None:
    sql = "SELECT COUNT(*) FROM orders o JOIN customers c ON c.id = o.customer_id"
    check = shop.checks("How many?", sql)["keys_null_duplicate"]
    assert check.verdict == "warn"
    assert "14.3% of the rows have no `orders.customer_id`" in check.summary


def test_null_shares_are_counted_where_no_profile_knows_them(shop) -> None:
    shop.without_profiles()
    sql = "SELECT o.customer_id, COUNT(*) AS n FROM orders o GROUP BY o.customer_id"
    check = shop.checks("Orders by customer", sql)["keys_null_duplicate"]
    assert "14.3% of the rows have no `orders.customer_id` and form a group without a label" in check.summary


def test_keys_that_repeat_on_both_sides_warn(shop) -> None:
    sql = 'SELECT n."Note Text" FROM order_items i JOIN "Order Notes" n ON n."Order Id" = i.order_id'
    check = shop.checks("Notes?", sql)["keys_null_duplicate"]
    assert (check.verdict, "repeat in both" in check.summary) == ("warn", True)


def test_whole_keys_pass_and_a_query_without_keys_is_not_applicable(shop) -> None:
    sql = "SELECT p.name, SUM(quantity) FROM order_items i JOIN products p ON p.id = i.product_id GROUP BY 1"
    assert shop.checks("By product", sql)["keys_null_duplicate"].verdict == "pass"
    assert (
        shop.checks("All?", "SELECT COUNT(*) FROM orders")["keys_null_duplicate"].verdict == "not_applicable"
    )
