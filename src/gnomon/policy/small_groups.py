"""Figures over people, never a person: what `@min_group` obliges a statement to.

A SELECT that reads such a table gives counts, sums and averages over groups, and each group it gives rests on
at least so many units. Whatever could tell one row from the others is refused: smallest and largest values,
lists, conditions inside a sum, window functions, joins that count a row more than once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from gnomon.domain.catalog import Catalog, TableSchema
from gnomon.domain.errors import Refused
from gnomon.policy.access import TableRule
from gnomon.policy.sure_conditions import family, is_sure
from gnomon.policy.views import SOURCE, exact_table

UNIT = "gnomon_unit"
"""The column that a restricted source adds, so that units can be counted also where they are masked."""

_SUBTOTALS = ("rollup", "cube", "grouping_sets", "all", "totals")
_BESIDE = ("joins", "laterals", "pivots", "sample")
_FIGURES = frozenset({"count", "sum", "avg", "mean"})


def require_groups(node: exp.Table, table: TableSchema, rule: TableRule, catalog: Catalog) -> None:
    """Check the SELECT that reads `node`, and give it the condition on the size of its groups.

    Args:
        catalog: Whose keys show that a join counts no row twice.

    Raises:
        Refused: It could tell about fewer units than the rule wants.
    """
    select = node.find_ancestor(exp.Select, exp.Subquery)
    while isinstance(select, exp.Subquery):
        select = select.find_ancestor(exp.Select, exp.Subquery)
    if not isinstance(select, exp.Select):
        raise _refused(table, rule, "it is read outside of a SELECT")
    _check_sources(select, node, table, rule, catalog)
    _check_clauses(select, table, rule)
    _check_names(select, node, table, rule)
    sources = _sources(select, table, catalog)
    keys = _group_keys(select, sources, table, rule)
    in_sight = _outer(select, catalog) | {s.name.name: s.table for s in sources}
    _check_conditions(select, keys, in_sight, table, rule)
    for part in _shown_parts(select):
        _check_expression(part, keys, table, rule)
    if not keys and not any(_is_figure(f) for f in select.find_all(exp.Anonymous)):
        raise _refused(table, rule, "single rows are not given out")
    _add_condition(select, node, rule, _counted(select, sources))
    _settle_order(select)


def _check_sources(
    select: exp.Select, node: exp.Table, table: TableSchema, rule: TableRule, catalog: Catalog
) -> None:
    """Beside the table stand only parents that are joined by their whole key: they repeat no row."""
    if node.alias_column_names:
        raise _refused(table, rule, "its columns are given other names")
    if select.args.get("laterals") or select.args.get("pivots") or any(map(node.args.get, _BESIDE)):
        raise _refused(table, rule, "it is joined in a way that could count a row twice")
    source = select.args.get("from_")
    if source is None or source.this is not node:
        raise _refused(table, rule, "it does not stand first in FROM")
    for join in select.args.get("joins") or ():
        if not _repeats_nothing(join, catalog):
            raise _refused(table, rule, "it is joined in a way that could count a row twice")


def _repeats_nothing(join: exp.Join, catalog: Catalog) -> bool:
    other = join.this
    ref = other.meta.get(SOURCE) if isinstance(other, exp.Table) else None
    side, kind, method = join.args.get("side"), join.args.get("kind"), join.args.get("method")
    if ref is None or other.args.get("joins") or side not in (None, "", "LEFT") or method:
        return False
    if kind not in (None, "", "INNER", "OUTER"):
        return False
    parent = exact_table(catalog, ref.name, ref.schema)
    joined = _joined_columns(join, other.alias_or_name.casefold())
    if parent is None or joined is None:
        return False
    keys = [{c.casefold() for c in k.columns} for k in parent.keys if k.evidence.source == "declared"]
    return any(key <= joined for key in keys)


def _joined_columns(join: exp.Join, alias: str) -> set[str] | None:
    """The parent's columns that an equality ties to the other side; None where ON says anything else."""
    if join.args.get("using"):
        return {c.name.casefold() for c in join.args["using"]}
    condition = join.args.get("on")
    if condition is None:
        return None
    columns: set[str] = set()
    for part in condition.flatten() if isinstance(condition, exp.And) else (condition,):
        sides = (part.this, part.expression) if isinstance(part, exp.EQ) else ()
        if len(sides) != 2 or not all(isinstance(s, exp.Column) for s in sides):
            return None
        own = [s.name.casefold() for s in sides if s.table.casefold() == alias]
        if len(own) != 1:
            return None
        columns.add(own[0])
    return columns


def _check_clauses(select: exp.Select, table: TableSchema, rule: TableRule) -> None:
    for clause, what in (("qualify", "QUALIFY"), ("windows", "window functions"), ("distinct", "DISTINCT")):
        if select.args.get(clause):
            raise _refused(table, rule, f"{what} could single out a row")
    group = select.args.get("group")
    if group is not None and any(
        group.args.get(k) for k in ("rollup", "cube", "grouping_sets", "all", "totals")
    ):
        raise _refused(table, rule, "subtotals of subtotals could single out a row")


