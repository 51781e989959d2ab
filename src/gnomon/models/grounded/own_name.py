"""Rows that are restricted by the very name that they have: `depots of Vienna Hub`, itself a depot.

Nobody counts the rows that one row is, and what belongs to a row, lies in it or is had by it is not that row.
"""

from collections.abc import Iterator, Sequence

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Condition, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import lemma

CALLED = frozenset({"called", "named", "titled", "known", "name", "title"})
HAVING = frozenset({"have", "has", "had", "does", "do", "did", "belong", "belongs", "belonging", "part"})
TIES = HAVING | {"of", "in", "at", "from", "for", "with", "within", "into", "under", "inside"}
"""Words that tie a noun to something else than itself."""

NEARLY_ALL = 0.9
"""Share of rows with a name of their own from which the name tells them apart."""


def doubted_names(reading: Reading, draft: Draft) -> Iterator[str]:
    """Names of rows, of a reading that takes for the rows tied to one the very row that is called so."""
    if reading.exists_only or reading.share or reading.kin is not None or reading.groups:
        return
    if any(CALLED & set(i.text.lower().split()) for i in draft.items if i.is_cue("fill")):
        return
    for condition in reading.conditions:
        at = next((i for i, item in enumerate(draft.items) if item.text == condition.words), None)
        if at is None or not _names_a_row(condition, reading.base, draft.schema):
            continue
        if any(k.ref == condition.column for i in draft.items[at + 1 : at + 2] for k in i.links if k.column):
            continue
        noun = _noun_beside(draft, at, reading.base)
        if noun is not None and _is_tied(draft.items, noun, at, counts=_counts(reading)):
            yield condition.words


def _names_a_row(condition: Condition, base: TableRef, schema: Schema) -> bool:
    own = condition.column.table == base and condition.of in (None, base)
    return own and condition.operator in ("=", "in", "contains") and tells_apart(condition.column, schema)


def tells_apart(column: ColumnRef, schema: Schema) -> bool:
    """Whether the column is what rows are known by, and hardly two of them are known alike."""
    profile = schema.column(column).profile
    alone = schema.label(column.table) == (column.column,)
    return alone and profile is not None and profile.distinct >= NEARLY_ALL * (profile.rows - profile.nulls)


def _counts(reading: Reading) -> bool:
    return any(t.aggregate == "count" and t.table == reading.base for t in reading.targets)


def _noun_beside(draft: Draft, at: int, table: TableRef) -> int | None:
    """The noun of the table with nothing but filling words between it and a position."""
    for step in (-1, 1):
        position = at + step
        while 0 <= position < len(draft.items) and draft.items[position].is_cue("fill"):
            position += step
        if 0 <= position < len(draft.items) and draft.as_table(draft.items[position]) == table:
            return position
    return None


def _is_tied(items: Sequence[Item], noun: int, at: int, *, counts: bool) -> bool:
    """Whether the noun is that of other rows than the one whose name stands at a position.

    `the city of Graz`, `depot Vienna Hub` and `Vienna Hub depot` are that row itself; `Vienna Hub's depots`
    are others.
    """
    between = {w for i in items[min(noun, at) + 1 : max(noun, at)] for w in i.text.lower().split()}
    several = lemma(items[noun].text) != items[noun].text.lower()
    if not between:
        return several and noun > at
    return counts or bool(between & HAVING) or (several and bool(between & TIES))
