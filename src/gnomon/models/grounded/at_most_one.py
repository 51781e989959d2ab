"""Numbers of things of which a row has one at most: `lessons in two halls`, where each is in one hall.

A reading that counts them finds none, or takes the wrong way from one table to the other.
"""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Linked, Reading


def doubted_numbers(reading: Reading, draft: Draft) -> Iterator[str]:
    """The nouns of things that a reading counts for each row, where a row has no more than one of them."""
    ranked = reading.order.linked if reading.order is not None else None
    counted = [k.table for k in reading.linked if _wants_several(k)] + ([ranked] if ranked else [])
    for table in counted:
        if table != reading.base and draft.schema.paths(reading.base, table, many=False):
            yield _noun_of(table, draft)
    yield from _each_of_itself(reading, draft)


def _each_of_itself(reading: Reading, draft: Draft) -> Iterator[str]:
    """`the delivery with the most deliveries`: rows counted for each value of their own key."""
    counts = [t.table for t in reading.targets if t.aggregate == "count" and t.column is None]
    listed = [t.ref for t in reading.targets if t.ref is not None and t.aggregate is None]
    grouped = {*(g.column for g in reading.groups), *listed}
    for table in counts:
        key = draft.schema.key(table)
        alone = len(key) == 1 and ColumnRef(table, key[0]) in grouped
        if alone or (reading.group_by_entity == table == reading.base):
            yield _noun_of(table, draft)


def _wants_several(linked: Linked) -> bool:
    """Whether it tells rows apart by how many there are, and not only by whether there are any."""
    if linked.operator in (">", "<="):
        return linked.count >= 1
    return linked.operator in (">=", "<", "=") and linked.count > 1


def _noun_of(table: TableRef, draft: Draft) -> str:
    said = (i.text for i in draft.items if any(k.is_table and k.table == table for k in i.links))
    return next(said, table.name)