def _check_conditions(
    select: exp.Select,
    keys: Sequence[exp.Expr],
    sources: Mapping[str, TableSchema],
    table: TableSchema,
    rule: TableRule,
) -> None:
    """What is evaluated before a group's size is known must not fail: failing tells of a single row."""
    clauses = (select.args.get("where"), select.args.get("having"))
    conditions = [clause.this for clause in clauses if clause is not None]
    conditions += [on for j in select.args.get("joins") or () if (on := j.args.get("on")) is not None]
    if not all(is_sure(c, sources) for c in conditions) or not _joined_alike(select, sources):
        raise _refused(table, rule, "a condition compares columns with values of their own type, and no more")
    if not all(family(key, sources) or is_sure(key, sources) for key in keys):
        raise _refused(table, rule, "groups are made by columns, comparisons or parts of dates")


def _outer(select: exp.Select, catalog: Catalog) -> dict[str, TableSchema]:
    """The tables of the statements around this one, by the names they go by."""
    found: dict[str, TableSchema] = {}
    outer = select.find_ancestor(exp.Select)
    while isinstance(outer, exp.Select):
        source, joins = outer.args.get("from_"), outer.args.get("joins") or ()
        for node in (source.this if source is not None else None, *(join.this for join in joins)):
            ref = node.meta.get(SOURCE) if isinstance(node, exp.Table) else None
            table = exact_table(catalog, ref.name, ref.schema) if ref is not None else None
            if table is not None:
                found.setdefault(node.alias_or_name, table)
        outer = outer.find_ancestor(exp.Select)
    return found


def _joined_alike(select: exp.Select, sources: Mapping[str, TableSchema]) -> bool:
    """Whether each column of a USING is of one family on both sides."""
    names = [c.name for join in select.args.get("joins") or () for c in join.args.get("using") or ()]
    both = [[exp.column(n, table=a) for a, t in sources.items() if t.column(n) is not None] for n in names]
    kinds = [{family(column, sources) for column in columns} for columns in both]
    return all(len(found) == 1 and "" not in found for found in kinds)


def _check_names(select: exp.Select, node: exp.Table, table: TableSchema, rule: TableRule) -> None:
    """The column that is added beside those of the rule is not to be had by any name."""
    if any(name.name.casefold() == UNIT for name in node.root().find_all(exp.Identifier)):
        raise _refused(table, rule, f"`{UNIT}` is not a name for statements")
    whole = node.alias_or_name.casefold()
    for column in select.find_all(exp.Column):
        if not column.table and column.name.casefold() == whole and table.column(column.name) is None:
            raise _refused(table, rule, "a whole row could single itself out")
    if any(call.name.casefold() == "columns" for call in select.find_all(exp.Anonymous)):
        raise _refused(table, rule, "COLUMNS stands for more than one column")


@dataclass(frozen=True, slots=True)
class _Source:
    """What stands in FROM: the name it goes by, as it was written, and the table."""

    name: exp.Expr
    table: TableSchema


def _name_of(node: exp.Table) -> exp.Expr:
    """A copy of the name by which columns of the node are qualified: quotes count in PostgreSQL."""
    alias = node.args.get("alias")
    name: exp.Expr = alias.this if alias is not None and alias.this is not None else node.this
    return name.copy()


def _sources(select: exp.Select, table: TableSchema, catalog: Catalog) -> list[_Source]:
    nodes = [select.args["from_"].this, *(join.this for join in select.args.get("joins") or ())]
    found: list[_Source] = []
    for node in nodes:
        ref = node.meta[SOURCE]
        source = table if ref == table.ref else exact_table(catalog, ref.name, ref.schema)
        if source is not None:
            found.append(_Source(_name_of(node), source))
    return found


def _group_keys(
    select: exp.Select, sources: Sequence[_Source], table: TableSchema, rule: TableRule
) -> list[exp.Expr]:
    group = select.args.get("group")
    keys: list[exp.Expr] = []
    for key in group.expressions if group is not None else ():
        by_name = _by_alias(select, key)
        renamed = isinstance(key, exp.Column) and by_name not in (None, key)
        # Engines differ on whether the column or the alias is meant.
        if renamed and any(source.table.column(key.name) is not None for source in sources):
            raise _refused(table, rule, f"`{key.name}` is both a column and another name")
        keys.append(by_name if by_name is not None else key)
    return keys


def _by_alias(select: exp.Select, key: exp.Expr) -> exp.Expr | None:
    """What `GROUP BY 1` or `GROUP BY alias` stands for."""
    shown = select.expressions
    if isinstance(key, exp.Literal) and not key.is_string:
        position = int(key.name) if key.name.isdecimal() else 0
        return shown[position - 1].unalias() if 0 < position <= len(shown) else None
    if isinstance(key, exp.Column) and not key.table:
        named = [s for s in shown if isinstance(s, exp.Alias) and s.alias.casefold() == key.name.casefold()]
        return named[0].unalias() if named else None
    return None


