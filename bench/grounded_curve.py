"""Draw precision against coverage as a small SVG picture, readable on light and dark pages."""

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

from gnomon.flywheel.calibration import Point

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 140, 16, 44
COLOURS = ("#1b6ca8", "#c4501b", "#3a7d44", "#7b4fa3", "#a8861b", "#555555")
FLOOR = 0.5
"""Lowest precision on the axis; a curve below it runs along the edge."""

MIN_ANSWERS = 20
"""A curve begins where so many answers are counted: one wrong answer of three is no precision."""


def draw(curves: Mapping[str, Sequence[Point]], goal: float) -> str:
    """The picture, a line a curve, with a dashed one at the precision that is aimed for."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" font-family="sans-serif" font-size="12" role="img" '
        'aria-label="Precision against coverage">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        *_axes(),
        f'<line x1="{_x(0):.1f}" y1="{_y(goal):.1f}" x2="{_x(1):.1f}" y2="{_y(goal):.1f}" '
        'stroke="#888888" stroke-dasharray="5 4"/>',
    ]
    drawn = {name: kept for name, points in curves.items() if (kept := _settled(points))}
    for number, (name, points) in enumerate(drawn.items()):
        parts += _curve(name, points, COLOURS[number % len(COLOURS)], number)
    return "\n".join([*parts, "</svg>", ""])


def _settled(points: Sequence[Point]) -> list[Point]:
    return [p for p in points if p.precision.total >= MIN_ANSWERS]


def _curve(name: str, points: Sequence[Point], colour: str, number: int) -> list[str]:
    path = " ".join(f"{_x(p.coverage.value):.1f},{_y(p.precision.value):.1f}" for p in points)
    x, y = WIDTH - RIGHT + 16, TOP + 14 + 20 * number
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
        f'<line x1="{x}" y1="{y - 4}" x2="{x + 18}" y2="{y - 4}" stroke="{colour}" stroke-width="2"/>',
        f'<text x="{x + 24}" y="{y}" fill="#222222">{escape(name)}</text>',
    ]


def _axes() -> list[str]:
    parts = []
    for tenth in range(0, 11, 2):
        share = tenth / 10
        parts.append(_text(_x(share), HEIGHT - BOTTOM + 18, f"{share:.0%}", "middle"))
    for tenth in range(round(FLOOR * 10), 11):
        share, y = tenth / 10, _y(tenth / 10)
        parts.append(f'<line x1="{_x(0):.1f}" y1="{y:.1f}" x2="{_x(1):.1f}" y2="{y:.1f}" stroke="#e4e4e4"/>')
        parts.append(_text(_x(0) - 6, y + 4, f"{share:.0%}", "end"))
    parts.append(
        _text(_x(0.5), HEIGHT - 8, "coverage: answered, of the questions that have an answer", "middle")
    )
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        f'<text x="14" y="{middle:.1f}" fill="#222222" text-anchor="middle" '
        f'transform="rotate(-90 14 {middle:.1f})">precision: right, of those answered</text>'
    )
    return parts


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="#222222" text-anchor="{anchor}">{text}</text>'


def _x(coverage: float) -> float:
    return LEFT + coverage * (WIDTH - LEFT - RIGHT)


def _y(precision: float) -> float:
    return TOP + (1 - max(precision, FLOOR)) / (1 - FLOOR) * (HEIGHT - TOP - BOTTOM)
