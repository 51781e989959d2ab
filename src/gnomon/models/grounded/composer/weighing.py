"""What readings of one question give, beside each other: rows that several of them give are likelier meant.

A model sees of a result how many rows it has and the first of them. Equal results are known for certain only
where all rows are seen; of longer ones the first rows and the number of all have to agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LOOKED_AT = 3
"""Readings of a question that are run to be compared."""

MOST_ROWS = 1_000.0
"""More rows than so many tell no more."""

DIGITS = 9
"""Of numbers that are compared: sums over the same rows in another order differ behind them."""


@dataclass(frozen=True, slots=True)
class Given:
    """A result as far as a model sees it.

    Args:
        rows: How many there are.
        columns: The seen cells of each column, whatever their order.
        together: The seen rows likewise.
        unknown: Share of the seen cells that are null, in [0, 1].
        repeated: Share of the seen rows that are like another one, in [0, 1].
        is_zero: Whether it is the number zero and nothing else.
    """

    rows: int
    columns: tuple[tuple[str, ...], ...]
    together: tuple[tuple[str, ...], ...]
    unknown: float
    repeated: float
    is_zero: bool

    def agrees(self, other: "Given") -> bool:
        """Whether one shows all that the other shows, over as many rows."""
        return self.covers(other) or other.covers(self)

    def covers(self, other: "Given") -> bool:
        """Whether it shows all that the other shows, over as many rows."""
        return self.rows == other.rows and set(other.columns) <= set(self.columns)


def given_by(content: Mapping[str, Any]) -> Given:
    """A result from what `run_sql` tells of it."""
    rows = [tuple(_same(cell) for cell in row) for row in content.get("rows", ())]
    width = len(content.get("columns", ()))
    cells = [cell for row in rows for cell in row]
    return Given(
        rows=int(content.get("row_count", 0)),
        columns=tuple(tuple(sorted(row[at] for row in rows)) for at in range(width)),
        together=tuple(sorted(rows)),
        unknown=cells.count(_same(None)) / max(len(cells), 1),
        repeated=1 - len(set(rows)) / max(len(rows), 1) if rows else 0.0,
        is_zero=cells == [_same(0)],
    )


def _same(cell: Any) -> str:
    """A text that is the same for cells that are equal: numbers whatever their type, up to rounding."""
    if isinstance(cell, bool | int | float):
        return f"{float(cell):.{DIGITS}g}"
    return repr(cell)


def weigh(likely: Sequence[float], given: Sequence[Given | None]) -> list[dict[str, float]]:
    """Named features of what each reading gives, beside the others.

    Args:
        likely: How likely each is before it is run, in [0, 1]; the likeliest first.
        given: What each gave; None for one that did not run.
    """
    return [
        {"likely before": likely[at], "place": float(at)} | _features(at, likely, given)
        for at in range(len(given))
    ]


def _features(at: int, likely: Sequence[float], given: Sequence[Given | None]) -> dict[str, float]:
    own = given[at]
    if own is None:
        return {"does not run": 1.0}
    ran = [(share, g) for share, g in zip(likely, given, strict=True) if g is not None]
    same = [share for share, g in ran if g.rows == own.rows and g.together == own.together]
    agreeing = [share for share, g in ran if own.agrees(g)]
    apart = [share for share, g in zip(likely, given, strict=True) if g is None or not own.agrees(g)]
    return {
        "gives nothing": float(own.rows == 0),
        "gives one row": float(own.rows == 1),
        "gives zero": float(own.is_zero),
        "rows given": min(float(own.rows), MOST_ROWS),
        "columns given": float(len(own.columns)),
        "unknown given": own.unknown,
        "repeated given": own.repeated,
        "same": float(len(same)),
        "same likely": sum(same),
        "agreeing": float(len(agreeing)),
        "agreeing likely": sum(agreeing),
        "agreeing share": sum(agreeing) / max(sum(likely), 1e-9),
        "likeliest apart": max(apart, default=0.0),
        "apart likely": sum(apart),
        "longer than": float(sum(g.rows < own.rows for _, g in ran)),
        "shorter than": float(sum(g.rows > own.rows for _, g in ran)),
        "nothing beside": float(sum(g.rows == 0 for _, g in ran)),
    }
