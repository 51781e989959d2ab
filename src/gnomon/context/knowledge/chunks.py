"""A document's blocks as pieces of about 200 words, each under the headings it stands under.

A piece never crosses a heading. Lists, code and tables stay whole where they fit; one that does not is cut
between lines, and a table's head is repeated.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from gnomon.domain.document import Block

WORDS = 200
"""Aimed at: what the embedding default reads of a text (256 tokens), headings included."""

WHOLE_WORDS = 350
"""A list, code block or table of up to this many words is not cut."""

CHARS = 2_400
"""No piece is longer, whatever its words are."""

HEADINGS_KEPT = 6
HEADING_CHARS = 120

_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+")


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a document."""

    headings: tuple[str, ...]
    text: str

    def searchable(self, title: str) -> str:
        """What it is found by: title and headings, then the text."""
        path = " > ".join(dict.fromkeys((title[:HEADING_CHARS], *self.headings)))
        return f"{path}\n{self.text}"


def cut_into_pieces(blocks: Iterable[Block]) -> Iterator[Piece]:
    """The pieces of a document, in its order; headings without text give none."""
    path: list[tuple[int, str]] = []
    waiting: list[str] = []
    for block in blocks:
        if block.kind == "heading":
            yield from _packed(path, waiting)
            waiting = []
            path = [(level, text) for level, text in path if level < block.level]
            path.append((block.level, " ".join(block.text.split())[:HEADING_CHARS]))
        else:
            waiting += _parts(block)
    yield from _packed(path, waiting)


def _packed(path: list[tuple[int, str]], parts: list[str]) -> Iterator[Piece]:
    """Neighbours together, as long as they fit."""
    headings = tuple(text for _, text in path[-HEADINGS_KEPT:])
    piece: list[str] = []
    for part in parts:
        if piece and not _fits([*piece, part]):
            yield Piece(headings, "\n\n".join(piece))
            piece = []
        piece.append(part)
    if piece:
        yield Piece(headings, "\n\n".join(piece))


def _fits(parts: list[str]) -> bool:
    return sum(map(_words, parts)) <= WORDS and sum(map(len, parts)) + 2 * len(parts) <= CHARS


def _words(text: str) -> int:
    return len(text.split())


def _parts(block: Block) -> list[str]:
    text = block.text.strip("\n").rstrip()
    if not text.strip():
        return []
    most = WORDS if block.kind in ("paragraph", "quote") else WHOLE_WORDS
    if _words(text) <= most and len(text) <= CHARS:
        return [text]
    if block.kind == "table":
        return _cut_table(text)
    lines = text.split("\n") if block.kind != "paragraph" else _SENTENCE_END.split(text)
    return _gathered(lines, "\n" if block.kind != "paragraph" else " ")


def _cut_table(text: str) -> list[str]:
    lines = text.split("\n")
    ruled = len(lines) > 1 and not lines[1].strip("|:- ")
    head = "\n".join(lines[: 2 if ruled else 1])
    if len(head) > CHARS // 3:
        return _gathered(lines, "\n")
    rows = _gathered(lines[2 if ruled else 1 :], "\n", CHARS - len(head) - 1)
    return [f"{head}\n{part}" for part in rows] or [head[:CHARS]]


def _gathered(units: list[str], glue: str, chars: int = CHARS) -> list[str]:
    """Units put together to parts of at most `WORDS` words and `chars` characters; a longer unit is cut."""
    parts: list[str] = []
    part: list[str] = []
    words = size = 0
    for unit in chain.from_iterable(_cut_unit(each, chars) for each in units):
        count = _words(unit)
        if part and (words + count > WORDS or size + len(unit) + len(glue) > chars):
            parts.append(glue.join(part))
            part, words, size = [], 0, 0
        part.append(unit)
        words, size = words + count, size + len(unit) + len(glue)
    return [*parts, glue.join(part)] if part else parts


def _cut_unit(unit: str, chars: int) -> Iterator[str]:
    """A unit that is too long, cut between words where it has some."""
    if _words(unit) <= WORDS and len(unit) <= chars:
        yield unit
        return
    words = unit.split()
    for start in range(0, len(words), WORDS):
        run = " ".join(words[start : start + WORDS])
        for begin in range(0, len(run), chars):
            yield run[begin : begin + chars]
