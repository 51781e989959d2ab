"""Columns that tell one row from another, taken of the wrong thing: the id of something else, or its name.

`id` and `name` are what nearly everything has. Said without more of a thing they are its own: neither the key
of what it refers to, nor what a column calls the thing that it belongs to.
"""

from collections.abc import Iterator, Sequence

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.linking import LAYER_WORDS, NAME
from gnomon.models.grounded.own_name import tells_apart
from gnomon.models.grounded.reading import Condition, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words, stem

BARE_ID = frozenset({"id", "ids"})
OF = frozenset({"of", "for"})


def doubted_identities(reading: Reading, draft: Draft) -> Iterator[str]:
    """Words for an id or a name, of a reading that lists that of something else."""
    listed = [t.ref for t in reading.targets if t.ref is not None and t.aggregate is None]
    keys = [c for c in listed if name_words(c.column)[-1:] == ("id",)]
    for at, item in enumerate(draft.items):
        if item.text.lower() in BARE_ID and keys:
            owner = _owner(draft, at)
            if owner is not None and not any(_is_key_of(c, owner, draft.schema) for c in keys):
                yield item.text
        named = stem(item.text.lower()) == NAME
        if named and any(_is_name_of_another(c, item, draft) for c in listed):
            yield item.text


def doubted_partners(reading: Reading, draft: Draft) -> Iterator[str]:
    """What is said of one row of a table that another word has named: `did Ada send to sailors in Brill`.

    Whoever names a row says no more of it; what else stands there is said of the row at the other end.
    """
    named = [c for c in reading.conditions if _names_one(c, reading.base, draft.schema)]
    for condition in named:
        table = condition.column.table
        for other in reading.conditions:
            apart = other.column.table == table and other.column not in _names_of(draft, table)
            if (
                apart
                and other.words != condition.words
                and other.values
                and not _beside(draft, condition, other)
            ):
                yield other.words


def _names_of(draft: Draft, table: TableRef) -> set[ColumnRef]:
    """The columns by which people know a row of a table."""
    return {ColumnRef(table, c) for c in draft.schema.label(table)}


def _names_one(condition: Condition, base: TableRef, schema: Schema) -> bool:
    related = condition.column.table != base and condition.operator == "="
    return related and tells_apart(condition.column, schema)


def _beside(draft: Draft, first: Condition, second: Condition) -> bool:
    """`Ada Moss from Brill`: nothing but a preposition stands between the two."""
    at = [
        next((i for i, item in enumerate(draft.items) if item.text == c.words), None) for c in (first, second)
    ]
    if at[0] is None or at[1] is None:
        return True
    low, high = min(at[0], at[1]), max(at[0], at[1])
    return all(i.is_cue("fill", "and") for i in draft.items[low + 1 : high])


def _owner(draft: Draft, at: int) -> TableRef | None:
    """The table whose id it is: that of the noun behind the next `of`, past a series of other columns."""
    for position in range(at + 1, len(draft.items)):
        item = draft.items[position]
        if item.text.lower().split()[0] in OF:
            return _noun_from(draft, position + 1)
        if not (item.kind in ("name", "unknown") or item.is_cue("and", "fill", "distinct", "count")):
            return None
    return None


def _noun_from(draft: Draft, at: int) -> TableRef | None:
    behind = (i for i in draft.items[at:] if not i.is_cue("fill", "all", "each", "distinct"))
    first = next(behind, None)
    return draft.as_table(first) if first is not None else None


def _is_key_of(column: ColumnRef, owner: TableRef, schema: Schema) -> bool:
    """Whether the column tells the owner's rows apart, in its own table or where others refer to it."""
    key = schema.key(owner)
    if len(key) != 1:
        return column.table == owner
    referring = (j for j in schema.card(column.table).joins if j.child == column.table and j.parent == owner)
    pairs = {(j.child_columns, j.parent_columns) for j in referring}
    return column == ColumnRef(owner, key[0]) or ((column.column,), key) in pairs


def _is_name_of_another(column: ColumnRef, item: Item, draft: Draft) -> bool:
    """`names of courses`, of a course's `dept_name`, which refers to its department."""
    words = [stem(w) for w in name_words(column.column)]
    own = {stem(w) for w in name_words(column.table.name)} - LAYER_WORDS
    if len(words) < 2 or words[-1] != NAME or not any(k.ref == column for k in item.links if k.column):
        return False
    whose = set(words[:-1])
    said = {stem(w) for i in draft.items for w in name_words(i.text)}
    return not whose & (own | said) and _refers(column, draft.schema) and _is_said(column.table, draft.items)


def _refers(column: ColumnRef, schema: Schema) -> bool:
    joins = schema.card(column.table).joins
    return any(j.child == column.table and j.child_columns == (column.column,) for j in joins)


def _is_said(table: TableRef, items: Sequence[Item]) -> bool:
    return any(k.is_table and k.table == table for i in items for k in i.links)
