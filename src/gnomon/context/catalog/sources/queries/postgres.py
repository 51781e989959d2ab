"""PostgreSQL's server log: text with a prefix, CSV, or JSON lines.

A statement is logged when it starts (`log_statement`) or when it ends (`log_min_duration_statement`), and
once more behind an error. Those that start are held back until their session says more, so that one that
fails is told as one failed query. Format: https://www.postgresql.org/docs/current/runtime-config-logging.html
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gnomon.context.catalog.facts import Origin, PastQuery, Problem
from gnomon.context.catalog.sources.queries.fields import moment
from gnomon.context.catalog.sources.queries.lines import Complaints, Line

MAX_SESSIONS = 2_000
MAX_ENTRY = 1_048_576
"""Characters of one entry, continued lines included."""

CSV_COLUMNS = (
    "log_time",
    "user_name",
    "database_name",
    "process_id",
    "connection_from",
    "session_id",
    "session_line_num",
    "command_tag",
    "session_start_time",
    "virtual_transaction_id",
    "transaction_id",
    "error_severity",
    "sql_state_code",
    "message",
    "detail",
    "hint",
    "internal_query",
    "internal_query_pos",
    "context",
    "query",
    "query_pos",
    "location",
    "application_name",
    "backend_type",
    "leader_pid",
    "query_id",
)
"""Columns of `csvlog`, which has no header; older servers write fewer from the end."""

_SEVERITY = re.compile(
    r"(?:^|[\s:])(DEBUG[1-5]?|INFO|NOTICE|WARNING|LOG|ERROR|FATAL|PANIC|DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION):"
    r"  ?"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?(?: [A-Z]{1,5}\b| ?[+-]\d\d(?::?\d\d)?)?")
_PROCESS = re.compile(r"\[(\d{1,10})(?:-\d+)?\]")
_USER = (
    re.compile(r"\buser=([^,\s]+)"),
    re.compile(r"(?<![\w.@-])([\w.-]{1,63})@[\w.-]+"),
)
_LOGGED = re.compile(
    r"(?:duration: [\d.]+ ms  )?(statement|(execute|parse|bind|execute fetch from) [^:]{1,80}): (.*)",
    re.DOTALL,
)
_SEVERITIES_THAT_END = frozenset({"ERROR", "FATAL", "PANIC"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log.

    Args:
        session: Process or session id; empty if the prefix has none.
        statement: The statement that an error belongs to, where the entry has it.
    """

    line: int
    severity: str
    message: str
    time: str = ""
    user: str = ""
    session: str = ""
    statement: str = ""


@dataclass(slots=True)
class Sessions:
    """Follows each session of a log and tells its queries.

    Args:
        place: The file, relative to its source.
    """

    place: str
    source: str
    dialect: str
    _started: OrderedDict[str, PastQuery] = field(default_factory=OrderedDict, init=False)

    def take(self, entry: Entry) -> Iterator[PastQuery]:
        """The queries whose fate is known now."""
        if entry.severity == "LOG":
            yield from self._logged(entry)
        elif entry.severity in _SEVERITIES_THAT_END and entry.statement:
            yield from self._failed(entry, entry.statement)
        elif entry.severity == "STATEMENT":
            yield from self._failed(entry, entry.message)

    def rest(self) -> Iterator[PastQuery]:
        """The queries that started and of which nothing more was logged."""
        yield from self._started.values()
        self._started.clear()

    def _logged(self, entry: Entry) -> Iterator[PastQuery]:
        found = _LOGGED.match(entry.message)
        if found is None:
            return
        yield from self._end(entry.session)
        kind = found[2] or ""
        if kind in ("parse", "bind"):
            return
        ended = entry.message.startswith("duration:")
        query = self._query(entry, found[3], True if ended else None)
        if ended or not entry.session:
            yield query
            return
        self._started[entry.session] = query
        if len(self._started) > MAX_SESSIONS:
            yield self._started.popitem(last=False)[1]

    def _failed(self, entry: Entry, sql: str) -> Iterator[PastQuery]:
        started = self._started.pop(entry.session, None)
        if started is not None and started.sql.strip() == sql.strip():
            yield replace(started, succeeded=False)
            return
        if started is not None:
            yield started
        yield self._query(entry, sql, False)

    def _end(self, session: str) -> Iterator[PastQuery]:
        started = self._started.pop(session, None)
        if started is not None:
            yield started

    def _query(self, entry: Entry, sql: str, succeeded: bool | None) -> PastQuery:
        when = moment(entry.time) if entry.time else None
        origin = Origin("usage", f"{self.place}:{entry.line}", self.source, entry.user, when)
        return PastQuery(sql, origin, self.dialect, author=entry.user, last_run=when, succeeded=succeeded)


def entries_of_text(lines: Iterable[Line | Problem], complaints: Complaints) -> Iterator[Entry | Problem]:
    """The entries of a log in plain text: a line with a severity, and lines behind it that have none."""
    head: Line | None = None
    held: list[str] = []
    size = 0
    for line in lines:
        if isinstance(line, Problem):
            yield line
        elif line.text.startswith("\t") or not _begins(line.text):
            size += len(line.text) + 1
            if head is not None and size <= MAX_ENTRY:
                held.append(line.text.removeprefix("\t"))
        else:
            yield from _entry(head, held, size, complaints)
            head, held, size = line, [], 0
    yield from _entry(head, held, size, complaints)


def entry_of_cells(line: int, cells: Sequence[str]) -> Entry | None:
    """The entry of a record of `csvlog`, or None if it is none."""
    if len(cells) < 20:
        return None
    values = dict(zip(CSV_COLUMNS, cells, strict=False))
    return Entry(
        line,
        values["error_severity"],
        values["message"],
        values["log_time"],
        values["user_name"],
        values["session_id"],
        values["query"],
    )


def entry_of_json(line: int, values: Mapping[str, Any]) -> Entry:
    """The entry of a line of `jsonlog`."""
    texts = ("error_severity", "message", "timestamp", "user", "session_id", "statement")
    return Entry(line, *(str(values.get(name) or "") for name in texts))


def is_log_text(line: str) -> bool:
    """Whether a line is one of a PostgreSQL log in plain text."""
    return _begins(line) and _TIME.match(line.lstrip()) is not None


def _begins(text: str) -> bool:
    return _SEVERITY.search(text[:600]) is not None and _TIME.search(text[:600]) is not None


def _entry(
    head: Line | None, held: list[str], size: int, complaints: Complaints
) -> Iterator[Entry | Problem]:
    mark = _SEVERITY.search(head.text) if head is not None else None
    if head is None or mark is None:
        return
    if size > MAX_ENTRY:
        yield from complaints.about(
            head.number, f"The entry is over {MAX_ENTRY // 1024:,} kB and was passed over."
        )
        return
    prefix = head.text[: mark.start(1)]
    time, process = _TIME.search(prefix), _PROCESS.search(prefix)
    user = next((found[1] for shape in _USER if (found := shape.search(prefix))), "")
    message = "\n".join([head.text[mark.end() :], *held])
    yield Entry(head.number, mark[1], message, time[0] if time else "", user, process[1] if process else "")
