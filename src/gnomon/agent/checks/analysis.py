"""Reads a query's structure: its scopes, its joins, and the stored column behind an expression."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from gnomon.domain.catalog import Catalog, Column, ColumnRef, TableSchema
from gnomon.domain.query import Dialect

Source = exp.Table | Scope
"""What a name in FROM stands for: a stored table, or a scope (CTE or derived table)."""

_UNCHANGED_IDENTITY = (exp.Paren, exp.Alias)
_TEXT_FUNCTIONS = (exp.Lower, exp.Upper, exp.Trim, exp.Cast, exp.TryCast, exp.Collate)
_MAX_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Statement:
    """A parsed query. `scopes` stand inner before outer, the whole query last."""

    tree: exp.Query
    scopes: tuple[Scope, ...]
    catalog: Catalog
    dialect: Dialect

    @property
    def root(self) -> Scope:
        """The scope of the whole query."""
        return self.scopes[-1]

    @property
    def select(self) -> exp.Select | None:
        """The outermost SELECT; None where the query is a set operation."""
        return self.tree if isinstance(self.tree, exp.Select) else None

    def selects(self) -> Iterator[tuple[Scope, exp.Select]]:
        """Every scope that is a SELECT, with it."""
        for scope in self.scopes:
            if isinstance(scope.expression, exp.Select):
                yield scope, scope.expression

    def table(self, node: exp.Table) -> TableSchema | None:
        """What the catalog says about a table named in the query."""
        return self.catalog.find(node.name, node.db) or self.catalog.find(node.name)

    def text(self, node: exp.Expr) -> str:
        """The node as SQL of the engine."""
        return node.sql(dialect=self.dialect, comments=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """A stored column behind an expression.

    Args:
        table: The table as the query names it, without alias.
        path: The expression over the bare stored column, for example `LOWER("state")`.
    """

    ref: ColumnRef
    column: Column
    table: exp.Table
    path: exp.Expr


@dataclass(frozen=True, slots=True)
class Definition:
    """What a CTE or derived table computes a column from, and the scope in which it does."""

    scope: Scope
    expression: exp.Expr


@dataclass(frozen=True, slots=True)
class Link:
    """One join: the joined source's name, its kind, and the pairs of columns it equates.

    Args:
        side: `LEFT`, `RIGHT`, `FULL` or empty.
        pairs: (column of the joined source, column of another source).
        exact: True if the pairs are the whole condition.
    """

    name: str
    side: str
    pairs: tuple[tuple[exp.Column, exp.Column], ...]
    exact: bool


def read_statement(sql: str, dialect: Dialect, catalog: Catalog) -> Statement | None:
    """Parse a single query; None if it is anything else or cannot be parsed."""
    try:
        tree = sqlglot.parse_one(sql, read=dialect)
        if isinstance(tree, exp.Subquery):
            tree = tree.unnest()
        if not isinstance(tree, exp.Query):
            return None
        scopes = tuple(traverse_scope(tree))
    except (SqlglotError, RecursionError):
        return None
    return Statement(tree, scopes, catalog, dialect) if scopes else None


def sources(scope: Scope) -> dict[str, Source]:
    """The names that FROM and the joins bring in, as spelled, with what they stand for."""
    return {name: source for name, (_, source) in scope.selected_sources.items()}


def own_nodes(select: exp.Select, *kinds: type[exp.Expr]) -> Iterator[exp.Expr]:
    """Nodes of these kinds in a SELECT, without those of queries nested in it."""
    for child in select.iter_expressions():
        for node in child.walk(prune=lambda n: isinstance(n, exp.Query)):
            if isinstance(node, kinds):
                yield node


def columns_in(node: exp.Expr) -> list[exp.Column]:
    """Columns that an expression mentions, without those of queries nested in it."""
    walk = node.walk(prune=lambda n: isinstance(n, exp.Query))
    return [n for n in walk if isinstance(n, exp.Column)]


def owner(statement: Statement, scope: Scope, column: exp.Column) -> str | None:
    """The name of the source in this scope that a column belongs to; None if it is another scope's."""
    named = sources(scope)
    if column.table:
        folded = column.table.casefold()
        return next((name for name in named if name.casefold() == folded), None)
    return next((n for n, s in named.items() if _has_output(statement, s, column.name)), None)


