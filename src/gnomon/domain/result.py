"""What a query returned: rows held in memory, and the stored form of the same."""

from dataclasses import dataclass
from typing import Any

from gnomon.domain.catalog import TypeKind

Cell = Any
"""None, bool, int, float, Decimal, str, date, time, datetime (aware or naive as stored), timedelta, bytes,
list or dict. Engines' other types arrive as text."""


@dataclass(frozen=True, slots=True)
class ResultColumn:
    """A column of a result."""

    name: str
    kind: TypeKind


@dataclass(frozen=True, slots=True)
class ResultTable:
    """A bounded result.

    Args:
        columns: n columns; names may repeat.
        rows: Row tuples of n cells.
        truncated: True if the row or byte limit cut rows off.
        elapsed_s: Wall time in the engine, seconds.
    """

    columns: tuple[ResultColumn, ...]
    rows: tuple[tuple[Cell, ...], ...]
    truncated: bool = False
    elapsed_s: float = 0.0

    def column_index(self, name: str) -> int | None:
        """Position of the first column of that name, compared without case, or None."""
        folded = name.casefold()
        return next((i for i, c in enumerate(self.columns) if c.name.casefold() == folded), None)

    def values(self, index: int) -> tuple[Cell, ...]:
        """The cells of one column."""
        return tuple(row[index] for row in self.rows)


@dataclass(frozen=True, slots=True)
class ResultRef:
    """A stored result, by reference: the rows stay in the result store.

    Args:
        id: Short id, for example `r1`; unique within a conversation.
        sha256: Hash of the stored rows and column names.
    """

    id: str
    columns: tuple[ResultColumn, ...]
    row_count: int
    truncated: bool
    sha256: str


@dataclass(frozen=True, slots=True)
class PlanNode:
    """What the engine's plan says about one risk: a scan, a join without condition, and so on."""

    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Plan:
    """An engine's plan, read before running.

    Args:
        estimated_rows: Rows the engine expects to read; None where it does not say.
        estimated_bytes: Bytes it expects to scan; None where it does not say.
        cross_joins: Joins without a condition, in the engine's words.
        full_scans: Tables read without an index or partition filter.
        text: The plan as the engine prints it.
    """

    estimated_rows: int | None
    estimated_bytes: int | None
    cross_joins: tuple[str, ...]
    full_scans: tuple[str, ...]
    text: str
