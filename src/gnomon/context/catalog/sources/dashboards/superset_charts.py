"""What a Superset chart asks, as SQL: from its `query_context` where it was saved, else from its `params`.

Read of `params`: `metrics`, `metric`, `metric_2`, `percent_metrics`, `secondary_metric`, and `size`, `x`, `y`
where they are metrics; as dimensions `x_axis`, `groupby`, `groupbyRows`, `groupbyColumns`, `columns`,
`series`, `entity`, `source`, `target`, `dimension`, `column`, `line_column`, the columns of places on maps,
and `all_columns` in raw mode; `granularity_sqla` as a dimension for charts over time of before `x_axis`;
`time_grain_sqla`; `adhoc_filters`, `filters`, `where`, `having`; `time_range` with `granularity_sqla`;
`row_limit`. What a chart computes after its query (rolling means, forecasts) is left out.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gnomon.context.catalog.sources.dashboards.compose import (
    Unsupported,
    aggregate,
    column,
    compare,
    fragment,
    identifier,
    in_time_range,
    literal,
    render,
    subquery,
    table,
    truncated,
)
from gnomon.context.catalog.sources.exports import Record, items, label, record, records, words

if TYPE_CHECKING:
    from sqlglot import exp

_METRICS = ("metrics", "metric", "metrics_b", "metric_2", "percent_metrics", "secondary_metric")
_PERHAPS_METRICS = ("size", "x", "y")
_DIMENSIONS = (
    "x_axis",
    "groupby",
    "groupby_b",
    "groupbyRows",
    "groupbyColumns",
    "columns",
    "series",
    "entity",
    "source",
    "target",
    "dimension",
    "column",
    "line_column",
)
_PLACES = ("spatial", "start_spatial", "end_spatial")
_OVER_TIME = frozenset({"area", "bar", "big_number", "compare", "dual_line", "horizon", "line", "time_table"})
_GRAINS = {
    "PT1S": "second",
    "PT1M": "minute",
    "PT1H": "hour",
    "P1D": "day",
    "P1W": "week",
    "P1M": "month",
    "P3M": "quarter",
    "P1Y": "year",
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """What charts are made of: a table of the warehouse, or a query under a name (`sql`).

    Args:
        times: Names of its date and time columns.
        computed: Expressions of its calculated columns, by name.
        metrics: Expressions of its metrics, by name.
    """

    name: str
    parts: tuple[str, ...]
    sql: str = ""
    dialect: str = ""
    times: frozenset[str] = frozenset()
    computed: Record = field(default_factory=dict)
    metrics: Record = field(default_factory=dict)

    @property
    def table(self) -> str:
        """The physical table as `schema.name`; empty for a query."""
        return "" if self.sql else ".".join(self.parts)


def chart_queries(chart: Record, dataset: Dataset) -> Iterator[str]:
    """The queries of a chart as SQL.

    Raises:
        Unsupported: It uses what this module does not read; the text says what.
    """
    context = _query_context(chart)
    if context:
        for asked in context:
            yield render(_from_context(asked, dataset), dataset.dialect)
        return
    params = _params(chart)
    if params:
        yield render(_from_params(params, dataset, label(chart.get("viz_type"))), dataset.dialect)


def _query_context(chart: Record) -> list[Record]:
    return records(record(_parsed(chart.get("query_context"))).get("queries"))


def _params(chart: Record) -> Record:
    return record(_parsed(chart.get("params")))


def _parsed(value: object) -> object:
    """Some versions keep these as JSON in a text, some as they are."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise Unsupported("holds settings that are not JSON") from error


def _from_context(asked: Record, dataset: Dataset) -> "exp.Select":
    extras = record(asked.get("extras"))
    grain = words(extras.get("time_grain_sqla"))
    build = _Build(dataset, grain)
    for dimension in items(asked.get("columns")) or items(asked.get("groupby")):
        build.dimension(dimension)
    for metric in items(asked.get("metrics")):
        build.metric(metric)
    for condition in records(asked.get("filters")):
        build.simple_filter(condition.get("col"), condition.get("op"), condition.get("val"))
    build.time_range(asked.get("granularity"), asked.get("time_range"))
    build.written_filter(extras.get("where"), having=False)
    build.written_filter(extras.get("having"), having=True)
    return build.query(asked.get("row_limit"))


def _from_params(params: Record, dataset: Dataset, viz_type: str) -> "exp.Select":
    build = _Build(dataset, words(params.get("time_grain_sqla")))
    if words(params.get("query_mode")) == "raw":
        for dimension in items(params.get("all_columns")):
            build.dimension(dimension)
    else:
        _add_dimensions(build, params, viz_type)
        _add_metrics(build, params)
    for condition in records(params.get("adhoc_filters")):
        _add_adhoc_filter(build, condition)
    for condition in records(params.get("filters")):
        build.simple_filter(condition.get("col"), condition.get("op"), condition.get("val"))
    build.time_range(params.get("granularity_sqla"), params.get("time_range"))
    build.written_filter(params.get("where"), having=False)
    build.written_filter(params.get("having"), having=True)
    return build.query(params.get("row_limit"))


def _add_dimensions(build: "_Build", params: Record, viz_type: str) -> None:
    over_time = viz_type or words(params.get("viz_type"))
    if over_time in _OVER_TIME and words(params.get("granularity_sqla")) and not params.get("x_axis"):
        build.dimension(params.get("granularity_sqla"))
    for key in _DIMENSIONS:
        value = params.get(key)
        for dimension in value if isinstance(value, list) else [value]:
            build.dimension(dimension)
    for key in _PLACES:
        place = record(params.get(key))
        build.dimension(place.get("latCol"))
        build.dimension(place.get("lonCol"))


