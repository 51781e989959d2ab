"""Say whether two results are the same answer.

Results are equal when the expected columns can be found among the actual ones so that the rows agree as a
multiset, or in order where order is part of the answer. Tolerated, because they do not change what a reader
learns: further columns, another order of columns, other column names, the number type (int, float, Decimal,
0/1 for a boolean), float noise up to 1e-6 relative, a date for that day's midnight, an aware instant for the
same naive UTC instant. Not tolerated: missing or further rows, a missing column, text in place of a number,
another unit or rounding, null in place of zero.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from gnomon.domain.result import Cell, ResultTable

RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-9
MAX_MAPPINGS = 2_000
"""Column assignments tried before giving up; only results full of identical columns come near it."""

Exact = tuple[str, str]
"""A cell compared exactly: its family and its canonical text."""
Norm = Exact | float
Row = tuple[Norm, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether two results are the same answer and, if not, the first difference found."""

    equal: bool
    why: str = ""


def compare(expected: ResultTable, actual: ResultTable, *, ordered: bool = False) -> Comparison:
    """Compare `actual` with `expected`; see the module text for what counts as equal.

    Args:
        ordered: Whether the rows have to come in the expected order.
    """
    if len(expected.rows) != len(actual.rows):
        return Comparison(False, f"{len(actual.rows)} rows instead of {len(expected.rows)}")
    if len(expected.columns) > len(actual.columns):
        return Comparison(False, f"{len(actual.columns)} columns instead of {len(expected.columns)}")
    want = [tuple(normalize(c) for c in row) for row in expected.rows]
    have = [tuple(normalize(c) for c in row) for row in actual.rows]
    fitting = _fitting_columns(want, have, len(expected.columns), len(actual.columns))
    for index, options in enumerate(fitting):
        if not options:
            return Comparison(False, f"no column holds the values of `{expected.columns[index].name}`")
    tried = 0
    for mapping in _assignments(fitting):
        tried += 1
        if _rows_equal(want, [tuple(row[i] for i in mapping) for row in have], ordered):
            return Comparison(True)
        if tried >= MAX_MAPPINGS:
            break
    if not tried:
        return Comparison(False, "two expected columns would need the same column of the answer")
    return Comparison(
        False, "the rows come in another order" if ordered else "the values pair up differently"
    )


def normalize(cell: Cell) -> Norm:
    """The comparable form of a cell: a float for every number, else a family and canonical text."""
    if cell is None:
        return ("null", "")
    if isinstance(cell, bool | int | float | Decimal):
        number = float(cell)
        return ("nan", "") if math.isnan(number) else number
    if isinstance(cell, datetime):
        naive = cell.astimezone(UTC).replace(tzinfo=None) if cell.tzinfo else cell
        return ("time", naive.isoformat())
    if isinstance(cell, date):
        return ("time", datetime(cell.year, cell.month, cell.day).isoformat())
    if isinstance(cell, time):
        return ("clock", cell.isoformat())
    if isinstance(cell, timedelta):
        return ("span", repr(cell.total_seconds()))
    if isinstance(cell, bytes):
        return ("bytes", cell.hex())
    if isinstance(cell, list | tuple | dict):
        return ("nested", repr(_nested(cell)))
    return ("text", str(cell))


def _nested(cell: Any) -> Any:
    if isinstance(cell, dict):
        return sorted((str(k), _nested(v)) for k, v in cell.items())
    if isinstance(cell, list | tuple):
        return [_nested(c) for c in cell]
    return normalize(cell)


def _close(a: float, b: float) -> bool:
    return a == b or math.isclose(a, b, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE)


def _row_close(a: Row, b: Row) -> bool:
    return all(
        _close(x, y) if isinstance(x, float) and isinstance(y, float) else x == y
        for x, y in zip(a, b, strict=True)
    )


def _fitting_columns(want: list[Row], have: list[Row], wanted: int, given: int) -> list[list[int]]:
    """For each expected column, the actual columns that hold the same multiset of values."""
    wanted_columns = [[(row[i],) for row in want] for i in range(wanted)]
    given_columns = [[(row[i],) for row in have] for i in range(given)]
    return [
        [i for i, column in enumerate(given_columns) if _same_multiset(target, column)]
        for target in wanted_columns
    ]


def _assignments(fitting: Sequence[Sequence[int]], taken: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """Every way to give each expected column its own actual column."""
    if len(taken) == len(fitting):
        yield taken
        return
    for option in fitting[len(taken)]:
        if option not in taken:
            yield from _assignments(fitting, (*taken, option))


def _rows_equal(want: Sequence[Row], have: Sequence[Row], ordered: bool) -> bool:
    if ordered:
        return all(_row_close(a, b) for a, b in zip(want, have, strict=True))
    return _same_multiset(want, have)


def _same_multiset(want: Sequence[Row], have: Sequence[Row]) -> bool:
    """Pair up rows whose exact cells agree and whose numbers are close."""
    left, right = _buckets(want), _buckets(have)
    if left.keys() != right.keys():
        return False
    return all(_numbers_pair_up(left[key], right[key]) for key in left)


def _buckets(rows: Sequence[Row]) -> dict[tuple[Exact | None, ...], list[tuple[float, ...]]]:
    """Rows by their exact cells; the numbers of each row stay behind as a tuple."""
    buckets: dict[tuple[Exact | None, ...], list[tuple[float, ...]]] = defaultdict(list)
    for row in rows:
        key = tuple(None if isinstance(c, float) else c for c in row)
        buckets[key].append(tuple(c for c in row if isinstance(c, float)))
    return buckets


def _numbers_pair_up(want: list[tuple[float, ...]], have: list[tuple[float, ...]]) -> bool:
    if len(want) != len(have):
        return False
    if all(_row_close(a, b) for a, b in zip(sorted(want), sorted(have), strict=True)):
        return True
    # Noise in one number can sort rows apart that differ in the next, so look for each row's partner.
    rest = list(have)
    for row in want:
        partner = next((i for i, other in enumerate(rest) if _row_close(row, other)), None)
        if partner is None:
            return False
        rest.pop(partner)
    return True