def _shown_parts(select: exp.Select) -> Iterator[exp.Expr]:
    yield from (e.unalias() for e in select.expressions)
    having = select.args.get("having")
    if having is not None:
        yield having.this
    order = select.args.get("order")
    aliases = {e.alias.casefold() for e in select.expressions if isinstance(e, exp.Alias)}
    for ordered in order.expressions if order is not None else ():
        part = ordered.this
        named = isinstance(part, exp.Column) and not part.table and part.name.casefold() in aliases
        if not named and not isinstance(part, exp.Literal):
            yield part


def _check_expression(part: exp.Expr, keys: Sequence[exp.Expr], table: TableSchema, rule: TableRule) -> None:
    if part.is_star:
        raise _refused(table, rule, "`*` shows whole rows")
    if any(part == key for key in keys):
        return
    if isinstance(part, exp.Select | exp.SetOperation | exp.Window | exp.Filter | exp.WithinGroup | exp.Star):
        raise _refused(table, rule, "only counts, sums and averages of whole groups are given out")
    if isinstance(part, exp.Column):
        raise _refused(table, rule, f"`{part.name}` is neither grouped by nor counted, summed or averaged")
    if _is_figure(part):
        _check_figure(part, table, rule)
        return
    for child in part.iter_expressions():
        _check_expression(child, keys, table, rule)


def _is_figure(part: exp.Expr) -> bool:
    return isinstance(part, exp.Anonymous) and part.name.lower() in _FIGURES


def _check_figure(call: exp.Expr, table: TableSchema, rule: TableRule) -> None:
    """A figure is of plain columns: `sum(case when id = 5 then salary end)` would be one person's."""
    for argument in _arguments(call.expressions):
        whole_row = isinstance(argument, exp.Column) and argument.is_star
        if whole_row or not isinstance(argument, exp.Column | exp.Star | exp.Literal):
            raise _refused(table, rule, "a figure is taken of a column as it is, not of an expression")


def _arguments(given: Iterable[exp.Expr]) -> Iterator[exp.Expr]:
    for each in given:
        yield from each.expressions if isinstance(each, exp.Distinct) and not each.args.get("on") else (each,)


def _counted(select: exp.Select, sources: Sequence[_Source]) -> list[exp.Column]:
    """The columns of which figures are taken, each once, with the name of its source."""
    found: dict[str, exp.Column] = {}
    for part in _shown_parts(select):
        for call in part.find_all(exp.Anonymous):
            for argument in _arguments(call.expressions) if _is_figure(call) else ():
                if isinstance(argument, exp.Column):
                    column = _with_source(argument, sources)
                    found.setdefault(column.sql(), column)
    return list(found.values())


def _with_source(column: exp.Column, sources: Sequence[_Source]) -> exp.Column:
    """The column as nothing but a column: a bare name could be an alias of the SELECT."""
    column = column.copy()
    owners = [source.name for source in sources if source.table.column(column.name) is not None]
    if not column.table and len(owners) == 1:
        column.set("table", owners[0].copy())
    return column


def _add_condition(
    select: exp.Select, node: exp.Table, rule: TableRule, counted: Sequence[exp.Column]
) -> None:
    """Each group has enough units, and so has each figure of it: a sum leaves out those without a value."""
    unit = exp.Column(this=exp.to_identifier(UNIT, quoted=True), table=_name_of(node))
    enough = _at_least(unit, rule.min_group)
    for column in counted:
        has_value = exp.Not(this=exp.Is(this=column, expression=exp.null()))
        with_value = exp.Case(ifs=[exp.If(this=has_value, true=unit.copy())])
        enough = exp.And(this=enough, expression=_at_least(with_value, rule.min_group))
    having = select.args.get("having")
    if having is not None:
        enough = exp.And(this=exp.Paren(this=having.this), expression=enough)
    select.set("having", exp.Having(this=enough))


def _settle_order(select: exp.Select) -> None:
    """Order the groups by what is shown of them: without, an engine gives them as their first rows lie."""
    if isinstance(select.parent, exp.SetOperation):
        return
    order = select.args.get("order")
    given = order.expressions if order is not None else []
    places = [exp.Ordered(this=exp.Literal.number(n)) for n in range(1, len(select.expressions) + 1)]
    select.set("order", exp.Order(expressions=[*given, *places]))


def _at_least(unit: exp.Expr, units: int) -> exp.Expr:
    counted = exp.Anonymous(this="COUNT", expressions=[exp.Distinct(expressions=[unit])])
    return exp.GTE(this=counted, expression=exp.Literal.number(units))


def _refused(table: TableSchema, rule: TableRule, why: str) -> Refused:
    return Refused(
        f"`{table.ref}` is read only as figures over at least {rule.min_group} units: {why}",
        rule=f"policy:{rule.policies[0]}" if rule.policies else "policy:min-group",
        facts=(("table", str(table.ref)), ("at least", str(rule.min_group))),
        hint="ask for COUNT, SUM or AVG of its columns, grouped, with the table first in FROM",
    )
