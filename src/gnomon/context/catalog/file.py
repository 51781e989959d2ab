"""The index file: one SQLite file that is written aside, then put in place whole.

A build works on `NAME.building`. Readers only ever open the file it became: it is never written again, so
they need no locks and cannot see half a build. A killed build leaves its `.building` file, and the next one
goes on from there.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gnomon.domain.catalog import TableRef
from gnomon.domain.errors import Failed, Misconfigured
from gnomon.store.durable import explained, no_room, not_writable

FORMAT = "7"
"""Raised with every change of the tables below or of the codec."""

LARGE = ("measured", "claims", "identifiers", "common_columns")
"""Facts that are read on their own, when they are wanted."""

_LOCK_WAIT_S = 600.0
_CACHE_KIB = 128 * 1024
"""Held of the file under construction: a night goes through all of it, and over again."""
_NOT_WRITABLE = ("readonly", "unable to open", "disk I/O")
_SCHEMA = """
create table if not exists meta (name text primary key, value text not null) without rowid;
create table if not exists tables (
    id text primary key, position integer not null, folded text not null, described text not null
);
create index if not exists tables_in_order on tables (position, id);
create index if not exists tables_by_name on tables (folded, position, id);
create table if not exists joins (
    position integer primary key, child_id text not null, parent_id text not null, described text not null
);
create index if not exists joins_by_child on joins (child_id);
create index if not exists joins_by_parent on joins (parent_id);
create table if not exists cards (id text primary key, position integer not null, card text not null);
create table if not exists said (id text primary key, mark text not null, said text not null) without rowid;
create table if not exists code_read (digest text primary key, head text not null, told blob not null);
create table if not exists told_apart (
    name text primary key, mark text not null, texts text not null
) without rowid;
create table if not exists signals (id text primary key, boost real not null) without rowid;
create table if not exists problems (
    position integer primary key, place text not null, message text not null
);
create table if not exists trusted (
    position integer primary key, question text not null, query text not null, vector blob not null
);
create table if not exists names (name text primary key, vector blob not null);
create table if not exists lineage (
    table_id text not null,
    column_name text not null,
    upstream_id text not null,
    upstream_column text not null,
    provenance text not null,
    primary key (table_id, column_name, upstream_id, upstream_column)
) without rowid;
create index if not exists lineage_by_upstream on lineage (upstream_id);
create table if not exists profiles (
    id text primary key,
    schema_hash text not null,
    fingerprint text not null,
    profile text,
    problem text not null,
    newest text
);
create table if not exists drafted (
    id text primary key,
    made_of text not null,
    schema_of text not null,
    texts_of text not null,
    brief text not null,
    partners text not null
) without rowid;
create table if not exists counted (
    asked blob primary key, state blob not null, counts text not null
) without rowid;
create table if not exists passages (digest blob primary key, vector blob not null);
create table if not exists passages_of (
    id text primary key, about blob not null, holds blob not null
) without rowid;
create table if not exists value_columns (
    column_id integer primary key,
    table_id text not null,
    column_name text not null,
    complete integer not null,
    address text not null,
    unique (table_id, column_name)
);
create index if not exists value_columns_by_address on value_columns (address);
create table if not exists column_values (
    column_id integer not null,
    value text not null,
    row_count integer not null,
    folded text not null,
    stem text,
    reversed text
);
create index if not exists values_by_folded on column_values (folded);
create index if not exists values_by_stem on column_values (stem) where stem is not null;
create index if not exists values_by_end on column_values (reversed) where reversed is not null;
create index if not exists values_by_column on column_values (column_id);
"""


def table_id(ref: TableRef) -> str:
    """One text for a table's address; no two addresses share it, whatever characters they hold."""
    return f"{ref.schema}\x1f{ref.name}"


def table_ref(identifier: str) -> TableRef:
    """The address that `table_id` made the text from."""
    schema, _, name = identifier.partition("\x1f")
    return TableRef(name, schema)


def building_path(path: Path) -> Path:
    """Where a build of the index `path` works."""
    return path.with_name(path.name + ".building")


def read_meta(connection: sqlite3.Connection) -> dict[str, str]:
    """The named facts of the index, without the large ones."""
    marks = ", ".join("?" * len(LARGE))
    return dict(connection.execute(f"select name, value from meta where name not in ({marks})", LARGE))


def read_large(connection: sqlite3.Connection, name: str) -> str:
    """One of the large facts; it grows with the warehouse."""
    (value,) = connection.execute("select value from meta where name = ?", (name,)).fetchone()
    return str(value)


