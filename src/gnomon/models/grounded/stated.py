"""Read a number that a column is said to be: `with a discount of 25`, `where on hand is 0`, `on floor 2`."""

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.measured import in_unit_of
from gnomon.models.grounded.reading import Condition

BEFORE = frozenset({"with", "where", "whose", "having", "have", "has", "a", "an", "the", "on", "in", "at"})
BETWEEN = frozenset({"of", "is", "was", "at"})
SLIP = 0.95
"""What is left of a reading that takes a word for a slip of the pen."""


def read_stated_numbers(draft: Draft) -> None:
    """Take numbers that nothing compares and that stand right behind their column."""
    for at in draft.open("number"):
        name = at - 2 if at > 1 and draft.items[at - 1].text.lower() in BETWEEN else at - 1
        column = _named(draft, name)
        behind = draft.items[at + 1] if at + 1 < len(draft.items) else None
        if column is None or (behind is not None and behind.kind in ("name", "unknown", "number")):
            continue
        number = in_unit_of(draft, at, column)
        words = f"{draft.items[name].text} {draft.items[at].text}"
        draft.conditions.append(Condition(column, "=", (number,), words, True))
        draft.take(name, f"column {column}")
        draft.take(at, f"{column} is {number:f}")


def _named(draft: Draft, at: int) -> ColumnRef | None:
    """The column that the name at a position is, where it is introduced as something that rows have."""
    introduced = at > 0 and draft.items[at - 1].text.lower().split()[-1] in BEFORE
    if not introduced or not draft.is_name(at) or draft.as_table(draft.items[at]) is not None:
        return None
    return draft.column(at, draft.schema.is_numeric)


def state_slips(draft: Draft) -> None:
    """Say which names words with a slip of the pen in them are taken for."""
    for item in draft.items:
        if item.meant:
            draft.assume(f"`{item.text}` is read as `{item.meant}`.", "", SLIP)
            draft.alone = True
