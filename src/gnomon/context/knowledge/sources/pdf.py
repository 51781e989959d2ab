"""PDF files: one, a folder or an archive of them. Needs the extra `pdf`.

Each is read in a process of its own (`pdf_reader`), page by page. A PDF says nothing about who may read it:
the operator's setting decides.
"""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from gnomon.context.catalog.facts import Problem
from gnomon.context.knowledge.sources.port import TEXT_CHARS, Item, Place, bounded, day_of
from gnomon.domain.document import Block, Document
from gnomon.domain.errors import Misconfigured
from gnomon.store.archives import StoredFile

TIMEOUT_S = 90.0


@dataclass(frozen=True, slots=True)
class PdfFiles:
    """PDF files."""

    place: Place
    timeout_s: float = TIMEOUT_S

    def read(self) -> Iterator[Item]:
        """Every PDF as a document; a scanned one has no text and is told as a problem."""
        if importlib.util.find_spec("pypdf") is None:
            raise Misconfigured(
                f"{self.place.name}: the PDF reader is not installed",
                hint="install it with `pip install 'gnomon[pdf]'`",
            )
        problems: list[Problem] = []
        for file in self.place.files(lambda name: name.casefold().endswith(".pdf"), problems):
            yield from self._document(file, problems)
            yield from problems
            problems.clear()
        yield from problems

    def _document(self, file: StoredFile, problems: list[Problem]) -> Iterator[Document]:
        told = self._told(file)
        if "problem" in told:
            problems.append(Problem(file.name, str(told["problem"])))
            return
        pages = [str(page) for page in told.get("pages", ())]
        _report_gaps(file.name, told, len(pages), problems)
        blocks = tuple(_blocks(pages, file.name, problems))
        card = self.place.card(
            file.name,
            str(told.get("title", "")) or PurePosixPath(file.name).stem,
            author=str(told.get("author", "")),
            written=day_of(told.get("written")),
        )
        yield Document(card, blocks)

    def _told(self, file: StoredFile) -> dict[str, Any]:
        """What the child says of a PDF; a child that ends without a word is a problem as well."""
        command = [sys.executable, "-P", "-m", "gnomon.context.knowledge.sources.pdf_reader"]
        try:
            done = subprocess.run(command, input=file.content, capture_output=True, timeout=self.timeout_s)
            told = json.loads(done.stdout)
        except subprocess.TimeoutExpired:
            return {"problem": f"took over {self.timeout_s:.0f} s to read; left out"}
        except (OSError, ValueError, RecursionError):
            return {"problem": "takes too much memory or time to read; left out"}
        return told if isinstance(told, dict) else {"problem": "cannot be read as a PDF"}


def _report_gaps(name: str, told: dict[str, Any], read: int, problems: list[Problem]) -> None:
    if told.get("failed"):
        problems.append(Problem(name, f"{told['failed']} pages cannot be read"))
    if int(told.get("count", 0)) > read:
        problems.append(Problem(name, f"has {told['count']:,} pages; the first {read:,} are read"))


def _blocks(pages: list[str], name: str, problems: list[Problem]) -> Iterator[Block]:
    room = TEXT_CHARS
    for number, page in enumerate(pages, start=1):
        text = bounded(page, f"{name}, page {number}", room, problems).replace("\x00", "")
        if text.strip():
            yield Block("heading", f"page {number}", 1)
            yield from (Block("paragraph", part) for part in text.split("\n\n") if part.strip())
        room -= len(text)
        if room <= 0:
            return
    if room == TEXT_CHARS:
        problems.append(Problem(name, "holds no text; a scanned document needs its text recognised first"))
