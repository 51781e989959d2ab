"""Tell everything known about one table."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import Field

from gnomon.agent.case_state import CaseState
from gnomon.agent.render import card_as_values
from gnomon.agent.tools.base import Arguments, Environment
from gnomon.agent.tools.lookup import find_table
from gnomon.domain.catalog import TableRef
from gnomon.models.port import Effect
from gnomon.policy.untrusted import named

_LINKED = 12


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
        index = environment.index
        card = index.card(table.ref)
        if card is None:
            return {"table": str(table.ref), "columns": [f"{c.name} {c.type_sql}" for c in table.columns]}
        return dict(card_as_values(card)) | {
            "made_from": _tables(k.upstream for k in index.lineage(table.ref, up=True)),
            "used_by": _tables(k.table for k in index.lineage(table.ref, up=False)),
            "known_as_of": _as_of(environment),
        }


def _tables(refs: Iterable[TableRef]) -> list[str]:
    return [named(str(ref)) for ref in dict.fromkeys(refs)][:_LINKED]


def _as_of(environment: Environment) -> str:
    """When the card was measured, and whether the data changed since: then a column can be measured anew."""
    built = environment.whole_index.built_at.isoformat(timespec="minutes")
    changed = environment.whole_index.fingerprint != environment.warehouse.fingerprint()
    return f"{built}; the data changed since, measure what matters with profile_column" if changed else built
