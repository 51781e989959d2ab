"""OpenLineage events: lineage of tables and columns, the SQL of jobs, and what they say about tables.

Read: JSON Lines (streamed), a JSON array, or single events, as a file, a folder or an archive. A run's events
add up until it ends: only a run that ends in COMPLETE counts, one that ends in FAIL or ABORT is dropped.
Events of jobs and datasets without a run (`JobEvent`, `DatasetEvent`) count as they are. Of facets about one
table the newest is taken. Specification: openlineage.io/spec, 0.x to 2.x; other facets are passed over.
"""

import io
import json
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from gnomon.context.catalog.facts import Fact, FactKind, Item, KeyClaim, LineageEdge, PipelineCode, Problem
from gnomon.context.catalog.sources.exports import (
    Origins,
    Record,
    label,
    moment,
    prose,
    record,
    records,
    words,
)
from gnomon.store.archives import Skipped, fingerprint, folder_files, is_archive, open_files

MAX_EVENT_BYTES = 8_000_000
MAX_ARRAY_BYTES = 64_000_000
MAX_OPEN_BYTES = 256_000_000
"""Of events of runs that did not end yet; beyond it the oldest are forgotten."""

MAX_PROBLEMS_PER_FILE = 100
MAX_SQL_CHARACTERS = 1_000_000
MAX_FIELD_DEPTH = 15
_STORES = ("abfs", "adls", "dbfs", "file", "gs", "hdfs", "kafka", "pubsub", "s3", "wasb")
"""Beginnings of namespaces whose datasets are files or topics, and a table only by a symlink."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_OF_A_JOB = ("sql", "sourceCodeLocation", "lineage")


@dataclass(frozen=True, slots=True)
class Event:
    """An event, where it stands, and how long its text is."""

    place: str
    value: Record
    bytes: int


def open_openlineage(path: Path, name: str) -> "OpenLineage":
    """A source that reads the events at `path`: a file, a folder or an archive."""
    return OpenLineage(path, name)


def _is_wanted(name: str) -> bool:
    return name.casefold().endswith((".json", ".jsonl", ".ndjson", ".log"))


@dataclass(frozen=True, slots=True)
class OpenLineage:
    """A log of OpenLineage events."""

    path: Path
    name: str

    def fingerprint(self) -> str:
        """See `Source.fingerprint`."""
        return fingerprint(self.path, _is_wanted)

    def read(self) -> Iterator[Item]:
        """See `Source.read`. Problems first, then lineage, code and facts, by table as they were met."""
        log = _Log()
        for event in _events(self.path):
            if isinstance(event, Problem):
                yield event
            else:
                log.take(event)
        yield from log.items(Origins(self.name))


def _events(path: Path) -> Iterator[Event | Problem]:
    if path.is_dir():
        for found in folder_files(path, _is_wanted):
            if isinstance(found, Skipped):
                yield Problem(found.name, f"`{found.name}` {found.reason}.")
            else:
                yield from _opened(found[1], found[0])
    elif path.is_file() and not is_archive(path):
        yield from _opened(path, path.name)
    else:
        for entry in open_files(path, _is_wanted):
            if isinstance(entry, Skipped):
                yield Problem(entry.name, f"`{entry.name}` {entry.reason}.")
            else:
                yield from _bounded(_file_events(io.BytesIO(entry.content), entry.name), entry.name)


def _opened(path: Path, name: str) -> Iterator[Event | Problem]:
    try:
        with path.open("rb") as file:
            yield from _bounded(_file_events(file, name), name)
    except OSError as error:
        yield Problem(name, f"The file cannot be read: {error.strerror}.")


def _bounded(events: Iterator[Event | Problem], name: str) -> Iterator[Event | Problem]:
    """The events, and the first hundred problems of a file that may have millions."""
    problems = 0
    for event in events:
        problems += isinstance(event, Problem)
        if not isinstance(event, Problem) or problems <= MAX_PROBLEMS_PER_FILE:
            yield event
    if problems > MAX_PROBLEMS_PER_FILE:
        yield Problem(name, f"It has {problems - MAX_PROBLEMS_PER_FILE:,} further lines that cannot be read.")


def _file_events(file: BinaryIO, name: str) -> Iterator[Event | Problem]:
    """The events of a file: one JSON text if it begins as a list or its first line is no JSON, else lines."""
    first = file.readline(MAX_EVENT_BYTES)
    file.seek(0)
    start = first.lstrip()[:1]
    if start == b"[" or (start == b"{" and not _is_json(first)):
        yield from _whole(file, name)
    else:
        yield from _lines(file, name)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _whole(file: BinaryIO, name: str) -> Iterator[Event | Problem]:
    content = file.read(MAX_ARRAY_BYTES + 1)
    if len(content) > MAX_ARRAY_BYTES:
        told = f"It is one JSON text of over {MAX_ARRAY_BYTES:,} bytes; write one event a line."
        value: object = Problem(name, told)
    else:
        value = _parsed(content, name)
    if isinstance(value, Problem):
        # One broken line at the start of a log is no reason to give up the lines after it.
        file.seek(0)
        yield from _lines(file, name) if b"\n{" in content else [value]
        return
    events = value if isinstance(value, list) else [value]
    for position, event in enumerate(events):
        yield _event(event, f"{name} (event {position + 1})", len(content) // len(events))


def _lines(file: BinaryIO, name: str) -> Iterator[Event | Problem]:
    number = 0
    while line := file.readline(MAX_EVENT_BYTES):
        number += 1
        place = f"{name}:{number}"
        if not line.endswith(b"\n") and len(line) == MAX_EVENT_BYTES:
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_EVENT_BYTES)
            yield Problem(place, f"The event is longer than {MAX_EVENT_BYTES:,} bytes.")
        elif line.strip():
            value = _parsed(line, place)
            yield value if isinstance(value, Problem) else _event(value, place, len(line))


def _parsed(content: bytes, place: str) -> object:
    try:
        return json.loads(content)
    except json.JSONDecodeError as error:
        at = place if ":" in place else f"{place}:{error.lineno}"
        return Problem(at, f"It is not JSON ({error.msg}); the line may be cut off.")
    except RecursionError:
        return Problem(place, "It nests too deep to be read.")
    except ValueError:
        return Problem(place, "It is not UTF-8 text, or holds a number that cannot be read.")


def _event(value: object, place: str, size: int) -> Event | Problem:
    event = record(value)
    if not event.keys() & {"inputs", "outputs", "job", "dataset"}:
        return Problem(place, "It is no OpenLineage event: it has no job and no dataset.")
    return Event(place, event, size)


@dataclass(slots=True)
class _Run:
    """What the events of one run, or of a job without runs, have told so far."""

    place: str = ""
    at: datetime = _EPOCH
    bytes: int = 0
    job: str = ""
    inputs: dict[tuple[str, str], Record] = field(default_factory=dict)
    outputs: dict[tuple[str, str], Record] = field(default_factory=dict)
    facets: dict[str, object] = field(default_factory=dict)

    def add(self, told: Event) -> None:
        event = told.value
        self.place = told.place
        self.bytes += told.bytes
        self.at = moment(event.get("eventTime")) or self.at
        job = record(event.get("job"))
        self.job = label(job.get("name")) or self.job
        self.facets |= {k: v for k, v in record(job.get("facets")).items() if k in _OF_A_JOB}
        for kind, found in (("inputs", self.inputs), ("outputs", self.outputs)):
            for dataset in records(event.get(kind)):
                key = (words(dataset.get("namespace")), words(dataset.get("name")))
                extra = record(dataset.get("inputFacets")) if kind == "inputs" else {}
                found[key] = {**found.get(key, {}), **record(dataset.get("facets")), **extra}


@dataclass(frozen=True, slots=True)
class _Told:
    """A table's facets as one event told them."""

    at: datetime
    place: str
    facets: Record


