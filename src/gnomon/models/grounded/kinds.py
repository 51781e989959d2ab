"""Groups that are a column: `drug classes with more than 3 prescriptions`, where medications have a class.

The rows that refer to the column's table are counted for each of its values, not for each row of that table.
"""

from collections.abc import Iterator, Sequence

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import WEAK_TABLE, Draft
from gnomon.models.grounded.reading import Grouping, NotRead, Reading, Target
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item

BOUNDS_BELOW = frozenset({"<", "<=", "<>"})
"""Bounds that a group without any row meets too, which no join lists."""


def counts_of_kinds(draft: Draft, number_at: int, counted_at: int, operator: str, left_of: int) -> bool:
    """Whether a number of related rows is that of each value of a column; then it is read so.

    Raises:
        NotRead: Values without any row are meant too, or the values are counted themselves.
    """
    number, counted = draft.items[number_at].number, draft.as_table(draft.items[counted_at])
    kind = _kind(draft, left_of, counted)
    if kind is None or number is None or counted is None:
        return False
    at, column = kind
    words = draft.items[at].text
    before = draft.before(at)
    if before is not None and draft.items[before].is_cue("count"):
        raise NotRead(f"I do not count the `{words}` that have so many {counted}.", (words,), final=True)
    if operator in BOUNDS_BELOW or number < 1:
        reason = f"I cannot tell whether a `{words}` without any row of {counted} is meant too."
        raise NotRead(reason, (words,), final=True)
    draft.take(at, f"group by {column}")
    draft.groups.append(Grouping(column))
    draft.having = (Target(counted, None, "count"), operator, int(number))
    draft.take(number_at, "count")
    draft.take(counted_at, f"rows of {counted}")
    return True


def _kind(draft: Draft, end: int, counted: TableRef | None) -> tuple[int, ColumnRef] | None:
    """The one column that is named before a position, where its values repeat in a table nobody names."""
    named = [i for i in range(end) if draft.is_name(i)]
    if len(named) != 1 or draft.focus_named or draft.as_table(draft.items[named[0]]) is not None:
        return None
    column = draft.column(named[0])
    if column is None or column.table == counted or counted is None or not repeats(draft.schema, column):
        return None
    return (named[0], column) if draft.schema.paths(counted, column.table, many=False) else None


def repeats(schema: Schema, column: ColumnRef) -> bool:
    """Whether several rows may have one value of the column: it is no key and no name of theirs."""
    if column.column in schema.label(column.table) or schema.key(column.table) == (column.column,):
        return False
    profile = schema.column(column).profile
    return profile is None or profile.distinct < profile.rows - profile.nulls


def counted_per_row(
    reading: Reading, items: Sequence[Item], schema: Schema
) -> Iterator[tuple[str, ColumnRef]]:
    """Words for values of a column that a reading takes row by row: a class lacks what one row lacks."""
    if all(k.operator == "exists" for k in reading.linked):
        return
    named = {k.table for i in items for k in i.links if k.is_table and k.score >= WEAK_TABLE}
    for target in reading.targets:
        ref = target.ref
        plain = target.aggregate is None or (target.aggregate == "count" and target.distinct)
        if ref is None or not plain or ref.table != reading.base or ref.table in named:
            continue
        if not repeats(schema, ref):
            continue
        words = (i.text for i in items if any(not k.is_table and k.ref == ref for k in i.links))
        yield next(words, ref.column), ref
