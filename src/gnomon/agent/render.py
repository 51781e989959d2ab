"""The assembled context as text, delimited and labelled as data, within a token budget."""

from collections.abc import Mapping
from typing import Any

from gnomon.domain.catalog import CardColumn, Join, TableCard
from gnomon.domain.context import Context

CHARS_PER_TOKEN = 4
"""A usual figure for English text and SQL with current tokenizers; the budget need not be exact."""

TOP_VALUES_SHOWN = 6


def render_context(context: Context, budget_tokens: int) -> str:
    """Write the context out, most relevant tables first; a table that does not fit is named, not cut."""
    room = budget_tokens * CHARS_PER_TOKEN
    parts = [f"Dialect: {context.dialect}. Now: {context.now.isoformat()}."]
    if context.brief:
        parts.append(f"The warehouse:\n{context.brief}")
    parts += [_values(context)] if context.values else []
    parts += [_previous(context)] if context.previous else []
    room -= sum(map(len, parts))
    left_out: list[str] = []
    for card in context.cards:
        text = _fitting_card(card, room)
        if text is None:
            left_out.append(str(card.ref))
            continue
        parts.append(text)
        room -= len(text)
    left_out += [str(ref) for ref in context.others]
    if left_out:
        parts.append("Further tables, without details: " + ", ".join(left_out[:200]))
    return "<context>\n" + "\n\n".join(parts) + "\n</context>"


def _fitting_card(card: TableCard, room: int) -> str | None:
    for detail in ("full", "names"):
        text = render_card(card, detail == "full")
        if len(text) <= room:
            return text
    return None


def render_card(card: TableCard, full: bool = True) -> str:
    """One table as text; without `full`, just names and types."""
    rows = f", {card.row_count:,} rows" if card.row_count is not None else ""
    lines = [f"Table {card.ref}{rows}" + (f": {card.purpose}" if card.purpose else "")]
    lines += [f"  {_column(c, full)}" for c in card.columns]
    for key in card.keys:
        lines.append(f"  key ({', '.join(key.columns)}) [{key.evidence.source}]")
    lines += [f"  join {_join(j)}" for j in card.joins]
    if full:
        lines += [f"  note: {s.text}" for s in card.caveats]
    if card.use_instead:
        lines.append(f"  use instead: {card.use_instead}")
    return "\n".join(lines)


def _column(column: CardColumn, full: bool) -> str:
    text = f"{column.name} {column.column.type_sql}"
    if not full:
        return text
    if column.meaning:
        text += f": {column.meaning}"
    profile = column.profile
    if profile is None:
        return text
    if profile.top and profile.distinct <= 50:
        text += f" [{', '.join(value for value, _ in profile.top[:TOP_VALUES_SHOWN])}]"
    elif profile.low is not None:
        text += f" [{profile.low} .. {profile.high}]"
    return text + (f" ({profile.null_share:.0%} null)" if profile.null_share > 0.01 else "")


def _join(join: Join) -> str:
    pairs = zip(join.child_columns, join.parent_columns, strict=True)
    condition = " and ".join(f"{join.child}.{c} = {join.parent}.{p}" for c, p in pairs)
    return f"{condition} (many to one) [{join.evidence.source}]"


def _values(context: Context) -> str:
    lines = [f"  {v.phrase!r} is a value of {v.column}: {v.value!r}" for v in context.values]
    return "Words of the question found in the data:\n" + "\n".join(lines)


def _previous(context: Context) -> str:
    previous = context.previous
    assert previous is not None
    return f"The question before: {previous.question.text}\nIts SQL: {previous.sql}"


def card_as_values(card: TableCard) -> Mapping[str, Any]:
    """A card as plain values for a tool result."""
    return {
        "table": str(card.ref),
        "purpose": card.purpose,
        "rows": card.row_count,
        "columns": [_column(c, True) for c in card.columns],
        "keys": [list(k.columns) for k in card.keys],
        "joins": [_join(j) for j in card.joins],
        "notes": [s.text for s in card.caveats],
        "use_instead": card.use_instead,
    }
