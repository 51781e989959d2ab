"""Spark's history server: applications by name, whether they ended, and which of their jobs failed.

Paths and fields are those of https://spark.apache.org/docs/latest/monitoring.html#rest-api.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from gnomon.context.runtime.api import JsonApi, NotFoundError, Session
from gnomon.context.runtime.matching import MAX_NAME, is_job
from gnomon.context.runtime.times import parse_time
from gnomon.domain.pipeline import PipelineRun, RunState

_APPLICATIONS = 1_000
_LOOKED_AT = 5
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SparkHistory:
    """One history server. An application fills a table if its name is the table's, as `is_job` compares."""

    api: JsonApi
    name: str = "spark"

    def last_runs(self, names: Sequence[str]) -> tuple[PipelineRun, ...]:
        """The newest application for the table, and when one last ended without a failed job."""
        session = self.api.session()
        try:
            rows = _rows(session, "api/v1/applications", limit=_APPLICATIONS)
        except NotFoundError as error:
            raise self.api.failed("it has no `api/v1/applications`") from error
        fitting = next((some for name in names if (some := _of_name(rows, name))), [])
        runs = [self._run(session, each) for each in fitting[:_LOOKED_AT]]
        if not runs:
            return ()
        good = next((run.ended_at for run in runs if run.state == "success"), None)
        newest = runs[0]
        return (
            PipelineRun(
                newest.job, self.name, newest.state, newest.started_at, newest.ended_at, good, newest.detail
            ),
        )

    def _run(self, session: Session, application: Mapping[str, Any]) -> PipelineRun:
        attempt = _attempt(application)
        state, detail = _state(session, application, attempt)
        ended = parse_time(attempt.get("endTime")) if attempt.get("completed") else None
        job = str(application.get("name"))[:MAX_NAME]
        return PipelineRun(job, self.name, state, _started(application), ended, None, detail)


def _of_name(rows: Sequence[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    """The applications of that name, the newest first."""
    fitting = [row for row in rows if is_job(str(row.get("name", "")), name)]
    return sorted(fitting, key=lambda row: _started(row) or _LONG_AGO, reverse=True)


def _state(
    session: Session, application: Mapping[str, Any], attempt: Mapping[str, Any]
) -> tuple[RunState, str]:
    if not attempt.get("completed"):
        return "running", ""
    code = attempt.get("exitCode")
    if isinstance(code, int) and code:
        return "failed", f"it ended with exit code {code}"
    parts = (application.get("id", ""), attempt.get("attemptId") or "")
    path = "/".join(quote(str(part), safe="", errors="replace") for part in parts if part)
    try:
        count = len(_rows(session, f"api/v1/applications/{path}/jobs", status="failed"))
    except NotFoundError:
        return "unknown", "its jobs are no longer kept"
    return ("failed", f"failed jobs: {count}") if count else ("success", "")


def _rows(session: Session, path: str, **query: str | int) -> list[Mapping[str, Any]]:
    found = session.get(path, **query)
    if not isinstance(found, list):
        raise session.api.failed("it answers with something else than Spark")
    return [row for row in found if isinstance(row, dict)]


def _attempt(application: Mapping[str, Any]) -> Mapping[str, Any]:
    """The newest attempt."""
    return max(_attempts(application), key=lambda a: parse_time(a.get("startTime")) or _LONG_AGO, default={})


def _attempts(application: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    attempts = application.get("attempts")
    yield from (a for a in (attempts if isinstance(attempts, list) else ()) if isinstance(a, dict))


def _started(application: Mapping[str, Any]) -> datetime | None:
    return parse_time(_attempt(application).get("startTime"))
