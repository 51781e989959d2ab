"""A gold statement taken apart: what it shows, restricts, groups and orders, over the tables of a question.

Read are the shapes that the roles of the composer say: one block of tables joined by their keys, a set
operation of two such blocks, `IN` and `NOT IN` of another block, comparison with an average or an extreme of
the same column. Anything else raises `NotCovered` with a short reason, and teaches nothing.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.composer.slots import Question

AGGREGATES: dict[type[exp.Expr], str] = {
    exp.Min: "min", exp.Max: "max", exp.Avg: "avg", exp.Sum: "sum", exp.Count: "count",
}  # fmt: skip
OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=", exp.Like: "contains",
    exp.ILike: "contains",
}  # fmt: skip

Literally = str | float | None
Standing = Literal["and", "or", "both", "without"]
"""Where a condition stands: beside the others, as one of several, in each half of an intersection, or in what
is taken away."""


class NotCovered(Exception):
    """The gold asks for something that no roles say."""


@dataclass(frozen=True, slots=True)
class Term:
    """An aggregate or a plain column; `column` is None for all rows."""

    column: ColumnRef | None
    aggregate: str = ""
    distinct: bool = False


class Restriction(NamedTuple):
    """A column, an operator (also `null` and `known`, without a value), and where it stands."""

    column: ColumnRef
    operator: str
    value: Literally
    standing: Standing


@dataclass(frozen=True, slots=True)
class Having:
    """What groups must hold."""

    term: Term
    operator: str
    number: float


@dataclass(slots=True)
class Gold:
    """What a gold statement asks for.

    Args:
        everything: It shows all columns.
        averages: Columns compared with their own average, and the operator.
        order: What it sorts by first, and whether downwards.
        absent: Tables of which no row may belong to what is shown.
    """

    shown: list[Term] = field(default_factory=list)
    everything: bool = False
    conditions: list[Restriction] = field(default_factory=list)
    averages: list[tuple[ColumnRef, str]] = field(default_factory=list)
    groups: list[ColumnRef] = field(default_factory=list)
    order: tuple[Term, bool] | None = None
    limit: int | None = None
    having: list[Having] = field(default_factory=list)
    tables: set[TableRef] = field(default_factory=set)
    absent: set[TableRef] = field(default_factory=set)


def read_gold(sql: str, question: Question) -> Gold:
    """The gold statement, taken apart.

    Raises:
        NotCovered: It does not parse as SQLite's dialect, names what the question's context does not show, or
            asks for something that roles do not say.
    """
    try:
        tree = sqlglot.parse_one(sql, dialect="sqlite")
    except SqlglotError as error:
        raise NotCovered("parse") from error
    gold = Gold()
    if isinstance(tree, exp.Except | exp.Intersect | exp.Union):
        _set_operation(tree, gold, question)
    elif isinstance(tree, exp.Select):
        _select(tree, gold, question, "and")
    else:
        raise NotCovered(type(tree).__name__)
    _canonical(gold, question)
    return gold


def _canonical(gold: Gold, question: Question) -> None:
    """A reference to a row of a table in use stands for that row's key: both hold the same."""
    parents = {
        ColumnRef(j.child, j.child_columns[0]): ColumnRef(j.parent, j.parent_columns[0])
        for t in sorted(gold.tables, key=str)
        for j in question.schema.card(t).joins
        if j.child == t and j.parent in gold.tables and len(j.child_columns) == 1
    }
    gold.shown = [
        Term(parents.get(t.column, t.column), t.aggregate, t.distinct) if t.column else t for t in gold.shown
    ]
    gold.groups = [parents.get(c, c) for c in gold.groups]


