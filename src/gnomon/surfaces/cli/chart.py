"""A bar or line chart drawn with characters: blocks and braille, or ASCII where those cannot be shown."""

from collections.abc import Sequence
from itertools import pairwise

from rich.cells import cell_len
from rich.text import Text

from gnomon.domain.answer import Chart
from gnomon.domain.result import ResultTable
from gnomon.surfaces.cli.cells import finite, fit, format_column, neutralise, pad
from gnomon.surfaces.cli.face import Face

MAX_BARS = 20
MAX_SERIES = 3
_PLOT_ROWS = 8
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_BRAILLE = 0x2800
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))

Point = tuple[int, int]


def render_chart(chart: Chart, result: ResultTable, face: Face) -> list[Text]:
    """Lines of at most `face.width` columns; none if the chart's columns are not in the result."""
    x = result.column_index(chart.x)
    series = [i for name in chart.y[:MAX_SERIES] if (i := result.column_index(name)) is not None]
    if x is None or not series or not result.rows:
        return []
    labels = format_column(result.columns[x], result.values(x))
    lines = [_caption(chart.title, face)] if chart.title else []
    for index in series:
        if len(series) > 1:
            lines.append(_caption(result.columns[index].name, face))
        values = _scaled([finite(v) for v in result.values(index)])
        texts = format_column(result.columns[index], result.values(index))
        draw = _line_chart if chart.kind == "line" and _plottable(values) else _bar_chart
        lines.extend(draw(labels, values, texts, face))
    return lines


def _caption(text: str, face: Face) -> Text:
    return Text(fit(neutralise(text), face.width, face), style="bold")


def _scaled(values: Sequence[float | None]) -> list[float | None]:
    """The values divided by the largest size, so that no difference of two overflows."""
    size = max((abs(v) for v in values if v is not None), default=0.0) or 1.0
    return [None if v is None else v / size for v in values]


def _plottable(values: Sequence[float | None]) -> bool:
    return sum(v is not None for v in values) >= 3


def _bar_chart(
    labels: Sequence[str], values: Sequence[float | None], texts: Sequence[str], face: Face
) -> list[Text]:
    label_width = min(max(map(cell_len, labels[:MAX_BARS])), face.width // 3)
    text_width = max(map(cell_len, texts[:MAX_BARS]))
    room = max(face.width - label_width - text_width - 4, 5)
    known = [v for v in values[:MAX_BARS] if v is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    span = (high - low) or 1.0
    zero = round(room * -low / span)
    lines = []
    for label, value, text in list(zip(labels, values, texts, strict=True))[:MAX_BARS]:
        line = Text()
        line.append(pad(fit(label, label_width, face), label_width, right=True) + f" {face.glyph('bar')}")
        line.append(_bar(value, zero, room, span, face), style="cyan")
        line.append(f" {pad(text, text_width, right=True)}")
        lines.append(line)
    if len(values) > MAX_BARS:
        lines.append(Text(f"({len(values) - MAX_BARS:,} more bars)", style="dim"))
    return lines


def _bar(value: float | None, zero: int, room: int, span: float, face: Face) -> str:
    if value is None or value == 0:
        return " " * room
    if value < 0:
        length = min(max(round(room * -value / span), 1), zero)
        return pad(" " * (zero - length) + face.glyph("block") * length, room)
    exact = min(value * room / span, room - zero)
    whole, eighth = divmod(max(round(exact * 8), 1), 8)
    tail = _EIGHTHS[eighth] if face.unicode and eighth else "" if face.unicode else "#" * (eighth >= 4)
    blocks = face.glyph("block") * min(whole, room - zero)
    return pad(" " * zero + blocks + (tail if whole < room - zero else ""), room)


def _line_chart(
    labels: Sequence[str], values: Sequence[float | None], texts: Sequence[str], face: Face
) -> list[Text]:
    known = [(v, t) for v, t in zip(values, texts, strict=True) if v is not None]
    (low, low_text), (high, high_text) = min(known), max(known)
    axis = max(cell_len(low_text), cell_len(high_text))
    columns = max(face.width - axis - 3, 10)
    across, down = (2, 4) if face.unicode else (1, 1)
    points = _points(values, low, high, columns * across - 1, _PLOT_ROWS * down - 1)
    cells = _cells(points, across, down)
    lines = []
    for row in range(_PLOT_ROWS):
        tick = high_text if row == 0 else low_text if row == _PLOT_ROWS - 1 else ""
        line = Text()
        line.append(f"{pad(tick, axis, right=True)} {face.glyph('bar')}")
        line.append(
            "".join(_glyph(cells.get((c, row), 0), face) for c in range(columns)).rstrip(), style="cyan"
        )
        lines.append(line)
    first, last = fit(labels[0], columns // 2 - 1, face), fit(labels[-1], columns // 2 - 1, face)
    gap = " " * (columns - cell_len(first) - cell_len(last))
    return [*lines, Text(" " * (axis + 2) + first + gap + last, style="dim")]


def _points(
    values: Sequence[float | None], low: float, high: float, right: int, bottom: int
) -> list[Point | None]:
    """Each value's place on a grid of (right + 1) x (bottom + 1) dots, (0, 0) at the top left."""
    span = (high - low) or 1.0
    steps = max(len(values) - 1, 1)
    return [
        None if v is None else (round(i * right / steps), bottom - round((v - low) / span * bottom))
        for i, v in enumerate(values)
    ]


def _cells(points: Sequence[Point | None], across: int, down: int) -> dict[Point, int]:
    """The dots of the line through the points, gathered by character; a missing value leaves a gap."""
    dots = {p for p in points if p}
    for start, end in pairwise(points):
        if start and end:
            dots |= _segment(start, end)
    cells: dict[Point, int] = {}
    for x, y in dots:
        bit = _DOTS[y % down][x % across] if down > 1 else 1
        place = (x // across, y // down)
        cells[place] = cells.get(place, 0) | bit
    return cells


def _segment(start: Point, end: Point) -> set[Point]:
    steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
    return {
        (
            round(start[0] + (end[0] - start[0]) * i / steps),
            round(start[1] + (end[1] - start[1]) * i / steps),
        )
        for i in range(steps + 1)
    }


def _glyph(bits: int, face: Face) -> str:
    if not bits:
        return " "
    return chr(_BRAILLE + bits) if face.unicode else "*"
