"""`owner_filters`: what owners want on every question is applied, and said."""

from dataclasses import replace

import pytest

pytestmark = pytest.mark.requirement("checks:owner-filters")


@pytest.fixture
def filtered(shop):
    wanted = ("status <> 'cancelled'", "total > 0 AND customer_id IS NOT NULL")
    kept = shop.cards
    shop.cards = tuple(replace(c, always_filter=wanted) if c.ref.name == "orders" else c for c in kept)
    yield shop
    shop.cards = kept


def test_an_applied_condition_passes_and_is_told_whatever_the_table_is_called(filtered) -> None:
    sql = (
        'SELECT COUNT(*) AS n FROM orders AS o WHERE (o.total > 0 AND o."customer_id" IS NOT NULL) '
        "AND o.Status <> 'cancelled'"
    )
    check = filtered.checks("How many orders?", sql)["owner_filters"]
    assert (check.verdict, "`status <> 'cancelled'` of `orders`" in check.summary) == ("pass", True)


def test_a_condition_that_is_not_there_warns_with_what_to_add(filtered) -> None:
    sql = "SELECT COUNT(*) AS n FROM orders WHERE total > 0 AND customer_id IS NOT NULL"
    check = filtered.checks("How many orders?", sql)["owner_filters"]
    assert check.verdict == "warn"
    assert "status <> 'cancelled'" in check.summary
    assert "customer_id" not in check.summary


def test_tables_without_an_owners_condition_are_not_applicable(shop) -> None:
    check = shop.checks("How many customers?", "SELECT COUNT(*) AS n FROM customers")["owner_filters"]
    assert check.verdict == "not_applicable"
