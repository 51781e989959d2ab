"""A record of a query log as a past query: which field is which, by the names that tools give them.

Known are the fields of our own logs, of `pg_stat_statements`, of Snowflake's QUERY_HISTORY and of BigQuery's
INFORMATION_SCHEMA.JOBS; most other tools use one of the same names.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any

from gnomon.context.catalog.facts import Origin, PastQuery

Record = Mapping[str, Any]

SQL = ("sql", "query", "query_text", "statement", "sql_text", "query_sql", "statement_text", "raw_sql")
_NAMES: dict[str, tuple[str, ...]] = {
    "sql": SQL,
    "author": (
        "author",
        "user",
        "user_name",
        "username",
        "user_email",
        "email",
        "rolname",
        "usename",
        "executed_by",
    ),
    "role": ("role", "role_name", "author_role", "user_role"),
    "runs": ("runs", "calls", "run_count", "executions", "execution_count"),
    "dashboard": ("dashboard", "dashboard_title", "dashboard_name"),
    "title": ("title", "name", "query_name", "query_title", "chart", "chart_title"),
    "views": ("views", "view_count", "dashboard_views"),
    "last_viewed": ("last_viewed", "last_viewed_at"),
    "reviewed": ("reviewed", "verified", "is_verified", "certified", "approved"),
    "succeeded": ("succeeded", "success", "ok"),
    "status": ("status", "execution_status", "state"),
    "error": ("error", "error_code", "error_message", "error_result", "exception"),
    "time": (
        "last_run_at",
        "last_run",
        "start_time",
        "started_at",
        "start",
        "query_start",
        "creation_time",
        "executed_at",
        "end_time",
        "timestamp",
        "time",
        "event_time",
        "created_at",
        "creation_date",
        "date",
    ),
    "id": ("id", "query_id", "job_id", "queryid"),
    "tags": ("query_tag", "labels", "tags"),
}
"""What we want of a record, and the names that it may have, the most telling first."""

_ENGINES = {
    "snowflake": {"query_text", "execution_status"},
    "bigquery": {"query", "statement_type", "job_id"},
    "postgres": {"queryid", "query", "calls"},
}
_ID_SHAPE = re.compile(r"[\w:.-]{1,64}")
_YES = frozenset({"true", "t", "yes", "y", "1"})
_NO = frozenset({"false", "f", "no", "n", "0"})
_GOOD = frozenset({"success", "succeeded", "ok", "done", "completed", "complete", "finished", "ended"})
_BAD = frozenset(
    {"fail", "failed", "failure", "error", "errored", "incident", "failed_with_error", "aborted"}
)
_NO_ERROR = frozenset({"", "0", "null", "none", "nil", "00000", "{}", "[]"})
_MAX_TEXT = 500
_MAX_COUNT = 10**12


def normalised(record: Mapping[Any, Any]) -> dict[str, Any]:
    """The record with its field names in lower case, words joined by underscores."""
    return {_plain(str(name)): value for name, value in record.items()}


def holds_sql(record: Record) -> bool:
    """Whether a record has a field that holds SQL."""
    return any(name in record for name in SQL)


def past_query(record: Record, place: str, source: str, dialect: str) -> PastQuery | None:
    """The query of a record with normalised names, or None if it holds none.

    Args:
        place: Where the record stands; the record's own id is added.
    """
    fields = _Fields(record)
    sql = next((v for v in fields.values("sql") if isinstance(v, str) and v.strip()), "")
    if not sql:
        return None
    tags = _tags(fields)
    number = fields.text("id")
    last_run = fields.moment("time")
    author = fields.text("author")
    place = f"{place} ({number})" if _ID_SHAPE.fullmatch(number) else place
    return PastQuery(
        sql=sql,
        origin=Origin("usage", place, source, author, last_run),
        dialect=dialect or dialect_of(record),
        title=fields.text("title") or tags.text("title"),
        author=author,
        role=fields.text("role") or tags.text("role"),
        last_run=last_run,
        runs=count_of(fields.first("runs"), 1) or 0,
        succeeded=_succeeded(fields),
        dashboard=fields.text("dashboard") or tags.text("dashboard"),
        views=count_of(fields.first("views"), None),
        last_viewed=fields.moment("last_viewed"),
        reviewed=any(_truth(value) is True for value in fields.values("reviewed")),
    )


def dialect_of(record: Record) -> str:
    """The dialect of the engine whose log has such fields; empty where they do not say."""
    return next((dialect for dialect, fields in _ENGINES.items() if fields <= record.keys()), "")


def moment(value: Any) -> datetime | None:
    """An aware moment from what logs write: ISO, RFC 2822, seconds to microseconds since 1970; else None.

    A time without a zone is taken as UTC.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    text = str(value)[:80].strip()
    number = _number(text) if text[4:5] != "-" else None
    return _since_1970(number) if number is not None else _written(text)


