"""What the people who own the tables know: one TOML file a table, read before the cards are written."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gnomon.domain.errors import Misconfigured

_TEXTS = ("table", "owner", "meaning", "use_instead")
_LISTS = ("caveats", "always_filter")
_FIELDS = frozenset({*_TEXTS, *_LISTS, "columns"})


@dataclass(frozen=True, slots=True)
class Note:
    """An owner's note on one table.

    Args:
        table: The table's address, as `schema.name` or `name`.
        meaning: What a row stands for, in business words; becomes the card's purpose.
        always_filter: Conditions that every question on the table wants.
        columns: Column name and what it means.
        source: Where the note was read.
    """

    table: str
    owner: str = ""
    meaning: str = ""
    caveats: tuple[str, ...] = ()
    use_instead: str = ""
    always_filter: tuple[str, ...] = ()
    columns: tuple[tuple[str, str], ...] = ()
    source: str = "note"


def load_notes(folder: Path) -> tuple[Note, ...]:
    """Every `*.toml` note of a folder, by file name; none if there is no such folder.

    A note looks like this; only `table` is required:

        table = "orders"
        owner = "finance"
        meaning = "One row per order that was paid."
        caveats = ["Orders of before 2020 are in `orders_old`."]
        always_filter = ["is_test = false"]
        use_instead = ""
        [columns]
        amount = { meaning = "Gross, in euro cents" }
        status = "Where the order stands"

    Raises:
        Misconfigured: A file is not TOML, or holds a field or type that a note does not have.
    """
    return tuple(_load(path) for path in sorted(folder.glob("*.toml")))


def _load(path: Path) -> Note:
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise _wrong(path, str(problem)) from problem
    _check(path, found)
    return Note(
        table=found["table"],
        owner=found.get("owner", ""),
        meaning=found.get("meaning", ""),
        caveats=tuple(found.get("caveats", ())),
        use_instead=found.get("use_instead", ""),
        always_filter=tuple(found.get("always_filter", ())),
        columns=tuple((name, _meaning(path, name, said)) for name, said in found.get("columns", {}).items()),
        source=f"{path.parent.name}/{path.name}",
    )


def _check(path: Path, found: Mapping[str, Any]) -> None:
    unknown = sorted(set(found) - _FIELDS)
    if unknown:
        raise _wrong(path, f"unknown field {unknown[0]!r}; a note has {', '.join(sorted(_FIELDS))}")
    if not found.get("table"):
        raise _wrong(path, "`table` is missing")
    for name in _TEXTS:
        if not isinstance(found.get(name, ""), str):
            raise _wrong(path, f"`{name}` must be a text")
    for name in _LISTS:
        listed = found.get(name, [])
        if not isinstance(listed, list) or not all(isinstance(x, str) for x in listed):
            raise _wrong(path, f"`{name}` must be a list of texts")
    if not isinstance(found.get("columns", {}), dict):
        raise _wrong(path, "`columns` must be a table of column names")


def _meaning(path: Path, column: str, said: object) -> str:
    if isinstance(said, dict):
        said = said.get("meaning", "")
    if not isinstance(said, str):
        raise _wrong(path, f"the meaning of column {column!r} must be a text")
    return said


def _wrong(path: Path, reason: str) -> Misconfigured:
    return Misconfigured(
        "a note cannot be read",
        facts=(("file", str(path)), ("reason", reason)),
        hint="mend the file; docs/context.md shows a whole note",
    )
