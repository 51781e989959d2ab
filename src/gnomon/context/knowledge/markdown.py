"""Markdown as blocks: the top level of its structure, each block as it was written.

Only block structure is parsed. What a line holds stays as it is, so no link, image or nesting is followed,
and the time that parsing takes grows with the length of the text.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from gnomon.context.knowledge.html import html_blocks
from gnomon.domain.document import Block, BlockKind

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_KINDS: dict[str, BlockKind] = {
    "paragraph_open": "paragraph",
    "bullet_list_open": "list",
    "ordered_list_open": "list",
    "table_open": "table",
    "blockquote_open": "quote",
    "fence": "code",
    "code_block": "code",
}
_INLINE_DATA = re.compile(r"\(\s{0,9}<?data:[^)\s]{0,20000000}\)?", re.IGNORECASE)


def markdown_blocks(text: str) -> Iterator[Block]:
    """The blocks of a text in CommonMark with tables.

    HTML among it is read as HTML: comments, scripts and hidden parts are left out.
    """
    if "data:" in text:
        text = _INLINE_DATA.sub("(data)", text)
    lines = text.split("\n")
    for token in _parser().parse(text):
        if token.level == 0 and token.map is not None:
            yield from _block(token, lines)


def _block(token: "Token", lines: list[str]) -> Iterator[Block]:
    assert token.map is not None
    written = "\n".join(lines[token.map[0] : token.map[1]]).strip("\n")
    if token.type == "heading_open":
        yield Block("heading", _heading(written), int(token.tag[1]))
    elif token.type == "html_block":
        yield from html_blocks(written)
    elif token.type in _KINDS:
        yield Block(_KINDS[token.type], written)


def _heading(written: str) -> str:
    """The words of a heading, whichever of the two ways it is written in."""
    first = written.split("\n")[0].strip()
    return first.lstrip("#").strip().rstrip("#").strip() if first.startswith("#") else first


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser
