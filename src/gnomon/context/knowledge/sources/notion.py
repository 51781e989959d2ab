"""A Notion export: the zip or its folder, as "Markdown & CSV" or as HTML.

Pages and databases carry their id in their names (`Refunds 1f0c...e9.md`). A page's properties stand below
its title as `Name: value`. An export says nothing about who may read a page: the operator's setting decides.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from gnomon.context.catalog.facts import Problem
from gnomon.context.knowledge.html import read_page
from gnomon.context.knowledge.markdown import markdown_blocks
from gnomon.context.knowledge.sources.port import (
    PAGE_CHARS,
    TEXT_CHARS,
    Item,
    Place,
    bounded,
    day_of,
    decoded,
    line,
)
from gnomon.domain.document import Block, Document
from gnomon.store.archives import StoredFile

_PAGES = (".md", ".html", ".htm")
_ID = re.compile(r"[ _-]?([0-9a-f]{32})(?:_all)?$")
_PROPERTY = re.compile(r"([^\W\d_][\w /&()-]{0,40}): (\S.*)")
_AUTHORS = ("created by", "author", "owner", "last edited by")
_DATES = ("last edited time", "last edited", "updated", "date", "created time", "created")
MAX_ROWS = 20_000
MAX_COLUMNS = 100


@dataclass(frozen=True, slots=True)
class NotionExport:
    """An export of a Notion workspace or page."""

    place: Place

    def read(self) -> Iterator[Item]:
        """Every page and database as a document."""
        databases: set[str] = set()

        def is_page(name: str) -> bool:
            if name.casefold().endswith(".csv"):
                databases.add(name)
            return name.casefold().endswith(_PAGES)

        yield from self._documents(is_page)
        yield from self._documents(lambda name: name in databases and not _has_whole(name, databases))

    def _documents(self, wanted: Callable[[str], bool]) -> Iterator[Item]:
        problems: list[Problem] = []
        for file in self.place.files(wanted, problems):
            document = self._document(file, problems)
            if document is not None:
                yield document
            yield from problems
            problems.clear()
        yield from problems

    def _document(self, file: StoredFile, problems: list[Problem]) -> Document | None:
        text = decoded(file, problems)
        suffix = PurePosixPath(file.name).suffix.casefold()
        if suffix == ".csv":
            return self._made(file.name, "", {}, _table(text, file.name, problems))
        if suffix == ".md":
            text = bounded(text, file.name, TEXT_CHARS, problems)
            title, properties, body = _page_parts(text)
            return self._made(file.name, title, properties, tuple(markdown_blocks(body)))
        page = read_page(bounded(text, file.name, PAGE_CHARS, problems))
        if file.name.endswith("index.html") and not _ID.search(PurePosixPath(file.name).stem):
            return None
        return self._made(file.name, page.title, {}, tuple(page.blocks))

    def _made(self, name: str, title: str, properties: dict[str, str], blocks: tuple[Block, ...]) -> Document:
        stem = PurePosixPath(name).stem
        found = _ID.search(stem)
        card = self.place.card(
            name,
            title or _ID.sub("", stem),
            author=next((properties[a] for a in _AUTHORS if a in properties), ""),
            written=_day(properties),
            url=f"https://www.notion.so/{found[1]}" if found else "",
        )
        return Document(card, (*_folders(name), *blocks))


def _has_whole(name: str, names: set[str]) -> bool:
    """A database is exported as its view and, beside it, whole: the whole one is read."""
    return name.endswith(".csv") and not name.endswith("_all.csv") and f"{name[:-4]}_all.csv" in names


def _folders(name: str) -> Iterator[Block]:
    """The pages that a page lies under, as a heading above it."""
    above = [_ID.sub("", part) for part in PurePosixPath(name).parts[:-1]]
    path = " / ".join(part for part in above if part and not part.startswith("Export"))
    if path:
        yield Block("heading", path, 1)


def _page_parts(text: str) -> tuple[str, dict[str, str], str]:
    """Title, properties by their name in lower case, and the text with the properties left in."""
    lines = text.replace("\r", "").split("\n")
    start = 0
    title = ""
    if lines[0].startswith("# "):
        title, start = line(lines[0][2:]), 1
    properties: dict[str, str] = {}
    for each in lines[start : start + 60]:
        found = _PROPERTY.fullmatch(each.strip())
        if found:
            properties.setdefault(found[1].strip().casefold(), line(found[2]))
        elif each.strip():
            break
    return title, properties, "\n".join(lines[start:])


def _day(properties: dict[str, str]) -> date | None:
    days = (day_of(properties[name]) for name in _DATES if name in properties)
    return next((day for day in days if day is not None), None)


def _table(text: str, name: str, problems: list[Problem]) -> tuple[Block, ...]:
    rows: list[str] = []
    reader = csv.reader(io.StringIO(bounded(text, name, PAGE_CHARS, problems)))
    try:
        for row in reader:
            if len(rows) > MAX_ROWS:
                problems.append(Problem(name, f"holds over {MAX_ROWS:,} rows; the rest is not read"))
                break
            cells = [" ".join(cell.split()).replace("|", "/") for cell in row[:MAX_COLUMNS]]
            if any(cells):
                rows.append(f"| {' | '.join(cells)} |")
    except csv.Error as error:
        problems.append(Problem(f"{name}:{reader.line_num}", f"is not CSV from there on: {error}"))
    return (Block("table", "\n".join(rows)),) if rows else ()
