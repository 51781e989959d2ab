"""Lightdash: charts and dashboards as code, SQL charts, and what its REST API gives.

Read: a folder or archive of `charts/*.yml` and `dashboards/*.yml` as `lightdash download` writes them, with
or without dbt or Lightdash model files beside them, and JSON of saved charts and dashboards (`results`
unwrapped). A chart names metrics, not what they compute: where no model file defines them, its query is left
out and all such charts are reported as one problem. Table calculations, which Lightdash adds after the query,
are left out.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.context.catalog.facts import Dashboard, Fact, Item, PastQuery, Problem
from gnomon.context.catalog.sources.dashboards.compose import (
    Unsupported,
    ago,
    compare,
    fragment,
    identifier,
    literal,
    refuse_templates,
    render,
    table,
    tables_of,
    truncated,
)
from gnomon.context.catalog.sources.dashboards.lightdash_fields import (
    UNITS,
    Fields,
    Metric,
    Model,
    Undefined,
    models_of,
)
from gnomon.context.catalog.sources.exports import (
    Document,
    Origins,
    Record,
    count,
    is_document,
    items,
    label,
    moment,
    person,
    prose,
    read_documents,
    record,
    records,
    words,
)
from gnomon.store.archives import fingerprint
from gnomon.store.yaml_files import Step

if TYPE_CHECKING:
    from sqlglot import exp

MAX_FILTER_DEPTH = 20
_COMPARISONS = {
    "greaterThan": ">",
    "greaterThanOrEqual": ">=",
    "lessThan": "<",
    "lessThanOrEqual": "<=",
}
_PATTERNS = {"endsWith": "%{}", "include": "%{}%", "doesNotInclude": "%{}%", "startsWith": "{}%"}


def open_lightdash(path: Path, name: str) -> "LightdashExport":
    """A source that reads the export at `path`: a folder, an archive, or one file."""
    return LightdashExport(path, name)


@dataclass(frozen=True, slots=True)
class LightdashExport:
    """An export of Lightdash."""

    path: Path
    name: str

    def fingerprint(self) -> str:
        """See `Source.fingerprint`."""
        return fingerprint(self.path, is_document)

    def read(self) -> Iterator[Item]:
        """See `Source.read`. Metrics first, then charts, then dashboards."""
        export = _Export(Origins(self.name))
        for document in read_documents(self.path, is_document):
            if isinstance(document, Problem):
                yield document
            else:
                export.add(document)
        yield from export.items()


@dataclass(frozen=True, slots=True)
class _Thing:
    """A chart or dashboard: its value, and where it stands."""

    value: Record
    document: Document
    path: tuple[Step, ...] = ()

    @property
    def slug(self) -> str:
        return label(self.value.get("slug")) or label(self.value.get("uuid"))

    @property
    def title(self) -> str:
        return label(self.value.get("name"))

    @property
    def place(self) -> str:
        at = self.document.place(*self.path, "name")
        return at if ":" in at.rsplit("/", 1)[-1] else f"{at} ({self.slug})"


@dataclass(slots=True)
class _Export:
    """The charts, dashboards and models of one export."""

    origins: Origins
    charts: list[_Thing] = field(default_factory=list)
    boards: list[_Thing] = field(default_factory=list)
    models: dict[str, Model] = field(default_factory=dict)
    model_places: dict[str, str] = field(default_factory=dict)

    def add(self, document: Document) -> None:
        for model in models_of(record(document.value)):
            self.models.setdefault(model.name, model)
            self.model_places.setdefault(model.name, document.place())
        for value, path in _unwrapped(document.value):
            thing = _Thing(value, document, path)
            if "metricQuery" in value or ("sql" in value and thing.slug):
                self.charts.append(thing)
            elif "tiles" in value:
                self.boards.append(thing)

    def items(self) -> Iterator[Item]:
        for model in self.models.values():
            yield from self._metric_facts(model)
        undefined: list[_Thing] = []
        read: dict[str, tuple[str, ...]] = {}
        for chart in self.charts:
            try:
                sql = _sql_of(chart.value, self.models)
                read[chart.slug] = tables_of(sql, "")
                yield self._past_query(chart, sql)
            except Undefined:
                read[chart.slug] = _named_tables(chart.value, self.models)
                undefined.append(chart)
            except Unsupported as reason:
                read[chart.slug] = _named_tables(chart.value, self.models)
                yield Problem(chart.place, f"The chart `{chart.title}` {reason}; its query is left out.")
        if undefined:
            yield _undefined_problem(undefined)
        for board in self.boards:
            yield self._dashboard(board, read)

    def _metric_facts(self, model: Model) -> Iterator[Item]:
        fields = Fields(model.name, self.models)
        for name, metric in model.metrics.items():
            try:
                sql = fields.resolve(metric.template, model.name)
            except Unsupported:
                # A metric that cannot be put into SQL is reported with the charts that use it.
                continue
            told = f"metric {name} = {sql}" + (f": {metric.description}" if metric.description else "")
            origin = self.origins.at(self.model_places[model.name], "documentation")
            yield Fact(".".join(model.parts), "derivation", prose(told), origin)

    def _past_query(self, chart: _Thing, sql: str) -> PastQuery:
        value = chart.value
        return PastQuery(
            sql=sql,
            origin=self.origins.at(chart.place, "usage"),
            title=chart.title,
            author=person(value.get("updatedByUser")),
            dashboard=self._dashboard_title(chart),
            views=count(value.get("views")),
            last_viewed=moment(value.get("lastViewedAt")),
            reviewed=_is_verified(value),
        )

    def _dashboard_title(self, chart: _Thing) -> str:
        named = label(chart.value.get("dashboardName"))
        own = label(chart.value.get("dashboardSlug"))
        found = (b.title for b in self.boards if b.slug == own or chart.slug in _tile_slugs(b.value))
        return named or next(found, "")

    def _dashboard(self, board: _Thing, read: Mapping[str, tuple[str, ...]]) -> Dashboard:
        slugs = _tile_slugs(board.value)
        tables = dict.fromkeys(name for slug in slugs for name in read.get(slug, ()))
        return Dashboard(
            title=board.title,
            origin=self.origins.at(board.place, "usage"),
            owner=person(board.value.get("updatedByUser")),
            views=count(board.value.get("views")),
            last_viewed=moment(board.value.get("lastViewedAt")),
            tables=tuple(tables),
        )


def _undefined_problem(charts: list[_Thing]) -> Problem:
    shown = ", ".join(f"`{chart.title}`" for chart in charts[:3])
    return Problem(
        charts[0].place,
        f"{len(charts)} charts (such as {shown}) use metrics that no file of the export defines, and their "
        "queries are left out; put the dbt project's model YAML into the same folder.",
    )


def _unwrapped(value: object, depth: int = 0) -> Iterator[tuple[Record, tuple[Step, ...]]]:
    """The mappings of a document that may be charts or dashboards, and the way to each."""
    if isinstance(value, list):
        for position, one in enumerate(value):
            yield record(one), (position,)
        return
    inner = record(value)
    lists = [key for key in ("results", "charts", "dashboards") if isinstance(inner.get(key), list | Mapping)]
    if not lists or "metricQuery" in inner or depth > 2:
        yield inner, ()
    for key in lists if depth <= 2 else ():
        yield from ((one, (key, *path)) for one, path in _unwrapped(inner.get(key), depth + 1))


def _tile_slugs(value: Record) -> tuple[str, ...]:
    properties = [record(tile.get("properties")) for tile in records(value.get("tiles"))]
    keys = ("chartSlug", "savedChartUuid", "savedSqlUuid")
    return tuple(label(p.get(key)) for p in properties for key in keys if label(p.get(key)))


def _is_verified(value: Record) -> bool:
    return value.get("verified") is True or bool(record(value.get("verification")))


def _named_tables(value: Record, models: dict[str, Model]) -> tuple[str, ...]:
    """The table of the explore, where the query itself cannot be read."""
    explore = label(record(value.get("metricQuery")).get("exploreName")) or label(value.get("tableName"))
    model = models.get(explore)
    return (".".join(model.parts),) if model else ((explore,) if explore else ())


def _sql_of(value: Record, models: dict[str, Model]) -> str:
    if "metricQuery" not in value:
        sql = words(value.get("sql"))
        refuse_templates(sql)
        if not sql or "${" in sql:
            raise Unsupported("has an empty query, or one with parameters")
        return sql
    asked = record(value.get("metricQuery"))
    explore = label(asked.get("exploreName")) or label(value.get("tableName"))
    return render(_Query(asked, _fields(asked, explore, models)).select(), "")


def _fields(asked: Record, explore: str, models: dict[str, Model]) -> Fields:
    """The fields of a chart: those of its models, and those it defines itself."""
    custom: dict[str, tuple[str, str]] = {}
    for dimension in records(asked.get("customDimensions")):
        if words(dimension.get("type")) == "sql":
            own = label(dimension.get("table")) or explore
            custom[label(dimension.get("id"))] = (own, words(dimension.get("sql")))
    for metric in records(asked.get("additionalMetrics")):
        own, name = label(metric.get("table")) or explore, label(metric.get("name"))
        if not metric.get("filters"):
            custom[f"{own}_{name}"] = (
                own,
                Metric(words(metric.get("type")), words(metric.get("sql"))).template,
            )
    return Fields(explore, models, custom)


class _Query:
    """One chart's query."""

    def __init__(self, asked: Record, fields: Fields) -> None:
        self._asked = asked
        self._fields = fields

    def select(self) -> "exp.Select":
        from sqlglot import exp

        dimensions = {label(d): self._dimension(label(d)) for d in items(self._asked.get("dimensions"))}
        metrics = {label(m): self._metric(label(m)) for m in items(self._asked.get("metrics"))}
        if not dimensions and not metrics:
            raise Unsupported("asks for no fields")
        filters = record(self._asked.get("filters"))
        where = self._filters(filters.get("dimensions"), self._dimension)
        having = self._filters(filters.get("metrics"), self._metric)
        select = exp.Select()
        for name, expression in {**dimensions, **metrics}.items():
            select = select.select(exp.Alias(this=expression, alias=identifier(name)), copy=False)
        for dimension in dimensions.values() if metrics else ():
            select = select.group_by(dimension.copy(), copy=False)
        select = select if metrics else select.distinct(copy=False)
        select = select.where(where, copy=False) if where is not None else select
        select = select.having(having, copy=False) if having is not None else select
        return self._ordered(self._from(select))

    def _from(self, select: "exp.Select") -> "exp.Select":
        """Add the explore's table and the tables that fields were found in."""
        from sqlglot import exp

        explore = self._fields.explore
        model = self._fields.models.get(explore)
        joins = model.joins if model else {}
        needed = {t for t in self._fields.used if t != explore}
        conditions = {t: self._fields.resolve(sql, explore) for t, sql in joins.items() if t in needed}
        if needed - conditions.keys():
            raise Undefined("joins a table in a way that no file of the export defines")
        select = select.from_(self._table(explore), copy=False)
        for joined, condition in conditions.items():
            on = fragment(condition, "")
            select.append("joins", exp.Join(this=self._table(joined), side="LEFT", on=on))
        return select

    def _table(self, name: str) -> "exp.Table":
        model = self._fields.models.get(name)
        parts = model.parts if model else (name,)
        return table(parts, "" if parts[-1] == name else name)

    def _ordered(self, select: "exp.Select") -> "exp.Select":
        from sqlglot import exp

        for sort in records(self._asked.get("sorts")):
            by = exp.Column(this=identifier(label(sort.get("fieldId"))))
            select = select.order_by(exp.Ordered(this=by, desc=sort.get("descending") is True), copy=False)
        limit = self._asked.get("limit")
        if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
            select = select.limit(literal(limit), copy=False)
        return select

    def _dimension(self, field_id: str) -> "exp.Expr":
        sql, unit = self._fields.dimension(field_id)
        built = fragment(sql, "")
        return truncated(unit, built) if unit in UNITS else built

    def _metric(self, field_id: str) -> "exp.Expr":
        return fragment(self._fields.metric(field_id), "")

    def _filters(
        self, value: object, field_of: Callable[[str], "exp.Expr"], depth: int = 0
    ) -> "exp.Expr | None":
        """The condition of a group (`and`, `or`), a list, or one rule."""
        from sqlglot import exp

        if depth > MAX_FILTER_DEPTH:
            raise Unsupported("nests filters too deep")
        if isinstance(value, list):
            parts = [self._filters(one, field_of, depth + 1) for one in value]
            present = [p for p in parts if p is not None]
            return exp.and_(*present, copy=False) if present else None
        rule = record(value)
        for key, join in (("and", exp.and_), ("or", exp.or_)):
            if items(rule.get(key)):
                parts = [self._filters(one, field_of, depth + 1) for one in items(rule.get(key))]
                present = [p for p in parts if p is not None]
                return join(*present, copy=False) if present else None
        field_id = label(record(rule.get("target")).get("fieldId"))
        if not field_id or rule.get("disabled") is True:
            return None
        return _condition(
            field_of(field_id), words(rule.get("operator")), list(items(rule.get("values"))), rule
        )


