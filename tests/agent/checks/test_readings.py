"""Two statements for one question: in what they differ, in words, and when their results agree."""

from dataclasses import replace

import pytest

from gnomon.agent.checks import CHECKS, CheckInput, NotApplicableError, SecondReading, run_check
from gnomon.agent.checks.analysis import read_statement
from gnomon.agent.checks.case import Case, Probe
from gnomon.agent.checks.readings import difference
from gnomon.domain.answer import Check
from gnomon.domain.query import Limits

pytestmark = pytest.mark.requirement("second-reading:named")

COUNT = "SELECT COUNT(*) FROM orders"
JOINED = "FROM orders o JOIN customers c ON c.id = o.customer_id"

DIFFERENCES = {
    "a text left out by the first": (
        f"{COUNT} WHERE status <> 'cancelled'", COUNT, "counts cancelled orders too"),
    "several texts": (
        f"{COUNT} WHERE status NOT IN ('cancelled', 'returned')", COUNT,
        "counts cancelled and returned orders too"),
    "a sum includes them": (
        "SELECT SUM(total) FROM orders WHERE status <> 'cancelled'", "SELECT SUM(total) FROM orders",
        "includes cancelled orders too"),
    "a text left out by the second": (
        COUNT, f"{COUNT} o WHERE o.status != 'cancelled'", "leaves out cancelled orders"),
    "a text that is no word": (
        f"{COUNT} WHERE status <> '7`x'", COUNT, "does not ask for `status <> '7'x'`"),
    "a condition of the first alone": (
        f"{COUNT} WHERE status = 'shipped'", COUNT, "does not ask for `status = 'shipped'`"),
    "a condition of the second alone": (
        COUNT, f"{COUNT} WHERE total > 50 AND total < 90", "asks for `total > 50 AND total < 90` too"),
    "another condition on a column": (
        f"{COUNT} WHERE order_date >= '2026-01-01' AND order_date < '2027-01-01'",
        f"{COUNT} WHERE order_date >= '2026-02-01' AND order_date < '2027-01-01'",
        "asks for `order_date >= '2026-02-01'` in place of `order_date >= '2026-01-01'`"),
    "a condition behind a join and a CTE": (
        f"WITH x AS (SELECT o.id {JOINED} WHERE c.state = 'Texas') SELECT COUNT(*) FROM x",
        f"SELECT COUNT(*) {JOINED}", "does not ask for `state = 'Texas'`"),
    "membership and a join are alike": (
        f"SELECT COUNT(*) {JOINED} WHERE c.state = 'Texas'",
        f"{COUNT} WHERE customer_id IN (SELECT id FROM customers WHERE state = 'Oregon')",
        "asks for `state = 'Oregon'` in place of `state = 'Texas'`"),
    "a condition in HAVING": (
        "SELECT status, COUNT(*) FROM orders GROUP BY status HAVING COUNT(*) > 1",
        "SELECT status, COUNT(*) FROM orders GROUP BY status", "does not ask for `COUNT(*) > 1`"),
    "another table": (
        COUNT, "SELECT COUNT(*) FROM order_items", "reads `order_items` in place of `orders`"),
    "a further table": (
        COUNT, f"SELECT COUNT(*) {JOINED}", "reads `customers` too"),
    "a table less": (
        f"SELECT COUNT(*) {JOINED}", COUNT, "does without `customers`"),
    "another aggregate": (
        "SELECT AVG(total) FROM orders", "SELECT SUM(total) FROM orders",
        "computes the sum of `total` in place of the average of `total`"),
    "distinct values": (
        COUNT, "SELECT COUNT(DISTINCT customer_id) FROM orders",
        "computes the number of different `customer_id` in place of the number of rows"),
    "rows and no figure": (
        COUNT, "SELECT id FROM orders", "lists rows and does not compute the number of rows"),
    "groups": (
        "SELECT status, COUNT(*) FROM orders GROUP BY 1", COUNT, "does not group by `status`"),
    "other groups": (
        "SELECT status, COUNT(*) FROM orders GROUP BY 1",
        "SELECT customer_id, COUNT(*) FROM orders GROUP BY customer_id",
        "groups by `customer_id` in place of `status`"),
    "repeated rows": (
        "SELECT status FROM orders", "SELECT DISTINCT status FROM orders", "shows repeated rows once"),
    "a limit": (
        "SELECT id FROM orders", "SELECT id FROM orders ORDER BY total DESC LIMIT 3", "stops after 3 rows"),
    "two at most": (
        "SELECT status FROM orders WHERE total > 5 AND status <> 'cancelled'",
        "SELECT DISTINCT status FROM orders LIMIT 9",
        "does not ask for `total > 5` and includes cancelled orders too"),
    "aliases, quotes and keys make none": (
        'SELECT COUNT(o."id") FROM orders AS o WHERE (o."STATUS" = \'shipped\')',
        "SELECT COUNT(*) FROM orders WHERE status = 'shipped'", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", DIFFERENCES)
def test_a_difference_is_told_in_words(shop, case: str) -> None:
    first, second, told = DIFFERENCES[case]
    dialect = shop.warehouse.dialect
    one, two = (read_statement(sql, dialect, shop.catalog) for sql in (first, second))
    assert one is not None
    assert two is not None
    assert difference(one, two) == told
    assert difference(one, one) == difference(two, two) == ""


def test_a_long_condition_is_cut(duck) -> None:
    wide = " OR ".join(f"status = 'state number {i}'" for i in range(30))
    one, two = (read_statement(sql, "duckdb", duck.catalog) for sql in (COUNT, f"{COUNT} WHERE {wide}"))
    assert one is not None
    assert two is not None
    assert len(difference(one, two)) < 120


def judged(shop, first: str, second: str, *, max_rows: int = 1000) -> Check:
    """The check over an answer from one statement and a second reading by another."""
    query = shop.authorized(second, Limits(max_rows=max_rows))
    reading = SecondReading("grounded", query, shop.warehouse.execute(query))
    given: CheckInput = replace(shop.given("?", first, "Done."), second=lambda: reading)
    return run_check("second_reading", dict(CHECKS)["second_reading"], Case(given, Probe(given.run)))


AGREE = {
    "the same": (COUNT, COUNT),
    "a further column of the answer": (
        "SELECT status, COUNT(*) AS n FROM orders GROUP BY status ORDER BY n",
        "SELECT DISTINCT status FROM orders"),
    "a further column of the second reading": (
        "SELECT name FROM customers WHERE state = 'Texas'",
        "SELECT id, name FROM customers WHERE state = 'Texas'"),
    "rounded by the answer": ("SELECT ROUND(AVG(total), 1) FROM orders", "SELECT AVG(total) FROM orders"),
    "rounded by both": ("SELECT ROUND(AVG(total), 2) FROM orders", "SELECT ROUND(AVG(total)) FROM orders"),
}  # fmt: skip


@pytest.mark.parametrize("case", AGREE)
def test_results_that_say_the_same_agree(shop, case: str) -> None:
    found = judged(shop, *AGREE[case])
    assert (found.verdict, found.summary) == (
        "pass",
        "a second reading, by `grounded`, gives the same result",
    )


NO_OPINION = {
    "nothing in both": ("SELECT id FROM orders WHERE total < 0", "SELECT id FROM orders WHERE total > 9999"),
    "a missing value in both": (
        "SELECT SUM(total) FROM orders WHERE total > 9999",
        "SELECT MAX(total) FROM orders WHERE total > 9999"),
    "other columns of the same rows": (
        "SELECT name, signup FROM customers", "SELECT id, name FROM customers"),
    "one of several figures": ("SELECT COUNT(*) AS n, SUM(total) AS t FROM orders", COUNT),
}  # fmt: skip


@pytest.mark.parametrize("case", NO_OPINION)
def test_what_supports_nothing_is_no_opinion(shop, case: str) -> None:
    assert judged(shop, *NO_OPINION[case]).verdict == "not_applicable"


def test_a_result_that_was_cut_off_is_not_compared(shop) -> None:
    assert judged(shop, "SELECT id FROM orders", "SELECT id FROM customers", max_rows=2).verdict == (
        "not_applicable"
    )


def test_a_difference_without_a_name_is_told_as_one(shop) -> None:
    found = judged(shop, "SELECT COUNT(*) * 2 FROM orders", COUNT)
    assert (found.verdict, found.summary) == ("warn", "a second reading gives another result: 7")


@pytest.mark.parametrize(
    ("second", "why"),
    [
        ("SELECT name FROM customers WHERE id = 1", "a text, and a name"),
        ("SELECT 493020009970 AS phone FROM customers WHERE id = 1", "personal by its column"),
        ("SELECT id FROM customers", "several cells"),
    ],
)
def test_only_a_single_figure_that_is_not_personal_is_quoted(duck, second: str, why: str) -> None:
    found = judged(duck, COUNT, second)
    assert found.verdict == "warn", why
    assert ":" not in found.summary
    assert found.evidence is not None
    assert found.evidence.result is None
    assert [t.name for t in found.evidence.tables] == ["customers"]


def test_a_second_reader_without_an_opinion_makes_the_check_not_applicable(duck) -> None:
    def none() -> SecondReading:
        raise NotApplicableError("it does not know")

    given = replace(duck.given("?", COUNT, "Done."), second=none)
    found = run_check("second_reading", dict(CHECKS)["second_reading"], Case(given, Probe(given.run)))
    assert (found.verdict, found.summary) == ("not_applicable", "it does not know")
