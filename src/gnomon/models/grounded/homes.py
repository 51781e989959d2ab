"""Where somebody lives is not where the place is that they work at or go to: `doctors who live in Bath`."""

from collections.abc import Iterator

from gnomon.domain.catalog import TableRef
from gnomon.models.grounded.composer.accounting import PLACES
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.people import PERSONS
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import lemma, name_words

LIVING = frozenset({"live", "lives", "living", "lived", "residing", "reside", "resides"})
HOMES = PLACES | {
    "district", "village", "municipality", "zip", "postcode", "household", "house", "home", "residence",
    "apartment", "flat", "neighborhood", "neighbourhood", "geography", "geo", "dorm",
}  # fmt: skip
"""In the name of a table or of a column that leads to one: rows of it may be where somebody lives."""


def doubted_homes(reading: Reading, draft: Draft) -> Iterator[str]:
    """Values behind `live in` that a reading takes for the place of a thing of its own: a clinic, a firm."""
    held = {c.words: c.column.table for c in (*reading.conditions, *reading.either) if c.words}
    for at, item in enumerate(draft.items):
        table = held.get(item.text)
        if table is None or at == 0 or not LIVING & set(draft.items[at - 1].text.lower().split()):
            continue
        if (
            table != _who(draft, at)
            and not HOMES & {*name_words(table.name)}
            and table not in draft.mentioned()
        ):
            yield item.text


def _who(draft: Draft, at: int) -> TableRef | None:
    """The noun before a position, or whoever is a kind of people: `students` of customers."""
    tables = (draft.as_table(i) or _of_people(i) for i in reversed(draft.items[:at]))
    return next((t for t in tables if t is not None), None)


def _of_people(item: Item) -> TableRef | None:
    """The one table that has a value for such people."""
    tables = {v.column.table for v in item.values} if lemma(item.text.lower()) in PERSONS else set()
    return next(iter(tables)) if item.kind == "value" and len(tables) == 1 else None
