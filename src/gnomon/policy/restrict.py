"""Rewrite a statement to what one person may see.

Every place that names a restricted table gets a subquery in its stead: the permitted columns, masked where
a mask is due, of the rows that pass. What the statement then does with it (filters, joins, orders, counts)
it does with what the person may see, so a condition on a masked column compares the mask.

An engine may move a condition of the statement below the one on rows, where it would run on hidden rows and
tell of them by failing. PostgreSQL and SQLite move nothing across OFFSET and LIMIT; DuckDB gets cells that
are null wherever the row does not pass, with the condition judged once a row.
"""

from dataclasses import dataclass

from sqlglot import exp

from gnomon.domain.catalog import Column, TableRef, TableSchema
from gnomon.domain.errors import Refused, Retry
from gnomon.domain.query import Dialect
from gnomon.policy.access import Access, ColumnRule, Denial, TableRule
from gnomon.policy.dialects import write
from gnomon.policy.masks import masked
from gnomon.policy.resolve import DEFAULT_SCHEMAS
from gnomon.policy.rules.conditions import ROWS_ALIAS
from gnomon.policy.small_groups import UNIT, require_groups
from gnomon.policy.views import SOURCE, OpaqueViewError, mark_sources, view_body

_DEEPEST_VIEW = 20
_PASSES = "gnomon_passes"
"""The column that says of a row in DuckDB whether it passes."""


@dataclass(frozen=True, slots=True)
class Restricted:
    """What the rewriting did.

    Args:
        refs: The tables whose place a subquery took, views and the tables behind them.
        keyed: Whether a keyed mask stands in the statement.
        grouped: Whether it is held to figures over groups of a least size.
    """

    refs: tuple[TableRef, ...]
    keyed: bool
    grouped: bool


def restrict(tree: exp.Expr, access: Access) -> Restricted:
    """Rewrite `tree` in place; its tables carry their `TableRef` in `meta` (see `resolve.Resolver`).

    Raises:
        Refused: A view reads what is forbidden or cannot be told, or a figure rests on too few units.
        Retry: A column is written with its schema, and two tables of that name are read.
    """
    work = _Rewriter(access)
    nodes = [n for n in tree.find_all(exp.Table) if SOURCE in n.meta]
    unnamed = _unnamed(tree, access.dialect)
    work.rewrite(nodes, via_view=False, depth=0)
    if work.refs:
        _name(unnamed)
        _drop_schemas(tree, nodes, access.dialect)
    return Restricted(tuple(sorted(work.refs)), work.keyed, work.grouped)


