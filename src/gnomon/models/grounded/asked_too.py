"""A second thing that is asked for in one sentence: `the towns of growers, and what are the growers?`."""

from collections.abc import Iterator

from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Reading


def doubted_seconds(reading: Reading, draft: Draft) -> Iterator[str]:
    """The noun of a table that a sentence ends in asking for, of a reading that does not show which rows."""
    last = draft.before(len(draft.items))
    table = draft.as_table(draft.items[last]) if last is not None else None
    if table is None or last is None:
        return
    asked = draft.before(last)
    if not asked or not draft.items[asked].is_cue("list") or not draft.items[asked - 1].is_cue("and"):
        return
    shown = {t.ref.column for t in reading.targets if t.ref is not None and t.ref.table == table}
    if not shown.intersection((*draft.schema.label(table), *draft.schema.key(table))):
        yield draft.items[last].text
