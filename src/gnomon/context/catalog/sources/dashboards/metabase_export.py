"""The documents of one Metabase export by kind and id, and the SQL of its questions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gnomon.context.catalog.facts import Problem
from gnomon.context.catalog.sources.dashboards.compose import Unsupported, dialect_of, render, subquery
from gnomon.context.catalog.sources.dashboards.metabase_mbql import Known, compose
from gnomon.context.catalog.sources.dashboards.metabase_templates import Names, fill
from gnomon.context.catalog.sources.exports import Document, Record, items, label, record, records, words
from gnomon.store.yaml_files import Step

if TYPE_CHECKING:
    from sqlglot import exp

MAX_REFERENCES = 12
"""How deep questions may build on questions."""

_MODELS = {
    "Card": "card",
    "Dashboard": "dashboard",
    "Database": "database",
    "Field": "field",
    "LegacyMetric": "definition",
    "Measure": "definition",
    "Metric": "definition",
    "NativeQuerySnippet": "snippet",
    "Segment": "definition",
    "Table": "table",
}


@dataclass(frozen=True, slots=True)
class Thing:
    """One card, dashboard, table, ... of an export. `path` leads to it within its document."""

    kind: str
    id: str
    value: Record
    document: Document
    path: tuple[Step, ...] = ()

    def place(self, *path: Step) -> str:
        """Where a part of it stands; in JSON, which has no lines, its file and what it is."""
        at = self.document.place(*self.path, *path)
        return at if ":" in at.rsplit("/", 1)[-1] else f"{at} ({self.kind} {self.id})"


@dataclass(slots=True)
class Export:
    """What an export holds; the first of two things with one id counts."""

    _things: dict[str, dict[str, Thing]] = field(default_factory=dict)
    _table_names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _field_names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _sql: dict[str, str] = field(default_factory=dict)

    def add(self, document: Document) -> Iterator[Problem]:
        """Take a document in; JSON whose kind cannot be told is a problem."""
        found = list(_things_of(document))
        for thing in found:
            if thing.value.get("archived") is True:
                continue
            self._things.setdefault(thing.kind, {}).setdefault(thing.id, thing)
            if thing.kind == "database":
                self._add_metadata(thing)
        if not found and document.file.endswith(".json"):
            yield Problem(document.file, "It holds no questions, dashboards or tables of Metabase's API.")

    def things(self, kind: str) -> list[Thing]:
        """The things of a kind, in the order of the export."""
        return list(self._things.get(kind, {}).values())

    def card(self, id: str) -> Thing | None:
        """The question of that id."""
        return self._things.get("card", {}).get(id)

    def dialect(self, card: Thing) -> str:
        """The dialect of a question's database, empty if unknown."""
        query = record(card.value.get("dataset_query"))
        ref = label(query.get("database")) or label(card.value.get("database_id"))
        database = self._things.get("database", {}).get(ref)
        return dialect_of(label(database.value.get("engine"))) if database else ""

    def sql(self, card: Thing) -> str:
        """The SQL of a question.

        Raises:
            Unsupported: It uses what is not read; the text says what.
        """
        return self.read_once(card, (card.id,))

    def read_once(self, card: Thing, above: tuple[str, ...]) -> str:
        """The SQL of a question that others may build on too, put together the first time only."""
        if card.id not in self._sql:
            self._sql[card.id] = _Reading(self, self.dialect(card), above).sql(card)
        return self._sql[card.id]

    def known(self) -> Known:
        """What the query of a definition may refer to."""
        return _Reading(self, "").known()

    @property
    def names(self) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, tuple[str, ...]]]:
        """Names of tables and of columns by number."""
        return self._table_names, self._field_names

    def definition(self, id: str) -> Record:
        """The query of a segment, measure or metric."""
        found = self._things.get("definition", {}).get(id)
        if found:
            return record(found.value.get("definition"))
        card = self.card(id)
        if card is None:
            raise Unsupported(f"uses a definition ({id[:40]}) that is not in the export")
        return record(card.value.get("dataset_query"))

    def snippet(self, name: str) -> str:
        """The text of a snippet by its name."""
        for thing in self.things("snippet"):
            if label(thing.value.get("name")) == name:
                return words(thing.value.get("content"))
        raise Unsupported(f"uses the snippet `{name[:80]}`, which is not in the export")

    def _add_metadata(self, database: Thing) -> None:
        """Names by number, from `/api/database/:id/metadata`."""
        for table in records(database.value.get("tables")):
            parts = tuple(p for p in (label(table.get("schema")), label(table.get("name"))) if p)
            self._table_names[label(table.get("id"))] = parts
            for column in records(table.get("fields")):
                self._field_names[label(column.get("id"))] = (*parts, label(column.get("name")))


