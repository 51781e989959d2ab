"""Read aggregates of groups' figures: `average monthly revenue`, `average number of orders per customer`."""

from typing import cast

from gnomon.models.grounded.amounts import is_one
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.figures import PLURALS, figure, name_after, state_ongoing
from gnomon.models.grounded.grouping import grouped_date, read_group_apart
from gnomon.models.grounded.reading import Aggregate, Bucket, Grouping, NotRead, Outer, Target, Within

ADVERBS = frozenset({"daily", "weekly", "monthly", "quarterly", "yearly", "annual"})
EXTREMES: dict[str, Aggregate] = {
    "highest": "max", "largest": "max", "biggest": "max", "greatest": "max",
    "lowest": "min", "smallest": "min",
}  # fmt: skip
INNER = ("fill", "all", "distinct", "count", "agg")


def read_nested(draft: Draft) -> None:
    """Read an aggregate of an aggregate; leave alone what is only one of the two."""
    for at in range(len(draft.items)):
        outer = _outer(draft, at)
        following = draft.after(at)
        if outer is None or following is None or draft.items[at].role:
            continue
        if draft.items[following].text.lower() in ADVERBS and draft.items[following].is_cue("time_group"):
            _over_buckets(draft, at, outer, following)
        elif _is_inner(draft, following, outer):
            _over_groups(draft, at, outer, following)


def _outer(draft: Draft, at: int) -> Aggregate | None:
    """What a word would aggregate groups by; an extreme only where nothing is named that it could rank."""
    item = draft.items[at]
    if item.is_cue("agg") and item.cue is not None and item.cue.value != "sum":
        return cast(Aggregate, item.cue.value)
    if item.is_cue("superlative") and not any(i.kind == "name" for i in draft.items[:at]):
        return EXTREMES.get(item.text.lower())
    return None


def _over_buckets(draft: Draft, at: int, outer: Aggregate, bucket_at: int) -> None:
    """`average monthly revenue`, `average of monthly totals of revenue`."""
    words = draft.items[bucket_at].text
    target = _inner(draft, bucket_at)
    cue = draft.items[bucket_at].cue
    if target is None or cue is None:
        raise NotRead(f"I cannot tell of what `{words}` is.", (draft.items[at].text, words))
    draft.targets.append(target)
    date = grouped_date(draft, words)
    draft.take(bucket_at, f"per {cue.value} of {date}")
    state_ongoing(draft, cue.value)
    _aggregate(draft, at, outer, Within((Grouping(date, cast(Bucket, cue.value)),)))


def _inner(draft: Draft, bucket_at: int) -> Target | None:
    """The figure of each bucket; a plural before or behind its name says how it is computed."""
    following = draft.after(bucket_at)
    plural = following if _is_plural(draft, following) else None
    name = name_after(draft, bucket_at if plural is None else plural, skip=INNER)
    if name is None:
        return None
    if plural is None and name + 1 < len(draft.items) and _is_plural(draft, name + 1):
        plural = name + 1
    if plural is None:
        return figure(draft, name)
    said = PLURALS[draft.items[plural].text.lower()]
    draft.take(plural, said)
    return figure(draft, name, said)


def _is_plural(draft: Draft, at: int | None) -> bool:
    return at is not None and draft.items[at].kind == "unknown" and draft.items[at].text.lower() in PLURALS


def _is_inner(draft: Draft, following: int, outer: Aggregate) -> bool:
    """Whether a figure of groups follows: a count, an aggregate, or rows that can only be counted."""
    item = draft.items[following]
    if item.role:
        return False
    if item.is_cue("agg"):
        return True
    per = any(_is_per(draft, i) for i in range(following, len(draft.items)))
    if item.is_cue("count"):
        name = name_after(draft, following)
        return per and name is not None and draft.as_table(draft.items[name]) is not None
    return per and outer in ("avg", "median") and draft.is_name(following) and _only_rows(draft, following)


def _only_rows(draft: Draft, at: int) -> bool:
    """`average visits per doctor`: a table that has no number of the same name.

    Of one row (`average fine per severity`) it is no number of rows.
    """
    item = draft.items[at]
    if is_one(item.text):
        return False
    numbers = [k for k in item.links if not k.is_table and draft.schema.is_numeric(k.ref)]
    return draft.as_table(item) is not None and not numbers


def _over_groups(draft: Draft, at: int, outer: Aggregate, inner_at: int) -> None:
    """`average number of orders per customer`: what stands after `per` are the groups."""
    pers = [i for i in range(inner_at, len(draft.items)) if _is_per(draft, i)]
    words = (draft.items[at].text, draft.items[inner_at].text)
    if len(pers) != 1:
        reason = f"I cannot tell over which groups `{' '.join(words)}` is; say `per` once."
        raise NotRead(reason, words, final=True)
    name = inner_at if draft.is_name(inner_at) else name_after(draft, inner_at)
    if name is None:
        raise NotRead(f"I cannot tell what `{' '.join(words)}` is of.", words)
    draft.take(at, f"{outer} of the groups")
    target = figure(draft, name)
    draft.targets.append(target)
    if draft.items[pers[0]].is_cue("time_group"):
        over = _bucket(draft, pers[0])
    else:
        over = read_group_apart(draft, pers[0])
    if over.entity == target.table:
        raise NotRead(f"I cannot tell what is computed per {over.entity}.", (str(over.entity),))
    _aggregate(draft, at, outer, over)


def _is_per(draft: Draft, at: int) -> bool:
    item = draft.items[at]
    first = item.text.lower().split()[:1]
    return item.is_cue("each", "time_group") and first == ["per"] and not item.role


def _bucket(draft: Draft, at: int) -> Within:
    cue = draft.items[at].cue
    assert cue is not None
    date = grouped_date(draft, draft.items[at].text)
    draft.take(at, f"per {cue.value} of {date}")
    return Within((Grouping(date, cast(Bucket, cue.value)),))


def _aggregate(draft: Draft, at: int, outer: Aggregate, over: Within) -> None:
    if draft.outer is not None:
        raise NotRead("I read one aggregate of groups at a time.", (draft.items[at].text,))
    draft.take(at, f"{outer} of the groups")
    draft.outer = Outer(outer, over)
    if over.entity is not None:
        draft.assume(f"Rows of {over.entity} that have none do not count.", certainty=0.95)
    elif over.groups[0].bucket is not None:
        draft.assume(f"A {over.groups[0].bucket} without rows does not count.", certainty=0.95)
