"""Past queries add up to usage that holds no literal and nobody's name, in bounded memory."""

import json
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gnomon.context.catalog.facts import Dashboard, Origin, PastQuery
from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.sources.queries.query_log import open_query_log
from gnomon.context.catalog.usage.collector import UsageCollector
from gnomon.domain.catalog import Catalog, TableRef

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ORDERS, CUSTOMERS = TableRef("orders", "shop"), TableRef("customers", "shop")
JOINED = "select city, count(*) from orders o join customers c on o.customer_id = c.customer_id group by 1"

Past = Callable[..., PastQuery]


@pytest.mark.requirement("usage:collected")
def test_runs_of_one_query_with_other_values_are_one_trusted_query(
    collector: UsageCollector, past: Past
) -> None:
    for number in range(6):
        sql = f"select count(*) from orders where status = 's{number}' and order_id > {number + 2}"
        collector.add(past(sql, author=f"a{number}@acme.test", role="analyst", runs=5))
    (query,) = collector.finish().trusted
    assert query.sql == "SELECT COUNT(*) FROM orders WHERE status = ? AND order_id > ?"
    assert query.question == "Number of rows of orders, filtered by status, order id"
    assert "6 people run it." in query.reason
    assert "It ran 30 times." in query.reason
    assert query.tables == (ORDERS,)
    assert query.origin == "log.jsonl:1"


@pytest.mark.requirement("usage:collected", "ODA-07")
def test_dashboard_queries_lead_and_one_offs_are_left_out_but_count_as_use(
    collector: UsageCollector, past: Past
) -> None:
    collector.add(past("select * from orders where order_id = 7", author="x", runs=1))
    collector.add(past("select frobnicate from orders", author="y", runs=9, succeeded=False))
    collector.add(past("select avg(amount_cents) from orders", author="z", title="Average order", runs=20))
    collector.add(past(JOINED, author="ana", role="data scientist", runs=90, dashboard="Cities", views=700))
    usage = collector.finish()
    assert [q.question for q in usage.trusted] == ["Cities", "Average order"]
    assert usage.left_out == 2
    assert usage.tables[ORDERS].queries == 111
    assert usage.tables[ORDERS].users == 3
    assert usage.tables[ORDERS].dashboards == ("Cities",)
    assert usage.tables[ORDERS].last_used == "2026-10-31"


@pytest.mark.requirement("usage:collected")
def test_a_link_needs_two_people_and_a_key_that_says_its_direction(
    collector: UsageCollector, past: Past
) -> None:
    unkeyed = "select 1 from orders join events on orders.paid_at = events.happened_at"
    for author in ("ana", "ben"):
        collector.add(past(JOINED, author=author, runs=4))
        collector.add(past(unkeyed, author=author, runs=9))
    only_ana = "select 1 from order_lines join orders using (order_id)"
    collector.add(past(only_ana, author="ana", runs=50))
    (claim,) = collector.finish().joins
    assert (claim.child, claim.child_columns) == ("shop.orders", ("customer_id",))
    assert (claim.parent, claim.parent_columns) == ("shop.customers", ("customer_id",))
    assert claim.origin.layer == "usage"
    assert claim.origin.place == "8 runs by 2 people"


@pytest.mark.requirement("usage:collected")
def test_a_condition_that_most_trusted_queries_apply_is_a_caveat(
    collector: UsageCollector, past: Past
) -> None:
    for number, column in enumerate(("status", "channel", "is_test", "paid_at", "customer_id")):
        where = "where deleted_at is null" if number else "where order_id > 5"
        sql = f"select {column}, count(*) from orders {where} group by 1"
        collector.add(past(sql, author="ana", title=f"Orders by {column}"))
    (fact,) = collector.finish().filters_always
    assert (fact.table, fact.kind, fact.origin.layer) == ("shop.orders", "caveat", "usage")
    assert fact.text == "Most queries apply `shop.orders.deleted_at IS NULL` (4 of 5 trusted ones)."


@pytest.mark.requirement("usage:collected")
def test_a_dashboard_lends_its_views_to_its_queries_and_its_title_to_its_tables(
    collector: UsageCollector, past: Past
) -> None:
    origin = Origin("usage", "dashboards.yaml:1")
    collector.add_dashboard(
        Dashboard("Cities", origin, views=500, last_viewed=NOW, tables=("shop.customers", "x"))
    )
    collector.add(past(JOINED, dashboard="Cities"))
    usage = collector.finish()
    assert "viewed 500 times" in usage.trusted[0].reason
    assert usage.tables[CUSTOMERS].dashboards == ("Cities",)
    assert usage.popularity[CUSTOMERS] == 1.0


