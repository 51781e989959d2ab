"""Superset exports: charts as past queries, datasets as descriptions and metrics, dashboards.

Read: the zip of an export or the folder it was unpacked in (`dashboards/`, `charts/`, `datasets/DATABASE/`,
`databases/`), and folders of `dashboard.yaml`, `dataset.yaml` and `charts/*.yaml`. Documents are told by what
they hold (`dashboard_title`, `slice_name`, `table_name`, `database_name`), not by where they lie. Version 1.x
of the format, which Superset writes since 1.0, is read; version 0 (one JSON) is passed over.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gnomon.context.catalog.facts import Dashboard, Fact, FactKind, Item, PastQuery, Problem
from gnomon.context.catalog.sources.dashboards.compose import Unsupported, dialect_of, tables_of
from gnomon.context.catalog.sources.dashboards.superset_charts import Dataset, chart_queries
from gnomon.context.catalog.sources.exports import (
    Document,
    Origins,
    Record,
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

_KINDS = {
    "slice_name": "chart",
    "table_name": "dataset",
    "dashboard_title": "dashboard",
    "database_name": "database",
}


def open_superset(path: Path, name: str) -> "SupersetExport":
    """A source that reads the export at `path`: a zip or tar archive, or a folder."""
    return SupersetExport(path, name)


@dataclass(frozen=True, slots=True)
class SupersetExport:
    """An export of Superset."""

    path: Path
    name: str

    def fingerprint(self) -> str:
        """See `Source.fingerprint`."""
        return fingerprint(self.path, is_document)

    def read(self) -> Iterator[Item]:
        """See `Source.read`. Datasets first, then charts, then dashboards."""
        export = _Export(Origins(self.name))
        for document in read_documents(self.path, is_document):
            if isinstance(document, Problem):
                yield document
            else:
                yield from export.add(document)
        yield from export.items()


@dataclass(slots=True)
class _Export:
    """The documents of one export by kind, the first of each uuid."""

    origins: Origins
    found: dict[str, dict[str, Document]] = field(default_factory=lambda: {k: {} for k in _KINDS.values()})

    def add(self, document: Document) -> Iterator[Problem]:
        value = record(document.value)
        kind = next((kind for key, kind in _KINDS.items() if key in value), "")
        if not kind:
            if "dashboards" in value or "datasources" in value:
                yield Problem(
                    document.file, "It is an export of before Superset 1.0; export it again with a newer one."
                )
            return
        version = label(value.get("version"))
        if version and not version.startswith("1"):
            yield Problem(
                document.place("version"), f"It is of version {version} of the format; version 1 is read."
            )
            return
        uuid = label(value.get("uuid")) or document.file
        self.found[kind].setdefault(uuid, document)

    def items(self) -> Iterator[Item]:
        datasets = {uuid: self._dataset(doc) for uuid, doc in self.found["dataset"].items()}
        for uuid, document in self.found["dataset"].items():
            yield from _dataset_items(document, datasets[uuid], self.origins)
        boards = [_Board(document) for document in self.found["dashboard"].values()]
        for uuid, document in self.found["chart"].items():
            board = next((b for b in boards if uuid in b.charts), None)
            yield from _chart_items(document, datasets, board, self.origins)
        for board in boards:
            yield self._dashboard(board, datasets)

    def _dataset(self, document: Document) -> Dataset:
        value = record(document.value)
        database = self.found["database"].get(label(value.get("database_uuid")))
        uri = words(record(database.value).get("sqlalchemy_uri")) if database else ""
        columns = records(value.get("columns"))
        return Dataset(
            name=label(value.get("table_name")),
            parts=tuple(p for p in (label(value.get(k)) for k in ("catalog", "schema", "table_name")) if p),
            sql=words(value.get("sql")),
            dialect=dialect_of(uri),
            times=frozenset(label(c.get("column_name")) for c in columns if c.get("is_dttm") is True),
            computed={
                label(c.get("column_name")): words(c.get("expression"))
                for c in columns
                if words(c.get("expression"))
            },
            metrics={
                label(m.get("metric_name")): words(m.get("expression")) for m in records(value.get("metrics"))
            },
        )

    def _dashboard(self, board: "_Board", datasets: dict[str, Dataset]) -> Dashboard:
        value = board.value
        charts = (self.found["chart"].get(uuid) for uuid in board.charts)
        uuids = (label(record(chart.value).get("dataset_uuid")) for chart in charts if chart)
        read = (name for uuid in uuids if uuid in datasets for name in _tables(datasets[uuid]))
        return Dashboard(
            title=board.title,
            origin=self.origins.at(board.document.place("dashboard_title"), "usage"),
            owner=_owner(value),
            tables=tuple(dict.fromkeys(read)),
        )


class _Board:
    """A dashboard, and the uuids of its charts."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.value = record(document.value)
        self.title = label(self.value.get("dashboard_title"))
        parts = record(self.value.get("position")).values()
        metas = [record(record(part).get("meta")) for part in parts]
        self.charts = tuple(
            dict.fromkeys(label(meta.get("uuid")) for meta in metas if label(meta.get("uuid")))
        )


