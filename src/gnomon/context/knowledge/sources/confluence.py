"""A Confluence space export: the zip, or the folder it was unpacked in, as HTML or as XML.

An HTML export says nothing about who may read a page, and holds restricted pages as well if whoever exported
it could read them: the operator's setting decides. An XML export carries the restrictions (`confluence_xml`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath

from gnomon.context.catalog.facts import Problem
from gnomon.context.knowledge.html import Page, read_page
from gnomon.context.knowledge.sources.confluence_xml import ENTITIES, MEMBER_BYTES, read_entities
from gnomon.context.knowledge.sources.port import PAGE_CHARS, Item, Place, bounded, day_of, decoded
from gnomon.domain.document import Block, Document
from gnomon.store.archives import Limits, StoredFile

_KEEP = frozenset({"title-text", "author", "editor", "page-metadata", "breadcrumbs"})
_MODIFIED = re.compile(r"\bon (\S+ \d{1,2}, \d{4}|\d{1,2} \S+ \d{4}|\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class ConfluenceExport:
    """An export of a Confluence space."""

    place: Place

    def read(self) -> Iterator[Item]:
        """Every current page as a document."""
        problems: list[Problem] = []
        for file in self.place.files(_is_page, problems, limits=Limits(member_bytes=MEMBER_BYTES)):
            if PurePosixPath(file.name).name == ENTITIES:
                yield from read_entities(self.place, file)
            else:
                yield from self._page(file, problems)
            yield from problems
            problems.clear()
        yield from problems

    def _page(self, file: StoredFile, problems: list[Problem]) -> Iterator[Document]:
        text = bounded(decoded(file, problems), file.name, PAGE_CHARS, problems)
        page = read_page(text, within="main-content", keep=_KEEP)
        if "page-metadata" not in page.kept and "title-text" not in page.kept:
            return  # The list of pages, which repeats every title, and pages of attachments.
        title = page.kept.get("title-text") or page.title
        space, _, own = title.partition(" : ")
        card = self.place.card(
            file.name,
            own or title,
            author=page.kept.get("editor") or page.kept.get("author", ""),
            written=_modified(page),
            tags=(space,) if own else (),
        )
        yield Document(card, (*_above(page), *page.blocks))


def _is_page(name: str) -> bool:
    path = PurePosixPath(name)
    if path.name == ENTITIES:
        return True
    return path.suffix.casefold() in (".html", ".htm") and path.name != "index.html"


def _modified(page: Page) -> date | None:
    found = _MODIFIED.search(page.kept.get("page-metadata", ""))
    return day_of(found[1]) if found else None


def _above(page: Page) -> Iterator[Block]:
    path = page.kept.get("breadcrumbs", "")
    if path:
        yield Block("heading", path, 1)
