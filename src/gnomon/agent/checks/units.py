"""A column that holds cents or another small unit is not presented as the large one."""

import re
from collections.abc import Iterator

from sqlglot import exp

from gnomon.agent.checks.analysis import Origin, columns_in, trace
from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed, worst
from gnomon.domain.catalog import NUMERIC_KINDS


class _Unit:
    """A unit that a column's name or description gives away, and how a text shows that it says another."""

    def __init__(self, name: str, stored: str, said: str, misread: str, factor: int) -> None:
        self.name = name
        self.stored = re.compile(stored, re.I)
        self.said = re.compile(said, re.I)
        self.misread = re.compile(misread, re.I)
        self.factor = factor


_UNITS = (
    _Unit("cents", r"(?:^|[_\s(])(?:cents?|pence)(?:$|[_\s),.;])|minor units?", r"\bcents?\b|\bpence\b|¢",
          r"[$€£]\s?\d|\d\s?(?:dollars?|euros?|pounds?|usd|eur|gbp)\b", 100),
    _Unit("milliseconds", r"(?:^|_)(?:ms|millis|milliseconds?)$|in milliseconds", r"\bms\b|millisecond",
          r"\d\s?(?:s|sec|secs|seconds?|minutes?|min|hours?)\b", 1000),
    _Unit("thousands", r"\bin thousands\b|\bthousands of\b", r"thousand|\d\s?k\b",
          r"[$€£]\s?\d|\d\s?(?:dollars?|euros?|pounds?|usd|eur|gbp)\b", 1000),
)  # fmt: skip


def units(case: Case) -> Finding:
    """Compare the unit that a column's name or description states with the one the text uses."""
    select = case.statement.select
    if select is None:
        raise NotApplicableError("the query is a set operation")
    small = [(p, o, unit) for p in select.selects for o, unit in _small_units(case, p)]
    if not small:
        raise NotApplicableError("no shown column states a unit smaller than the usual one")
    findings = [_finding(o, unit) for p, o, unit in small if not _converted(p) and _misread(case, unit)]
    names = ", ".join(sorted({f"`{o.ref}` ({unit.name})" for _, o, unit in small}))
    return worst(findings, passed(f"the unit of {names} is converted or stated"))


def _small_units(case: Case, projection: exp.Expr) -> Iterator[tuple[Origin, _Unit]]:
    for column in columns_in(projection):
        if column.find_ancestor(exp.Count):
            continue
        for origin in trace(case.statement, case.statement.root, column):
            if origin.column.kind in NUMERIC_KINDS and (unit := _stated(case, origin)):
                yield origin, unit


def _stated(case: Case, origin: Origin) -> _Unit | None:
    card = case.input.context.card(origin.ref.table)
    column = card.column(origin.ref.column) if card else None
    texts = [origin.column.name, origin.column.comment, column.meaning if column else ""]
    return next((u for u in _UNITS if any(u.stored.search(t) for t in texts if t)), None)


def _converted(projection: exp.Expr) -> bool:
    """Whether the shown expression divides by, or multiplies with, a constant of at least ten to one."""
    for node in projection.find_all(exp.Div, exp.Mul, exp.IntDiv):
        constants = [float(n.name) for n in node.find_all(exp.Literal) if not n.is_string]
        if any(c >= 10 or 0 < c <= 0.1 for c in constants):
            return True
    return False


def _misread(case: Case, unit: _Unit) -> bool:
    text = case.input.text
    return bool(unit.misread.search(text)) and not unit.said.search(text)


def _finding(origin: Origin, unit: _Unit) -> Finding:
    summary = (
        f"`{origin.ref}` holds {unit.name} and the answer states it in another unit without converting it"
    )
    return Finding("warn", summary, f"Divide by {unit.factor} in the SQL, or say {unit.name}.")
