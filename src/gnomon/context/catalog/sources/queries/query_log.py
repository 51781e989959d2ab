"""A query log, or a folder of them, in any of the formats that are known."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from gnomon.context.catalog.facts import Origin, PastQuery, PipelineCode, Problem
from gnomon.context.catalog.sources.port import Source
from gnomon.context.catalog.sources.queries import postgres
from gnomon.context.catalog.sources.queries.containers import (
    Cells,
    Row,
    csv_cells,
    csv_rows,
    json_array_rows,
    json_rows,
)
from gnomon.context.catalog.sources.queries.fields import holds_sql, normalised, past_query
from gnomon.context.catalog.sources.queries.lines import Complaints, Line, read_lines, read_pieces, texts
from gnomon.context.catalog.sources.queries.places import Place, files_at, stamp
from gnomon.context.catalog.sources.queries.sql_text import logged_statements
from gnomon.context.catalog.sources.queries.statements import LogStatements
from gnomon.context.catalog.usage.statements import READ_WORDS, WRITE_WORDS, first_word

LogFormat = Literal["auto", "json_lines", "json_array", "csv", "sql_text", "postgres_text", "postgres_csv"]
"""How a log's file is written. Which tool wrote it shows in the names of its fields.

`json_lines`, `json_array` and `csv` (with a header) hold our own logs, DuckDB's, PostgreSQL's `jsonlog`,
`pg_stat_statements`, and exports of Snowflake's QUERY_HISTORY and BigQuery's INFORMATION_SCHEMA.JOBS;
`sql_text` is what DuckDB's `log_query_path` writes; `postgres_text` and `postgres_csv` are PostgreSQL's
`stderr` and `csvlog`.
"""

_ENDINGS = frozenset({".log", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".sql", ".txt"})
_LOOK = 40
_UNKNOWN = "The file is no query log of a known format; name its format, or leave it out."
_NO_SQL = "No field holds SQL; call it `sql`, `query` or `query_text`."

Found = PastQuery | PipelineCode | Problem


def open_query_log(path: Path, name: str, dialect: str = "", format: LogFormat = "auto") -> Source:
    """A source of the queries in a log, or in every log of a folder, plain or gzipped.

    Args:
        dialect: sqlglot's name of the dialect that the log is in; empty for that of the engine whose log it
            is, where that shows, else for the warehouse's own.
        format: How the files are written; `auto` tells it from each file's first lines.
    """
    return QueryLog(path, name, dialect, format)


@dataclass(frozen=True, slots=True)
class QueryLog:
    """See `open_query_log`."""

    path: Path
    name: str
    dialect: str = ""
    format: LogFormat = "auto"

    def fingerprint(self) -> str:
        """Changes when a log is added, removed or written.

        Raises:
            Misconfigured: There is no such file or folder.
        """
        return stamp(self._files())

    def read(self) -> Iterator[Found]:
        """Every query and every statement that makes a table, in the order of the log.

        Raises:
            Misconfigured: There is no such file or folder.
        """
        statements = LogStatements(self.dialect)
        for place in self._files():
            complaints = Complaints(place.name)
            for item in self._read_file(place, complaints):
                if isinstance(item, Problem):
                    yield item
                else:
                    yield from statements.sort(item)
            yield from complaints.rest()

    def _files(self) -> list[Place]:
        return files_at(self.path, _ENDINGS, "query log")

    def _read_file(self, place: Place, complaints: Complaints) -> Iterator[PastQuery | Problem]:
        look = texts(read_pieces(place.path, Complaints(place.name)), _LOOK)
        form = recognise(look) if self.format == "auto" else self.format
        lines = read_lines(place.path, complaints)
        match form:
            case "json_lines":
                yield from self._records(json_rows(lines, complaints), place, complaints)
            case "json_array":
                pieces = read_pieces(place.path, complaints)
                yield from self._records(json_array_rows(pieces, complaints), place, complaints)
            case "csv":
                yield from self._csv(csv_cells(lines, complaints), place, complaints)
            case "sql_text":
                yield from self._texts(lines, place, complaints)
            case "postgres_text":
                yield from self._server(postgres.entries_of_text(lines, complaints), place)
            case "postgres_csv":
                yield from self._server(_entries(csv_cells(lines, complaints), complaints), place)
            case _ if look:
                yield Problem(f"{place.name}:1", _UNKNOWN)

    def _csv(
        self, records: Iterator[Cells | Problem], place: Place, complaints: Complaints
    ) -> Iterator[PastQuery | Problem]:
        for record in records:
            if isinstance(record, Problem):
                yield record
                continue
            yield from self._records(csv_rows(records, record.values, complaints), place, complaints)

    def _records(
        self, rows: Iterator[Row | Problem], place: Place, complaints: Complaints
    ) -> Iterator[PastQuery | Problem]:
        sessions = postgres.Sessions(place.name, self.name, self.dialect or "postgres")
        for row in rows:
            if isinstance(row, Problem):
                yield row
            elif "error_severity" in row.values and "message" in row.values:
                yield from sessions.take(postgres.entry_of_json(row.line, row.values))
            else:
                yield from self._record(row, place, complaints)
        yield from sessions.rest()

    def _record(self, row: Row, place: Place, complaints: Complaints) -> Iterator[PastQuery | Problem]:
        values, dialect = row.values, self.dialect
        if "log_level" in values and "type" in values:
            if row.values["type"] != "QueryLog":
                return
            values = {"sql": values.get("message"), "timestamp": values.get("timestamp")}
            dialect = self.dialect or "duckdb"
        query = past_query(values, f"{place.name}:{row.line}", self.name, dialect)
        if query is not None:
            yield query
        elif not holds_sql(values) and not _is_duckdb_context(values):
            yield from complaints.about(row.line, _NO_SQL)

    def _texts(
        self, lines: Iterator[Line | Problem], place: Place, complaints: Complaints
    ) -> Iterator[PastQuery | Problem]:
        dialect = self.dialect or "duckdb"
        for found in logged_statements(lines, dialect, complaints):
            if isinstance(found, Problem):
                yield found
            else:
                origin = Origin("usage", f"{place.name}:{found.line}", self.name)
                yield PastQuery(found.sql, origin, dialect)

    def _server(
        self, entries: Iterator[postgres.Entry | Problem], place: Place
    ) -> Iterator[PastQuery | Problem]:
        sessions = postgres.Sessions(place.name, self.name, self.dialect or "postgres")
        for entry in entries:
            if isinstance(entry, Problem):
                yield entry
            else:
                yield from sessions.take(entry)
        yield from sessions.rest()


def recognise(lines: list[str]) -> LogFormat:
    """The format of a file by its first lines that are not blank; `auto` if it is none that is known."""
    if not lines:
        return "auto"
    first = lines[0].lstrip()
    if first.startswith("{"):
        return "json_lines" if first.rstrip().endswith("}") else "json_array"
    if first.startswith("["):
        return "json_array"
    if any(map(postgres.is_log_text, lines)):
        return "postgres_text"
    numbered = (Line(number, line) for number, line in enumerate(lines, 1))
    cells = next((c for c in csv_cells(numbered, Complaints("")) if isinstance(c, Cells)), None)
    names = normalised(dict.fromkeys(cells.values, "")) if cells else {}
    if holds_sql(names) or "log_level" in names or _is_duckdb_context(names):
        return "csv"
    if cells and _is_csvlog(cells.values):
        return "postgres_csv"
    words = {first_word(line) for line in lines}
    return "sql_text" if words & ((READ_WORDS | WRITE_WORDS) - {"("}) else "auto"


def _entries(
    records: Iterator[Cells | Problem], complaints: Complaints
) -> Iterator[postgres.Entry | Problem]:
    for record in records:
        if isinstance(record, Problem):
            yield record
            continue
        entry = postgres.entry_of_cells(record.line, record.values)
        if entry is None:
            yield from complaints.about(
                record.line, "The record is none of PostgreSQL's csvlog; it was passed over."
            )
        else:
            yield entry


def _is_csvlog(cells: list[str]) -> bool:
    return len(cells) >= 20 and cells[0][:4].isdigit() and cells[11].isupper()


def _is_duckdb_context(names: dict[str, object]) -> bool:
    """DuckDB keeps who asked what in a file of its own, which holds no SQL."""
    return {"context_id", "scope", "connection_id"} <= names.keys() and "message" not in names
