"""What a model may see of a result: its shape and a bounded number of bounded cells."""

import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from gnomon.domain.result import Cell, ResultRef, ResultTable

PREVIEW_ROWS = 20
PREVIEW_COLUMNS = 30
PREVIEW_CELL_CHARS = 120


def preview(reference: ResultRef, result: ResultTable) -> Mapping[str, Any]:
    """Distil a result: id, columns, row count, and at most 20 rows of 30 columns."""
    shown = result.rows[:PREVIEW_ROWS]
    return {
        "result": reference.id,
        "columns": [readable(c.name) for c in result.columns[:PREVIEW_COLUMNS]],
        "row_count": reference.row_count,
        "truncated": reference.truncated,
        "rows": [[readable(cell) for cell in row[:PREVIEW_COLUMNS]] for row in shown],
        "rows_not_shown": len(result.rows) - len(shown),
        "columns_not_shown": max(0, len(result.columns) - PREVIEW_COLUMNS),
    }


def readable(cell: Cell) -> Any:
    """A cell as a JSON value, long text cut."""
    if cell is None or isinstance(cell, bool | int):
        return cell
    if isinstance(cell, float):
        return cell if math.isfinite(cell) else str(cell)
    if isinstance(cell, Decimal):
        return _decimal(cell)
    if isinstance(cell, date | datetime | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    if isinstance(cell, bytes):
        return f"{len(cell)} bytes"
    text = str(cell)
    return text if len(text) <= PREVIEW_CELL_CHARS else text[: PREVIEW_CELL_CHARS - 1] + "…"


def _decimal(cell: Decimal) -> int | float | str:
    """A number where JSON readers get the very same value, else its digits."""
    if not cell.is_finite():
        return str(cell)
    if cell == cell.to_integral_value():
        return int(cell)
    return float(cell) if Decimal(repr(float(cell))) == cell else str(cell)


def byte_size(result: ResultTable) -> int:
    """Rough bytes of a result: 8 for a plain cell, the length of longer ones."""
    return sum(len(c) if isinstance(c, str | bytes) else 8 for row in result.rows for c in row)
