"""The runner: checks share one allowance, and one that cannot run neither stops nor supports an answer."""

import pytest

from gnomon.agent.checks import CHECKS, MAX_STATEMENTS, run_check, run_checks
from gnomon.agent.checks.case import Case, Finding, Probe
from gnomon.domain.errors import Failed, GnomonError, Interrupted, Refused, Retry

pytestmark = pytest.mark.requirement("ODA-20")

JOINED = (
    "SELECT c.state, SUM(o.total) AS revenue FROM orders o JOIN customers c ON c.id = o.customer_id "
    "JOIN order_items i ON i.order_id = o.id WHERE o.status = 'shipped' AND c.name LIKE 'A%' "
    "AND o.order_date > '2026-01-01' GROUP BY c.state ORDER BY revenue DESC LIMIT 1"
)

SHAPES = [
    "SELECT id FROM orders UNION ALL SELECT id FROM customers ORDER BY 1 LIMIT 3",
    "SELECT o.*, ROW_NUMBER() OVER (PARTITION BY status ORDER BY total DESC) AS r FROM orders o",
    "SELECT (SELECT COUNT(*) FROM orders o WHERE o.customer_id = c.id) AS n, c.name FROM customers c",
    "SELECT 1 / 2 AS half",
    "SELECT COUNT(*) FROM customers CROSS JOIN products",
    "SELECT a.state FROM customers a JOIN customers b ON a.state = b.state AND a.id < b.id GROUP BY 1",
    "SELECT CASE WHEN total > 100 THEN 'big' ELSE 'small' END AS size, COUNT(*) FROM orders GROUP BY size",
    "SELECT state FROM customers INTERSECT SELECT 'Texas'",
    "SELECT c.name FROM customers c LEFT JOIN (orders o JOIN order_items i ON i.order_id = o.id) "
    "ON o.customer_id = c.id WHERE i.id IS NULL",
    "SELECT COALESCE(state, 'none') AS s, COUNT(*) FROM customers GROUP BY COALESCE(state, 'none')",
    'SELECT "Order Notes"."Note Text" FROM "Order Notes" ORDER BY "Order Notes"."Order Id" LIMIT 1',
    "SELECT id FROM orders WHERE NOT (status = 'shipped' OR status = 'x') AND total BETWEEN 1 AND 2",
    "SELECT DISTINCT state FROM customers ORDER BY state DESC LIMIT 1",
    "SELECT SUM(total) FILTER (WHERE status = 'shipped') AS t FROM orders",
]
DUCKDB_SHAPES = [
    "SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v(n, t) WHERE t = 'a'",
    "SELECT status, COUNT(*) FROM orders GROUP BY ALL",
    "SELECT status, customer_id, COUNT(*) FROM orders GROUP BY ROLLUP (status, customer_id)",
    "SELECT id, total FROM orders QUALIFY ROW_NUMBER() OVER (ORDER BY total DESC) = 1",
    "FROM orders SELECT COUNT(*) WHERE status = 'shipped'",
    "SELECT o.id FROM orders o SEMI JOIN order_items i ON i.order_id = o.id",
]


@pytest.mark.parametrize("sql", SHAPES)
def test_every_check_copes_with_unusual_queries(shop, sql: str) -> None:
    found = shop.checks("Which one has the most in 2026, and how much today?", sql)
    assert [c for c in found.values() if "could not run" in c.summary] == []


@pytest.mark.parametrize("sql", DUCKDB_SHAPES)
def test_every_check_copes_with_forms_of_duckdb(duck, sql: str) -> None:
    found = duck.checks("Which one has the most in 2026, and how much today?", sql)
    assert [c for c in found.values() if "could not run" in c.summary] == []


def test_checks_come_in_order_each_once(duck) -> None:
    found = [c.name for c in run_checks(duck.given("How many?", JOINED, "None."))]
    assert found == [name for name, _ in CHECKS]


def test_all_checks_together_stay_within_the_allowance(shop) -> None:
    shop.without_profiles()
    shop.checks("Which state has the highest revenue?", JOINED)
    assert 0 < len(shop.ran) <= MAX_STATEMENTS


def test_a_used_up_allowance_makes_a_check_not_applicable(duck) -> None:
    given = duck.given(
        "Revenue?", "SELECT SUM(o.total) FROM orders o JOIN order_items i ON i.order_id = o.id", ""
    )
    case = Case(given, Probe(given.run, left=0))
    found = {name: run_check(name, look, case) for name, look in CHECKS}
    assert found["join_fanout"].verdict == "not_applicable"
    assert f"{MAX_STATEMENTS} statements" in found["join_fanout"].summary


@pytest.mark.parametrize("error", [Retry("no such column"), Failed("timed out"), Refused("no", rule="r")])
def test_reads_that_fail_never_fail_the_answer_and_never_pass_it(duck, error: GnomonError) -> None:
    def broken(sql: str) -> None:
        raise error

    duck.without_profiles()
    duck.run = broken
    sql = "SELECT o.status, SUM(total) FROM orders o JOIN order_items i ON i.order_id = o.id GROUP BY 1"
    found = duck.checks("By status", sql)
    assert found["join_fanout"].verdict == "not_applicable"
    assert error.message in found["join_fanout"].summary
    assert "fail" not in {c.verdict for c in found.values()}


def test_an_interruption_goes_through(duck) -> None:
    def stopped(sql: str) -> None:
        raise Interrupted("stopped")

    duck.run = stopped
    with pytest.raises(Interrupted):
        duck.checks("Revenue?", "SELECT SUM(o.total) FROM orders o JOIN order_items i ON i.order_id = o.id")


def test_a_fault_of_a_check_is_told_and_is_not_applicable(duck) -> None:
    def faulty(case: Case) -> Finding:
        raise KeyError("x")

    given = duck.given("How many?", "SELECT 1 AS n", "1")
    check = run_check("faulty", faulty, Case(given, Probe(given.run)))
    assert (check.verdict, check.summary) == ("not_applicable", "could not run: KeyError: 'x'")