def _has_output(statement: Statement, source: Source, name: str, depth: int = 0) -> bool:
    if isinstance(source, exp.Table):
        schema = statement.table(source)
        return schema is not None and schema.column(name) is not None
    if depth > _MAX_DEPTH:
        return False
    query = source.expression
    if not isinstance(query, exp.Query):
        return False
    if any(p.alias_or_name.casefold() == name.casefold() for p in query.selects):
        return True
    stars = any(p.is_star for p in query.selects)
    return stars and any(_has_output(statement, s, name, depth + 1) for s in sources(source).values())


def trace(statement: Statement, scope: Scope, node: exp.Expr, depth: int = 0) -> tuple[Origin, ...]:
    """The stored columns whose values an expression shows, through aliases, CTEs and text functions.

    Empty where the expression computes something else. Several origins come from set operations.
    """
    if depth > _MAX_DEPTH:
        return ()
    if isinstance(node, exp.Column):
        return _trace_column(statement, scope, node, depth)
    if isinstance(node, _UNCHANGED_IDENTITY):
        return trace(statement, scope, node.this, depth + 1)
    if isinstance(node, _TEXT_FUNCTIONS):
        inner = trace(statement, scope, node.this, depth + 1)
        return tuple(Origin(o.ref, o.column, o.table, _around(node, o.path)) for o in inner)
    return ()


def _around(node: exp.Expr, inner: exp.Expr) -> exp.Expr:
    outer = node.copy()
    outer.set("this", inner.copy())
    return outer


def _trace_column(statement: Statement, scope: Scope, node: exp.Column, depth: int) -> tuple[Origin, ...]:
    name = owner(statement, scope, node)
    if name is None:
        alias = _projection(scope, node.name)
        if alias is not None and not node.table and alias is not node and alias.this is not node:
            return trace(statement, scope, alias, depth + 1)
        return _trace_column(statement, scope.parent, node, depth + 1) if scope.parent else ()
    source = sources(scope)[name]
    if isinstance(source, exp.Table):
        return _stored(statement, source, node.name)
    return _trace_output(statement, source, node.name, depth + 1)


def _stored(statement: Statement, table: exp.Table, name: str) -> tuple[Origin, ...]:
    schema = statement.table(table)
    column = schema.column(name) if schema else None
    if schema is None or column is None:
        return ()
    bare = exp.Table(this=table.this.copy(), db=table.args["db"].copy() if table.args.get("db") else None)
    return (Origin(ColumnRef(schema.ref, column.name), column, bare, exp.column(column.name, quoted=True)),)


def definition(statement: Statement, scope: Scope, column: exp.Column) -> Definition | None:
    """The expression behind a column of a CTE or derived table; None for a stored column."""
    name = owner(statement, scope, column)
    source = sources(scope).get(name) if name else None
    projection = _projection(source, column.name) if isinstance(source, Scope) else None
    return Definition(source, projection.unalias()) if isinstance(source, Scope) and projection else None


def set_branches(scope: Scope) -> list[Scope]:
    """The scopes that a set operation combines; none for a SELECT."""
    return list(scope.set_operation_scopes or ()) if isinstance(scope.expression, exp.SetOperation) else []


def _trace_output(statement: Statement, scope: Scope, name: str, depth: int) -> tuple[Origin, ...]:
    branches = set_branches(scope)
    if branches:
        names = [n.casefold() for n in _output_names(scope)]
        if name.casefold() not in names:
            return ()
        at = names.index(name.casefold())
        outputs = [(b, _output_names(b)[at]) for b in branches if at < len(_output_names(b))]
        return tuple(o for b, output in outputs for o in _trace_output(statement, b, output, depth + 1))
    projection = _projection(scope, name)
    if projection is not None:
        return trace(statement, scope, projection, depth + 1)
    starred = [s for s in sources(scope).values() if _has_output(statement, s, name)]
    if not starred:
        return ()
    if isinstance(starred[0], exp.Table):
        return _stored(statement, starred[0], name)
    return _trace_output(statement, starred[0], name, depth + 1)


