"""Run one authorized statement and keep its result."""

from collections.abc import Generator

from pydantic import Field

from gnomon.agent.case_state import CaseState
from gnomon.agent.preview import byte_size
from gnomon.agent.tools.base import Arguments, Environment, Outcome
from gnomon.domain.answer import Assumption
from gnomon.domain.errors import Retry
from gnomon.domain.events import Event, QueryStarted, ResultReady
from gnomon.domain.query import AuthorizedQuery
from gnomon.domain.result import Plan, ResultTable
from gnomon.models.port import Effect

MAX_ESTIMATED_ROWS = 2_000_000_000


class AssumptionArgument(Arguments):
    """Something the question left open."""

    text: str = Field(max_length=500, description="How it was taken")
    alternative: str = Field(default="", max_length=500, description="How to ask for the other reading")


class RunSqlArguments(Arguments):
    """The statement, what it is for, and what it assumes."""

    sql: str = Field(min_length=1, max_length=100_000, description="One SELECT in the warehouse's dialect")
    purpose: str = Field(default="", max_length=300, description="What it computes, in a few words")
    assumptions: tuple[AssumptionArgument, ...] = Field(default=(), max_length=10)


class RunSql:
    """Authorize, look at the plan, run with limits, keep the result by reference."""

    name = "run_sql"
    description = "Run a read-only query; the last one run is what the answer stands on."
    effect: Effect = "read"
    capability = ("run", "query")
    arguments = RunSqlArguments

    def run(
        self, arguments: RunSqlArguments, case: CaseState, environment: Environment
    ) -> Generator[Event, None, Outcome]:
        """Return the result's shape and a bounded preview."""
        query = environment.authorize(arguments.sql, arguments.purpose)
        plan = plan_within_reason(query, environment)
        yield QueryStarted(query.original_sql, arguments.purpose, query.tables)
        result = run_planned(query, plan, environment)
        assumptions = tuple(Assumption(a.text, a.alternative) for a in arguments.assumptions)
        content = case.record_query(query, result, arguments.purpose, assumptions)
        reference = case.ran[-1].executed.result
        environment.record(
            "result",
            {"result": reference.id, "sha256": reference.sha256, "rows": str(reference.row_count)},
        )
        yield ResultReady(reference, result.elapsed_s)
        return content


def run_planned(query: AuthorizedQuery, plan: Plan, environment: Environment) -> ResultTable:
    """Run the query; what it scans is counted as the plan estimates it, or as the result's size."""
    result = environment.run(query)
    environment.scanned(max(0, (plan.estimated_bytes or 0) - byte_size(result)))
    return result


def plan_within_reason(query: AuthorizedQuery, environment: Environment) -> Plan:
    """The engine's plan; a join without a condition over large tables would take minutes and is sent back.

    Raises:
        Retry: It holds such a join.
    """
    plan = environment.plan(query)
    if plan.cross_joins and (plan.estimated_rows or 0) > MAX_ESTIMATED_ROWS:
        told = environment.may_tell_plan(query)
        expects = f"{plan.estimated_rows:,}" if told else f"over {MAX_ESTIMATED_ROWS:,}"
        raise Retry(
            f"the plan joins without a condition and expects {expects} rows",
            facts=(("join", plan.cross_joins[0]),) if told else (),
            hint="add the join condition",
        )
    return plan
