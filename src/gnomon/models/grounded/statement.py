"""The plain statement of a reading: what is selected from which rows, grouped, ordered and cut."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Literal

from sqlglot import exp

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.blanks import unlabelled
from gnomon.models.grounded.counted_rows import comes_again, rows_counted
from gnomon.models.grounded.joins import Related, only_path
from gnomon.models.grounded.reading import (
    AgainstAverage,
    Condition,
    Linked,
    NotRead,
    Ordering,
    SetTest,
    Target,
)
from gnomon.models.grounded.schema import Hop
from gnomon.models.grounded.terms import COMPARISONS, Terms, aliases_of, different, table_of, target_name

RELATED: dict[str, tuple[type[exp.Binary] | None, bool]] = {
    "exists": (None, True), "not exists": (None, False), ">": (exp.GT, True), ">=": (exp.GTE, True),
    "=": (exp.EQ, True), "<": (exp.GTE, False), "<=": (exp.GT, False),
}  # fmt: skip
"""How many related rows are asked for, as a condition on those that have rows at all, and whether to be among
them: fewer than 3 means not to be among those with 3 or more, which keeps those with none."""

ALL_COLUMNS_UP_TO = 12
AVERAGES = "averages"
"""What the averages of groups are called in a statement."""


class Statement(Terms):
    """One reading as one SELECT."""

    def plain(self) -> exp.Select:
        """The statement of a reading that computes over rows, not over figures of groups.

        Raises:
            NotRead: The reading cannot be said in this dialect or over these columns.
        """
        return self._ordered(self.over_rows(self._select()))

    def over_rows(self, query: exp.Select) -> exp.Select:
        """What is selected, from the rows that the reading is about."""
        query = query.from_(self.table(self.plan.root), copy=False)
        for hop in self.plan.hops:
            on = self.on(hop, self.aliases, self.aliases)
            side = "LEFT" if hop.target in self.reading.kept else "INNER"
            joined(query, self.table(hop.target), on, kind=side)
        if self.reading.order is not None and self.reading.order.linked is not None:
            query = self._counted_rows(query, self.reading.order.linked)
        for against in self.reading.against_average:
            if against.within is not None:
                joined(query, *self._averages(against.column, against.within), side="LEFT")
        apart = self.reading.share or self.reading.every
        for condition in self._whole() if apart else self._where():
            query = query.where(condition, copy=False)
        return query

    def _select(self) -> exp.Select:
        reading = self.reading
        if reading.share:
            columns, keys = self._group_columns()
            return exp.select(*columns, self._share()).group_by(*(k.copy() for k in keys), copy=False)
        if reading.every:
            return exp.select(self._exceptions())
        columns, group_keys = self.columns()
        query = exp.select(*columns)
        if any(t.aggregate for t in reading.targets) and group_keys:
            query = query.group_by(*(k.copy() for k in group_keys), copy=False)
        if reading.having is not None:
            target, operator, bound = reading.having
            query = (
                query.group_by(*(k.copy() for k in group_keys), copy=False)
                if not query.args.get("group")
                else query
            )
            number = exp.Literal.number(bound)
            query = query.having(
                COMPARISONS[operator](this=self.target(target), expression=number), copy=False
            )
        plain = not any(t.aggregate for t in reading.targets) and not reading.exists_only
        return query.distinct(copy=False) if (reading.distinct or reading.tests) and plain else query

    def columns(self) -> tuple[list[exp.Expr], list[exp.Expr]]:
        """What is shown, and what rows are grouped by."""
        columns, group_keys = self._group_columns()
        columns += [self._shown(target) for target in self.reading.targets]
        if self.reading.exists_only:
            columns = [self.named(exp.Count(this=exp.Star()), "count")]
        columns += self._shown_order(columns)
        columns = [c for i, c in enumerate(columns) if c not in columns[:i]]
        return columns or self._listing(), group_keys

    def _group_columns(self) -> tuple[list[exp.Expr], list[exp.Expr]]:
        columns: list[exp.Expr] = []
        keys: list[exp.Expr] = []
        entity = self.reading.group_by_entity
        if entity is not None:
            labels = self.schema.label(entity)
            key = self.schema.key(entity)
            shown = dict.fromkeys((*(key if len(key) == 1 else ()), *labels))
            columns += [self.column(ColumnRef(entity, c)) for c in shown]
            keys += [
                self.column(ColumnRef(entity, c)) for c in dict.fromkeys((*self.schema.key(entity), *labels))
            ]
        for group in self.reading.groups:
            expression = self.grouping(group)
            columns.append(self.named(*self._as_stored(expression, group.column, group.bucket)))
            keys.append(expression)
        listed = [t for t in self.reading.targets if t.aggregate is None]
        if any(t.aggregate for t in self.reading.targets):
            if listed and not keys:
                raise NotRead("I cannot list single rows and compute over them at once.", ())
            keys += [self.kind(t.ref) for t in listed if t.ref is not None]
        return columns, keys

    def _shown(self, target: Target) -> exp.Expr:
        """What is computed or listed, under its name; what is listed beside figures is a group of rows."""
        computed = any(t.aggregate for t in self.reading.targets)
        if computed and target.aggregate is None and target.ref is not None:
            return self.named(*self._as_stored(self.kind(target.ref), target.ref))
        return self.named(self.target(target), target_name(target))

    def _as_stored(
        self, kind: exp.Expr, column: ColumnRef, bucket: str | None = None
    ) -> tuple[exp.Expr, str | None]:
        """What a group is shown as, and its name: of spellings that differ in case alone, one as stored."""
        if isinstance(kind, exp.Lower):
            # Capitals come first.
            return exp.Min(this=self.column(column)), column.column
        return kind, bucket

    def _shown_order(self, columns: list[exp.Expr]) -> list[exp.Expr]:
        """A ranking shows whom it ranks and by what, unless the question names the columns.

        Rows that are listed once are sorted by what is shown: SQL knows no other order of them.
        """
        order, reading = self.reading.order, self.reading
        computed = any(t.aggregate for t in reading.targets)
        once = bool(reading.distinct or reading.tests) and bool(reading.targets) and not computed
        ranked = reading.limit is not None and all(t.aggregate is not None for t in reading.targets)
        if order is None or not (once or ranked):
            return []
        shown: list[exp.Expr] = []
        if not reading.targets:
            shown += [self.column(ColumnRef(reading.base, c)) for c in self.schema.label(reading.base)]
        if order.linked is not None:
            shown.append(self.named(self._linked_count(), f"{order.linked.name}_count"))
        elif order.target is not None and order.target not in reading.targets:
            shown.append(self.named(self.target(order.target), target_name(order.target)))
        return [c for c in shown if c not in columns]

    def _listing(self) -> list[exp.Expr]:
        base = self.reading.base
        columns = [c.name for c in self.schema.card(base).columns]
        if len(columns) > ALL_COLUMNS_UP_TO:
            columns = list(dict.fromkeys((*self.schema.key(base), *self.schema.label(base))))
        return [self.column(ColumnRef(base, c)) for c in columns]

    def _part(self) -> exp.Expr:
        """The number of rows that meet what does not restrict the whole, or what they come to."""
        whole = self._whole()
        condition = exp.and_(*(c for c in self._where() if c not in whole))
        if self.reading.targets:
            return self.target(self.reading.targets[0], condition)
        return exp.Count(this=exp.Case(ifs=[exp.If(this=condition, true=exp.Literal.number(1))]))

    def _exceptions(self) -> exp.Expr:
        rest = exp.Sub(this=exp.Count(this=exp.Star()), expression=self._part())
        return self.named(rest, "exceptions")

    def _share(self) -> exp.Expr:
        part = self._part()
        scaled = exp.Mul(this=exp.Literal.number("100.0"), expression=part)
        of = self.reading.targets
        whole = self.target(of[0]) if of else exp.Count(this=exp.Star())
        rows = exp.Nullif(this=whole, expression=exp.Literal.number(0))
        return self.named(exp.Div(this=scaled, expression=rows), "percent")

    def _whole(self) -> list[exp.Expr]:
        """What restricts the whole of a share: its period, and what is always left out."""
        periods = [c for c in self.plan.outer if c.values and isinstance(c.values[0], date)]
        tables = (self.plan.root, *(h.target for h in self.plan.hops))
        always = [self.always(t) for t in tables if self.rules(t)]
        return [self.condition(c, self.aliases) for c in periods] + always

    def _where(self) -> list[exp.Expr]:
        found = [self.condition(c, self.aliases) for c in self.plan.outer]
        if self.reading.either:
            found.append(exp.or_(*(self.condition(c, self.aliases) for c in self.reading.either), copy=False))
        found += self._compared()
        found += [self._set_test(t) for t in self.reading.tests]
        found += [self._against_average(a) for a in self.reading.against_average]
        found += [self._related(r) for r in self.plan.related]
        found += [
            self.always(h) for h in (self.plan.root, *(h.target for h in self.plan.hops)) if self.rules(h)
        ]
        order = self.reading.order
        ranked = order.target.ref if order and order.target and order.target.aggregate is None else None
        leading = [ranked] if ranked is not None and self.reading.limit is not None else []
        # Rows without a value are no group that could lead, or that could have so many rows.
        chosen = self.reading.limit is not None or self.reading.having is not None
        leading += unlabelled(self.schema, self.reading.groups) if chosen else []
        for column in leading:
            found.append(exp.Not(this=exp.Is(this=self.column(column), expression=exp.Null())))
        return found

    def _compared(self) -> list[exp.Expr]:
        """The rows of either side of a comparison."""
        if self.reading.compared is None or not all(s.conditions for s in self.reading.compared.sides):
            return []
        return [exp.or_(*(self.all_of(s.conditions) for s in self.reading.compared.sides), copy=False)]

    def all_of(self, conditions: Iterable[Condition]) -> exp.Expr:
        """All of the conditions, as one."""
        return exp.and_(*(self.condition(c, self.aliases) for c in conditions), copy=False)

    def _averages(self, measure: ColumnRef, group: ColumnRef) -> tuple[exp.Expr, exp.Expr]:
        """The average of each group, and what joins it to the rows of the group.

        A subquery for each row would read the table once a row in engines that do not unnest it.
        """
        alias = {measure.table: measure.table.name}
        rows = exp.Select().from_(self.table(measure.table, alias), copy=False)
        rows = rows.select(exp.alias_(self.column(group, alias), "key", quoted=True), copy=False)
        rows = rows.select(exp.alias_(exp.Avg(this=self.column(measure, alias)), "average", quoted=True))
        if self.rules(measure.table):
            rows = rows.where(self.always(measure.table, alias), copy=False)
        rows = rows.group_by(self.column(group, alias), copy=False)
        key = exp.column(exp.to_identifier("key", quoted=True), table=AVERAGES)
        return rows.subquery(AVERAGES, copy=False), exp.EQ(this=self.column(group), expression=key)

    def _against_average(self, against: AgainstAverage) -> exp.Expr:
        if against.within is not None:
            average = exp.column(exp.to_identifier("average", quoted=True), table=AVERAGES)
            return COMPARISONS[against.operator](this=self.column(against.column), expression=average)
        inner_column = exp.column(exp.to_identifier(against.column.column, quoted=True))
        inner = exp.select(exp.Avg(this=inner_column)).from_(table_of(against.column.table))
        return COMPARISONS[against.operator](this=self.column(against.column), expression=inner.subquery())

    def _related(self, related: Related) -> exp.Expr:
        """Membership in the keys of the related rows: engines without indexes answer it in one pass."""
        if related.linked.operator in ("=", ">=", "<") and related.linked.count < 1:
            raise NotRead(f"I do not compare a number of {related.linked.table} with zero.", ())
        keys, inside = RELATED[related.linked.operator]
        outer, inner, query, count = self._keys_of(related)
        query = query.select(inner.copy(), copy=False)
        if keys is not None:
            number = exp.Literal.number(related.linked.count)
            many = keys(this=count, expression=number)
            query = query.group_by(inner, copy=False).having(many, copy=False)
        member = exp.In(this=outer, query=query.subquery(copy=False))
        if inside:
            return member
        # A row that refers to nothing is not among those that have something, and NOT IN would drop it.
        nothing = exp.Is(this=outer.copy(), expression=exp.Null())
        others = exp.Not(this=member)
        return exp.or_(nothing, others, copy=False) if not related.path[0].many else others

    def _set_test(self, test: SetTest) -> exp.Expr:
        """Membership in the rows that meet it: related rows, or rows with the same listed value."""
        table = test.condition.column.table
        if table != self.plan.root and not self.schema.paths(self.plan.root, table, many=False):
            path = only_path(self.schema, self.plan.root, table, many=True, said=self.reading.said)
            operator: Literal["exists", "not exists"] = "not exists" if test.negated else "exists"
            return self._related(Related(Linked(table, operator), path, ((test.condition, ()),)))
        listed = [t.ref for t in self.reading.targets if t.ref is not None and t.aggregate is None]
        listed += [g.column for g in self.reading.groups if g.bucket is None]
        if len(listed) != 1 or listed[0].table != table:
            raise NotRead(f"I cannot tell whose {test.condition.column} is meant.", (test.condition.words,))
        inner = aliases_of([table], taken=set(self.aliases.values()), suffix="_same")
        same = self.column(listed[0], inner)
        query = exp.Select().from_(self.table(table, inner)).select(same)
        query = query.where(self.condition(test.condition, inner))
        query = query.where(exp.Not(this=exp.Is(this=same.copy(), expression=exp.Null())))
        member = exp.In(this=self.column(listed[0]), query=query.subquery())
        return exp.Not(this=member) if test.negated else member

    def _related_keys(self, related: Related) -> tuple[exp.Expr, exp.Expr, exp.Select, exp.Expr]:
        """The root's column, the related rows' column that refers to it, those rows, and how many they are.

        Nothing is selected of the rows.
        """
        first, *rest = related.path
        if len(first.pairs) != 1:
            raise NotRead(f"{first.source} and {first.target} are linked by several columns.", ())
        tables = [first.target, *(h.target for h in rest)]
        tables += [h.target for _, path in related.inner for h in path if h.target not in tables]
        inner = aliases_of(tables, taken=set(self.aliases.values()), suffix="_related")
        query = exp.Select().from_(self.table(first.target, inner), copy=False)
        for hop in _each_table_once(related):
            joined(query, self.table(hop.target, inner), self.on(hop, inner, inner))
        source, target = first.pairs[0]
        column = self.column(ColumnRef(first.target, target), inner)
        held = exp.Not(this=exp.Is(this=column.copy(), expression=exp.Null()))
        query = query.where(held, copy=False)
        for condition, _ in related.inner:
            query = query.where(self.condition(condition, inner), copy=False)
        for table in (t for t in dict.fromkeys(tables) if self.rules(t)):
            query = query.where(self.always(table, inner), copy=False)
        count = self._each_once(related.path, inner)
        return self.column(ColumnRef(first.source, source)), column, query, count

    def _each_once(self, path: Sequence[Hop], aliases: dict[TableRef, str]) -> exp.Expr:
        """The number of rows at the end of a way, each of them once for a row that it starts from.

        Raises:
            NotRead: They may come several times, and no single column tells them apart.
        """
        table = path[-1].target
        if not comes_again(path, self.schema):
            return exp.Count(this=exp.Star())
        key = self.schema.key(table) if path[-1].many else tuple(target for _, target in path[-1].pairs)
        if len(key) != 1:
            raise NotRead(f"{table} has no single key to count by.", (str(table),))
        return different(self.column(ColumnRef(table, key[0]), aliases))

    def _keys_of(self, related: Related) -> tuple[exp.Expr, exp.Expr, exp.Select, exp.Expr]:
        """The same of rows that are counted, which may be restricted by what is said of them alone.

        Raises:
            NotRead: The counted rows do not refer to the root, or not in one clear way.
        """
        counted = self.reading.counted
        exists = related.linked.operator in ("exists", "not exists") and related.inner
        if counted is None or counted.table != related.linked.table or exists:
            return self._related_keys(related)
        first = related.path[0]
        rows = Statement(rows_counted(self.reading, counted, related.path), self.schema)
        source, target = first.pairs[0]
        refers = ColumnRef(first.target, target)
        key = rows.column(refers)
        query = rows.over_rows(exp.Select())
        query = query.where(exp.Not(this=exp.Is(this=key.copy(), expression=exp.Null())), copy=False)
        count = rows._each_once(related.path, rows.aliases)
        return self.column(ColumnRef(first.source, source)), key, query, count

    def _counted_rows(self, query: exp.Select, table: TableRef) -> exp.Select:
        """Join the number of linked rows of each row of the base."""
        paths = self.schema.paths(self.reading.base, table, many=True)
        if len(paths) != 1 or not paths[0] or self.plan.root != self.reading.base:
            raise NotRead(f"{self.reading.base} and {table} are not linked in one clear way.", (str(table),))
        inner = _inner_conditions(self.plan.related, table)
        outer, key, rows, count = self._keys_of(Related(Linked(table), paths[0], inner))
        rows = rows.select(exp.alias_(key, "key", quoted=True))
        rows = rows.select(exp.alias_(count, "rows", quoted=True)).group_by(key)
        on = exp.EQ(this=outer, expression=exp.column(exp.to_identifier("key", quoted=True), table="counted"))
        joined(query, rows.subquery("counted", copy=False), on, side="LEFT")
        return query

    def _linked_count(self) -> exp.Expr:
        counted = exp.column(exp.to_identifier("rows", quoted=True), table="counted")
        return exp.Coalesce(this=counted, expressions=[exp.Literal.number(0)])

    def _ordered(self, query: exp.Select) -> exp.Select:
        order = self.reading.order
        if order is not None:
            query = query.order_by(
                *(
                    exp.Ordered(this=self.order_key(o), desc=o.descending, nulls_first=False)
                    for o in (order, *self.reading.then)
                ),
                copy=False,
            )
        elif self.reading.groups and self.reading.groups[0].bucket:
            query = query.order_by(exp.Ordered(this=self.grouping(self.reading.groups[0])), copy=False)
        return query.limit(self.reading.limit, copy=False) if self.reading.limit else query

    def order_key(self, order: Ordering) -> exp.Expr:
        """What an order goes by."""
        if order.linked is not None:
            return self._linked_count()
        assert order.target is not None
        return self.target(order.target)


def joined(query: exp.Select, rows: exp.Expr, on: exp.Expr, **how: str) -> None:
    """Join rows to a query, which is changed.

    `Select.join` parses the kind of join from text each time, which takes longer than all else about it.

    Args:
        how: `kind` or `side`, as `exp.Join` has them.
    """
    query.append("joins", exp.Join(this=rows, on=on, **how))


def _each_table_once(related: Related) -> list[Hop]:
    """The joins within related rows: what leads back over a join leads to the row that it came from.

    Raises:
        NotRead: A table is reached by two joins, whose rows need not be the same.
    """
    first, *rest = related.path
    taken = [first]
    for hop in dict.fromkeys((*rest, *(h for _, path in related.inner for h in path))):
        if all(h.target != hop.target for h in taken):
            taken.append(hop)
        elif hop not in taken and all(h.join != hop.join for h in taken):
            raise NotRead(f"{hop.target} is reached in two ways.", (str(hop.target),))
    return taken[1:]


def _inner_conditions(
    related: tuple[Related, ...], table: TableRef
) -> tuple[tuple[Condition, tuple[Hop, ...]], ...]:
    """What restricts the rows that are counted, where the question restricts them too."""
    return next((r.inner for r in related if r.linked.table == table), ())
