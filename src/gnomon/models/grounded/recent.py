"""`the last 5 orders`, `the first invoice of Ann`: rows by the date on which they came about.

The last match is one that took place, though the next season's are known by date.
"""

from collections.abc import Iterator
from datetime import timedelta

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.cues import Cue
from gnomon.models.grounded.dates import main_date
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Condition, Reading

WAYS = {"last": "desc:date", "first": "asc:date"}
BEFORE = ("list", "fill", "all")
NAMED = 0.9
"""Score of a link from which the words name the date itself."""


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


def end_today(draft: Draft, column: ColumnRef, words: str) -> None:
    """Leave out rows of days to come, where there may be some, and say so: none of them is the latest yet."""
    periods = [i.period for i in draft.items if i.period is not None]
    to_come = any(p.start is not None and p.start > draft.today for p in periods)
    past = any(p.end is not None and p.end <= draft.today for p in periods)
    if to_come or past or not _goes_on(draft, column) or any(c.column == column for c in draft.conditions):
        return
    if draft.schema.is_temporal(column):
        bound = Condition(column, "<", (draft.today + timedelta(days=1),), "up to today")
    else:
        year = str(draft.today.year)
        text = draft.schema.column(column).column.kind == "text"
        bound = Condition(column, "<=", (year if text else int(year),), "up to today")
    draft.conditions.append(bound)
    draft.assume(f"`{words.lower()}` leaves out what lies after today by {column}.", "name a period")


def _goes_on(draft: Draft, column: ColumnRef) -> bool:
    """Whether the column may hold days or years to come."""
    profile = draft.schema.column(column).profile
    if profile is None or profile.high is None:
        return profile is None
    today = draft.today.isoformat()
    return profile.high[:10] > today if draft.schema.is_temporal(column) else profile.high[:4] > today[:4]


def doubted_latest(draft: Draft, reading: Reading) -> Iterator[str]:
    """`most recent` of a reading that takes a day to come, where the question does not name the date."""
    order = reading.order
    column = order.target.ref if order is not None and order.target is not None else None
    if order is None or column is None or not order.descending or reading.limit is None:
        return
    years = draft.schema.year_columns(column.table)
    if not (draft.schema.is_temporal(column) or column in years) or not _goes_on(draft, column):
        return
    bounded = any(c.column == column and c.operator in ("<", "<=", "=") for c in reading.conditions)
    named = any(k.score >= NAMED and not k.is_table and k.ref == column for i in draft.items for k in i.links)
    if bounded or named:
        return
    for item in draft.items:
        dated = item.is_cue("superlative") and item.cue is not None and item.cue.value == "desc:date"
        if dated or item.text.lower() == "last":
            yield item.text
