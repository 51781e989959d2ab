"""What a company has written down: documents, their parts, and who may read them."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

BlockKind = Literal["heading", "paragraph", "list", "code", "table", "quote"]
"""The parts of a document that stay whole where they fit."""

AccessList = tuple[frozenset[str], ...]
"""Who may read: everybody whom each of the sets names. `()` is everybody of the tenant, a set without names
is nobody. A name is `user:<subject>`, `group:<name>` or `everyone`."""

EVERYONE = "everyone"
OPEN: AccessList = ()
CLOSED: AccessList = (frozenset(),)


@dataclass(frozen=True, slots=True)
class Block:
    """One part of a document, in its order.

    Args:
        text: As written, markup of the line included; headings without their marks.
        level: Of a heading, from 1; else 0.
    """

    kind: BlockKind
    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class DocumentCard:
    """All that is known of a document but what it says.

    Args:
        id: Source and place; what policies call it.
        source: Kind and path as configured, for example `markdown:handbook`.
        place: Where it lies within the source.
        author: Who wrote it, as the source says; empty if it does not.
        written: When it was last changed, as the source says.
        url: Where people read it; empty if unknown.
        tags: What policies may speak of: its own tags, and `source:` with the source's name.
    """

    id: str
    source: str
    title: str
    place: str
    author: str = ""
    written: date | None = None
    url: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A document as a source tells it.

    Args:
        readers: Its own access list; None where it has none.
    """

    card: DocumentCard
    blocks: tuple[Block, ...]
    readers: AccessList | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that was found or opened.

    Args:
        position: Which piece of its document it is, from 0.
        headings: The headings it stands under, the topmost first.
        likeness: Cosine of the question's vector and the passage's, in [-1, 1]; 0 where nothing was asked.
    """

    card: DocumentCard
    position: int
    headings: tuple[str, ...]
    text: str
    likeness: float = 0.0

    def cut(self, chars: int) -> "Passage":
        """The passage with at most `chars` characters of text."""
        return self if len(self.text) <= chars else replace(self, text=self.text[: max(chars - 1, 0)] + "…")
