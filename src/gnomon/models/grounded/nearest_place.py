"""Which of several places `units in York` means: where the units are, not where their managers sit."""

from collections.abc import Collection, Sequence

from gnomon.domain.catalog import ColumnRef
from gnomon.domain.context import ValueMatch
from gnomon.models.grounded.composer.accounting import PLACES
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.people import are_people
from gnomon.models.grounded.schema import Hop
from gnomon.models.grounded.words import name_words

PLACING = frozenset({"in", "at"})


def nearest_place(
    draft: Draft, at: int, near: Sequence[ValueMatch], tied: Collection[ColumnRef]
) -> ValueMatch | None:
    """The value of the one place that the rows asked for refer to themselves; None where others may be meant.

    People live and work elsewhere than things are, so where the way to another place leads over them, and not
    through the nearest, either may be meant.
    """
    start = next((t for i in reversed(draft.items[:at]) if (t := draft.as_table(i)) is not None), None)
    placed = at > 0 and draft.items[at - 1].text.lower().split()[-1:] in [[word] for word in PLACING]
    if not placed or start is None or start != draft.focus:
        return None
    ways = {column: draft.schema.paths(start, column.table, many=False) for column in tied}
    direct = [c for c, found in ways.items() if any(len(way) == 1 for way in found)]
    if len(direct) != 1 or len(ways[direct[0]]) != 1 or not _is_place(direct[0]):
        return None
    others = {c: found for c, found in ways.items() if c != direct[0]}
    if are_people(draft.schema, direct[0].table) or not all(
        _leads_on(draft, way, direct[0]) for found in others.values() for way in found
    ):
        return None
    named = " or ".join(str(c) for c in sorted(others, key=str))
    draft.assume(f"`{draft.items[at].text}` is looked up in {direct[0]}.", f"or in {named}", 0.95)
    draft.alone = True
    return next(v for v in near if v.column == direct[0])


def _is_place(column: ColumnRef) -> bool:
    return bool(PLACES & set(name_words(column.column)))


def _leads_on(draft: Draft, way: Sequence[Hop], place: ColumnRef) -> bool:
    """Whether a way goes through the nearest place, or past no people."""
    passed = [hop.target for hop in way]
    return place.table in passed or not any(are_people(draft.schema, t) for t in passed)
