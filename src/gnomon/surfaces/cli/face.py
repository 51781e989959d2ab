"""What the place we print to can show: width, glyphs, colour."""

from dataclasses import dataclass

_UNICODE = {
    "pass": "✓",
    "warn": "!",
    "fail": "✗",
    "not_applicable": "–",
    "cut": "…",
    "rule": "─",
    "cross": "┼",
    "bar": "│",
    "dot": "·",
    "block": "█",
    "times": "×",
}
_ASCII = {
    "pass": "ok",
    "warn": "!",
    "fail": "x",
    "not_applicable": "-",
    "cut": "~",
    "rule": "-",
    "cross": "+",
    "bar": "|",
    "dot": "-",
    "block": "#",
    "times": "x",
}


@dataclass(frozen=True, slots=True)
class Face:
    """What one output stream can show.

    Args:
        width: Columns, at least 20.
        unicode: False where the encoding lacks the drawing glyphs.
        colour: Whether styles reach the reader.
        large: Whether a person looks at a terminal, so that a headline may take several lines.
    """

    width: int = 80
    unicode: bool = True
    colour: bool = False
    large: bool = False

    def glyph(self, name: str) -> str:
        """The drawing glyph of that name, in ASCII where nothing else can be shown."""
        return (_UNICODE if self.unicode else _ASCII)[name]
