"""How much each source told, so that a source that is named and tells nothing is seen."""

import json
from collections.abc import Iterable
from dataclasses import astuple, dataclass, field

from gnomon.context.catalog.facts import (
    Dashboard,
    Fact,
    Item,
    JoinClaim,
    KeyClaim,
    LineageEdge,
    PastQuery,
    PipelineCode,
    Problem,
)
from gnomon.context.catalog.naming import Names


@dataclass(frozen=True, slots=True)
class SourceCount:
    """What one source told.

    Args:
        source: Its name, for example `dbt:target`.
        tables: Tables of the warehouse that it speaks of, other than in queries and code.
        facts: Statements on tables and columns, keys, joins and lineage.
        code: Statements that make tables.
        queries: Past queries, and groups of equal ones.
        dashboards: Dashboards.
        problems: What could not be read.
    """

    source: str
    tables: int = 0
    facts: int = 0
    code: int = 0
    queries: int = 0
    dashboards: int = 0
    problems: int = 0


@dataclass(slots=True)
class SourceCounter:
    """Counts the items of one source as they come."""

    source: str
    names: Names
    facts: int = 0
    code: int = 0
    queries: int = 0
    dashboards: int = 0
    problems: int = 0
    _named: set[str] = field(default_factory=set)

    def add(self, item: Item) -> None:
        """Count an item."""
        match item:
            case Fact() | KeyClaim():
                self._fact(item.table)
            case JoinClaim():
                self._fact(item.child, item.parent)
            case LineageEdge():
                self._fact(item.table, item.upstream)
            case PipelineCode():
                self.code += 1
            case PastQuery():
                self.queries += 1
            case Dashboard():
                self.dashboards += 1
            case Problem():
                self.problems += 1

    def result(self) -> SourceCount:
        """What was counted so far."""
        tables = len({ref for name in self._named if (ref := self.names.find(name)) is not None})
        return SourceCount(
            self.source, tables, self.facts, self.code, self.queries, self.dashboards, self.problems
        )

    def _fact(self, *tables: str) -> None:
        self.facts += 1
        self._named.update(tables)


def counts_to_json(counts: Iterable[SourceCount]) -> str:
    """`counts` as text; `counts_from_json` gives equal values back."""
    return json.dumps([astuple(count) for count in counts], separators=(",", ":"))


def counts_from_json(text: str) -> tuple[SourceCount, ...]:
    """The values that `counts_to_json` wrote."""
    return tuple(SourceCount(*count) for count in json.loads(text))
