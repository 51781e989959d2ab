"""What Lightdash's field ids stand for: dimensions, metrics and joins, from model files and from charts.

A field id is the name of its table, an underscore, and its own name: `orders_status`. What a metric computes
stands in the dbt or Lightdash model files (`meta` of a model and of its columns), not in a chart; where an
export holds them beside its charts, they are read. SQL in them refers to others by `${TABLE}`, `${name}` and
`${table.name}`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from gnomon.context.catalog.sources.dashboards.compose import MAX_FRAGMENT_CHARACTERS, Unsupported
from gnomon.context.catalog.sources.exports import Record, label, record, records, words

MAX_DEPTH = 10
UNITS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
_AGGREGATES = {
    "average": "AVG({})",
    "count": "COUNT({})",
    "count_distinct": "COUNT(DISTINCT {})",
    "max": "MAX({})",
    "median": "MEDIAN({})",
    "min": "MIN({})",
    "sum": "SUM({})",
}
_PLAIN_METRICS = frozenset({"boolean", "date", "number", "string", "timestamp"})


class Undefined(Unsupported):
    """A field whose definition is in no file of the export."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its kind of aggregate, and the SQL it aggregates (empty for a column of its own name)."""

    kind: str
    sql: str
    description: str = ""

    @property
    def template(self) -> str:
        """The metric as SQL with references; raises `Unsupported` for a kind that is not read."""
        if self.kind in _PLAIN_METRICS:
            return self.sql
        if self.kind not in _AGGREGATES:
            raise Unsupported(f"has a metric of kind `{self.kind[:40]}`, which is not read")
        return _AGGREGATES[self.kind].format(self.sql)


@dataclass(slots=True)
class Model:
    """A table as Lightdash knows it.

    Args:
        parts: Its schema, where the file says so, and its name in the warehouse.
        dimensions: SQL with references by name.
        joins: The condition, with references, by the name of the joined table.
    """

    name: str
    parts: tuple[str, ...]
    dimensions: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    joins: dict[str, str] = field(default_factory=dict)


def models_of(value: Record) -> Iterator[Model]:
    """The models of a dbt YAML file (`models:`) or of a Lightdash model file (`type: model`)."""
    for one in records(value.get("models")):
        yield _dbt_model(one)
    if words(value.get("type")) == "model" and label(value.get("name")):
        yield _lightdash_model(value)


def _meta(value: Record) -> Record:
    """`meta`, which newer dbt keeps under `config`."""
    return record(value.get("meta")) or record(record(value.get("config")).get("meta"))


def _dbt_model(value: Record) -> Model:
    name = label(value.get("name"))
    meta = _meta(value)
    model = Model(name, (name,), joins=_joins(meta))
    _add_metrics(model, meta.get("metrics"), "")
    for column in records(value.get("columns")):
        own, about = label(column.get("name")), _meta(column)
        dimension = record(about.get("dimension"))
        model.dimensions[label(dimension.get("name")) or own] = (
            words(dimension.get("sql")) or f"${{TABLE}}.{own}"
        )
        for extra, said in record(about.get("additional_dimensions")).items():
            model.dimensions[label(extra)] = words(record(said).get("sql"))
        _add_metrics(model, about.get("metrics"), f"${{TABLE}}.{own}")
    return model


def _lightdash_model(value: Record) -> Model:
    name = label(value.get("name"))
    parts = tuple(p.strip('"` ') for p in words(value.get("sql_from")).split(".") if p.strip('"` '))
    model = Model(name, parts[-3:] if parts and " " not in "".join(parts) else (name,), joins=_joins(value))
    _add_metrics(model, value.get("metrics"), "")
    for dimension in records(value.get("dimensions")):
        own = label(dimension.get("name"))
        model.dimensions[own] = words(dimension.get("sql")) or f"${{TABLE}}.{own}"
        _add_metrics(model, dimension.get("metrics"), f"${{TABLE}}.{own}")
    return model


def _joins(value: Record) -> dict[str, str]:
    return {label(j.get("join")): words(j.get("sql_on")) for j in records(value.get("joins"))}


