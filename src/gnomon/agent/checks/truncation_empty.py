"""A result that was cut off or is empty is reported as such, with the condition that empties it."""

from sqlglot import exp

from gnomon.agent.checks.analysis import aggregates, conjuncts, correlated, reshaped, with_ctes
from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed
from gnomon.context.catalog.plurals import many
from gnomon.domain.errors import Failed, Refused, Retry
from gnomon.domain.result import ResultTable

MAX_CONDITIONS = 5


def truncation_empty(case: Case) -> Finding:
    """Report a truncated result; for an empty one, count the rows without each condition in turn."""
    result = case.input.result
    if result.truncated:
        summary = f"the result was cut off after {many(len(result.rows), 'row')}"
        return Finding("warn", summary, "Say that more rows exist, or aggregate in SQL.")
    if not _empty(case, result):
        return passed(f"the result is complete: {many(len(result.rows), 'row')}")
    what = "the result has no row" if not result.rows else "no row contributes to the result"
    try:
        return _explained(case, what)
    except (Retry, Failed, Refused, NotApplicableError):
        return Finding("warn", what, "Say that nothing was found.")


def _empty(case: Case, result: ResultTable) -> bool:
    """No row, or the single row of nulls and zeros that an aggregate makes of no row."""
    if not result.rows:
        return True
    blank = len(result.rows) == 1 and all(cell is None or cell == 0 for cell in result.rows[0])
    return blank and case.statement.select is not None and bool(aggregates(case.statement.select))


def _explained(case: Case, what: str) -> Finding:
    select = case.statement.select
    conditions = conjuncts(select.args.get("where")) if select else []
    if select is None or not conditions or correlated(case.statement.root, case.statement):
        return Finding("warn", what, "Say that nothing was found.")
    kept = conditions[:MAX_CONDITIONS]
    sql = _relaxations(case, select, conditions, kept)
    as_asked, *counts = (int(cell or 0) for cell in case.probe(sql).rows[0])
    if as_asked:
        meet = "meets" if as_asked == 1 else "meet"
        summary = f"{what} although {many(as_asked, 'row')} {meet} the conditions of WHERE"
        return Finding("warn", summary, "Check HAVING, LIMIT and the aggregated column.", sql)
    freed = [(c, n) for c, n in zip(kept, counts, strict=True) if n]
    if not freed:
        return Finding("warn", f"{what}; no single condition alone removes every row", "", sql)
    reasons = " and ".join(
        f"without `{case.statement.text(c)}` {many(n, 'row')} {'remains' if n == 1 else 'remain'}"
        for c, n in freed
    )
    return Finding("warn", f"{what}; {reasons}", "Check that condition, or say that nothing was found.", sql)


def _relaxations(case: Case, select: exp.Select, conditions: list[exp.Expr], kept: list[exp.Expr]) -> str:
    """One statement that counts the rows as asked, then without each condition."""
    count = exp.Count(this=exp.Star())
    variants: list[exp.Expr] = []
    for dropped in (None, *kept):
        rest = [c.copy() for c in conditions if c is not dropped]
        counted = reshaped(select, [count])
        counted.set("where", exp.Where(this=exp.and_(*rest)) if rest else None)
        variants.append(exp.alias_(counted.subquery(), f"n{len(variants)}"))
    return case.statement.text(with_ctes(case.statement, exp.Select(expressions=variants)))
