"""Another reader of the same question gets the same result, or differs in something that is named.

Agreement halves the doubt, a difference is a warning and never a failure: the other reader may be the one
that is wrong. Results are compared as `gnomon.domain.compare` says, in either direction, since one may show
columns that the other leaves out; where a statement rounds, both are rounded.
"""

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from sqlglot import exp

from gnomon.agent.checks.analysis import Statement, read_statement
from gnomon.agent.checks.case import Case, Finding, NotApplicableError, SecondReading
from gnomon.agent.checks.readings import difference
from gnomon.domain.answer import CheckEvidence, Verdict
from gnomon.domain.catalog import NUMERIC_KINDS
from gnomon.domain.compare import compare
from gnomon.domain.result import Cell, ResultTable
from gnomon.domain.wording import say
from gnomon.policy.personal import find_personal

MAX_DECIMALS = 15


def second_reading(case: Case) -> Finding:
    """Compare the answer's result with that of a second reading."""
    if case.input.second is None:
        raise NotApplicableError("nobody reads the question a second time")
    second = case.input.second()
    first, other = case.input.result, second.result
    if first.truncated or other.truncated:
        raise NotApplicableError("a result was cut off, so the two readings cannot be compared")
    if _says_nothing(first) and _says_nothing(other):
        raise NotApplicableError("both readings find nothing, which supports neither")
    statement = read_statement(second.query.original_sql, second.query.dialect, case.input.catalog)
    if _same(first, other, _decimals(case.statement, statement)):
        if len(first.rows) == 1 and _figures(first) > _figures(other):
            raise NotApplicableError("a second reading agrees with one of several figures")
        summary = f"a second reading, by `{second.reader}`, gives the same result"
        return _found("pass", summary, second)
    return _differing(case, statement, second)


def _differing(case: Case, statement: Statement | None, second: SecondReading) -> Finding:
    how = difference(case.statement, statement) if statement else ""
    single = len(second.result.columns) == 1 and len(second.result.rows) == 1
    if not how and not single and len(second.result.rows) == len(case.input.result.rows):
        raise NotApplicableError("a second reading asks for the same and shows other columns")
    quoted = _quotable(second.result)
    summary = f"a second reading {how or 'gives another result'}" + (f": {say(quoted)}" if quoted else "")
    finding = _found("warn", summary, second, second.result if quoted else None)
    return replace(finding, action="Say which of the two readings the answer takes.")


def _found(
    verdict: Verdict, summary: str, second: SecondReading, result: ResultTable | None = None
) -> Finding:
    evidence = CheckEvidence(second.query.tables, second.query.access, result)
    return Finding(verdict, summary, sql=second.query.original_sql, evidence=evidence)


def _quotable(result: ResultTable) -> Cell:
    """The one number or date of a result; None where there is no such cell, or it may be personal."""
    if len(result.rows) != 1 or len(result.columns) != 1 or find_personal(result):
        return None
    cell = result.rows[0][0]
    return cell if isinstance(cell, int | float | Decimal | date) and not isinstance(cell, bool) else None


def _figures(result: ResultTable) -> int:
    return sum(column.kind in NUMERIC_KINDS for column in result.columns)


def _says_nothing(result: ResultTable) -> bool:
    return all(cell is None for row in result.rows for cell in row)


def _same(first: ResultTable, second: ResultTable, decimals: int | None) -> bool:
    if decimals is not None:
        first, second = _rounded(first, decimals), _rounded(second, decimals)
    return compare(first, second).equal or compare(second, first).equal


def _decimals(*statements: Statement | None) -> int | None:
    """The fewest decimals that one of the statements rounds what it shows to; None where none rounds."""
    shown = [e for s in statements if s and s.select for e in s.select.selects]
    rounds = [node.args.get("decimals") for e in shown for node in e.find_all(exp.Round)]
    places = [int(d.name) if isinstance(d, exp.Literal) and d.name.isdigit() else 0 for d in rounds]
    return min(min(places), MAX_DECIMALS) if places else None


def _rounded(result: ResultTable, decimals: int) -> ResultTable:
    rows = tuple(tuple(_rounded_cell(cell, decimals) for cell in row) for row in result.rows)
    return replace(result, rows=rows)


def _rounded_cell(cell: Cell, decimals: int) -> Cell:
    if not isinstance(cell, float | Decimal):
        return cell
    number = Decimal(str(cell))
    return number.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP) if _roundable(number) else cell


def _roundable(number: Decimal) -> bool:
    """Whether rounding stays within the digits of a decimal context (28 by default)."""
    return number.is_finite() and number.adjusted() + MAX_DECIMALS < 28
