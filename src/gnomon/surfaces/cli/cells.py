"""Foreign text made safe to print, and cells made readable.

Cell text, names and SQL come from the data: a control sequence in them would act on the terminal, a bidi
mark would reorder the line, a newline would break the table. They are shown as escapes.
"""

import json
import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import inf, isfinite, isnan

from rich.cells import cell_len, set_cell_size

from gnomon.domain.result import Cell, ResultColumn
from gnomon.surfaces.cli.face import Face

NULL = "NULL"
_BYTES_SHOWN = 16
_JOINERS = frozenset("\u200c\u200d")
_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LABEL_NUMBER = re.compile(
    r"(?i:(^|[_\s])(id|year|yr|zip|code|key|postcode|phone|sku)s?($|[_\s]))|[a-z](Id|Year)$"
)
_FLOAT_PLACES = 4


def neutralise(text: str, *, keep: str = "") -> str:
    """The text with every character that could act on a terminal written as an escape.

    Zero-width joiners stay, since scripts and emoji need them; so do the characters in `keep`.

    >>> neutralise("a\\x1b[31mb\\u202ec")
    'a\\\\x1b[31mb\\\\u202ec'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c in keep else _shown(c) for c in text)


def _shown(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char in _JOINERS or unicodedata.category(char) not in _HIDDEN_CATEGORIES:
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def wrap(text: str, width: int) -> list[str]:
    """Foreign prose, neutralised and wrapped at words to `width` columns; its own line breaks stay."""
    lines: list[str] = []
    for paragraph in neutralise(text, keep="\n").split("\n"):
        lines.extend(_wrap_paragraph(paragraph, max(width, 10)))
    return lines


def _wrap_paragraph(paragraph: str, width: int) -> list[str]:
    lines, line = [], ""
    for word in paragraph.split(" "):
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        while cell_len(word) > width:
            head = set_cell_size(word, width).rstrip()
            lines.append(head)
            word = word[len(head) :]
        line = word
    return [*lines, line]


def fit(text: str, width: int, face: Face) -> str:
    """The text cut to at most `width` columns, with a mark where something was cut."""
    if cell_len(text) <= width:
        return text
    mark = face.glyph("cut")
    return set_cell_size(text, max(width - len(mark), 0)).rstrip() + mark


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text filled with spaces to `width` columns."""
    fill = " " * max(width - cell_len(text), 0)
    return fill + text if right else text + fill


def is_number(value: Cell) -> bool:
    """Whether a cell is a number (a truth value is not)."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def finite(value: Cell) -> float | None:
    """The number as a float, or None where it is none, or not a finite one."""
    if not is_number(value) or (isinstance(value, Decimal) and not value.is_finite()):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None


def format_column(column: ResultColumn, values: Sequence[Cell], *, quoted: bool = True) -> list[str]:
    """The cells of one column as text, neutralised, numbers alike in their decimal places.

    Args:
        quoted: Put texts in quotes that would read as something else: empty, NULL, or with outer spaces.
    """
    grouped = not (column.kind == "integer" and _LABEL_NUMBER.search(column.name))
    places = _decimal_places(values)
    midnight = all(v.time() == time() for v in values if isinstance(v, datetime))
    return [
        neutralise(value)
        if isinstance(value, str) and not quoted
        else _format(value, places, grouped, midnight)
        for value in values
    ]


def _decimal_places(values: Sequence[Cell]) -> int:
    places = [_places_of(v) for v in values if is_number(v) and not isinstance(v, int)]
    return max(places, default=0)


def _places_of(value: Cell) -> int:
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return min(max(-exponent, 0), 10) if isinstance(exponent, int) else 0
    if finite(value) is None:
        return 0
    text = f"{value:.{_FLOAT_PLACES}f}"
    if float(text) == 0 and value != 0:
        return 0
    return len(text.rstrip("0").partition(".")[2])


def _format(value: Cell, places: int, grouped: bool, midnight: bool) -> str:
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return _format_number(value, places, grouped)
    if isinstance(value, datetime):
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, bytes | bytearray | memoryview):
        return _format_bytes(bytes(value))
    if isinstance(value, date | time | timedelta):
        return str(value)
    if isinstance(value, list | dict | tuple):
        return neutralise(json.dumps(value, ensure_ascii=False, default=str))
    return _format_text(str(value))


def _format_text(text: str) -> str:
    """Texts that would read as something else are quoted."""
    safe = neutralise(text)
    return f'"{safe}"' if text in ("", NULL) or text != text.strip() else safe


def _format_bytes(value: bytes) -> str:
    head = value[:_BYTES_SHOWN].hex()
    return f"0x{head}" if len(value) <= _BYTES_SHOWN else f"0x{head} ({len(value):,} bytes)"


def _format_number(value: Cell, places: int, grouped: bool) -> str:
    if isinstance(value, int):
        whole = f"{value:,}" if grouped else str(value)
        return f"{whole}.{'0' * places}" if places else whole
    if value.is_nan() if isinstance(value, Decimal) else isnan(value):
        return "NaN"
    if abs(value) == inf:
        return "Infinity" if value > 0 else "-Infinity"
    size = abs(value)
    if size >= 1e15 or (isinstance(value, float) and 0 < size < 0.5 * 10**-_FLOAT_PLACES):
        return f"{value:.6g}"
    return f"{value:,.{places}f}"
