"""A first annotation of a table for its owner to fill in: each field, with what is known so far."""

from collections.abc import Iterator

from gnomon.context.catalog.sources.annotations.edit import scalar
from gnomon.context.catalog.sources.annotations.model import CRITICALITIES
from gnomon.domain.catalog import CardColumn, TableCard

_KNOWN_CHARACTERS = 100


def draft(card: TableCard, today: str) -> str:
    """The text of a file. It is valid as it stands: a field without a value says nothing.

    Args:
        today: The day to put beside the owner's name, ISO.
    """
    return "".join(f"{line}\n" for line in _lines(card, today))


def _lines(card: TableCard, today: str) -> Iterator[str]:
    yield f"# Annotation of {_known(str(card.ref))}: fill in what you know, delete the rest. Lines that begin"
    yield "# with # are not read; they tell what is known so far. A field without a value says nothing."
    yield f"table: {scalar(str(card.ref))}"
    for name, about in _fields(card):
        yield from ("", f"# {about}", f"{name}:")
    yield from ("", "# Who says all this, and when.", "said_by:", f"said_at: {today}")
    yield from ("", "# What a column holds where its name does not say it: take away the # before a name.")
    yield "columns:"
    yield from map(_column, card.columns)


def _fields(card: TableCard) -> Iterator[tuple[str, str]]:
    """Each field of the table itself, and the words above it."""
    yield "owner", f"Whom to ask about the table.{_so_far(card.owner)}"
    yield "criticality", f"How much depends on it: {', '.join(CRITICALITIES)}.{_so_far(card.criticality)}"
    yield (
        "freshness",
        f"How fresh it should be: daily by 06:00 UTC, {_by_age(card)}.{_so_far(card.freshness)}",
    )
    yield "meaning", f"What one row stands for, in business words.{_so_far(card.purpose)}"
    yield "grain", f"What makes a row.{_so_far(_grain(card))}"
    caveats = "; ".join(c.text for c in card.caveats)
    yield "caveats", f"A list of what to know before counting.{_so_far(caveats)}"
    filters = ", ".join(card.always_filter) or ", ".join(card.usage.filters if card.usage else ())
    yield "always_filter", f"A list of conditions that every question wants.{_so_far(filters)}"
    better = f"A better table, and when: {{table: NAME, when: ...}}.{_so_far(card.use_instead)}"
    yield "use_instead", better
    reasons = "; ".join(s.text for s in card.statements if s.kind == "use_when")
    yield "use_when", f"When this table is the better one of two.{_so_far(reasons)}"
    yield "tags", f"A list of words to group tables by.{_so_far(', '.join(card.tags))}"
    called = ", ".join(s.text for s in card.also_called)
    yield "also_called", f"A list of what else people call its rows: client, buyer.{_so_far(called)}"


def _by_age(card: TableCard) -> str:
    column = scalar(card.freshness_column) if card.freshness_column else "COLUMN"
    return f"or {{within: 24h, column: {_known(column)}}}"


def _grain(card: TableCard) -> str:
    said = [s.text for s in card.statements if s.kind == "grain"]
    key = card.primary_key
    return said[0] if said else f"one row per {', '.join(key.columns)}" if key else ""


def _column(column: CardColumn) -> str:
    looks = column.profile
    seen = f", {looks.low} to {looks.high}" if looks and looks.low is not None else ""
    told = f"; {column.meaning}" if column.meaning else ""
    return f"#  {scalar(column.name)}:  # {_known(f'{column.column.type_sql}{seen}{told}')}"


def _so_far(text: str) -> str:
    return f" So far: {_known(text)}" if text else ""


def _known(text: str) -> str:
    """Text from data on one line of a comment: whatever it holds, it ends with the line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= _KNOWN_CHARACTERS else f"{line[: _KNOWN_CHARACTERS - 3]}..."
