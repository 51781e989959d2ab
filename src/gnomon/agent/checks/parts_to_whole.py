"""The groups of a sum or count add up to the whole, and joins lose no row on the way."""

from dataclasses import dataclass
from decimal import Decimal

from sqlglot import exp

from gnomon.agent.checks.analysis import (
    Statement,
    columns_in,
    conjuncts,
    group_keys,
    is_unique,
    links,
    owner,
    plain_grouping,
    reshaped,
    sources,
    with_ctes,
)
from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed, share, worst
from gnomon.policy.authorize import GROUPED

TOLERANCE = 1e-6
MIN_LOST_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class _Additive:
    """A column of the result that is a plain sum or count, and the source it measures."""

    index: int
    aggregate: exp.AggFunc
    source: str | None


def parts_to_whole(case: Case) -> Finding:
    """Compute the total without groups, and the measured table's total without its lookup joins."""
    statement, select = case.statement, case.statement.select
    if GROUPED in case.input.query.rules:
        raise NotApplicableError("a whole less its groups would tell of the groups that are withheld")
    if select is None or not group_keys(select) or not plain_grouping(select):
        raise NotApplicableError("the result is not split into groups")
    if any(select.args.get(part) for part in ("limit", "offset", "having", "qualify", "distinct")):
        raise NotApplicableError("the query shows only some of the groups")
    if case.input.result.truncated:
        raise NotApplicableError("the result was cut off")
    measure = _measure(case, select)
    if measure is None:
        raise NotApplicableError("the result has no plain sum or count")
    lookups = _lookups(statement, select, measure)
    sql = _probe(statement, select, measure, lookups)
    cells = [_number(cell) for cell in case.probe(sql).rows[0]]
    parts = sum((_number(cell) for cell in case.input.result.values(measure.index)), Decimal(0))
    findings = _unequal(case, measure, parts, cells[0], sql) + _lost(case, measure, lookups, cells[1:], sql)
    return worst(findings, passed(f"the groups add up to the whole, {cells[0]:,.10g}", sql))


def _number(cell: object) -> Decimal:
    return Decimal(str(cell)) if cell is not None else Decimal(0)


def _measure(case: Case, select: exp.Select) -> _Additive | None:
    for index, projection in enumerate(select.selects):
        node = projection.unalias()
        if not isinstance(node, (exp.Sum, exp.Count)) or isinstance(node.this, exp.Distinct):
            continue
        owners = {owner(case.statement, case.statement.root, c) for c in columns_in(node)}
        named = next(iter(owners)) if len(owners) == 1 else None
        joined = select.args.get("joins")
        return _Additive(
            index, node, named or (None if joined or owners else select.args["from_"].alias_or_name)
        )
    return None


def _lookups(statement: Statement, select: exp.Select, measure: _Additive) -> list[str]:
    """Inner joins that only look up a parent of the measured table, which no other join needs."""
    scope = statement.root
    named = sources(scope)
    if measure.source is None or not isinstance(named.get(measure.source), exp.Table):
        return []
    found = []
    for link in links(statement, scope):
        keys = {mine.name for mine, _ in link.pairs}
        children = {owner(statement, scope, other) for _, other in link.pairs}
        inner = link.side == "" and link.exact and link.pairs
        if inner and children == {measure.source} and is_unique(statement, named[link.name], keys):
            found.append(link.name)
    return found if len(found) == len(select.args.get("joins") or []) else []


def _probe(statement: Statement, select: exp.Select, measure: _Additive, lookups: list[str]) -> str:
    """The total as asked; and, on the measured table's own conditions, with and without the lookups."""
    shown = [reshaped(select, [measure.aggregate])]
    if lookups and measure.source is not None:
        scope = statement.root
        own = [
            c.copy()
            for c in conjuncts(select.args.get("where"))
            if {owner(statement, scope, x) for x in columns_in(c)} == {measure.source}
            and not c.find(exp.Query)
        ]
        condition = exp.Where(this=exp.and_(*own)) if own else None
        joined, alone = reshaped(select, [measure.aggregate]), reshaped(select, [measure.aggregate])
        node = scope.selected_sources[measure.source][0]
        alone.set("joins", None)
        alone.set("from_", exp.From(this=node.copy()))
        for query in (joined, alone):
            query.set("where", condition.copy() if condition else None)
        shown += [joined, alone]
    columns = [exp.alias_(query.subquery(), f"n{i}") for i, query in enumerate(shown)]
    return statement.text(with_ctes(statement, exp.Select(expressions=columns)))


def _close(one: Decimal, other: Decimal) -> bool:
    return abs(one - other) <= Decimal(str(TOLERANCE)) * max(abs(one), abs(other), Decimal(1))


def _unequal(case: Case, measure: _Additive, parts: Decimal, whole: Decimal, sql: str) -> list[Finding]:
    if _close(parts, whole):
        return []
    text = case.statement.text(measure.aggregate)
    summary = f"the groups' `{text}` add up to {parts:,.10g} and the whole is {whole:,.10g}"
    return [Finding("warn", summary, "Check what the grouping leaves out.", sql)]


def _lost(
    case: Case, measure: _Additive, lookups: list[str], totals: list[Decimal], sql: str
) -> list[Finding]:
    if len(totals) != 2 or not totals[1]:
        return []
    joined, alone = totals
    if abs(alone - joined) / abs(alone) <= MIN_LOST_SHARE:
        return []
    lost = share(float(alone - joined), float(alone))
    names = ", ".join(f"`{name}`" for name in lookups)
    text = case.statement.text(measure.aggregate)
    summary = f"{lost} of `{text}` ({joined:,.10g} of {alone:,.10g}) is lost: rows without a match in {names}"
    return [Finding("warn", summary, "Use LEFT JOIN to keep them, or say what is left out.", sql)]
