"""What `longest` or `heavier` go by where columns have short names: `dist_km`, `wt_kg`, `dur_min`."""

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.cues import DIMENSIONS
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.shortened import alike
from gnomon.models.grounded.units import name_parts
from gnomon.models.grounded.words import name_words

FURTHER = {"length": ("distance",)}
"""What else the adjectives of a dimension may go by."""


def dimension_columns(draft: Draft, table: TableRef, dimension: str) -> list[ColumnRef]:
    """The columns of a table that an adjective of the dimension may go by, in full or for short.

    The composer knows those that have a word of it in their names; where there are others it takes no part.
    """
    known = draft.schema.dimension(table, dimension)
    words = (*DIMENSIONS.get(dimension, ()), *FURTHER.get(dimension, ()))
    columns = [ColumnRef(table, c.name) for c in draft.schema.card(table).columns]
    numbers = [c for c in columns if c not in known and draft.schema.is_numeric(c)]
    further = [c for c in numbers if not draft.schema.is_flag(c) and _goes_by(c.column, words)]
    draft.alone = draft.alone or bool(further)
    return [*known, *further]


def _goes_by(name: str, words: tuple[str, ...]) -> bool:
    if "per" in name_words(name):
        return False
    parts = name_parts(name)
    left = ("",) if len(parts) == 1 else (*(parts[-1],) * (len(parts) - 1), "")
    pairs = zip(parts, left, strict=True)
    return any(alike(part, tail, word) in ("same", "listed") for part, tail in pairs for word in words)
