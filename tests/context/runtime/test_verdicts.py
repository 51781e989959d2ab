"""Fresh, late, failed or unknown: the verdict on a table from its newest row, its owner and its runs."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.context.runtime.judge import Newest, as_seen, judge, names_of, newest_of
from gnomon.domain.catalog import CardColumn, Catalog, Column, TableCard, TableRef, TableSchema
from gnomon.domain.errors import Failed, GnomonError, Misconfigured, Refused, Retry
from gnomon.domain.identity import Principal
from gnomon.domain.pipeline import PipelineRun
from gnomon.domain.result import Cell, ResultColumn, ResultTable
from gnomon.policy.access import Access, Denial

pytestmark = pytest.mark.requirement("runtime:verdicts")

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ORDERS = TableRef("orders", "marts")
COLUMNS = tuple(
    CardColumn(Column(name, "timestamp", "TIMESTAMP")) for name in ("placed_at", "loaded_at", 'odd " name')
)
CARD = TableCard(ORDERS, COLUMNS, freshness="daily", freshness_column="placed_at")


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def rows(hours: float | None, named: bool = False) -> Newest:
    """The newest row, by a column that was guessed or that the owner names."""
    return Newest("placed_at", None if hours is None else hours_ago(hours), named)


def good(hours: float, source: str = "airflow") -> PipelineRun:
    """A job that last succeeded so long ago."""
    at = hours_ago(hours)
    return PipelineRun("load", source, "success", at, at, at)


def bad(hours: float | None, before: float | None = None) -> PipelineRun:
    """A job that failed so long ago, and had succeeded before."""
    ended = None if hours is None else hours_ago(hours)
    return PipelineRun("load", "airflow", "failed", None, ended, hours_ago(before) if before else None)


def old(hours: float) -> PipelineRun:
    """A source that dbt found too old, its newest row loaded so long ago."""
    return PipelineRun("source", "dbt", "success", None, NOW, hours_ago(hours), "too old", True)


GOING_ON = PipelineRun("load", "airflow", "running", hours_ago(1))

TABLE = [
    # newest row, runs, verdict of a daily table
    (rows(1), (), "fresh"),
    (rows(35.9), (), "fresh"),
    (rows(36.1), (), "late"),
    (rows(None), (), "unknown"),
    (rows(None), (good(1),), "fresh"),
    (rows(None), (good(40),), "late"),
    (rows(None), (GOING_ON,), "unknown"),
    (rows(40), (GOING_ON,), "late"),
    # A guessed column may hold business dates: a job that ran counts as much.
    (rows(40), (good(1),), "fresh"),
    (rows(1), (good(40),), "fresh"),
    # A column that the owner names is what is measured: a job that loaded nothing made nothing fresh.
    (rows(40, named=True), (good(1),), "late"),
    (rows(1, named=True), (good(40),), "fresh"),
    # A failure stands, whatever the rows say, until something has filled the table since.
    (rows(1), (bad(2),), "failed"),
    (rows(1), (bad(None),), "failed"),
    (rows(1), (bad(2, before=26),), "failed"),
    (rows(1), (good(3, "dbt"), bad(2)), "failed"),
    (rows(1), (good(1, "dbt"), bad(2)), "fresh"),
    (rows(1), (good(1, "dbt"), bad(None)), "failed"),
    (rows(None), (bad(3), bad(2, before=26)), "failed"),
    # What the system finds too old is late, unless rows came since.
    (rows(None), (old(20),), "late"),
    (rows(1), (old(20),), "fresh"),
    (rows(20), (old(20),), "late"),
    # Rows ahead of time are plans.
    (rows(-72), (), "unknown"),
    (rows(-72), (good(40),), "late"),
    (rows(-3), (), "fresh"),
]


@pytest.mark.requirement("ODA-13")
@pytest.mark.parametrize(("newest", "runs", "verdict"), TABLE)
def test_a_daily_table_gets_the_verdict_of_the_table(
    newest: Newest, runs: tuple[PipelineRun, ...], verdict: str
) -> None:
    status = judge(CARD, newest, runs, NOW)
    assert status.freshness == verdict
    assert status.summary.startswith(f"`marts.orders` is {verdict}: ")


@pytest.mark.parametrize(
    ("expected", "runs", "verdict", "why"),
    [
        (
            "",
            (good(1),),
            "unknown",
            "last filled on 2026-11-21 11:00 UTC; nobody says how often it should be",
        ),
        ("soon", (good(1),), "unknown", "expected soon, which is no length of time"),
        ("", (bad(1),), "failed", "the last run of `load` failed"),
        ("", (old(99),), "late", "longer ago than dbt is told to allow"),
        ("weekly", (good(200),), "fresh", "is expected weekly"),
        ("every hour", (good(2),), "late", "is expected every hour"),
    ],
)
def test_without_a_period_nothing_is_late_that_no_system_calls_so(
    expected: str, runs: tuple[PipelineRun, ...], verdict: str, why: str
) -> None:
    status = judge(replace(CARD, freshness=expected), rows(None), runs, NOW)
    assert status.freshness == verdict
    assert why in status.summary


@pytest.mark.parametrize(
    ("newest", "runs", "verdict"),
    [
        (rows(1), (), "fresh"),
        (rows(99), (), "unknown"),
        (rows(99, named=True), (), "unknown"),
        (rows(99, named=True), (good(1),), "fresh"),
        (rows(99), (good(40),), "late"),
        (rows(1), (bad(2),), "failed"),
    ],
)
def test_a_part_of_the_rows_never_makes_a_table_late(
    newest: Newest, runs: tuple[PipelineRun, ...], verdict: str
) -> None:
    status = judge(CARD, newest, runs, NOW, sees_all=False)
    assert status.freshness == verdict
    assert any("newest `placed_at` that you may see is " in s.text for s in status.evidence)


def test_the_evidence_tells_each_thing_with_its_source() -> None:
    last = replace(bad(2, before=26), detail="failed tasks: load")
    card = replace(CARD, freshness_from="sla.yaml:3 by Ines")
    status = judge(card, rows(30), (last, GOING_ON), NOW, ("Spark's history cannot be asked: it redirects",))
    assert [(s.provenance, s.text) for s in status.evidence] == [
        ("the data", "newest `placed_at` is 2026-11-20 06:00 UTC"),
        ("sla.yaml:3 by Ines", "expected daily"),
        (
            "airflow",
            "`load`: failed, ended 2026-11-21 10:00 UTC, last success 2026-11-20 10:00 UTC;"
            " failed tasks: load",
        ),
        ("airflow", "`load`: running, began 2026-11-21 11:00 UTC"),
        ("pipelines", "Spark's history cannot be asked: it redirects"),
    ]


moments = st.none() | st.floats(-100, 1000).map(hours_ago)
states = st.sampled_from(["success", "failed", "running", "waiting", "unknown"])
some_runs = st.lists(
    st.builds(
        PipelineRun, st.just("j"), st.just("s"), states, moments, moments, moments, is_late=st.booleans()
    ),
    max_size=4,
)


@given(moments, st.booleans(), some_runs, st.sampled_from(["", "daily", "soon"]), st.booleans())
def test_every_case_has_a_verdict_that_its_evidence_allows(
    moment: datetime | None, named: bool, runs: list[PipelineRun], expected: str, sees_all: bool
) -> None:
    newest = Newest("placed_at", moment, named) if moment else Newest()
    status = judge(replace(CARD, freshness=expected), newest, runs, NOW, sees_all=sees_all)
    told = moment or any(r.last_success_at for r in runs)
    assert (status.freshness == "failed") <= any(r.state == "failed" for r in runs)
    assert (status.freshness == "late") <= bool(
        told and (expected == "daily" or any(r.is_late for r in runs))
    )
    assert (status.freshness == "fresh") <= bool(told and expected == "daily")
    assert len(status.evidence) == bool(moment) + bool(expected) + len(runs)


def looked(card: TableCard, cell: Cell | GnomonError) -> tuple[Newest, list[str]]:
    """What is made of the cell that the warehouse gives, and the statements that it was given."""
    ran: list[str] = []

    def run(sql: str) -> ResultTable:
        ran.append(sql)
        if isinstance(cell, GnomonError):
            raise cell
        return ResultTable((ResultColumn("newest", "timestamp"),), ((cell,),))

    return newest_of(card, run), ran


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        (datetime(2026, 11, 20, 4, tzinfo=UTC), datetime(2026, 11, 20, 4, tzinfo=UTC)),
        (datetime(2026, 11, 20, 4), datetime(2026, 11, 20, 4, tzinfo=UTC)),
        ("2026-11-20 04:00:00", datetime(2026, 11, 20, 4, tzinfo=UTC)),
        ("2026-11-20T06:00:00+02:00", datetime(2026, 11, 20, 4, tzinfo=UTC)),
        (None, None),
        (7, None),
        ("2026-11-20 or so", None),
        (b"\xff", None),
        (datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_a_cell_is_a_moment_if_it_holds_a_time(cell: Cell, moment: datetime | None) -> None:
    newest, _ = looked(CARD, cell)
    assert newest.moment == moment
    assert bool(newest.problem) == (moment is None)


@pytest.mark.parametrize("cell", [date(2026, 11, 20), "2026-11-20"])
def test_a_day_counts_until_its_end_and_is_told_as_a_day(cell: Cell) -> None:
    newest, _ = looked(CARD, cell)
    assert newest.moment
    assert newest.moment.date() == date(2026, 11, 20)
    assert newest.moment > datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    status = judge(CARD, newest, (), NOW)
    assert (
        status.summary == "`marts.orders` is fresh: it was last filled on 2026-11-20 and is expected daily."
    )


@pytest.mark.parametrize(
    "problem",
    [Retry("no"), Failed("no"), Refused("you may not", rule="no-rows")],
    ids=lambda p: type(p).__name__,
)
def test_rows_that_cannot_be_read_are_said_to_be_so(problem: GnomonError) -> None:
    newest, _ = looked(CARD, problem)
    status = judge(CARD, newest, (), NOW)
    assert ("the data", "`placed_at` could not be read") in [(s.provenance, s.text) for s in status.evidence]
    assert status.freshness == "unknown"


def test_what_an_operator_has_to_mend_is_not_swallowed() -> None:
    with pytest.raises(Misconfigured, match="gone"):
        looked(CARD, Misconfigured("the policy file is gone"))


@pytest.mark.parametrize(
    ("expected", "column", "is_named"),
    [
        ("daily", "placed_at", False),
        ("within 24h by loaded_at", "loaded_at", True),
        ("loaded at least every 12 hours, by `loaded_at`", "loaded_at", True),
        ("within 24h by hidden_at", "placed_at", False),
        ("daily by 06:00 UTC", "placed_at", False),
    ],
)
def test_the_owners_column_is_measured_before_the_guessed_one(
    expected: str, column: str, is_named: bool
) -> None:
    newest, ran = looked(replace(CARD, freshness=expected), NOW)
    assert (newest.column, newest.is_named) == (column, is_named)
    assert ran == [f'SELECT MAX("{column}") AS newest FROM "marts"."orders"']


def test_a_table_without_a_column_of_time_is_not_asked() -> None:
    assert looked(replace(CARD, freshness_column=""), NOW) == (Newest(), [])


def test_names_are_quoted() -> None:
    _, ran = looked(replace(CARD, ref=TableRef('or"ders'), freshness_column='odd " name'), NOW)
    assert ran == ['SELECT MAX("odd "" name") AS newest FROM "or""ders"']


@pytest.mark.parametrize(
    ("made_by", "names"),
    [
        ("", ("marts.orders", "orders")),
        ("models/marts/fct_orders.sql:12", ("marts.orders", "fct_orders", "orders")),
        ("models/marts/orders.sql", ("marts.orders", "orders")),
        ("Airflow DAG nightly_shop", ("marts.orders", "nightly_shop", "orders")),
        ("a person", ("marts.orders", "orders")),
    ],
)
def test_jobs_are_looked_for_by_address_then_by_what_makes_the_table_then_by_name(
    made_by: str, names: tuple[str, ...]
) -> None:
    assert names_of(replace(CARD, produced_by=made_by)) == names


@pytest.mark.requirement("runtime:governed")
def test_jobs_and_tasks_that_name_a_table_kept_from_the_person_are_not_told() -> None:
    tables = tuple(TableSchema(TableRef(name), ()) for name in ("orders", "zq_vault"))

    def judged(table: TableSchema, via_view: bool) -> Denial | None:
        return Denial() if table.ref.name == "zq_vault" else None

    access = Access(Principal("ana"), Catalog(tables), "duckdb", judged)
    told = as_seen(
        (
            PipelineRun("load_orders", "airflow", "failed", detail="failed tasks: fill_ZQ_VAULT"),
            PipelineRun("zq_vault_to_orders", "airflow", "success"),
            PipelineRun("load_orders", "airflow", "failed", detail="failed tasks: load"),
        ),
        access,
    )
    assert [(run.job, run.detail) for run in told] == [
        ("load_orders", ""),
        ("a job", ""),
        ("load_orders", "failed tasks: load"),
    ]
