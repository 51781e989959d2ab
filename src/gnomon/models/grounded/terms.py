"""The terms of a statement: tables, columns, figures and conditions as expression trees of a dialect."""

import re
from datetime import date, datetime
from decimal import Decimal

from sqlglot import exp

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.joins import JoinPlan, compared_conditions, plan_joins
from gnomon.models.grounded.reading import Aggregate, Condition, Grouping, NotRead, Reading, Target
from gnomon.models.grounded.schema import Hop, Schema
from gnomon.models.grounded.spellings import is_folded

ISO = re.compile(r"^\d{4}-\d{2}-\d{2}")
COMPARISONS: dict[str, type[exp.Binary]] = {
    "=": exp.EQ, "<>": exp.NEQ, ">": exp.GT, ">=": exp.GTE, "<": exp.LT, "<=": exp.LTE,
}  # fmt: skip


AGGREGATES: dict[str, type[exp.AggFunc]] = {
    "sum": exp.Sum, "avg": exp.Avg, "min": exp.Min, "max": exp.Max, "median": exp.Median,
}  # fmt: skip


class Terms:
    """What a reading names, written for its dialect."""

    def __init__(self, reading: Reading, schema: Schema) -> None:
        self.reading = reading
        self.schema = schema
        self.dialect = schema.context.dialect
        self.plan: JoinPlan = plan_joins(reading, schema)
        self.aliases = aliases_of([self.plan.root, *(h.target for h in self.plan.hops)])

    def target(self, target: Target, only: exp.Expr | None = None) -> exp.Expr:
        """A column, or an aggregate of it; `only` over the rows that meet a condition."""
        if target.aggregate is None:
            assert target.ref is not None
            return self.column(target.ref)
        if target.aggregate == "count":
            return self._count(target, only)
        assert target.ref is not None
        on = target.aged_on
        of = self._age(target.ref, on) if on is not None else self.column(target.ref)
        return self.aggregate(target.aggregate, _where_met(of, only))

    def _age(self, born: ColumnRef, on: date) -> exp.Expr:
        """Whole years from a birth date to a day: one less where the birthday is still to come that year."""
        column = self.column(born)
        if self.dialect == "sqlite":
            self._iso(born)
            year, day = _digits("%Y", column), _digits("%m%d", column)
        else:
            year = exp.Extract(this=exp.var("YEAR"), expression=column)
            month = exp.Extract(this=exp.var("MONTH"), expression=column.copy())
            hundreds = exp.Mul(this=month, expression=exp.Literal.number(100))
            ends = exp.Extract(this=exp.var("DAY"), expression=column.copy())
            day = exp.Add(this=hundreds, expression=ends)
        later = exp.GT(this=day, expression=exp.Literal.number(on.month * 100 + on.day))
        short = exp.Case(ifs=[exp.If(this=later, true=exp.Literal.number(1))], default=exp.Literal.number(0))
        years = exp.Sub(this=exp.Literal.number(on.year), expression=year)
        return exp.Sub(this=years, expression=short)

    def aggregate(self, name: Aggregate, of: exp.Expr) -> exp.Expr:
        """An aggregate by its name.

        Raises:
            NotRead: The engine has no such aggregate.
        """
        if name == "median" and self.dialect == "sqlite":
            raise NotRead("SQLite computes no medians.", ("median",), final=True)
        return AGGREGATES[name](this=of)

    def _count(self, target: Target, only: exp.Expr | None) -> exp.Expr:
        if target.ref is not None:
            return different(_where_met(self.kind(target.ref), only))
        if target.table == self.plan.root:
            met = _where_met(exp.Literal.number(1), only) if only is not None else exp.Star()
            return exp.Count(this=met)
        key = self.schema.key(target.table)
        if len(key) != 1:
            raise NotRead(f"{target.table} has no single key to count by.", (str(target.table),))
        return different(_where_met(self.column(ColumnRef(target.table, key[0])), only))

    def grouping(self, group: Grouping) -> exp.Expr:
        """A column to group by, dates in their buckets.

        Raises:
            NotRead: The engine has no such bucket, or its dates are no ISO text.
        """
        if group.bucket is None:
            return self.kind(group.column)
        column = self.column(group.column)
        if self.dialect == "sqlite":
            return self._sqlite_bucket(group, column)
        if group.bucket == "year":
            return exp.Extract(this=exp.var("YEAR"), expression=column)
        truncated = exp.TimestampTrunc(this=column, unit=exp.var(group.bucket.upper()))
        return exp.cast(truncated, "date")

    def kind(self, ref: ColumnRef) -> exp.Expr:
        """A column whose different values are kinds of rows: spellings in several cases are one kind."""
        column = self.column(ref)
        return exp.Lower(this=column) if is_folded(self.schema, ref) else column

    def _sqlite_bucket(self, group: Grouping, column: exp.Expr) -> exp.Expr:
        self._iso(group.column)
        formats = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y", "week": "%Y-%W"}
        pattern = formats.get(group.bucket or "")
        if pattern is None:
            raise NotRead(f"I cannot group by {group.bucket} in this engine yet.", (str(group.bucket),))
        return exp.Anonymous(this="strftime", expressions=[exp.Literal.string(pattern), column])

    def rules(self, table: TableRef) -> tuple[str, ...]:
        """The owner's conditions, without those on columns that the question itself speaks of."""
        related = (c for r in self.plan.related for c, _ in r.inner)
        said = [*self.plan.outer, *compared_conditions(self.reading), *related]
        asked = {c.column.column for c in said if c.column.table == table}
        return tuple(r for r in self.schema.card(table).always_filter if not asked & self._columns_of(r))

    def _columns_of(self, rule: str) -> set[str]:
        tree: exp.Expr = exp.maybe_parse(rule, dialect=self.dialect)
        return {column.name for column in tree.find_all(exp.Column)}

    def always(self, table: TableRef, aliases: dict[TableRef, str] | None = None) -> exp.Expr:
        """The owner's conditions on every question about a table, joined by AND; `rules` has some."""
        rules: list[exp.Expr] = [exp.maybe_parse(t, dialect=self.dialect) for t in self.rules(table)]
        for rule in rules:
            for column in rule.find_all(exp.Column):
                column.set("table", exp.to_identifier((aliases or self.aliases)[table], quoted=True))
        return exp.and_(*rules)

    def condition(self, condition: Condition, aliases: dict[TableRef, str]) -> exp.Expr:
        """A comparison of a column with literals.

        Raises:
            NotRead: The text to search for holds signs that LIKE takes for others.
        """
        column = self.column(condition.column, aliases)
        operator = condition.operator
        if operator in ("null", "not null"):
            null = exp.Is(this=column, expression=exp.Null())
            return null if operator == "null" else exp.Not(this=null)
        if operator in ("true", "false"):
            return self._flag(condition, column)
        if operator == "contains":
            return self._contains(condition, column)
        values = [self.literal(v, condition.column) for v in condition.values]
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

    def literal(self, value: object, column: ColumnRef) -> exp.Expr:
        """A value as the engine compares it with the column.

        Raises:
            NotRead: It is a date, and the column's texts are no ISO dates.
        """
        if isinstance(value, datetime):
            return self._moment(value, column)
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

    def _moment(self, value: datetime, column: ColumnRef) -> exp.Expr:
        """A moment as the column's texts write it, or as a time of the engine."""
        if self.dialect != "sqlite":
            return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), "timestamp")
        self._iso(column)
        profile = self.schema.column(column).profile
        parted = "T" if profile is not None and "T" in (profile.high or "") else " "
        return exp.Literal.string(value.isoformat(sep=parted))

    def _iso(self, column: ColumnRef) -> None:
        """SQLite keeps dates as text; only ISO text sorts and cuts like a date."""
        profile = self.schema.column(column).profile
        low, high = (profile.low, profile.high) if profile else (None, None)
        if not (low and high and ISO.match(low) and ISO.match(high)):
            raise NotRead(f"{column} does not hold ISO dates.", (str(column),))

    def named(self, expression: exp.Expr, name: str | None) -> exp.Expr:
        """The expression under a name, or as it is."""
        return exp.alias_(expression, name, quoted=True) if name else expression

    def column(self, ref: ColumnRef, aliases: dict[TableRef, str] | None = None) -> exp.Column:
        """A column of the occurrence of its table that goes by the alias."""
        alias = (aliases or self.aliases)[ref.table]
        return exp.column(
            exp.to_identifier(ref.column, quoted=True),
            table=exp.to_identifier(alias, quoted=True),
            copy=False,
        )

    def table(self, ref: TableRef, aliases: dict[TableRef, str] | None = None) -> exp.Table:
        """A table under its alias, where that is not its name."""
        alias = (aliases or self.aliases)[ref]
        table = table_of(ref)
        if alias != ref.name or ref.schema:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(alias, quoted=True)))
        return table

    def on(self, hop: Hop, source: dict[TableRef, str], target: dict[TableRef, str]) -> exp.Expr:
        """What two tables are joined on: the aliases of both sides."""
        equal = [
            exp.EQ(
                this=self.column(ColumnRef(hop.source, s), source),
                expression=self.column(ColumnRef(hop.target, t), target),
            )
            for s, t in hop.pairs
        ]
        return exp.and_(*equal)


