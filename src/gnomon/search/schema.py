"""The file of a partition: its tables, how it is opened, and what is said of one that cannot be used.

`rows`, `vectors` and `texts` are the truth. `postings` and `seal` repeat it in the shape that a search reads:
a write removes the seal, and what is not sealed is never read.
"""

import sqlite3
from pathlib import Path

from gnomon.domain.errors import Misconfigured
from gnomon.store.durable import no_room

FORMAT = "2"
"""Raised with every change of the tables below, or of what their blobs mean."""

TOKENIZER = "porter unicode61"
_MAPPED_BYTES = 2**30

SCHEMA = f"""
create table if not exists partition_meta (name text primary key, value text not null) without rowid;
create table if not exists rows (
    seq integer primary key autoincrement,
    id text not null unique,
    content_hash text not null
);
create table if not exists vectors (seq integer primary key, words integer not null, vector blob not null);
create virtual table if not exists texts using fts5 (body, tokenize = '{TOKENIZER}');
create virtual table if not exists occurrences using fts5vocab (texts, instance);
create table if not exists postings (word text primary key, positions blob not null, counts blob not null);
create table if not exists seal (seqs blob not null, lengths blob not null, codes blob not null);
"""
"""A `seq` is never used twice, so that a row which another process replaces is missed, not mistaken."""


def connect(path: Path, read_only: bool) -> sqlite3.Connection:
    """A connection without transactions of its own; whoever reads or writes begins one."""
    if read_only:
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(uri, uri=True, check_same_thread=False, isolation_level=None)
        # A search of a large partition reads 2,000 rows here and there: mapped, it takes a third less time. A
        # file that nobody writes cannot shrink under the map.
        connection.execute(f"pragma mmap_size = {_MAPPED_BYTES}")
        return connection
    connection = sqlite3.connect(path, check_same_thread=False, timeout=30, isolation_level=None)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma synchronous = normal")
    return connection


def claim(connection: sqlite3.Connection, path: Path, embedder: str, read_only: bool) -> None:
    """Write format and embedder into a new partition, or compare them with those that are there.

    Raises:
        Misconfigured: They differ.
    """
    found = dict(connection.execute("select name, value from partition_meta"))
    if not found and not read_only:
        with connection:
            connection.execute("begin immediate")
            connection.execute("insert or ignore into partition_meta values ('embedder', ?)", (embedder,))
            connection.execute("insert or ignore into partition_meta values ('format', ?)", (FORMAT,))
        found = dict(connection.execute("select name, value from partition_meta"))
    if found.get("embedder") != embedder:
        raise Misconfigured(
            "the search index holds vectors of another embedding model",
            facts=(("index", str(path)), ("made with", str(found.get("embedder"))), ("asked for", embedder)),
            hint="run `gnomon index --full`",
        )
    if found.get("format") != FORMAT:
        raise unreadable(path, f"format {found.get('format', '1')}, not {FORMAT}")


def unreadable(path: Path, problem: object) -> Misconfigured:
    """What an operator is told of a file that is damaged, foreign, or of another version."""
    if "disk is full" in str(problem):
        return no_room(path.parent)
    return Misconfigured(
        "the search index cannot be read",
        facts=(("index", str(path)), ("reason", str(problem))),
        hint="run `gnomon index --full`",
    )
