"""Reading a field of parsed JSON or YAML that may be missing, null or of another type than promised."""

from collections.abc import Mapping
from typing import Any

MAX_TEXT = 8_000
"""Characters kept of one description; more than any card shows."""


def text(entry: Mapping[str, Any], *path: str, limit: int = MAX_TEXT) -> str:
    """The scalar at the path as clean text; empty if there is none.

    Lone surrogates and NUL, which JSON can carry and stores refuse, are taken out.
    """
    found: Any = entry
    if len(path) == 1 and type(entry) is dict:
        return clean(entry.get(path[0]), limit)
    for name in path:
        # Almost all are plain dictionaries, and asking whether one is a `Mapping` takes ten times as long.
        if type(found) is not dict and not isinstance(found, Mapping):
            return ""
        found = found.get(name)
    return clean(found, limit)


def clean(value: object, limit: int = MAX_TEXT) -> str:
    """A scalar as text without surrounding space, cut at `limit` characters; empty for anything else."""
    if not isinstance(value, str):
        return _number(value)
    whole = str(value)
    if not whole.isascii():
        whole = whole.encode("utf-8", "replace").decode("utf-8")
    whole = (whole.replace("\0", "") if "\0" in whole else whole).strip()
    return whole if len(whole) <= limit else whole[: limit - 1].rstrip() + "…"


def _number(value: object) -> str:
    """A scalar that is no text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else ""


def mapping(entry: object, *path: str) -> Mapping[str, Any]:
    """The mapping at the path, or an empty one."""
    for name in path:
        entry = entry.get(name) if isinstance(entry, Mapping) else None
    return entry if isinstance(entry, Mapping) else {}


def listing(entry: object, *path: str) -> list[Any]:
    """The list at the path, or an empty one."""
    for name in path:
        entry = entry.get(name) if isinstance(entry, Mapping) else None
    return entry if isinstance(entry, list) else []


def mappings(entry: object, *path: str) -> list[Mapping[str, Any]]:
    """The mappings of the list at the path."""
    return [each for each in listing(entry, *path) if isinstance(each, Mapping)]


def texts(value: object) -> tuple[str, ...]:
    """A text, or a list of texts, as a tuple without empty ones."""
    listed = value if isinstance(value, list) else [value]
    return tuple(said for each in listed if (said := clean(each)))


def is_false(value: object) -> bool:
    """Whether a switch is off, as YAML or as a text that templating left (`False`)."""
    return clean(value).casefold() == "false"
