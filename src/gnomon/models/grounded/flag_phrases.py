"""Flags that are said as people say them: `opted in to marketing` of a flag `marketing_opt_in`."""

from collections.abc import Sequence

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.cues import Cue
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words, stem

BESIDE = frozenset({"is", "has", "was", "flag", "ind", "yn"})
"""What names of flags have besides."""

LONGEST = 6
SCORE = 0.9


def name_flags(items: Sequence[Item], schema: Schema) -> None:
    """Let a verb and what stands behind it be the one flag whose name has all of the words, and no others."""
    for at, item in enumerate(items):
        if item.kind != "unknown" or not is_done(item.text.lower()):
            continue
        found = {c: end for c in _flags(schema) if (end := _end(items, at, c)) is not None}
        if len(found) == 1:
            column, end = next(iter(found.items()))
            item.kind, item.links = "name", (Link(column.table, column.column, SCORE),)
            for other in items[at + 1 : end]:
                other.kind, other.cue, other.links, other.values = "cue", Cue("fill"), (), ()


def _flags(schema: Schema) -> list[ColumnRef]:
    columns = (ColumnRef(t, c.name) for t in schema.tables() for c in schema.card(t).columns)
    return [c for c in columns if schema.is_flag(c)]


def _end(items: Sequence[Item], at: int, flag: ColumnRef) -> int | None:
    """Where the words of the flag end, if those from a position on are all of its name."""
    wanted = {stem(w) for w in name_words(flag.column)} - BESIDE
    if len(wanted) < 2 or stem(items[at].text.lower()) not in wanted:
        return None
    said: set[str] = set()
    for end, item in enumerate(items[at : at + LONGEST], at + 1):
        words = {stem(w) for w in name_words(item.text)}
        if not words & wanted and not item.is_cue("fill"):
            return None
        said |= words
        if wanted <= said:
            return end
    return None
