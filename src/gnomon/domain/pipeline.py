"""Whether what fills a table has run, and whether the table is as fresh as it should be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gnomon.domain.catalog import Statement, TableRef

RunState = Literal["success", "failed", "running", "waiting", "unknown"]
Freshness = Literal["fresh", "late", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """The last run of what fills a table, as an orchestrator or engine tells it.

    Args:
        job: Its name there.
        source: Which system tells it, for example `airflow`.
        started_at: Aware, or None.
        ended_at: Aware; None while it runs or where the system does not say.
        last_success_at: When the table was last filled as far as the system knows, aware, or None.
        detail: What failed, in a few words of ours; never text of the system, which may quote data.
        is_late: Whether the system itself finds the table older than its owner allows.
    """

    job: str
    source: str
    state: RunState
    started_at: datetime | None = None
    ended_at: datetime | None = None
    last_success_at: datetime | None = None
    detail: str = ""
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class PipelineStatus:
    """The verdict on one table.

    Args:
        summary: The verdict in one sentence.
        evidence: What it stands on, each with its source.
    """

    table: TableRef
    freshness: Freshness
    summary: str
    evidence: tuple[Statement, ...] = ()
