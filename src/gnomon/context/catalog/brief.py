"""The whole warehouse on one page: drafted from the cards, edited by people, always in context.

A draft says which tables to start from, which conditions everyone applies, which tables are mistaken for each
other, and how far the data reach. What the business calls a customer or an order, only people can add.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gnomon.context.catalog.plurals import many
from gnomon.domain.catalog import TableCard
from gnomon.domain.errors import Misconfigured

MAX_BYTES = 4_096
"""A page that is read before every question has to earn its place."""

_LINE_CHARS = 160
_RULES = 6
_RULES_BYTES = 1_400
"""Room for conditions and mistakable tables: the tables to start from need the rest."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the page can tell of one table.

    Args:
        rank: Tables of the lowest come first.
        always: The line of the conditions that always apply; empty for none.
        instead: The line of the better table; empty for none.
        mistaken: A line for each table that it is mistaken for.
        line: What it is.
    """

    rank: tuple[int, int, int, str]
    always: str
    instead: str
    mistaken: tuple[str, ...]
    line: str


def write_brief(cards: Iterable[TableCard], *, tables: int | None = None) -> str:
    """A draft of at most 4 KB. Tables that do not fit are counted in the last line.

    Args:
        tables: How many tables there are, where `cards` are the best connected of them only.
    """
    return page_of(map(part_of, cards), tables=tables)


def part_of(card: TableCard) -> Part:
    """What the page can tell of a table, from its card."""
    told = (s.text for s in card.statements if s.kind == "use_when")
    return Part(
        rank=_importance(card),
        always=_rule(card, " and ".join(card.always_filter)) if card.always_filter else "",
        instead=_rule(card, f"use {card.use_instead}") if card.use_instead else "",
        mistaken=tuple(_rule(card, text) for text in told),
        line=_line(card),
    )


def page_of(parts: Iterable[Part], *, tables: int | None = None) -> str:
    """The page of these parts; see `write_brief`."""
    ordered = sorted(parts, key=lambda part: part.rank)
    count = len(ordered) if tables is None else tables
    lines = [f"{many(count, 'table')}.", *_within(_rules(ordered), _RULES_BYTES)]
    used = sum(len(line.encode()) + 1 for line in lines)
    for i, part in enumerate(ordered):
        used += len(part.line.encode()) + 1
        if used > MAX_BYTES - 40:
            lines.append(f"... and {count - i} more tables.")
            return "\n".join(lines)
        lines.append(part.line)
    if count > len(ordered):
        lines.append(f"... and {count - len(ordered)} more tables.")
    return "\n".join(lines)


def part_to_json(part: Part) -> str:
    """`part` as text; `part_from_json` gives an equal part back."""
    return json.dumps([part.rank, part.always, part.instead, part.mistaken, part.line], separators=(",", ":"))


def part_from_json(text: str) -> Part:
    """The part that `part_to_json` wrote."""
    (used, joins, rows, name), always, instead, mistaken, line = json.loads(text)
    return Part((used, joins, rows, name), always, instead, tuple(mistaken), line)


def checked_page(text: str, place: str) -> str:
    """A page that people edited, if it can be one.

    Raises:
        Misconfigured: It is over 4 KB or empty.
    """
    size = len(text.encode())
    if size > MAX_BYTES:
        raise Misconfigured(
            "the brief is too long to be read before every question",
            facts=(("page", place), ("bytes", f"{size:,}"), ("at most", f"{MAX_BYTES:,}")),
            hint="keep what most questions need; move the rest to annotations of single tables",
        )
    if not text.strip():
        raise Misconfigured(
            "the brief is empty",
            facts=(("page", place),),
            hint="write it, or delete the file: Gnomon then drafts one",
        )
    return text.strip() + "\n"


def _importance(card: TableCard) -> tuple[int, int, int, str]:
    used = card.usage.queries if card.usage else 0
    return (-used, -len(card.joins), -(card.row_count or 0), str(card.ref))


def _rules(parts: Sequence[Part]) -> Iterator[str]:
    yield from _section("Always:", (p.always for p in parts if p.always))
    yield from _section("Instead of:", (p.instead for p in parts if p.instead))
    yield from _section("Easily mistaken:", (line for p in parts for line in p.mistaken))


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    for i, line in enumerate(lines):
        if i == 0:
            yield title
        if i == _RULES:
            return
        yield line


def _rule(card: TableCard, text: str) -> str:
    return _cut(" ".join(f"- {card.ref}: {text}".split()))


def _within(lines: Iterable[str], room: int) -> Iterator[str]:
    for line in lines:
        room -= len(line.encode()) + 1
        if room < 0:
            return
        yield line


def _line(card: TableCard) -> str:
    kind = "view" if card.is_view else "table"
    size = "" if card.row_count is None else f", {many(card.row_count, 'row')}"
    return _cut(" ".join(f"- {card.ref} ({kind}{size}): {card.purpose}".split()))


def _cut(text: str) -> str:
    return text if len(text) <= _LINE_CHARS else text[: _LINE_CHARS - 3] + "..."
