"""Questions that change one thing about the one before: `and by region?`, `only 2024`."""

import re
from contextlib import suppress
from dataclasses import replace
from datetime import date

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.context import Context
from gnomon.models.grounded.carried import (
    are_plain_rows,
    is_note,
    is_restricted,
    names_no_table,
    read_carried,
)
from gnomon.models.grounded.counted_rows import refuse_counted_change
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.filters import read_absence, read_comparisons, read_periods
from gnomon.models.grounded.grouping import read_groups
from gnomon.models.grounded.happening import happening
from gnomon.models.grounded.heard import hear
from gnomon.models.grounded.parser import read_question, read_rest, refuse_leftovers, refuse_unknown
from gnomon.models.grounded.pointing import refuse_pointing_back, refuse_pointing_beside
from gnomon.models.grounded.reading import Condition, NotRead, Ordering, Reading, Target
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.short_tables import spell_tables, state_tables
from gnomon.models.grounded.shortened import spell_columns
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.values import read_values
from gnomon.models.grounded.words import name_words, stem

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

PART = re.compile(
    r"^\s*(?:and\s+)?how many of (?:them|those|these)\b(?P<which>.+)", re.IGNORECASE | re.DOTALL
)
"""How the rows of the question before are counted that something else is said of as well."""

WHICH = re.compile(r"^\s*(which|who)\b", re.IGNORECASE)
"""Behind a ranking, these ask of what was ranked; a change to it would rank others."""

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
        alone = read_question(question, context, today)
        leans = _follows(question, context) and names_no_table(question, context, today)
        return _own(alone, question) if leans else alone
    part = PART.match(question)
    if part is not None:
        return _part_of(previous, part["which"], question, context, today)
    if previous.limit is not None and WHICH.match(question) and names_no_table(question, context, today):
        raise NotRead("I cannot tell which of those that were ranked are meant; ask in full.", (question,))
    if MARKER.match(question) or _is_bare(question, context, today):
        return read_change(question, previous, context, today)
    carried = read_carried(question, previous, context, today)
    if carried is not None:
        return carried
    if previous.limit is None and is_restricted(previous) and names_no_table(question, context, today):
        with suppress(NotRead):
            return read_change(question, previous, context, today)
    try:
        return _apart(question, previous, context, today)
    except NotRead as doubt:
        try:
            return read_change(question, previous, context, today)
        except NotRead as change:
            raise (change if change.final else doubt) from None


def _part_of(previous: Reading, which: str, question: str, context: Context, today: date) -> Reading:
    """The number of the rows before that something is said of.

    Raises:
        NotRead: They are no plain rows, or what is said of them cannot be told.
    """
    if not are_plain_rows(previous):
        raise NotRead("I cannot tell what of the question before is counted; ask in full.", (question,))
    counted = replace(previous, targets=(Target(previous.base, None, "count"),), order=None)
    changed = read_change(which, counted, context, today)
    told = (f"`{question.strip()}` is taken to be about the rows of the question before.", "ask in full")
    return replace(changed, assumptions=(*changed.assumptions[:-1], told))


def _apart(question: str, previous: Reading, context: Context, today: date) -> Reading:
    """The reading of a question by itself, behind another of which it could be part.

    Raises:
        NotRead: It points at the other, or may well be about the same rows: `how many dues?`
    """
    items = _items(question, context, today)
    refuse_pointing_back(Draft(Schema(context), items, today))
    alone = read_question(question, context, today)
    if not is_restricted(previous):
        return alone
    loose = names_no_table(question, context, today)
    note = not is_restricted(alone) and is_note(items)
    ranked = loose and previous.limit is not None and alone.base == previous.base
    if ranked or (note and items[0].is_cue("count")):
        reason = "I cannot tell whether what the question before says holds here too; ask in full."
        raise NotRead(reason, (question,), final=True)
    return _own(alone, question) if note or loose else alone


def _own(reading: Reading, question: str) -> Reading:
    told = (f"`{question.strip()}` is taken as a question of its own.", "say again what restricts it")
    return replace(reading, assumptions=(*reading.assumptions, told))


def _refuse_fragment(question: str, context: Context, today: date) -> None:
    """`and in Oslo?` after a question that was not answered says nothing by itself.

    Raises:
        NotRead: It goes on from a question that there is nothing of.
    """
    if CARRYING.match(question):
        raise _nothing_before(question)
    if not _follows(question, context):
        return
    refuse_pointing_back(Draft(Schema(context), _items(question, context, today), today))
    marked = MARKER.match(question) is not None
    if _is_bare(question, context, today) or (marked and not _is_whole(question, context, today)):
        raise _nothing_before(question)


def _follows(question: str, context: Context) -> bool:
    return context.broken or (bool(context.earlier) and question != context.earlier[0])


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
    schema = Schema(context, question)
    spell_tables(items, schema)
    spell_columns(items, schema)
    refuse_unknown(items)
    draft = Draft(schema, items, today)
    state_tables(draft)
    draft.focus = previous.base
    refuse_pointing_beside(draft, question, previous)
    _refuse_kind_or_bucket(draft, previous.base)
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


def _refuse_kind_or_bucket(draft: Draft, base: TableRef) -> None:
    """`monthly` after plans, of which some are billed monthly: those plans, or groups per month.

    Raises:
        NotRead: The word is a value of the rows before.
    """
    for at in draft.cues("time_group"):
        words = draft.items[at].text
        held = {str(v.column) for v in draft.schema.context.values if v.column.table == base
                and v.phrase.casefold() == words.casefold()}  # fmt: skip
        if held:
            bucket = draft.items[at].cue
            named = f"a value of {' and of '.join(sorted(held))}, or by {bucket.value if bucket else ''}"
            raise NotRead(f"`{words}` may be {named}; ask in full.", (words,), final=True)


def _date_of(reading: Reading) -> ColumnRef | None:
    """The one date that the earlier question was about, which a bare period goes on with."""
    dated = {c.column for c in reading.conditions if c.values and isinstance(c.values[0], date)}
    return dated.pop() if len(dated) == 1 else None


def _merged(previous: Reading, draft: Draft, question: str) -> Reading:
    regrouped = bool(draft.groups or draft.entity)
    _refuse_state_of_date(previous, draft)
    _refuse_figure(previous, draft, regrouped)
    refuse_counted_change(previous, draft)
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


def _refuse_state_of_date(previous: Reading, draft: Draft) -> None:
    """`and waived?` after fines that were paid in 2026: none of those was paid, or any of them that year.

    Raises:
        NotRead: The date says of the rows before what another state takes back.
    """
    for old in (c for c in previous.conditions if c.values and isinstance(c.values[0], date)):
        verb = happening(old.column)
        for new in draft.conditions:
            dated = bool(new.values) and isinstance(new.values[0], date)
            if not dated and new.column.table == old.column.table and _tells(draft.schema, new.column, verb):
                reason = (
                    f"I cannot tell whether `{new.words}` is said of the same rows, which {old.column} dates."
                )
                raise NotRead(f"{reason[:-1]}; ask in full.", (new.words,), final=True)


def _tells(schema: Schema, column: ColumnRef, verb: frozenset[str]) -> bool:
    """Whether a column says of its rows, too, what a date says: a flag of that name, or a state."""
    profile = schema.column(column).profile
    values = [value for value, _ in profile.top] if profile is not None else []
    said = {stem(w) for name in (column.column, *values) for w in name_words(name)}
    return bool(verb & said)


def _replaced(old: tuple[Condition, ...], new: list[Condition]) -> tuple[Condition, ...]:
    changed = {c.column for c in new}
    return (*(c for c in old if c.column not in changed), *new)
