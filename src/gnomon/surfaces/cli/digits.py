"""A headline in large digits, three lines high."""

from gnomon.surfaces.cli.face import Face

# Five pixel rows a glyph, as on a pocket calculator.
_PIXELS = {
    "0": "### #.# #.# #.# ###",
    "1": ".#. ##. .#. .#. ###",
    "2": "### ..# ### #.. ###",
    "3": "### ..# ### ..# ###",
    "4": "#.# #.# ### ..# ..#",
    "5": "### #.. ### ..# ###",
    "6": "### #.. ### #.# ###",
    "7": "### ..# ..# ..# ..#",
    "8": "### #.# ### #.# ###",
    "9": "### #.# ### ..# ###",
    ".": ". . . . #",
    ",": ".. .. .. .# #.",
    "-": "... ... ### ... ...",
    "+": "... .#. ### .#. ...",
    "%": "#..# ...# .##. #... #..#",
    "$": ".## ##. .#. .## ##.",
    "€": ".## #.. ##. #.. .##",
    " ": ". . . . .",
}
_HALVES = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def large(text: str, face: Face) -> list[str] | None:
    """Three lines of half blocks, or None where they cannot be shown or would not fit."""
    glyphs = [_PIXELS.get(char) for char in text.strip()]
    if not face.large or not face.unicode or not glyphs or None in glyphs:
        return None
    rows = [glyph.split(" ") for glyph in glyphs if glyph]
    lines = [" ".join(_row(glyph, line) for glyph in rows) for line in range(3)]
    return lines if len(lines[0]) <= face.width - 4 else None


def _row(glyph: list[str], line: int) -> str:
    top = glyph[line * 2]
    below = glyph[line * 2 + 1] if line * 2 + 1 < len(glyph) else "." * len(top)
    return "".join(_HALVES[upper == "#", lower == "#"] for upper, lower in zip(top, below, strict=True))
