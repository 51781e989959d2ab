"""A column that holds cents or another small unit is not presented as the large one."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from gnomon.agent.checks.analysis import Origin, columns_in, trace
from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed, worst
from gnomon.context.catalog.enrich.hundredths import told_in_hundredths
from gnomon.context.catalog.enrich.wording import FROM_HUNDREDTHS
from gnomon.domain.catalog import NUMERIC_KINDS


@dataclass(frozen=True, slots=True)
class _Unit:
    """A small unit, and how words show that it is meant, or mistaken.

    Args:
        stored: In a column's name or description: the column holds it.
        said: In an answer's text: the text says it.
        misread: In an answer's text: the text says the large unit.
        asked: In a question: it asks for what is told in the large unit. None where that is not to be told.
        named: In a name or a text, however written: whoever reads it knows the unit.
    """

    name: str
    stored: re.Pattern[str]
    said: re.Pattern[str]
    misread: re.Pattern[str]
    factor: int
    asked: re.Pattern[str] | None = None
    named: re.Pattern[str] | None = None


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_NEVER = _words(r"(?!)")
_CURRENCY = _words(r"[$€£]\s?\d|\d\s?(?:dollars?|euros?|pounds?|usd|eur|gbp)\b")
_MONEY = _words(
    r"[$€£]|\b(?:revenues?|sales|turnover|income|earnings|profits?|margins?|costs?|prices?|fees?|amounts?|money"
    r"|spent|spend|spending|paid|payments?|salar(?:y|ies)|dollars?|euros?|pounds?|usd|eur|gbp)\b"
)
_SMALL_MONEY = _words(r"(?<![a-z])(?:cents?|pence|minor|hundredths?)(?![a-z])|¢")
_UNITS = (
    _Unit(
        "cents",
        _words(r"(?:^|[_\s(])(?:cents?|pence)(?:$|[_\s),.;])|minor units?"),
        _words(r"\bcents?\b|\bpence\b|¢"), _CURRENCY, 100, _MONEY, _SMALL_MONEY,
    ),
    _Unit(
        "milliseconds",
        _words(r"(?:^|_)(?:ms|millis|milliseconds?)$|in milliseconds"),
        _words(r"\bms\b|millisecond"), _words(r"\d\s?(?:s|sec|secs|seconds?|minutes?|min|hours?)\b"), 1000,
    ),
    _Unit(
        "thousands",
        _words(r"\bin thousands\b|\bthousands of\b"),
        _words(r"thousand|\d\s?k\b"), _CURRENCY, 1000,
    ),
)  # fmt: skip
_HUNDREDTHS = _Unit(
    "hundredths", _NEVER, _words(r"\bcents?\b|\bpence\b|¢|hundredth"), _CURRENCY, 100, _MONEY, _SMALL_MONEY
)
"""Of a column that code divides by 100: cents most likely, and no name says so."""


@dataclass(frozen=True, slots=True)
class _Small:
    """A column within a shown expression that holds a small unit.

    Args:
        because: What tells it where the column's own words do not.
    """

    column: exp.Column
    origin: Origin
    unit: _Unit
    because: str


def units(case: Case) -> Finding:
    """Compare the unit that a column's name, description or code tells with the one the text uses."""
    select = case.statement.select
    if select is None:
        raise NotApplicableError("the query is a set operation")
    shown = [(p, small) for p in select.selects if (small := list(_small_units(case, p)))]
    if not shown:
        raise NotApplicableError("no shown column states a unit smaller than the usual one")
    findings = [
        _finding(each, mistake)
        for projection, small in shown
        if not _converted(projection, small)
        for each in small
        if (mistake := _mistake(case, each.unit))
    ]
    names = ", ".join(sorted({f"`{s.origin.ref}` ({s.unit.name})" for _, small in shown for s in small}))
    return worst(findings, passed(f"the unit of {names} is converted or stated"))


def _small_units(case: Case, projection: exp.Expr) -> Iterator[_Small]:
    for column in columns_in(projection):
        if column.find_ancestor(exp.Count):
            continue
        for origin in trace(case.statement, case.statement.root, column):
            if origin.column.kind in NUMERIC_KINDS:
                yield from _stated(case, column, origin)


def _stated(case: Case, column: exp.Column, origin: Origin) -> Iterator[_Small]:
    card = case.input.context.card(origin.ref.table)
    described = card.column(origin.ref.column) if card else None
    meaning = described.meaning if described else ""
    # What code converted names the unit that it was in before.
    texts = [origin.column.name, origin.column.comment, "" if FROM_HUNDREDTHS in meaning else meaning]
    unit = next((u for u in _UNITS if any(u.stored.search(t) for t in texts if t)), None)
    if unit is not None:
        yield _Small(column, origin, unit, "")
    elif card and (because := told_in_hundredths((s.text for s in card.statements), origin.column.name)):
        yield _Small(column, origin, _HUNDREDTHS, because)


def _converted(projection: exp.Expr, small: Sequence[_Small]) -> bool:
    """Whether the shown expression divides by, or multiplies with, a constant of at least ten to one, or has
    no unit, since it divides one such column by another."""
    for node in projection.find_all(exp.Div, exp.Mul, exp.IntDiv):
        constants = [float(n.name) for n in node.find_all(exp.Literal) if not n.is_string]
        if any(c >= 10 or 0 < c <= 0.1 for c in constants):
            return True
        if not isinstance(node, exp.Mul):
            divisor = {id(c) for c in columns_in(node.expression)}
            if any(id(s.column) in divisor for s in small):
                return True
    return False


def _mistake(case: Case, unit: _Unit) -> str:
    """What the answer makes of the column; empty if its reader knows the unit."""
    text, question = case.input.text, case.input.question.text
    if unit.said.search(text):
        return ""
    if unit.misread.search(text):
        return "states it in another unit without converting it"
    if unit.asked is None or unit.named is None or not unit.asked.search(question):
        return ""
    read = " ".join((text, question, *(c.name for c in case.input.result.columns)))
    return "" if unit.named.search(read) else "gives it as money, without converting it or naming the unit"


def _finding(small: _Small, mistake: str) -> Finding:
    because = f" ({small.because})" if small.because else ""
    summary = f"`{small.origin.ref}` holds {small.unit.name}{because} and the answer {mistake}"
    return Finding("warn", summary, f"Divide by {small.unit.factor} in the SQL, or say {small.unit.name}.")
