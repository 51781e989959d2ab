"""Opens an SQLite file read-only, or says in plain words why it cannot."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from gnomon.domain.errors import Failed, GnomonError, Misconfigured
from gnomon.warehouses.names import quoted, source_id
from gnomon.warehouses.sqlite.adapter import SqliteWarehouse
from gnomon.warehouses.sqlite.errors import translated
from gnomon.warehouses.sqlite.locks import lock

_BUSY_S = 2.0
_HEADER_BYTES = 100


def open_sqlite(path: Path) -> SqliteWarehouse:
    """Open the database file at `path`.

    Raises:
        Misconfigured: If it is absent, cut short, damaged or held by a writer.
    """
    resolved = path.resolve()
    _refuse_cut_file(resolved)
    try:
        internal, guarded = _connect(resolved), _connect(resolved)
        internal.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        _construct_virtual_tables(guarded)
        lock(guarded)
    except sqlite3.Error as error:
        raise _unopened(path, error) from error
    return SqliteWarehouse(
        internal,
        guarded,
        warehouse_id=source_id("sqlite", str(resolved)),
        label=path.name,
        watched=(resolved, Path(f"{resolved}-wal")),
    )


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode=ro",
        uri=True,
        timeout=_BUSY_S,
        check_same_thread=False,
        isolation_level=None,
    )
    connection.text_factory = _text
    connection.execute("PRAGMA query_only = ON")
    return connection


def _construct_virtual_tables(connection: sqlite3.Connection) -> None:
    """Touch each virtual table, since the authorizer would deny what its module does the first time."""
    listed = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'virtual'"
    for (name,) in connection.execute(listed).fetchall():
        # A module this build lacks makes its table unreadable, and introspection leaves it out.
        with suppress(sqlite3.OperationalError):
            connection.execute(f"SELECT * FROM {quoted(name, 'sqlite')} LIMIT 1").fetchall()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _refuse_cut_file(path: Path) -> None:
    """Compare the size the header claims with the file's.

    The header's size counts only if its change counter equals its version-valid-for number.
    Source: "Database File Format", section 1.3, in SQLite's documentation.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if not header:
        return
    page_bytes = int.from_bytes(header[16:18], "big")
    page_bytes = 65_536 if page_bytes == 1 else page_bytes
    pages = int.from_bytes(header[28:32], "big")
    current = header[24:28] == header[92:96]
    if len(header) < _HEADER_BYTES or (current and path.stat().st_size < page_bytes * pages):
        raise Misconfigured(
            f"{path.name} is cut short: it is smaller than its own header says",
            facts=(("file", str(path)),),
            hint="copy the file again from its source",
        )


def _unopened(path: Path, error: sqlite3.Error) -> GnomonError:
    if "readonly" in str(error) and Path(f"{path}-journal").exists():
        return Misconfigured(
            f"a program ended in the middle of a write to {path.name}, and the write must be undone first",
            facts=(("file", str(path)), ("journal", f"{path.name}-journal")),
            hint=f"open it once with a program that may write: sqlite3 '{path}' 'PRAGMA integrity_check'",
        )
    why = translated(error, path.name)
    if isinstance(why, Failed):
        return Misconfigured(why.message, facts=(("file", str(path)),), hint=why.hint)
    return Misconfigured(
        f"{path.name} cannot be opened as an SQLite database",
        facts=(("file", str(path)), ("engine", str(error))),
        hint="check that the file is complete and that its folder can be read",
    )
