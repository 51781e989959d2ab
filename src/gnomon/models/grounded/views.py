"""What a view computes: a sum over it is no sum over the rows of a table, and the answer says whose it is."""

from dataclasses import replace

from gnomon.domain.catalog import NUMERIC_KINDS, ColumnRef
from gnomon.models.grounded.reading import Reading, Target
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.words import name_words

ADDED = frozenset({"sum", "avg", "median"})
CERTAINTY = 0.95


def state_views(reading: Reading, schema: Schema) -> Reading:
    """The reading, which says of what it adds up that a view computes it, and how is not known."""
    found = dict.fromkeys(ref for t in reading.targets if (ref := _of_view(t, schema)) is not None)
    said = tuple((f"{ref} is taken as that view computes it.", "name the table to add up") for ref in found)
    known = {text for text, _ in reading.assumptions}
    new = tuple(one for one in said if one[0] not in known)
    if not new:
        return reading
    return replace(reading, assumptions=(*reading.assumptions, *new), certainty=reading.certainty * CERTAINTY)


def _of_view(target: Target, schema: Schema) -> ColumnRef | None:
    """The numbers of a view that are added up, unless a table holds them too."""
    ref = target.ref if target.aggregate in ADDED else None
    if ref is None or not schema.card(ref.table).is_view:
        return None
    counts = schema.column(ref).column.kind in NUMERIC_KINDS
    return ref if counts and not _is_passed_on(ref, schema) else None


def _is_passed_on(column: ColumnRef, schema: Schema) -> bool:
    """Whether a table that the view may be made of has a column that is called so."""
    named = name_words(column.column)
    tables = (schema.card(t) for t in schema.tables())
    return any(name_words(c.name) == named for card in tables if not card.is_view for c in card.columns)
