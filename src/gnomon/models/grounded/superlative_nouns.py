"""What a superlative is said of: a single row, a kind that many rows have, or several things.

`the most expensive service type` is no matter of the one dearest service, and `the newest machines` are more
than one: how many they are is for whoever asks to say.
"""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.amounts import is_one
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.heights import COUNTING
from gnomon.models.grounded.kinds_listed import is_kind
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.tagging import Item

SELLING = frozenset({"best-selling", "top-selling", "bestselling"})
SEVERAL = frozenset({"are", "were"})


def doubted_rankings(reading: Reading, draft: Draft) -> Iterator[str]:
    """Words of which a reading takes the first row, where a kind of many rows or several are meant."""
    if reading.limit is None or reading.order is None or reading.within is not None:
        return
    yield from _kinds(reading, draft)
    if reading.limit == 1 and (words := several_ranked(draft)):
        yield words


def several_ranked(draft: Draft) -> str:
    """`newest machines`, `which machines are newest`: what is ranked in the plural without a number."""
    for at, item in enumerate(draft.items):
        if not (item.is_cue("superlative", "common") or item.text.lower() in SELLING):
            continue
        noun = draft.after(at, skip=() if item.is_cue("common") else ("fill", "all"))
        while noun is not None and draft.items[noun].kind == "value":
            noun = draft.after(noun)
        noun = noun if noun is not None and draft.items[noun].kind == "name" else _subject(draft, at)
        if noun is not None and _is_ranked(draft, at, noun) and not _is_numbered(draft, max(at, noun)):
            return f"{item.text} {draft.items[noun].text}"
    return ""


def _subject(draft: Draft, at: int) -> int | None:
    """`which machines are the newest`: the noun before a verb that says what it is."""
    verbs = {w for i in draft.items[:at] if i.is_cue("fill") for w in i.text.lower().split()}
    nouns = [i for i, item in enumerate(draft.items[:at]) if item.kind == "name"]
    return nouns[0] if nouns and verbs & SEVERAL and draft.after(at) is None else None


def _is_ranked(draft: Draft, at: int, noun: int) -> bool:
    """Whether it is a noun in the plural that the superlative is said of, and no number of such things."""
    item, cue = draft.items[noun], draft.items[at].cue
    counts = draft.items[at].text.lower() in COUNTING
    by_itself = cue is None or cue.kind == "common" or ":" in cue.value or _has_measure(draft, noun)
    return by_itself and not counts and not is_one(item.text) and not _is_measure(draft, item)


def _is_measure(draft: Draft, item: Item) -> bool:
    """`longest durations`, `latest dates`: what is ranked is no thing."""
    columns = [k.ref for k in item.links if not k.is_table][:1]
    measured = any(draft.schema.is_numeric(c) or draft.schema.is_temporal(c) for c in columns)
    return draft.as_table(item) is None and measured


def _has_measure(draft: Draft, noun: int) -> bool:
    """`largest farms by hectares`: what they are ranked by stands behind."""
    behind = draft.after(noun)
    return behind is not None and draft.items[behind].is_cue("group", "order")


def _is_numbered(draft: Draft, end: int) -> bool:
    return any(item.kind == "number" for item in draft.items[: end + 1])


def _kinds(reading: Reading, draft: Draft) -> Iterator[str]:
    """`which service type is the most expensive`, of a reading that takes the type of the dearest service."""
    order, shown = reading.order, [t.ref for t in reading.targets]
    target = order.target if order is not None else None
    if (
        target is None
        or target.aggregate is not None
        or reading.groups
        or reading.group_by_entity is not None
    ):
        return
    others = [c for c in shown if c is not None and c != target.ref]
    if _are_rows_named(draft, target.table) or not others or len(shown) != len(reading.targets):
        return
    if all(c.table == target.table and is_kind(draft.schema, c) for c in others):
        yield _called(draft, others[0])


def _are_rows_named(draft: Draft, table: TableRef) -> bool:
    """Whether rows are spoken of: by their noun, or by a value behind the superlative."""
    said = any(draft.as_table(item) == table for item in draft.items)
    ranking = (i for i, item in enumerate(draft.items) if item.is_cue("superlative"))
    behind = [draft.items[p] for at in ranking if (p := draft.after(at)) is not None]
    return said or any(item.kind == "value" for item in behind)


def _called(draft: Draft, column: ColumnRef) -> str:
    said: Iterator[Item] = (
        i for i in draft.items if any(not k.is_table and k.ref == column for k in i.links)
    )
    return next((item.text for item in said), column.column)
