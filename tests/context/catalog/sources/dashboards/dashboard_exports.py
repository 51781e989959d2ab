"""Small hand-made exports of dashboard tools, and what a source made of them."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gnomon.context.catalog.facts import Dashboard, Gathered, Item, PastQuery
from gnomon.context.catalog.sources.port import Source


class Told(Gathered):
    """Items by kind, with the past queries by title."""

    def __init__(self, items: Iterator[Item]) -> None:
        super().__init__()
        self.queries: dict[str, PastQuery] = {}
        for item in items:
            if isinstance(item, PastQuery):
                self.queries[item.title] = item
            else:
                self.add(item)

    def texts(self, kind: str, column: str = "") -> list[str]:
        """What the facts of a kind say."""
        return [f.text for f in self.facts if (f.kind, f.column) == (kind, column)]

    def dashboard(self, title: str) -> Dashboard:
        """The dashboard of that title."""
        return next(d for d in self.dashboards if d.title == title)


def told(source: Source) -> Told:
    """Everything a source tells; reading it twice tells the same."""
    first = list(source.read())
    assert list(source.read()) == first
    return Told(iter(first))


def write_files(folder: Path, **files: str) -> Path:
    """Files by name (`__` stands for `/`, and the last `_` for `.`)."""
    for name, text in files.items():
        stem, _, suffix = name.replace("__", "/").rpartition("_")
        path = folder / f"{stem}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def zipped(folder: Path, archive: Path, root: str = "export") -> Path:
    """The folder as an archive, under one root as tools write it."""
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                file.write(path, f"{root}/{path.relative_to(folder).as_posix()}")
    return archive


def development_data(name: str) -> Path:
    """A folder of the development data, or a skip that says how to get it."""
    folder = Path(os.environ.get("GNOMON_DATA", "")) / name
    if "GNOMON_DATA" not in os.environ or not folder.is_dir():
        pytest.skip(f"the development data `{name}` is not here; set GNOMON_DATA to its folder")
    return folder
