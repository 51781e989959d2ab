"""A table as the survey of the warehouse left it; what its data look like is decoded when it is asked for."""

from dataclasses import dataclass, replace
from datetime import date

from gnomon.context.catalog import codec
from gnomon.context.catalog.cards import Surveyed
from gnomon.context.catalog.caveats import Known, newest_day
from gnomon.domain.catalog import TableProfile, TableRef, TableSchema


@dataclass(frozen=True, slots=True)
class Look:
    """What is known of one table.

    Args:
        profile_text: The profile as `codec.profile_to_json` wrote it; None if there is none.
        problem: Why there is none; empty if nothing is wrong.
        newest: The column that tells how fresh the table is, and its newest day.
    """

    schema: TableSchema
    profile_text: str | None = None
    problem: str = ""
    newest: tuple[str, date] | None = None

    @property
    def ref(self) -> TableRef:
        """The table's address."""
        return self.schema.ref

    def profile(self) -> TableProfile | None:
        """The profile, decoded anew at each call: tens of thousands of them do not fit into memory."""
        return codec.profile_from_json(self.profile_text) if self.profile_text else None

    def surveyed(self) -> Surveyed:
        """The table as cards are drafted from it."""
        return Surveyed(Known(self.schema, self.profile()), self.problem)

    def of(self, schema: TableSchema) -> "Look":
        """The same look at the table under another schema, which has further keys."""
        return self if schema is self.schema else replace(self, schema=schema)


def newest_to_text(known: Known) -> str:
    """`Look.newest` of a table as text; empty for none."""
    found = newest_day(known)
    return f"{found[1].isoformat()} {found[0]}" if found else ""


def newest_from_text(text: str) -> tuple[str, date] | None:
    """What `newest_to_text` wrote."""
    day, _, column = text.partition(" ")
    return (column, date.fromisoformat(day)) if text else None
