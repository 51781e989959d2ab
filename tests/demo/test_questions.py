"""The demo company's question set: every gold runs, returns rows, and is right about the traps."""

from collections import Counter
from pathlib import Path

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from gnomon.flywheel.questions import EvalQuestion, load_questions

SET = Path(__file__).resolve().parents[2] / "demo" / "eval" / "questions.toml"
QUESTIONS = load_questions(SET)


def value(db: duckdb.DuckDBPyConnection, sql: str) -> object:
    row = db.execute(sql).fetchone()
    assert row is not None
    return row[0]


def by_id(question_id: str) -> EvalQuestion:
    return next(q for q in QUESTIONS if q.id == question_id)


def test_there_are_at_least_seventy_questions_of_seventeen_kinds() -> None:
    kinds = Counter(q.category for q in QUESTIONS)
    assert len(QUESTIONS) >= 70
    assert len(kinds) >= 17
    assert min(kinds.values()) >= 3


@pytest.mark.requirement("demo:gold-answers")
@pytest.mark.parametrize("question", [q for q in QUESTIONS if q.gold], ids=lambda q: q.id)
def test_gold_runs_and_returns_rows(db: duckdb.DuckDBPyConnection, question: EvalQuestion) -> None:
    for sql in question.gold:
        rows = db.execute(sql).fetchall()
        assert rows
        assert any(cell is not None for row in rows for cell in row)


def test_an_ordered_gold_sorts_its_rows() -> None:
    assert all("ORDER BY" in sql for q in QUESTIONS if q.ordered for sql in q.gold)


def test_golds_read_raw_tables_only_where_there_is_no_mart() -> None:
    raw = {word for q in QUESTIONS for sql in q.gold for word in sql.split() if word.startswith("raw.")}
    assert raw == {"raw.support_tickets"}


@pytest.mark.parametrize(
    ("question_id", "naive"),
    [
        ("sum-revenue-2025", "SELECT sum(gross_amount) FROM marts.orders WHERE year(order_date) = 2025"),
        ("sum-revenue-2025", "SELECT sum(net_revenue) FROM marts.orders WHERE year(ordered_at) = 2025"),
        ("count-customers", "SELECT count(*) FROM raw.shop_customers"),
        ("count-customers", "SELECT count(*) FROM marts.customer_history"),
        ("trap-cents", "SELECT sum(amount_cents) FROM raw.pay_payments WHERE method = 'gift card'"),
        ("trap-tier-as-of", "SELECT count(*) FROM marts.customers WHERE tier = 'Summit'"),
        (
            "trap-fan-out",
            """SELECT sum(i.net_revenue) FROM marts.order_items AS i JOIN marts.payments AS p USING (order_id)
            WHERE order_id IN (SELECT order_id FROM marts.payments WHERE method = 'gift card')""",
        ),
        ("trap-fiscal-year", "SELECT sum(net_revenue) FROM marts.orders WHERE year(order_date) = 2025"),
        ("trap-active-customers", "SELECT count(DISTINCT customer_id) FROM marts.orders"),
        ("trap-open-stores", "SELECT count(*) FROM marts.stores"),
        (
            "trap-stale-store-sales",
            "SELECT coalesce(sum(order_count), 0) FROM marts.daily_store_sales WHERE year(sales_date) > 2026",
        ),
        (
            "alike-logged-in",
            "SELECT active_visitors FROM marts.daily_active_visitors WHERE activity_date = DATE '2026-10-15'",
        ),
        ("ratio-aov-2025", "SELECT avg(gross_amount) FROM marts.orders WHERE year(order_date) = 2025"),
        ("distinct-buyers-2025", "SELECT count(customer_id) FROM marts.orders WHERE year(order_date) = 2025"),
    ],
)
def test_falling_into_a_trap_gives_another_number(
    db: duckdb.DuckDBPyConnection, question_id: str, naive: str
) -> None:
    assert value(db, by_id(question_id).gold[0]) != value(db, naive)


RANKINGS = [(q.id, sql) for q in QUESTIONS for sql in q.gold if "LIMIT" in sql]


@pytest.mark.parametrize(
    ("question_id", "sql"), RANKINGS, ids=[f"{i}-{n}" for n, (i, _) in enumerate(RANKINGS)]
)
def test_a_ranking_has_no_tie(db: duckdb.DuckDBPyConnection, question_id: str, sql: str) -> None:
    """A tie would make several answers right and the gold an accident."""
    tree = sqlglot.parse_one(sql, read="duckdb")
    assert isinstance(tree, exp.Select)
    named = {e.alias: e.this for e in tree.selects if e.alias}
    key = tree.args["order"].expressions[0].this
    key = named.get(key.name, key) if isinstance(key, exp.Column) else key
    limit = int(tree.args["limit"].expression.name)
    ranked = tree.select(exp.alias_(key.copy(), "rank_key")).limit(limit + 1)
    keys = [row[-1] for row in db.execute(ranked.sql(dialect="duckdb")).fetchall()]
    assert len(set(keys)) == len(keys) > 1
