"""Tell everything known about one table."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from gnomon.agent.case_state import CaseState
from gnomon.agent.render import card_as_values
from gnomon.agent.tools.base import Arguments, Environment
from gnomon.agent.tools.lookup import find_table
from gnomon.models.port import Effect


class DescribeTableArguments(Arguments):
    """Which table."""

    table: str = Field(min_length=1, max_length=300, description="Name, with schema if it has one")


class DescribeTable:
    """The card of a table."""

    name = "describe_table"
    description = "Show one table's card: all columns, types, meaning, keys, joins and caveats."
    effect: Effect = "read"
    capability = ("describe", "table")
    arguments = DescribeTableArguments

    def run(
        self, arguments: DescribeTableArguments, case: CaseState, environment: Environment
    ) -> Mapping[str, Any]:
        """Return the card as plain values."""
        table = find_table(environment.catalog, arguments.table, environment.access.refusal)
        card = environment.index.card(table.ref)
        if card is None:
            return {"table": str(table.ref), "columns": [f"{c.name} {c.type_sql}" for c in table.columns]}
        return card_as_values(card)
