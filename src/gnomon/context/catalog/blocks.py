"""A text of people as the blocks it is made of: headings, list items, rows, code and paragraphs.

Half of a list item reads as if it were all of it, so whoever takes something out of a text takes out whole
blocks, or whole sentences of a paragraph, and what is then left with nothing below it. The forms are those of
CommonMark (headings with `#`, list items, fenced code) and of its tables; a line that ends in a colon above a
list counts as a heading too.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["heading", "item", "whole", "paragraph"]

_HEADING = re.compile(r"(#{1,6})\s")
_ITEM = re.compile(r"(\s*)(?:[-*+•]|\d{1,9}[.)])\s")
_FENCE = re.compile(r"\s*(```|~~~)")
_RULE = re.compile(r"\s*(?:[-*_]\s*){3,}$")


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a text that is told whole, but for paragraphs.

    Args:
        text: Its lines as they stand.
        level: Of a heading: 1 to 6. Of an item: how far it is indented, in characters.
        apart: Whether an empty line goes before it.
    """

    kind: Kind
    text: str
    level: int = 0
    apart: bool = False


def blocks_of(text: str) -> tuple[Block, ...]:
    """The blocks of a text, in their order."""
    found: list[Block] = []
    apart, fence = False, ""
    for line in text.splitlines():
        if fence or (found and line.strip() and not apart and _goes_on(found[-1], line)):
            found[-1] = replace(found[-1], text=f"{found[-1].text}\n{line}")
            fence = "" if fence and line.strip() == fence else fence
        elif line.strip():
            found.append(_begun(line, apart))
            opened = _FENCE.match(line)
            fence = opened[1] if opened else ""
        apart = not line.strip()
    return tuple(found)


def written(blocks: Sequence[Block]) -> str:
    """Blocks as one text."""
    return "".join(("\n\n" if b.apart else "\n") + b.text for b in blocks).strip("\n")


def standing(before: Sequence[Block], after: Sequence[Block | None]) -> Iterator[Block]:
    """The blocks that are left, without what stands alone.

    An item that is gone takes the items below it along; a heading, or a line with a colon above a list, goes
    when all that stood below it is gone.

    Args:
        before: The blocks of the whole text.
        after: The same in the same order, perhaps with fewer sentences; None for a block that is gone.
    """
    left = list(after)
    for i, block in enumerate(before):
        if left[i] is None and block.kind == "item":
            for j in _below(before, i):
                left[j] = None
    for i in reversed(range(len(before))):
        below = list(_below(before, i))
        if below and all(left[j] is None for j in below) and _announces(before[i]):
            left[i] = None
    yield from (block for block in left if block is not None)


def above(blocks: Sequence[Block], i: int) -> Iterator[Block]:
    """The headings and items that the block of that number stands below."""
    return (blocks[j] for j in range(i) if i in _below(blocks, j))


def _announces(block: Block) -> bool:
    return block.kind == "heading" or block.text.rstrip(" *_").endswith(":")


def _below(blocks: Sequence[Block], i: int) -> range:
    """Numbers of the blocks that stand below a heading, a line above a list, or an item."""
    end = i + 1
    while end < len(blocks) and _is_below(blocks[end], blocks[i]):
        end += 1
    return range(i + 1, end)


def _is_below(block: Block, upper: Block) -> bool:
    if upper.kind == "heading":
        return block.kind != "heading" or block.level > upper.level
    if upper.kind == "item":
        return block.kind == "item" and block.level > upper.level
    return _announces(upper) and block.kind in ("item", "whole")


def _begun(line: str, apart: bool) -> Block:
    heading, item = _HEADING.match(line), _ITEM.match(line)
    if heading:
        return Block("heading", line, len(heading[1]), apart)
    if _FENCE.match(line) or line.lstrip().startswith("|") or _RULE.match(line):
        return Block("whole", line, apart=apart)
    if item:
        return Block("item", line, len(item[1].expandtabs(4)), apart)
    return Block("paragraph", line, apart=apart)


def _goes_on(block: Block, line: str) -> bool:
    """Whether a line belongs to the block above it; one that announces a list begins a block of its own."""
    if block.kind not in ("item", "paragraph") or _begun(line, False).kind != "paragraph":
        return False
    announces = line.rstrip().endswith(":") and not line[0].isspace()
    if block.kind == "item":
        return not announces
    return not _announces(block) and not (announces and block.text.rstrip()[-1] in ".!?")
