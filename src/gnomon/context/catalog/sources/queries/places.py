"""Files of a source: which there are, how they are named, and whether they changed."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from gnomon.domain.errors import Misconfigured

MAX_FILES = 100_000


@dataclass(frozen=True, slots=True)
class Place:
    """A file, and its path relative to the source."""

    path: Path
    name: str


def files_at(path: Path, endings: frozenset[str], what: str) -> list[Place]:
    """The file, or the files of a folder and those below it that have one of the endings, in order of names.

    Links to folders are not followed, nor are hidden folders. A file named itself may end as it likes.

    Raises:
        Misconfigured: There is nothing there.
    """
    if path.is_file():
        return [Place(path, path.name)]
    if not path.is_dir():
        raise Misconfigured(
            f"there is no {what}", facts=(("place", str(path)),), hint="name a file or a folder that exists"
        )
    return sorted(_below(path, endings), key=lambda place: place.name)[:MAX_FILES]


def stamp(places: list[Place]) -> str:
    """Changes when a file is added, removed, renamed or written."""
    digest = blake2b(digest_size=16)
    for place in places:
        try:
            state = place.path.stat()
        except OSError:
            digest.update(f"{place.name}\0gone\0".encode("utf-8", "replace"))
            continue
        digest.update(f"{place.name}\0{state.st_size}\0{state.st_mtime_ns}\0".encode("utf-8", "replace"))
    return digest.hexdigest()


def _below(path: Path, endings: frozenset[str]) -> Iterator[Place]:
    for folder, folders, names in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            plain = name.casefold().removesuffix(".gz")
            if not name.startswith(".") and os.path.splitext(plain)[1] in endings:
                found = Path(folder, name)
                if found.is_file():
                    yield Place(found, found.relative_to(path).as_posix())
