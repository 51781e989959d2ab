"""The data covers the time window that the query asks for."""

import re
from datetime import date, timedelta

from sqlglot import exp

from gnomon.agent.checks.analysis import Origin
from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed, worst
from gnomon.agent.checks.windows import Window, as_date, windows
from gnomon.context.catalog.plurals import many

_SAID = re.compile(
    r"no data|outside|not cover|covers|data (?:ends|starts|begins|stops|runs)|until|through|only up to", re.I
)


def time_window(case: Case) -> Finding:
    """Compare each date window of the SQL with the first and last day that the column holds."""
    now = case.input.context.now
    found = windows(case.statement, now)
    if not found:
        raise NotApplicableError("the query confines no date column to a window")
    findings = []
    for window in found:
        span = covered(case, window.origin)
        if span is not None:
            findings += _judge(case, window, *span)
    if not findings:
        raise NotApplicableError("the dates that the column holds are not known")
    names = ", ".join(sorted({f"`{w.origin.ref}`" for w in found}))
    return worst(findings, passed(f"{names} covers the whole window asked for"))


def covered(case: Case, origin: Origin) -> tuple[date, date] | None:
    """First and last day a column holds: from an exact profile, else from the data."""
    card = case.input.context.card(origin.ref.table)
    column = card.column(origin.ref.column) if card else None
    profile = column.profile if column else None
    if profile is not None and profile.exact:
        low, high = as_date(profile.low), as_date(profile.high)
        if low and high:
            return low, high
    column_node = exp.column(origin.ref.column, quoted=True)
    query = exp.select(exp.Min(this=column_node), exp.Max(this=column_node.copy())).from_(origin.table.copy())
    cells = case.probe(case.statement.text(query)).rows[0]
    low, high = (as_date(str(cell)) for cell in cells)
    return (low, high) if low and high else None


def _judge(case: Case, window: Window, low: date, high: date) -> list[Finding]:
    ref, today = window.origin.ref, case.input.context.now.date()
    first, last = window.first, window.last
    asked = f"{first or 'the beginning'} to {last or 'now'}"
    holds = f"`{ref}` holds {low} to {high}"
    if (first and first > high) or (last and last < low):
        return [_outside(case, f"the window {asked} lies outside the data: {holds}", low, high)]
    findings = _cut_off(case, window)
    slack = _slack(first or low, last or high)
    expected = min(last, today) if last else None
    missing_end = expected is not None and expected - high > slack
    missing_start = first is not None and low - first > slack
    if missing_end or missing_start:
        both = f"{max(first or low, low)} to {min(last or high, high)}"
        summary = f"the window {asked} is covered only from {both}: {holds}"
        findings.append(Finding("warn", summary, f"Say that the data covers {both} only."))
    return findings or [passed(holds)]


def _slack(first: date, last: date) -> timedelta:
    """The gap at an end that quiet days explain: 3 days, or a twentieth of a long window."""
    return max(timedelta(days=3), (last - first) / 20)


def _outside(case: Case, summary: str, low: date, high: date) -> Finding:
    text = case.input.text
    said = _SAID.search(text) or any(str(day.year) in text for day in (low, high))
    action = f"Say that the data covers {low} to {high} only, or ask within it."
    return Finding("warn" if said else "fail", summary, action)


def _cut_off(case: Case, window: Window) -> list[Finding]:
    if window.cut is None:
        return []
    column = exp.column(window.origin.ref.column, quoted=True)
    after = exp.GT(this=column, expression=exp.Literal.string(str(window.cut)))
    before = exp.LT(this=column.copy(), expression=exp.Literal.string(str(window.cut + timedelta(days=1))))
    query = exp.select("COUNT(*)").from_(window.origin.table.copy()).where(after, before)
    sql = case.statement.text(query)
    lost = int(case.probe(sql).rows[0][0])
    if not lost:
        return []
    summary = f"the upper bound {window.cut} leaves out {many(lost, 'row')} of that day after midnight"
    return [Finding("warn", summary, f"Use `< '{window.cut + timedelta(days=1)}'` as the upper bound.", sql)]
