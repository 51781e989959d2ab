"""Statements around a grouped one: aggregates of groups, two figures side by side or along time, ranks.

Each computes its groups in a subquery, without repeating rows, and works on what that gives.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from sqlglot import exp

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.periods import floor_to, step
from gnomon.models.grounded.reading import (
    Bucket,
    Compared,
    Condition,
    Grouping,
    NotRead,
    Outer,
    Reading,
    Side,
    Target,
    Trend,
    Within,
)
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.statement import Statement
from gnomon.models.grounded.terms import target_name

FIRST_MONDAY = "1970-01-05"
AVERAGED = {"avg": "average", "max": "highest", "min": "lowest", "median": "median", "sum": "total"}
MAX_LABEL = 40


@dataclass(frozen=True, slots=True)
class Key:
    """A column of a subquery that tells its groups apart; a key that people do not read is not shown."""

    name: str
    expression: exp.Expr
    shown: bool = True


class Names:
    """Names for the columns of one subquery, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def new(self, wanted: str) -> str:
        """The wanted name, or one like it that is free."""
        name, number = wanted, 2
        while name.casefold() in self._taken:
            name, number = f"{wanted}_{number}", number + 1
        self._taken.add(name.casefold())
        return name


def _keys(statement: Statement, within: Within, names: Names) -> list[Key]:
    keys = []
    if within.entity is not None:
        key, label = statement.schema.key(within.entity), statement.schema.label(within.entity)
        for column in dict.fromkeys((*key, *label)):
            expression = statement.column(ColumnRef(within.entity, column))
            keys.append(Key(names.new(column), expression, column in label or len(key) == 1))
    for group in within.groups:
        name = names.new(group.bucket or group.column.column)
        keys.append(Key(name, statement.grouping(group)))
    return keys


def _as(expression: exp.Expr, name: str) -> exp.Expr:
    return exp.alias_(expression, name, quoted=True)


def _of(name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True))


def _shown(keys: Iterable[Key]) -> list[exp.Expr]:
    return [_of(k.name) for k in keys if k.shown]


def _number(value: object) -> exp.Expr:
    return exp.Literal.number(str(value))


def _grouped(
    statement: Statement, keys: list[Key], figures: Iterable[exp.Expr], known: Iterable[Grouping] = ()
) -> exp.Select:
    """A row a group: its keys and figures. Rows without one of the `known` columns are in no group."""
    query = statement.over_rows(exp.select(*(_as(k.expression.copy(), k.name) for k in keys), *figures))
    asked = {c.column for c in statement.reading.conditions if c.operator in (">", ">=", "<", "<=", "=")}
    for column in dict.fromkeys(g.column for g in known if g.column not in asked):
        missing = exp.Is(this=statement.column(column), expression=exp.Null())
        query = query.where(exp.Not(this=missing))
    return query.group_by(*(k.expression.copy() for k in keys)) if keys else query


def _ordered(query: exp.Select, keys: Iterable[Key], *first: str) -> exp.Select:
    names = dict.fromkeys((*first, *(k.name for k in keys if k.shown)))
    return query.order_by(*(exp.Ordered(this=_of(n)) for n in names)) if names else query


# -- aggregates of groups -----------------------------------------------------------------------------


def nested(statement: Statement, outer: Outer) -> exp.Select:
    """The aggregate of the figures of groups, for each of the groups that are shown."""
    target = statement.reading.targets[0]
    names = Names()
    kept = _keys(statement, Within(statement.reading.groups, statement.reading.group_by_entity), names)
    over = _keys(statement, outer.over, names)
    value = names.new(target_name(target) or "value")
    inner = _grouped(
        statement, [*kept, *over], [_as(statement.target(target), value)], known=outer.over.groups
    )
    figure = _as(statement.aggregate(outer.aggregate, _of(value)), f"{AVERAGED[outer.aggregate]}_{value}")
    query = exp.select(*_shown(kept), figure).from_(inner.subquery("figures"))
    return _ordered(query.group_by(*(_of(k.name) for k in kept)), kept) if kept else query


# -- figures side by side -----------------------------------------------------------------------------


