"""The kinds of sources, by the word that stands before the path in the settings."""

import difflib
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

from gnomon.context.catalog.sources.port import Source
from gnomon.domain.errors import Misconfigured
from gnomon.domain.query import Dialect

_HERE = "gnomon.context.catalog.sources"
KINDS: Mapping[str, tuple[str, str]] = {
    "annotations": (f"{_HERE}.annotations", "open_annotations"),
    "bigquery-etl": (f"{_HERE}.bigquery_etl", "open_bigquery_etl"),
    "dbt": (f"{_HERE}.dbt", "open_dbt"),
    "lightdash": (f"{_HERE}.dashboards", "open_lightdash"),
    "metabase": (f"{_HERE}.dashboards", "open_metabase"),
    "openlineage": (f"{_HERE}.openlineage", "open_openlineage"),
    "queries": (f"{_HERE}.queries.query_log", "open_query_log"),
    "sql": (f"{_HERE}.queries.sql_folder", "open_sql_folder"),
    "superset": (f"{_HERE}.dashboards", "open_superset"),
}
"""Kind to the module and the function that opens it; the module is imported when the kind is used."""

_SQL = frozenset({"annotations", "queries", "sql"})
"""Kinds that hold SQL without saying in which dialect."""


def open_sources(entries: Iterable[str], base: Path, dialect: Dialect) -> tuple[Source, ...]:
    """The sources of the settings, in their order.

    Args:
        entries: Each `kind:path`, or `kind/dialect:path` for SQL of another dialect than the warehouse's; a
            relative path starts at `base`.
        dialect: The warehouse's. A log is read in the dialect of the engine that wrote it, where that shows.

    Raises:
        Misconfigured: An entry has no kind, an unknown one, or no path.
    """
    return tuple(_open(entry, base, dialect) for entry in entries)


def _open(entry: str, base: Path, own: Dialect) -> Source:
    kind, colon, path = entry.partition(":")
    kind, _, dialect = kind.strip().partition("/")
    if not colon or not path.strip():
        raise _wrong(entry, "it is not of the form kind:path")
    known = KINDS.get(kind)
    if known is None:
        near = difflib.get_close_matches(kind, KINDS, 1, 0.5)
        raise _wrong(
            entry, f"{kind!r} is no kind of source" + (f"; did you mean `{near[0]}`?" if near else "")
        )
    module, function = known
    place = base / Path(path.strip()).expanduser()
    opener = getattr(import_module(module), function)
    source: Source = (
        opener(place, entry, _dialect(entry, kind, dialect, own)) if kind in _SQL else opener(place, entry)
    )
    return source


def _dialect(entry: str, kind: str, dialect: str, own: Dialect) -> str:
    from sqlglot.dialects.dialect import Dialects

    if dialect and dialect not in {d.value for d in Dialects}:
        raise _wrong(entry, f"{dialect!r} is no SQL dialect that is known here")
    return dialect or ("" if kind == "queries" else own)


def _wrong(entry: str, reason: str) -> Misconfigured:
    return Misconfigured(
        "a source of the settings cannot be opened",
        facts=(("entry", entry), ("reason", reason)),
        hint=f"write it as kind:path under [context] sources; kinds: {', '.join(KINDS)}",
    )