def _output_names(scope: Scope) -> list[str]:
    query = scope.expression
    return [p.alias_or_name for p in query.selects] if isinstance(query, exp.Query) else []


def _projection(scope: Scope, name: str) -> exp.Expr | None:
    query = scope.expression
    if not isinstance(query, exp.Select) or not name:
        return None
    folded = name.casefold()
    found: Iterator[exp.Expr] = (p for p in query.selects if p.alias_or_name.casefold() == folded)
    return next(found, None)


def named_expression(select: exp.Select, node: exp.Expr) -> exp.Expr:
    """What a position (`GROUP BY 1`) or an alias of the select list stands for; other nodes as they are."""
    if isinstance(node, exp.Literal) and not node.is_string:
        position = int(node.name) if node.name.isdigit() else 0
        return select.selects[position - 1].unalias() if 0 < position <= len(select.selects) else node
    if isinstance(node, exp.Column) and not node.table:
        for projection in select.selects:
            if isinstance(projection, exp.Alias) and projection.alias.casefold() == node.name.casefold():
                return projection.unalias()
    return node


def group_keys(select: exp.Select) -> list[exp.Expr]:
    """The expressions that a SELECT groups by, positions and aliases replaced."""
    group = select.args.get("group")
    return [named_expression(select, e) for e in group.expressions] if group else []


def plain_grouping(select: exp.Select) -> bool:
    """Whether GROUP BY, if there is one, is a plain list (no ROLLUP, CUBE, GROUPING SETS, ALL)."""
    group = select.args.get("group")
    extra = ("cube", "rollup", "grouping_sets", "all", "totals")
    return group is None or not any(group.args.get(key) for key in extra)


def aggregates(select: exp.Select) -> list[exp.AggFunc]:
    """Aggregates of a SELECT, without window functions and without those of nested queries."""
    found = [n for n in own_nodes(select, exp.AggFunc) if isinstance(n, exp.AggFunc)]
    return [n for n in found if not _windowed(n)]


def _windowed(node: exp.Expr) -> bool:
    parent = node.parent
    while isinstance(parent, (exp.Filter, exp.IgnoreNulls, exp.RespectNulls)):
        parent = parent.parent
    return isinstance(parent, exp.Window)


def conjuncts(node: exp.Expr | None) -> list[exp.Expr]:
    """The conditions that AND connects."""
    if node is None:
        return []
    if isinstance(node, (exp.Where, exp.Having, exp.Paren)):
        return conjuncts(node.this)
    if isinstance(node, exp.And):
        return [*conjuncts(node.left), *conjuncts(node.right)]
    return [node]


def links(statement: Statement, scope: Scope) -> list[Link]:
    """The joins of a scope. A comma join takes its columns from WHERE."""
    select = scope.expression
    found = []
    where = conjuncts(select.args.get("where"))
    for join in select.args.get("joins") or []:
        conditions = conjuncts(join.args.get("on"))
        name = join.this.alias_or_name
        pairs = [p for c in conditions or where if (p := _pair(statement, scope, c, name))]
        pairs += _using(statement, scope, join, name)
        exact = len(conditions) == len([c for c in conditions if _pair(statement, scope, c, name)])
        found.append(Link(name, join.side or "", tuple(pairs), exact))
    return found


def _pair(
    statement: Statement, scope: Scope, condition: exp.Expr, name: str
) -> tuple[exp.Column, exp.Column] | None:
    if not isinstance(condition, exp.EQ):
        return None
    left, right = condition.left.unnest(), condition.right.unnest()
    if not (isinstance(left, exp.Column) and isinstance(right, exp.Column)):
        return None
    left_owner, right_owner = owner(statement, scope, left), owner(statement, scope, right)
    if left_owner == right_owner or None in (left_owner, right_owner):
        return None
    if left_owner == name:
        return left, right
    return (right, left) if right_owner == name else None


