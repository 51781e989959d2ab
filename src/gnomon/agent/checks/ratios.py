"""Ratios are ratios of sums, divide without truncating, and have no zero denominator."""

import math
import re
from collections.abc import Iterator
from decimal import Decimal

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from gnomon.agent.checks.analysis import definition, group_keys, own_nodes, trace
from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed, worst
from gnomon.context.catalog.plurals import many

_SHARE_NAME = re.compile(r"pct|percent|share|proportion|(?:^|_)rate$|ratio_pct", re.I)
_MAY_EXCEED = re.compile(
    r"growth|change|chg|diff|increase|decrease|delta|yoy|mom|return|markup|index|margin", re.I
)
_AVERAGE_MEANT = re.compile(r"\baverage\s+\w*\s*(?:ratio|rate|percentage|share|margin|per\b)", re.I)
_INTEGER_TYPES = ("INT", "BIGINT", "SMALLINT", "TINYINT")


def ratios(case: Case) -> Finding:
    """Look at each division of the query and at the column of the result that shows it."""
    divisions = [
        (s, d) for s, select in case.statement.selects() for d in own_nodes(select, exp.Div, exp.IntDiv)
    ]
    if not divisions:
        raise NotApplicableError("the query divides nothing")
    findings: list[Finding] = []
    for scope, node in divisions:
        findings += _truncating(case, scope, node)
        findings += _averaged(case, node)
    findings += _shown(case)
    return worst(findings, passed(f"{len(divisions)} divisions: none truncates, none divides by zero"))


def _truncating(case: Case, scope: Scope, node: exp.Expr) -> Iterator[Finding]:
    if isinstance(node, exp.IntDiv) or case.statement.dialect not in ("sqlite", "postgres"):
        return
    numerator, denominator = node.this, node.expression
    if not (_is_integer(case, scope, numerator) and _is_integer(case, scope, denominator)):
        return
    if _meant(scope, node):
        return
    text = case.statement.text(node)
    constant = isinstance(denominator.unnest(), exp.Literal)
    scaled = any(_number(literal) >= 100 for literal in numerator.find_all(exp.Literal))
    verdict = "warn" if constant or scaled else "fail"
    summary = f"`{text}` divides integers, so the engine drops the fraction"
    action = f"Write `1.0 * {text}` so that the fraction stays."
    yield Finding("warn" if verdict == "warn" else "fail", summary, action)


def _number(literal: exp.Literal) -> float:
    return float(literal.name) if not literal.is_string else 0.0


def _meant(scope: Scope, node: exp.Expr) -> bool:
    """Buckets (`x / 10 * 10`, a group key) and explicit rounding down want the integer."""
    select = scope.expression
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    if isinstance(parent, exp.Mul) and node.expression.unnest() in (parent.left, parent.right):
        return True
    if isinstance(parent, (exp.Floor, exp.Ceil, exp.Mod)):
        return True
    keys = group_keys(select) if isinstance(select, exp.Select) else []
    return any(node == inner for key in keys for inner in key.walk())


def _is_integer(case: Case, scope: Scope, node: exp.Expr) -> bool:
    if isinstance(node, exp.Literal):
        return not node.is_string and node.name.isdigit()
    if isinstance(node, exp.Column):
        origins = trace(case.statement, scope, node)
        behind = None if origins else definition(case.statement, scope, node)
        if behind is not None:
            return _is_integer(case, behind.scope, behind.expression)
        return bool(origins) and all(o.column.kind == "integer" for o in origins)
    if isinstance(node, exp.Count):
        return True
    if isinstance(node, exp.Sum):
        return _is_integer(case, scope, node.this) and not _widened(case, scope, node.this)
    if isinstance(node, (exp.Paren, exp.Min, exp.Max, exp.Abs, exp.Neg, exp.Nullif, exp.Filter, exp.Window)):
        return _is_integer(case, scope, node.this)
    if isinstance(node, exp.Coalesce):
        return all(_is_integer(case, scope, n) for n in (node.this, *node.expressions))
    if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
        return _is_integer(case, scope, node.left) and _is_integer(case, scope, node.right)
    if isinstance(node, exp.Case):
        branches = [i.args["true"] for i in node.args["ifs"]]
        branches += [node.args["default"]] if node.args.get("default") else []
        return all(_is_integer(case, scope, b) for b in branches)
    if isinstance(node, (exp.Cast, exp.TryCast)):
        return node.to.this.name in _INTEGER_TYPES
    return False


def _widened(case: Case, scope: Scope, node: exp.Expr) -> bool:
    """PostgreSQL sums `bigint` to `numeric`, which keeps fractions."""
    if case.statement.dialect != "postgres":
        return False
    origins = [o for c in node.find_all(exp.Column) for o in trace(case.statement, scope, c)]
    return any(o.column.type_sql.lower() in ("bigint", "int8") for o in origins)


def _averaged(case: Case, node: exp.Expr) -> Iterator[Finding]:
    average = node.find_ancestor(exp.Avg, exp.Select)
    columns = list(node.expression.find_all(exp.Column))
    if not isinstance(average, exp.Avg) or not columns or _AVERAGE_MEANT.search(case.input.question.text):
        return
    text = case.statement.text(average)
    summary = f"`{text}` averages ratios, so every row weighs alike whatever its size"
    numerator, denominator = case.statement.text(node.this), case.statement.text(node.expression)
    yield Finding("warn", summary, f"Use `SUM({numerator}) / SUM({denominator})` for the overall ratio.")


def _shown(case: Case) -> Iterator[Finding]:
    """What the result's columns that show a division hold: no value, or a share that cannot be."""
    select = case.statement.select
    if select is None or len(select.selects) != len(case.input.result.columns):
        return
    for index, projection in enumerate(select.selects):
        if projection.find(exp.Div) is None:
            continue
        name = case.input.result.columns[index].name
        cells = case.input.result.values(index)
        missing = sum(
            1 for cell in cells if cell is None or (isinstance(cell, float) and not math.isfinite(cell))
        )
        if missing:
            where = f"in {missing:,} of {many(len(cells), 'row')}"
            summary = f"`{name}` has no value {where}: its denominator is zero or null"
            yield Finding("warn", summary, "Say for which rows the ratio is undefined.")
        yield from _beyond(name, cells)


def _beyond(name: str, cells: tuple[object, ...]) -> Iterator[Finding]:
    if not _SHARE_NAME.search(name) or _MAY_EXCEED.search(name):
        return
    numbers = [float(c) for c in cells if isinstance(c, (int, float, Decimal)) and math.isfinite(c)]
    outside = [n for n in numbers if n < -1e-9 or n > 100 + 1e-9]
    if outside:
        lie = "lies" if len(outside) == 1 else "lie"
        example = f"{many(len(outside), 'row')} {lie} outside of 0 to 100, for example {outside[0]:.6g}"
        summary = f"`{name}` is a share, and {example}"
        yield Finding("warn", summary, "Check numerator and denominator of the share.")
