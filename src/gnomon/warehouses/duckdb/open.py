"""Opens a DuckDB file read-only, or says in plain words why it cannot."""

import tempfile
from pathlib import Path

import duckdb

from gnomon.domain.errors import Misconfigured
from gnomon.warehouses.duckdb.adapter import DuckDbWarehouse
from gnomon.warehouses.duckdb.errors import ENGINE_ERRORS
from gnomon.warehouses.duckdb.locks import CONFIG, lock
from gnomon.warehouses.names import source_id

_LOCK_TEXT = "Conflicting lock"


def open_duckdb(path: Path) -> DuckDbWarehouse:
    """Open the database file at `path`.

    Raises:
        Misconfigured: If it is absent, damaged, of another version, or held by a writer.
    """
    resolved = path.resolve()
    try:
        connection = duckdb.connect(str(resolved), read_only=True, config=_config())
        lock(connection)
    except ENGINE_ERRORS as error:
        raise _unopened(path, error) from error
    return DuckDbWarehouse(
        connection,
        warehouse_id=source_id("duckdb", str(resolved)),
        label=path.name,
        watched=(resolved, Path(f"{resolved}.wal")),
    )


def _config() -> dict[str, str | bool | int | float | list[str]]:
    return {**CONFIG, "temp_directory": str(Path(tempfile.gettempdir()) / "gnomon-duckdb")}


def _unopened(path: Path, error: Exception) -> Misconfigured:
    facts = (("file", str(path)), ("engine", str(error).strip()))
    if _LOCK_TEXT in str(error):
        return Misconfigured(
            f"{path.name} is held by another process that writes to it",
            facts=facts,
            hint="close the other program, or point gnomon at a copy of the file",
        )
    if isinstance(error, duckdb.ConnectionException):
        return Misconfigured(
            f"{path.name} is already open in this process with other settings",
            facts=facts,
            hint="close the other connection first",
        )
    return Misconfigured(
        f"{path.name} cannot be opened as a DuckDB database",
        facts=facts,
        hint="check that the file is complete and was written by DuckDB 2.0 or earlier",
    )
