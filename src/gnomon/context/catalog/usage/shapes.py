"""What a query does: tables it reads, conditions it joins and filters by, groups and measures.

A shape is drawn from a sanitised tree, so nothing in it can hold a literal.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.usage.columns import ColumnFinder
from gnomon.context.catalog.usage.statements import Unread
from gnomon.context.catalog.usage.wording import words_of
from gnomon.domain.catalog import Catalog, ColumnRef, TableRef

if TYPE_CHECKING:
    from sqlglot import exp
    from sqlglot.optimizer.scope import Scope

MAX_CONDITION = 160
"""Characters of a filter condition; longer ones are logic of one query, not a habit."""


@dataclass(frozen=True, slots=True, order=True)
class JoinUse:
    """Columns of two tables that a query sets equal; they pair up by position, the tables stand in order."""

    left: TableRef
    left_columns: tuple[str, ...]
    right: TableRef
    right_columns: tuple[str, ...]

    def __str__(self) -> str:
        pairs = zip(self.left_columns, self.right_columns, strict=True)
        return " AND ".join(f"{self.left}.{a} = {self.right}.{b}" for a, b in pairs)


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on one table, for example `orders.status <> ?`, and the columns it looks at."""

    table: TableRef
    text: str
    columns: tuple[str, ...]

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Term:
    """A group or a measure: its SQL with whole column names, and the same in words."""

    sql: str
    words: str


@dataclass(frozen=True, slots=True)
class Shape:
    """What one query does.

    Args:
        tables: Tables of the warehouse that it reads, by name.
        unresolved: Names of tables it reads that the warehouse does not have.
        columns: Columns it names, those of tables that could be told.
        joins: One value for each pair of tables it joins.
        is_lookup: It fetches rows as they are: no group, no measure, and all columns or a few rows of them.
    """

    tables: tuple[TableRef, ...] = ()
    unresolved: tuple[str, ...] = ()
    columns: tuple[ColumnRef, ...] = ()
    joins: tuple[JoinUse, ...] = ()
    filters: tuple[Filter, ...] = ()
    groups: tuple[Term, ...] = ()
    measures: tuple[Term, ...] = ()
    is_lookup: bool = False


def shape_of(tree: "exp.Query", catalog: Catalog, names: Names, dialect: str) -> Shape | Unread:
    """The shape of a sanitised tree, whose columns are given their tables' names in place."""
    from sqlglot.errors import SqlglotError
    from sqlglot.optimizer.scope import traverse_scope

    try:
        scopes = traverse_scope(tree)
        finder = ColumnFinder(catalog, names)
        for scope in scopes:
            finder.read(scope)
        return _drawn(scopes, finder, dialect, is_lookup=_is_lookup(tree))
    except RecursionError:
        return Unread("the statement is nested too deeply")
    except (SqlglotError, ValueError, AttributeError, TypeError, KeyError):
        # sqlglot gives up on some trees that it parsed itself, each time in another way.
        return Unread("the tables and columns of the statement cannot be told")


def _drawn(scopes: "list[Scope]", finder: ColumnFinder, dialect: str, *, is_lookup: bool) -> Shape:
    joins: dict[JoinUse, None] = {}
    filters: dict[Filter, None] = {}
    groups: dict[Term, None] = {}
    measures: dict[Term, None] = {}
    using = [list(_using(scope, finder)) for scope in scopes]
    finder.spell_out()
    for scope, pairs in zip(scopes, using, strict=True):
        joins |= dict.fromkeys(_joins([*pairs, *_compared(scope, finder)]))
        filters |= dict.fromkeys(_filters(scope, finder, dialect))
        groups |= dict.fromkeys(_groups(scope, dialect))
        measures |= dict.fromkeys(_measures(scope, dialect))
    return Shape(
        tables=tuple(sorted(finder.tables)),
        unresolved=tuple(sorted(finder.unresolved)),
        columns=tuple(sorted(set(finder.found()), key=str)),
        joins=tuple(joins),
        filters=tuple(filters),
        groups=tuple(groups),
        measures=tuple(measures),
        is_lookup=is_lookup,
    )


def _conjuncts(condition: "exp.Expr | None") -> "Iterator[exp.Expr]":
    """The parts of a condition that all must hold."""
    from sqlglot import exp

    pending = [condition] if condition is not None else []
    while pending:
        part = pending.pop()
        if isinstance(part, exp.Paren):
            pending.append(part.this)
        elif isinstance(part, exp.And):
            pending += [part.expression, part.this]
        elif part is not None:
            yield part


Pair = tuple[ColumnRef, ColumnRef]