def _digits(pattern: str, column: exp.Expr) -> exp.Expr:
    """Digits of a date that SQLite keeps as ISO text, as a number."""
    text = exp.Anonymous(this="strftime", expressions=[exp.Literal.string(pattern), column.copy()])
    return exp.cast(text, "int")


def _where_met(value: exp.Expr, only: exp.Expr | None) -> exp.Expr:
    """The value in rows that meet a condition, and nothing in the others."""
    return exp.Case(ifs=[exp.If(this=only, true=value)]) if only is not None else value


def different(value: exp.Expr) -> exp.Expr:
    """How many different values there are."""
    return exp.Count(this=exp.Distinct(expressions=[value]))


def table_of(ref: TableRef) -> exp.Table:
    """A table by its quoted name, without an alias."""
    schema = exp.to_identifier(ref.schema, quoted=True) if ref.schema else None
    return exp.Table(this=exp.to_identifier(ref.name, quoted=True), db=schema)


def aliases_of(
    tables: list[TableRef], taken: set[str] | None = None, suffix: str = ""
) -> dict[TableRef, str]:
    """An alias for each table: its name, unless that is taken.

    Args:
        taken: Aliases in use around it.
        suffix: Put behind a name that is taken.
    """
    used = {a.casefold() for a in taken or set()}
    aliases: dict[TableRef, str] = {}
    for table in dict.fromkeys(tables):
        alias = table.name + (suffix if table.name.casefold() in used else "")
        while alias.casefold() in used:
            alias += "_"
        used.add(alias.casefold())
        aliases[table] = alias
    return aliases


def target_name(target: Target) -> str | None:
    """What a computed column is called; None for a plain one, which keeps its name."""
    if target.aggregate is None:
        return None
    if target.column is None:
        return f"{target.table.name}_count"
    if target.aged_on is not None:
        return f"{'average' if target.aggregate == 'avg' else target.aggregate}_age"
    names = {
        "count": f"distinct_{target.column}",
        "sum": f"total_{target.column}",
        "avg": f"average_{target.column}",
    }
    return names.get(target.aggregate, f"{target.aggregate}_{target.column}")