def _using(
    statement: Statement, scope: Scope, join: exp.Join, name: str
) -> list[tuple[exp.Column, exp.Column]]:
    pairs = []
    for identifier in join.args.get("using") or []:
        column = identifier.name
        for other, source in sources(scope).items():
            if other != name and _has_output(statement, source, column):
                quoted = exp.to_identifier(column, quoted=True)
                pairs.append((exp.column(quoted, table=name), exp.column(quoted.copy(), table=other)))
                break
    return pairs


def key_of(statement: Statement, source: Source) -> tuple[str, ...] | None:
    """Columns of a source that identify its rows, without exception; None where nobody knows any."""
    if isinstance(source, exp.Table):
        schema = statement.table(source)
        keys = [k for k in schema.keys if k.evidence.share >= 1.0] if schema else []
        keys.sort(key=lambda k: (not k.primary, len(k.columns)))
        return keys[0].columns if keys else None
    select = source.expression
    if not isinstance(select, exp.Select):
        return None
    return _grouped_key(select) if select.args.get("group") else _inherited_key(statement, source, select)


def _grouped_key(select: exp.Select) -> tuple[str, ...] | None:
    names = []
    for key in group_keys(select):
        shown = next((p.alias_or_name for p in select.selects if p.unalias() == key), None)
        if not shown:
            return None
        names.append(shown)
    return tuple(names) if names and plain_grouping(select) else None


def _inherited_key(statement: Statement, scope: Scope, select: exp.Select) -> tuple[str, ...] | None:
    named = sources(scope)
    if len(named) != 1 or select.args.get("joins") or aggregates(select):
        return None
    inner = key_of(statement, next(iter(named.values())))
    if inner is None:
        return None
    outputs = {p.unalias().name.casefold(): p.alias_or_name for p in select.selects if _is_column(p)}
    if any(p.is_star for p in select.selects):
        return inner
    names = tuple(outputs.get(column.casefold(), "") for column in inner)
    return names if all(names) else None


def _is_column(projection: exp.Expr) -> bool:
    return isinstance(projection.unalias(), exp.Column)


def is_unique(statement: Statement, source: Source, columns: set[str]) -> bool:
    """Whether these columns are known to identify a row of the source (a superset of a key does too)."""
    folded = {c.casefold() for c in columns}
    if isinstance(source, exp.Table):
        schema = statement.table(source)
        keys = [k.columns for k in schema.keys if k.evidence.share >= 1.0] if schema else []
    else:
        key = key_of(statement, source)
        keys = [key] if key else []
    return any({c.casefold() for c in key} <= folded for key in keys)


def correlated(scope: Scope, statement: Statement) -> bool:
    """Whether a scope mentions a column of the query around it, so that it cannot run alone."""
    select = scope.expression
    if scope.parent is None or not isinstance(select, exp.Select):
        return False
    aliases = {p.alias.casefold() for p in select.selects if p.alias}
    strangers = [c for c in columns_in(select) if owner(statement, scope, c) is None]
    return any(c.table or c.name.casefold() not in aliases for c in strangers)


def reshaped(select: exp.Select, projections: list[exp.Expr]) -> exp.Select:
    """A copy of a SELECT's FROM, joins and WHERE with another select list, able to run alone.

    Grouping, ordering, limits and windows are left off; the CTEs of the whole query come along.
    """
    bare = exp.Select(expressions=[p.copy() for p in projections])
    for part in ("from_", "joins", "where"):
        value = select.args.get(part)
        if value is not None:
            bare.set(part, [j.copy() for j in value] if isinstance(value, list) else value.copy())
    return bare


def with_ctes(statement: Statement, query: exp.Select) -> exp.Select:
    """The query with the CTEs of the whole statement in front."""
    ctes = statement.tree.args.get("with_")
    if ctes is not None:
        query.set("with_", ctes.copy())
    return query
