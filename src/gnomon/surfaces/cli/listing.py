"""Rows of named values as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from gnomon.domain.catalog import TypeKind
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.surfaces.cli.cells import is_number
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.table import render_table
from gnomon.surfaces.cli.terminal import Terminal


def listing(rows: Sequence[Mapping[str, Any]]) -> ResultTable:
    """The rows as a result, a column for each name of the first row."""
    names = [*rows[0]] if rows else []
    columns = tuple(ResultColumn(name, _kind([row[name] for row in rows])) for name in names)
    return ResultTable(columns, tuple(tuple(row[name] for name in names) for row in rows))


def print_listing(rows: Sequence[Mapping[str, Any]], terminal: Terminal) -> None:
    """Print all of them."""
    terminal.page(listing_lines(rows, terminal.face))


def listing_lines(rows: Sequence[Mapping[str, Any]], face: Face) -> list[Text]:
    """All of them as lines."""
    return render_table(listing(rows), face, max_rows=max(len(rows), 1), quoted=False)


def _kind(values: Sequence[Any]) -> TypeKind:
    known = [v for v in values if v is not None]
    return "decimal" if known and all(map(is_number, known)) else "text"
