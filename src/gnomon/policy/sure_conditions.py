"""Conditions that cannot fail: what a statement may ask of single rows that it must not see.

An engine evaluates WHERE, GROUP BY and HAVING before it is known how many units a group holds. A cast, a
division or an implicit conversion that fails on one row would tell about that row, by its message or by
failing at all. So only comparisons are taken, of columns with values of their own family.
"""

from collections.abc import Iterable, Mapping

from sqlglot import exp

from gnomon.domain.catalog import NUMERIC_KINDS, TEMPORAL_KINDS, TableSchema

_CONNECTIVES = (exp.And, exp.Or, exp.Not, exp.Paren)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.In, exp.Between, exp.Is)
_PATTERNS = (exp.Like, exp.ILike)
_FIGURES = frozenset({"count", "sum", "avg", "mean"})
_OF_TEXT = frozenset({"lower", "upper", "trim"})
_OF_TIME = frozenset({"year", "quarter", "month"})
_BY_UNIT = frozenset({"date_trunc", "date_part", "strftime"})
_STEP_DIGITS = 4

Sources = Mapping[str, TableSchema]
"""What a SELECT reads, by the name it goes by."""


def is_sure(condition: exp.Expr, sources: Sources) -> bool:
    """Whether the condition of a WHERE or HAVING can fail on no row."""
    if isinstance(condition, _CONNECTIVES):
        return all(is_sure(part, sources) for part in condition.iter_expressions())
    if isinstance(condition, exp.Boolean):
        return True
    if isinstance(condition, exp.Column):
        return family(condition, sources) == "boolean"
    sides = [family(side, sources) for side in _sides(condition)]
    if isinstance(condition, _PATTERNS):
        return all(side in ("text", "literal", "null") for side in sides)
    return isinstance(condition, _COMPARISONS) and _comparable(sides)


def family(node: exp.Expr, sources: Sources) -> str:
    """text, number, time, boolean; `literal` for a text that takes the other side's type; null; or empty."""
    if isinstance(node, exp.Column):
        return _of_column(node, sources)
    if isinstance(node, exp.Paren):
        return family(node.this, sources)
    if isinstance(node, exp.Add | exp.Sub):
        return "number" if _is_small_step(node, sources) else ""
    if isinstance(node, exp.Case):
        return _of_case(node, sources)
    if isinstance(node, exp.Neg):
        return "number" if isinstance(node.this, exp.Literal) and not node.this.is_string else ""
    if isinstance(node, exp.Literal):
        return "literal" if node.is_string else "number"
    if isinstance(node, exp.Boolean | exp.Null):
        return "boolean" if isinstance(node, exp.Boolean) else "null"
    if isinstance(node, exp.Cast):
        return "time" if isinstance(node.this, exp.Literal) and node.to.is_type("date", "timestamp") else ""
    return _of_call(node, sources) if isinstance(node, exp.Anonymous) else ""


def _of_case(node: exp.Case, sources: Sources) -> str:
    """The family of all branches, where every condition is sure and they have but one."""
    ifs, otherwise = node.args["ifs"], node.args.get("default")
    if node.this is not None or not all(is_sure(i.this, sources) for i in ifs):
        return ""
    branches = [*(i.args["true"] for i in ifs), *([otherwise] if otherwise is not None else [])]
    kinds = {family(branch, sources) for branch in branches} - {"null"}
    kinds = {"text" if kind == "literal" and "text" in kinds else kind for kind in kinds}
    return kinds.pop() if len(kinds) == 1 else ""


def _is_small_step(node: exp.Add | exp.Sub, sources: Sources) -> bool:
    """A column and a small whole number: what is added cannot be chosen so that one row overflows."""
    step = node.expression
    small = isinstance(step, exp.Literal) and not step.is_string and step.name.isdecimal()
    return small and len(step.name) <= _STEP_DIGITS and family(node.this, sources) == "number"


def _of_call(call: exp.Anonymous, sources: Sources) -> str:
    name, arguments = call.name.lower(), call.expressions
    if name in _FIGURES:
        return "number"
    kinds = [family(a, sources) for a in arguments]
    if name in _OF_TEXT and kinds == ["text"]:
        return "text"
    if name in _OF_TIME and kinds == ["time"]:
        return "number"
    if name in _BY_UNIT and sorted(kinds) == ["literal", "time"]:
        return {"date_trunc": "time", "date_part": "number"}.get(name, "text")
    return ""


def _of_column(node: exp.Column, sources: Sources) -> str:
    qualifier = node.table.casefold()
    tables = [t for alias, t in sources.items() if qualifier in ("", alias.casefold())]
    found = [c for t in tables if (c := t.column(node.name)) is not None]
    if len(found) != 1:
        return ""
    kind = found[0].kind
    if kind in NUMERIC_KINDS:
        return "number"
    if kind in TEMPORAL_KINDS:
        return "time"
    return kind if kind in ("text", "boolean") else ""


def _sides(node: exp.Expr) -> Iterable[exp.Expr]:
    if node.args.get("query") is not None or node.args.get("unnest") is not None:
        return (node,)
    parts = (node.this, node.args.get("expression"), node.args.get("low"), node.args.get("high"))
    return [p for p in (*parts, *node.expressions) if isinstance(p, exp.Expr)]


def _comparable(sides: list[str]) -> bool:
    """A text beside a column is converted once, to the column's type; a column never is."""
    return "" not in sides and len(set(sides) - {"literal", "null"}) <= 1
