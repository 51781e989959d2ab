"""The whole warehouse on one page: drafted from the cards, edited by people, always in context.

A draft says which tables to start from, which conditions everyone applies, which tables are mistaken for each
other, and how far the data reach. What the business calls a customer or an order, only people can add.
"""

from collections.abc import Iterable, Iterator, Sequence

from gnomon.context.catalog.plurals import many
from gnomon.domain.catalog import TableCard
from gnomon.domain.errors import Misconfigured

MAX_BYTES = 4_096
"""A page that is read before every question has to earn its place."""

_LINE_CHARS = 160
_RULES = 6
_RULES_BYTES = 1_400
"""Room for conditions and mistakable tables: the tables to start from need the rest."""


def write_brief(cards: Sequence[TableCard], *, tables: int | None = None) -> str:
    """A draft of at most 4 KB. Tables that do not fit are counted in the last line.

    Args:
        tables: How many tables there are, where `cards` are the best connected of them only.
    """
    ordered = sorted(cards, key=_importance)
    count = len(cards) if tables is None else tables
    lines = [f"{many(count, 'table')}.", *_within(_rules(ordered), _RULES_BYTES)]
    used = sum(len(line.encode()) + 1 for line in lines)
    for i, card in enumerate(ordered):
        line = _line(card)
        used += len(line.encode()) + 1
        if used > MAX_BYTES - 40:
            lines.append(f"... and {count - i} more tables.")
            return "\n".join(lines)
        lines.append(line)
    if count > len(ordered):
        lines.append(f"... and {count - len(ordered)} more tables.")
    return "\n".join(lines)


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


def _rules(cards: Sequence[TableCard]) -> Iterator[str]:
    yield from _section(
        "Always:", (f"- {c.ref}: {' and '.join(c.always_filter)}" for c in cards if c.always_filter)
    )
    apart = (f"- {c.ref}: use {c.use_instead}" for c in cards if c.use_instead)
    yield from _section("Instead of:", apart)
    told = (f"- {c.ref}: {s.text}" for c in cards for s in c.statements if s.kind == "use_when")
    yield from _section("Easily mistaken:", told)


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    for i, line in enumerate(lines):
        if i == 0:
            yield title
        if i == _RULES:
            return
        yield _cut(" ".join(line.split()))


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
