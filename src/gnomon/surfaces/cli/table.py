"""A result as a table that fits the width: bounded rows and columns, numbers to the right."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.text import Text

from gnomon.context.catalog.plurals import many
from gnomon.domain.catalog import NUMERIC_KINDS, TEMPORAL_KINDS, TypeKind
from gnomon.domain.result import ResultTable
from gnomon.surfaces.cli.cells import NULL, fit, format_column, is_number, neutralise, pad, wrap
from gnomon.surfaces.cli.face import Face

MAX_ROWS = 20
_WIDEST_CELL = 40
NARROWEST_CELL = 12
GAP = 3
_NEVER_CUT: frozenset[TypeKind] = NUMERIC_KINDS | TEMPORAL_KINDS | {"boolean", "time"}


@dataclass(frozen=True, slots=True)
class _Shown:
    """A column ready to print."""

    name: str
    cells: tuple[str, ...]
    nulls: frozenset[int]
    right: bool
    whole: bool
    width: int


def render_table(
    result: ResultTable,
    face: Face,
    *,
    max_rows: int = MAX_ROWS,
    more: str = "",
    quoted: bool = True,
    whole: Collection[str] = (),
) -> list[Text]:
    """Lines of at most `face.width` columns.

    Args:
        max_rows: Rows shown; a last line says how many more there are.
        more: How to get the rest, for that last line.
        quoted: Put texts in quotes that would read as something else, as in `format_column`.
        whole: Columns that are not narrowed, besides numbers and times.
    """
    if not result.columns:
        return [Text("(no columns)", style="dim")]
    columns = _columns(result, max_rows, quoted, whole)
    if len(result.rows) == 1 and _total(columns) > face.width:
        return _record(columns, face)
    fitted = _fit_columns(columns, face.width)
    lines = [_line(fitted, None, face), _rule(fitted, face)]
    lines += [_line(fitted, row, face) for row in range(min(len(result.rows), max_rows))]
    note = _note(result, max_rows, [c.name for c in columns[len(fitted) :]], more)
    return [*lines, *(Text(line, style="dim") for line in wrap(note, face.width) if note)]


def _columns(result: ResultTable, max_rows: int, quoted: bool, never_cut: Collection[str]) -> list[_Shown]:
    shown = []
    for index, column in enumerate(result.columns):
        values = [row[index] for row in result.rows[:max_rows]]
        cells = tuple(format_column(column, values, quoted=quoted))
        name = neutralise(column.name)
        width = max([cell_len(name), *map(cell_len, cells)], default=1)
        whole = column.kind in _NEVER_CUT or column.name in never_cut
        right = column.kind in NUMERIC_KINDS or (bool(values) and all(map(is_number, values)))
        nulls = frozenset(i for i, v in enumerate(values) if v is None)
        shown.append(_Shown(name, cells, nulls, right, right or whole, max(width, 1)))
    return shown


def _total(columns: list[_Shown]) -> int:
    return sum(c.width for c in columns) + GAP * (len(columns) - 1)


def _fit_columns(columns: list[_Shown], width: int) -> list[_Shown]:
    """Narrow the widest text columns first, then leave the last columns out. Numbers and times stay whole."""
    widths = [c.width if c.whole else min(c.width, _WIDEST_CELL) for c in columns]
    if len(columns) == 1:
        widths = [min(columns[0].width, width)]
    while sum(widths) + GAP * (len(widths) - 1) > width:
        wide = [i for i, c in enumerate(columns[: len(widths)]) if not c.whole and widths[i] > NARROWEST_CELL]
        if wide:
            widths[max(wide, key=lambda i: widths[i])] -= 1
        elif len(widths) > 1:
            widths.pop()
        else:
            widths = [width]
    return [replace(c, width=w) for c, w in zip(columns, widths, strict=False)]


def _line(columns: list[_Shown], row: int | None, face: Face) -> Text:
    text = Text()
    for position, column in enumerate(columns):
        if position:
            text.append(f" {face.glyph('bar')} ", style="dim")
        cell = column.name if row is None else column.cells[row]
        style = "bold" if row is None else "dim italic" if row in column.nulls else ""
        text.append(pad(fit(cell, column.width, face), column.width, right=column.right), style=style)
    text.rstrip()
    return text


def _rule(columns: list[_Shown], face: Face) -> Text:
    joint = face.glyph("rule") + face.glyph("cross") + face.glyph("rule")
    line = joint.join(face.glyph("rule") * c.width for c in columns)
    return Text(line, style="dim")


def _record(columns: list[_Shown], face: Face) -> list[Text]:
    """A single wide row, one column a line."""
    label = min(max(cell_len(c.name) for c in columns), face.width // 2)
    lines = []
    for column in columns:
        text = Text()
        text.append(pad(fit(column.name, label, face), label), style="bold")
        text.append(f" {face.glyph('bar')} ", style="dim")
        cell = fit(column.cells[0], face.width - label - GAP, face)
        text.append(cell, style="dim italic" if cell == NULL else "")
        lines.append(text)
    return lines


def _note(result: ResultTable, max_rows: int, hidden: list[str], more: str) -> str:
    parts = []
    if not result.rows:
        parts.append("no rows")
    if len(result.rows) > max_rows:
        parts.append(many(len(result.rows) - max_rows, "more row"))
    if result.truncated:
        parts.append("cut at the limit: there are more in the warehouse")
    if hidden:
        parts.append(f"{many(len(hidden), 'more column')}: {', '.join(hidden)}")
    note = "; ".join(parts)
    return f"({note}{'; ' + more if more and result.rows else ''})" if parts else ""
