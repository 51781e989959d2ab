"""A query in words: what it measures, by what, and of what; for queries that nobody gave a title."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sqlglot import exp

_MAX_PARTS = 4
_AGGREGATES = {"Sum": "sum of", "Avg": "average", "Min": "lowest", "Max": "highest", "Median": "median"}


class _Worded(Protocol):
    @property
    def words(self) -> str: ...


def words_of(node: "exp.Expr") -> str:
    """A group or a measure in words.

    >>> import sqlglot
    >>> words_of(sqlglot.parse_one("date_trunc('month', orders.paid_at)", read="duckdb"))
    'month of paid at'
    >>> words_of(sqlglot.parse_one("count(distinct customer_id)"))
    'number of distinct customer id'
    """
    from sqlglot import exp

    if isinstance(node, exp.Count):
        return _count(node)
    columns = list(dict.fromkeys(_plain(c.name) for c in node.find_all(exp.Column) if c.name != "*"))
    said = " and ".join(columns[:_MAX_PARTS])
    aggregate = node.find(exp.AggFunc)
    if aggregate is not None and (isinstance(aggregate, exp.Count) or not said):
        return words_of(aggregate) if aggregate is not node else type(node).__name__.lower()
    unit = node.args.get("unit") or (node.this if isinstance(node, exp.Extract) else None)
    if isinstance(node, exp.Func) and isinstance(unit, exp.Var | exp.Literal):
        return f"{unit.name.lower()} of {said}"
    word = _AGGREGATES.get(type(aggregate).__name__, "") if aggregate is not None else ""
    return f"{word} {said}".strip()


def draft_question(
    measures: "Sequence[_Worded]",
    groups: "Sequence[_Worded]",
    filters: Sequence[str],
    columns: Sequence[str],
    tables: Sequence[str],
) -> str:
    """What a query answers, drawn from what it does.

    Args:
        filters: Names of the columns that it filters by.
        columns: Names of the columns that it reads; used where it measures nothing.

    >>> draft_question([], [], ["status"], ["id", "paid_at"], ["shop.orders"])
    'Id, paid at of orders, filtered by status'
    """
    what = _listed([m.words for m in measures]) or _listed(map(_plain, columns)) or "rows"
    by = _listed([g.words for g in groups])
    of = _listed(_plain(t.rpartition(".")[2]) for t in tables)
    where = _listed(map(_plain, filters))
    text = f"{what}{f' by {by}' if by else ''}{f' of {of}' if of else ''}"
    text += f", filtered by {where}" if where else ""
    return text[:1].upper() + text[1:]


def _count(node: "exp.Count") -> str:
    from sqlglot import exp

    columns = [_plain(c.name) for c in node.find_all(exp.Column)]
    if not columns:
        return "number of rows"
    distinct = "distinct " if node.find(exp.Distinct) is not None else ""
    return f"number of {distinct}{' and '.join(columns[:_MAX_PARTS])}"


def _listed(texts: Iterable[str]) -> str:
    kept = [t for t in dict.fromkeys(texts) if t]
    return ", ".join(kept[:_MAX_PARTS]) + (", ..." if len(kept) > _MAX_PARTS else "")


def _plain(name: str) -> str:
    return name.replace("_", " ").strip()
