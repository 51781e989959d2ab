"""Reads the time windows that a query's conditions put on stored date columns."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from gnomon.agent.checks.analysis import Origin, Statement, conjuncts, trace

_UNITS = {"day": 1, "week": 7}
_DATE_CASTS = (exp.Cast, exp.TryCast, exp.Date, exp.TsOrDsToDate, exp.TsOrDsToTimestamp, exp.Paren)


@dataclass(frozen=True, slots=True)
class Window:
    """Days of a column that a query lets through, both ends included; None where an end is open.

    Args:
        cut: The literal day whose rows after midnight an upper bound loses, else None.
    """

    origin: Origin
    first: date | None
    last: date | None
    cut: date | None = None


def windows(statement: Statement, now: datetime) -> list[Window]:
    """One window for each date column and SELECT that conditions joined by AND confine."""
    found: list[Window] = []
    for scope, select in statement.selects():
        conditions = conjuncts(select.args.get("where"))
        for join in select.args.get("joins") or ():
            conditions += conjuncts(join.args.get("on"))
        merged: dict[str, Window] = {}
        for condition in conditions:
            for window in _read(statement, scope, condition, now):
                key = str(window.origin.ref)
                merged[key] = _meet(merged[key], window) if key in merged else window
        found += merged.values()
    return found


def as_date(text: str | None) -> date | None:
    """The day of an ISO date or timestamp as text; None for anything else."""
    if not text or not re.match(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _meet(one: Window, other: Window) -> Window:
    firsts = [w.first for w in (one, other) if w.first]
    lasts = [w.last for w in (one, other) if w.last]
    cut = one.cut or other.cut
    return Window(one.origin, max(firsts, default=None), min(lasts, default=None), cut)


def _read(statement: Statement, scope: Scope, node: exp.Expr, now: datetime) -> Iterator[Window]:
    if isinstance(node, exp.Between):
        origin = _dated(statement, scope, node.this)
        low, high = constant_day(node.args["low"], now), constant_day(node.args["high"], now)
        if origin and low and high:
            yield Window(origin, low, high, _cut(origin, node.this, node.args["high"], high))
        return
    if not isinstance(node, (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE)):
        return
    for left, right, kind in _oriented(node):
        origin = _dated(statement, scope, left)
        day = constant_day(right, now)
        if origin and day:
            yield _bounded(origin, left, right, kind, day)
        year = _year_of(statement, scope, left)
        number = _integer(right)
        if year and number and 1 < number < 9999:
            yield _year_window(year, kind, number)


def _oriented(node: exp.Expr) -> list[tuple[exp.Expr, exp.Expr, type[exp.Expr]]]:
    mirrored: dict[type[exp.Expr], type[exp.Expr]] = {
        exp.GT: exp.LT,
        exp.GTE: exp.LTE,
        exp.LT: exp.GT,
        exp.LTE: exp.GTE,
        exp.EQ: exp.EQ,
    }
    return [(node.this, node.expression, type(node)), (node.expression, node.this, mirrored[type(node)])]


def _bounded(origin: Origin, left: exp.Expr, right: exp.Expr, kind: type[exp.Expr], day: date) -> Window:
    trunc = left.find(exp.TimestampTrunc, exp.DateTrunc)
    if kind is exp.EQ:
        return Window(origin, day, _end_of(day, str(trunc.args["unit"].name)) if trunc else day)
    if kind in (exp.GT, exp.GTE):
        return Window(origin, day, None)
    if kind is exp.LT:
        return Window(origin, None, day - timedelta(days=1))
    return Window(origin, None, day, _cut(origin, left, right, day))


def _end_of(day: date, unit: str) -> date:
    months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}.get(unit.upper())
    if months:
        return _add_months(day, months) - timedelta(days=1)
    return day + timedelta(days=6 if unit.upper().startswith("WEEK") else 0)


def _cut(origin: Origin, left: exp.Expr, right: exp.Expr, day: date) -> date | None:
    """A bare timestamp compared with a day means that day's midnight."""
    literal = right.find(exp.Literal)
    plain = isinstance(left.unnest(), exp.Column) and isinstance(origin.path, exp.Column)
    dated = literal is not None and literal.is_string and len(literal.name) == 10
    return day if origin.column.kind == "timestamp" and plain and dated else None


def _year_window(origin: Origin, kind: type[exp.Expr], year: int) -> Window:
    first, last = date(year, 1, 1), date(year, 12, 31)
    if kind is exp.EQ:
        return Window(origin, first, last)
    if kind is exp.GTE:
        return Window(origin, first, None)
    if kind is exp.GT:
        return Window(origin, date(year + 1, 1, 1), None)
    return Window(origin, None, last if kind is exp.LTE else first - timedelta(days=1))


