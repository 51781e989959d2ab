"""What a model may see of a result: its shape and a bounded number of bounded cells."""

import hashlib
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
        "columns": [c.name for c in result.columns[:PREVIEW_COLUMNS]],
        "row_count": reference.row_count,
        "truncated": reference.truncated,
        "rows": [[readable(cell) for cell in row[:PREVIEW_COLUMNS]] for row in shown],
        "rows_not_shown": len(result.rows) - len(shown),
    }


def readable(cell: Cell) -> Any:
    """A cell as a JSON value, long text cut."""
    if cell is None or isinstance(cell, bool | int | float):
        return cell
    if isinstance(cell, Decimal):
        return int(cell) if cell == cell.to_integral_value() and cell.is_finite() else float(cell)
    if isinstance(cell, date | datetime | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    if isinstance(cell, bytes):
        return f"{len(cell)} bytes"
    text = str(cell)
    return text if len(text) <= PREVIEW_CELL_CHARS else text[: PREVIEW_CELL_CHARS - 1] + "…"


def byte_size(result: ResultTable) -> int:
    """Rough bytes of a result: 8 for a plain cell, the length of longer ones."""
    return sum(len(c) if isinstance(c, str | bytes) else 8 for row in result.rows for c in row)


def result_hash(result: ResultTable) -> str:
    """SHA-256 over column names and cells."""
    digest = hashlib.sha256(repr([c.name for c in result.columns]).encode())
    for row in result.rows:
        digest.update(repr(row).encode())
    return digest.hexdigest()
