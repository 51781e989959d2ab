"""What sources of exported files share: documents with the place of each part, and values read with care.

An export is a folder, an archive or a file of YAML and JSON documents. Nothing in one is believed to have the
shape it should have: every getter here takes any value and gives an empty one where the shape is another.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

from gnomon.context.catalog.facts import Layer, Origin, Problem
from gnomon.store.archives import Skipped, StoredFile, open_files
from gnomon.store.yaml_files import LinedYaml, Step, YamlError, load_yaml_documents

MAX_PROSE_CHARACTERS = 2_000
MAX_NAME_CHARACTERS = 300

Record = Mapping[str, object]
NOTHING: Record = {}


@dataclass(frozen=True, slots=True)
class Document:
    """One parsed document of a file: a mapping, or a list (of what a REST API lists)."""

    file: str
    value: object
    _lined: LinedYaml | None = field(default=None, repr=False)

    def place(self, *path: Step) -> str:
        """`FILE:LINE` of a part of the document; the file alone where lines are unknown, as in JSON."""
        return f"{self.file}:{self._lined.line(*path)}" if self._lined else self.file


def read_documents(path: Path, wanted: Callable[[str], bool]) -> Iterator[Document | Problem]:
    """Every YAML and JSON document of an export, in the order of its files; what cannot be read is a problem.

    Raises:
        Misconfigured: There is nothing at `path`.
    """
    for entry in open_files(path, wanted):
        if isinstance(entry, Skipped):
            yield Problem(entry.name, f"`{entry.name}` {entry.reason}.")
        else:
            yield from parse_documents(entry)


def is_document(name: str) -> bool:
    """Whether a file's name says that it holds YAML or JSON."""
    return name.casefold().endswith((".yaml", ".yml", ".json"))


def parse_documents(file: StoredFile) -> Iterator[Document | Problem]:
    """The documents of one file: JSON if its name ends so, else YAML."""
    try:
        text = file.text()
    except UnicodeDecodeError as error:
        line = file.content.count(b"\n", 0, error.start) + 1
        yield Problem(f"{file.name}:{line}", "It is not UTF-8 text; export it again or convert it.")
        return
    if file.name.casefold().endswith(".json"):
        yield parse_json(text, file.name)
        return
    try:
        for lined in load_yaml_documents(text, file.name, drop_private=True):
            yield Document(file.name, lined.value, lined)
    except YamlError as error:
        yield Problem(error.at, f"The file {error.message}.")


def parse_json(text: str, place: str) -> Document | Problem:
    """A JSON text as a document."""
    try:
        return Document(place, json.loads(text))
    except json.JSONDecodeError as error:
        return Problem(f"{place}:{error.lineno}", f"It is not JSON ({error.msg}); export it again.")
    except RecursionError:
        return Problem(place, "It nests too deep to be read.")
    except ValueError as error:
        return Problem(place, f"It holds a number that cannot be read: {error}.")


def record(value: object) -> Record:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else NOTHING


def records(value: object) -> list[Record]:
    """The mappings of a list; empty if it is no list."""
    return [item for item in items(value) if isinstance(item, dict)]


def items(value: object) -> Sequence[object]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else ()


def words(value: object) -> str:
    """A name, title or code as one stripped text; numbers as text, everything else as empty."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def label(value: object) -> str:
    """A name on one line, at most 300 characters."""
    return " ".join(words(value).split())[:MAX_NAME_CHARACTERS]


def prose(value: object) -> str:
    """A description: without HTML comments (licence headers are some), at most 2,000 characters.

    >>> prose("<!-- (c) -->  One row\\n per order. ")
    'One row\\n per order.'
    """
    text = _without_comments(words(value)).strip()
    if len(text) <= MAX_PROSE_CHARACTERS:
        return text
    return text[:MAX_PROSE_CHARACTERS].rsplit(maxsplit=1)[0] + " …"


def _without_comments(text: str) -> str:
    kept: list[str] = []
    position = 0
    while (start := text.find("<!--", position)) >= 0:
        kept.append(text[position:start])
        end = text.find("-->", start)
        if end < 0:
            return "".join(kept)
        position = end + 3
    return "".join([*kept, text[position:]])


def count(value: object) -> int | None:
    """A number of views or runs, or None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 1e15 else None


def moment(value: object) -> datetime | None:
    """A point in time, aware (UTC where the text names no zone); None if it is none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC) if isinstance(value, date) else None


def person(value: object) -> str:
    """Who somebody is: a text, or the name or e-mail of a user as REST APIs show one."""
    if not isinstance(value, dict):
        return label(value)
    first = label(value.get("first_name") or value.get("firstName"))
    last = label(value.get("last_name") or value.get("lastName"))
    return label(value.get("email")) or label(value.get("common_name")) or f"{first} {last}".strip()


@dataclass(frozen=True, slots=True)
class Origins:
    """Makes origins and problems of one source."""

    source: str

    def at(self, place: str, layer: Layer, said_by: str = "", said_at: datetime | None = None) -> Origin:
        """An origin at a place of the source."""
        return Origin(layer, place, self.source, said_by, said_at)
