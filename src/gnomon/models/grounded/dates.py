"""Which date of a table a period or a time grouping is about."""

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.blanks import has_gaps
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.event_dates import TIME
from gnomon.models.grounded.happening import is_row_date
from gnomon.models.grounded.opening_dates import opening_date, verb_date
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.reading import NotRead
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.short_forms import likeness
from gnomon.models.grounded.units import name_parts
from gnomon.models.grounded.words import name_words, stem

STATE_WORDS = frozenset(
    stem(w)
    for w in (
        "birth",
        "born",
        "dob",
        "hire",
        "hired",
        "expiry",
        "expires",
        "end",
        "ended",
        "due",
        "opened",
        "open",
    )
) | frozenset(
    stem(w) for w in ("closed", "launched", "launch", "valid", "started", "discontinued", "cancelled")
)
"""A date with such a name bounds a state; a bare period does not say whether it asks for the bound."""


BEGINS = frozenset(stem(w) for w in ("start", "starts", "begin", "begins", "scheduled"))
"""In the name of a date by which what is planned takes place."""

PARTS = frozenset(stem(w) for w in ("items", "lines", "details", "rows", "positions", "entries"))
"""Last words of a table whose rows are parts of a row of another: `order_items`, `invoice_lines`."""

MIN_VERB = 4
"""Letters of a verb of which a noun may be made."""


def main_date(draft: Draft, table: TableRef, words: str) -> ColumnRef | None:
    """The date or year column that a bare period is about; None if the table has none such."""
    dates = draft.schema.dates(table)
    if not dates:
        years = draft.schema.year_columns(table)
        return years[0] if len(years) == 1 else None if years else _date_of_whole(draft, table, words)
    chosen = _chosen(draft, words, dates)
    if chosen is not None:
        return chosen
    told = verb_date(draft, table, words) if len(dates) > 1 else None
    event = told or date_of_rows(draft.schema, table, dates) or opening_date(draft, table)
    if event is not None and len(dates) > 1:
        others = ", ".join(d.column for d in dates if d != event)
        draft.assume(f"Time is taken from {event}.", f"name another date: {others}")
    return event


def _date_of_whole(draft: Draft, table: TableRef, words: str) -> ColumnRef | None:
    """`order_items` are dated by their `orders`: the parent whose parts they are called."""
    own = [stem(w) for w in name_words(table.name)]
    if own[-1] not in PARTS:
        return None
    parents = [h.parent for h in draft.schema.card(table).joins if h.child == table]
    named = [(p, [stem(w) for w in name_words(p.name)]) for p in parents if p in draft.schema.tables()]
    wholes = [p for p, name in named if own[:-1] == name]
    column = main_date(draft, wholes[0], words) if len(wholes) == 1 else None
    if column is not None:
        draft.assume(f"Time is taken from {column}.", "name another date")
    return column


def _chosen(draft: Draft, words: str, dates: list[ColumnRef]) -> ColumnRef | None:
    picked = draft.chosen(words)
    return next((d for d in dates if str(d) == picked), None)


def date_of_rows(schema: Schema, table: TableRef, dates: list[ColumnRef]) -> ColumnRef | None:
    """The date by which rows came about; else the one that every row has, called after what its noun tells.

    A `transacted_at` of `transactions` is such a one.
    """
    event = event_date(table, dates)
    done = [c for c in dates if _is_verb_of(c, table)] if event is None else []
    return done[0] if len(done) == 1 and not has_gaps(schema, done[0]) else event


def event_date(table: TableRef, dates: list[ColumnRef]) -> ColumnRef | None:
    """The date named after the table's own noun (`order_date` of `orders`), else of the row's birth."""
    own = set(name_words(table.name))
    named = [c for c in dates if own & set(name_words(c.column)) or _is_short_for(c, table)]
    plain = [c for c in dates if not is_state(c)]
    created = [c for c in dates if is_row_date(c)]
    for found in (named, plain if len(dates) == 1 else [], created):
        if len(found) == 1:
            return found[0]
    return None


