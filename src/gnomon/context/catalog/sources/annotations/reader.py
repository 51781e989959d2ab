"""Read a folder of annotations, and give what they say as facts."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from gnomon.context.catalog.facts import Fact, FactKind, Item, Origin, Problem
from gnomon.context.catalog.sources.annotations.entry import Entry
from gnomon.context.catalog.sources.annotations.model import Annotation, instead_text
from gnomon.context.catalog.sources.port import Source
from gnomon.domain.errors import Misconfigured

SUFFIXES = (".yaml", ".yml")
MAX_BYTES = 2_000_000

_SINGLE = ("owner", "criticality", "freshness", "meaning", "grain", "use_instead")
"""Fields in which two entries on one table can contradict each other, besides the meanings of columns."""


@dataclass(frozen=True, slots=True)
class Annotations:
    """A folder as it was read: what holds, by file and line, and what could not be taken."""

    entries: tuple[Annotation, ...] = ()
    problems: tuple[Problem, ...] = ()


def open_annotations(path: Path, name: str, dialect: str = "") -> Source:
    """The folder as a source of facts of the layer `annotation`.

    Args:
        name: The source's name, for example `annotations:annotations`.
        dialect: The warehouse's, in which conditions are written; sqlglot's own by default.
    """
    return AnnotationSource(path, name, dialect)


@dataclass(frozen=True, slots=True)
class AnnotationSource:
    """A folder of YAML files, read whole each time."""

    path: Path
    name: str
    dialect: str = ""

    def fingerprint(self) -> str:
        """A hash of names and contents; errors as for `read`."""
        digest = hashlib.sha256(self.dialect.encode())
        for file in annotation_files(self.path):
            digest.update(f"\0{_relative(file, self.path)}\0".encode("utf-8", "surrogatepass"))
            content = _content(file)
            digest.update(hashlib.sha256(content if isinstance(content, bytes) else b"unreadable").digest())
        return digest.hexdigest()

    def read(self) -> Iterator[Item]:
        """Facts in the order of the files, then the problems.

        Raises:
            Misconfigured: There is no such folder.
        """
        found = read_annotations(self.path, self.dialect)
        for entry in found.entries:
            yield from facts_of(entry, self.name)
        yield from found.problems


def read_annotations(folder: Path, dialect: str = "") -> Annotations:
    """Every entry of the folder's files; of two on one table the second keeps what does not contradict.

    Raises:
        Misconfigured: There is no such folder.
    """
    entries: list[Annotation] = []
    problems: list[Problem] = []
    for file in annotation_files(folder):
        relative, content = _relative(file, folder), _content(file)
        if isinstance(content, OSError):
            problems.append(Problem(relative, f"the file cannot be read: {content.strerror}"))
            continue
        found = read_text(content, relative, dialect)
        entries += found.entries
        problems += found.problems
    return Annotations(*_without_contradictions(entries, problems))


def read_text(content: bytes, file: str, dialect: str = "") -> Annotations:
    """The entries of one file's content.

    Args:
        file: What to call the file in places.
    """
    from gnomon.store.yaml_files import YamlError, load_yaml_with_lines

    if len(content) > MAX_BYTES:
        return Annotations(problems=(Problem(file, f"the file is over {MAX_BYTES:,} bytes long"),))
    try:
        document = load_yaml_with_lines(content.decode("utf-8-sig"), file, max_bytes=MAX_BYTES)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Annotations(problems=(Problem(f"{file}:{line}", "the file is not UTF-8; save it as UTF-8"),))
    except YamlError as error:
        return Annotations(problems=(Problem(error.at, f"the file {error.message}"),))
    if document.value is None:
        return Annotations()
    return _entries(document, file, dialect)


def facts_of(entry: Annotation, source: str = "") -> Iterator[Fact]:
    """What an entry says, fact by fact, each with its line, who says it and when."""
    when = datetime.combine(entry.said_at, time(), UTC) if entry.said_at else None

    def fact(kind: FactKind, text: str, *path: str | int, column: str = "") -> Fact:
        origin = Origin("annotation", entry.place(*path), source, entry.said_by, when)
        return Fact(entry.table, kind, text, origin, column)

    kinds: tuple[FactKind, ...] = ("meaning", "owner", "criticality", "freshness", "grain")
    for kind in kinds:
        text = str(getattr(entry, kind))
        if text:
            yield fact(kind, text, kind)
    for i, caveat in enumerate(entry.caveats):
        yield fact("caveat", str(caveat), "caveats", i)
    for i, condition in enumerate(entry.always_filter):
        yield fact("always_filter", condition, "always_filter", i)
    if entry.use_instead:
        yield fact("use_instead", instead_text(entry.use_instead), "use_instead")
    for i, reason in enumerate(entry.use_when):
        yield fact("use_when", reason, "use_when", i)
    for i, tag in enumerate(entry.tags):
        yield fact("tag", tag, "tags", i)
    for i, name in enumerate(entry.also_called):
        yield fact("also_called", name, "also_called", i)
    for column, name in entry.columns_called:
        yield fact("also_called", name, "columns", column, column=column)
    for column, meaning in entry.columns:
        yield fact("column_meaning", meaning, "columns", column, column=column)


def annotation_files(folder: Path) -> list[Path]:
    """The YAML files of the folder and the folders in it, by path; hidden ones are left out.

    Raises:
        Misconfigured: There is no such folder.
    """
    if not folder.is_dir():
        raise Misconfigured(
            f"there is no folder of annotations at {folder}",
            hint="make it, or set `annotations` under [context] to where it is",
        )
    found: list[Path] = []
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        wanted = (n for n in names if n.endswith(SUFFIXES) and not n.startswith("."))
        found += [path for name in wanted if (path := Path(base, name)).is_file()]
    return sorted(found, key=lambda path: _relative(path, folder))


def _entries(document: Any, file: str, dialect: str) -> Annotations:
    """The entry, or the entries under `tables`, of a document that holds something."""
    value = document.value
    if not isinstance(value, dict) or ("tables" in value and not isinstance(value["tables"], list)):
        problem = Problem(
            f"{file}:{document.line()}", "a file holds `table: NAME`, or a list under `tables:`"
        )
        return Annotations(problems=(problem,))
    if "tables" not in value:
        return _one(document, file, dialect, value, ())
    read = [_one(document, file, dialect, item, ("tables", i)) for i, item in enumerate(value["tables"])]
    beside = [Problem(f"{file}:{document.line(str(n))}", _beside(n)) for n in value if n != "tables"]
    return Annotations(
        tuple(entry for part in read for entry in part.entries),
        (*beside, *(problem for part in read for problem in part.problems)),
    )


def _one(document: Any, file: str, dialect: str, value: object, at: tuple[str | int, ...]) -> Annotations:
    if not isinstance(value, dict):
        place = f"{file}:{document.line(*at)}"
        return Annotations(problems=(Problem(place, "an entry under `tables` begins with `- table: NAME`"),))
    entry = Entry(value, document, file, at, dialect)
    found = entry.read()
    return Annotations((found,) if found else (), tuple(entry.problems))


def _beside(name: object) -> str:
    return f"`{name}` stands beside `tables`; move it into the entry that it belongs to"


def _without_contradictions(
    entries: Sequence[Annotation], problems: Sequence[Problem]
) -> tuple[tuple[Annotation, ...], tuple[Problem, ...]]:
    """Each entry without what an earlier one on the same table says otherwise."""
    first: dict[str, Annotation] = {}
    kept: list[Annotation] = []
    told = list(problems)
    for entry in entries:
        earlier = first.setdefault(entry.table.casefold(), entry)
        if earlier is entry:
            kept.append(entry)
            continue
        differing = [n for n in _SINGLE if _differ(getattr(earlier, n), getattr(entry, n))]
        meanings = {name.casefold(): said for name, said in earlier.columns}
        differing += [
            f"columns.{n}" for n, said in entry.columns if _differ(meanings.get(n.casefold()), said)
        ]
        told.append(Problem(entry.place("table"), _twice(entry, earlier, differing)))
        kept.append(_keeping(entry, differing))
    return tuple(kept), tuple(told)


def _differ(one: object, two: object) -> bool:
    return bool(one and two and str(one) and str(two) and one != two)


def _twice(entry: Annotation, earlier: Annotation, differing: Sequence[str]) -> str:
    said = f"`{entry.table}` is annotated in {earlier.place('table')} and in {entry.place('table')}"
    if not differing:
        return f"{said}; put both in one entry"
    named = ", ".join(f"`{name}`" for name in differing)
    return f"{said}, and they contradict each other in {named}: the first holds; put both in one entry"


def _keeping(entry: Annotation, differing: Sequence[str]) -> Annotation:
    blank = Annotation(entry.table)
    kept = {name: getattr(blank, name) for name in differing if name in _SINGLE}
    kept["columns"] = tuple(pair for pair in entry.columns if f"columns.{pair[0]}" not in differing)
    return replace(entry, **kept)


def _content(file: Path) -> bytes | OSError:
    """The file's content, one byte more than is read of a file that is too long, or why there is none."""
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        return error


def _relative(file: Path, folder: Path) -> str:
    return file.relative_to(folder).as_posix()
