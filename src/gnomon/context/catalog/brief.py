"""The whole warehouse on less than a page: one line a table, the best connected first."""

from collections.abc import Sequence

from gnomon.domain.catalog import TableCard

MAX_BYTES = 4_096
_LINE_CHARS = 160


def write_brief(cards: Sequence[TableCard], *, tables: int | None = None) -> str:
    """At most 4 KB of text. Tables that do not fit are counted in the last line.

    Args:
        tables: How many tables there are, where `cards` are the best connected of them only.
    """
    ordered = sorted(cards, key=lambda c: (-len(c.joins), -(c.row_count or 0), str(c.ref)))
    count = len(cards) if tables is None else tables
    lines, used = [f"{count} tables."], 16
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


def _line(card: TableCard) -> str:
    kind = "view" if card.is_view else "table"
    size = "" if card.row_count is None else f", {card.row_count:,} rows"
    text = f"- {card.ref} ({kind}{size}): {' '.join(card.purpose.split())}"
    return text if len(text) <= _LINE_CHARS else text[: _LINE_CHARS - 3] + "..."
