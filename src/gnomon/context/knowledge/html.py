"""HTML as blocks: headings, paragraphs, lists, code and tables, without what nobody sees on the page.

The page is read from front to back and no tree is built, so depth costs nothing. Scripts, styles, comments
and hidden elements are left out: their text would reach a model and nobody else. Confluence's storage format
reads the same way.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

from gnomon.domain.document import Block, BlockKind

_UNSEEN_NAMES = """
script style template noscript svg math iframe object head ac:parameter ac:placeholder
"""
_VOID_NAMES = "area base br col embed hr img input link meta source track wbr"
_BREAK_NAMES = """
address article aside blockquote body dd details div dl dt fieldset figcaption figure footer form header hr
main nav p section summary ac:task ac:task-body
"""
_UNSEEN = frozenset(_UNSEEN_NAMES.split())
_VOID = frozenset(_VOID_NAMES.split())
_BREAKS = frozenset(_BREAK_NAMES.split())
_CODE = frozenset({"pre", "ac:plain-text-body"})
_LISTS = frozenset({"ul", "ol"})
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])", re.IGNORECASE)
_SPACE = re.compile(r"\s+")

TITLE_CHARS = 500
KEPT_CHARS = 2_000


@dataclass(slots=True)
class Page:
    """What was read of a page.

    Args:
        title: Of its head; empty if it has none.
        kept: Text of the elements that a class or id marks which was asked for, by that name.
    """

    blocks: list[Block] = field(default_factory=list)
    title: str = ""
    kept: dict[str, str] = field(default_factory=dict)


def html_blocks(text: str) -> Iterator[Block]:
    """The blocks of a page or of a part of one."""
    yield from read_page(text).blocks


def read_page(text: str, *, within: str = "", keep: frozenset[str] = frozenset()) -> Page:
    """Read a page.

    Args:
        within: Id of the one element whose content becomes blocks; the whole page if it has no such element.
        keep: Classes or ids of elements whose text is kept apart as well.
    """
    found = within and re.search(rf"""\bid\s*=\s*["']?{re.escape(within)}["'\s>]""", text)
    reader = _Reader(within if found else "", keep)
    reader.feed(text)
    if reader.rawdata.startswith("<"):
        # A tag or comment that the page does not finish: no browser shows any of it either.
        reader.rawdata = ""
    reader.close()
    reader.finish()
    return reader.page


class _Open(NamedTuple):
    """An element that has not ended: whether it hides its content, is the one wanted, is kept apart."""

    tag: str
    hides: bool
    wanted: bool
    keep: str


class _Reader(HTMLParser):
    """Writes blocks while the page passes by."""

    def __init__(self, within: str, keep: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.page = Page()
        self._within, self._keep = within, keep
        self._open: list[_Open] = []
        self._names: Counter[str] = Counter()
        self._hidden = 0
        self._inside = 0 if within else 1
        self._in_title = False
        self._writer = _Writer(self.page.blocks)
        self._kept: dict[str, list[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self._in_title = tag == "title" and not self.page.title
        if tag not in _VOID:
            self._push(tag, {name: value or "" for name, value in attrs})
        if self._inside and not self._hidden:
            self._writer.begin(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content, as XML writes it."""
        if self._inside and not self._hidden and tag in _VOID:
            self._writer.begin(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and with it what it left open; an end without a beginning is nothing."""
        self._in_title = False
        if not self._names[tag]:
            return
        while self._open:
            ended = self._open.pop()
            self._names[ended.tag] -= 1
            if self._inside and not self._hidden:
                self._writer.end(ended.tag)
            self._hidden -= ended.hides
            self._inside -= ended.wanted
            if ended.tag == tag:
                return

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        if self._in_title:
            self.page.title = " ".join((self.page.title + data).split())[:TITLE_CHARS]
        if self._hidden:
            return
        for keep in {o.keep for o in self._open[-8:] if o.keep} if self._keep else ():
            self._kept.setdefault(keep, []).append(data[:KEPT_CHARS])
        if self._inside:
            self._writer.write(data)

    def parse_marked_section(self, i: int, report: int = 1) -> int:
        """`<![CDATA[...]]>` is text; any other `<![...>` is left out. -1 where it does not end."""
        if self.rawdata.startswith("<![CDATA[", i):
            end = self.rawdata.find("]]>", i)
            if end >= 0:
                self.handle_data(self.rawdata[i + 9 : end])
            return end + 3 if end >= 0 else -1
        end = self.rawdata.find(">", i)
        return end + 1 if end >= 0 else -1

    def finish(self) -> None:
        """End what is still open."""
        while self._open:
            self.handle_endtag(self._open[-1].tag)
        self._writer.finish()
        self.page.kept = {
            name: " ".join("".join(parts).split())[:KEPT_CHARS] for name, parts in self._kept.items()
        }

    def _push(self, tag: str, given: dict[str, str]) -> None:
        hides = tag in _UNSEEN or "hidden" in given or bool(_HIDING.search(given.get("style", "")))
        wanted = bool(self._within) and given.get("id") == self._within
        names = {given.get("id", ""), *given.get("class", "").split()} & self._keep if self._keep else ()
        self._open.append(_Open(tag, hides, wanted, min(names, default="")))
        self._names[tag] += 1
        self._hidden += hides
        self._inside += wanted


class _Writer:
    """Turns the beginnings and ends of elements and the text between into blocks."""

    def __init__(self, blocks: list[Block]) -> None:
        self._blocks = blocks
        self._text: list[str] = []
        self._items: list[str] = []
        self._rows: list[str] = []
        self._cells: list[str] = []
        self._in_cell = False
        self._lists = self._tables = self._code = 0

    def write(self, data: str) -> None:
        """Text of the page."""
        self._text.append(data if self._code else _SPACE.sub(" ", data))

    def begin(self, tag: str) -> None:
        """An element begins."""
        if tag == "br":
            self._text.append("\n" if self._code or not (self._tables or self._lists) else " ")
        elif tag == "table":
            self._interrupt()
            self._tables += 1
        elif self._tables:
            self._begin_in_table(tag)
        elif tag in _LISTS:
            self._interrupt()
            self._lists += 1
        elif tag == "li":
            self._end_item()
        elif tag in _CODE:
            self._interrupt()
            self._code += 1
        elif self._lists:
            self._text.append(" " if tag in _BREAKS else "")
        elif tag in _BREAKS or tag in _HEADINGS:
            self._end_block("paragraph")

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._tables:
            self._end_in_table(tag)
        elif tag in _LISTS and self._lists:
            self._end_item()
            self._lists -= 1
            if not self._lists:
                self._end_list()
        elif tag in _CODE and self._code:
            self._code -= 1
            self._end_list()
            self._end_block("code")
        elif self._lists:
            self._text.append(" " if tag in _BREAKS else "")
        elif tag in _HEADINGS:
            self._end_block("heading", _HEADINGS[tag])
        elif tag in _BREAKS:
            self._end_block("quote" if tag == "blockquote" else "paragraph")

    def finish(self) -> None:
        """The page is over."""
        if self._tables:
            self._end_row()
            self._end_table()
        self._end_item() if self._lists else self._end_block("code" if self._code else "paragraph")
        self._end_list()

    def _interrupt(self) -> None:
        """Something of its own begins amid a paragraph, an item or a cell."""
        if self._tables:
            self._text.append(" ")
        elif self._lists:
            self._end_item()
        else:
            self._end_block("paragraph")

    def _begin_in_table(self, tag: str) -> None:
        if tag == "tr":
            self._end_row()
        elif tag in ("td", "th"):
            self._end_cell()
            self._in_cell = True
        elif tag in _BREAKS or tag in _LISTS or tag == "li":
            self._text.append(" ")

    def _end_in_table(self, tag: str) -> None:
        if tag == "table":
            self._tables -= 1
            if not self._tables:
                self._end_row()
                self._end_list()
                self._end_table()
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag == "tr":
            self._end_row()
        elif tag in _BREAKS or tag == "li":
            self._text.append(" ")

    def _taken(self) -> str:
        text, self._text = "".join(self._text), []
        return text

    def _end_block(self, kind: BlockKind, level: int = 0) -> None:
        text = self._taken()
        if kind == "code":
            text = text.strip("\n").rstrip()
        else:
            text = "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))
        if text.strip():
            self._blocks.append(Block(kind, text, level))

    def _end_item(self) -> None:
        text = " ".join(self._taken().split())
        if text:
            self._items.append(f"{'  ' * min(max(self._lists - 1, 0), 8)}- {text}")

    def _end_list(self) -> None:
        if self._items:
            self._blocks.append(Block("list", "\n".join(self._items)))
        self._items = []

    def _end_cell(self) -> None:
        text = " ".join(self._taken().split())
        if text or self._in_cell:
            self._cells.append(text)
        self._in_cell = False

    def _end_row(self) -> None:
        self._end_cell()
        if any(self._cells):
            self._rows.append(f"| {' | '.join(self._cells)} |")
        self._cells = []

    def _end_table(self) -> None:
        if self._rows:
            self._blocks.append(Block("table", "\n".join(self._rows)))
        self._rows = []