def read_large_or(connection: sqlite3.Connection, name: str, default: str) -> str:
    """One of the large facts, or the default where it is not there."""
    found = connection.execute("select value from meta where name = ?", (name,)).fetchone()
    return str(found[0]) if found else default


def write_meta(connection: sqlite3.Connection, **facts: str) -> None:
    """Set named facts; the caller commits."""
    connection.executemany("insert or replace into meta values (?, ?)", facts.items())


def open_published(path: Path) -> sqlite3.Connection:
    """A read-only connection to a finished index.

    Raises:
        Misconfigured: There is none, it cannot be read, or another version of Gnomon wrote it.
    """
    if not path.is_file():
        raise Misconfigured(
            "there is no index yet", facts=(("looked for", str(path)),), hint="run `gnomon index`"
        )
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    connection: sqlite3.Connection | None = None
    try:
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
        facts = read_meta(connection)
    except sqlite3.DatabaseError as problem:
        if connection is not None:
            connection.close()
        raise unreadable(path, str(problem)) from problem
    if facts.get("format") != FORMAT or facts.get("complete") != "1":
        connection.close()
        raise unreadable(path, f"format {facts.get('format', 'unknown')}, not {FORMAT}")
    return connection


def unreadable(path: Path, reason: str) -> Misconfigured:
    """What a reader of a broken or foreign index is told."""
    return Misconfigured(
        "the index cannot be read",
        facts=(("index", str(path)), ("reason", reason)),
        hint="run `gnomon index --full`",
    )


@contextmanager
def only_builder(path: Path) -> Iterator[None]:
    """Hold the right to build `path`; waits for another process that has it. A killed holder gives it up."""
    with explained(path.parent):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = sqlite3.connect(path.with_name(path.name + ".lock"), timeout=_LOCK_WAIT_S, isolation_level=None)
    try:
        _take(lock, path)
        yield
    finally:
        lock.close()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say what an operator does when the index `path` cannot be written.

    Raises:
        Misconfigured: No room, no right to write, or a failing disk.
    """
    try:
        yield
    except sqlite3.OperationalError as problem:
        text = str(problem)
        if "disk is full" in text:
            raise no_room(path.parent) from problem
        if any(part in text for part in _NOT_WRITABLE):
            raise not_writable(path.parent, text) from problem
        raise


def start_building(path: Path, *, embedder: str, full: bool) -> sqlite3.Connection:
    """A connection to the file under construction.

    It holds what a killed build of the same embedder and format left, else a copy of the finished index, else
    nothing.
    """
    building = building_path(path)
    kept = None if full else _resume(building, embedder)
    if kept is not None:
        return kept
    _discard(building)
    if path.is_file() and not full:
        copy = building.with_name(building.name + ".copy")
        with explained(path.parent):
            shutil.copyfile(path, copy)
            os.replace(copy, building)
    connection = _connect(building)
    with connection:
        connection.executescript(_SCHEMA)
        write_meta(connection, format=FORMAT, embedder=embedder, complete="0")
    return connection


def publish(connection: sqlite3.Connection, path: Path) -> None:
    """Close the file under construction and put it in place: whole, on disk, and without side files."""
    with connection:
        write_meta(connection, complete="1")
    connection.execute("pragma wal_checkpoint(truncate)")
    connection.execute("pragma journal_mode = delete")
    connection.close()
    building = building_path(path)
    with explained(path.parent):
        _sync(building)
        os.replace(building, path)
        if os.name == "posix":
            _sync(path.parent)


def _take(lock: sqlite3.Connection, path: Path) -> None:
    try:
        lock.execute("begin exclusive")
    except sqlite3.OperationalError as problem:
        if "locked" not in str(problem):
            raise
        raise Failed(
            "another process has been building the index for too long",
            facts=(("index", str(path)), ("sqlite says", str(problem))),
            hint="end it, then run `gnomon index`",
        ) from problem


def _resume(building: Path, embedder: str) -> sqlite3.Connection | None:
    if not building.is_file():
        return None
    connection: sqlite3.Connection | None = None
    try:
        connection = _connect(building)
        facts = read_meta(connection)
        if (facts.get("format"), facts.get("embedder")) == (FORMAT, embedder):
            return connection
    except sqlite3.DatabaseError:
        pass  # A scratch file that cannot be read is worth nothing: the build starts afresh.
    if connection is not None:
        connection.close()
    return None


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=30)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    connection.execute(f"pragma cache_size = -{_CACHE_KIB}")
    return connection


def _discard(path: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
