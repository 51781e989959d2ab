"""Turns an engine's rows into a bounded result of plain cells."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from gnomon.domain.catalog import TypeKind
from gnomon.domain.query import Limits
from gnomon.domain.result import Cell

Row = tuple[Cell, ...]

_PLAIN = frozenset({type(None), bool, int, float, Decimal, str, date, time, datetime, timedelta, bytes})
_FIXED_BYTES = 16
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?\Z")


@dataclass(frozen=True, slots=True)
class Collected:
    """Rows within limits. `truncated` is True if there were more."""

    rows: tuple[Row, ...]
    truncated: bool


def collect(batches: Iterable[Sequence[Sequence[object]]], limits: Limits) -> Collected:
    """Read batches until they end or a limit is passed; nothing is read beyond it."""
    rows: list[Row] = []
    held_bytes = 0
    for batch in batches:
        for raw in batch:
            row = tuple(plain_cell(value) for value in raw)
            held_bytes += sum(map(cell_bytes, row))
            if len(rows) >= limits.max_rows or held_bytes > limits.max_bytes:
                return Collected(tuple(rows), truncated=True)
            rows.append(row)
    return Collected(tuple(rows), truncated=False)


def plain_cell(value: object) -> Cell:
    """The value as one of the cell types; what an engine has beyond them becomes text."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, list | tuple):
        return [plain_cell(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain_cell(item) for key, item in value.items()}
    if isinstance(value, memoryview | bytearray):
        return bytes(value)
    return str(value)


def cell_bytes(value: Cell) -> int:
    """Bytes a cell takes, estimated: its length where it has one, else 16."""
    if isinstance(value, str | bytes):
        return _FIXED_BYTES + len(value)
    if isinstance(value, list):
        return _FIXED_BYTES + sum(map(cell_bytes, value))
    if isinstance(value, dict):
        return _FIXED_BYTES + sum(len(key) + cell_bytes(item) for key, item in value.items())
    return _FIXED_BYTES


def kind_of_values(values: Iterable[Cell]) -> TypeKind | None:
    """The one family that all non-null values belong to; None without values, `other` if they mix.

    Text counts as a date or a timestamp if every value is written as ISO 8601 has it.
    """
    kinds = {_kind_of_value(value) for value in values if value is not None}
    if not kinds:
        return None
    if kinds == {"integer", "decimal"}:
        return "decimal"
    if kinds == {"date", "timestamp"}:
        return "timestamp"
    if kinds <= {"text", "date", "timestamp"} and len(kinds) > 1:
        return "text"
    return kinds.pop() if len(kinds) == 1 else "other"


def _kind_of_value(value: Cell) -> TypeKind:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float | Decimal):
        return "decimal"
    if isinstance(value, str):
        return _kind_of_text(value)
    if isinstance(value, datetime):
        return "timestamp"
    if isinstance(value, date):
        return "date"
    return "time" if isinstance(value, time) else "other"


def _kind_of_text(text: str) -> TypeKind:
    head = text[:40]
    if _DATE.match(head):
        return "date" if _is_iso(head) else "text"
    return "timestamp" if _TIMESTAMP.match(head) and _is_iso(head) else "text"


def _is_iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def whole_number(value: object) -> int:
    """A count as the engine returned it; None and NaN count as 0."""
    if not isinstance(value, int | float | Decimal) or (isinstance(value, float) and math.isnan(value)):
        return 0
    return int(value)
