"""Say of a table whether it is fresh, late or failed, from its newest row, its expectation and its runs."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from gnomon.context.catalog.discretion import Discretion
from gnomon.context.runtime.port import Orchestrator
from gnomon.context.runtime.times import is_late, parse_time, period_of, said
from gnomon.domain.catalog import Statement, TableCard
from gnomon.domain.errors import Failed, Misconfigured, Refused, Retry
from gnomon.domain.pipeline import Freshness, PipelineRun, PipelineStatus
from gnomon.domain.result import Cell, ResultTable
from gnomon.policy.access import Access
from gnomon.policy.sql import quote_identifier

_DAG = re.compile(r"Airflow DAG (\S+)")
_BY = re.compile(r"\bby [`\"]?(\w+)")
_AHEAD = timedelta(days=1)
"""A day of rows may be ahead of UTC; what is further ahead is a plan and tells nothing of filling."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest row, as the person sees it.

    Args:
        column: Where its time stands; empty where no column tells.
        moment: Aware; None where there is no row, or no time in it.
        is_named: Whether the owner names the column, so that rows alone measure the table.
        problem: Why there is no telling, in our words.
    """

    column: str = ""
    moment: datetime | None = None
    is_named: bool = False
    problem: str = ""


def status_of(
    card: TableCard,
    access: Access,
    orchestrators: Iterable[Orchestrator],
    run: Callable[[str], ResultTable],
    now: datetime,
) -> PipelineStatus:
    """The verdict on a table that the person may see, from everything that can be asked.

    Args:
        card: As the person sees it.
        run: Authorizes and runs a statement as the person.
        now: Aware.
    """
    runs, silent = runs_of(orchestrators, names_of(card))
    told = as_seen(runs, access)
    return judge(card, newest_of(card, run), told, now, silent, sees_all=not access.restricted(card.ref))


def names_of(card: TableCard) -> tuple[str, ...]:
    """The table's address, then names that the job which fills it may have."""
    dag = _DAG.match(card.produced_by)
    file = card.produced_by.rpartition("/")[2].partition(":")[0].rpartition(".")[0]
    return tuple(dict.fromkeys(n for n in (str(card.ref), dag[1] if dag else file, card.ref.name) if n))


def runs_of(
    orchestrators: Iterable[Orchestrator], names: Sequence[str]
) -> tuple[tuple[PipelineRun, ...], tuple[str, ...]]:
    """What every system knows of the table's runs, and why those that could not be asked could not."""
    runs: list[PipelineRun] = []
    silent: list[str] = []
    for orchestrator in orchestrators:
        try:
            runs += orchestrator.last_runs(names)
        except (Failed, Misconfigured) as error:
            silent.append(error.message)
    return tuple(runs), tuple(silent)


def as_seen(runs: Iterable[PipelineRun], access: Access) -> tuple[PipelineRun, ...]:
    """The runs, without names of jobs and tasks that tell of tables which the person does not see."""
    discretion = Discretion(access)
    return tuple(_discreet(run, discretion) for run in runs)


def _discreet(run: PipelineRun, discretion: Discretion) -> PipelineRun:
    job, detail = ("" if discretion.conceals(text) else text for text in (run.job, run.detail))
    return replace(run, job=job or "a job", detail=detail)


def newest_of(card: TableCard, run: Callable[[str], ResultTable]) -> Newest:
    """The largest value of the column that tells freshness, of the rows that a person sees.

    The owner's word for the column goes before what its name suggests.

    Args:
        run: Authorizes and runs a statement as the person.
    """
    named = _BY.search(card.freshness)
    owners = card.column(named[1]) if named else None
    column = owners.name if owners else card.freshness_column
    if not column:
        return Newest()
    table = ".".join(quote_identifier(p) for p in (card.ref.schema, card.ref.name) if p)
    try:
        found = run(f"SELECT MAX({quote_identifier(column)}) AS newest FROM {table}")
    except (Retry, Failed, Refused):
        return Newest(column, problem=f"`{column}` could not be read")
    moment = _moment(found.rows[0][0]) if found.rows else None
    return Newest(column, moment, owners is not None, "" if moment else f"`{column}` holds no time")


