"""What a name asks for where a figure is wanted: rows counted, amounts added up, or as words say."""

from typing import cast

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.computed import counted, measured, own_measure
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Aggregate, NotRead, Target
from gnomon.models.grounded.verbs import is_additive

PLURALS: dict[str, Aggregate] = {"totals": "sum", "sums": "sum", "averages": "avg", "counts": "count"}
"""Words for the figures of groups, which say how each came about: `the average of monthly totals`."""

BETWEEN = ("fill", "all", "distinct")


def figure(draft: Draft, at: int, said: Aggregate | None = None) -> Target:
    """The figure that the open name at a position asks for.

    Args:
        said: How it is computed, where words that are already taken say so.

    Raises:
        NotRead: The words leave open how it is computed.
    """
    cue_at = draft.before(at, skip=BETWEEN)
    cue = draft.items[cue_at].cue if cue_at is not None and not draft.items[cue_at].role else None
    if said is None and cue is not None and cue_at is not None and cue.kind in ("count", "agg"):
        said = "count" if cue.kind == "count" else cast(Aggregate, cue.value)
        draft.take(cue_at, said)
    table = draft.as_table(draft.items[at])
    if said == "count" or (table is not None and own_measure(draft, at) is None):
        return _counted(draft, at, said, cue_at or 0)
    if said is not None:
        return measured(draft, at, said)
    return _added_up(draft, at)


def _counted(draft: Draft, at: int, said: Aggregate | None, since: int) -> Target:
    words = draft.items[at].text
    if said not in (None, "count", "sum"):
        raise NotRead(f"`{words}` holds no numbers to compute with.", (words,))
    if said != "count":
        draft.assume(f"`{words}` is read as how many there are.", certainty=0.95)
    target = counted(draft, at, any(i.is_cue("distinct") for i in draft.items[since:at]))
    if target.aggregate != "count":
        raise NotRead(f"`{words}` could be counted or summed.", (words,))
    return target


def _added_up(draft: Draft, at: int) -> Target:
    words = draft.items[at].text
    column = draft.column(at, lambda c: _adds_up(draft, c))
    if column is None:
        raise NotRead(f"I cannot tell how `{words}` is computed; say `total` or `average`.", (words,))
    draft.take(at, f"sum of {column}")
    draft.assume(f"{column} is added up.", "say `average` to mean that")
    return Target(column.table, column.column, "sum")


def _adds_up(draft: Draft, column: ColumnRef) -> bool:
    return is_additive(draft, column)


def name_after(draft: Draft, at: int, *, skip: tuple[str, ...] = ("fill", "all", "distinct")) -> int | None:
    """The open name after a position, past what is skipped and past the values that stand before it."""
    following = draft.after(at, skip=skip)
    while following is not None and draft.items[following].kind == "value":
        following = draft.after(following, skip=skip)
    return following if draft.is_name(following) else None


def state_ongoing(draft: Draft, unit: str) -> None:
    """Say that the last bucket is not over, unless the question's period is."""
    ends = [p.end for i in draft.open("period") if (p := draft.items[i].period) is not None]
    if not any(end is not None and end <= draft.today for end in ends):
        draft.assume(f"The {unit} of today is not over yet.")
