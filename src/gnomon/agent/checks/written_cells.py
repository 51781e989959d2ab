"""Numbers that a statement writes into its own result, which therefore prove nothing.

`SELECT 42 FROM orders` returns a cell that holds 42, and so does `CASE WHEN COUNT(*) > 0 THEN 42 END`. Such a
cell traces to whoever wrote the statement and not to the data.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from gnomon.domain.errors import GnomonError
from gnomon.domain.query import AuthorizedQuery
from gnomon.policy.sql import parse_one_statement

PASSES_ON = (
    exp.Alias,
    exp.Paren,
    exp.Neg,
    exp.Cast,
    exp.Case,
    exp.If,
    exp.Coalesce,
    exp.Add,
    exp.Sub,
    exp.Max,
    exp.Min,
)
"""Nodes through which a literal reaches the cell as it is, or shifted; under any other it is an argument."""

NEUTRAL = frozenset({Decimal(0), Decimal(1)})
"""Written for what is missing or counted (`COALESCE(x, 0)`, `SUM(1)`); taken for data wherever they come."""


def written_numbers_of(query: AuthorizedQuery) -> frozenset[Decimal]:
    """The numeric literals that the statement's select lists hand through to cells, 0 and 1 left out.

    A statement that cannot be parsed here gives none: the guard has parsed it, so that is not expected.
    """
    try:
        tree = parse_one_statement(query.original_sql, query.dialect)
    except GnomonError:
        return frozenset()
    found = (
        n for select in tree.find_all(exp.Select) for p in select.expressions for n in _handed_through(p)
    )
    return frozenset(found) - NEUTRAL


def _handed_through(node: exp.Expr) -> Iterator[Decimal]:
    if isinstance(node, exp.Literal) and not node.is_string:
        number = _number(node.this)
        if number is not None:
            yield from (number, -number)
    elif isinstance(node, PASSES_ON):
        for name, inner in node.args.items():
            if isinstance(node, exp.If) and name == "this":
                continue
            for child in inner if isinstance(inner, list) else [inner]:
                if isinstance(child, exp.Expr):
                    yield from _handed_through(child)


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
