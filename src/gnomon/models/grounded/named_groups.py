"""Groups by a column that refers to a thing: people want to read what it is called, not its number.

`products of each manufacturer`, of products whose column `manufacturer` holds the number of one, are grouped
by the manufacturers themselves, which shows both. Whoever asks for a `manufacturer code` gets the codes.
"""

from collections.abc import Sequence
from dataclasses import replace

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.joins import plan_joins
from gnomon.models.grounded.reading import Grouping, NotRead, Reading, Target
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words, stem

NUMBERS = frozenset(stem(w) for w in ("id", "code", "number", "key", "no", "nr"))
"""Said of a thing, they ask for what it is known by in the data."""

NAMING = frozenset({"name", "title", "label"})


def by_name(reading: Reading, schema: Schema, items: Sequence[Item]) -> Reading:
    """The same reading, grouped by the rows that its one group's column refers to, if these have a name."""
    groups = _groups(reading)
    if not groups:
        return _listed_by_name(reading, schema, items)
    if len(groups) != 1 or groups[0].bucket is not None or _asks_for_number(groups[0].column, items):
        return reading
    parent = _named_parent(groups[0].column, schema)
    if parent is None:
        return reading
    figures = tuple(t for t in reading.targets if t.aggregate is not None)
    mentioned = tuple(dict.fromkeys((*reading.mentioned, parent)))
    named = replace(reading, targets=figures, groups=(), group_by_entity=parent, mentioned=mentioned)
    return named if _leads_by(named, groups[0].column, schema) else reading


def _leads_by(named: Reading, column: ColumnRef, schema: Schema) -> bool:
    """Whether the rows that are the groups are reached by that column, and not by another way."""
    try:
        hops = plan_joins(named, schema).hops
    except NotRead:
        return False
    way = (column.table, column.column, named.group_by_entity)
    return any((h.source, h.pairs[0][0], h.target) == way for h in hops)


def _listed_by_name(reading: Reading, schema: Schema, items: Sequence[Item]) -> Reading:
    """`which grower raised the rose`: the one column that is listed, if what it refers to has a name."""
    alone = reading.targets[0] if len(reading.targets) == 1 else None
    if alone is None or alone.ref is None or alone.aggregate or reading.distinct or not _is_simple(reading):
        return reading
    parent = None if _asks_for_number(alone.ref, items) else _named_parent(alone.ref, schema)
    if parent is None:
        return reading
    shown = tuple(Target(parent, c) for c in schema.label(parent))
    mentioned = tuple(dict.fromkeys((*reading.mentioned, parent)))
    return replace(reading, targets=(alone, *shown), mentioned=mentioned)


def _is_simple(reading: Reading) -> bool:
    """Whether it lists rows of its table, whatever restricts and sorts them."""
    beyond = (
        reading.groups,
        reading.group_by_entity,
        reading.within,
        reading.tests,
        reading.kin,
        reading.kept,
    )
    sorted_by = reading.order.target if reading.order is not None else None
    return not any(beyond) and sorted_by not in reading.targets


def _groups(reading: Reading) -> tuple[Grouping, ...]:
    """What figures are grouped by, said or listed beside them; none where more refers to the groups."""
    order = reading.order.target if reading.order is not None else None
    beyond = (reading.within, reading.outer, reading.compared, reading.trend, reading.kin, *reading.then)
    sorted_by_group = order is not None and order.aggregate is None
    if any(beyond) or reading.group_by_entity is not None or sorted_by_group or reading.kept:
        return ()
    listed = [Grouping(t.ref) for t in reading.targets if t.aggregate is None and t.ref is not None]
    return tuple(dict.fromkeys((*reading.groups, *listed))) if len(listed) < len(reading.targets) else ()


def _asks_for_number(column: ColumnRef, items: Sequence[Item]) -> bool:
    """Whether the question says `id` or the like of it."""
    own = {stem(w) for w in name_words(column.column)} & NUMBERS
    for item, behind in zip(items, (*items[1:], None), strict=True):
        if not any(k.column and k.ref == column for k in item.links):
            continue
        words = item.text + (f" {behind.text}" if behind is not None else "")
        if {stem(w) for w in name_words(words)} & (NUMBERS | own):
            return True
    return False


def _named_parent(column: ColumnRef, schema: Schema) -> TableRef | None:
    """The other table that the column refers to by its key, if its rows have a name besides."""
    joins = schema.card(column.table).joins
    parents = {
        j.parent
        for j in joins
        if j.child == column.table
        and j.child_columns == (column.column,)
        and j.parent in schema.tables()
        and j.parent_columns == schema.key(j.parent)
    }
    if len(parents) != 1 or parents == {column.table}:
        return None
    parent = parents.pop()
    label = schema.label(parent)
    named = all(name_words(c)[-1] in NAMING for c in label)
    return parent if named and not set(label) & set(schema.key(parent)) else None
