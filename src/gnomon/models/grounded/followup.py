"""Questions that change one thing about the one before: `and by region?`, `only 2024`."""

import re
from dataclasses import replace
from datetime import date

from gnomon.domain.catalog import ColumnRef
from gnomon.domain.context import Context
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.filters import read_absence, read_comparisons, read_periods
from gnomon.models.grounded.grouping import read_groups
from gnomon.models.grounded.heard import hear
from gnomon.models.grounded.parser import read_question, read_rest, refuse_leftovers, refuse_unknown
from gnomon.models.grounded.reading import Condition, NotRead, Ordering, Reading, Target
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.values import read_values

MARKER = re.compile(
    r"^\s*(and|not|with|now|but|so|ok|okay|then|only|just|what about|how about|same|the same|instead|also|by"
    r"|per|for|in|excluding|without|since|before|after|of those|of these)\b[\s,]*",
    re.IGNORECASE,
)
CARRYING = re.compile(r"^\s*(and|but|instead|what about|how about|of those|of these)\b", re.IGNORECASE)
"""How nothing begins that stands by itself, whatever follows."""

OPENED = re.compile(
    r"^\s*(with|by|per|for|in|excluding|without|since|before|after)\b.*[\s,]"
    r"(how many|how much|what|which|who|list|show|give|count)\b",
    re.IGNORECASE,
)
"""How a whole question may begin nevertheless: `in 2025, how many orders were there?`."""

BARE = ("fill", "and", "all")
LEADING_YEAR = re.compile(r"^\s*((?:19|20)\d\d)\b")
NOISE = re.compile(
    r"\b(only|just|instead|now|please|what about|how about|and|but|the same|same|of those|of these|ones)\b",
    re.I,
)


def read_in_conversation(question: str, context: Context, today: date) -> Reading:
    """Read a question, as a change to the earlier ones where it is one.

    Raises:
        NotRead: It reads neither alone nor as a change.
    """
    reading: Reading | None = None
    for text in () if context.broken else context.earlier:
        try:
            reading = _next(text, reading, context, today)
        except NotRead:
            reading = None
    return _next(question, reading, context, today)


def changes_another(question: str, context: Context) -> bool:
    """Whether a question goes on from earlier ones."""
    if context.broken or not context.earlier:
        return False
    return MARKER.match(question) is not None or question != context.earlier[0]


def _next(question: str, previous: Reading | None, context: Context, today: date) -> Reading:
    if previous is None:
        _refuse_fragment(question, context, today)
        return read_question(question, context, today)
    if MARKER.match(question) or _is_bare(question, context, today):
        return read_change(question, previous, context, today)
    try:
        return read_question(question, context, today)
    except NotRead as alone:
        try:
            return read_change(question, previous, context, today)
        except NotRead:
            raise alone from None


def _refuse_fragment(question: str, context: Context, today: date) -> None:
    """`and in Oslo?` after a question that was not answered says nothing by itself.

    Raises:
        NotRead: It goes on from a question that there is nothing of.
    """
    if CARRYING.match(question):
        raise _nothing_before(question)
    follows = context.broken or (bool(context.earlier) and question != context.earlier[0])
    if not follows:
        return
    marked = MARKER.match(question) is not None
    if _is_bare(question, context, today) or (marked and not _is_whole(question, context, today)):
        raise _nothing_before(question)


def _nothing_before(question: str) -> NotRead:
    reason = "I cannot carry on from the question before, as I have no reading of it; ask in full."
    return NotRead(reason, (question,), final=True)


def _is_bare(question: str, context: Context, today: date) -> bool:
    """`Oslo?`, `the urgent ones`: nothing but values and times, of which nothing is asked."""
    said = [item for item in _items(NOISE.sub(" ", question), context, today) if not item.is_cue(*BARE)]
    return bool(said) and all(item.kind in ("value", "period", "quoted") for item in said)


