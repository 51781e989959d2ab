"""Opens data files as a warehouse: loads them, then closes the door to every other file."""

import os
import tempfile
from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path

import duckdb

from gnomon.domain.errors import Misconfigured
from gnomon.warehouses.duckdb.adapter import DuckDbWarehouse
from gnomon.warehouses.duckdb.errors import ENGINE_ERRORS
from gnomon.warehouses.duckdb.locks import CONFIG, lock
from gnomon.warehouses.files.grouping import Group, Part, grouped, part_of
from gnomon.warehouses.files.load import load_group
from gnomon.warehouses.fingerprint import files_fingerprint
from gnomon.warehouses.names import source_id

Config = dict[str, str | bool | int | float | list[str]]

VIEW_BYTES = 500 * 1024 * 1024
"""Parquet beyond this size stays in its files and is read at query time."""
_READABLE = "csv, tsv, parquet, json, jsonl or ndjson, also gzipped"


def open_files(location: str, *, cache_dir: Path | None = None) -> DuckDbWarehouse:
    """Open a folder (with its subfolders), a glob or a single file as one warehouse.

    Args:
        cache_dir: Where to keep the loaded tables between runs; without it they live in memory.

    Raises:
        Misconfigured: If there is nothing to read there, or a file is damaged.
    """
    parts = _parts(location)
    groups = grouped(parts)
    large = sum(p.path.stat().st_size for p in parts if p.format == "parquet") > VIEW_BYTES
    connection = _loaded(groups, parts, by_view=large, cache_dir=cache_dir)
    lock(connection, allowed_paths=[str(p.path) for p in parts if p.format == "parquet"] if large else ())
    root = Path(location).absolute()
    return DuckDbWarehouse(
        connection,
        warehouse_id=source_id("files", str(root)),
        label=root.name,
        watched=[part.path for part in parts],
    )


def _parts(location: str) -> list[Part]:
    path = Path(location)
    if path.is_dir():
        found = [p for p in path.rglob("*") if not any(s.startswith(".") for s in p.relative_to(path).parts)]
    elif path.exists():
        found = [path]
    elif has_magic(location):
        found = [Path(name) for name in glob(location, recursive=True)]
    else:
        raise Misconfigured(f"there is no file or folder at {location}", hint="check the path")
    parts = [part for p in found if p.is_file() and (part := part_of(p.resolve()))]
    if not parts:
        raise Misconfigured(
            f"{location} holds no data file",
            facts=(("looked for", _READABLE),),
            hint="point gnomon at a folder, a glob or a file of data",
        )
    return parts


def _loaded(
    groups: Sequence[Group], parts: Sequence[Part], *, by_view: bool, cache_dir: Path | None
) -> duckdb.DuckDBPyConnection:
    config = {**CONFIG, "temp_directory": str(Path(tempfile.gettempdir()) / "gnomon-duckdb")}
    if cache_dir is None or by_view:
        connection = duckdb.connect(":memory:", config=config)
        _fill(connection, groups, by_view=by_view)
        return connection
    cached = cache_dir / f"files-{files_fingerprint(p.path for p in parts)[:24]}.duckdb"
    if not _opens(cached, config):
        _fill_file(cached, groups, config)
    return duckdb.connect(str(cached), read_only=True, config=config)


def _opens(cached: Path, config: Config) -> bool:
    """Whether the cache is there and sound; a damaged one is loaded anew."""
    if not cached.exists():
        return False
    try:
        duckdb.connect(str(cached), read_only=True, config=config).close()
    except ENGINE_ERRORS:
        return False
    return True


def _fill_file(cached: Path, groups: Sequence[Group], config: Config) -> None:
    """Load into a file of another name first, so that a half-loaded cache is never found."""
    cached.parent.mkdir(parents=True, exist_ok=True)
    partial = cached.with_name(f"{cached.name}.{os.getpid()}.partial")
    partial.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(partial), config=config) as connection:
            _fill(connection, groups, by_view=False)
        partial.replace(cached)
    finally:
        partial.unlink(missing_ok=True)


def _fill(connection: duckdb.DuckDBPyConnection, groups: Sequence[Group], *, by_view: bool) -> None:
    taken: set[str] = set()
    for group in groups:
        load_group(connection, group, taken, by_view=by_view)