def judge(
    card: TableCard,
    newest: Newest,
    runs: Sequence[PipelineRun],
    now: datetime,
    silent: Sequence[str] = (),
    *,
    sees_all: bool = True,
) -> PipelineStatus:
    """The verdict, and what it stands on.

    A run that failed makes the table `failed`, unless another job has filled it since. Else it is `late` if
    it was last filled longer ago than one and a half of the period that its owner expects, or if the system
    that fills it says so. Without an expectation it is `unknown`, and says when it was filled.

    If the owner names a column and the person sees every row, the newest row tells when that was. Else it is
    the newest row or the last success, whichever is later: a column that was guessed may hold business dates.
    A part of the rows can show that a table is fresh and never that it is late.

    Args:
        now: Aware.
        silent: Why systems could not be asked.
        sees_all: Whether the person sees every row.
    """
    rows = newest.moment if newest.moment and newest.moment <= now + _AHEAD else None
    successes = [t for run in runs if (t := run.last_success_at)]
    known = [rows] if rows and newest.is_named and sees_all else [*([rows] if rows else []), *successes]
    latest = max(known, default=None)
    freshness, why = _failure(runs) or _age(card, latest, runs, now)
    if freshness == "late" and not sees_all and latest == rows:
        freshness, why = "unknown", "the rows that you may see are old, which need not be so of the others"
    evidence = (*_told(card, newest, rows, runs, sees_all), *(Statement(s, "pipelines") for s in silent))
    return PipelineStatus(card.ref, freshness, f"`{card.ref}` is {freshness}: {why}.", evidence)


def _failure(runs: Sequence[PipelineRun]) -> tuple[Freshness, str] | None:
    for run in (r for r in runs if r.state == "failed"):
        others = [r.last_success_at for r in runs if r is not run and r.last_success_at]
        if run.ended_at is None or not others or max(others) <= run.ended_at:
            return "failed", f"the last run of `{run.job}` failed"
    return None


def _age(
    card: TableCard, latest: datetime | None, runs: Sequence[PipelineRun], now: datetime
) -> tuple[Freshness, str]:
    if latest is None:
        return "unknown", "neither its rows nor a pipeline says when it was filled"
    filled = f"it was last filled on {said(latest)}"
    found = next((r for r in runs if r.is_late and (r.last_success_at or latest) >= latest), None)
    if found is not None:
        return "late", f"{filled}, longer ago than {found.source} is told to allow"
    period = period_of(card.freshness)
    if period is None:
        expected = f"expected {card.freshness}, which is no length of time" if card.freshness else ""
        return "unknown", f"{filled}; {expected or 'nobody says how often it should be'}"
    return "late" if is_late(latest, period, now) else "fresh", f"{filled} and is expected {card.freshness}"


def _told(
    card: TableCard, newest: Newest, rows: datetime | None, runs: Sequence[PipelineRun], sees_all: bool
) -> Iterator[Statement]:
    if newest.moment is not None:
        whose = "" if sees_all else " that you may see"
        ahead = "" if rows else ", which is ahead and tells nothing of when it was filled"
        yield Statement(f"newest `{newest.column}`{whose} is {said(newest.moment)}{ahead}", "the data")
    elif newest.problem:
        yield Statement(newest.problem, "the data")
    if card.freshness:
        yield Statement(f"expected {card.freshness}", card.freshness_from or "the table's card")
    for run in runs:
        began = f", began {said(run.started_at)}" if run.started_at and not run.ended_at else ""
        ended = f", ended {said(run.ended_at)}" if run.ended_at else began
        good = f", last success {said(run.last_success_at)}" if run.last_success_at else ""
        detail = f"; {run.detail}" if run.detail else ""
        yield Statement(f"`{run.job}`: {run.state}{ended}{good}{detail}", run.source)


def _moment(value: Cell) -> datetime | None:
    """A cell of a date or time column as a moment in UTC; a day counts until its end."""
    if isinstance(value, datetime):
        return parse_time(value.isoformat())
    if isinstance(value, date):
        return datetime.combine(value, time.max, UTC)
    if not isinstance(value, str):
        return None
    try:
        return _moment(date.fromisoformat(value))
    except ValueError:
        return parse_time(value)
