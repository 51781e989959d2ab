"""What an owner can say of a table, as values; docs/annotations.md shows the file."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

CRITICALITIES = ("low", "medium", "high", "critical")

FIELDS = (
    "table",
    "owner",
    "criticality",
    "freshness",
    "meaning",
    "grain",
    "caveats",
    "always_filter",
    "use_instead",
    "use_when",
    "tags",
    "also_called",
    "said_by",
    "said_at",
    "columns",
)
"""Every field of an entry, in the order in which they are written."""

LISTS = ("caveats", "always_filter", "use_instead", "use_when", "tags", "also_called")
"""Fields that hold one item or several."""

MAX_NAME_WORDS = 5
"""Words of a further name: no longer one is looked for in a question."""

_NAME = re.compile(r"[\w'’ .&-]{1,80}")
_HOURS = {"minute": 1 / 60, "hour": 1, "day": 24, "week": 7 * 24, "month": 31 * 24}
_UNITS = {"m": "minute", "min": "minute", "h": "hour", "d": "day", "w": "week"}
_DURATION = re.compile(r"(\d{1,6})\s*([a-z]+)", re.I)


@dataclass(frozen=True, slots=True)
class Caveat:
    """Something to know before counting; `until` is the last day on which it holds."""

    text: str
    until: date | None = None

    def __str__(self) -> str:
        return f"{self.text} (until {self.until.isoformat()})" if self.until else self.text


@dataclass(frozen=True, slots=True)
class Instead:
    """A better table, and when it is better: always if `when` is empty.

    Free text that names no table by itself stands in `when`, and `table` is empty.
    """

    table: str
    when: str = ""

    def __str__(self) -> str:
        text = " when ".join(part for part in (self.table, self.when) if part)
        return text.replace("; ", ", ")


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh a table is expected to be: in words, or as an age by a column."""

    text: str = ""
    within: str = ""
    column: str = ""

    def __str__(self) -> str:
        if self.text or not self.within:
            return self.text
        return f"within {self.within} by {self.column}" if self.column else f"within {self.within}"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What one entry of a file says of one table.

    Args:
        table: The table as the owner names it.
        file: Path of the file, relative to the folder of annotations.
        position: Place in the list `tables`; None where the file holds this table alone.
        also_called: Further names for what its rows are.
        columns: Column and meaning.
        columns_called: Column and a further name for it, a pair for each name.
        lines: Line of each part that the entry holds, by its path in the entry: `("caveats", 0)`.
    """

    table: str
    file: str = ""
    position: int | None = None
    owner: str = ""
    criticality: str = ""
    freshness: Freshness = Freshness()
    meaning: str = ""
    grain: str = ""
    caveats: tuple[Caveat, ...] = ()
    always_filter: tuple[str, ...] = ()
    use_instead: tuple[Instead, ...] = ()
    use_when: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    also_called: tuple[str, ...] = ()
    said_by: str = ""
    said_at: date | None = None
    columns: tuple[tuple[str, str], ...] = ()
    columns_called: tuple[tuple[str, str], ...] = ()
    lines: Mapping[tuple[str | int, ...], int] = field(default_factory=dict, repr=False, compare=False)

    def place(self, *path: str | int) -> str:
        """File and line of a part of the entry, or of the nearest part above it; empty without a file."""
        above = (path[:n] for n in range(len(path), -1, -1))
        line = next((self.lines[p] for p in above if p in self.lines), 1)
        return f"{self.file}:{line}" if self.file else ""


def why_no_name(text: str) -> str:
    """Why `text` is no further name of a table or column; empty if it is one.

    >>> why_no_name("net revenue"), why_no_name("42")
    ('', 'holds no word')
    """
    if len(text.split()) > MAX_NAME_WORDS:
        return (
            f"has more than {MAX_NAME_WORDS} words: it is a name, and what the thing is stands in `meaning`"
        )
    if not any(c.isalpha() for c in text):
        return "holds no word"
    return "" if _NAME.fullmatch(text) else "holds signs that no question has in a name"


def instead_text(better: Iterable[Instead]) -> str:
    """Better tables in one text, as a card keeps it; `instead_of_text` reads it back."""
    return "; ".join(map(str, better))


def instead_of_text(text: str) -> tuple[Instead, ...]:
    """The better tables that a text names.

    >>> instead_of_text("marts.orders when you need refunds; marts.all")
    (Instead(table='marts.orders', when='you need refunds'), Instead(table='marts.all', when=''))
    """
    return tuple(_instead(part) for part in text.split("; ") if part.strip())


def _instead(text: str) -> Instead:
    first, _, rest = text.strip().partition(" ")
    name = first.strip("`")
    if not rest:
        return Instead(name)
    word, _, when = rest.strip().partition(" ")
    return Instead(name, when) if word.casefold() == "when" and when else Instead("", text.strip())


def hours_of(text: str) -> float | None:
    """The hours of a length of time such as `24h`, `90 minutes`, `2 days`, `1 week`; None if it is none."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        return None
    unit = found[2].casefold()
    known = _UNITS.get(unit) or unit.removesuffix("s")
    return int(found[1]) * _HOURS[known] if known in _HOURS else None
