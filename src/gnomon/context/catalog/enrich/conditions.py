"""What a condition leaves out, in words, and what it says about time."""

import re

from sqlglot import exp

_DELETED = re.compile(r"(^|_)(deleted|removed|archived|voided|purged)(_|$)", re.I)
_NOW = (exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentDatetime, exp.CurrentTime, exp.Localtimestamp)
_NOW_CALLS = frozenset({"getdate", "now", "sysdate", "today", "current_date", "current_timestamp"})
_SHIFTS = (
    exp.DateAdd,
    exp.DateSub,
    exp.DatetimeAdd,
    exp.DatetimeSub,
    exp.TimestampAdd,
    exp.TimestampSub,
    exp.TsOrDsAdd,
)
_MAX_VALUES = 6


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """The conditions that must all hold."""
    if node is None:
        return []
    bare = node.unnest() if isinstance(node, exp.Paren) else node
    parts = list(bare.flatten()) if isinstance(bare, exp.And) else [bare]
    return [p for part in parts for p in (conjuncts(part) if _holds_and(part) else [part])]


def _holds_and(node: exp.Expr) -> bool:
    return isinstance(node, exp.Paren) and isinstance(node.unnest(), exp.And)


def left_out(condition: exp.Expr) -> str:
    """The rows that a condition leaves out, where that can be said plainly; else empty.

    The condition's columns are called as it calls them: write it with base names first.
    """
    node = condition.unnest()
    match node:
        case exp.Not():
            return _left_out_by_not(node.this.unnest())
        case exp.Is(this=exp.Column() as column, expression=exp.Null()):
            return "deleted rows" if _DELETED.search(column.name) else f"rows with a `{column.name}`"
        case exp.Is(this=subject, expression=exp.Boolean() as value) if name := _flag(subject):
            return f"rows where `{name}` is {'not true' if value.this else 'true'}"
        case exp.EQ() | exp.NEQ():
            return _left_out_by_comparing(node)
        case exp.In() if (name := _name(node.this)) and (values := _values(node)):
            return f"rows whose `{name}` is not {values}"
        case exp.Column():
            return f"rows where `{node.name}` is not true"
        case exp.Coalesce() if name := _flag(node, default=True):
            return f"rows where `{name}` is false"
        case exp.Coalesce() if name := _flag(node):
            return f"rows where `{name}` is not true"
    return ""


def _left_out_by_not(node: exp.Expr) -> str:
    match node:
        case exp.Is(expression=exp.Null()) if name := _name(node.this):
            return f"rows without `{name}`"
        case exp.Is(expression=exp.Boolean() as value) if name := _flag(node.this):
            return f"rows where `{name}` is {'true' if value.this else 'not true'}"
        case exp.In() if (name := _name(node.this)) and (values := _values(node)):
            return f"rows whose `{name}` is {values}"
        case exp.Like() | exp.ILike() if (name := _name(node.this)) and isinstance(
            node.expression, exp.Literal
        ):
            return f"rows whose `{name}` is like {node.expression.sql(comments=False)}"
        case exp.EQ() if name := _name(node.this):
            return f"rows whose `{name}` is {node.expression.sql(comments=False)}"
    name = _flag(node)
    return f"rows where `{name}` is true" if name else ""


def _left_out_by_comparing(node: exp.EQ | exp.NEQ) -> str:
    name, value = _name(node.this), node.expression.unnest()
    flag = _flag(node.this)
    equal = isinstance(node, exp.EQ)
    if flag and isinstance(value, exp.Boolean):
        return f"rows where `{flag}` is {'not true' if bool(value.this) == equal else 'true'}"
    if name and isinstance(value, exp.Literal):
        return f"rows whose `{name}` is {'not ' if equal else ''}{value.sql(comments=False)}"
    return ""