def compared(statement: Statement, both: Compared) -> exp.Select:
    """Both figures, and the change from the first to the second or the first less the second."""
    names = Names()
    keys = _keys(statement, Within(statement.reading.groups, statement.reading.group_by_entity), names)
    sides = [names.new(_side_name(s)) for s in both.sides]
    figures = [_as(_side(statement, s), n) for s, n in zip(both.sides, sides, strict=True)]
    first, second = map(_of, sides)
    query = exp.select(*_shown(keys), first, second)
    if both.growth:
        query = query.select(*_change(first, second))
    else:
        query = query.select(_as(exp.Sub(this=first.copy(), expression=second.copy()), "difference"))
    query = query.from_(_grouped(statement, keys, figures).subquery("figures"))
    return _ordered(query, keys)


def _side(statement: Statement, side: Side) -> exp.Expr:
    only = statement.all_of(side.conditions) if side.conditions else None
    figure = statement.target(side.target, only)
    # A total of no rows is nothing sold, not something unknown, where it stands beside another total.
    return exp.Coalesce(this=figure, expressions=[_number(0)]) if side.target.aggregate == "sum" else figure


def _side_name(side: Side) -> str:
    slug = re.sub(r"\W+", "_", side.label.lower()).strip("_")[:MAX_LABEL]
    return f"{target_name(side.target)}_{slug}" if slug else target_name(side.target) or "value"


def _change(before: exp.Expr, after: exp.Expr) -> list[exp.Expr]:
    """The change and, unless it starts at nothing, its percent."""
    change = exp.Sub(this=after.copy(), expression=before.copy())
    scaled = exp.Mul(this=_number("100.0"), expression=exp.Paren(this=change.copy()))
    percent = exp.Div(this=scaled, expression=exp.Nullif(this=before.copy(), expression=_number(0)))
    return [_as(change, "change"), _as(percent, "change_percent")]


def quotient(reading: Reading, schema: Schema) -> exp.Select:
    """Two figures and the first over the second, which is missing where the second is zero or missing.

    Both are of the same rows where the conditions of either join the same tables: a join that only one of
    them needs could leave out rows of the other, so each is then a subquery of its own.

    Raises:
        NotRead: Figures that need a subquery each are grouped, or are of two tables and restricted together.
            A column that tells the figures apart also restricts or groups both.
    """
    both = cast(Compared, reading.compared)
    apart_by = {c.column for s in both.sides for c in s.conditions}
    if apart_by & {*(c.column for c in reading.conditions), *(g.column for g in reading.groups)}:
        raise NotRead("I cannot tell which of the two figures it restricts.", tuple(map(str, apart_by)))
    names = Names()
    keys: list[Key] = []
    if _of_same_rows(reading, both):
        statement = Statement(reading, schema)
        _refuse_lost_rule(statement, both)
        keys = _keys(statement, Within(reading.groups, reading.group_by_entity), names)
        sides = [names.new(_side_name(s)) for s in both.sides]
        figures = [_as(_known(statement, s), n) for s, n in zip(both.sides, sides, strict=True)]
        inner = _grouped(statement, keys, figures)
    else:
        sides = [names.new(_side_name(s)) for s in both.sides]
        apart = [_apart(reading, s, schema) for s in both.sides]
        inner = exp.select(*(_as(q.subquery(), n) for q, n in zip(apart, sides, strict=True)))
    first, second = map(_of, sides)
    scale = _number("100.0" if both.ratio == "percent" else "1.0")
    unless_zero = exp.Nullif(this=second.copy(), expression=_number(0))
    over = exp.Div(this=exp.Mul(this=scale, expression=first.copy()), expression=unless_zero)
    query = exp.select(*_shown(keys), first, second, _as(over, names.new(both.ratio or "ratio")))
    return _ordered(query.from_(inner.subquery("figures")), keys)


def _known(statement: Statement, side: Side) -> exp.Expr:
    """The figure of a side: a total that its own conditions leave no rows for is zero, else unknown."""
    if side.conditions:
        return _side(statement, side)
    return statement.target(side.target)


def _of_same_rows(reading: Reading, both: Compared) -> bool:
    """Whether one pass over the rows of one table gives both figures."""
    grouped = Within(reading.groups, reading.group_by_entity).tables
    first, second = ({c.column.table for c in s.conditions} - {s.target.table, *grouped} for s in both.sides)
    return both.first.target.table == both.second.target.table == reading.base and first == second