def _set_operation(tree: exp.Except | exp.Intersect | exp.Union, gold: Gold, question: Question) -> None:
    left, right = tree.this, tree.expression
    if not isinstance(left, exp.Select) or not isinstance(right, exp.Select):
        raise NotCovered("set operation")
    _select(left, gold, question, "both" if isinstance(tree, exp.Intersect) else "and")
    other = Gold()
    if isinstance(tree, exp.Except):
        _select(right, other, question, "without")
        gold.absent |= other.tables - gold.tables
    elif isinstance(tree, exp.Intersect):
        _select(right, other, question, "both")
        gold.tables |= other.tables
    else:
        _select(right, other, question, "or")
        gold.tables |= other.tables
        gold.conditions = [Restriction(c.column, c.operator, c.value, "or") for c in gold.conditions]
    gold.conditions += other.conditions
    if other.groups or other.having or other.order or other.averages:
        raise NotCovered("set operation of groups")


def _select(tree: exp.Expr, gold: Gold, question: Question, standing: Standing) -> None:
    names = _Names(tree, question)
    gold.tables |= set(names.tables.values())
    for shown in tree.expressions:
        if isinstance(shown.unalias(), exp.Star):
            gold.everything = True
        else:
            gold.shown.append(_term(shown.unalias(), names))
    where, group = tree.args.get("where"), tree.args.get("group")
    if where is not None:
        _Where(gold, names, question).read(where.this, standing)
    gold.groups += [_column(g, names) for g in (group.expressions if group else [])]
    having = tree.args.get("having")
    if having is not None:
        parts = having.this.flatten() if isinstance(having.this, exp.And) else [having.this]
        gold.having += [_having(part, names) for part in parts]
    _order(tree, gold, names)


def _order(tree: exp.Expr, gold: Gold, names: "_Names") -> None:
    order, limit = tree.args.get("order"), tree.args.get("limit")
    if order is not None:
        first = order.expressions[0]
        gold.order = (_term(first.this, names), bool(first.args.get("desc")))
    if limit is not None:
        gold.limit = int(_number(limit.expression, "limit"))


class _Names:
    """Aliases and columns of a statement."""

    def __init__(self, tree: exp.Expr, question: Question) -> None:
        self._schema = question.schema
        known = {t.name.casefold(): t for t in question.schema.tables()}
        sources = [tree.args["from_"].this] if tree.args.get("from_") else []
        sources += [j.this for j in tree.args.get("joins") or []]
        self.tables: dict[str, TableRef] = {}
        for source in sources:
            ref = _table(source, known)
            if ref in self.tables.values():
                raise NotCovered("self join")
            self.tables[source.alias_or_name.casefold()] = ref

    def find(self, column: exp.Column) -> ColumnRef:
        """The column of the first table that has one of that name."""
        named = [self.tables.get(column.table.casefold())] if column.table else self.tables.values()
        for table in [t for t in named if t is not None]:
            for card in self._schema.card(table).columns:
                if card.name.casefold() == column.name.casefold():
                    return ColumnRef(table, card.name)
        raise NotCovered("unknown column")


def _table(source: exp.Expr, known: dict[str, TableRef]) -> TableRef:
    if not isinstance(source, exp.Table):
        raise NotCovered("derived table")
    ref = known.get(source.name.casefold())
    if ref is None:
        raise NotCovered("table out of sight")
    return ref


def _column(node: exp.Expr, names: _Names) -> ColumnRef:
    if not isinstance(node, exp.Column):
        raise NotCovered(f"expression {type(node).__name__}")
    return names.find(node)


def _term(node: exp.Expr, names: _Names) -> Term:
    if isinstance(node, exp.Distinct):
        raise NotCovered("distinct")
    for kind, name in AGGREGATES.items():
        if isinstance(node, kind):
            inner = node.this
            if isinstance(inner, exp.Star):
                return Term(None, name)
            if isinstance(inner, exp.Distinct):
                return Term(_column(inner.expressions[0], names), name, True)
            return Term(_column(inner, names), name)
    return Term(_column(node, names))


def _having(node: exp.Expr, names: _Names) -> Having:
    operator = OPERATORS.get(type(node))
    if operator is None or not isinstance(node.expression, exp.Literal):
        raise NotCovered("having")
    return Having(_term(node.this, names), operator, _number(node.expression, "having"))