def moving_window(condition: exp.Expr) -> str:
    """The stretch of time up to now that a condition keeps (`the last 90 days by ordered_at`), else empty."""
    node = condition.unnest()
    if not isinstance(node, exp.GT | exp.GTE | exp.LT | exp.LTE | exp.Between | exp.EQ):
        return ""
    if not any(_is_now(part) for part in node.walk()):
        return ""
    columns = list(dict.fromkeys(c.name for c in node.find_all(exp.Column)))
    by = f" by `{columns[0]}`" if columns else ""
    length = _length(node)
    starts_then = isinstance(node, exp.GT | exp.GTE) and _name(node.this)
    ends_then = isinstance(node, exp.LT | exp.LTE) and _name(node.expression)
    if length and (starts_then or ends_then):
        return f"the last {length}{by}"
    return f"a stretch that moves with today's date{by}"


def last_day(condition: exp.Expr) -> tuple[str, str] | None:
    """A column and the literal date that a condition lets it reach at most, or None."""
    node = condition.unnest()
    if isinstance(node, exp.LT | exp.LTE):
        name, bound = _name(node.this), node.expression
    elif isinstance(node, exp.Between):
        name, bound = _name(node.this), node.args["high"]
    else:
        return None
    literal = next((part for part in bound.walk() if isinstance(part, exp.Literal)), None)
    if not name or literal is None or bound.find(exp.Column):
        return None
    return (name, literal.name) if re.fullmatch(r"\d{4}-\d\d-\d\d([ T].*)?", literal.name) else None


def slice_column(condition: exp.Expr) -> str:
    """The column that a parameter of the run picks one slice of, or empty."""
    if not any(
        isinstance(p, exp.Parameter | exp.Placeholder | exp.SessionParameter) for p in condition.walk()
    ):
        return ""
    return next((c.name for c in condition.find_all(exp.Column)), "")


def _is_now(node: exp.Expr) -> bool:
    return isinstance(node, _NOW) or (isinstance(node, exp.Anonymous) and node.name.lower() in _NOW_CALLS)


def _length(node: exp.Expr) -> str:
    for part in node.walk():
        if isinstance(part, exp.Interval) and part.this is not None:
            amount, unit = part.this.name, part.text("unit")
            words = f"{amount} {unit}".split()
            if len(words) >= 2:
                return _span(words[0], words[1])
        if isinstance(part, _SHIFTS) and isinstance(part.expression, exp.Literal | exp.Neg):
            return _span(part.expression.name or part.expression.this.name, part.text("unit") or "day")
        if isinstance(part, exp.Sub) and _is_now(part.this.unnest()) and part.expression.is_int:
            return _span(part.expression.name, "day")
    return ""


def _span(amount: str, unit: str) -> str:
    amount = amount.lstrip("-")
    word = unit.lower().rstrip("s")
    if not amount.isdigit():
        return ""
    return word if amount == "1" else f"{amount} {word}s"


def _name(node: exp.Expr) -> str:
    bare = node.unnest()
    if isinstance(bare, exp.Cast | exp.Lower | exp.Upper | exp.Trim | exp.Date | exp.TsOrDsToDate):
        bare = bare.this
    return bare.name if isinstance(bare, exp.Column) else ""


def _flag(node: exp.Expr, *, default: bool = False) -> str:
    """The name of a column taken as a truth value, also one that a COALESCE gives that default."""
    bare = node.unnest()
    if isinstance(bare, exp.Coalesce) and len(bare.expressions) == 1:
        other = bare.expressions[0]
        same = isinstance(other, exp.Boolean) and bool(other.this) == default
        return _name(bare.this) if same else ""
    return bare.name if isinstance(bare, exp.Column) and not default else ""


def _values(node: exp.In) -> str:
    values = node.expressions
    if not values or not all(isinstance(v, exp.Literal) for v in values):
        return ""
    shown = [v.sql(comments=False) for v in values[:_MAX_VALUES]]
    more = f" or {len(values) - _MAX_VALUES} others" if len(values) > _MAX_VALUES else ""
    return (" or ".join(shown) if len(shown) <= 2 else ", ".join(shown[:-1]) + " or " + shown[-1]) + more
