"""Loads files into DuckDB tables without losing a row, whatever a type sniffer thinks of them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from gnomon.domain.errors import Misconfigured
from gnomon.warehouses.duckdb.errors import ENGINE_ERRORS
from gnomon.warehouses.files.grouping import FileFormat, Group, free_name
from gnomon.warehouses.names import literal, quoted

_LENIENT = "null_padding = true"
_FALLBACKS = (
    _LENIENT,
    f"{_LENIENT}, sample_size = -1",
    f"{_LENIENT}, sample_size = -1, parallel = false",
    f"{_LENIENT}, all_varchar = true, parallel = false, strict_mode = false",
)
"""From quick to thorough: guess types by a sample, by every row, and last keep every cell as text."""
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_ENCODINGS = ("", "encoding = 'latin-1'")
"""UTF-8 first; any bytes at all are Latin-1, so that comes last."""

Connection = duckdb.DuckDBPyConnection


def load_group(connection: Connection, group: Group, taken: set[str], *, by_view: bool) -> None:
    """Make one table of a group whose files share a schema, else one a file.

    Args:
        taken: Names of tables made so far, folded; names of new ones are added.
        by_view: Leave the rows in the files (Parquet only) and read them at query time.

    Raises:
        Misconfigured: If a file is damaged; the message names it.
    """
    form = group.parts[0].format
    if len(group.parts) > 1 and _share_schema(connection, group):
        paths = [part.path for part in group.parts]
        _load(connection, free_name(group.name, taken), paths, form, by_view=by_view)
        return
    for part in group.parts:
        _load(connection, free_name(part.stem, taken), [part.path], form, by_view=by_view)


def _share_schema(connection: Connection, group: Group) -> bool:
    """Whether every file has the same columns. Text formats are compared by name, Parquet by type too."""
    schemas = {tuple(_schema(connection, part.path, part.format)) for part in group.parts}
    return len(schemas) == 1


def _schema(connection: Connection, path: Path, form: FileFormat) -> list[str]:
    rows = _tried(connection, "DESCRIBE SELECT * FROM {}", [path], form)
    return [f"{row[0]} {row[1]}" if form == "parquet" else row[0] for row in rows]


def _load(
    connection: Connection, name: str, paths: Sequence[Path], form: FileFormat, *, by_view: bool
) -> None:
    kind = "VIEW" if by_view and form == "parquet" else "TABLE"
    target = quoted(name, "duckdb")
    _tried(connection, f"CREATE OR REPLACE {kind} {target} AS SELECT * FROM {{}}", paths, form)


def _tried(
    connection: Connection, template: str, paths: Sequence[Path], form: FileFormat
) -> list[tuple[str, str]]:
    """Run the statement with each reader in turn until one reads the files."""
    first: Exception | None = None
    for reader in _readers(paths, form):
        try:
            return connection.execute(template.replace("{}", reader)).fetchall()
        except ENGINE_ERRORS as error:
            first = first or error
    raise _unreadable(paths, first)


def _readers(paths: Sequence[Path], form: FileFormat) -> Iterator[str]:
    files = f"[{', '.join(literal(str(path)) for path in paths)}]"
    if form == "parquet":
        yield f"read_parquet({files})"
    elif form == "json":
        yield f"read_json({files}, maximum_object_size = 268435456)"
        yield f"read_json({files}, maximum_object_size = 268435456, sample_size = -1)"
        yield f"read_json({files}, maximum_object_size = 268435456, sample_size = -1, maximum_depth = 1)"
    else:
        delimiter = "delim = '\t', " if form == "tsv" else ""
        marked = any(_begins(path, _UTF_16_MARKS) for path in paths)
        for encoding in ("encoding = 'utf-16'",) if marked else _ENCODINGS:
            for options in _FALLBACKS:
                yield f"read_csv({files}, {delimiter}{options}{', ' + encoding if encoding else ''})"


def _begins(path: Path, marks: tuple[bytes, ...]) -> bool:
    """Whether a file begins so; one that cannot be read does not, and DuckDB then says why."""
    try:
        with path.open("rb") as file:
            return file.read(2).startswith(marks)
    except OSError:
        return False


def _unreadable(paths: Sequence[Path], error: Exception | None) -> Misconfigured:
    names = ", ".join(path.name for path in paths[:3]) + (" and others" if len(paths) > 3 else "")
    text = str(error).strip()
    return Misconfigured(
        f"{names} cannot be read",
        facts=(("file", str(paths[0])), ("engine", text.split("\n\n")[0])),
        hint="check that the file is complete and of the format its name says, or leave it out of the folder",
    )
