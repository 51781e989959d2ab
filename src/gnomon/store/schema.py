"""The tables of `state.db`, as a list of migrations, and the errors of SQLite in our words."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gnomon.domain.errors import Failed, GnomonError, Misconfigured
from gnomon.store.durable import exclusive, explained, no_room, not_writable

BUSY_TIMEOUT_S = 15.0

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE conversations (
            id TEXT PRIMARY KEY,
            tenant TEXT NOT NULL,
            subject TEXT NOT NULL,
            principal TEXT NOT NULL
        )""",
        """CREATE TABLE answers (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            tenant TEXT NOT NULL,
            subject TEXT NOT NULL,
            asked_at TEXT NOT NULL,
            status TEXT NOT NULL,
            question TEXT NOT NULL,
            headline TEXT NOT NULL,
            confidence REAL NOT NULL,
            conversation_id TEXT NOT NULL,
            body TEXT NOT NULL,
            result_sha256 TEXT
        )""",
        """CREATE TABLE turns (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            conversation_id TEXT NOT NULL REFERENCES conversations (id),
            answer_id TEXT NOT NULL UNIQUE REFERENCES answers (id),
            question TEXT NOT NULL
        )""",
        "CREATE INDEX turns_of_conversation ON turns (conversation_id, seq)",
        "CREATE INDEX answers_of_person ON answers (tenant, subject, seq)",
        """CREATE TABLE results (
            sha256 TEXT PRIMARY KEY,
            row_count INTEGER NOT NULL,
            size_bytes INTEGER NOT NULL,
            saved_at REAL NOT NULL,
            expired_at REAL
        )""",
    ),
    (
        """CREATE TABLE api_tokens (
            id TEXT PRIMARY KEY,
            sha256 TEXT NOT NULL,
            subject TEXT NOT NULL,
            tenant TEXT NOT NULL,
            groups TEXT NOT NULL,
            scopes TEXT NOT NULL,
            claims TEXT NOT NULL,
            person INTEGER NOT NULL,
            created_by TEXT NOT NULL,
            created_at REAL NOT NULL,
            expires_at REAL NOT NULL,
            revoked_at REAL,
            last_used_at REAL
        )""",
        """CREATE TABLE seen_once (
            key TEXT PRIMARY KEY,
            until REAL NOT NULL
        )""",
        "CREATE INDEX seen_once_by_end ON seen_once (until)",
        "CREATE TABLE seen_once_forgotten (latest_until REAL NOT NULL)",
        "INSERT INTO seen_once_forgotten VALUES (0)",
    ),
    (
        """CREATE TABLE usage (
            tenant TEXT NOT NULL,
            holder TEXT NOT NULL,
            hour INTEGER NOT NULL,
            questions INTEGER NOT NULL,
            tokens INTEGER NOT NULL,
            cost_nano_usd INTEGER NOT NULL,
            scan_bytes INTEGER NOT NULL,
            wall_us INTEGER NOT NULL,
            PRIMARY KEY (tenant, holder, hour)
        ) WITHOUT ROWID""",
    ),
    (
        """CREATE TABLE memories (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            tenant TEXT NOT NULL,
            warehouse TEXT NOT NULL,
            scope TEXT NOT NULL,
            place TEXT NOT NULL,
            status TEXT NOT NULL,
            author TEXT NOT NULL,
            version INTEGER NOT NULL,
            body TEXT NOT NULL,
            phrases TEXT NOT NULL,
            embedder TEXT,
            vector BLOB,
            applied_at REAL
        )""",
        "CREATE INDEX memories_of_place ON memories (tenant, warehouse, scope, place, status)",
        """CREATE TABLE memory_versions (
            memory_id TEXT NOT NULL REFERENCES memories (id),
            version INTEGER NOT NULL,
            at TEXT NOT NULL,
            by TEXT NOT NULL,
            change TEXT NOT NULL,
            body TEXT NOT NULL,
            PRIMARY KEY (memory_id, version)
        )""",
    ),
    (
        """CREATE TABLE memories_kept_both (
            one TEXT NOT NULL,
            one_version INTEGER NOT NULL,
            other TEXT NOT NULL,
            other_version INTEGER NOT NULL,
            by TEXT NOT NULL,
            at TEXT NOT NULL,
            PRIMARY KEY (one, one_version, other, other_version),
            FOREIGN KEY (one, one_version) REFERENCES memory_versions (memory_id, version),
            FOREIGN KEY (other, other_version) REFERENCES memory_versions (memory_id, version)
        ) WITHOUT ROWID""",
    ),
)
"""One entry a schema version, its statements in order. Entries are only ever added at the end."""


def connect(path: Path, max_bytes: int | None) -> sqlite3.Connection:
    """Open the file, bring its schema up to date, and make every commit durable.

    Raises:
        Misconfigured: Not a database, written by a newer version, or not writable.
        Failed: Another process holds it too long.
    """
    with _opening(path), explained_sql(path):
        db = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        try:
            db.row_factory = sqlite3.Row
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            if max_bytes is not None:
                page_bytes = db.execute("PRAGMA page_size").fetchone()[0]
                db.execute(f"PRAGMA max_page_count = {max(1, max_bytes // page_bytes)}")
            _migrate(db, path)
        except BaseException:
            db.close()
            raise
    return db


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    """One process at a time: SQLite does not wait for a lock while it switches a new file to WAL."""
    with explained(path.parent):
        handle = os.open(path.with_name("state.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        with exclusive(handle):
            yield
    finally:
        os.close(handle)


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    newest = len(MIGRATIONS)
    if _version(db) == newest:
        return
    with transaction(db):
        # Read again under the write lock: another process may have migrated in between.
        version = _version(db)
        if version > newest:
            raise Misconfigured(
                f"{path} was written by a newer gnomon",
                facts=(("its version", str(version)), ("known here", str(newest))),
                hint="update gnomon, or set another state folder",
            )
        for statements in MIGRATIONS[version:]:
            for statement in statements:
                db.execute(statement)
        db.execute(f"PRAGMA user_version = {newest}")


def _version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Everything inside is written, or nothing is."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextmanager
def explained_sql(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the file into ours; an error in our own SQL passes through and crashes.

    Raises:
        Misconfigured: No room, no right, or a damaged file.
        Failed: Another process holds the file too long.
    """
    try:
        yield
    except sqlite3.DatabaseError as e:
        explanation = _explanation(path, e)
        if explanation is None:
            raise
        raise explanation from e


def _explanation(path: Path, error: sqlite3.DatabaseError) -> GnomonError | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return no_room(path.parent)
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR):
        return not_writable(path.parent, error)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return Misconfigured(
            f"{path} is damaged or is not a gnomon state file",
            facts=(("cause", str(error)),),
            hint=f"move {path.name} and the files beside it that begin with its name to another folder; "
            "gnomon starts a new one, and the old one stays for recovery",
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return Failed(
            f"another process has held {path} for over {BUSY_TIMEOUT_S:g} s",
            hint="try again, or stop the other gnomon process",
        )
    return None


def set_aside(path: Path) -> tuple[Path, ...]:
    """Rename `state.db` and its companions so that a new one can start. Deletes nothing.

    Args:
        path: The state folder.

    Returns:
        The new names.
    """
    companions = [path / f"state.db{ending}" for ending in ("", "-wal", "-shm")]
    present = [p for p in companions if p.exists()]
    number = 1
    while any(_aside_name(p, number).exists() for p in companions):
        number += 1
    return tuple(p.rename(_aside_name(p, number)) for p in present)


def _aside_name(path: Path, number: int) -> Path:
    return path.with_name(f"aside-{number}-{path.name}")
