"""Turn a reading into SQL: an expression tree in, text in the engine's dialect out."""

import re
from datetime import date
from decimal import Decimal
from typing import Literal

from sqlglot import exp

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.joins import JoinPlan, Related, only_path, plan_joins
from gnomon.models.grounded.reading import (
    AgainstAverage,
    Condition,
    Grouping,
    Linked,
    NotRead,
    Ordering,
    Reading,
    SetTest,
    Target,
)
from gnomon.models.grounded.schema import Hop, Schema

RELATED: dict[str, tuple[type[exp.Binary] | None, bool]] = {
    "exists": (None, True), "not exists": (None, False), ">": (exp.GT, True), ">=": (exp.GTE, True),
    "=": (exp.EQ, True), "<": (exp.GTE, False), "<=": (exp.GT, False),
}  # fmt: skip
"""How many related rows are asked for, as a condition on those that have rows at all, and whether to be among
them: fewer than 3 means not to be among those with 3 or more, which keeps those with none."""

ISO = re.compile(r"^\d{4}-\d{2}-\d{2}")
ALL_COLUMNS_UP_TO = 12
COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ, "<>": exp.NEQ, ">": exp.GT, ">=": exp.GTE, "<": exp.LT, "<=": exp.LTE,
}  # fmt: skip


