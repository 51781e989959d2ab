"""Opens the warehouse a URL names, by what the file holds and not by how it is called."""

from glob import has_magic
from pathlib import Path

from gnomon.domain.errors import Misconfigured
from gnomon.warehouses.port import Warehouse

_SQLITE_MAGIC = b"SQLite format 3\0"
_DUCKDB_MAGIC = b"DUCK"
_DUCKDB_MAGIC_AT = 8
_POSTGRES = ("postgresql://", "postgres://")
_SQLITE_SUFFIXES = frozenset({".db", ".sqlite", ".sqlite3"})
_EXAMPLES = "shop.duckdb, shop.sqlite, data/, 'data/*.parquet' or postgresql://user@host/database"


def open_warehouse(url: str, *, cache_dir: Path | None = None) -> Warehouse:
    """Open a warehouse read-only.

    Args:
        url: A path to a DuckDB or SQLite file; a folder, glob or file of CSV, TSV, Parquet or JSON;
            `duckdb:///path`, `sqlite:///path` or `postgresql://...`.
        cache_dir: Where loaded data files may be kept between runs.

    Raises:
        Misconfigured: If there is nothing there, it is damaged, or it does not let us in.
    """
    if url.startswith(_POSTGRES):
        from gnomon.warehouses.postgres import open_postgres

        return open_postgres(url)
    scheme, separator, rest = url.partition("://")
    if separator:
        return _open_scheme(scheme.lower(), rest, url)
    path = Path(url).expanduser()
    if path.is_file():
        return _open_file(path, cache_dir)
    if not path.is_dir() and not has_magic(url):
        raise _absent(url)
    from gnomon.warehouses.files import open_files

    return open_files(str(path), cache_dir=cache_dir)


def _open_scheme(scheme: str, rest: str, url: str) -> Warehouse:
    if scheme not in ("duckdb", "sqlite", "file"):
        raise Misconfigured(f"{scheme}:// is not a warehouse gnomon can open", hint=f"use {_EXAMPLES}")
    path = _path_of(rest)
    if not path.is_file():
        raise _absent(_shown(path, rest))
    found = _engine_of(path)
    if scheme != "file" and found is not None and found != scheme:
        raise Misconfigured(
            f"{path.name} is not a {scheme} file, it is a {found} file",
            facts=(("url", url),),
            hint=f"use {found}:///{rest.lstrip('/')}, or the path alone",
        )
    return _open_engine(scheme if scheme != "file" else found, path)


def _path_of(rest: str) -> Path:
    """`/shop.db` is relative if that exists, else absolute; `//srv/shop.db` is absolute."""
    relative = Path(rest.removeprefix("/")).expanduser()
    return relative if relative.exists() else Path("/" + rest.lstrip("/"))


def _shown(path: Path, rest: str) -> str:
    relative = rest.removeprefix("/")
    return str(path) if relative.startswith("/") else f"{Path(relative).expanduser()}, nor at {path}"


def _open_file(path: Path, cache_dir: Path | None) -> Warehouse:
    engine = _engine_of(path)
    if engine is not None:
        return _open_engine(engine, path)
    from gnomon.warehouses.files import open_files, part_of

    return open_files(str(path), cache_dir=cache_dir) if part_of(path) else _open_engine(None, path)


def _engine_of(path: Path) -> str | None:
    """`sqlite`, `duckdb`, or None if the first bytes belong to neither."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE_MAGIC))
    except OSError as error:
        raise Misconfigured(
            f"{path} cannot be read: {error.strerror}", hint="check its permissions"
        ) from error
    if head == _SQLITE_MAGIC or (not head and path.suffix.lower() in _SQLITE_SUFFIXES):
        return "sqlite"
    return "duckdb" if head[_DUCKDB_MAGIC_AT:].startswith(_DUCKDB_MAGIC) else None


def _open_engine(engine: str | None, path: Path) -> Warehouse:
    if engine == "sqlite":
        from gnomon.warehouses.sqlite import open_sqlite

        return open_sqlite(path)
    if engine == "duckdb":
        from gnomon.warehouses.duckdb import open_duckdb

        return open_duckdb(path)
    size = path.stat().st_size
    raise Misconfigured(
        f"{path.name} is {'empty' if not size else 'no database or data file gnomon knows'}",
        facts=(("file", str(path)), ("size", f"{size} bytes")),
        hint=f"use {_EXAMPLES}",
    )


def _absent(where: str) -> Misconfigured:
    return Misconfigured(f"there is no file or folder at {where}", hint=f"use {_EXAMPLES}")