def _owner(value: Record) -> str:
    return next((person(owner) for owner in items(value.get("owners")) if person(owner)), "")


def _tables(dataset: Dataset) -> tuple[str, ...]:
    return tables_of(dataset.sql, dataset.dialect) if dataset.sql else (dataset.table,)


def _chart_items(
    document: Document, datasets: dict[str, Dataset], board: _Board | None, origins: Origins
) -> Iterator[Item]:
    chart = record(document.value)
    title = label(chart.get("slice_name"))
    place = document.place("slice_name")
    dataset = datasets.get(label(chart.get("dataset_uuid")))
    if dataset is None:
        yield Problem(
            place, f"The chart `{title}` has a dataset that is not in the export; export it with it."
        )
        return
    approved = label(chart.get("certified_by")) or (label(board.value.get("certified_by")) if board else "")
    try:
        for sql in chart_queries(chart, dataset):
            yield PastQuery(
                sql=sql,
                origin=origins.at(place, "usage"),
                dialect=dataset.dialect,
                title=title,
                author=_owner(chart),
                last_run=moment(chart.get("last_saved_at")),
                dashboard=board.title if board else "",
                reviewed=bool(approved),
            )
    except Unsupported as reason:
        yield Problem(place, f"The chart `{title}` {reason}; its query is left out.")


def _dataset_items(document: Document, dataset: Dataset, origins: Origins) -> Iterator[Item]:
    if dataset.sql:
        yield from _virtual_items(document, dataset, origins)
        return
    value = record(document.value)
    said = _Saying(document, dataset.table, origins)
    yield from said("meaning", prose(value.get("description")), "description")
    owner = _owner(value)
    yield from said("owner", owner, "owners")
    for position, column in enumerate(items(value.get("columns"))):
        yield from _column_items(record(column), said, position)
    for position, metric in enumerate(items(value.get("metrics"))):
        yield from _metric_items(record(metric), said, position)
    extra = _extra(value.get("extra"))
    yield from said("caveat", prose(extra.get("warning_markdown")), "extra")
    if label(record(extra.get("certification")).get("certified_by")):
        yield from said("tag", "certified", "extra")


def _virtual_items(document: Document, dataset: Dataset, origins: Origins) -> Iterator[Item]:
    place = document.place("sql")
    if "{{" in dataset.sql or "{%" in dataset.sql:
        yield Problem(place, f"The dataset `{dataset.name}` is a Jinja template; its query is left out.")
        return
    value = record(document.value)
    certified = record(_extra(value.get("extra")).get("certification"))
    yield PastQuery(
        sql=dataset.sql,
        origin=origins.at(place, "usage"),
        dialect=dataset.dialect,
        title=dataset.name,
        author=_owner(value),
        reviewed=bool(label(certified.get("certified_by"))),
    )


@dataclass(frozen=True, slots=True)
class _Saying:
    """Makes facts about one table from one document."""

    document: Document
    table: str
    origins: Origins

    def __call__(self, kind: FactKind, text: str, *path: Step, column: str = "") -> Iterator[Fact]:
        if text:
            origin = self.origins.at(self.document.place(*path), "documentation")
            yield Fact(self.table, kind, text, origin, column)


def _column_items(column: Record, said: _Saying, position: int) -> Iterator[Item]:
    name, text = label(column.get("column_name")), prose(column.get("description"))
    expression = prose(column.get("expression"))
    if expression:
        told = f"calculated column {name} = {expression}" + (f": {text}" if text else "")
        yield from said("derivation", told, "columns", position)
    elif name:
        yield from said("column_meaning", text, "columns", position, column=name)


def _metric_items(metric: Record, said: _Saying, position: int) -> Iterator[Item]:
    name, expression = label(metric.get("metric_name")), prose(metric.get("expression"))
    text = prose(metric.get("description"))
    if not name or not expression or (expression.casefold() == "count(*)" and not text):
        return
    told = f"metric {name} = {expression}" + (f": {text}" if text else "")
    yield from said("derivation", told, "metrics", position)
    yield from said("caveat", prose(_extra(metric.get("extra")).get("warning_markdown")), "metrics", position)


def _extra(value: object) -> Record:
    """`extra` is a mapping, or JSON in a text."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            # It is a free field that scripts fill as they like: what is no JSON holds nothing for us.
            return {}
    return record(value)