class Generator:
    """Writes one reading as one SELECT."""

    def __init__(self, reading: Reading, schema: Schema) -> None:
        self.reading = reading
        self.schema = schema
        self.dialect = schema.context.dialect
        self.plan: JoinPlan = plan_joins(reading, schema)
        self.aliases = _aliases([self.plan.root, *(h.target for h in self.plan.hops)])

    def sql(self) -> str:
        """The statement, formatted.

        Raises:
            NotRead: The reading cannot be said in this dialect or over these columns.
        """
        query = self._select()
        for hop in self.plan.hops:
            query = query.join(
                self._table(hop.target), on=self._on(hop, self.aliases, self.aliases), join_type="inner"
            )
        if self.reading.order is not None and self.reading.order.linked is not None:
            query = self._counted_rows(query, self.reading.order.linked)
        for condition in self._whole() if self.reading.share else self._where():
            query = query.where(condition)
        return self._ordered(query).sql(dialect=self.dialect, pretty=True, identify=False)

    # -- select -----------------------------------------------------------------------------------

    def _select(self) -> exp.Select:
        reading = self.reading
        if reading.share:
            return exp.select(self._share()).from_(self._table(self.plan.root))
        columns, group_keys = self._group_columns()
        for target in reading.targets:
            columns.append(self._named(self._target(target), _target_name(target)))
        if reading.exists_only:
            columns = [self._named(exp.Count(this=exp.Star()), "count")]
        columns += self._shown_order(columns)
        columns = [c for i, c in enumerate(columns) if c not in columns[:i]]
        query = exp.select(*(columns or self._listing())).from_(self._table(self.plan.root))
        if any(t.aggregate for t in reading.targets) and group_keys:
            query = query.group_by(*(k.copy() for k in group_keys))
        if reading.having is not None:
            target, operator, bound = reading.having
            query = query.group_by(*(k.copy() for k in group_keys)) if not query.args.get("group") else query
            number = exp.Literal.number(bound)
            query = query.having(COMPARISONS[operator](this=self._target(target), expression=number))
        plain = not any(t.aggregate for t in reading.targets) and not reading.exists_only
        return query.distinct() if (reading.distinct or reading.tests) and plain else query

    def _group_columns(self) -> tuple[list[exp.Expr], list[exp.Expr]]:
        columns: list[exp.Expr] = []
        keys: list[exp.Expr] = []
        entity = self.reading.group_by_entity
        if entity is not None:
            labels = self.schema.label(entity)
            key = self.schema.key(entity)
            shown = dict.fromkeys((*(key if len(key) == 1 else ()), *labels))
            columns += [self._column(ColumnRef(entity, c)) for c in shown]
            keys += [
                self._column(ColumnRef(entity, c)) for c in dict.fromkeys((*self.schema.key(entity), *labels))
            ]
        for group in self.reading.groups:
            expression = self._grouping(group)
            columns.append(self._named(expression, group.bucket) if group.bucket else expression)
            keys.append(expression)
        listed = [t for t in self.reading.targets if t.aggregate is None]
        if any(t.aggregate for t in self.reading.targets):
            if listed and not keys:
                raise NotRead("I cannot list single rows and compute over them at once.", ())
            keys += [self._target(t) for t in listed]
        return columns, keys

    def _shown_order(self, columns: list[exp.Expr]) -> list[exp.Expr]:
        """A ranking shows whom it ranks and by what, unless the question names the columns."""
        order, reading = self.reading.order, self.reading
        if order is None or reading.limit is None or any(t.aggregate is None for t in reading.targets):
            return []
        shown: list[exp.Expr] = []
        if not reading.targets:
            shown += [self._column(ColumnRef(reading.base, c)) for c in self.schema.label(reading.base)]
        if order.linked is not None:
            shown.append(self._named(self._linked_count(), f"{order.linked.name}_count"))
        elif order.target is not None and order.target not in reading.targets:
            shown.append(self._named(self._target(order.target), _target_name(order.target)))
        return [c for c in shown if c not in columns]

    def _listing(self) -> list[exp.Expr]:
        base = self.reading.base
        columns = [c.name for c in self.schema.card(base).columns]
        if len(columns) > ALL_COLUMNS_UP_TO:
            columns = list(dict.fromkeys((*self.schema.key(base), *self.schema.label(base))))
        return [self._column(ColumnRef(base, c)) for c in columns]

    def _target(self, target: Target) -> exp.Expr:
        if target.aggregate is None:
            assert target.ref is not None
            return self._column(target.ref)
        if target.aggregate == "count":
            return self._count(target)
        assert target.ref is not None
        functions: dict[str, type[exp.AggFunc]] = {
            "sum": exp.Sum,
            "avg": exp.Avg,
            "min": exp.Min,
            "max": exp.Max,
        }
        return functions[target.aggregate](this=self._column(target.ref))

    def _count(self, target: Target) -> exp.Expr:
        if target.ref is not None:
            return exp.Count(this=exp.Distinct(expressions=[self._column(target.ref)]))
        if target.table == self.plan.root:
            return exp.Count(this=exp.Star())
        key = self.schema.key(target.table)
        if len(key) != 1:
            raise NotRead(f"{target.table} has no single key to count by.", (str(target.table),))
        return exp.Count(this=exp.Distinct(expressions=[self._column(ColumnRef(target.table, key[0]))]))

    def _share(self) -> exp.Expr:
        whole = self._whole()
        condition = exp.and_(*(c for c in self._where() if c not in whole))
        part = exp.Count(this=exp.Case(ifs=[exp.If(this=condition, true=exp.Literal.number(1))]))
        scaled = exp.Mul(this=exp.Literal.number("100.0"), expression=part)
        rows = exp.Nullif(this=exp.Count(this=exp.Star()), expression=exp.Literal.number(0))
        return self._named(exp.Div(this=scaled, expression=rows), "percent")

    def _whole(self) -> list[exp.Expr]:
        """What restricts the whole of a share: its period, and what is always left out."""
        periods = [c for c in self.plan.outer if c.values and isinstance(c.values[0], date)]
        tables = (self.plan.root, *(h.target for h in self.plan.hops))
        always = [self._always(t) for t in tables if self._rules(t)]
        return [self._condition(c, self.aliases) for c in periods] + always

    def _grouping(self, group: Grouping) -> exp.Expr:
        column = self._column(group.column)
        if group.bucket is None:
            return column
        if self.dialect == "sqlite":
            return self._sqlite_bucket(group, column)
        if group.bucket == "year":
            return exp.Extract(this=exp.var("YEAR"), expression=column)
        truncated = exp.TimestampTrunc(this=column, unit=exp.var(group.bucket.upper()))
        return exp.cast(truncated, "date")

    def _sqlite_bucket(self, group: Grouping, column: exp.Expr) -> exp.Expr:
        self._iso(group.column)
        formats = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y", "week": "%Y-%W"}
        pattern = formats.get(group.bucket or "")
        if pattern is None:
            raise NotRead(f"I cannot group by {group.bucket} in this engine yet.", (str(group.bucket),))
        return exp.Anonymous(this="strftime", expressions=[exp.Literal.string(pattern), column])

    # -- where ------------------------------------------------------------------------------------

    def _where(self) -> list[exp.Expr]:
        found = [self._condition(c, self.aliases) for c in self.plan.outer]
        if self.reading.either:
            found.append(exp.or_(*(self._condition(c, self.aliases) for c in self.reading.either)))
        found += [self._set_test(t) for t in self.reading.tests]
        found += [self._against_average(a) for a in self.reading.against_average]
        found += [self._related(r) for r in self.plan.related]
        found += [
            self._always(h) for h in (self.plan.root, *(h.target for h in self.plan.hops)) if self._rules(h)
        ]
        order = self.reading.order
        ranked = order.target.ref if order and order.target and order.target.aggregate is None else None
        if ranked is not None and self.reading.limit is not None:
            found.append(exp.Not(this=exp.Is(this=self._column(ranked), expression=exp.Null())))
        return found

    def _rules(self, table: TableRef) -> tuple[str, ...]:
        """The owner's conditions, without those on columns that the question itself speaks of."""
        asked = {c.column.column for c in self.plan.outer if c.column.table == table}
        return tuple(r for r in self.schema.card(table).always_filter if not asked & self._columns_of(r))

    def _columns_of(self, rule: str) -> set[str]:
        tree: exp.Expr = exp.maybe_parse(rule, dialect=self.dialect)
        return {column.name for column in tree.find_all(exp.Column)}

    def _always(self, table: TableRef) -> exp.Expr:
        rules: list[exp.Expr] = [exp.maybe_parse(t, dialect=self.dialect) for t in self._rules(table)]
        for rule in rules:
            for column in rule.find_all(exp.Column):
                column.set("table", exp.to_identifier(self.aliases[table], quoted=True))
        return exp.and_(*rules)

    def _condition(self, condition: Condition, aliases: dict[TableRef, str]) -> exp.Expr:
        column = self._column(condition.column, aliases)
        operator = condition.operator
        if operator in ("null", "not null"):
            null = exp.Is(this=column, expression=exp.Null())
            return null if operator == "null" else exp.Not(this=null)
        if operator in ("true", "false"):
            return self._flag(condition, column)
        if operator == "contains":
            return self._contains(condition, column)
        values = [self._literal(v, condition.column) for v in condition.values]
        if operator in ("in", "not in"):
            within = exp.In(this=column, expressions=values)
            return within if operator == "in" else exp.Not(this=within)
        return COMPARISONS[operator](this=column, expression=values[0])

    def _flag(self, condition: Condition, column: exp.Expr) -> exp.Expr:
        wanted = condition.operator == "true"
        if self.schema.column(condition.column).column.kind == "boolean" and self.dialect != "sqlite":
            return column if wanted else exp.Not(this=column)
        stored = self.schema.flag_values(condition.column).get(wanted, str(int(wanted)))
        if self.schema.column(condition.column).column.kind == "text":
            return exp.EQ(this=column, expression=exp.Literal.string(stored))
        return exp.EQ(this=column, expression=exp.Literal.number(stored))

    def _contains(self, condition: Condition, column: exp.Expr) -> exp.Expr:
        text = str(condition.values[0])
        if re.search(r"[%_\\]", text):
            raise NotRead(f"I cannot search for `{text}` inside a text.", (text,))
        like = exp.Like if self.dialect == "sqlite" else exp.ILike
        return like(this=column, expression=exp.Literal.string(f"%{text}%"))

    def _literal(self, value: object, column: ColumnRef) -> exp.Expr:
        if isinstance(value, date):
            if self.dialect == "sqlite":
                self._iso(column)
                return exp.Literal.string(value.isoformat())
            return exp.cast(exp.Literal.string(value.isoformat()), "date")
        if isinstance(value, int | float | Decimal):
            return exp.Literal.number(format(value, "f") if isinstance(value, Decimal) else str(value))
        kind = self.schema.column(column).column.kind
        text = str(value)
        if kind in ("integer", "decimal") and re.fullmatch(r"-?\d+(\.\d+)?", text):
            return exp.Literal.number(text)
        return exp.Literal.string(text)

    def _iso(self, column: ColumnRef) -> None:
        """SQLite keeps dates as text; only ISO text sorts and cuts like a date."""
        profile = self.schema.column(column).profile
        low, high = (profile.low, profile.high) if profile else (None, None)
        if not (low and high and ISO.match(low) and ISO.match(high)):
            raise NotRead(f"{column} does not hold ISO dates.", (str(column),))

    def _against_average(self, against: AgainstAverage) -> exp.Expr:
        inner_column = exp.column(exp.to_identifier(against.column.column, quoted=True))
        inner = exp.select(exp.Avg(this=inner_column)).from_(_table(against.column.table))
        return COMPARISONS[against.operator](this=self._column(against.column), expression=inner.subquery())

    # -- related rows -----------------------------------------------------------------------------

    def _related(self, related: Related) -> exp.Expr:
        """Membership in the keys of the related rows: engines without indexes answer it in one pass."""
        if related.linked.operator in ("=", ">=", "<") and related.linked.count < 1:
            raise NotRead(f"I do not compare a number of {related.linked.table} with zero.", ())
        keys, inside = RELATED[related.linked.operator]
        outer, inner, query = self._related_keys(related)
        query = query.select(inner)
        if keys is not None:
            number = exp.Literal.number(related.linked.count)
            query = query.group_by(inner).having(keys(this=exp.Count(this=exp.Star()), expression=number))
        member = exp.In(this=outer, query=query.subquery())
        if inside:
            return member
        # A row that refers to nothing is not among those that have something, and NOT IN would drop it.
        nothing = exp.Is(this=outer.copy(), expression=exp.Null())
        return exp.or_(nothing, exp.Not(this=member)) if not related.path[0].many else exp.Not(this=member)

    def _set_test(self, test: SetTest) -> exp.Expr:
        """Membership in the rows that meet it: related rows, or rows with the same listed value."""
        table = test.condition.column.table
        if table != self.plan.root and not self.schema.paths(self.plan.root, table, many=False):
            path = only_path(self.schema, self.plan.root, table, many=True)
            operator: Literal["exists", "not exists"] = "not exists" if test.negated else "exists"
            return self._related(Related(Linked(table, operator), path, ((test.condition, ()),)))
        listed = [t.ref for t in self.reading.targets if t.ref is not None and t.aggregate is None]
        listed += [g.column for g in self.reading.groups if g.bucket is None]
        if len(listed) != 1 or listed[0].table != table:
            raise NotRead(f"I cannot tell whose {test.condition.column} is meant.", (test.condition.words,))
        inner = _aliases([table], taken=set(self.aliases.values()), suffix="_same")
        same = self._column(listed[0], inner)
        query = exp.Select().from_(self._table(table, inner)).select(same)
        query = query.where(self._condition(test.condition, inner))
        query = query.where(exp.Not(this=exp.Is(this=same.copy(), expression=exp.Null())))
        member = exp.In(this=self._column(listed[0]), query=query.subquery())
        return exp.Not(this=member) if test.negated else member

    def _related_keys(self, related: Related) -> tuple[exp.Expr, exp.Expr, exp.Select]:
        """The root's column, the related rows' column that refers to it, and those rows, nothing selected."""
        first, *rest = related.path
        if len(first.pairs) != 1:
            raise NotRead(f"{first.source} and {first.target} are linked by several columns.", ())
        tables = [first.target, *(h.target for h in rest)]
        tables += [h.target for _, path in related.inner for h in path if h.target not in tables]
        inner = _aliases(tables, taken=set(self.aliases.values()), suffix="_related")
        query = exp.Select().from_(self._table(first.target, inner))
        hops = [*rest, *(h for _, path in related.inner for h in path)]
        for hop in dict.fromkeys(h for h in hops if h is not first):
            query = query.join(self._table(hop.target, inner), on=self._on(hop, inner, inner))
        source, target = first.pairs[0]
        column = self._column(ColumnRef(first.target, target), inner)
        query = query.where(exp.Not(this=exp.Is(this=column, expression=exp.Null())))
        for condition, _ in related.inner:
            query = query.where(self._condition(condition, inner))
        return self._column(ColumnRef(first.source, source)), column, query

    def _counted_rows(self, query: exp.Select, table: TableRef) -> exp.Select:
        """Join the number of linked rows of each row of the base."""
        paths = self.schema.paths(self.reading.base, table, many=True)
        if len(paths) != 1 or not paths[0] or self.plan.root != self.reading.base:
            raise NotRead(f"{self.reading.base} and {table} are not linked in one clear way.", (str(table),))
        inner = _inner_conditions(self.plan.related, table)
        outer, key, rows = self._related_keys(Related(Linked(table), paths[0], inner))
        rows = rows.select(exp.alias_(key, "key", quoted=True))
        rows = rows.select(exp.alias_(exp.Count(this=exp.Star()), "rows", quoted=True)).group_by(key)
        on = exp.EQ(this=outer, expression=exp.column(exp.to_identifier("key", quoted=True), table="counted"))
        return query.join(rows.subquery("counted"), on=on, join_type="left")

    def _linked_count(self) -> exp.Expr:
        counted = exp.column(exp.to_identifier("rows", quoted=True), table="counted")
        return exp.Coalesce(this=counted, expressions=[exp.Literal.number(0)])

    # -- order ------------------------------------------------------------------------------------

    def _ordered(self, query: exp.Select) -> exp.Select:
        order = self.reading.order
        if order is not None:
            query = query.order_by(
                exp.Ordered(this=self._order_key(order), desc=order.descending, nulls_first=False)
            )
        elif self.reading.groups and self.reading.groups[0].bucket:
            query = query.order_by(exp.Ordered(this=self._grouping(self.reading.groups[0])))
        return query.limit(self.reading.limit) if self.reading.limit else query

    def _order_key(self, order: Ordering) -> exp.Expr:
        if order.linked is not None:
            return self._linked_count()
        assert order.target is not None
        return self._target(order.target)

    # -- names ------------------------------------------------------------------------------------

    def _named(self, expression: exp.Expr, name: str | None) -> exp.Expr:
        return exp.alias_(expression, name, quoted=True) if name else expression

    def _column(self, ref: ColumnRef, aliases: dict[TableRef, str] | None = None) -> exp.Column:
        alias = (aliases or self.aliases)[ref.table]
        return exp.column(
            exp.to_identifier(ref.column, quoted=True), table=exp.to_identifier(alias, quoted=True)
        )

    def _table(self, ref: TableRef, aliases: dict[TableRef, str] | None = None) -> exp.Table:
        alias = (aliases or self.aliases)[ref]
        table = _table(ref)
        if alias != ref.name or ref.schema:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
        return table

    def _on(self, hop: Hop, source: dict[TableRef, str], target: dict[TableRef, str]) -> exp.Expr:
        equal = [
            exp.EQ(
                this=self._column(ColumnRef(hop.source, s), source),
                expression=self._column(ColumnRef(hop.target, t), target),
            )
            for s, t in hop.pairs
        ]
        return exp.and_(*equal)