@dataclass(slots=True)
class _Log:
    """Everything the events told, the newest of each kind."""

    runs: OrderedDict[str, _Run] = field(default_factory=OrderedDict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    told: dict[str, dict[str, _Told]] = field(default_factory=dict)
    edges: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    code: dict[str, tuple[datetime, str, str, str]] = field(default_factory=dict)
    producers: dict[str, tuple[datetime, str, str]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    open_bytes: int = 0

    def take(self, told: Event) -> None:
        """Take an event in; it counts once its run is complete."""
        event = told.value
        id = label(record(event.get("run")).get("runId"))
        state = words(event.get("eventType")).upper()
        if not id:
            run = _Run()
            run.add(told)
            dataset = record(event.get("dataset"))
            if dataset:
                key = (words(dataset.get("namespace")), words(dataset.get("name")))
                run.inputs[key] = record(dataset.get("facets"))
            self._commit(run)
            return
        run = self.runs.setdefault(id, _Run())
        run.add(told)
        self.open_bytes += told.bytes
        if state == "COMPLETE":
            self._commit(run)
        if state in ("COMPLETE", "FAIL", "ABORT"):
            self.open_bytes -= self.runs.pop(id).bytes
        while self.open_bytes > MAX_OPEN_BYTES:
            self.open_bytes -= self.runs.popitem(last=False)[1].bytes

    def _commit(self, run: _Run) -> None:
        both = {**run.inputs, **run.outputs}
        for key, facets in both.items():
            name = _table_name(key, facets)
            if name:
                self.names[key] = name
                self._keep_facets(name, facets, run)
        inputs = [self.names[key] for key in run.inputs if key in self.names]
        outputs = [(self.names[key], facets) for key, facets in run.outputs.items() if key in self.names]
        for table, facets in outputs:
            self._add_lineage(table, facets, inputs, run)
            self._keep_producer(table, run)
        for entry in records(record(run.facets.get("lineage")).get("entries")):
            table = self._name_of(entry)
            if table:
                self._add_fields(table, entry, "inputs", run.place)
                self._add_inputs(table, entry.get("inputs"), run.place)
        if len(run.outputs) == 1 and outputs:
            self._keep_code(outputs[0][0], run)

    def _keep_facets(self, table: str, facets: Record, run: _Run) -> None:
        kept = self.told.setdefault(table, {})
        for key, facet in facets.items():
            if key in _FACETS and (key not in kept or kept[key].at <= run.at):
                kept[key] = _Told(run.at, run.place, record(facet))

    def _add_lineage(self, table: str, facets: Record, inputs: list[str], run: _Run) -> None:
        columns = record(facets.get("columnLineage"))
        explicit = record(facets.get("lineage"))
        self._add_fields(table, columns, "inputFields", run.place)
        self._add_inputs(table, columns.get("dataset"), run.place)
        self._add_fields(table, explicit, "inputs", run.place)
        self._add_inputs(table, explicit.get("inputs"), run.place)
        if len(run.outputs) == 1 or not (columns or explicit):
            for upstream in inputs:
                self._edge(table, upstream, run.place)

    def _add_fields(self, table: str, facet: Record, key: str, place: str) -> None:
        """Column lineage. What only filters or groups rows (INDIRECT) is lineage of the table alone."""
        for column, told in record(facet.get("fields")).items():
            for source in records(record(told).get(key)):
                upstream, from_column = self._name_of(source), label(source.get("field"))
                if not upstream:
                    continue
                self._edge(table, upstream, place)
                if from_column and _is_direct(source):
                    self._edge(table, upstream, place, label(column), from_column)

    def _add_inputs(self, table: str, sources: object, place: str) -> None:
        for source in records(sources):
            upstream = self._name_of(source)
            if upstream:
                self._edge(table, upstream, place)

    def _edge(self, table: str, upstream: str, place: str, column: str = "", from_column: str = "") -> None:
        if (table, column) != (upstream, from_column):
            self.edges.setdefault((table, upstream, column, from_column), place)

    def _name_of(self, source: Record) -> str:
        key = (words(source.get("namespace")), words(source.get("name")))
        return self.names.get(key) or _table_name(key, {})

    def _keep_producer(self, table: str, run: _Run) -> None:
        location = record(run.facets.get("sourceCodeLocation"))
        text = label(location.get("url")) or label(location.get("path")) or f"job {run.job}".strip()
        if table not in self.producers or self.producers[table][0] <= run.at:
            self.producers[table] = (run.at, text, run.place)

    def _keep_code(self, table: str, run: _Run) -> None:
        facet = record(run.facets.get("sql"))
        sql = words(facet.get("query"))
        if not sql or (table in self.code and self.code[table][0] > run.at):
            return
        if len(sql) > MAX_SQL_CHARACTERS:
            told = f"The SQL of `{run.job}` is longer than {MAX_SQL_CHARACTERS:,} characters; it is left out."
            self.problems.append(Problem(run.place, told))
            return
        self.code[table] = (run.at, sql, label(facet.get("dialect")).casefold(), run.place)

    def items(self, origins: Origins) -> Iterator[Item]:
        """What the log tells, in the order in which it was met."""
        yield from self.problems
        for (table, upstream, column, from_column), place in self.edges.items():
            yield LineageEdge(table, upstream, origins.at(place, "code"), column, from_column)
        for table, (at, sql, dialect, place) in self.code.items():
            yield PipelineCode(table, sql, origins.at(place, "code", said_at=_known(at)), _dialect(dialect))
        for table, (at, text, place) in self.producers.items():
            if text != "job":
                yield Fact(table, "produced_by", text, origins.at(place, "code", said_at=_known(at)))
        for table, facets in self.told.items():
            for key, told in facets.items():
                yield from _FACETS[key](_Saying(table, told, origins))


def _known(at: datetime) -> datetime | None:
    return None if at == _EPOCH else at


def _dialect(name: str) -> str:
    from gnomon.context.catalog.sources.dashboards.compose import dialect_of

    return dialect_of(name)


def _is_direct(source: Record) -> bool:
    """Whether a value comes from the column; events of before 1.1 of the facet name no transformations."""
    kinds = [words(t.get("type")).upper() for t in records(source.get("transformations"))]
    return not kinds or "DIRECT" in kinds


def _table_name(key: tuple[str, str], facets: Record) -> str:
    """The table that a dataset is, as `db.schema.name`; empty for files and topics without a table's name.

    A symlink of type TABLE names the table behind files. Glue writes `table/db/name`.
    """
    for link in records(record(facets.get("symlinks")).get("identifiers")):
        if words(link.get("type")).upper() == "TABLE" and label(link.get("name")):
            return _dotted(label(link.get("name")))
    namespace, name = key
    if not name or namespace.casefold().startswith(_STORES):
        return ""
    return _dotted(label(name))


def _dotted(name: str) -> str:
    if name.startswith("table/"):
        name = name.removeprefix("table/").replace("/", ".")
    return "" if "/" in name else ".".join(name.split(".")[-3:])


@dataclass(frozen=True, slots=True)
class _Saying:
    """One facet of one table."""

    table: str
    told: _Told
    origins: Origins

    def fact(self, kind: FactKind, text: str, column: str = "") -> Iterator[Fact]:
        if text:
            origin = self.origins.at(self.told.place, "documentation", said_at=_known(self.told.at))
            yield Fact(self.table, kind, text, origin, column)


def _documentation(saying: _Saying) -> Iterator[Item]:
    yield from saying.fact("meaning", prose(saying.told.facets.get("description")))


def _ownership(saying: _Saying) -> Iterator[Item]:
    owners = records(saying.told.facets.get("owners"))
    ranked = sorted(owners, key=lambda o: words(o.get("type")).upper() not in ("OWNER", "MAINTAINER"))
    yield from saying.fact("owner", next((label(o.get("name")) for o in ranked if label(o.get("name"))), ""))


def _schema(saying: _Saying) -> Iterator[Item]:
    yield from _schema_fields(saying, saying.told.facets.get("fields"), "", 0)


def _schema_fields(saying: _Saying, fields: object, above: str, depth: int) -> Iterator[Item]:
    for one in records(fields) if depth <= MAX_FIELD_DEPTH else ():
        name = label(one.get("name"))
        if name:
            yield from saying.fact("column_meaning", prose(one.get("description")), f"{above}{name}")
            yield from _schema_fields(saying, one.get("fields"), f"{above}{name}.", depth + 1)


def _tags(saying: _Saying) -> Iterator[Item]:
    for tag in records(saying.told.facets.get("tags")):
        key, value = label(tag.get("key")), label(tag.get("value"))
        if key and not label(tag.get("field")):
            yield from saying.fact("tag", f"{key}:{value}" if value and value != "true" else key)


def _assertions(saying: _Saying) -> Iterator[Item]:
    """Columns that were tested to be unique."""
    for test in records(saying.told.facets.get("assertions")):
        name, column = words(test.get("assertion")).casefold(), label(test.get("column"))
        if column and test.get("success") is True and name in ("unique", "expect_column_values_to_be_unique"):
            at = _known(saying.told.at)
            origin = saying.origins.at(saying.told.place, "documentation", said_at=at)
            yield KeyClaim(saying.table, (column,), origin)


_FACETS: dict[str, Callable[[_Saying], Iterator[Item]]] = {
    "dataQualityAssertions": _assertions,
    "documentation": _documentation,
    "ownership": _ownership,
    "schema": _schema,
    "tags": _tags,
}
