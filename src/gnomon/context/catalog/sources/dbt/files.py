"""Text files of a project, read whole within a limit and whatever their bytes."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gnomon.context.catalog.facts import Problem

MAX_BYTES = 16 * 1024 * 1024
"""Bytes of one SQL, YAML or Markdown file; ten times a model of 50,000 lines."""

MAX_FILES = 100_000


@dataclass(frozen=True, slots=True)
class ReadText:
    """A file's text, and the problem with it if there is one. Without text, it could not be read at all."""

    text: str | None
    problem: Problem | None = None


def read_text(path: Path, place: str, limit_bytes: int = MAX_BYTES) -> ReadText:
    """The text of a file; bytes that are not UTF-8 are replaced and reported with their line."""
    try:
        with path.open("rb") as file:
            data = file.read(limit_bytes + 1)
    except OSError as problem:
        return ReadText(None, Problem(place, f"the file cannot be read: {problem.strerror or problem}"))
    if len(data) > limit_bytes:
        return ReadText(None, Problem(place, f"the file has over {limit_bytes:,} bytes and was passed over"))
    try:
        return ReadText(data.decode("utf-8-sig"))
    except UnicodeDecodeError as problem:
        line = data[: problem.start].count(b"\n") + 1
        said = Problem(
            f"{place}:{line}", "bytes that are not UTF-8 were replaced; save the file in that encoding"
        )
        return ReadText(data.decode("utf-8-sig", "replace"), said)


def files_under(root: Path, folder: Path, suffixes: frozenset[str]) -> Iterator[Path]:
    """Files with one of the suffixes below a folder, sorted, without following links to folders.

    A link to a file counts if the file lies in `root`; pipes and devices never count.
    """
    pending = [folder]
    while pending:
        try:
            entries = sorted(pending.pop().iterdir(), reverse=True)
        except OSError:
            continue
        found = []
        for path in entries:
            if path.is_dir():
                if not path.is_symlink() and not path.name.startswith("."):
                    pending.append(path)
            elif path.suffix.lower() in suffixes and path.is_file() and is_inside(path, root):
                found.append(path)
        yield from reversed(found)


def is_inside(path: Path, root: Path) -> bool:
    """Whether a path, links followed, lies in a folder."""
    return path.resolve().is_relative_to(root.resolve())
