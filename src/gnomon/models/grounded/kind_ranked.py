"""Kinds of rows that are ranked, said by a stored value: `which gardener has the highest wage`."""

from collections.abc import Iterator

from gnomon.domain.catalog import TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Reading

HAVING = frozenset({"has", "have", "had", "with", "having"})
OPENING = ("list", "fill", "all", "distinct")


def kind_ranked(draft: Draft, at: int) -> TableRef | None:
    """The table of the rows that a value names right before a ranking, where those have what it goes by.

    None where a table or column is named before, and where the value is the name of a single row.
    """
    opening = next((i for i, item in enumerate(draft.items[:at]) if not item.is_cue(*OPENING)), at)
    if opening == at or not _leads(draft, opening):
        return None
    item, between = draft.items[opening], draft.items[opening + 1 : at]
    if item.kind != "value" or not between or any(not i.is_cue("fill") for i in between):
        return None
    if not {w for i in between for w in i.text.lower().split()} & HAVING:
        return None
    columns = {v.column for v in item.values}
    tables = {c.table for c in columns}
    named = any(c.column in draft.schema.label(c.table) for c in columns if c.table in draft.schema.tables())
    return tables.pop() if len(tables) == 1 and not named else None


def _leads(draft: Draft, opening: int) -> bool:
    """Whether nothing but `which`, `who is the`, `list the` stands before."""
    return all(not {*i.text.lower().split()} & HAVING for i in draft.items[:opening])


def doubted_kinds(reading: Reading, draft: Draft) -> Iterator[str]:
    """Kinds that are ranked, where a reading tells only how high the highest is and not whose it is."""
    if reading.limit is not None or reading.groups or reading.group_by_entity is not None:
        return
    if not any(t.aggregate in ("max", "min") for t in reading.targets):
        return
    for at, item in enumerate(draft.items):
        if item.is_cue("superlative") and kind_ranked(draft, at) is not None:
            yield next(i.text for i in draft.items if i.kind == "value")
