"""`filter_literals`: a literal that the column does not hold is found, through CTEs and functions."""

import pytest

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.context import ValueMatch
from gnomon.domain.errors import Failed

pytestmark = pytest.mark.requirement("ODA-20")


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT COUNT(*) FROM customers WHERE state = 'California'",
        "SELECT COUNT(*) FROM customers c WHERE 'Texas' = c.state",
        "SELECT COUNT(*) FROM customers WHERE UPPER(TRIM(state)) = 'TEXAS'",
        "SELECT COUNT(*) FROM customers WHERE state IN ('Texas', 'Oregon')",
        "WITH c AS (SELECT LOWER(state) AS s FROM customers) SELECT COUNT(*) FROM c WHERE s = 'oregon'",
        "SELECT COUNT(*) FROM (SELECT x.state AS region FROM customers x) AS y WHERE y.region = 'Texas'",
        "SELECT COUNT(*) FROM (SELECT name AS n FROM customers UNION ALL SELECT name FROM products) AS u "
        "WHERE n = 'Desk'",
        "WITH a AS (SELECT * FROM customers), b AS (SELECT * FROM a) SELECT id FROM b WHERE state = 'Texas'",
        "SELECT COUNT(*) FROM orders o WHERE EXISTS "
        "(SELECT 1 FROM customers c WHERE c.id = o.customer_id AND c.state = 'Texas')",
        "SELECT COUNT(*) FROM customers WHERE name LIKE 'Ada%'",
        'SELECT COUNT(*) FROM "Order Notes" AS "N" WHERE "N"."Note Text" = \'Gift wrap\'',
        "SELECT SUM(CASE WHEN status = 'shipped' THEN 1 ELSE 0 END) AS n FROM orders",
    ],
)
def test_stored_literals_pass(shop, sql: str) -> None:
    assert shop.checks("How many?", sql)["filter_literals"].verdict == "pass"


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        (
            "SELECT COUNT(*) FROM customers WHERE state = 'Californa'",
            "no `Californa` in `customers.state`; did you mean `California`?",
        ),
        (
            "WITH c AS (SELECT state AS area FROM customers) SELECT 1 FROM c WHERE area = 'california'",
            "no `california` in `customers.state`; did you mean `California`?",
        ),
        (
            "SELECT COUNT(*) FROM customers WHERE LOWER(state) = 'California'",
            "no `California` in `customers.state`; did you mean `California`?",
        ),
        ("SELECT COUNT(*) FROM orders WHERE status <> 'Cancelled'", "did you mean `cancelled`?"),
        (
            "SELECT COUNT(*) FROM orders WHERE status = 'completed'",
            "no `completed` in `orders.status`; it holds",
        ),
        ("SELECT COUNT(*) FROM orders WHERE status IN ('shipped', 'done')", "no `done` in `orders.status`"),
        (
            'SELECT COUNT(*) FROM "Order Notes" WHERE "Note Text" = \'Ring bel\'',
            "no `Ring bel` in `Order Notes.Note Text`; did you mean `Ring bell`?",
        ),
    ],
)
def test_a_literal_that_is_not_stored_fails_with_what_is(shop, sql: str, message: str) -> None:
    check = shop.checks("How many?", sql)["filter_literals"]
    assert check.verdict == "fail"
    assert message in check.summary


def test_a_value_of_another_column_fails_and_names_that_column(duck) -> None:
    state = ColumnRef(TableRef("customers"), "state")
    duck.matches = (ValueMatch("oregon", state, "Oregon", "folded"),)
    check = duck.checks("In Oregon?", "SELECT COUNT(*) FROM customers WHERE name = 'Oregon'")[
        "filter_literals"
    ]
    assert check.verdict == "fail"
    assert "`customers.state` holds it" in check.summary


def test_a_word_of_the_question_that_nothing_resembles_is_only_a_warning(shop) -> None:
    sql = "SELECT COUNT(*) FROM customers WHERE state = 'Atlantis'"
    assert shop.checks("How many in Atlantis?", sql)["filter_literals"].verdict == "warn"


def test_excluding_a_value_that_does_not_occur_is_only_a_warning(shop) -> None:
    sql = "SELECT COUNT(*) FROM orders WHERE status <> 'zzz'"
    assert shop.checks("How many?", sql)["filter_literals"].verdict == "warn"


def test_where_the_index_is_partial_the_data_is_asked_once(duck) -> None:
    duck.values = type(duck.values)(duck.warehouse, known=False)
    sql = "SELECT COUNT(*) FROM customers WHERE state IN ('Texas', 'Oregon') AND name = 'Cy Young'"
    check = duck.checks("How many?", sql)["filter_literals"]
    assert (check.verdict, check.sql.count("EXISTS")) == ("pass", 3)


def test_without_index_and_without_data_nothing_is_claimed(duck) -> None:
    def refuse(sql: str) -> None:
        raise Failed("timeout")

    duck.values = type(duck.values)(duck.warehouse, known=False)
    duck.run = refuse
    check = duck.checks("How many?", "SELECT COUNT(*) FROM customers WHERE state = 'Nowhere'")[
        "filter_literals"
    ]
    assert check.verdict != "fail"


def test_a_query_without_text_filters_is_not_applicable(shop) -> None:
    found = shop.checks(
        "How many?", "SELECT COUNT(*) FROM orders WHERE total > 5 AND order_date > '2026-01-01'"
    )
    assert found["filter_literals"].verdict in ("not_applicable", "pass")
    assert (
        shop.checks("How many?", "SELECT COUNT(*) FROM orders")["filter_literals"].verdict == "not_applicable"
    )


def test_a_word_of_the_question_that_merely_resembles_a_value_is_only_a_warning(open_shop) -> None:
    shop = open_shop("duckdb", "CREATE TABLE t (state TEXT); INSERT INTO t VALUES ('Arkansas')")
    check = shop.checks("How many in Kansas?", "SELECT COUNT(*) FROM t WHERE state = 'Kansas'")[
        "filter_literals"
    ]
    assert (check.verdict, "did you mean `Arkansas`?" in check.summary) == ("warn", True)


def test_a_typo_of_the_question_itself_fails_with_the_value(shop) -> None:
    sql = "SELECT COUNT(*) FROM customers WHERE state = 'Californa'"
    assert shop.checks("How many in Californa?", sql)["filter_literals"].verdict == "fail"
