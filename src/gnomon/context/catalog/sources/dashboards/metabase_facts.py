"""What Metabase says about tables: descriptions, keys, segments, measures, models and metrics."""

from collections.abc import Iterator

from gnomon.context.catalog.facts import Fact, FactKind, Item, JoinClaim, KeyClaim
from gnomon.context.catalog.sources.dashboards.compose import Unsupported, render, tables_of
from gnomon.context.catalog.sources.dashboards.metabase_export import Export, Thing
from gnomon.context.catalog.sources.dashboards.metabase_mbql import compose
from gnomon.context.catalog.sources.exports import (
    Origins,
    Record,
    items,
    label,
    prose,
    record,
    records,
    words,
)

_HIDDEN = ("hidden", "technical", "cruft")


def metadata_items(export: Export, origins: Origins) -> Iterator[Item]:
    """What the export's tables, columns, segments and measures tell."""
    for thing in export.things("table"):
        parts = (label(thing.value.get("schema")), label(thing.value.get("name")))
        yield from _table_items(thing, ".".join(p for p in parts if p), thing.value, origins)
    keys: dict[str, list[str]] = {}
    at: dict[str, Thing] = {}
    for thing in export.things("field"):
        table = _dotted(thing.value.get("table_id"))
        if table:
            yield from _field_items(thing, table, thing.value, origins)
            if words(thing.value.get("semantic_type")) == "type/PK":
                keys.setdefault(table, []).append(label(thing.value.get("name")))
                at.setdefault(table, thing)
    for table, columns in keys.items():
        yield KeyClaim(table, tuple(columns), origins.at(at[table].place("semantic_type"), "documentation"))
    yield from _api_metadata(export, origins)
    for thing in export.things("definition"):
        yield from _definition_items(thing, export, origins)


def _api_metadata(export: Export, origins: Origins) -> Iterator[Item]:
    for thing in export.things("database"):
        for table in records(thing.value.get("tables")):
            parts = (label(table.get("schema")), label(table.get("name")))
            name = ".".join(p for p in parts if p)
            yield from _table_items(thing, name, table, origins)
            for column in records(table.get("fields")):
                yield from _field_items(thing, name, column, origins)


def _table_items(thing: Thing, table: str, value: Record, origins: Origins) -> Iterator[Item]:
    if not table:
        return
    yield from _said(thing, table, "meaning", prose(value.get("description")), "description", origins)
    for key in ("caveats", "points_of_interest"):
        yield from _said(thing, table, "caveat", prose(value.get(key)), key, origins)
    yield from _said(thing, table, "owner", label(value.get("owner_email")), "owner_email", origins)
    hidden = words(value.get("visibility_type"))
    if hidden in _HIDDEN:
        told = f"Hidden in Metabase ({hidden})."
        yield from _said(thing, table, "caveat", told, "visibility_type", origins)


def _field_items(thing: Thing, table: str, value: Record, origins: Origins) -> Iterator[Item]:
    name = label(value.get("name"))
    if not name:
        return
    yield from _said(
        thing, table, "column_meaning", prose(value.get("description")), "description", origins, name
    )
    target = items(value.get("fk_target_field_id"))
    if len(target) >= 3:
        parent, column = _dotted(list(target[:-1])), label(target[-1])
        origin = origins.at(thing.place("fk_target_field_id"), "documentation")
        yield JoinClaim(table, (name,), parent, (column,), origin)


def _definition_items(thing: Thing, export: Export, origins: Origins) -> Iterator[Item]:
    """A segment, measure or metric in the words `metric NAME = SQL`."""
    definition = record(thing.value.get("definition"))
    kind = "segment" if _is_segment(definition) else "metric"
    try:
        sql = _definition_sql(definition, export, kind)
    except Unsupported:
        # A definition is told where it is used; one that cannot be put into SQL is no fact.
        return
    for table in sql[1][:1]:
        told = f"{kind} {label(thing.value.get('name'))} = {sql[0]}"
        text = prose(thing.value.get("description"))
        yield from _said(
            thing, table, "derivation", told + (f": {text}" if text else ""), "definition", origins
        )


def _is_segment(definition: Record) -> bool:
    stage = next(iter(records(definition.get("stages"))), record(definition.get("query")) or definition)
    return "aggregation" not in stage


def _definition_sql(definition: Record, export: Export, kind: str) -> tuple[str, tuple[str, ...]]:
    """The condition or the aggregate of a definition, and the tables that it reads."""
    from sqlglot import exp

    query = compose(definition, export.known())
    if not isinstance(query, exp.Select):
        raise Unsupported("is no plain query")
    tables = tables_of(render(query, ""), "")
    if kind == "metric":
        measured = query.selects[-1].unalias()
        condition = query.args.get("where")
        text = render(measured, "")
        return (f"{text} where {render(condition.this, '')}" if condition else text), tables
    where = query.args.get("where")
    if where is None:
        raise Unsupported("has no condition")
    return render(where.this, ""), tables


def model_items(card: Thing, export: Export, origins: Origins) -> Iterator[Item]:
    """What a model or metric (kinds of question that people build on) tells of the tables it reads."""
    value = card.value
    kind = "model" if value.get("dataset") is True else words(value.get("type"))
    text = prose(value.get("description"))
    name = label(value.get("name"))
    if kind == "metric":
        try:
            sql, tables = _definition_sql(record(value.get("dataset_query")), export, "metric")
        except Unsupported:
            # The question itself is reported as unreadable by whoever reads its query.
            return
        for table in tables[:1]:
            told = f"metric {name} = {sql}" + (f": {text}" if text else "")
            yield from _said(card, table, "derivation", told, "dataset_query", origins)
    elif kind == "model":
        yield from _model_items(card, export, origins, name, text)


def _model_items(card: Thing, export: Export, origins: Origins, name: str, text: str) -> Iterator[Item]:
    try:
        tables = tables_of(export.sql(card), export.dialect(card))
    except Unsupported:
        # The question itself is reported as unreadable by whoever reads its query.
        tables = ()
    if text and len(tables) == 1:
        yield from _said(
            card, tables[0], "downstream", f"Metabase model {name}: {text}", "description", origins
        )
    for column in records(card.value.get("result_metadata")):
        ref = items(column.get("id"))
        if len(ref) >= 3 and prose(column.get("description")):
            table, field = _dotted(list(ref[:-1])), label(ref[-1])
            meaning = prose(column.get("description"))
            yield from _said(card, table, "column_meaning", meaning, "result_metadata", origins, field)


def _said(
    thing: Thing, table: str, kind: FactKind, text: str, key: str, origins: Origins, column: str = ""
) -> Iterator[Fact]:
    if text:
        yield Fact(table, kind, text, origins.at(thing.place(key), "documentation"), column)


def _dotted(ref: object) -> str:
    """`schema.name` of a table's names (database, schema, name)."""
    return ".".join(part for part in (label(p) for p in items(ref)[1:]) if part)
