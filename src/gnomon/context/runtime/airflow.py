"""Airflow's REST API: `/api/v2` of Airflow 3, else `/api/v1` of Airflow 2.

Paths and fields are those of https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html.
Airflow 3 takes tokens alone, so a user and password are traded for one first. Both find ids and addresses by
a part of them, with `_` for any character, so what they give is compared once more.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from urllib.parse import quote

from gnomon.context.runtime.api import JsonApi, NotFoundError, Session
from gnomon.context.runtime.matching import is_job, is_relation
from gnomon.context.runtime.times import parse_time
from gnomon.domain.pipeline import PipelineRun, RunState

_STATES: Mapping[str, RunState] = {
    "success": "success",
    "failed": "failed",
    "running": "running",
    "queued": "waiting",
}
_OPEN = ("running", "waiting")
_ID = re.compile(r"[\w.~:+-]{1,250}")
_PAGE = 100
_MAX_PAGES = 10
_RUNS = 25
_MAX_JOBS = 3
_FAILED_SHOWN = 3

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Airflow:
    """One Airflow.

    The DAGs that fill a table are those that produce an asset (in Airflow 2 a dataset) whose address ends in
    the table's; where there are none, those with the table's address as a tag; else those of its name.
    """

    api: JsonApi
    name: str = "airflow"

    def last_runs(self, names: Sequence[str]) -> tuple[PipelineRun, ...]:
        """The last run of each DAG that fills the table."""
        session = self.api.session()
        if _answers(session, "api/v2/version"):
            session.log_in("auth/token")
            asked = _Asked(session, "api/v2", "assets", self.name)
        elif _answers(session, "api/v1/version"):
            asked = _Asked(session, "api/v1", "datasets", self.name)
        else:
            raise self.api.failed("it has neither `api/v2` nor `api/v1`")
        return tuple(asked.last_run(dag) for dag in asked.dags(names)[:_MAX_JOBS])


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question to one version of the API.

    Args:
        assets: What that version calls an asset.
    """

    session: Session
    version: str
    assets: str
    source: str

    def dags(self, names: Sequence[str]) -> list[str]:
        """Ids of the DAGs that fill the table, by the most exact way that finds any."""
        ways = (self._producing(names[0]), self._tagged(names[0]), self._called(names))
        found = (list(dict.fromkeys(dag for dag in way if _ID.fullmatch(dag))) for way in ways)
        return next((dags for dags in found if dags), [])

    def _producing(self, address: str) -> Iterator[str]:
        found = self._pages(self.assets, self.assets, uri_pattern=_last_part(address))
        fitting = (asset for asset in found if is_relation(_path_of(asset), address))
        tasks = chain.from_iterable(_rows(asset, "producing_tasks") for asset in fitting)
        yield from (str(task.get("dag_id", "")) for task in tasks)

    def _tagged(self, address: str) -> Iterator[str]:
        for dag in self._pages("dags", "dags", tags=[address]):
            if any(str(tag.get("name")).casefold() == address.casefold() for tag in _rows(dag, "tags")):
                yield str(dag.get("dag_id", ""))

    def _called(self, names: Sequence[str]) -> Iterator[str]:
        parts = dict.fromkeys(_last_part(name) for name in names)
        found = chain.from_iterable(self._pages("dags", "dags", dag_id_pattern=part) for part in parts)
        dags = [str(row.get("dag_id", "")) for row in found]
        fitting = ([dag for dag in dags if is_job(dag, name)] for name in names)
        yield from next((some for some in fitting if some), [])

    def last_run(self, dag: str) -> PipelineRun:
        """The DAG's last run, whichever way it was started."""
        path = f"dags/{quote(dag, safe='')}"
        runs = self._page(f"{path}/dagRuns", "dag_runs", limit=_RUNS, order_by="-start_date")
        paused = self._get(path).get("is_paused") is True
        if not runs:
            said = "it is paused and has never run" if paused else "it has never run"
            return PipelineRun(dag, self.source, "waiting", detail=said)
        last, before = runs[0], runs[1:2]
        state = _STATES.get(str(last.get("state")), "unknown")
        goods = (parse_time(run.get("end_date")) for run in runs if run.get("state") == "success")
        details = (
            self._failed_tasks(path, last) if state == "failed" else "",
            "the run before it failed" if state in _OPEN and _has_failed(before) else "",
            "it is paused" if paused else "",
        )
        return PipelineRun(
            dag,
            self.source,
            state,
            parse_time(last.get("start_date")),
            parse_time(last.get("end_date")),
            max((good for good in goods if good is not None), default=None),
            "; ".join(detail for detail in details if detail),
        )

    def _failed_tasks(self, path: str, run: Row) -> str:
        run_id = quote(str(run.get("dag_run_id", "")), safe="", errors="replace")
        tasks = self._page(
            f"{path}/dagRuns/{run_id}/taskInstances", "task_instances", state=["failed"], limit=_PAGE
        )
        names = [name for task in tasks if _ID.fullmatch(name := str(task.get("task_id", "")))]
        return f"failed tasks: {', '.join(dict.fromkeys(names[:_FAILED_SHOWN]))}" if names else ""

    def _pages(self, path: str, kind: str, **query: str | int | Sequence[str]) -> Iterator[Row]:
        """Rows of the first pages; an Airflow may give fewer rows a page than it is asked for."""
        offset = 0
        for _ in range(_MAX_PAGES):
            page = self._get(path, **query, limit=_PAGE, offset=offset)
            rows = self._checked(page, kind)
            yield from rows
            offset, total = offset + len(rows), page.get("total_entries")
            if not rows or not isinstance(total, int) or offset >= total:
                return

    def _page(self, path: str, kind: str, **query: str | int | Sequence[str]) -> list[Row]:
        return self._checked(self._get(path, **query), kind)

    def _checked(self, page: Row, kind: str) -> list[Row]:
        if page and not isinstance(page.get(kind), list):
            raise self.session.api.failed("it answers with something else than Airflow")
        return _rows(page, kind)

    def _get(self, path: str, **query: str | int | Sequence[str]) -> Row:
        """What is at a path; nothing where there is none, as with datasets before Airflow 2.4."""
        try:
            found = self.session.get(f"{self.version}/{path}", **query)
        except NotFoundError:
            return {}
        if not isinstance(found, dict):
            raise self.session.api.failed("it answers with something else than Airflow")
        return found


def _answers(session: Session, path: str) -> bool:
    try:
        session.get(path)
    except NotFoundError:
        return False
    return True


def _has_failed(runs: Sequence[Row]) -> bool:
    return any(run.get("state") == "failed" for run in runs)


def _rows(value: Row, name: str) -> list[Row]:
    rows = value.get(name)
    return [r for r in rows if isinstance(r, dict)] if isinstance(rows, list) else []


def _path_of(asset: Row) -> str:
    uri = str(asset.get("uri", ""))
    return uri.partition("://")[2] or uri


def _last_part(name: str) -> str:
    return name.rpartition(".")[2]