def _condition(of: "exp.Expr", operator: str, values: list[object], rule: Record) -> "exp.Expr":
    from sqlglot import exp

    if operator in ("isNull", "notNull"):
        return compare("is null" if operator == "isNull" else "is not null", of, None)
    if operator in ("equals", "notEquals") and values:
        several = "in" if len(values) > 1 else "="
        value = values if several == "in" else values[0]
        positive = compare(several, of, value)
        return positive if operator == "equals" else exp.not_(positive, copy=False)
    if operator in _COMPARISONS and values:
        return compare(_COMPARISONS[operator], of, values[0])
    if operator in _PATTERNS and values:
        likes = [compare("like", of.copy(), _PATTERNS[operator].format(words(v))) for v in values]
        either = exp.or_(*likes, copy=False)
        return exp.not_(either, copy=False) if operator == "doesNotInclude" else either
    if operator == "inBetween" and len(values) == 2:
        return exp.Between(this=of, low=literal(values[0]), high=literal(values[1]))
    return _time_condition(of, operator, values, rule)


def _time_condition(of: "exp.Expr", operator: str, values: list[object], rule: Record) -> "exp.Expr":
    from sqlglot import exp

    unit = words(record(rule.get("settings")).get("unitOfTime")).removesuffix("s")
    amount = values[0] if values else None
    if operator == "inThePast" and isinstance(amount, int) and unit in UNITS:
        return exp.GTE(this=of, expression=ago(amount, unit))
    if operator == "inTheCurrent" and unit in UNITS:
        return exp.GTE(this=of, expression=truncated(unit, exp.CurrentDate()))
    raise Unsupported(f"filters by `{operator[:40]}`, which is not read")
