"""The whole warehouse on less than a page: one line a table, the best connected first."""

from collections.abc import Sequence

from gnomon.domain.catalog import TableCard

MAX_BYTES = 4_096
_LINE_CHARS = 160


def write_brief(cards: Sequence[TableCard]) -> str:
    """At most 4 KB of text. Tables that do not fit are counted in the last line."""
    ordered = sorted(cards, key=lambda c: (-len(c.joins), -(c.row_count or 0), str(c.ref)))
    lines, used = [f"{len(cards)} tables."], 16
    for i, card in enumerate(ordered):
        line = _line(card)
        used += len(line.encode()) + 1
        if used > MAX_BYTES - 40:
            lines.append(f"... and {len(ordered) - i} more tables.")
            break
        lines.append(line)
    return "\n".join(lines)


def _line(card: TableCard) -> str:
    kind = "view" if card.is_view else "table"
    size = "" if card.row_count is None else f", {card.row_count:,} rows"
    text = f"- {card.ref} ({kind}{size}): {' '.join(card.purpose.split())}"
    return text if len(text) <= _LINE_CHARS else text[: _LINE_CHARS - 3] + "..."
