"""Governed metrics, semantic models and saved queries, told of the tables that they stand on."""

from collections.abc import Iterator, Mapping
from typing import Any

from gnomon.context.catalog.facts import Fact, Item, JoinClaim, KeyClaim, Origin
from gnomon.context.catalog.sources.dbt.claims import PLAIN_COLUMN
from gnomon.context.catalog.sources.dbt.described import filters_of
from gnomon.context.catalog.sources.dbt.fields import clean, listing, mapping, text
from gnomon.context.catalog.sources.dbt.jinja_tokens import Piece, TemplateStopped, pieces
from gnomon.context.catalog.sources.dbt.nodes import Metric, Node, Project, SavedQuery, SemanticModel


class Semantics:
    """Draws facts and claims from a project's semantic layer.

    Args:
        source: The source's name in origins.
    """

    def __init__(self, project: Project, source: str) -> None:
        self._project = project
        self._source = source
        self._measures = {
            text(measure, "name"): (model, measure)
            for model in project.semantic_models.values()
            for measure in model.measures
        }
        self._columns = {
            text(dimension, "name"): column
            for model in project.semantic_models.values()
            for dimension in model.dimensions
            if (column := _column(dimension))
        }

    def items(self) -> Iterator[Item]:
        """Everything that the semantic layer tells, in the order of the project."""
        for model in self._project.semantic_models.values():
            node = self._table(model.node)
            if node is not None:
                yield from self._model(model, node)
        for metric in self._project.metrics.values():
            yield from self._metric(metric)
        for query in self._project.saved_queries.values():
            yield from self._saved_query(query)

    def nodes_of(self, metric: str) -> tuple[str, ...]:
        """Ids of the nodes that a metric stands on, through other metrics."""
        found: dict[str, None] = {}
        pending, seen = [metric], {metric}
        while pending:
            known = self._project.metrics.get(pending.pop())
            if known is None:
                continue
            for name in _measures(known.params):
                if name in self._measures:
                    found[self._measures[name][0].node] = None
            for each in known.depends_on:
                if each in self._project.semantic_models:
                    found[self._project.semantic_models[each].node] = None
                elif not each.startswith("metric."):
                    found[each] = None
            further = [*_metrics(known.params), *map(_metric_name, known.depends_on)]
            pending += [name for name in dict.fromkeys(further) if name not in seen]
            seen.update(further)
        return tuple(found)

    def _metric(self, metric: Metric) -> Iterator[Item]:
        label = f" ({metric.label})" if metric.label and metric.label != metric.name else ""
        formula = self._formula(metric)
        condition = f" where {plain_condition(metric.filter, self._columns)}" if metric.filter else ""
        said = f": {metric.description}" if metric.description else ""
        sentence = f"Governed metric `{metric.name}`{label} = {formula}{condition}{said}"
        if not metric.name or not formula:
            return
        for node in map(self._table, self.nodes_of(metric.name)):
            if node is not None:
                yield Fact(node.table, "derivation", sentence, self._origin(metric.place))

    def _formula(self, metric: Metric) -> str:
        if metric.formula:
            return metric.formula
        params = metric.params
        own = mapping(params, "metric_aggregation_params")
        if own:
            return f"{text(own, 'agg')}({text(own, 'expr') or text(params, 'expr') or metric.name})"
        match metric.kind:
            case "ratio":
                return f"{_name(params.get('numerator'))} / {_name(params.get('denominator'))}"
            case "derived":
                return text(params, "expr") + _aliases(params)
            case "cumulative":
                return f"running total of {self._inner(params)}{_window(params)}"
            case "simple":
                return self._inner(params)
        return ""

    def _inner(self, params: Mapping[str, Any]) -> str:
        """The measure, or the metric, that a metric wraps."""
        for name in _measures(params):
            if name in self._measures:
                return self._measure(self._measures[name][1])
        inner = text(params, "cumulative_type_params", "metric", "name")
        return next(iter(_measures(params)), inner)

    def _measure(self, measure: Mapping[str, Any]) -> str:
        filters = filters_of(measure.get("filter"))
        conditions = " and ".join(plain_condition(each, self._columns) for each in filters)
        formula = f"{text(measure, 'agg')}({text(measure, 'expr') or text(measure, 'name')})"
        return f"{formula} where {conditions}" if conditions else formula

    def _model(self, model: SemanticModel, node: Node) -> Iterator[Item]:
        origin = self._origin(model.place)
        if model.description and not node.description:
            yield Fact(node.table, "meaning", model.description, origin)
        described = {column.name.casefold() for column in node.columns if column.description}
        for dimension in model.dimensions:
            column, said = _column(dimension), text(dimension, "description")
            if column and said and column.casefold() not in described:
                yield Fact(node.table, "column_meaning", said, origin, column)
        for entity in model.entities:
            yield from self._entity(entity, node, origin)

    def _entity(self, entity: Mapping[str, Any], node: Node, origin: Origin) -> Iterator[Item]:
        column, kind = _column(entity), text(entity, "type")
        if not column:
            return
        if kind in ("primary", "unique"):
            yield KeyClaim(node.table, (column,), origin)
        if kind == "foreign":
            for parent, parent_column in self._holders(text(entity, "name"), node):
                yield JoinClaim(node.table, (column,), parent.table, (parent_column,), origin)

    def _holders(self, entity: str, child: Node) -> Iterator[tuple[Node, str]]:
        """Tables of which an entity of that name is the key, with its column."""
        for model in self._project.semantic_models.values():
            node = self._table(model.node)
            if node is None or node.id == child.id:
                continue
            for each in model.entities:
                is_key = text(each, "name") == entity and text(each, "type") in ("primary", "unique")
                if is_key and _column(each):
                    yield node, _column(each)

    def _saved_query(self, query: SavedQuery) -> Iterator[Item]:
        by = ", ".join(_group_by(each) for each in query.group_by)
        said = f"Saved query `{query.name}`: {', '.join(query.metrics)}" + (f" by {by}" if by else "")
        said += f". {query.description}" if query.description else ""
        nodes = dict.fromkeys(node for metric in query.metrics for node in self.nodes_of(metric))
        for node in map(self._table, nodes):
            if node is not None:
                yield Fact(node.table, "downstream", said, self._origin(query.place))

    def _table(self, node: str) -> Node | None:
        found = self._project.nodes.get(node)
        return found if found is not None and found.is_table else None

    def _origin(self, place: str) -> Origin:
        return Origin("documentation", place, self._source)


