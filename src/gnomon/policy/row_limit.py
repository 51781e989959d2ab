"""Put the row limit on a statement: on its outermost clause, so that its order stays what it was."""

from sqlglot import exp

_ALIAS = "gnomon_rows"


def with_row_limit(tree: exp.Expr, rows: int) -> exp.Expr:
    """The statement returning at most `rows` rows. A smaller limit of its own is kept; `tree` is unchanged.

    A limit that is not a plain number (an expression, ALL, a percentage, WITH TIES) is kept inside a
    subselect, with the number outside.
    """
    tree = tree.copy()
    limit = tree.args.get("limit")
    number = exp.Literal.number(rows)
    if isinstance(tree, exp.Values) or (limit is not None and _plain_limit(limit) is None):
        return _wrapped(tree, number)
    if limit is None:
        tree.set("limit", exp.Limit(expression=number))
    elif (_plain_limit(limit) or 0) > rows:
        limit.set("count" if isinstance(limit, exp.Fetch) else "expression", number)
    return tree


def _plain_limit(limit: exp.Expr) -> int | None:
    """The number of rows a limit clause says outright, else None."""
    options = limit.args.get("limit_options")
    if options is not None and (options.args.get("percent") or options.args.get("with_ties")):
        return None
    count = limit.args.get("count" if isinstance(limit, exp.Fetch) else "expression")
    if not isinstance(count, exp.Literal) or count.is_string or not count.name.isdecimal():
        return None
    return None if limit.expressions or limit.args.get("offset") else int(count.name)


def _wrapped(tree: exp.Expr, number: exp.Expr) -> exp.Expr:
    alias = exp.TableAlias(this=exp.to_identifier(_ALIAS))
    bare_values = isinstance(tree, exp.Values) and not (tree.args.get("order") or tree.args.get("limit"))
    if bare_values:
        tree.set("alias", alias)
    source = tree if bare_values else exp.Subquery(this=tree, alias=alias)
    return exp.Select(
        expressions=[exp.Star()], from_=exp.From(this=source), limit=exp.Limit(expression=number)
    )
