"""Rows that last, whose one date says nothing of when a figure of theirs was so.

A farm has its hectares whenever it was certified, and a buyer a credit limit whenever that began: `hectares
in 2025` and `buyers in 2024` are not those of rows with such a date, unless a word names it (`certified in
2025`). An order happens on its date. What lasts is a person, a thing that everybody knows to last, or has a
name of its own; what has a title, an amount or a date of its own noun is made or happens.
"""

from collections.abc import Iterator
from datetime import date
from itertools import chain

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.amounts import own_amount
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.event_dates import SPOKEN, TIME, date_of_verb
from gnomon.models.grounded.happening import BEGINNING, is_own_event, may_be_of, tells
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.people import PERSONS
from gnomon.models.grounded.reading import Condition, Grouping, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import lemma, name_words, root, stem

LASTING = frozenset(
    word
    for line in (
        "account aircraft airport apartment asset bank boat branch building business bus car clinic company",
        "device equipment facility factory farm field firm flat fleet hospital hotel house instrument",
        "library lorry machine machinery meter museum office organisation organization outlet plane plant",
        "plot property restaurant room school sensor server ship shop site station store supplier tractor",
        "train truck unit van vehicle vessel warehouse",
    )
    for word in line.split()
)
"""Nouns for things that last, in the singular."""

COMING = frozenset(
    {"applicant", "attendee", "candidate", "contestant", "entrant", "guest", "participant", "recipient"}
    | {"respondent", "visitor", "winner"}
)
"""People who are so by what they did once."""

COUNTED = frozenset({"hourly", "daily", "weekly", "monthly", "quarterly", "yearly", "annual"})
"""In the name of a table whose rows are what was so in a span of time, `daily_active_users`."""

MAKING = frozenset(
    stem(w)
    for line in (
        "held occurred happened performed played event scheduled released release published publication",
        "premiered premiere aired broadcast",
    )
    for w in line.split()
)
"""In the name of a date on which something takes place or comes out, which is all that it is known by."""

COME = frozenset(stem(w) for w in ("since", "hired", "founded", "established"))
"""In the name of a date, these too say that something came about."""

NEW = frozenset({"new", "newly"})
OWN = 0.9
"""Share of the rows that have a name that no other has, from which names are their own."""


def doubted_times(reading: Reading, draft: Draft) -> Iterator[tuple[str, ColumnRef]]:
    """Periods and units of time that a reading puts on the date of something else, and that date."""
    for column, words in _dated(reading, draft):
        if _runs_up(reading, column):
            continue
        if column.table not in draft.schema.tables() or str(column) == draft.chosen(words):
            continue
        if _lasts(column.table, draft) and not _is_of_rows(column) and not _is_told(column, draft):
            yield words, column


def _runs_up(reading: Reading, column: ColumnRef) -> bool:
    """`running total of members by month`: those who have come so far."""
    running = reading.trend is not None and reading.trend.kind == "running"
    counted = all(t.aggregate == "count" for t in reading.targets)
    return running and counted and bool({stem(w) for w in name_words(column.column)} & (BEGINNING | COME))


def _dated(reading: Reading, draft: Draft) -> Iterator[tuple[ColumnRef, str]]:
    """The dates and years that a reading compares or groups by, and the words that ask for it."""
    compared = reading.compared.sides if reading.compared is not None else ()
    counted = reading.counted.conditions if reading.counted is not None else ()
    sides = chain.from_iterable(side.conditions for side in compared)
    for condition in (*reading.conditions, *reading.either, *counted, *sides):
        if _is_timed(condition, draft):
            yield condition.column, condition.words
    over = reading.outer.over.groups if reading.outer is not None else ()
    within = reading.within.groups if reading.within is not None else ()
    unit = next((i.text for i in draft.items if i.is_cue("time_group")), "")
    for group in (*reading.groups, *over, *within):
        if _is_bucket(group, unit, draft.schema):
            yield group.column, unit or group.column.column


def _is_timed(condition: Condition, draft: Draft) -> bool:
    """Whether a condition is a period's, and not that of a moment or a number that is compared."""
    years = draft.schema.year_columns(condition.column.table)
    said = any(i.period is not None and condition.words in (i.text, i.period.label) for i in draft.items)
    dated = any(isinstance(v, date) for v in condition.values)
    return said and (dated or condition.column in years)


def _is_bucket(group: Grouping, unit: str, schema: Schema) -> bool:
    return group.bucket is not None or (
        bool(unit) and group.column in schema.year_columns(group.column.table)
    )


def _lasts(table: TableRef, draft: Draft) -> bool:
    """Whether rows of a table are people or things that last, not what happens or is counted."""
    words = name_words(table.name)
    noun = lemma(words[-1])
    if not COUNTED.isdisjoint(words):
        return False
    if noun in (PERSONS - COMING) | LASTING:
        return True
    return noun not in COMING and own_amount(draft, table) is None and _has_own_name(table, draft.schema)


def _has_own_name(table: TableRef, schema: Schema) -> bool:
    """Whether each row has a name that is hardly any other's: of farms, and not the customer's of sales."""
    label = schema.label(table)
    column = ColumnRef(table, label[0])
    profile = schema.column(column).profile
    called = name_words(label[0])[-1:] == ("name",) and schema.column(column).column.kind == "text"
    known = profile is not None and profile.rows > 0
    return called and known and profile is not None and profile.distinct >= OWN * profile.rows


def _is_of_rows(column: ColumnRef) -> bool:
    """Whether the date is that on which rows themselves take place or come out."""
    return is_own_event(column) or bool({stem(w) for w in name_words(column.column)} & MAKING)


def _is_told(column: ColumnRef, draft: Draft) -> bool:
    """Whether a word of the question, or of those it goes on from, is about the date."""
    telling = _telling(column)
    items = [item for item in draft.items if draft.as_table(item) is None]
    earlier = (w for text in draft.schema.context.earlier for w in name_words(text))
    said = [*(w for item in items for w in name_words(item.text)), *earlier]
    named = any(not k.is_table and k.ref == column for item in items for k in item.links)
    told = any(root(w) in telling or w in NEW or _is_verb_of(w, column, draft) for w in said)
    return named or told or any(_tells_of(item, column) for item in items)


def _telling(column: ColumnRef) -> set[str]:
    """Roots of what the name of a date says besides that it is one, and of what."""
    plain = TIME | set(name_words(column.table.name))
    return {root(w) for w in name_words(column.column) if w not in plain}


def _is_verb_of(word: str, column: ColumnRef, draft: Draft) -> bool:
    verb = is_done(word) or word in SPOKEN
    return verb and date_of_verb(draft.schema, column.table, word) == column


def _tells_of(item: Item, column: ColumnRef) -> bool:
    """`registered in 2025`, `who signed up`: a verb of the same happening as the date's."""
    verbs = [w for w in item.text.lower().split() if is_done(w)]
    return any(tells(w) and may_be_of(w, column) for w in verbs)