def _compared(scope: "Scope", finder: ColumnFinder) -> Iterator[Pair]:
    """Columns of two tables that the scope's conditions set equal."""
    from sqlglot import exp

    select = scope.expression
    conditions = [join.args.get("on") for join in select.args.get("joins") or ()]
    where = select.args.get("where")
    for condition in (*conditions, where.this if where else None):
        for part in _conjuncts(condition):
            if isinstance(part, exp.EQ):
                left, right = finder.of(part.this), finder.of(part.expression)
                if left is not None and right is not None and left.table != right.table:
                    yield left, right


def _using(scope: "Scope", finder: ColumnFinder) -> Iterator[Pair]:
    """The same for JOIN ... USING, where the column is in both tables."""
    joins = scope.expression.args.get("joins") or ()
    before = [scope.sources.get(_source_name(scope.expression.args.get("from_")))]
    for join in joins:
        source = scope.sources.get(join.alias_or_name)
        for column in join.args.get("using") or ():
            right = finder.column_of(source, column.name)
            left = next((f for s in before if (f := finder.column_of(s, column.name))), None)
            if left is not None and right is not None and left.table != right.table:
                yield left, right
        before.append(source)


def _source_name(source: "exp.Expr | None") -> str:
    return str(source.this.alias_or_name) if source is not None else ""


def _joins(pairs: list[Pair]) -> Iterator[JoinUse]:
    together: dict[tuple[TableRef, TableRef], dict[tuple[str, str], None]] = {}
    for one, other in pairs:
        left, right = sorted((one, other), key=lambda ref: (ref.table, ref.column))
        together.setdefault((left.table, right.table), {})[left.column, right.column] = None
    for (left_table, right_table), columns in together.items():
        lefts, rights = zip(*sorted(columns), strict=True)
        yield JoinUse(left_table, lefts, right_table, rights)


def _filters(scope: "Scope", finder: ColumnFinder, dialect: str) -> Iterator[Filter]:
    from sqlglot import exp

    where = scope.expression.args.get("where")
    for part in _conjuncts(where.this if where else None):
        columns = list(part.find_all(exp.Column))
        refs = [finder.of(column) for column in columns]
        tables = {ref.table for ref in refs if ref is not None}
        if None in refs or len(tables) != 1 or part.find(exp.Query) is not None:
            continue
        text = part.sql(dialect, comments=False)
        if len(text) <= MAX_CONDITION:
            named = tuple(sorted({ref.column for ref in refs if ref is not None}))
            yield Filter(tables.pop(), text, named)


def _groups(scope: "Scope", dialect: str) -> Iterator[Term]:
    from sqlglot import exp

    select = scope.expression
    if not isinstance(select, exp.Select) or select.args.get("group") is None:
        return
    named = {p.alias: p for p in select.selects if p.alias}
    for group in select.args["group"].expressions:
        said = _projection(group, select.selects, named)
        if said is not None:
            yield Term(said.sql(dialect, comments=False), words_of(said))


def _projection(
    group: "exp.Expr", selects: "list[exp.Expr]", named: "dict[str, exp.Expr]"
) -> "exp.Expr | None":
    """What a group stands for: an item of the select list by position or name, or what it says itself."""
    from sqlglot import exp

    if isinstance(group, exp.Literal) and not group.is_string:
        at = int(group.name) - 1
        found = selects[at] if 0 <= at < len(selects) else None
        return found.unalias() if found is not None else None
    if isinstance(group, exp.Column) and not group.table and group.name in named:
        return named[group.name].unalias()
    return None if isinstance(group, exp.Placeholder) else group


def _measures(scope: "Scope", dialect: str) -> Iterator[Term]:
    from sqlglot import exp

    if not isinstance(scope.expression, exp.Select):
        return
    for item in scope.expression.selects:
        if _aggregates(item):
            said = item.unalias()
            alias = item.alias if not item.alias.startswith("name_") else ""
            yield Term(said.sql(dialect, comments=False), alias.replace("_", " ").strip() or words_of(said))


def _aggregates(item: "exp.Expr") -> bool:
    from sqlglot import exp

    return any(a.find_ancestor(exp.Query, exp.Window) is item.parent for a in item.find_all(exp.AggFunc))


def _is_lookup(tree: "exp.Query") -> bool:
    from sqlglot import exp

    select = tree.unnest()
    if not isinstance(select, exp.Select) or select.args.get("group") or select.args.get("distinct"):
        return False
    if any(_aggregates(item) for item in select.selects):
        return False
    return select.is_star or select.args.get("limit") is not None
