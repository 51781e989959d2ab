"""How a cell is said to a person. One place, so that every number that is shown reads the same."""

from datetime import date, datetime
from decimal import Decimal

from gnomon.domain.result import Cell


def say(cell: Cell) -> str:
    """A cell as a person writes it: thousands separators, at most two decimals from 1 upwards.

    >>> say(1234567), say(0.12345), say(3.14159), say(None)
    ('1,234,567', '0.1235', '3.14', 'no value')
    """
    if cell is None:
        return "no value"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float | Decimal):
        return _number(cell)
    if isinstance(cell, datetime):
        midnight = (cell.hour, cell.minute, cell.second) == (0, 0, 0)
        return cell.date().isoformat() if midnight else cell.isoformat(sep=" ", timespec="seconds")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _number(value: float | Decimal) -> str:
    number = float(value)
    if number != number or number in (float("inf"), float("-inf")):
        return str(value)
    if number == int(number) and abs(number) < 1e15:
        return f"{int(number):,}"
    return f"{number:,.2f}" if abs(number) >= 1 else f"{number:.4g}"