def _apart(reading: Reading, side: Side, schema: Schema) -> exp.Select:
    """One figure of a ratio by itself."""
    both = cast(Compared, reading.compared)
    one_table = both.first.target.table == both.second.target.table
    if reading.groups or reading.group_by_entity or reading.linked or reading.against_average:
        raise NotRead("I compute the two figures of a ratio apart, and so not per group.", ())
    if reading.conditions and not one_table:
        words = tuple(c.words for c in reading.conditions)
        raise NotRead("I cannot tell how it restricts figures of two tables.", words)
    own = replace(
        reading,
        base=side.target.table,
        targets=(side.target,),
        conditions=(*reading.conditions, *side.conditions),
        compared=None,
    )
    statement = Statement(own, schema)
    _refuse_lost_rule(statement, both)
    figure = statement.target(side.target)
    if side.conditions and side.target.aggregate == "sum":
        figure = exp.Coalesce(this=figure, expressions=[_number(0)])
    return statement.over_rows(exp.select(figure))


def _refuse_lost_rule(statement: Statement, both: Compared) -> None:
    """A condition takes an owner's rule on its column out of force, which must not reach the other figure."""
    first, second = ({c.column for c in s.conditions} for s in both.sides)
    tables = (statement.plan.root, *(h.target for h in statement.plan.hops))
    lost = any(len(statement.rules(t)) < len(statement.schema.card(t).always_filter) for t in tables)
    if lost and first != second:
        raise NotRead("The owner's rule for these rows would hold for one of the two figures only.", ())


# -- figures along time -------------------------------------------------------------------------------


def with_earlier(reading: Reading) -> Reading:
    """The reading over as many more buckets as the first that is shown looks back on.

    Raises:
        NotRead: The period begins within a bucket.
    """
    trend, start = reading.trend, _start(reading)
    bucket = _bucket(reading)
    back = 1 if trend and trend.kind == "change" else trend.span - 1 if trend else 0
    if start is None or not back:
        return reading
    first = cast(date, start.values[0])
    if floor_to(first, bucket) != first:
        raise NotRead(f"`{start.words}` does not begin with a {bucket}.", (start.words,))
    earlier = replace(start, values=(step(first, bucket, -back),))
    return replace(reading, conditions=tuple(earlier if c is start else c for c in reading.conditions))


def _start(reading: Reading) -> Condition | None:
    """The condition that says when the period of a trend begins."""
    column = reading.groups[0].column
    found = [c for c in reading.conditions if c.column == column and c.operator == ">="]
    return found[0] if len(found) == 1 and isinstance(found[0].values[0], date) else None


def _bucket(reading: Reading) -> Bucket:
    bucket = reading.groups[0].bucket if reading.groups else None
    if bucket is None:
        raise NotRead("I cannot tell along which time it goes; say, for example, `by month`.", ())
    return bucket


def trend(statement: Statement, asked: Reading) -> exp.Select:
    """The figure of each bucket, and beside it what it is with those before.

    Args:
        statement: Over the buckets that are shown and those that the first of them look back on.
        asked: The reading as the question has it.
    """
    reading = statement.reading
    kind = cast(Trend, reading.trend)
    _refuse_along(statement, kind)
    names = Names()
    (time,) = _keys(statement, Within(reading.groups[:1]), names)
    rest = _keys(statement, Within(reading.groups[1:], reading.group_by_entity), names)
    value = names.new(target_name(reading.targets[0]) or "value")
    figures = [_as(statement.target(reading.targets[0]), value)]
    along = _Along(
        statement.dialect, _bucket(reading), time.name, value, names.new("step"), tuple(k.name for k in rest)
    )
    inner = _grouped(statement, [time, *rest], figures, known=reading.groups[:1]).subquery("figures")
    if kind.kind != "running":
        inner = along.numbered(inner, (time, *rest)).subquery("steps")
    start = _start(asked)
    since = along.from_first(cast(date, start.values[0])) if start is not None else None
    shown = [_of(time.name), *_shown(rest), _of(value)]
    beside = _figure_beside(along, kind, reading.targets[0])
    return _ordered(_with_beside(along, kind, shown, inner, beside, since), rest, time.name)


