"""A result as an Arrow table, which exposes the Arrow PyCapsule interface to any other library."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from arro3.core import Array, DataType, Field, Schema, Table

from gnomon.domain.catalog import TypeKind
from gnomon.domain.result import Cell, ResultTable

_EPOCH = datetime(1970, 1, 1)
_EPOCH_DAY = date(1970, 1, 1)
_MICROSECOND = timedelta(microseconds=1)
_INT64 = range(-(2**63), 2**63)
_MOST_DIGITS = 38
_OF_KIND: dict[TypeKind, type] = {
    "integer": int,
    "decimal": float,
    "boolean": bool,
    "date": date,
    "timestamp": datetime,
    "time": time,
}
"""The Python type of a column that has no value to tell."""


def to_arrow(result: ResultTable) -> Table:
    """The result's columns as Arrow columns, chosen by the cells.

    Decimals become `decimal128` of the widest cell, moments with a zone `timestamp[us, UTC]`, durations
    `duration[us]`, lists and dicts JSON text. What fits no one type (mixed cells, integers beyond 64 bits)
    becomes text.
    """
    arrays = [_array(result.values(i), column.kind) for i, column in enumerate(result.columns)]
    names = [column.name for column in result.columns]
    fields = [Field(name, array.type, nullable=True) for name, array in zip(names, arrays, strict=True)]
    return Table.from_arrays(arrays, schema=Schema(fields))


def _array(cells: Sequence[Cell], kind: TypeKind) -> Any:
    types = {type(cell) for cell in cells if cell is not None}
    if types == {int, float}:
        types = {float}
    only = types.pop() if len(types) == 1 else (None if types else _OF_KIND.get(kind))
    build = _BUILDERS.get(only) if only is not None else None
    try:
        return build(cells) if build else _text(cells)
    except (OverflowError, ValueError):
        return _text(cells)


def _text(cells: Sequence[Cell]) -> Any:
    return Array([None if cell is None else _as_text(cell) for cell in cells], DataType.string())


def _as_text(cell: Cell) -> str:
    if isinstance(cell, list | dict):
        return json.dumps(cell, default=str, ensure_ascii=False)
    return str(cell)


def _integers(cells: Sequence[Cell]) -> Any:
    if any(cell is not None and cell not in _INT64 for cell in cells):
        raise OverflowError("an integer beyond 64 bits")
    return Array(list(cells), DataType.int64())


def _floats(cells: Sequence[Cell]) -> Any:
    return Array([None if cell is None else float(cell) for cell in cells], DataType.float64())


def _decimals(cells: Sequence[Cell]) -> Any:
    values = [cell for cell in cells if cell is not None]
    if not all(value.is_finite() for value in values):
        raise ValueError("a decimal that is not a number")
    scale = max(0, max((-int(value.as_tuple().exponent) for value in values), default=0))
    whole = max((value.adjusted() + 1 for value in values), default=1)
    digits = max(1, whole) + scale
    if digits > _MOST_DIGITS:
        raise ValueError("more digits than decimal128 holds")
    texts = [None if cell is None else f"{cell:f}" for cell in cells]
    return Array(texts, DataType.string()).cast(DataType.decimal128(digits, scale))


def _dates(cells: Sequence[Cell]) -> Any:
    days = [None if cell is None else (cell - _EPOCH_DAY).days for cell in cells]
    return Array(days, DataType.int32()).cast(DataType.date32())


def _timestamps(cells: Sequence[Cell]) -> Any:
    zoned = {cell.tzinfo is not None for cell in cells if cell is not None}
    if len(zoned) > 1:
        raise ValueError("moments with and without a zone")
    plain = [cell.astimezone(UTC).replace(tzinfo=None) if cell and cell.tzinfo else cell for cell in cells]
    zone = "UTC" if True in zoned else None
    return _micros(
        [None if cell is None else cell - _EPOCH for cell in plain], DataType.timestamp("us", tz=zone)
    )


def _times(cells: Sequence[Cell]) -> Any:
    if any(cell is not None and cell.tzinfo is not None for cell in cells):
        raise ValueError("a time of day with a zone")
    spans = [
        None
        if cell is None
        else timedelta(
            hours=cell.hour, minutes=cell.minute, seconds=cell.second, microseconds=cell.microsecond
        )
        for cell in cells
    ]
    return _micros(spans, DataType.time64("us"))


def _durations(cells: Sequence[Cell]) -> Any:
    return _micros(cells, DataType.duration("us"))


def _micros(spans: Sequence[timedelta | None], arrow_type: Any) -> Any:
    counts = [None if span is None else span // _MICROSECOND for span in spans]
    return Array(counts, DataType.int64()).cast(arrow_type)


_BUILDERS: dict[type, Callable[[Sequence[Cell]], Any]] = {
    bool: lambda cells: Array(list(cells), DataType.bool()),
    int: _integers,
    float: _floats,
    Decimal: _decimals,
    date: _dates,
    datetime: _timestamps,
    time: _times,
    timedelta: _durations,
    bytes: lambda cells: Array(list(cells), DataType.binary()),
}