@dataclass(frozen=True, slots=True)
class _Reading:
    """One question being put into SQL, with the questions it stands on, the innermost last."""

    export: Export
    dialect: str
    above: tuple[str, ...] = ()

    def sql(self, card: Thing) -> str:
        query = record(card.value.get("dataset_query"))
        native, tags = _native(query)
        if native:
            return fill(native, tags, Names(self._card_sql, self.export.snippet))
        return render(compose(query, self.known()), self.dialect)

    def known(self) -> Known:
        tables, fields = self.export.names
        return Known(tables, fields, self.export.definition, self.tree)

    def tree(self, id: str) -> "exp.Query":
        """Another question as a part of this one."""
        from sqlglot import exp

        inner = subquery(self._card_sql(id), "source", self.dialect).this
        if not isinstance(inner, exp.Query):
            raise Unsupported("builds on a question that is no query")
        return inner

    def _card_sql(self, id: str) -> str:
        card = self.export.card(id)
        if card is None:
            raise Unsupported(f"builds on a question ({id[:40]}) that is not in the export")
        if id in self.above or len(self.above) >= MAX_REFERENCES:
            raise Unsupported("builds on itself, or on questions without end")
        return self.export.read_once(card, (*self.above, id)).rstrip("; \n")


def _native(query: Record) -> tuple[str, object]:
    """The SQL text and template tags of a native question in either form; empty for others."""
    older = record(query.get("native"))
    if older:
        return words(older.get("query")), older.get("template-tags")
    stages = records(query.get("stages"))
    if len(stages) == 1:
        return words(stages[0].get("native")), stages[0].get("template-tags")
    return "", None


def _things_of(document: Document) -> Iterator[Thing]:
    value = document.value
    if isinstance(value, Mapping) and "serdes/meta" in value:
        yield from _serialized(value, document)
        return
    listed = value if isinstance(value, list) else items(record(value).get("data"))
    if not listed:
        yield from _answered(record(value), document)
    for position, one in enumerate(listed):
        path: tuple[Step, ...] = (position,) if isinstance(value, list) else ("data", position)
        yield from _answered(record(one), document, path)


def _serialized(value: Record, document: Document) -> Iterator[Thing]:
    """A document of a serialization export; tables and fields are known by the names that lead to them."""
    meta = records(value.get("serdes/meta"))
    kind = _MODELS.get(label(meta[-1].get("model")) if meta else "")
    if not kind:
        return
    id = label(value.get("entity_id")) if kind not in ("table", "field", "database") else ""
    id = id or "/".join(label(part.get("id")) for part in meta) or label(value.get("name"))
    yield Thing(kind, id, value, document)


def _answered(value: Record, document: Document, path: tuple[Step, ...] = ()) -> Iterator[Thing]:
    """One thing that the REST API gave, told by what it has."""
    id = label(value.get("id"))
    if not id:
        return
    if "dataset_query" in value:
        yield Thing("card", id, value, document, path)
    elif "dashcards" in value or "ordered_cards" in value:
        yield Thing("dashboard", id, value, document, path)
        for part in records(list(items(value.get("dashcards")) or items(value.get("ordered_cards")))):
            yield from _answered(record(part.get("card")), document, path)
    elif "engine" in value:
        yield Thing("database", id, value, document, path)
    elif "definition" in value:
        yield Thing("definition", id, value, document, path)
    elif "content" in value:
        yield Thing("snippet", id, value, document, path)
