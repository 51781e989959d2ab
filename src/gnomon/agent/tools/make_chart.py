"""Say how the final result is to be drawn."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from gnomon.agent.case_state import CaseState
from gnomon.agent.tools.base import Arguments, Environment
from gnomon.domain.answer import Chart
from gnomon.domain.catalog import NUMERIC_KINDS
from gnomon.domain.errors import Retry
from gnomon.models.port import Effect


class MakeChartArguments(Arguments):
    """Kind and columns."""

    kind: Literal["bar", "line"]
    x: str = Field(max_length=300, description="Column of labels or dates")
    y: tuple[str, ...] = Field(min_length=1, max_length=4, description="Columns of numbers")
    title: str = Field(default="", max_length=200)


class MakeChart:
    """A chart of the last result; the drawing is the surface's."""

    name = "make_chart"
    description = "Draw the latest rows as bars or a line, where a picture helps."
    effect: Effect = "compute"
    capability = ("draw", "result")
    arguments = MakeChartArguments

    def run(
        self, arguments: MakeChartArguments, case: CaseState, environment: Environment
    ) -> Mapping[str, Any]:
        """Check that the columns are there and that `y` holds numbers."""
        if case.final is None:
            raise Retry("there is no result to draw yet", hint="run a query first")
        columns = {c.name: c.kind for c in case.final.result.columns}
        missing = [name for name in (arguments.x, *arguments.y) if name not in columns]
        if missing:
            raise Retry(f"the result has no column `{missing[0]}`", facts=(("columns", ", ".join(columns)),))
        words = [name for name in arguments.y if columns[name] not in NUMERIC_KINDS]
        if words:
            raise Retry(f"the column `{words[0]}` holds no numbers")
        case.chart = Chart(arguments.kind, arguments.x, arguments.y, arguments.title)
        return {"chart": arguments.kind, "points": len(case.final.result.rows)}
