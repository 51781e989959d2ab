"""A trusted query answers a question through the whole product: log, index, context, model, guard, checks."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from agent.desk import Desk, shop_told_by
from context.catalog.told import Told
from gnomon.context.catalog.facts import Origin, PastQuery
from gnomon.domain.answer import Answer
from gnomon.domain.events import QueryStarted
from gnomon.models.grounded import GroundedModel

pytestmark = [
    pytest.mark.requirement("grounded:trusted-preferred"),
]

SHOP = Path(__file__).parents[2] / "agent" / "shop.sql"
BY_STATUS = (
    "SELECT o.status, COUNT(*) AS orders FROM orders o JOIN customers c ON c.id = o.customer_id"
    " WHERE c.tier = 'gold' AND o.order_date >= DATE '2025-01-01' AND o.order_date < DATE '2026-01-01'"
    " GROUP BY o.status"
)


def logged(title: str, sql: str, line: int) -> PastQuery:
    """A reviewed query of a dashboard."""
    return PastQuery(
        sql,
        Origin("usage", f"log.jsonl:{line}"),
        title=title,
        author="ines",
        role="analyst",
        last_run=datetime(2026, 11, 20, tzinfo=UTC),
        runs=90,
        succeeded=True,
        dashboard="Sales",
        views=900,
        reviewed=True,
    )


LOG = Told(
    (
        logged("Number of orders by status for gold customers", BY_STATUS, 1),
        logged(
            "Best sellers", "SELECT product, SUM(quantity) AS sellers FROM order_items GROUP BY product", 2
        ),
    )
)


@pytest.fixture(scope="module")
def trusting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The shop whose index holds a log."""
    with shop_told_by(tmp_path_factory.mktemp("trusted-shop"), LOG) as desk:
        yield desk


def ran(desk: Desk) -> list[str]:
    """The statements of the last question, each on one line."""
    return [" ".join(e.sql.split()) for e in desk.told(QueryStarted)]


def rows(answer: Answer) -> list[tuple[object, ...]]:
    assert answer.result is not None
    return sorted(answer.result.rows, key=str)


def test_a_question_near_a_trusted_one_is_answered_by_it_with_its_values_bound(trusting: Desk) -> None:
    answer = trusting.ask(GroundedModel(), "How many orders by status for silver customers in 2026?")
    assert answer.status == "answered"
    with duckdb.connect() as engine:
        engine.execute(SHOP.read_text())
        right = BY_STATUS.replace("gold", "silver").replace("2026", "2027").replace("2025", "2026")
        assert rows(answer) == sorted(engine.execute(right).fetchall(), key=str)


def test_the_answer_says_which_trusted_query_it_is_from_and_why_that_is_trusted(trusting: Desk) -> None:
    answer = trusting.ask(GroundedModel(), "How many orders by status for silver customers in 2026?")
    assert answer.text.startswith(
        "Answered by the trusted query `Number of orders by status for … customers` (`log.jsonl:1`), "
        "for tier = silver, 2026: 3 rows."
    )
    assert "dashboard" in answer.reasoning
    assert {r.words for r in answer.reading} >= {"How many", "orders", "status", "silver", "in 2026"}
    assert not [c for c in answer.checks if c.verdict == "fail"]


def test_a_question_that_asks_a_little_more_is_not_answered_by_it(trusting: Desk) -> None:
    for question in (
        "How many orders by status for customers who are not silver in 2026?",
        "How many orders by status and region for silver customers in 2026?",
        "How many customers by status for silver customers in 2026?",
        "How many orders by status for silver customers?",
    ):
        answer = trusting.ask(GroundedModel(), question)
        assert "trusted query" not in answer.text, question


def test_a_trusted_query_whose_words_do_not_say_what_it_does_is_not_answered_from(trusting: Desk) -> None:
    answer = trusting.ask(GroundedModel(), "Best sellers")
    assert "trusted query" not in answer.text
