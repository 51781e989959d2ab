"""`time_window` and `freshness`: the data covers what the question asks for."""

import pytest

pytestmark = pytest.mark.requirement("ODA-20")

COUNT = "SELECT COUNT(*) FROM orders WHERE "


@pytest.mark.parametrize(
    "condition",
    [
        "order_date >= '2026-02-01' AND order_date < '2026-05-01'",
        "order_date BETWEEN '2026-02-01' AND '2026-04-30'",
        "order_date = '2026-03-12'",
        "total > 5 AND order_date > '2026-02-01'",
    ],
)
def test_a_window_inside_of_the_data_passes(shop, condition: str) -> None:
    assert shop.checks("How many?", COUNT + condition)["time_window"].verdict == "pass"


@pytest.mark.parametrize(
    "condition",
    [
        "EXTRACT(YEAR FROM order_date) = 2024",
        "YEAR(order_date) < 2024",
        "DATE_TRUNC('month', order_date) = DATE '2024-03-01'",
        "order_date >= CURRENT_DATE - INTERVAL '7 days'",
        "order_date >= DATE '2027-01-01' + INTERVAL '1 year'",
        "STRFTIME(order_date, '%Y') = '2024'",
    ],
)
def test_duckdb_ways_to_write_a_window_outside_of_the_data_fail(duck, condition: str) -> None:
    check = duck.checks("How many?", COUNT + condition, "None.")["time_window"]
    assert check.verdict == "fail"
    assert "`orders.order_date` holds 2026-01-10 to 2026-10-31" in check.summary


@pytest.mark.parametrize(
    "condition",
    [
        "STRFTIME('%Y', order_date) = '2024'",
        "CAST(STRFTIME('%Y', order_date) AS INTEGER) >= 2030",
        "order_date >= DATE('now', '-7 days')",
        "DATE(order_date) > '2027-01-01'",
    ],
)
def test_sqlite_ways_to_write_a_window_outside_of_the_data_fail(open_shop, condition: str) -> None:
    check = open_shop("sqlite").checks("How many?", COUNT + condition, "None.")["time_window"]
    assert check.verdict == "fail"


def test_a_window_outside_of_the_data_that_the_answer_speaks_of_is_a_warning(shop) -> None:
    text = "There are none: the data covers January to October only."
    found = shop.checks("How many in 2024?", COUNT + "order_date < '2025-01-01'", text)
    assert found["time_window"].verdict == "warn"


def test_a_window_that_the_data_covers_in_part_warns_with_the_covered_days(shop) -> None:
    sql = (
        "WITH o AS (SELECT order_date AS d FROM orders) "
        "SELECT COUNT(*) FROM o WHERE d BETWEEN '2025-01-01' AND '2026-12-31'"
    )
    check = shop.checks("How many?", sql)["time_window"]
    assert check.verdict == "warn"
    assert "covered only from 2026-01-10 to 2026-10-31" in check.summary


def test_days_that_have_not_come_yet_are_not_missing(open_shop) -> None:
    shop = open_shop("duckdb", "CREATE TABLE t (d DATE); INSERT INTO t VALUES ('2026-01-01'), ('2026-11-20')")
    sql = "SELECT COUNT(*) FROM t WHERE d BETWEEN '2026-01-01' AND '2026-12-31'"
    assert shop.checks("This year?", sql)["time_window"].verdict == "pass"


def test_an_upper_bound_at_midnight_warns_with_the_rows_it_loses(duck) -> None:
    sql = COUNT + "created_at BETWEEN '2026-02-01' AND '2026-10-31'"
    check = duck.checks("How many?", sql)["time_window"]
    assert check.verdict == "warn"
    assert "leaves out 1 row " in check.summary


def test_without_a_profile_the_data_tells_its_range(shop) -> None:
    shop.without_profiles()
    check = shop.checks("How many?", COUNT + "order_date < '2025-01-01'", "None.")["time_window"]
    assert check.verdict == "fail"


def test_a_query_without_dates_is_not_applicable(shop) -> None:
    assert shop.checks("How many?", COUNT + "total > 5")["time_window"].verdict == "not_applicable"


def test_a_question_about_now_on_a_stale_table_warns(open_shop) -> None:
    shop = open_shop("duckdb", "CREATE TABLE t (day DATE); INSERT INTO t VALUES ('2013-12-31')")
    check = shop.checks("How many are there today?", "SELECT COUNT(*) FROM t")["freshness"]
    assert check.verdict == "warn"
    assert "2013-12-31" in check.summary


def test_a_table_of_today_is_not_behind_what_other_tables_plan(open_shop) -> None:
    sql = "CREATE TABLE t (day DATE); INSERT INTO t VALUES ('2026-10-25');"
    shop = open_shop("duckdb", sql + "CREATE TABLE u (day DATE); INSERT INTO u VALUES ('2027-03-30')")
    assert shop.checks("Now?", "SELECT COUNT(*) FROM t")["freshness"].verdict == "pass"


def test_a_question_about_now_on_a_fresh_table_passes(shop) -> None:
    assert (
        shop.checks("How many orders last month?", "SELECT COUNT(*) FROM orders")["freshness"].verdict
        == "pass"
    )


def test_a_question_about_no_time_is_not_judged_for_freshness(shop) -> None:
    found = shop.checks("How many orders are there?", "SELECT COUNT(*) FROM orders")
    assert found["freshness"].verdict == "not_applicable"
