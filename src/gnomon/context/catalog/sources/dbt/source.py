"""Where a dbt project's knowledge lies, when it changes, and the reading of it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gnomon.context.catalog.facts import Item, Problem
from gnomon.context.catalog.sources.dbt.comments import read_comments
from gnomon.context.catalog.sources.dbt.items import items_of
from gnomon.context.catalog.sources.dbt.json_stream import MAX_FILE_BYTES
from gnomon.context.catalog.sources.dbt.manifest import ManifestReader
from gnomon.context.catalog.sources.dbt.nodes import Project
from gnomon.context.catalog.sources.dbt.project_files import ProjectFilesReader, project_files
from gnomon.context.catalog.sources.dbt.project_settings import PROJECT_FILE, read_settings
from gnomon.domain.errors import Misconfigured

MANIFEST = "manifest.json"
CATALOG = "catalog.json"

_HASHED_BYTES = 8 * 1024 * 1024
"""Larger files are told apart by size and time of change."""

_READING = "1"
"""Goes up when the same files come to mean something else, so that they are read again."""


@dataclass(frozen=True, slots=True)
class _Places:
    """Files of a project; None for what is not there."""

    manifest: Path | None
    catalog: Path | None
    root: Path | None


class DbtSource:
    """A dbt project, read from its artifacts, or from its files where there are none that are whole.

    Args:
        path: A `target` folder, a manifest, or a project folder.
        name: As configured, for example `dbt:../shop/target`.
        limit_bytes: Of a manifest or catalog; the rest of a larger one is not read.
    """

    def __init__(self, path: Path, name: str, limit_bytes: int = MAX_FILE_BYTES) -> None:
        self._path = path
        self._name = name
        self._limit_bytes = limit_bytes

    @property
    def name(self) -> str:
        """Kind and place as configured."""
        return self._name

    def fingerprint(self) -> str:
        """A hash over all files that may be read, the project's own among them even if a manifest goes first.

        Raises:
            Misconfigured: There is no dbt project at the path.
        """
        places = self._places()
        digest = hashlib.sha256(_READING.encode())
        for path in (places.manifest, places.catalog):
            if path:
                digest.update(f"\0{path.name}\0{_stamp(path)}".encode())
        for path in _project_files(places.root) if places.root else ():
            name = str(path.relative_to(places.root or path)).encode("utf-8", "surrogateescape")
            digest.update(b"\0/" + name + b"\0" + _stamp(path).encode())
        return digest.hexdigest()

    def read(self) -> Iterator[Item]:
        """Everything that the project tells.

        Raises:
            Misconfigured: There is no dbt project at the path.
        """
        places = self._places()
        settings = read_settings(places.root) if places.root else None
        project, is_whole = Project(), False
        if places.manifest:
            reader = ManifestReader(places.manifest, MANIFEST, self._limit_bytes)
            yield from reader.read()
            project, is_whole = reader.project, reader.is_whole
        if settings and not project.variables:
            project.variables = settings.variables
        if places.root and settings and not is_whole:
            if places.manifest:
                yield Problem(MANIFEST, "what it does not tell is read from the project's own files")
            files = ProjectFilesReader(places.root, settings)
            yield from files.read()
            project.fill_from(files.project)
        if places.catalog:
            yield from read_comments(places.catalog, CATALOG, project, self._limit_bytes)
        yield from items_of(project, self._name)

    def _places(self) -> _Places:
        if self._path.is_file() and self._path.suffix == ".json":
            return self._beside(self._path.parent, self._path)
        if self._path.is_dir():
            if _file(self._path / MANIFEST) or _file(self._path / CATALOG):
                return self._beside(self._path, _file(self._path / MANIFEST))
            if (self._path / PROJECT_FILE).is_file():
                return self._of_project()
        raise Misconfigured(
            "there is no dbt project to read",
            facts=(("path", str(self._path)), ("source", self._name)),
            hint="name a folder with dbt_project.yml, a `target` folder, or a manifest.json",
        )

    def _of_project(self) -> _Places:
        target = self._path / read_settings(self._path).target_path
        return _Places(_file(target / MANIFEST), _file(target / CATALOG), self._path)

    def _beside(self, folder: Path, manifest: Path | None) -> _Places:
        roots = (folder, folder.absolute().parent)
        root = next((each for each in roots if (each / PROJECT_FILE).is_file()), None)
        return _Places(manifest, _file(folder / CATALOG), root)


def _project_files(root: Path) -> Iterator[Path]:
    for name in (PROJECT_FILE, "packages.yml", "dependencies.yml"):
        yield root / name
    for _, path in project_files(root, read_settings(root)):
        yield path


def _file(path: Path) -> Path | None:
    return path if path.is_file() else None


def _stamp(path: Path) -> str:
    """What changes when the file does; a file that is gone has a stamp of its own."""
    try:
        stat = path.stat()
        if stat.st_size > _HASHED_BYTES:
            return f"{stat.st_size} {stat.st_mtime_ns}"
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "-"
