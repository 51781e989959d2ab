"""Conditions that owners want on every question, looked at as SQL before anybody relies on them."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

MAX_CONDITION = 1_000
"""Characters of a condition; it goes into every query on its table."""


def why_no_condition(text: str, dialect: str = "") -> str:
    """Why `text` is not one boolean condition in SQL; empty if it is one.

    >>> why_no_condition("is_test = false")
    ''
    >>> why_no_condition("amount + 1")
    'is no condition: it is not true or false'
    """
    from sqlglot import exp

    if len(text) > MAX_CONDITION:
        return f"is longer than {MAX_CONDITION:,} characters"
    tree = _parsed(text, dialect)
    if tree is None:
        return "is not one SQL condition"
    if any(node.comments for node in tree.walk()):
        return "holds a comment; a condition has none"
    if any(isinstance(n, exp.Parameter | exp.Placeholder | exp.AggFunc | exp.Window) for n in tree.walk()):
        return "is no condition on a row: it holds a parameter, an aggregate or a window"
    return "" if _is_boolean(tree) else "is no condition: it is not true or false"


def columns_of(text: str, dialect: str = "") -> tuple[str, ...]:
    """Columns that a condition names outside of subqueries, each once; none if it does not parse."""
    from sqlglot import exp

    tree = _parsed(text, dialect)
    if tree is None:
        return ()
    return tuple(dict.fromkeys(c.name for c in tree.find_all(exp.Column) if not c.find_ancestor(exp.Query)))


def _parsed(text: str, dialect: str) -> "exp.Expr | None":
    import sqlglot
    from sqlglot import exp

    try:
        return sqlglot.parse_one(text, into=exp.Condition, dialect=dialect or None)
    except (sqlglot.errors.SqlglotError, RecursionError):
        return None


def _is_boolean(tree: "exp.Expr") -> bool:
    """Whether the value is true or false. A column may be, and so may a call that only the engine knows."""
    from sqlglot import exp

    inner = tree.unnest()
    known = exp.Predicate | exp.Connector | exp.Not | exp.Boolean | exp.Column | exp.Anonymous
    if isinstance(inner, known):
        return True
    if isinstance(inner, exp.Coalesce):
        return any(map(_is_boolean, (inner.this, *inner.expressions)))
    return inner.is_type("boolean") or isinstance(inner, exp.StartsWith | exp.EndsWith | exp.Contains)
