"""Say whether a table is fresh, late or failed, from its rows and from what fills it."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from gnomon.agent.case_state import CaseState
from gnomon.agent.tools.base import Arguments, Environment
from gnomon.agent.tools.lookup import find_table
from gnomon.context.runtime.judge import status_of
from gnomon.domain.catalog import TableCard
from gnomon.models.port import Effect


class PipelineStatusArguments(Arguments):
    """Which table."""

    table: str = Field(min_length=1, max_length=300, description="Name, with schema if it has one")


class PipelineStatus:
    """The newest row as the person sees it, the owner's expectation, and the last runs."""

    name = "pipeline_status"
    description = (
        "Ask dbt, Airflow or Spark, and the newest row, whether data arrived: fresh, late or failed."
    )
    effect: Effect = "read"
    capability = ("ask", "pipeline")
    arguments = PipelineStatusArguments

    def run(
        self, arguments: PipelineStatusArguments, case: CaseState, environment: Environment
    ) -> Mapping[str, Any]:
        """Return the verdict and what it stands on."""
        table = find_table(environment.catalog, arguments.table, environment.access.refusal)
        card = environment.index.card(table.ref) or TableCard(table.ref, ())
        status = status_of(
            card,
            environment.access,
            environment.orchestrators,
            environment.look_up,
            case.question.asked_at,
        )
        return {
            "table": str(status.table),
            "state": status.freshness,
            "summary": status.summary,
            "evidence": [f"{s.provenance}: {s.text}" for s in status.evidence],
        }
