"""Rows of named values as a table, or one below the other where a table would cut what people copy."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.text import Text

from gnomon.domain.catalog import TypeKind
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.surfaces.cli.cells import is_number, neutralise, pad, wrap
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.table import GAP, NARROWEST_CELL, render_table
from gnomon.surfaces.cli.terminal import Terminal

Row = Mapping[str, Any]


def listing(rows: Sequence[Row]) -> ResultTable:
    """The rows as a result, a column for each name of the first row."""
    names = [*rows[0]] if rows else []
    columns = tuple(ResultColumn(name, _kind([row[name] for row in rows])) for name in names)
    return ResultTable(columns, tuple(tuple(row[name] for name in names) for row in rows))


def print_listing(rows: Sequence[Row], terminal: Terminal, whole: Collection[str] = ()) -> None:
    """Print all of them; arguments as for `listing_lines`."""
    terminal.page(listing_lines(rows, terminal.face, whole))


def listing_lines(rows: Sequence[Row], face: Face, whole: Collection[str] = ()) -> list[Text]:
    """All of them as lines.

    Args:
        whole: Columns that people copy from, ids and commands: they are neither cut nor left out, and columns
            without any value make room for them.
    """
    if whole and rows:
        filled = [name for name in rows[0] if any(row[name] not in ("", None) for row in rows)]
        rows = [{name: row[name] for name in filled} for row in rows]
        if not _fits(rows, face.width, whole):
            return _one_below_the_other(rows, face, whole)
    return render_table(listing(rows), face, max_rows=max(len(rows), 1), quoted=False, whole=whole)


def _fits(rows: Sequence[Row], width: int, whole: Collection[str]) -> bool:
    """Whether a table has room for what is never cut and something of the rest; one row is not cut."""
    least = GAP * (len(rows[0]) - 1)
    for name in rows[0]:
        widest = max(cell_len(name), *(cell_len(_said(row[name])) for row in rows))
        least += widest if name in whole or len(rows) == 1 else min(widest, NARROWEST_CELL)
    return least <= width


def _one_below_the_other(rows: Sequence[Row], face: Face, whole: Collection[str]) -> list[Text]:
    """A line a value, long texts on several, what is never cut on one however long it is."""
    label = max(cell_len(name) for name in rows[0])
    bar = f" {face.glyph('bar')} "
    lines: list[Text] = []
    for row in rows:
        lines += [Text()] if lines else []
        for name, value in row.items():
            said = _said(value)
            told = [said] if name in whole else wrap(said, face.width - label - GAP)
            for i, part in enumerate(told):
                head = Text(pad("" if i else name, label), style="bold")
                line = Text.assemble(head, (bar, "dim"), part)
                line.rstrip()
                lines.append(line)
    return lines


def _said(value: Any) -> str:
    return "" if value is None else neutralise(str(value))


def _kind(values: Sequence[Any]) -> TypeKind:
    known = [v for v in values if v is not None]
    return "decimal" if known and all(map(is_number, known)) else "text"
