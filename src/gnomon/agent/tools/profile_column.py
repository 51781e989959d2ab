"""Look at one column's data now."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import Field

from gnomon.agent.case_state import CaseState
from gnomon.agent.preview import readable
from gnomon.agent.tools.base import Arguments, Environment
from gnomon.agent.tools.lookup import find_column, find_table
from gnomon.domain.catalog import Column, ColumnRef, TableSchema
from gnomon.models.port import Effect
from gnomon.policy.sql import quote_identifier

_FREQUENT = 20


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
        table = find_table(environment.catalog, arguments.table, environment.access.refusal)
        column = find_column(table, arguments.column)
        environment.record("profile", {"column": f"{table.ref}.{column.name}"})
        content: dict[str, Any] = {"column": f"{table.ref}.{column.name}", "type": column.type_sql}
        restricted = environment.access.restricted(table.ref)
        content |= (_measured_as_person if restricted else _measured)(environment, table, column)
        if arguments.near:
            near = environment.index.near_values(ColumnRef(table.ref, column.name), arguments.near)
            content["near_values"] = [readable(value) for value in near]
        return content


def _measured(environment: Environment, table: TableSchema, column: Column) -> Mapping[str, Any]:
    profile = environment.warehouse.profile(replace(table, columns=(column,)))
    seen = next((p for p in profile.columns if p.column == column.name), None)
    if seen is None:
        return {}
    return {
        "null_share": round(seen.null_share, 4),
        "distinct": seen.distinct,
        "low": readable(seen.low),
        "high": readable(seen.high),
        "frequent_values": [readable(value) for value, _ in seen.top[:_FREQUENT]],
        "exact": seen.exact,
    }


def _measured_as_person(environment: Environment, table: TableSchema, column: Column) -> Mapping[str, Any]:
    """The same from authorized queries, of the rows and cells that the person sees."""
    name = quote_identifier(column.name)
    source = ".".join(quote_identifier(p) for p in (table.ref.schema, table.ref.name) if p)
    counts = f"COUNT(*), COUNT({name}), COUNT(DISTINCT {name}), MIN({name}), MAX({name})"
    rows, filled, distinct, low, high = environment.look_up(f"SELECT {counts} FROM {source}").rows[0]
    frequent = environment.look_up(
        f"SELECT {name}, COUNT(*) AS n FROM {source} WHERE {name} IS NOT NULL "
        f"GROUP BY {name} ORDER BY n DESC, {name} LIMIT {_FREQUENT}"
    )
    return {
        "null_share": round((rows - filled) / rows, 4) if rows else 0.0,
        "distinct": distinct,
        "low": readable(low),
        "high": readable(high),
        "frequent_values": [readable(row[0]) for row in frequent.rows],
        "exact": True,
    }