def _add_metrics(model: Model, metrics: object, default_sql: str) -> None:
    for name, said in record(metrics).items():
        if record(said).get("filters"):
            # A metric with filters of its own computes something else than its kind and SQL say.
            continue
        sql = words(record(said).get("sql")) or default_sql
        told = words(record(said).get("description"))
        model.metrics[label(name)] = Metric(words(record(said).get("type")), sql, told)


@dataclass(slots=True)
class Fields:
    """Finds what the field ids of one chart stand for.

    `used` collects the tables that were needed; `custom` holds the SQL, with references, of fields that the
    chart itself defines, with the table each belongs to.
    """

    explore: str
    models: dict[str, Model]
    custom: dict[str, tuple[str, str]] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)

    @property
    def tables(self) -> list[str]:
        """The explore's table and those it joins, the longest name first."""
        own = self.models.get(self.explore)
        return sorted({self.explore, *(own.joins if own else ())}, key=len, reverse=True)

    def dimension(self, field_id: str) -> tuple[str, str]:
        """SQL of a dimension, and the unit its time is cut to (empty for none)."""
        if field_id in self.custom:
            table, sql = self.custom[field_id]
            return self.resolve(sql, table), ""
        for table in self.tables:
            if field_id.startswith(f"{table}_"):
                found = self._dimension_of(table, field_id[len(table) + 1 :])
                if found:
                    return self.resolve(found[0], table), found[1]
        raise Undefined(f"uses the field `{field_id[:80]}`, whose table is not known")

    def _dimension_of(self, table: str, name: str) -> tuple[str, str] | None:
        """Its template and unit. Without a model file the name is the column's, with the unit at its end."""
        model = self.models.get(table)
        base, _, unit = name.rpartition("_")
        cut = base if unit in (*UNITS, "raw") and base else ""
        unit = "" if unit == "raw" else unit
        if model is None or not model.dimensions:
            return (f"${{TABLE}}.{cut or name}", unit if cut else "")
        if name in model.dimensions:
            return (model.dimensions[name], "")
        return (model.dimensions[cut], unit) if cut in model.dimensions else None

    def metric(self, field_id: str) -> str:
        """SQL of a metric."""
        if field_id in self.custom:
            table, sql = self.custom[field_id]
            return self.resolve(sql, table)
        for table in self.tables:
            model = self.models.get(table)
            name = field_id.removeprefix(f"{table}_")
            if model and name != field_id and name in model.metrics:
                return self.resolve(model.metrics[name].template, table)
        raise Undefined(f"uses the metric `{field_id[:80]}`, which no file of the export defines")

    def resolve(self, template: str, table: str, depth: int = 0) -> str:
        """The template with every reference replaced by what it stands for."""
        if depth > MAX_DEPTH:
            raise Unsupported("has fields that refer to each other without end")
        self.used[table] = None
        parts: list[str] = []
        position = length = 0
        while (start := template.find("${", position)) >= 0:
            end = template.find("}", start)
            if end < 0:
                raise Unsupported("has a reference that is not closed")
            parts += [
                template[position:start],
                self._referred(template[start + 2 : end].strip(), table, depth),
            ]
            length += len(parts[-1]) + len(parts[-2])
            if length > MAX_FRAGMENT_CHARACTERS:
                raise Unsupported("has an expression that becomes too long")
            position = end + 1
        return "".join([*parts, template[position:]])

    def _referred(self, name: str, table: str, depth: int) -> str:
        if name in ("TABLE", "table"):
            return quoted(table)
        other, _, own = name.rpartition(".")
        other = other if other and other != "TABLE" else table
        model = self.models.get(other)
        if model and own in model.metrics and own not in model.dimensions:
            return f"({self.resolve(model.metrics[own].template, other, depth + 1)})"
        template = model.dimensions.get(own, "") if model else ""
        if template and template != f"${{TABLE}}.{own}":
            return f"({self.resolve(template, other, depth + 1)})"
        self.used[other] = None
        return f"{quoted(other)}.{quoted(own)}"


def quoted(name: str) -> str:
    """A name as an identifier in SQL text."""
    plain = name.isidentifier() and name.isascii() and name == name.lower()
    return name if plain else '"' + name.replace('"', '""') + '"'