class _Rewriter:
    def __init__(self, access: Access) -> None:
        self.access = access
        self.dialect: Dialect = access.dialect
        self.refs: set[TableRef] = set()
        self.keyed = False
        self.grouped = False

    def rewrite(self, nodes: list[exp.Table], *, via_view: bool, depth: int) -> int:
        """Put a source in the place of each restricted node; return how many took one."""
        put = 0
        for node in nodes:
            table = self._table(node.meta[SOURCE])
            rule = self._rule(table, via_view)
            if rule is not None and rule.min_group:
                require_groups(node, table, rule, self.access.full)
                self.grouped = True
        for node in nodes:
            table = self._table(node.meta[SOURCE])
            source = self._source(table, self._rule(table, via_view), depth)
            if source is not None:
                self.refs.add(table.ref)
                _put(node, source, self.dialect)
                put += 1
            elif via_view:
                _qualify(node, table.ref, self.dialect)
        return put

    def _table(self, ref: TableRef) -> TableSchema:
        found = self.access.exact(ref)
        assert found is not None
        return found

    def _rule(self, table: TableSchema, via_view: bool) -> TableRule | None:
        rule = self.access.table(table, via_view=via_view)
        if isinstance(rule, Denial):
            raise _forbidden(table, rule, self.access.may_know(table))
        return rule

    def _source(self, table: TableSchema, rule: TableRule | None, depth: int) -> exp.Query | None:
        """The subquery for a table, or None if all of it may be seen."""
        if table.is_view and self.access.restricted(table.ref):
            body = self._view(table, depth)
            if body is not None:
                return self._over_view(table, rule, body)
        return None if rule is None else self._over_table(table, rule)

    def _view(self, view: TableSchema, depth: int) -> exp.Query | None:
        """The view's definition, rewritten; None if nothing that it reads is restricted."""
        if self.access.opaque(view) or depth > _DEEPEST_VIEW:
            raise _opaque(view, "its definition cannot be read")
        try:
            body = view_body(view, self.dialect)
            nodes = mark_sources(body.tree, view, self.access.full, self.dialect)
        except OpaqueViewError as error:
            if self.access.sees_all:
                return None
            raise _opaque(view, str(error)) from error
        if not self.rewrite(nodes, via_view=True, depth=depth + 1):
            return None
        _drop_schemas(body.tree, nodes, self.dialect)
        assert isinstance(body.tree, exp.Query)
        return body.tree

    def _over_view(self, view: TableSchema, rule: TableRule | None, body: exp.Query) -> exp.Query:
        names = [exp.to_identifier(c.name, quoted=True) for c in view.columns]
        alias = exp.TableAlias(this=exp.to_identifier(ROWS_ALIAS, quoted=True), columns=names)
        shown = rule or TableRule(view.ref, tuple(ColumnRule(c.name) for c in view.columns))
        select = self._select(view, shown, exp.Table(this=exp.to_identifier(ROWS_ALIAS, quoted=True)))
        select.set("with_", exp.With(expressions=[exp.CTE(this=body, alias=alias)]))
        return select

    def _over_table(self, table: TableSchema, rule: TableRule) -> exp.Query:
        source = exp.Table(this=exp.to_identifier(table.ref.name, quoted=True))
        source.set("alias", exp.TableAlias(this=exp.to_identifier(ROWS_ALIAS, quoted=True)))
        _qualify(source, table.ref, self.dialect)
        return self._select(table, rule, source)

    def _select(self, table: TableSchema, rule: TableRule, source: exp.Table) -> exp.Select:
        condition = _all_of([_qualified_lookups(r, self.dialect) for r in rule.rows])
        judged = condition is not None and self.dialect == "duckdb"
        cells = [self._cell(table, c, judged) for c in rule.columns]
        if not cells:
            raise _no_columns(table)
        if rule.min_group:
            cells.append(_named(_barred(_column(rule.unit), judged), UNIT, always=True))
        if condition is None:
            return exp.Select(expressions=cells, from_=exp.From(this=source))
        if judged:
            rows: exp.Expr = _judged(source, condition)
            condition = _column(_PASSES)
        else:
            rows = source
        select = exp.Select(expressions=cells, from_=exp.From(this=rows), where=exp.Where(this=condition))
        _fence(select, self.dialect)
        return select

    def _cell(self, table: TableSchema, rule: ColumnRule, judged: bool) -> exp.Expr:
        column = next(c for c in table.columns if c.name == rule.name)
        cell: exp.Expr = _column(rule.name)
        if rule.mask is not None:
            self.keyed |= rule.mask.kind == "hash"
            cell = self._masked(cell, column, rule)
        if rule.rows is not None:
            cell = _when(_qualified_lookups(rule.rows, self.dialect), cell)
        return _named(_barred(cell, judged), rule.name)

    def _masked(self, cell: exp.Expr, column: Column, rule: ColumnRule) -> exp.Expr:
        assert rule.mask is not None
        return masked(cell, column, rule.mask, self.dialect, self.access.secret)


def _judged(source: exp.Table, condition: exp.Expr) -> exp.Subquery:
    """The rows of `source`, each with whether it passes."""
    # Ahead of the table's own columns: of two with one name DuckDB means the first.
    passes = exp.Alias(this=exp.Paren(this=condition), alias=exp.to_identifier(_PASSES, quoted=True))
    name = exp.to_identifier(ROWS_ALIAS, quoted=True)
    all_columns = exp.Column(this=exp.Star(), table=name)
    select = exp.Select(expressions=[passes, all_columns], from_=exp.From(this=source))
    return exp.Subquery(this=select, alias=exp.TableAlias(this=name.copy()))


def _barred(cell: exp.Expr, judged: bool) -> exp.Expr:
    return _when(_column(_PASSES), cell) if judged else cell


def _column(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True), exp.to_identifier(ROWS_ALIAS, quoted=True))


def _named(cell: exp.Expr, name: str, *, always: bool = False) -> exp.Expr:
    if isinstance(cell, exp.Column) and not always:
        return cell
    return exp.Alias(this=cell, alias=exp.to_identifier(name, quoted=True))


def _when(condition: exp.Expr, cell: exp.Expr) -> exp.Case:
    return exp.Case(ifs=[exp.If(this=condition.copy(), true=cell)])


def _all_of(conditions: list[exp.Expr]) -> exp.Expr | None:
    if not conditions:
        return None
    whole: exp.Expr = exp.Paren(this=conditions[0].copy())
    for condition in conditions[1:]:
        whole = exp.And(this=whole, expression=exp.Paren(this=condition.copy()))
    return whole