def _refuse_along(statement: Statement, kind: Trend) -> None:
    target = statement.reading.targets[0]
    column = statement.reading.groups[0].column
    if not statement.schema.is_temporal(column):
        raise NotRead(f"{column} holds no dates to go along.", (str(column),))
    if kind.kind != "change" and target.table != statement.plan.root:
        raise NotRead(
            f"A {target.table} may count in several {_bucket(statement.reading)}s.", (str(target.table),)
        )


def _figure_beside(along: "_Along", kind: Trend, target: Target) -> exp.Expr:
    if kind.kind == "running":
        return _as(along.running(), f"running_{along.value}")
    if kind.kind == "change":
        return _as(along.previous(target.aggregate in ("sum", "count")), "previous")
    return _as(along.last(kind), f"moving_{kind.kind}")


def _with_beside(
    along: "_Along",
    kind: Trend,
    shown: list[exp.Expr],
    inner: exp.Subquery,
    beside: exp.Expr,
    since: exp.Expr | None,
) -> exp.Select:
    """What is shown with the figure beside it; of a change, how far apart they are; from `since` on."""
    query = exp.select(*(c.copy() for c in shown), beside).from_(inner)
    if kind.kind == "running" or (kind.kind != "change" and since is None):
        return query
    columns: list[exp.Expr] = [_of(beside.alias)]
    if kind.kind == "change":
        columns = _change(_of(beside.alias), _of(along.value))
    query = exp.select(*shown, *columns).from_(query.subquery("along"))
    return query.where(since) if since is not None else query


@dataclass(frozen=True, slots=True)
class _Along:
    """Windows over the rows of a grouped subquery, by its bucket of time.

    Frames are ranges of the bucket's number, so that a bucket without rows is a step like any other.
    """

    dialect: str
    bucket: Bucket
    time: str
    value: str
    step: str
    parts: tuple[str, ...]

    def numbered(self, inner: exp.Subquery, keys: Iterable[Key]) -> exp.Select:
        """The grouped rows, each with the number of its bucket: one more for each bucket of the calendar."""
        columns = [_of(k.name) for k in keys]
        return exp.select(*columns, _of(self.value), _as(self._number_of_bucket(), self.step)).from_(inner)

    def running(self) -> exp.Expr:
        """The sum up to the bucket."""
        spec = exp.WindowSpec(kind="ROWS", start="UNBOUNDED", start_side="PRECEDING", end="CURRENT ROW")
        return self._window(exp.Sum(this=_of(self.value)), _of(self.time), spec)

    def previous(self, adds_up: bool) -> exp.Expr:
        """The figure of the bucket before: unknown before the first, and zero without rows if it adds up."""
        spec = exp.WindowSpec(kind="RANGE", start=_number(1), start_side="PRECEDING", end=_number(1),
                              end_side="PRECEDING")  # fmt: skip
        before = self._window(exp.Sum(this=_of(self.value)), _of(self.step), spec)
        if not adds_up:
            return before
        zero = exp.Coalesce(this=before, expressions=[_number(0)])
        return exp.Case(ifs=[exp.If(this=exp.GT(this=_of(self.step), expression=self._first()), true=zero)])

    def last(self, kind: Trend) -> exp.Expr:
        """The sum, or its average, of the last few buckets, once there are as many."""
        spec = exp.WindowSpec(
            kind="RANGE", start=_number(kind.span - 1), start_side="PRECEDING", end="CURRENT ROW"
        )
        total = self._window(exp.Sum(this=_of(self.value)), _of(self.step), spec)
        figure = exp.Div(this=exp.Mul(this=_number("1.0"), expression=total), expression=_number(kind.span))
        full = exp.GTE(
            this=exp.Sub(this=_of(self.step), expression=self._first()), expression=_number(kind.span - 1)
        )
        return exp.Case(ifs=[exp.If(this=full, true=figure if kind.kind == "average" else total)])

    def from_first(self, day: date) -> exp.Expr:
        """The condition that a bucket is that of the day or a later one."""
        return exp.GTE(this=_of(self.time), expression=self._literal(day))

    def _window(self, figure: exp.Expr, by: exp.Expr | None, spec: exp.Expr | None) -> exp.Window:
        order = (
            exp.Order(expressions=[exp.Ordered(this=by, nulls_first=self.dialect == "sqlite")])
            if by
            else None
        )
        parts = [_of(p) for p in self.parts]
        return exp.Window(this=figure, partition_by=parts, order=order, spec=spec)

    def _first(self) -> exp.Expr:
        return self._window(exp.Min(this=_of(self.step)), None, None)

    def _number_of_bucket(self) -> exp.Expr:
        time = _of(self.time)
        if self.bucket == "year":
            return exp.cast(time, "int")
        if self.bucket in ("day", "week"):
            days = self._days(time)
            return days if self.bucket == "day" else exp.Div(this=exp.Paren(this=days), expression=_number(7))
        per_year = 12 if self.bucket == "month" else 4
        years = exp.Mul(this=_number(per_year), expression=self._part(time, "year"))
        return exp.Add(this=years, expression=self._part(time, self.bucket))

    def _days(self, time: exp.Expr) -> exp.Expr:
        if self.dialect == "sqlite":
            if self.bucket == "week":
                raise NotRead("SQLite's weeks end with the year, so they have no weeks before.", ("week",))
            return exp.Anonymous(this="JULIANDAY", expressions=[time])
        return exp.Sub(this=time, expression=exp.cast(exp.Literal.string(FIRST_MONDAY), "date"))

    def _part(self, time: exp.Expr, part: str) -> exp.Expr:
        if self.dialect != "sqlite":
            return exp.cast(exp.Extract(this=exp.var(part.upper()), expression=time), "int")
        start, length = (1, 4) if part == "year" else (6, 2)
        cut = exp.Substring(this=time, start=_number(start), length=_number(length))
        return exp.cast(cut, "int")

    def _literal(self, day: date) -> exp.Expr:
        if self.dialect != "sqlite":
            return (
                _number(day.year)
                if self.bucket == "year"
                else exp.cast(exp.Literal.string(day.isoformat()), "date")
            )
        formats = {"year": "%Y", "month": "%Y-%m"}
        return exp.Literal.string(format(day, formats.get(self.bucket, "%Y-%m-%d")))


