"""Find tables by meaning and by exact text."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from gnomon.agent.case_state import CaseState
from gnomon.agent.tools.base import Arguments, Environment
from gnomon.models.port import Effect


class SearchTablesArguments(Arguments):
    """What to look for."""

    query: str = Field(min_length=1, max_length=500, description="What the table should be about")
    limit: int = Field(default=8, ge=1, le=25)


class SearchTables:
    """Hybrid search over table cards."""

    name = "search_tables"
    description = "Find further tables by topic when those in the context do not suffice."
    effect: Effect = "read"
    capability = ("find", "tables")
    arguments = SearchTablesArguments

    def run(
        self, arguments: SearchTablesArguments, case: CaseState, environment: Environment
    ) -> Mapping[str, Any]:
        """Return names, purposes and why each was found."""
        vector = environment.embedder.embed([arguments.query])[0]
        found = environment.index.retrieve(arguments.query, vector, arguments.limit)
        cards = [(c, environment.index.card(c.ref)) for c in found]
        return {
            "tables": [
                {"table": str(c.ref), "purpose": card.purpose, "rows": card.row_count, "why": c.reason}
                for c, card in cards
                if card is not None
            ]
        }
