"""Which files make up which table, and what the table is called."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

FileFormat = Literal["csv", "tsv", "parquet", "json"]

_FORMATS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
}
_COMPRESSED = frozenset({".gz", ".zst"})
_NUMBERED = re.compile(r"[\W_]*\d[\d\W_]*")
_MONTH = re.compile(
    r"(?<![a-z])(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*(?![a-z])", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Part:
    """One data file.

    Args:
        stem: Its name without the format's suffixes.
    """

    path: Path
    stem: str
    format: FileFormat


@dataclass(frozen=True, slots=True)
class Group:
    """Files whose names differ only in digits or months, in order; one table if their schemas are equal."""

    name: str
    parts: tuple[Part, ...]


def part_of(path: Path) -> Part | None:
    """The data file at `path`, or None if its name is not of a format we read."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = bool(suffixes) and suffixes[-1] in _COMPRESSED
    wanted = suffixes[-2:-1] if packed else suffixes[-1:]
    form = _FORMATS.get(wanted[0]) if wanted else None
    if form is None or path.name.startswith((".", "_")):
        return None
    stem = path.name[: -len("".join(path.suffixes[-2:] if packed else path.suffixes[-1:]))]
    return Part(path, stem, form)


def grouped(parts: Iterable[Part]) -> tuple[Group, ...]:
    """Put files of one folder and format together whose stems differ only in digits or months."""
    groups: dict[tuple[Path, str, str], list[Part]] = {}
    for part in sorted(parts, key=lambda p: p.path):
        folder = part.path.parent
        root = _above_partitions(folder)
        common = _without_numbers(part.stem) if root == folder else ""
        groups.setdefault((root, common, part.format), []).append(part)
    return tuple(Group(_group_name(*key[:2], found), tuple(found)) for key, found in groups.items())


def _above_partitions(folder: Path) -> Path:
    """The folder of a set that is split into `name=value` folders."""
    while "=" in folder.name:
        folder = folder.parent
    return folder


def _without_numbers(stem: str) -> str:
    return _NUMBERED.sub("_", _MONTH.sub("0", stem)).strip("_- .")


def _group_name(folder: Path, common: str, parts: list[Part]) -> str:
    if len(parts) == 1 and parts[0].path.parent == folder:
        return parts[0].stem
    return common or folder.name


def free_name(name: str, taken: set[str]) -> str:
    """The name, with a number if a table is called so already, compared without case; it is then taken."""
    candidate, number = name, 2
    while candidate.casefold() in taken:
        candidate, number = f"{name}_{number}", number + 1
    taken.add(candidate.casefold())
    return candidate
