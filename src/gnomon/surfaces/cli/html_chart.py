"""A chart as inline SVG: shapes and text alone, drawn from the result's cells."""

from collections.abc import Sequence
from html import escape

from gnomon.domain.answer import Chart
from gnomon.domain.result import ResultTable
from gnomon.surfaces.cli.cells import finite, format_column, neutralise

MAX_BARS = 40
_WIDTH = 720
_BAR = 22
_LABEL = 180
_VALUE = 110
_HEIGHT = 260
_LEFT = 90
_CHARS = 26

Numbers = Sequence[float | None]


def svg_chart(chart: Chart, result: ResultTable) -> str:
    """The chart, a picture a series; empty if its columns are not in the result or hold no number."""
    x = result.column_index(chart.x)
    series = [i for name in chart.y if (i := result.column_index(name)) is not None]
    if x is None or not series or not result.rows:
        return ""
    labels = format_column(result.columns[x], result.values(x), quoted=False)
    pictures = []
    for index in series:
        values = _scaled([finite(v) for v in result.values(index)])
        texts = format_column(result.columns[index], result.values(index))
        if any(v is not None for v in values):
            draw = _line if chart.kind == "line" and sum(v is not None for v in values) >= 3 else _bars
            pictures.append(_titled(result.columns[index].name, draw(labels, values, texts)))
    title = f"<h2>{_text(chart.title, 200)}</h2>\n" if chart.title and pictures else ""
    return title + "\n".join(pictures)


def _scaled(values: Numbers) -> list[float | None]:
    """The values divided by the largest size, so that no difference of two overflows."""
    size = max((abs(v) for v in values if v is not None), default=0.0) or 1.0
    return [None if v is None else v / size for v in values]


def _text(text: str, chars: int = _CHARS) -> str:
    return escape(text if len(text := neutralise(text)) <= chars else text[: chars - 1] + "…", quote=True)


def _titled(name: str, picture: str) -> str:
    return f'<figure>\n<figcaption class="soft">{_text(name, 200)}</figcaption>\n{picture}\n</figure>'


def _svg(height: float, shapes: list[str]) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height:g}" role="img">\n' + "\n".join(shapes) + "\n</svg>"


def _bars(labels: Sequence[str], values: Numbers, texts: Sequence[str]) -> str:
    shown = list(zip(labels, values, texts, strict=True))[:MAX_BARS]
    known = [v for _, v, _ in shown if v is not None]
    low, high = min([0.0, *known]), max([0.0, *known])
    room, span = _WIDTH - _LABEL - _VALUE, (high - low) or 1.0
    zero = _LABEL - low / span * room
    shapes = []
    for row, (label, value, text) in enumerate(shown):
        shapes.append(_caption(_LABEL - 8, row * _BAR + 15, label, end=True))
        if value is not None:
            start, length = zero + min(value, 0.0) / span * room, max(abs(value) / span * room, 1.0)
            place = f'x="{start:.1f}" y="{row * _BAR + 3}" width="{length:.1f}" height="{_BAR - 6}"'
            shapes.append(f'<rect class="shape" {place} rx="2"/>')
        shapes.append(_caption(_WIDTH - 4, row * _BAR + 15, text, end=True))
    height = len(shown) * _BAR
    if len(labels) > MAX_BARS:
        height += _BAR
        shapes.append(_caption(0, height - 7, f"{len(labels) - MAX_BARS:,} more bars"))
    return _svg(height, shapes)


def _caption(x: float, y: float, text: str, *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return f'<text x="{x:g}" y="{y:g}"{anchor}>{_text(text)}</text>'


def _line(labels: Sequence[str], values: Numbers, texts: Sequence[str]) -> str:
    known = [(v, t) for v, t in zip(values, texts, strict=True) if v is not None]
    (low, low_text), (high, high_text) = min(known), max(known)
    span, steps, bottom = (high - low) or 1.0, max(len(values) - 1, 1), _HEIGHT - 30
    points = [
        None
        if v is None
        else (_LEFT + i / steps * (_WIDTH - _LEFT - 10), bottom - (v - low) / span * (bottom - 14))
        for i, v in enumerate(values)
    ]
    shapes = [
        f'<path class="axis" d="M{_LEFT} 8V{bottom}H{_WIDTH - 4}" fill="none"/>',
        _caption(_LEFT - 8, 18, high_text, end=True),
        _caption(_LEFT - 8, bottom, low_text, end=True),
        f'<path class="line" d="{_path(points)}"/>',
        *(f'<circle class="shape" cx="{p[0]:.1f}" cy="{p[1]:.1f}" r="2.5"/>' for p in points if p),
        _caption(_LEFT, _HEIGHT - 8, labels[0]),
        _caption(_WIDTH - 4, _HEIGHT - 8, labels[-1], end=True),
    ]
    return _svg(_HEIGHT, shapes)


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """The line through the points; a missing value leaves a gap."""
    parts, drawing = [], False
    for point in points:
        if point is not None:
            parts.append(f"{'L' if drawing else 'M'}{point[0]:.1f} {point[1]:.1f}")
        drawing = point is not None
    return "".join(parts)
