"""What the guard costs a statement, beside the cost of sqlglot's parse alone, measured in the same run."""

import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import sqlglot

from gnomon.domain.catalog import Catalog, Column, TableRef, TableSchema
from gnomon.domain.identity import Principal
from gnomon.domain.query import Dialect, Limits, Query
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize

_ROUNDS = 5
_LEGITIMATE = Path(__file__).parents[1] / "tests" / "attacks" / "legitimate"
_ENGINES: tuple[Dialect, ...] = ("duckdb", "sqlite", "postgres")
_COLUMNS = {
    "customers": "id name city segment signed_up email",
    "orders": "id customer_id ordered_at status amount discount",
    "products": "id name category price",
    "items": "order_id product_id quantity price",
    "events": "id happened_at payload",
    "nested": "id numbers pair",
    "big_orders": "id customer_id ordered_at status amount discount",
}


def run() -> dict[str, float]:
    """Microseconds a statement for guard and parse (p50, p95), the ratio of medians, and the number measured.

    Statements are the honest ones of the test corpus; each is timed several times and its best time counts.
    """
    catalog = _catalog()
    guard, parse = [], []
    for engine in _ENGINES:
        for sql in _statements(engine):
            query = Query(sql, engine)
            access = Access.to_all(Principal("bench"), catalog, query.dialect)
            guard.append(_best_us(partial(authorize, query, access, Limits())))
            parse.append(_best_us(partial(sqlglot.parse, sql, read=engine)))
    return {
        "statements": len(guard),
        "guard_p50_us": round(statistics.median(guard), 1),
        "guard_p95_us": round(statistics.quantiles(guard, n=20)[18], 1),
        "parse_p50_us": round(statistics.median(parse), 1),
        "parse_p95_us": round(statistics.quantiles(parse, n=20)[18], 1),
        "guard_over_parse": round(statistics.median(guard) / statistics.median(parse), 2),
    }


def _statements(engine: str) -> list[str]:
    text = (_LEGITIMATE / f"{engine}.sql").read_text()
    return [block.partition("\n")[2].strip() for block in text.split("--! ")[1:]]


def _catalog() -> Catalog:
    return Catalog(
        tuple(
            TableSchema(TableRef(name), tuple(Column(c, "other", "") for c in columns.split()))
            for name, columns in _COLUMNS.items()
        )
    )


def _best_us(act: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        act()
        best = min(best, time.perf_counter() - started)
    return best * 1e6


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
    print()
