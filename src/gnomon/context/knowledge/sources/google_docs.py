"""Google Docs exported as web pages or as Markdown: files, a folder of them, or the zip that came.

An export says nothing about who may read a document, except in front matter that its writer put into the
Markdown: the operator's setting decides.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from gnomon.context.catalog.facts import Problem
from gnomon.context.knowledge.html import read_page
from gnomon.context.knowledge.sources.markdown_folder import first_heading, markdown_document
from gnomon.context.knowledge.sources.port import PAGE_CHARS, Item, Place, bounded, decoded
from gnomon.domain.document import Document
from gnomon.store.archives import StoredFile

_WEB = (".html", ".htm")
_WANTED = (*_WEB, ".md", ".markdown")


@dataclass(frozen=True, slots=True)
class GoogleDocs:
    """Exported documents."""

    place: Place

    def read(self) -> Iterator[Item]:
        """Every exported file as a document."""
        problems: list[Problem] = []
        for file in self.place.files(lambda name: name.casefold().endswith(_WANTED), problems):
            if file.name.casefold().endswith(_WEB):
                yield self._page(file, problems)
            else:
                yield markdown_document(self.place, file, problems)
            yield from problems
            problems.clear()
        yield from problems

    def _page(self, file: StoredFile, problems: list[Problem]) -> Document:
        text = bounded(decoded(file, problems), file.name, PAGE_CHARS, problems)
        page = read_page(text)
        blocks = tuple(page.blocks)
        title = page.title or first_heading(blocks) or PurePosixPath(file.name).stem
        return Document(self.place.card(file.name, title), blocks)