def _inner_conditions(
    related: tuple[Related, ...], table: TableRef
) -> tuple[tuple[Condition, tuple[Hop, ...]], ...]:
    """What restricts the rows that are counted, where the question restricts them too."""
    return next((r.inner for r in related if r.linked.table == table), ())


def _table(ref: TableRef) -> exp.Table:
    schema = exp.to_identifier(ref.schema, quoted=True) if ref.schema else None
    return exp.Table(this=exp.to_identifier(ref.name, quoted=True), db=schema)


def _aliases(tables: list[TableRef], taken: set[str] | None = None, suffix: str = "") -> dict[TableRef, str]:
    used = {a.casefold() for a in taken or set()}
    aliases: dict[TableRef, str] = {}
    for table in dict.fromkeys(tables):
        alias = table.name + (suffix if table.name.casefold() in used else "")
        while alias.casefold() in used:
            alias += "_"
        used.add(alias.casefold())
        aliases[table] = alias
    return aliases


def _target_name(target: Target) -> str | None:
    if target.aggregate is None:
        return None
    if target.column is None:
        return f"{target.table.name}_count"
    names = {
        "count": f"distinct_{target.column}",
        "sum": f"total_{target.column}",
        "avg": f"average_{target.column}",
    }
    return names.get(target.aggregate, f"{target.aggregate}_{target.column}")


def write_sql(reading: Reading, schema: Schema) -> str:
    """The reading as one formatted SELECT in the dialect of the context."""
    return Generator(reading, schema).sql()
