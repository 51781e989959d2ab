"""Folders of table metadata in the form of Mozilla's bigquery-etl.

Read: a tree `[PROJECT/]DATASET/TABLE/` as a folder or archive, and in each table's folder `metadata.yaml`,
`schema.yaml`, `query.sql`, `view.sql`, `materialized_view.sql` and `README.md`; in a dataset's folder
`dataset_metadata.yaml`. What a schema takes over from other files (`!include-...`) is left out. Format:
github.com/mozilla/bigquery-etl, `bigquery_etl/metadata/parse_metadata.py`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from gnomon.context.catalog.facts import Fact, FactKind, Item, LineageEdge, PipelineCode, Problem
from gnomon.context.catalog.sources.exports import (
    Document,
    Origins,
    Record,
    items,
    label,
    parse_documents,
    prose,
    record,
    records,
)
from gnomon.store.archives import Entry, Skipped, StoredFile, fingerprint, open_files
from gnomon.store.yaml_files import Step

MAX_FIELD_DEPTH = 15
"""BigQuery nests records no deeper."""

MAX_SQL_CHARACTERS = 1_000_000
_SQL_FILES = {"query.sql": "table", "view.sql": "view", "materialized_view.sql": "materialized_view"}
_WANTED = frozenset({"README.md", "dataset_metadata.yaml", "metadata.yaml", "schema.yaml", *_SQL_FILES})
_MISSING = ("[DESCRIPTION_MISSING]", "Please provide a description for the query")
_TAG_LABELS = ("application", "level", "table_type", "type")


def open_bigquery_etl(path: Path, name: str) -> "BigqueryEtl":
    """A source that reads the tree at `path`: a folder or an archive."""
    return BigqueryEtl(path, name)


def _is_wanted(name: str) -> bool:
    return name.rsplit("/", 1)[-1] in _WANTED


@dataclass(frozen=True, slots=True)
class BigqueryEtl:
    """A tree of table metadata."""

    path: Path
    name: str

    def fingerprint(self) -> str:
        """See `Source.fingerprint`."""
        return fingerprint(self.path, _is_wanted)

    def read(self) -> Iterator[Item]:
        """See `Source.read`. Table by table, in the order of the folders."""
        reading = _Reading(Origins(self.name))
        entries = open_files(self.path, _is_wanted)
        for folder, files in groupby(entries, key=lambda entry: entry.name.rpartition("/")[0]):
            yield from reading.folder(folder, files)


@dataclass(slots=True)
class _Reading:
    """What was read so far of datasets, as their tables need it."""

    origins: Origins
    user_facing: dict[str, str] = field(default_factory=dict)

    def folder(self, folder: str, files: Iterator[Entry]) -> Iterator[Item]:
        """The items of one folder: a table's, or a dataset's."""
        table = _Table(".".join(folder.split("/")[-3:]), folder, self.origins)
        for file in files:
            if isinstance(file, Skipped):
                yield Problem(file.name, f"`{file.name}` {file.reason}.")
            else:
                yield from self._file(file, table)
        if table.has_files:
            yield from table.items(self.user_facing.get(folder.rpartition("/")[0], ""))

    def _file(self, file: StoredFile, table: "_Table") -> Iterator[Item]:
        own = file.name.rpartition("/")[2]
        if own == "README.md" or own in _SQL_FILES:
            yield from table.add_text(own, file)
            return
        for document in parse_documents(file):
            if isinstance(document, Problem):
                yield document
            elif own == "dataset_metadata.yaml":
                if record(document.value).get("user_facing") is True:
                    self.user_facing[table.folder] = document.place("user_facing")
            else:
                table.documents[own] = document


@dataclass(slots=True)
class _Table:
    """One table's folder."""

    name: str
    folder: str
    origins: Origins
    documents: dict[str, Document] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def has_files(self) -> bool:
        return bool(self.name) and bool(self.documents or self.texts.keys() - {"README.md"})

    def add_text(self, own: str, file: StoredFile) -> Iterator[Problem]:
        """Keep a text file, or say why not."""
        try:
            self.texts[own] = file.text()
        except UnicodeDecodeError as error:
            line = file.content.count(b"\n", 0, error.start) + 1
            yield Problem(f"{file.name}:{line}", "It is not UTF-8 text; convert it.")

    def items(self, user_facing: str) -> Iterator[Item]:
        """Everything the folder tells of the table."""
        document = self.documents.get("metadata.yaml")
        value = record(document.value) if document else {}
        if document:
            yield from self._metadata(document, value)
        if not _description(value):
            yield from self._readme()
        if user_facing:
            yield self._fact("tag", "user-facing", user_facing)
        schema = self.documents.get("schema.yaml")
        if schema:
            fields = schema.value if isinstance(schema.value, list) else record(schema.value).get("fields")
            start: tuple[Step, ...] = () if isinstance(schema.value, list) else ("fields",)
            yield from self._fields(schema, fields, start, "", 0)
        for own, made in _SQL_FILES.items():
            if own in self.texts:
                incremental = made == "table" and _incremental(value)
                yield from self._code(own, "incremental" if incremental else made)

    def _metadata(self, document: Document, value: Record) -> Iterator[Item]:
        labels = record(value.get("labels"))
        yield from self._said(document, "meaning", _meaning(value), "description")
        owners = [label(owner) for owner in items(value.get("owners")) if label(owner)]
        yield from self._said(document, "owner", ", ".join(owners[:3]), "owners")
        yield from self._said(document, "freshness", label(labels.get("schedule")), "labels", "schedule")
        for key in _TAG_LABELS:
            told = f"{key}:{label(labels.get(key))}" if label(labels.get(key)) else ""
            yield from self._said(document, "tag", told, "labels", key)
        for position, tag in enumerate(items(value.get("tags"))):
            yield from self._said(document, "tag", label(tag), "tags", position)
        yield from self._caveats(document, value)
        yield from self._partitioning(document, value)
        yield from self._made_by(document, value)
        for upstream, path in _references(value):
            yield LineageEdge(self.name, upstream, self.origins.at(document.place(*path), "documentation"))

    def _caveats(self, document: Document, value: Record) -> Iterator[Item]:
        if value.get("deprecated") is True:
            yield from self._said(document, "caveat", "Deprecated.", "deprecated")
        gone = value.get("deletion_date")
        told = f"Its deletion is planned for {gone}." if gone else ""
        yield from self._said(document, "caveat", told[:100], "deletion_date")

    def _partitioning(self, document: Document, value: Record) -> Iterator[Item]:
        bigquery = record(value.get("bigquery"))
        cut = record(bigquery.get("time_partitioning")) or bigquery
        path = ("bigquery", "time_partitioning")
        if cut.get("require_partition_filter") is True:
            by = label(cut.get("field")) or "_PARTITIONTIME"
            told = f"Every query must filter on `{by}`: BigQuery refuses one without it."
            yield from self._said(document, "caveat", told, *path, "require_partition_filter")
        days = cut.get("expiration_days")
        if isinstance(days, int | float) and not isinstance(days, bool) and days > 0:
            told = f"Rows are kept for {days:g} days."
            yield from self._said(document, "scope", told, *path, "expiration_days")

    def _made_by(self, document: Document, value: Record) -> Iterator[Item]:
        if _incremental(value):
            told = "Built incrementally: each run adds or replaces a part of its rows."
            yield from self._said(document, "derivation", told, "labels", "incremental")
        external = record(value.get("external_data"))
        if external:
            told = f"Read from outside BigQuery ({label(external.get('format')) or 'external data'})."
            yield from self._said(document, "derivation", told, "external_data")
        dag = label(record(value.get("scheduling")).get("dag_name"))
        if dag and not self.texts.keys() & _SQL_FILES.keys():
            yield from self._said(document, "produced_by", f"Airflow DAG {dag}", "scheduling", "dag_name")

    def _readme(self) -> Iterator[Item]:
        """The first paragraph of the README, where nothing else describes the table."""
        paragraphs = prose(self.texts.get("README.md", "")).replace("\r\n", "\n").split("\n\n")
        plain = (p.strip() for p in paragraphs if p.strip() and not p.lstrip().startswith("#"))
        first = next(plain, "")
        if first:
            yield self._fact("meaning", first, f"{self.folder}/README.md")

    def _fields(
        self, document: Document, fields: object, path: tuple[Step, ...], above: str, depth: int
    ) -> Iterator[Item]:
        if depth > MAX_FIELD_DEPTH:
            yield Problem(document.place(*path), f"Fields nest deeper than {MAX_FIELD_DEPTH} levels.")
            return
        for position, one in enumerate(items(fields)):
            name = label(record(one).get("name"))
            if not name:
                continue
            at, column = (*path, position), f"{above}{name}"
            text = prose(record(one).get("description"))
            if text and text not in _MISSING:
                yield self._fact("column_meaning", text, document.place(*at), column)
            yield from self._fields(
                document, record(one).get("fields"), (*at, "fields"), f"{column}.", depth + 1
            )

    def _code(self, own: str, materialized: str) -> Iterator[Item]:
        sql, place = self.texts[own], f"{self.folder}/{own}"
        reason = _unreadable(sql)
        if reason:
            yield Problem(place, f"The SQL {reason}; it is left out.")
        else:
            yield PipelineCode(self.name, sql, self.origins.at(place, "code"), "bigquery", materialized)

    def _said(self, document: Document, kind: FactKind, text: str, *path: Step) -> Iterator[Fact]:
        if text:
            yield self._fact(kind, text, document.place(*path))

    def _fact(self, kind: FactKind, text: str, place: str, column: str = "") -> Fact:
        return Fact(self.name, kind, text, self.origins.at(place, "documentation"), column)