@pytest.mark.requirement("usage:collected")
def test_popularity_is_logarithmic_and_the_most_used_table_has_one(
    collector: UsageCollector, past: Past
) -> None:
    collector.add(past("select count(*) from orders", runs=9_999))
    collector.add(past("select count(*) from customers", runs=99))
    popularity = collector.finish().popularity
    assert popularity == {ORDERS: 1.0, CUSTOMERS: 0.5}


@pytest.mark.requirement("usage:sanitised")
def test_nothing_that_comes_out_holds_a_literal_or_an_author(collector: UsageCollector, past: Past) -> None:
    for number in range(8):
        collector.add(
            past(
                f'select city as "Smith\'s city", count(*) from customers join orders using (customer_id) '
                f"where name = 'Ana Smith' and status = 'cancelled' and order_id <> {4111_0000 + number} "
                f"and email like '%@acme.test' group by 1 -- hunter2",
                author=f"ana{number}@acme.test",
                title="Cities of Ana Smith (ana@acme.test), cancelled",
                dashboard="Ana Smith's board",
                runs=10,
            )
        )
    collector.add_dashboard(Dashboard("Mail ana@acme.test", Origin("usage", "d"), tables=("orders",)))
    usage = collector.finish()
    told = repr(usage).casefold()
    assert usage.trusted
    assert [s for s in ("ana", "smith", "acme", "cancelled", "4111", "hunter2") if s in told] == []


@pytest.mark.requirement("usage:collected")
def test_what_was_passed_over_is_told_once_a_kind(collector: UsageCollector, past: Past) -> None:
    for number in range(7):
        collector.add(past(f"select x from nowhere{number}"))
    collector.add(past("select from"))
    collector.add(past("select 1"))
    assert [p.message for p in collector.finish().problems] == [
        "No table of the query is in the warehouse. This and 6 more were passed over.",
        "The statement does not parse. It was passed over.",
    ]


@pytest.mark.requirement("usage:bounded")
def test_when_there_are_too_many_queries_the_least_used_go(
    catalog: Catalog, names: Names, past: Past
) -> None:
    collector = UsageCollector(catalog, names, "duckdb", NOW, max_queries=10)
    best = past(JOINED, dashboard="Cities", author="ana", runs=50)
    collector.add(best)
    for number in range(60):
        made_up = "".join("abcdefghij"[int(digit)] for digit in f"{number:02}")
        collector.add(past(f"select count(*) as tally_{made_up} from orders", runs=1 + number))
    collector.add(best)
    usage = collector.finish()
    assert usage.trusted[0].question == "Cities"
    assert "It ran 100 times." in usage.trusted[0].reason
    assert len(usage.trusted) + usage.left_out == 61
    assert usage.tables[ORDERS].queries == 100 + sum(range(1, 61))


@pytest.mark.requirement("usage:bounded")
def test_memory_does_not_grow_with_the_number_of_runs(collector: UsageCollector, past: Past) -> None:
    def feed(first: int, last: int) -> None:
        for number in range(first, last):
            collector.add(
                past(f"select count(*) from orders where order_id = {number % 200}", author=f"u{number % 50}")
            )

    feed(0, 2_000)
    tracemalloc.start()
    feed(2_000, 12_000)
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert grown < 200_000


@pytest.mark.requirement("usage:trust", "ODA-07")
def test_in_the_demo_log_dashboards_lead_and_old_habits_failures_and_one_offs_are_left_out() -> None:
    log = Path(__file__).parents[4] / "demo" / "warehouse" / "query_log.jsonl"
    if not log.exists():
        pytest.skip("the demo company is not built; run demo/run.py")
    entries = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    collector = _collector_for(entries)
    for item in open_query_log(log, "log:demo").read():
        assert isinstance(item, PastQuery)
        collector.add(item)
    usage = collector.finish()
    titles = {entry["title"] for entry in entries if entry["dashboard"]}
    leading = [q.question for q in usage.trusted[: len(titles)]]
    assert set(leading) == titles
    assert all("order_id = ?" not in q.sql and "raw.shop_" not in q.sql for q in usage.trusted)
    assert usage.left_out >= 10
    assert asdict(usage.trusted[0])["trust"] > 0.6


def _collector_for(entries: list[dict[str, str]]) -> UsageCollector:
    """A collector that knows every table which the entries read; their columns are not needed."""
    import sqlglot
    from sqlglot import exp

    from gnomon.domain.catalog import TableSchema

    tables = {
        TableRef(table.name, table.db)
        for entry in entries
        for table in sqlglot.parse_one(entry["sql"], read="duckdb").find_all(exp.Table)
    }
    catalog = Catalog(tuple(TableSchema(ref, ()) for ref in sorted(tables)))
    return UsageCollector(catalog, Names(tables), "duckdb", NOW + timedelta(days=1))