# -- ranks --------------------------------------------------------------------------------------------


def ranked(statement: Statement) -> exp.Select:
    """The rows of a place, or of the first few places, in each group or in all; equals share a place."""
    reading = statement.reading
    order = reading.order
    if order is None or reading.limit is None:
        raise NotRead("I cannot tell what is ranked.", ())
    computed = any(t.aggregate for t in reading.targets)
    if not computed and statement.plan.root != reading.base:
        raise NotRead(f"{reading.base} would be ranked once for each of {statement.plan.root}.", ())
    names = Names()
    columns, keys = statement.columns()
    within = _keys(statement, reading.within or Within(), names)
    shown = [c for c in columns if c not in [k.expression for k in within]]
    titles = [names.new(c.alias_or_name) for c in shown]
    place = names.new("place")
    by = exp.Ordered(this=statement.order_key(order), desc=order.descending, nulls_first=False)
    rank = exp.Window(
        this=exp.Rank() if reading.place is None else exp.DenseRank(),
        partition_by=[k.expression.copy() for k in within],
        order=exp.Order(expressions=[by]),
    )
    inner = exp.select(*(_as(k.expression.copy(), k.name) for k in within))
    inner = inner.select(
        *(_as(c.unalias().copy(), t) for c, t in zip(shown, titles, strict=True)), _as(rank, place)
    )
    inner = statement.over_rows(inner)
    if computed and (keys or within):
        inner = inner.group_by(*(k.copy() for k in (*keys, *(w.expression for w in within)) if k is not None))
    query = exp.select(*_shown(within), *map(_of, titles)).from_(inner.subquery("ranked"))
    query = query.where(_at_place(reading, place))
    query = query.distinct() if reading.distinct else query
    return _ordered(query, [*within, Key(place, _of(place))] if reading.place is None else within)


def _at_place(reading: Reading, place: str) -> exp.Expr:
    if reading.place is not None:
        return exp.EQ(this=_of(place), expression=_number(reading.place))
    return exp.LTE(this=_of(place), expression=_number(reading.limit))
