"""Changes of an entry as plain values: what `gnomon annotate` wants, and what the data are afterwards.

A change is carried out twice, here on plain data and in `edit` on the text: a file is written only if its new
text reads as these data.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from gnomon.context.catalog.sources.annotations.model import FIELDS, LISTS

Path = tuple[str | int, ...]
Value = str | date | dict[str, Any]


@dataclass(frozen=True, slots=True)
class Put:
    """The part at `path` holds `value` afterwards."""

    path: Path
    value: Value


@dataclass(frozen=True, slots=True)
class Append:
    """The field holds one item more, at its end."""

    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class Drop:
    """The part at `path` is gone afterwards, and so is a list or mapping that it leaves empty."""

    path: Path


Change = Put | Append | Drop


def apply(entry: dict[str, Any], change: Change) -> dict[str, Any]:
    """The entry's data after the change; `entry` stays as it is.

    Raises:
        KeyError: What should be dropped is not there.
    """
    after = copy.deepcopy(entry)
    match change:
        case Put(path, value):
            _put(after, path, value)
        case Append(field, value):
            there = after.get(field)
            items = there if isinstance(there, list) else [] if there is None else [there]
            after[field] = [*items, value]
        case Drop(path):
            _drop(after, path)
    return after


def put_column(entry: Mapping[str, Any], column: str, meaning: str) -> Put:
    """The change that gives a column its meaning, in the form and spelling that the entry uses for it."""
    there = entry.get("columns")
    columns: Mapping[str, Any] = there if isinstance(there, dict) else {}
    name = _spelt(column, columns)
    if isinstance(columns.get(name), dict):
        return Put(("columns", name, "meaning"), meaning)
    return Put(("columns", name), meaning)


def use_instead(entry: Mapping[str, Any], table: str, when: str) -> tuple[Change, ...]:
    """The changes that name a better table, in place of what the entry says of that table so far."""
    there = entry.get("use_instead")
    items = there if isinstance(there, list) else [] if there is None else [there]
    known = next((i for i, item in enumerate(items) if _table_of(item) == table.casefold()), None)
    wanted: Value = {"table": table, "when": when} if when else table
    if known is None:
        return (Append("use_instead", wanted),)
    path: Path = ("use_instead", known) if isinstance(there, list) else ("use_instead",)
    return (Drop(path), Append("use_instead", wanted))


def removal(entry: Mapping[str, Any], name: str) -> Drop:
    """What `name` means: a field, an item of one as `caveats.2`, or a column as `columns.NAME`.

    Raises:
        KeyError: The entry has no such part, or it is the table's name.
    """
    field, _, part = name.partition(".")
    there = entry.get(field)
    if field == "table" or field not in FIELDS or there is None:
        raise KeyError(name)
    if not part:
        return Drop((field,))
    if field == "columns" and isinstance(there, dict) and _spelt(part, there) in there:
        return Drop((field, _spelt(part, there)))
    if field in LISTS and part.isdecimal():
        if isinstance(there, list) and 1 <= int(part) <= len(there):
            return Drop((field, int(part) - 1))
        if not isinstance(there, list) and int(part) == 1:
            return Drop((field,))
    raise KeyError(name)


def _put(data: dict[str, Any], path: Path, value: Value) -> None:
    *above, last = path
    for step in above:
        if data.get(str(step)) is None:
            data[str(step)] = {}
        data = data[str(step)]
    data[str(last)] = value


def _drop(data: Any, path: Path) -> None:
    step, *rest = path
    if rest:
        _drop(data[step], tuple(rest))
        if data[step] in ([], {}):
            del data[step]
    else:
        del data[step]


def _spelt(name: str, known: Iterable[Any]) -> str:
    folded = name.casefold()
    return next((k for k in known if isinstance(k, str) and k.casefold() == folded), name)


def _table_of(item: object) -> str:
    """The table that an item of `use_instead` names, in lower case."""
    if isinstance(item, dict):
        return str(item.get("table")).casefold()
    return str(item).strip().partition(" ")[0].strip("`").casefold()
