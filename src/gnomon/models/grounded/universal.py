"""Read `are all invoices paid?`: yes or no, with the number of those that are not.

It is a figure of the whole, as a share is: what stands behind the noun is the part, and rows of which nobody
knows are not in it.
"""

from collections.abc import Sequence

from gnomon.models.grounded.blanks import has_gaps
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Condition, NotRead
from gnomon.models.grounded.tagging import Item

OPENERS = frozenset({"is", "are", "was", "were", "do", "does", "did", "has", "have", "had"})
EVERY = frozenset({"every", "each"})


def asks_whether(items: Sequence[Item]) -> bool:
    """Whether a question begins with a verb, so that yes or no answers it."""
    return bool(items) and items[0].text.lower() in OPENERS


def quantifier(items: Sequence[Item]) -> int | None:
    """The position of `all` or `every` before the first noun of such a question; None if there is none."""
    if not asks_whether(items):
        return None
    first = next((i for i, item in enumerate(items) if item.kind == "name"), len(items))
    said = (i for i in range(first) if items[i].is_cue("all") or items[i].text.lower() in EVERY)
    return next(said, None)


def read_universal(draft: Draft) -> None:
    """Read whether all rows of a table are as said, where one thing alone is said of them.

    Raises:
        NotRead: More is said, so that it may restrict the rows that are looked at.
    """
    at = quantifier(draft.items)
    if at is None:
        return
    noun = draft.after(at)
    table = draft.as_table(draft.items[noun]) if noun is not None else None
    behind = [i for i in range((noun or 0) + 1, len(draft.items)) if _says_something(draft.items[i])]
    if noun is None or table is None or len(behind) != 1:
        raise _refuse(draft.items[at].text)
    draft.every, draft.focus, draft.focus_named = True, table, True
    draft.take(at, "whether there is one that is not")
    draft.take(noun, f"rows of {table}")


def _says_something(item: Item) -> bool:
    return not item.is_cue("fill") and item.kind != "period"


def _refuse(words: str) -> NotRead:
    return NotRead(f"I cannot tell of what `{words}` is asked.", (words,), final=True)


def settle_whether(draft: Draft) -> None:
    """Answer yes or no where a question begins with a verb.

    Raises:
        NotRead: It may ask for all or for some, or for several things of all.
    """
    if draft.every:
        return _settle_every(draft)
    computed = draft.groups or draft.entity or draft.order or any(t.aggregate for t in draft.targets)
    if not asks_whether(draft.items) or draft.exists_only or computed or draft.share:
        return
    words = draft.items[0].text
    any_of = any(i.is_cue("fill") and i.text.lower() == "any" for i in draft.items)
    if draft.targets or not (any_of or _is_about_one(draft)):
        reason = f"`{words}` may ask whether all are, or some; say `are all`, `are there any` or `which`."
        raise NotRead(reason, (words,), final=True)
    draft.exists_only = True


def _is_about_one(draft: Draft) -> bool:
    """`is Bo active?`, `does Bo have runs?`: a row that is called by its name, and something else of it."""
    said = len(draft.conditions) + len(draft.linked)
    return any(said > (c.column.table == draft.focus) for c in draft.conditions if _is_called(draft, c))


def _is_called(draft: Draft, condition: Condition) -> bool:
    """Whether it says which row of its table is meant."""
    table = condition.column.table
    known = {*draft.schema.label(table), *draft.schema.key(table)}
    return condition.operator == "=" and condition.column.column in known


def _settle_every(draft: Draft) -> None:
    parts = [c for c in draft.conditions if not hasattr(c.values[0] if c.values else None, "isoformat")]
    computed = draft.targets or draft.groups or draft.entity or draft.order or draft.against_average
    if len(parts) + len(draft.linked) + bool(draft.either) != 1 or computed:
        raise _refuse("all")
    gaps = [c.column for c in parts if c.operator != "null" and has_gaps(draft.schema, c.column)]
    for column in gaps:
        draft.assume(f"Rows that have no {column.column} count as those that are not.")