def plain_condition(template: str, columns: Mapping[str, str]) -> str:
    """A filter with each `{{ Dimension('order__status') }}` put as its column; as it is if it is broken.

    Args:
        columns: By the name of a dimension; one that is not there stands for itself.

    >>> plain_condition("{{ Dimension('order__state') }} = 'paid'", {"state": "order_state"})
    "order_state = 'paid'"
    """
    try:
        return "".join(_plain(piece, columns) for piece in pieces(template)).strip()
    except TemplateStopped:
        return template


def _plain(piece: Piece, columns: Mapping[str, str]) -> str:
    if piece.kind == "text":
        return piece.text
    named = next((token.text for token in piece.tokens if token.kind == "string"), "")
    bare = named.rpartition("__")[2]
    return columns.get(bare, bare)


def _group_by(said: str) -> str:
    return plain_condition("{{ " + said + " }}", {}) or said


def _name(value: object) -> str:
    return text(value, "name") if isinstance(value, Mapping) else clean(value)


def _metric_name(node: str) -> str:
    return node.rpartition(".")[2] if node.startswith("metric.") else ""


def _measures(params: Mapping[str, Any]) -> tuple[str, ...]:
    inner = [params.get("measure"), *listing(params, "input_measures")]
    return tuple(dict.fromkeys(name for each in inner if (name := _name(each))))


def _metrics(params: Mapping[str, Any]) -> tuple[str, ...]:
    inner = [params.get("numerator"), params.get("denominator"), *listing(params, "metrics")]
    inner.append(mapping(params, "cumulative_type_params").get("metric"))
    return tuple(dict.fromkeys(name for each in inner if (name := _name(each))))


def _aliases(params: Mapping[str, Any]) -> str:
    """What the names in a derived metric's expression stand for, where they are not metrics' own names."""
    said = []
    for each in listing(params, "metrics"):
        alias, name = text(mapping(each), "alias"), _name(each)
        offset = mapping(each, "offset_window")
        before = f" {text(offset, 'count')} {text(offset, 'granularity')} before" if offset else ""
        if alias and (alias != name or before):
            said.append(f"{alias} = {name}{before}")
    return f" ({', '.join(said)})" if said else ""


def _window(params: Mapping[str, Any]) -> str:
    inner = mapping(params, "cumulative_type_params")
    window = mapping(inner, "window") or mapping(params, "window")
    grain = text(inner, "grain_to_date") or text(params, "grain_to_date")
    if window:
        return f" over {text(window, 'count')} {text(window, 'granularity')}"
    return f" since the start of the {grain}" if grain else ""


def _column(entry: Mapping[str, Any]) -> str:
    """The column of an entity or dimension; empty if it is an expression."""
    said = text(entry, "expr") or text(entry, "name")
    return said if PLAIN_COLUMN.fullmatch(said) else ""
