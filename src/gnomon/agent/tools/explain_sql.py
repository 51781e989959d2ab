"""Look at a statement's plan without running it."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from gnomon.agent.case_state import CaseState
from gnomon.agent.tools.base import Arguments, Environment
from gnomon.models.port import Effect

PLAN_CHARS = 2_000
WITHHELD = "estimates and the plan itself: they would tell of what is kept from the person"


class ExplainSqlArguments(Arguments):
    """The statement."""

    sql: str = Field(min_length=1, max_length=100_000)


class ExplainSql:
    """The engine's plan."""

    name = "explain_sql"
    description = "Ask the engine for a statement's plan and estimates, without executing anything."
    effect: Effect = "read"
    capability = ("plan", "statement")
    arguments = ExplainSqlArguments

    def run(
        self, arguments: ExplainSqlArguments, case: CaseState, environment: Environment
    ) -> Mapping[str, Any]:
        """Return estimates and risks."""
        query = environment.authorize(arguments.sql, "explain")
        environment.record_query("explain", query)
        plan = environment.plan(query)
        if not environment.may_tell_plan(query):
            return {"joins_without_condition": len(plan.cross_joins), "withheld": WITHHELD}
        return {
            "estimated_rows": plan.estimated_rows,
            "estimated_bytes": plan.estimated_bytes,
            "joins_without_condition": list(plan.cross_joins),
            "full_scans": list(plan.full_scans),
            "plan": plan.text[:PLAN_CHARS],
        }