def _is_whole(question: str, context: Context, today: date) -> bool:
    """Whether it asks something, and of which table."""
    named = (item.links[:1] for item in _items(question, context, today) if item.kind == "name")
    return OPENED.match(question) is not None and any(link.is_table for links in named for link in links)


def _items(text: str, context: Context, today: date) -> list[Item]:
    return hear(text, context, today)[1]


def read_change(question: str, previous: Reading, context: Context, today: date) -> Reading:
    """The previous reading with what the fragment says put in its place."""
    text = LEADING_YEAR.sub(r"in \1", NOISE.sub(" ", question))
    items = _items(text, context, today)
    refuse_unknown(items)
    draft = Draft(Schema(context), items, today)
    draft.focus = previous.base
    draft.dated_by = _date_of(previous)
    draft.targets = list(previous.targets)
    for read in (read_periods, read_comparisons, read_absence, read_groups, read_values):
        read(draft)
    draft.targets = []
    read_rest(draft)
    refuse_leftovers(draft)
    if draft.targets or draft.exists_only or draft.either or previous.every:
        raise NotRead("I cannot tell what this changes.", (question,))
    return _merged(previous, draft, question)


def _date_of(reading: Reading) -> ColumnRef | None:
    """The one date that the earlier question was about, which a bare period goes on with."""
    dated = {c.column for c in reading.conditions if c.values and isinstance(c.values[0], date)}
    return dated.pop() if len(dated) == 1 else None


def _merged(previous: Reading, draft: Draft, question: str) -> Reading:
    regrouped = bool(draft.groups or draft.entity)
    _refuse_figure(previous, draft, regrouped)
    if previous.kin is not None:
        raise NotRead("I cannot tell of which of the two rows this is said; ask in full.", ())
    if question.strip().lower().startswith("and") and draft.groups and previous.groups:
        draft.groups = [*previous.groups, *(g for g in draft.groups if g not in previous.groups)]
    if not (regrouped or draft.conditions or draft.linked or draft.against_average):
        raise NotRead("I cannot tell what this changes.", (question,))
    assumption = (f"`{question.strip()}` is taken as a change to the question before.", "ask in full")
    reading = replace(
        previous,
        conditions=_replaced(previous.conditions, draft.conditions),
        linked=(*previous.linked, *draft.linked),
        against_average=(*previous.against_average, *draft.against_average),
        groups=tuple(draft.groups) if regrouped else previous.groups,
        group_by_entity=draft.entity if regrouped else previous.group_by_entity,
        assumptions=(*previous.assumptions, *draft.assumptions, assumption),
        explained=tuple((i.text, i.role) for i in draft.items if i.role),
        certainty=previous.certainty * draft.certainty,
    )
    return _counted(reading) if regrouped and not any(t.aggregate for t in reading.targets) else reading


def _refuse_figure(previous: Reading, draft: Draft, regrouped: bool) -> None:
    """What a figure of figures is made of is not changed in part, nor cut by the time that it is made of."""
    made = {c.column for s in previous.compared.sides for c in s.conditions} if previous.compared else set()
    over = set(previous.outer.over.groups) if previous.outer else set()
    fixed = previous.within is not None or previous.place is not None or previous.trend is not None
    changed = {c.column for c in draft.conditions} | {g.column for g in draft.groups if g.bucket is not None}
    if (regrouped and fixed) or made & changed or over & set(draft.groups):
        raise NotRead("I cannot tell what this changes; ask in full.", ())


def _counted(reading: Reading) -> Reading:
    """Grouping what was only listed means counting it."""
    counted = Target(reading.base, None, "count")
    return replace(reading, targets=(counted,), order=Ordering(True, counted), then=(), distinct=False)


def _replaced(old: tuple[Condition, ...], new: list[Condition]) -> tuple[Condition, ...]:
    changed = {c.column for c in new}
    return (*(c for c in old if c.column not in changed), *new)