def _dated(statement: Statement, scope: Scope, node: exp.Expr) -> Origin | None:
    """The stored date column behind a side of a comparison, through casts and date_trunc."""
    while isinstance(node, (*_DATE_CASTS, exp.TimestampTrunc, exp.DateTrunc)) and node.this is not None:
        node = node.this
    found = trace(statement, scope, node) if isinstance(node, exp.Column) else ()
    origins = [o for o in found if o.column.kind in ("date", "timestamp", "text") and _plain(o)]
    return origins[0] if len(origins) == 1 else None


def _plain(origin: Origin) -> bool:
    node = origin.path
    while isinstance(node, (exp.Cast, exp.TryCast, exp.Date)):
        node = node.this
    return isinstance(node, exp.Column)


def _year_of(statement: Statement, scope: Scope, node: exp.Expr) -> Origin | None:
    while isinstance(node, (exp.Cast, exp.TryCast, exp.Paren)):
        node = node.this
    if isinstance(node, exp.Year) or (isinstance(node, exp.Extract) and node.name.upper() == "YEAR"):
        return _dated(statement, scope, node.expression if isinstance(node, exp.Extract) else node.this)
    if isinstance(node, exp.TimeToStr):
        fmt, value = node.args.get("format"), node.this
        if isinstance(value, exp.Literal):
            fmt, value = value, fmt
        if isinstance(fmt, exp.Literal) and fmt.name == "%Y" and isinstance(value, exp.Expr):
            return _dated(statement, scope, value)
    return None


def _integer(node: exp.Expr) -> int | None:
    while isinstance(node, (exp.Cast, exp.TryCast, exp.Paren)):
        node = node.this
    return int(node.name) if isinstance(node, exp.Literal) and node.name.isdigit() else None


def constant_day(node: exp.Expr | None, now: datetime) -> date | None:
    """The day that an expression without columns stands for, as far as it can be read."""
    if isinstance(node, exp.Literal):
        return as_date(node.name) if node.is_string else None
    if isinstance(node, (exp.CurrentDate, exp.CurrentTimestamp)):
        return now.date()
    if isinstance(node, (exp.Add, exp.Sub)) and isinstance(node.expression, exp.Interval):
        return _shifted(constant_day(node.this, now), node.expression, -1 if isinstance(node, exp.Sub) else 1)
    if isinstance(node, exp.Anonymous) and node.name.upper() in ("DATE", "DATETIME"):
        return _sqlite_day(node.expressions, now)
    if isinstance(node, exp.Date) and node.this is not None:
        return _sqlite_day([node.this, *node.expressions], now)
    if isinstance(node, (exp.TimestampTrunc, exp.DateTrunc)):
        return _truncated(constant_day(node.this, now), str(node.args["unit"].name))
    return constant_day(node.this, now) if isinstance(node, _DATE_CASTS) else None


def _truncated(day: date | None, unit: str) -> date | None:
    if day is None:
        return None
    starts = {
        "DAY": day,
        "WEEK": day - timedelta(days=day.weekday()),
        "MONTH": day.replace(day=1),
        "QUARTER": date(day.year, 3 * ((day.month - 1) // 3) + 1, 1),
        "YEAR": date(day.year, 1, 1),
    }
    return starts.get(unit.upper())


def _shifted(day: date | None, interval: exp.Interval, sign: int) -> date | None:
    text = interval.this.name if interval.this is not None else ""
    unit = interval.args.get("unit")
    return _moved(day, f"{text} {unit.name}" if unit is not None else text, sign)


def _moved(day: date | None, text: str, sign: int = 1) -> date | None:
    match = re.match(r"^([+-]?\d+)\s*(day|week|month|year|quarter|hour|minute|second)s?$", text.strip(), re.I)
    if day is None or not match:
        return None
    count, unit = sign * int(match.group(1)), match.group(2).lower()
    if unit in _UNITS:
        return day + timedelta(days=count * _UNITS[unit])
    months = {"month": 1, "quarter": 3, "year": 12}.get(unit)
    return _add_months(day, count * months) if months else day


def _sqlite_day(arguments: list[exp.Expr], now: datetime) -> date | None:
    """`date('now', '-30 days', 'start of month')` as SQLite reads it."""
    if not arguments:
        return now.date()
    first, *modifiers = arguments
    day = now.date() if first.name.lower() == "now" else constant_day(first, now)
    for modifier in modifiers:
        text = modifier.name.lower()
        day = _truncated(day, text.removeprefix("start of ")) if "start of" in text else _moved(day, text)
    return day


def _add_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
