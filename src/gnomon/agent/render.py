"""The assembled context as text, delimited and labelled as data, within a token budget."""

from collections.abc import Mapping
from typing import Any

from gnomon.domain.catalog import CardColumn, Join, TableCard, TableRef
from gnomon.domain.context import Context

CHARS_PER_TOKEN = 4
"""A usual figure for English text and SQL with current tokenizers; the budget need not be exact."""

BRIEF_PART = 4
"""The brief takes at most this part of the room (a fourth): the cards of the question matter more."""

NAMES_PART = 10
"""This part of the room (a tenth) is kept for the names of tables that are not shown."""

TOP_VALUES_SHOWN = 6
VALUES_SHOWN = 40


def render_context(context: Context, budget_tokens: int) -> str:
    """Write the context out, most relevant tables first; a table that does not fit is named, not cut."""
    room = budget_tokens * CHARS_PER_TOKEN
    parts = [f"Dialect: {context.dialect}. Now: {context.now.isoformat()}."]
    if context.brief:
        parts.append(f"The warehouse:\n{_cut(context.brief, room // BRIEF_PART)}")
    parts += [_values(context)] if context.values else []
    parts += [_previous(context)] if context.previous else []
    room -= sum(map(len, parts))
    names_room = max(room // NAMES_PART, 0)
    found_by = {c.ref: c.reason for c in context.candidates}
    left_out: list[TableRef] = []
    for card in context.cards:
        text = _fitting_card(card, found_by.get(card.ref, ""), room - names_room)
        if text is None:
            left_out.append(card.ref)
            continue
        parts.append(text)
        room -= len(text)
    left_out += context.others
    if left_out:
        names = ", ".join(map(str, left_out))
        parts.append(f"Further tables, without details: {_cut(names, max(room, names_room))}")
    return "<context>\n" + "\n\n".join(parts) + "\n</context>"


def _cut(text: str, chars: int) -> str:
    return text if len(text) <= chars else text[: max(chars, 0)] + "…"


def _fitting_card(card: TableCard, found_by: str, room: int) -> str | None:
    why = f"\n  found by: {found_by}" if found_by else ""
    for full in (True, False):
        text = render_card(card, full) + why
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
        lines += [f"  owner: {card.owner}"] if card.owner else []
        lines += [f"  always filter: {condition}" for condition in card.always_filter]
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
    lines = [f"  {v.phrase!r} is a value of {v.column}: {v.value!r}" for v in context.values[:VALUES_SHOWN]]
    return "Words of the question found in the data:\n" + "\n".join(lines)


def _previous(context: Context) -> str:
    previous = context.previous
    assert previous is not None
    sql = previous.sql or "none ran"
    return f"The question before: {previous.question.text} ({previous.status})\nIts SQL: {sql}"


def card_as_values(card: TableCard) -> Mapping[str, Any]:
    """A card as plain values for a tool result."""
    return {
        "table": str(card.ref),
        "purpose": card.purpose,
        "owner": card.owner,
        "row_count": card.row_count,
        "columns": [_column(c, True) for c in card.columns],
        "keys": [list(k.columns) for k in card.keys],
        "joins": [_join(j) for j in card.joins],
        "always_filter": list(card.always_filter),
        "notes": [s.text for s in card.caveats],
        "use_instead": card.use_instead,
    }