def count_of(value: Any, default: int | None) -> int | None:
    """A count of zero or more, or the default where there is none to read."""
    number = _number(value)
    return default if number is None else int(min(max(number, 0), _MAX_COUNT))


class _Fields:
    """A record by what we want of it."""

    __slots__ = ("_present", "_record")

    def __init__(self, record: Record) -> None:
        self._record = record
        self._present = _present(tuple(record))

    def values(self, want: str) -> Iterator[Any]:
        """The values under every name that the field may have."""
        return (self._record[name] for name in self._present.get(want, ()))

    def first(self, want: str) -> Any:
        """The first of them that is not empty, or None."""
        for name in self._present.get(want, ()):
            value = self._record[name]
            if value is not None and value != "":
                return value
        return None

    def text(self, want: str) -> str:
        """The first of them as a text of one line; empty for none."""
        value = self.first(want)
        return " ".join(str(value)[:_MAX_TEXT].split()) if isinstance(value, str | int) else ""

    def moment(self, want: str) -> datetime | None:
        """The first of them that is a moment."""
        return next((found for value in self.values(want) if (found := moment(value)) is not None), None)


@lru_cache(maxsize=1_000)
def _present(names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """What of our wants a record with such fields can fill; records of one log have the same fields."""
    held = {want: tuple(n for n in wanted if n in names) for want, wanted in _NAMES.items()}
    return {want: found for want, found in held.items() if found}


@lru_cache(maxsize=10_000)
def _plain(name: str) -> str:
    return name[:_MAX_TEXT].strip().strip('"').casefold().replace(" ", "_").replace("-", "_")


def _truth(value: Any) -> bool | None:
    text = str(value).strip().casefold()
    return True if text in _YES else False if text in _NO else None


def _succeeded(fields: _Fields) -> bool | None:
    said = next((t for value in fields.values("succeeded") if (t := _truth(value)) is not None), None)
    if said is not None:
        return said
    statuses = {str(value).strip().casefold() for value in fields.values("status")}
    if statuses & _BAD:
        return False
    errors = list(fields.values("error"))
    if any(str(e).strip().casefold() not in _NO_ERROR for e in errors if e):
        return False
    return True if statuses & _GOOD or errors else None


def _tags(fields: _Fields) -> _Fields:
    """What a Snowflake query tag, or BigQuery's labels, say: a JSON object, or a list of keys and values."""
    value = fields.first("tags")
    if isinstance(value, str) and len(value) < 10_000 and value.lstrip()[:1] in ("{", "["):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            # Tags are free text, and most are no JSON.
            value = None
    if isinstance(value, list):
        value = {str(t.get("key")): t.get("value") for t in value if isinstance(t, Mapping)}
    return _Fields(normalised(value) if isinstance(value, Mapping) else {})


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = float(str(value)[:40].replace(",", ""))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _since_1970(number: float) -> datetime | None:
    for per_second in (1.0, 1e3, 1e6, 1e9):
        seconds = number / per_second
        if 0 < seconds < 10**10:
            return datetime.fromtimestamp(seconds, UTC)
    return None


def _written(text: str) -> datetime | None:
    plain = text.replace(" UTC", "+00:00").replace(" GMT", "+00:00")
    head, _, zone = plain.rpartition(" ")
    if head and zone[:1] in ("+", "-"):
        plain = head + zone
    found = _iso(plain) or _rfc(text)
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def _iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _rfc(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
