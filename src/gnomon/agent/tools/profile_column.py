"""Look at one column's data now."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from gnomon.agent.case_state import CaseState
from gnomon.agent.preview import readable
from gnomon.agent.tools.base import Arguments, Environment
from gnomon.agent.tools.lookup import find_column, find_table
from gnomon.domain.catalog import ColumnRef
from gnomon.models.port import Effect


class ProfileColumnArguments(Arguments):
    """Which column, and optionally a value to look for."""

    table: str = Field(min_length=1, max_length=300)
    column: str = Field(min_length=1, max_length=300)
    near: str = Field(default="", max_length=200, description="A value whose spelling to look up")


class ProfileColumn:
    """Live statistics and spellings."""

    name = "profile_column"
    description = "Measure a column live: null share, distinct count, range, frequent values, near spellings."
    effect: Effect = "read"
    capability = ("measure", "column")
    arguments = ProfileColumnArguments

    def run(
        self, arguments: ProfileColumnArguments, case: CaseState, environment: Environment
    ) -> Mapping[str, Any]:
        """Return the profile as plain values."""
        table = find_table(environment.catalog, arguments.table)
        column = find_column(table, arguments.column)
        environment.record("profile", {"column": f"{table.ref}.{column.name}"})
        profile = environment.warehouse.profile(replace(table, columns=(column,)))
        seen = next((p for p in profile.columns if p.column == column.name), None)
        content: dict[str, Any] = {"column": f"{table.ref}.{column.name}", "type": column.type_sql}
        if seen is not None:
            content |= {
                "null_share": round(seen.null_share, 4),
                "distinct": seen.distinct,
                "low": readable(seen.low),
                "high": readable(seen.high),
                "frequent_values": [readable(value) for value, _ in seen.top[:20]],
                "exact": seen.exact,
            }
        if arguments.near:
            near = environment.index.near_values(ColumnRef(table.ref, column.name), arguments.near)
            content["near_values"] = [readable(value) for value in near]
        return content
