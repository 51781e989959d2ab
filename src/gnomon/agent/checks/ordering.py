"""A question for the most or the least is answered in order, and ties at the cut are named."""

import re
from typing import Literal

from sqlglot import exp

from gnomon.agent.checks.analysis import group_keys, named_expression
from gnomon.agent.checks.case import Case, Finding, NotApplicableError, passed
from gnomon.domain.result import Cell

_SUPERLATIVE = re.compile(
    r"\b(?:top|bottom|highest|lowest|largest|smallest|biggest|best|worst|fewest|cheapest|latest|earliest|oldest"
    r"|newest|longest|shortest|greatest|youngest|(?<!at )most(?!ly)|(?<!at )least)\b|most expensive",
    re.I,
)

_PLACE = re.compile(r"\b(?:first|last|most recent)\b", re.I)
"""Words for an end of an order, and for much else (`first name`, `last month`): the statement tells which."""


def ordering(case: Case) -> Finding:
    """Look for a missing ORDER BY, for rows without a value in front, and for a tie behind the last row."""
    select, question = case.statement.select, case.input.question.text
    cut = select is not None and _limit(select) is not None and select.args.get("order") is not None
    if not (_SUPERLATIVE.search(question) or (cut and _PLACE.search(question))):
        raise NotApplicableError("the question asks for no extreme")
    if select is None or not case.input.result.rows:
        raise NotApplicableError("there are no rows in an order")
    order, limit = select.args.get("order"), _limit(select)
    if order is None:
        return _unordered(case, select, limit)
    if limit is None:
        return passed("the rows are in order and none is cut off")
    if len(case.input.result.rows) < limit:
        return passed(f"fewer rows exist than the {limit:,} asked for")
    return _tie(case, select, order, limit)


def _limit(select: exp.Select) -> int | None:
    node = select.args.get("limit")
    value = node.expression if isinstance(node, exp.Limit) else node.args.get("count") if node else None
    return int(value.name) if isinstance(value, exp.Literal) and value.name.isdigit() else None


def _unordered(case: Case, select: exp.Select, limit: int | None) -> Finding:
    if limit is not None:
        summary = f"LIMIT {limit} without ORDER BY takes whatever rows come first"
        return Finding("fail", summary, "Order by the measure that the question ranks by.")
    ranked = select.find(exp.Max, exp.Min, exp.Window) is not None
    if (
        len(case.input.result.rows) > 1
        and group_keys(select)
        and not ranked
        and not select.args.get("having")
    ):
        summary = (
            f"the question asks for an extreme and {len(case.input.result.rows):,} rows come in no order"
        )
        return Finding("warn", summary, "Order by the measure and take the rows asked for.")
    return passed("the query takes the extreme itself")


def _tie(case: Case, select: exp.Select, order: exp.Order, limit: int) -> Finding:
    """Run the query again with one more row and the order keys shown."""
    if select.args.get("distinct") or select.args.get("offset"):
        raise NotApplicableError("ties cannot be told with DISTINCT or OFFSET")
    keys = _keys(select, order)
    wider = select.copy()
    for index, key in enumerate(keys):
        wider.append("expressions", exp.alias_(key.copy(), f"order_key_{index}"))
    wider.set("limit", exp.Limit(expression=exp.Literal.number(limit + 1)))
    sql = case.statement.text(wider)
    rows = case.probe(sql).rows
    shown = [row[-len(keys) :] for row in rows]
    if shown and shown[0][0] is None:
        return Finding("warn", "rows without a value come first in the order", "Leave null values out.", sql)
    if len(rows) <= limit:
        return passed("no row is cut off", sql)
    if shown[limit - 1] != shown[limit]:
        return passed(f"row {limit:,} and the next one differ in what they are ordered by", sql)
    both = f"{_named(rows[limit - 1])} and {_named(rows[limit])}"
    summary = f"{both} tie with {shown[limit][0]} and only one is shown"
    # One row of several alike is no answer to `which has the most`; of a list the last row is in doubt.
    verdict: Literal["fail", "warn"] = "fail" if limit == 1 else "warn"
    return Finding(verdict, summary, "Name the tie, or include every row with that value.", sql)


def _keys(select: exp.Select, order: exp.Order) -> list[exp.Expr]:
    """What decides the rank: the first key alone if it is an aggregate, else every key."""
    keys = [named_expression(select, ordered.this) for ordered in order.expressions]
    return keys[:1] if keys[0].find(exp.AggFunc) else keys


def _named(row: tuple[Cell, ...]) -> str:
    return f"`{next((cell for cell in row if isinstance(cell, str)), row[0])}`"
