"""What a locked DuckDB may not do, whoever wrote the SQL: leave its own database or change a setting.

Source: "Securing DuckDB" in DuckDB's documentation, and `duckdb_settings()` of the pinned version.
"""

from collections.abc import Sequence

import duckdb

from gnomon.warehouses.names import literal

MEMORY_LIMIT = "4GB"
TEMP_LIMIT = "8GB"

CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "allow_unsigned_extensions": "false",
    "allow_community_extensions": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_persistent_secrets": "false",
    "memory_limit": MEMORY_LIMIT,
}
"""Settings given at open, before any file is touched."""

_SETTINGS = (
    "SET GLOBAL TimeZone = 'UTC'",
    "SET GLOBAL python_enable_replacements = false",
    "SET allow_extension_repositories = 'forbidden'",
    # With it, DuckDB 2.0.0 takes every row where CASE WHEN a THEN 'x' END IN ('x', 'y') should take some.
    "SET GLOBAL disabled_optimizers = 'statistics_propagation'",
)


def lock(connection: duckdb.DuckDBPyConnection, *, allowed_paths: Sequence[str] = ()) -> None:
    """Close the connection's database to everything but the tables it has, and freeze its settings.

    Args:
        allowed_paths: Files that stay readable, for views that read them.
    """
    if is_locked(connection):
        return
    for setting in _SETTINGS:
        connection.execute(setting)
    if allowed_paths:
        paths = ", ".join(map(literal, allowed_paths))
        connection.execute(f"SET allowed_paths = [{paths}]")
    connection.execute(f"SET max_temp_directory_size = '{TEMP_LIMIT}'")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def is_locked(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether the database is locked already: connections of one process to one file share its settings."""
    found = connection.execute(
        "SELECT current_setting('lock_configuration') AND NOT current_setting('enable_external_access')"
    ).fetchone()
    return bool(found and found[0])
