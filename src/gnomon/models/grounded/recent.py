"""`the last 5 orders`, `the first invoice of Ann`: rows by the date on which they came about."""

from gnomon.models.grounded.cues import Cue
from gnomon.models.grounded.dates import main_date
from gnomon.models.grounded.draft import Draft

WAYS = {"last": "desc:date", "first": "asc:date"}
BEFORE = ("list", "fill", "all")


def read_recent(draft: Draft) -> None:
    """Make a ranking by date of `first` or `last`, where a question begins so and its rows have one date.

    Anywhere else they stay unread: `customers whose last order was in 2025` is about a row of each.
    """
    at = next((i for i, item in enumerate(draft.items) if not item.is_cue(*BEFORE)), None)
    way = WAYS.get(draft.items[at].text.lower()) if at is not None else None
    if at is None or way is None or not draft.items[at].is_cue("unsupported"):
        return
    noun = _noun_behind(draft, at)
    table = draft.as_table(draft.items[noun]) if noun is not None else None
    if noun is None or table is None or table != draft.focus or _is_ranked_otherwise(draft, noun):
        return
    column = main_date(draft, table, draft.items[at].text)
    if column is not None and draft.schema.is_temporal(column):
        draft.items[at].cue = Cue("superlative", way)
        draft.assume(f"`{draft.items[at].text.lower()}` goes by {column}.", "name another date")


def _noun_behind(draft: Draft, at: int) -> int | None:
    """The name behind a number and values: `last 5 cancelled orders`."""
    following = draft.after(at)
    if following is not None and draft.items[following].number is not None:
        following = draft.after(following)
    while following is not None and draft.items[following].kind == "value":
        following = draft.after(following)
    return following if draft.is_name(following) else None


def _is_ranked_otherwise(draft: Draft, noun: int) -> bool:
    """`the last 5 orders by amount` are the smallest, or the latest in the order of their amounts."""
    return any(i.is_cue("group", "order", "direction", "superlative") for i in draft.items[noun + 1 :])