def _is_verb_of(column: ColumnRef, table: TableRef) -> bool:
    """`booked_at` of `bookings`, `transacted_on` of `transactions`."""
    first, *rest = name_words(column.column)
    verb, noun = stem(first), stem(name_words(table.name)[-1])
    made = len(verb) >= MIN_VERB and noun.startswith(verb)
    return made and is_done(first) and set(rest) <= TIME


def _is_short_for(column: ColumnRef, table: TableRef) -> bool:
    """`enr_ts` of `enrollments`: the short form of the table's noun, beside words for a time alone."""
    first, *rest = name_parts(column.column)
    noun = name_words(table.name)[-1]
    return bool(rest) and set(rest) <= TIME and likeness(first, noun) == "listed"


def ranking_date(draft: Draft, table: TableRef, words: str) -> ColumnRef:
    """The date by which rows are the earliest or latest, and a rival of it stated.

    Raises:
        NotRead: They may go by several dates, or by none.
    """
    dates = draft.schema.dates(table)
    chosen = _chosen(draft, words, dates + draft.schema.year_columns(table))
    event = chosen or date_of_rows(draft.schema, table, dates) or opening_date(draft, table)
    plain = [d for d in dates if not is_state(d)]
    if event is not None:
        if chosen is None and any(d != event for d in plain):
            others = " or ".join(str(d) for d in plain if d != event)
            draft.assume(f"`{words}` goes by {event}.", f"name another date: {others}")
        return event
    among = plain or draft.schema.year_columns(table)
    # An appointment may be the earliest by when it was made, or by when it begins.
    among = (
        [*among, *(d for d in dates if d not in among and BEGINS & _words(d))] if len(among) == 1 else among
    )
    if len(among) == 1:
        return among[0]
    options = tuple(map(str, among[:4]))
    found = f"it could go by {' or '.join(options)}" if options else "no column says so"
    reason = f"I cannot tell what `{words}` goes by: {found}."
    raise NotRead(reason, (words,), options, final=bool(options))


def _words(column: ColumnRef) -> set[str]:
    return {stem(w) for w in name_words(column.column)}


def is_state(column: ColumnRef) -> bool:
    """Whether the date bounds a state, such as a birth or an opening."""
    return bool(STATE_WORDS & {stem(w) for w in name_words(column.column)})


def has_rival_dates(draft: Draft, table: TableRef) -> bool:
    """Whether the table has several dates of events, of which a bare period may mean any."""
    dates = draft.schema.dates(table)
    return sum(not is_state(c) for c in dates) > 1


def _had_before(draft: Draft, words: str) -> list[TableRef]:
    """The appointment of `patients with an appointment in 2025`: rows that belong to what is asked for."""
    at = next((i for i, item in enumerate(draft.items) if item.text == words), 0)
    nouns = [t for item in draft.items[:at] if (t := draft.as_table(item)) is not None]
    focus = draft.focus
    own = bool(nouns) and focus is not None and bool(draft.schema.paths(nouns[-1], focus, many=False))
    return nouns[-1:] if own and nouns[-1] != focus else []


def refuse_period(draft: Draft, words: str) -> NotRead:
    """Why a period found no date: there is none, or several to choose from, those of events first."""
    dates: list[ColumnRef] = []
    for table in dict.fromkeys(
        (*_had_before(draft, words), *(t.table for t in draft.targets), *draft.mentioned())
    ):
        dates += draft.schema.dates(table) if len(dates) < 2 else []
    options = tuple(str(d) for d in sorted(dates, key=is_state))[:4]
    if len(options) < 2:
        return NotRead(f"I see no date column that `{words}` could be about.", (words,))
    return NotRead(f"`{words}` could be about {' or '.join(options)}.", (words,), options)
