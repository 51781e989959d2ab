"""The port every warehouse stands behind: introspect, profile, plan, execute."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gnomon.domain.catalog import Catalog, ColumnRef, TableProfile, TableRef, TableSchema
from gnomon.domain.query import AuthorizedQuery, Dialect
from gnomon.domain.result import Plan, ResultTable

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many are done, and how many there are."""


@dataclass(slots=True)
class Cancellation:
    """A flag that one thread sets and the engine's thread obeys within about 100 ms."""

    _event: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Ask the running query to stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether somebody asked to stop."""
        return self._event.is_set()


class Warehouse(Protocol):
    """One source of data, opened read-only.

    Every method raises `Failed` for what the engine refuses at run time (timeout, lost connection, a bad
    cast), `Retry` for what a corrected statement would mend, `Misconfigured` for what an operator mends.
    """

    @property
    def dialect(self) -> Dialect:
        """The SQL it speaks, as sqlglot names it."""
        ...

    @property
    def warehouse_id(self) -> str:
        """Stable id of this source: same source, same id; holds no secret."""
        ...

    @property
    def label(self) -> str:
        """How to name it to a person; holds no secret."""
        ...

    def fingerprint(self) -> str:
        """Changes whenever schema or data may have changed; cheap (file times and sizes, catalog hash)."""
        ...

    def table_fingerprints(self) -> Mapping[TableRef, str]:
        """What changes with one table alone; tables are left out where only the whole can tell."""
        ...

    def introspect(self) -> Catalog:
        """Tables, views, columns, declared keys and joins, comments and row counts."""
        ...

    def profile(self, table: TableSchema, *, budget_s: float = 5.0) -> TableProfile:
        """Look at a table's data within a time budget; large tables by a sample, and it says so."""
        ...

    def distinct_values(
        self, column: ColumnRef, *, limit: int, budget_s: float = 5.0
    ) -> tuple[tuple[str, int], ...] | None:
        """Distinct non-null values of a text column with their row counts, most frequent first.

        None if there are more than `limit` or the budget ended.
        """
        ...

    def explain(self, query: AuthorizedQuery) -> Plan:
        """The engine's plan, without running the query."""
        ...

    def execute(self, query: AuthorizedQuery, *, cancellation: Cancellation | None = None) -> ResultTable:
        """Run the query within its limits."""
        ...

    def close(self) -> None:
        """Give back connections and files. Calling it twice is harmless."""
        ...