def _number(node: exp.Expr, what: str) -> float:
    try:
        return float(node.this)
    except (TypeError, ValueError) as error:
        raise NotCovered(what) from error


@dataclass(frozen=True, slots=True)
class _Where:
    """Reads conditions into a gold."""

    gold: Gold
    names: _Names
    question: Question

    def read(self, node: exp.Expr, standing: Standing) -> None:
        node = node.unnest()
        if isinstance(node, exp.And | exp.Or):
            below: Standing = "or" if isinstance(node, exp.Or) else standing
            self.read(node.this, below)
            self.read(node.expression, below)
        elif isinstance(node, exp.Not) and isinstance(node.this.unnest(), exp.In):
            self._not_in(node.this.unnest())
        elif isinstance(node, exp.In) and node.args.get("query") is not None:
            self._in(node, standing)
        elif isinstance(node, exp.In):
            for value in node.expressions:
                self._put(node.this, "=", _literal(value), "or")
        elif isinstance(node, exp.Between):
            self._put(node.this, ">=", _literal(node.args["low"]), standing)
            self._put(node.this, "<=", _literal(node.args["high"]), standing)
        elif isinstance(node, exp.Is):
            self._put(node.this, "null", None, standing)
        elif isinstance(node, exp.Not) and isinstance(node.this, exp.Is):
            self._put(node.this.this, "known", None, standing)
        else:
            self._comparison(node, standing)

    def _put(self, column: exp.Expr, operator: str, value: Literally, standing: Standing) -> None:
        self.gold.conditions.append(Restriction(_column(column, self.names), operator, value, standing))

    def _comparison(self, node: exp.Expr, standing: Standing) -> None:
        operator = OPERATORS.get(type(node))
        if operator is None:
            raise NotCovered(f"condition {type(node).__name__}")
        if isinstance(node.expression, exp.Subquery):
            self._scalar(node.this, operator, node.expression.this)
        else:
            column = _column(node.this, self.names)
            self.gold.conditions.append(Restriction(column, operator, _literal(node.expression), standing))

    def _scalar(self, left: exp.Expr, operator: str, inner: exp.Expr) -> None:
        """`price > (SELECT avg(price) ...)`, `price = (SELECT max(price) ...)`: of the column's own rows."""
        if not isinstance(inner, exp.Select) or inner.args.get("where") or len(inner.expressions) != 1:
            raise NotCovered("scalar subquery")
        term = _term(inner.expressions[0].unalias(), _Names(inner, self.question))
        column = _column(left, self.names)
        if term.column == column and term.aggregate == "avg":
            self.gold.averages.append((column, operator))
        elif term.column == column and term.aggregate in ("max", "min") and operator == "=":
            self.gold.order, self.gold.limit = (Term(column), term.aggregate == "max"), 1
        else:
            raise NotCovered("scalar subquery")

    def _not_in(self, node: exp.In) -> None:
        query = node.args.get("query")
        if query is None:
            for value in node.expressions:
                self._put(node.this, "<>", _literal(value), "and")
            return
        other = Gold()
        _select(_inner(query), other, self.question, "without")
        if other.groups or other.having or other.order:
            raise NotCovered("not in groups")
        self.gold.absent |= other.tables - self.gold.tables
        self.gold.conditions += other.conditions

    def _in(self, node: exp.In, standing: Standing) -> None:
        other = Gold()
        _select(_inner(node.args["query"]), other, self.question, standing)
        if other.order or other.averages:
            raise NotCovered("in ranked")
        self.gold.tables |= other.tables
        self.gold.conditions += other.conditions
        self.gold.having += other.having


def _inner(query: exp.Expr) -> exp.Expr:
    return query.this if isinstance(query, exp.Subquery) else query


def _literal(node: exp.Expr) -> Literally:
    if isinstance(node, exp.Literal):
        return str(node.this) if node.is_string else float(node.this)
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return -float(node.this.this)
    if isinstance(node, exp.Boolean):
        return float(node.this)
    raise NotCovered(f"literal {type(node).__name__}")