def _add_metrics(build: "_Build", params: Record) -> None:
    for key in _METRICS:
        value = params.get(key)
        for metric in value if isinstance(value, list) else [value]:
            build.metric(metric)
    for key in _PERHAPS_METRICS:
        value = params.get(key)
        if isinstance(value, dict) or words(value) in build.dataset.metrics:
            build.metric(value)


def _add_adhoc_filter(build: "_Build", condition: Record) -> None:
    if words(condition.get("expressionType")) == "SQL":
        having = words(condition.get("clause")).upper() == "HAVING"
        build.written_filter(condition.get("sqlExpression"), having=having)
    else:
        build.simple_filter(condition.get("subject"), condition.get("operator"), condition.get("comparator"))


class _Build:
    """One SELECT, taken together clause by clause."""

    def __init__(self, dataset: Dataset, grain: str) -> None:
        self.dataset = dataset
        self._grain = grain
        self._selected: dict[str, exp.Expr] = {}
        self._measured: dict[str, exp.Expr] = {}
        self._where: list[exp.Expr] = []
        self._having: list[exp.Expr] = []

    def dimension(self, value: object) -> None:
        """Add a column by name, or an expression that somebody typed (`sqlExpression`)."""
        adhoc = record(value)
        if words(adhoc.get("sqlExpression")):
            name = label(adhoc.get("label")) or "expression"
            self._selected.setdefault(name, fragment(words(adhoc.get("sqlExpression")), self.dataset.dialect))
            return
        name = label(value if isinstance(value, str) else adhoc.get("column_name"))
        if name and name not in self._selected:
            self._selected[name] = self._truncated(name)

    def metric(self, value: object) -> None:
        """Add a metric: one that the dataset defines, an aggregate of a column, or a typed expression."""
        adhoc = record(value)
        name = label(value if isinstance(value, str) else adhoc.get("label"))
        if isinstance(value, str) and name:
            self._measured.setdefault(name, self._saved_metric(name))
        elif words(adhoc.get("expressionType")) == "SQL":
            typed = fragment(words(adhoc.get("sqlExpression")), self.dataset.dialect)
            self._measured.setdefault(name or "metric", typed)
        elif adhoc:
            of = label(record(adhoc.get("column")).get("column_name"))
            built = aggregate(words(adhoc.get("aggregate")), self._column(of) if of else None)
            self._measured.setdefault(name or "metric", built)

    def simple_filter(self, of: object, operator: object, value: object) -> None:
        """Add a condition on a column."""
        name, verb = label(of), words(operator)
        if not name or not verb:
            return
        if verb.upper() == "TEMPORAL_RANGE":
            self.time_range(name, value)
        else:
            self._where.append(compare(verb, self._column(name), value))

    def written_filter(self, sql: object, *, having: bool) -> None:
        """Add a condition that somebody typed."""
        if words(sql):
            condition = fragment(words(sql), self.dataset.dialect)
            (self._having if having else self._where).append(condition)

    def time_range(self, of: object, text: object) -> None:
        """Add a range of a time column, where it is one that needs no clock of the tool's."""
        if label(of) and words(text):
            self._where += in_time_range(self._column(label(of)), words(text))

    def query(self, row_limit: object) -> "exp.Select":
        """The whole query: grouped by its dimensions if it has metrics, else its plain rows."""
        from sqlglot import exp

        if not self._selected and not self._measured:
            raise Unsupported("asks for no columns that this reader knows of")
        select = exp.Select().from_(self._source())
        for name, expression in {**self._selected, **self._measured}.items():
            select = select.select(_named(expression, name), copy=False)
        if self._where:
            select = select.where(exp.and_(*self._where, copy=False), copy=False)
        for dimension in self._selected.values() if self._measured else ():
            select = select.group_by(dimension.copy(), copy=False)
        if self._having:
            select = select.having(exp.and_(*self._having, copy=False), copy=False)
        if isinstance(row_limit, int) and not isinstance(row_limit, bool) and row_limit > 0:
            select = select.limit(literal(row_limit), copy=False)
        return select

    def _source(self) -> "exp.Expr":
        if self.dataset.sql:
            return subquery(self.dataset.sql, self.dataset.name, self.dataset.dialect)
        return table(self.dataset.parts)

    def _column(self, name: str) -> "exp.Expr":
        from sqlglot import exp

        computed = words(self.dataset.computed.get(name))
        return exp.Paren(this=fragment(computed, self.dataset.dialect)) if computed else column(name)

    def _truncated(self, name: str) -> "exp.Expr":
        unit = _GRAINS.get(self._grain)
        of = self._column(name)
        return truncated(unit, of) if unit and name in self.dataset.times else of

    def _saved_metric(self, name: str) -> "exp.Expr":
        expression = words(self.dataset.metrics.get(name))
        if expression:
            return fragment(expression, self.dataset.dialect)
        if name == "count":
            return aggregate("count", None)
        raise Unsupported(f"uses the metric `{name}`, which its dataset does not define")


def _named(expression: "exp.Expr", name: str) -> "exp.Expr":
    from sqlglot import exp

    if isinstance(expression, exp.Column) and expression.name == name:
        return expression
    return exp.Alias(this=expression, alias=identifier(name))
