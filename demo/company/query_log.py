"""The company's query history: dashboards and reviewed queries beside one-offs, failures and bad habits.

Each line is one query text with who runs it, from where, how often and whether it works. The mixture is the
point: a reader has to tell the trustworthy part from the rest.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

NOW = datetime(2026, 10, 31, 18, 0)
ANALYSTS = ("ines.costa", "theo.park", "priya.sato")
OTHERS = ("marketing.intern", "gwen.hughes", "omar.vance", "store.ops", "temp.contractor")

DASHBOARDS = (
    (
        "Executive overview",
        "Net revenue per month",
        "SELECT date_trunc('month', order_date) AS month, sum(net_revenue) AS net_revenue FROM "
        "marts.orders GROUP BY 1 ORDER BY 1",
    ),
    (
        "Executive overview",
        "Orders per month",
        "SELECT date_trunc('month', order_date) AS month, count(*) AS orders FROM marts.orders GROUP "
        "BY 1 ORDER BY 1",
    ),
    (
        "Executive overview",
        "Net revenue by channel",
        "SELECT channel, sum(net_revenue) AS net_revenue FROM marts.orders GROUP BY channel ORDER BY "
        "net_revenue DESC",
    ),
    (
        "Executive overview",
        "Average order value per month",
        "SELECT date_trunc('month', order_date) AS month, sum(net_revenue) / count(*) AS "
        "average_order_value FROM marts.orders WHERE status <> 'cancelled' GROUP BY 1 ORDER BY 1",
    ),
    (
        "Executive overview",
        "Active customers",
        "SELECT count(*) AS active_customers FROM marts.customers WHERE is_active",
    ),
    (
        "Merchandising",
        "Units sold by category",
        "SELECT p.category, sum(i.units) AS units FROM marts.order_items AS i JOIN marts.products "
        "AS p ON p.product_id = i.product_id GROUP BY p.category ORDER BY units DESC",
    ),
    (
        "Merchandising",
        "Net revenue by brand",
        "SELECT p.brand, sum(i.net_revenue) AS net_revenue FROM marts.order_items AS i JOIN "
        "marts.products AS p ON p.product_id = i.product_id GROUP BY p.brand ORDER BY net_revenue "
        "DESC",
    ),
    (
        "Merchandising",
        "Refund reasons",
        "SELECT reason, count(*) AS refunds, sum(amount) AS amount FROM marts.refunds GROUP BY reason "
        "ORDER BY refunds DESC",
    ),
    (
        "Stores",
        "Net revenue by store",
        "SELECT s.store_name, sum(o.net_revenue) AS net_revenue FROM marts.orders AS o JOIN "
        "marts.stores AS s ON s.store_id = o.store_id GROUP BY s.store_name ORDER BY net_revenue DESC",
    ),
    (
        "Stores",
        "Net revenue by region",
        "SELECT s.region, sum(o.net_revenue) AS net_revenue FROM marts.orders AS o JOIN marts.stores "
        "AS s ON s.store_id = o.store_id GROUP BY s.region ORDER BY net_revenue DESC",
    ),
    (
        "Web traffic",
        "Daily active users",
        "SELECT activity_date, active_users FROM marts.daily_active_users ORDER BY activity_date",
    ),
    (
        "Web traffic",
        "Daily reach",
        "SELECT activity_date, active_visitors FROM marts.daily_active_visitors ORDER BY activity_date",
    ),
    (
        "Trail Club",
        "Running memberships by plan",
        "SELECT plan, count(*) AS memberships FROM marts.memberships WHERE is_active GROUP BY plan",
    ),
    (
        "Trail Club",
        "Monthly membership fees",
        "SELECT sum(monthly_price) AS monthly_fees FROM marts.memberships WHERE is_active",
    ),
    (
        "Support",
        "Tickets by topic",
        "SELECT topic, count(*) AS tickets FROM raw.support_tickets GROUP BY topic ORDER BY tickets DESC",
    ),
)
OLD_HABITS = (
    "SELECT sum(unit_price_cents * quantity) FROM raw.shop_order_items",
    "SELECT count(*) FROM raw.shop_customers",
    "SELECT count(*) FROM raw.shop_orders WHERE status = 'completed'",
    "SELECT sum(i.net_revenue) FROM marts.order_items i JOIN marts.payments p ON p.order_id = i.order_id",
    "SELECT sum(sales_amount) FROM marts.daily_store_sales WHERE sales_date >= DATE '2026-01-01'",
    "SELECT segment, count(*) FROM marts.customers GROUP BY segment",
    "SELECT avg(active_visitors) AS users FROM marts.daily_active_visitors",
    "SELECT sum(gross_amount) AS revenue FROM marts.orders",
)
BROKEN = (
    "SELECT count(*) FROM marts.order",
    "SELECT revenue FROM marts.orders LIMIT 10",
    "SELECT * FROM analytics.customers",
)
COLUMNS = ("channel", "status")
PERIODS = tuple((year, month) for year in (2024, 2025, 2026) for month in (1, 3, 5, 7, 9))


def write_query_log(path: Path, seed: int) -> None:
    """Write the log as JSON lines, oldest query first."""
    rng = np.random.default_rng([seed, 1])
    entries = sorted(_entries(rng), key=lambda e: (str(e["last_run_at"]), str(e["sql"])))
    lines = [
        json.dumps({"id": f"q{i:04}", **entry}, ensure_ascii=False) for i, entry in enumerate(entries, 1)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _entries(rng: Generator) -> Iterator[dict[str, Any]]:
    for dashboard, title, sql in DASHBOARDS:
        yield _entry(rng, "dashboard", ANALYSTS, sql, title=title, dashboard=dashboard, runs=(90, 900), age=1)
    for name in ("stg_customers", "stg_orders"):
        sql = f"SELECT * FROM staging.{name} LIMIT 100"
        yield _entry(rng, "view", ANALYSTS, sql, title=f"Sample of {name}", runs=(1, 9), age=60)
    for (year, month), column in product(PERIODS, COLUMNS):
        since, until = f"DATE '{year}-{month:02}-01'", f"DATE '{year}-{month + 1:02}-01'"
        sql = (
            f"SELECT {column}, count(*) AS orders, sum(net_revenue) AS net_revenue FROM marts.orders "
            f"WHERE order_date >= {since} AND order_date < {until} GROUP BY {column}"
        )
        yield _entry(rng, "notebook", ANALYSTS, sql, title=f"Orders by {column}, {year}-{month:02}")
    for sql in OLD_HABITS:
        for _ in range(6):
            yield _entry(rng, "adhoc", OTHERS, sql, runs=(1, 3))
    for sql in BROKEN:
        for _ in range(5):
            yield _entry(rng, "adhoc", OTHERS, sql, runs=(1, 2), succeeded=False)
    for _ in range(110):
        yield _entry(rng, "adhoc", OTHERS, _one_off(rng), runs=(1, 3))


def _one_off(rng: Generator) -> str:
    customer = int(rng.integers(10_001, 22_000))
    order = int(rng.integers(100_001, 142_000))
    return str(
        rng.choice(
            [
                f"SELECT * FROM marts.orders WHERE customer_id = {customer}",
                f"SELECT * FROM marts.customers WHERE customer_id = {customer}",
                f"SELECT * FROM marts.order_items WHERE order_id = {order}",
                f"SELECT * FROM raw.pay_payments WHERE order_id = {order}",
                f"SELECT * FROM raw.shop_orders WHERE order_id BETWEEN {order} AND {order + 20}",
            ]
        )
    )


def _entry(
    rng: Generator,
    source: str,
    authors: tuple[str, ...],
    sql: str,
    *,
    title: str = "",
    dashboard: str = "",
    runs: tuple[int, int] = (1, 20),
    age: int = 700,
    succeeded: bool = True,
) -> dict[str, Any]:
    last = NOW - timedelta(minutes=int(rng.integers(0, age * 1440)))
    return {
        "source": source,
        "dashboard": dashboard,
        "title": title,
        "author": f"{rng.choice(authors)}@fernhill.example",
        "role": "analyst" if authors is ANALYSTS else "business",
        "last_run_at": last.isoformat(),
        "runs": int(rng.integers(runs[0], runs[1] + 1)),
        "duration_ms": int(rng.integers(4, 900)),
        "succeeded": succeeded,
        "sql": sql,
    }
