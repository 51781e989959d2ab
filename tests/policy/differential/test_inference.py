"""A failure tells no more than an answer: hidden data that fails is as silent as any other."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from gnomon.domain.query import Dialect
from gnomon.warehouses.port import Warehouse
from policy.differential.diff_people import Person
from policy.differential.diff_running import (
    ENGINES,
    LIMITS,
    Outcome,
    access_of,
    as_written,
    authorized,
    outcome,
    warehouse_of,
)
from policy.differential.diff_twins import HIDINGS, Hiding, create_twin, probes

SMALL = 400
LARGE: dict[Dialect, int] = {"duckdb": 260_000, "sqlite": 20_000, "postgres": 40_000}
"""DuckDB needs more than two row groups a thread to reorder filters and to run scans side by side."""

Record = Callable[[str, str, Counter[str]], None]


@dataclass(frozen=True, slots=True)
class Twins:
    """Two warehouses with the same visible data."""

    failing: Warehouse
    harmless: Warehouse


@pytest.fixture(scope="module", params=[(d, r) for d in ENGINES for r in ("small", "large")], ids="-".join)
def twins(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twins]:
    dialect, size = request.param
    rows = SMALL if size == "small" else LARGE[dialect]
    folder: Path = tmp_path_factory.mktemp(f"twins_{dialect}_{size}")
    opened = [
        warehouse_of(
            dialect,
            folder / f"{folder.name}_{name}",
            lambda: str(request.getfixturevalue("postgres_url")),
            partial(create_twin, dialect=dialect, failing=name == "failing", rows=rows),
        )
        for name in ("failing", "harmless")
    ]
    with closing(opened[0]), closing(opened[1]):
        yield Twins(*opened)


@pytest.mark.requirement("policy:no-inference-by-errors")
def test_failures_and_messages_do_not_depend_on_hidden_data(twins: Twins, record_differences: Record) -> None:
    dialect, rows = twins.failing.dialect, _size(twins)
    counts: Counter[str] = Counter()
    told: list[str] = []
    catalog = twins.failing.introspect()
    accesses = {h.name: access_of(Person(h.name, h.cedar, {}), catalog, dialect) for h in HIDINGS}
    for hiding, sql in _chosen(dialect, rows):
        query = authorized(dialect, accesses[hiding.name], sql)
        one, other = outcome(twins.failing, query), outcome(twins.harmless, query)
        counts[one.verdict] += 1
        if _told(one) != _told(other):
            told.append(f"{hiding.name}: {sql}\n  {_told(one)}\n  {_told(other)}\n  {one.sql}")
    record_differences(f"twins of {rows} rows", dialect, counts)
    assert told == []
    assert counts["answered"] > len(HIDINGS)


@pytest.mark.requirement("policy:no-inference-by-errors")
def test_the_probes_do_fail_on_hidden_data_where_nothing_is_hidden(twins: Twins) -> None:
    """Otherwise the test above would hold for any rewriting."""
    tried = list(probes(twins.failing.dialect))[:: 1 if _size(twins) == SMALL else 9]
    failed = sum(
        outcome(twins.failing, as_written(sql, twins.failing.dialect)).failed is not None for sql in tried
    )
    assert failed > len(tried) / 3


def _size(twins: Twins) -> int:
    dialect = twins.failing.dialect
    counted = outcome(twins.failing, as_written("SELECT COUNT(*) FROM pay", dialect))
    return int(counted.rows[0][0])


def _chosen(dialect: Dialect, rows: int) -> Iterator[tuple[Hiding, str]]:
    """For each way of hiding a share of the probes, another one each time, fewer on a large table."""
    step = 3 if rows == SMALL else 6
    for number, hiding in enumerate(HIDINGS):
        for index, sql in enumerate(probes(dialect)):
            # What gives single rows of a large table shows nothing that the small one does not.
            if (index + number) % step == 0 and (rows == SMALL or not sql.startswith("SELECT (")):
                yield hiding, sql


def _told(found: Outcome) -> tuple[object, ...]:
    error = found.error
    said = (type(error), error.message, error.facts, error.hint) if error is not None else ()
    rows = found.told(ordered=False)
    # Which rows come before the limit is the engine's choice, and with several threads another one each time.
    return (*said, len(rows)) if len(rows) >= LIMITS.max_rows else (*said, *rows)