def _description(value: Record) -> str:
    text = prose(value.get("description"))
    return "" if text in _MISSING else text


def _meaning(value: Record) -> str:
    """The description, led by the friendly name where that adds words."""
    title, text = label(value.get("friendly_name")), _description(value)
    if not text or title.casefold() in text.casefold():
        return text
    return f"{title}: {text}"


def _incremental(value: Record) -> bool:
    return record(value.get("labels")).get("incremental") in (True, "true")


def _references(value: Record) -> Iterator[tuple[str, tuple[Step, ...]]]:
    """The tables that a table is said to be made from, and where that is said."""
    for file, names in record(value.get("references")).items():
        if file in _SQL_FILES:
            for position, name in enumerate(items(names)):
                # `..` stands for names that were left out of a list.
                if label(name).strip("."):
                    yield label(name), ("references", file, position)
    listed = items(record(value.get("scheduling")).get("referenced_tables"))
    for position, parts in enumerate(listed):
        name = ".".join(label(part) for part in items(parts) if label(part))
        if name:
            yield name, ("scheduling", "referenced_tables", position)
    for position, derived in enumerate(records(record(value.get("schema")).get("derived_from"))):
        name = ".".join(label(part) for part in items(derived.get("table")) if label(part))
        if name:
            yield name, ("schema", "derived_from", position)


def _unreadable(sql: str) -> str:
    """Why a text is not one statement of plain SQL; empty if it is."""
    from sqlglot import TokenType
    from sqlglot.dialects.bigquery import BigQuery
    from sqlglot.errors import SqlglotError

    if len(sql) > MAX_SQL_CHARACTERS:
        return f"is longer than {MAX_SQL_CHARACTERS:,} characters"
    if "{{" in sql or "{%" in sql:
        return "is a Jinja template, which only its own tool can fill in"
    try:
        tokens = [token.token_type for token in BigQuery().tokenize(sql)]
    except SqlglotError:
        return "cannot be cut into words, as in an unclosed text or comment"
    while tokens and tokens[-1] == TokenType.SEMICOLON:
        tokens.pop()
    if not tokens:
        return "is empty"
    return "is a script of several statements" if TokenType.SEMICOLON in tokens else ""