def _fence(select: exp.Select, dialect: Dialect) -> None:
    if dialect == "sqlite":
        select.set("limit", exp.Limit(expression=exp.Neg(this=exp.Literal.number(1))))
    if dialect != "duckdb":
        select.set("offset", exp.Offset(expression=exp.Literal.number(0)))


def _qualified_lookups(condition: exp.Expr, dialect: Dialect) -> exp.Expr:
    """Tables that a condition looks up are named with their schema: no name of the statement hides one."""
    condition = condition.copy()
    for source in condition.find_all(exp.Table):
        _qualify(source, source.meta["lookup"], dialect)
    return condition


def _qualify(node: exp.Table, ref: TableRef, dialect: Dialect) -> None:
    """Name the table with its schema always: a bare name could mean a common table expression."""
    if not node.alias and node.name != ref.name:
        node.set("alias", exp.TableAlias(this=node.this.copy()))
    node.set("this", exp.to_identifier(ref.name, quoted=True))
    node.set("db", exp.to_identifier(ref.schema or DEFAULT_SCHEMAS[dialect], quoted=True))
    node.set("catalog", None)


def _put(node: exp.Table, source: exp.Query, dialect: Dialect) -> None:
    alias = node.args.get("alias") or exp.TableAlias(this=node.this.copy())
    if node.args.get("ordinality") or (node.args.get("sample") and dialect != "duckdb"):
        raise Retry(f"`{node.name}` cannot be sampled", hint="read the table without TABLESAMPLE")
    kept = {k: v for k in ("joins", "laterals", "pivots", "sample") if (v := node.args.get(k))}
    node.replace(exp.Subquery(this=source, alias=alias.copy(), **kept))


def _unnamed(tree: exp.Expr, dialect: Dialect) -> list[tuple[exp.Expr, str]]:
    """What a SELECT shows without a name and with a subquery in it, and its text.

    DuckDB and SQLite name such a column by its text, and would show what was put into it.
    """
    if dialect == "postgres":
        return []
    shown = [e for select in tree.find_all(exp.Select) for e in select.expressions]
    unnamed = [e for e in shown if not isinstance(e, exp.Alias | exp.Column) and e.find(exp.Table)]
    return [(e, write(e.copy(), dialect)) for e in unnamed]


def _name(unnamed: list[tuple[exp.Expr, str]]) -> None:
    for shown, text in unnamed:
        # An empty alias takes the place first: the expression is to stand within its own replacement.
        alias = exp.Alias(alias=exp.to_identifier(text, quoted=True))
        shown.replace(alias)
        alias.set("this", shown)


def _drop_schemas(tree: exp.Expr, nodes: list[exp.Table], dialect: Dialect) -> None:
    """`marts.orders.amount` becomes `orders.amount`: a subquery has a name and no schema.

    Elsewhere three names are a table, a column and a field of it, and stay.
    """
    names = [node.alias_or_name.casefold() for node in nodes]
    refs: list[TableRef] = [node.meta[SOURCE] for node in nodes]
    addresses = {
        ((ref.schema or DEFAULT_SCHEMAS[dialect]).casefold(), name)
        for ref, name in zip(refs, names, strict=True)
    }
    for column in tree.find_all(exp.Column):
        if column.args.get("db") is None:
            continue
        if (column.text("db").casefold(), column.table.casefold()) not in addresses:
            continue
        if names.count(column.table.casefold()) > 1:
            raise Retry(
                f"`{column.sql()}` could mean two tables", hint="give the tables aliases, and use these"
            )
        column.set("db", None)
        column.set("catalog", None)


def _forbidden(table: TableSchema, denial: Denial, known: bool) -> Refused:
    """`known`: whether the person may be told that there is such a table."""
    named = f"`{table.ref}`, which is forbidden" if known else "a table that is forbidden"
    return Refused(
        f"this reads {named}",
        rule=f"policy:{denial.policies[0]}" if denial.policies else "policy:deny-by-default",
        hint=f"ask {denial.ask}" if denial.ask else "read another table, or ask its owner for access",
    )


def _opaque(view: TableSchema, why: str) -> Refused:
    return Refused(
        f"what the view `{view.ref}` reads cannot be told, so it could show what is kept from you",
        rule="policy:opaque-view",
        facts=(("why", why),),
        hint="read the tables behind it, or ask an operator to write the view in plain SQL",
    )


def _no_columns(table: TableSchema) -> Refused:
    return Refused(
        f"no column of `{table.ref}` may be read",
        rule="policy:deny-by-default",
        hint=f'an operator permits columns with: resource in Table::"{table.ref}"',
    )
