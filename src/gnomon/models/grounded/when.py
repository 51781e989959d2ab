"""Ask for a moment: `when was the last parcel created`, `when is Ann's next visit`, `who was hired first`.

Rows have the date that the verb tells, or their only one. The next of something lies after the clock.
"""

from datetime import UTC, date, datetime, timedelta

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.blanks import has_gaps
from gnomon.models.grounded.composer.outcomes import undone_by
from gnomon.models.grounded.cues import Cue
from gnomon.models.grounded.dates import is_state
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.event_dates import date_of_verb
from gnomon.models.grounded.happening import may_be_of, tells
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.reading import Condition, NotRead, Ordering, Target
from gnomon.models.grounded.recent import end_today

WAS, IS = frozenset({"was", "were", "did"}), frozenset({"is", "are", "does", "do"})
LAST = frozenset({"last", "latest", "newest", "most recent"})
FIRST = frozenset({"first", "earliest"})
NEXT = frozenset({"next"})
LASTLY = {"first": False, "earliest": False, "last": True, "latest": True, "most recently": True}
ENDING = frozenset({"?", ".", "!"})
AUXILIARY = frozenset({"is", "are", "was", "were", "been", "be", "who", "that", "got"})


def read_when(draft: Draft) -> None:
    """Make the lowest or highest date of a question for a moment.

    Raises:
        NotRead: Rows have several dates, or none that lies ahead.
    """
    if _read_hired_first(draft):
        return
    first = draft.items[0] if draft.items else None
    if first is None or first.text.lower() != "when" or not first.is_cue("unsupported"):
        return
    at = draft.after(0)
    asked = draft.items[1].text.lower() if len(draft.items) > 1 else ""
    which = draft.items[at].text.lower() if at is not None else ""
    if at is None:
        return
    # What is the last to come is none of those that have been.
    if (which in LAST | FIRST and asked in WAS) or (which in NEXT and asked in IS):
        _read_extreme(draft, at, which)
    elif asked in WAS:
        _read_of_row(draft, at)


def _end(draft: Draft) -> int:
    """Where the last word is, before what ends the sentence."""
    end = len(draft.items) - 1
    while end > 0 and draft.items[end].text in ENDING:
        end -= 1
    return end


def _date_said(draft: Draft, table: TableRef, at: int) -> ColumnRef | None:
    """The date that a verb, or the name of a date, says at a position."""
    item = draft.items[at]
    said = item.kind in ("unknown", "name") or (item.is_cue("fill") and tells(item.text))
    if item.role or not item.text.isalpha() or not said:
        return None
    if draft.as_table(item) is not None:
        return None
    return date_of_verb(draft.schema, table, item.text)


def _read_extreme(draft: Draft, at: int, which: str) -> None:
    noun = draft.after(at)
    while noun is not None and draft.items[noun].kind == "value":
        noun = draft.after(noun)
    table = draft.as_table(draft.items[noun]) if noun is not None else None
    end = _end(draft)
    if table is None or noun is None or _is_plural_asked(draft, at):
        return
    said = _date_said(draft, table, end) if end > noun else None
    if said is not None and which in NEXT and is_state(said):
        # What is due next need not be open any more.
        return
    column = said or _only_date(draft, table, which)
    if column is None:
        return
    if said is None:
        _refuse_another(draft, noun, column)
    else:
        draft.take(end, f"about {said}")
        draft.items[end].kind, draft.items[end].resolved = "value", said
    for position in (0, at):
        draft.items[position].cue = Cue("fill")
        draft.take(position, f"{which} {column}")
    draft.take(noun, f"rows of {table}")
    draft.focus, draft.focus_named = table, True
    draft.targets.append(Target(table, column.column, "max" if which in LAST else "min"))
    if which in LAST:
        end_today(draft, column, which)
    if which in NEXT:
        _begin_now(draft, column)
    elif states := [str(state) for state, _ in undone_by(table, draft.schema)]:
        draft.assume(f"Rows count whatever {' or '.join(states)} says.", "name a state")
    draft.assume(f"`{which}` goes by {column}.")
    draft.alone = True


def _refuse_another(draft: Draft, noun: int, column: ColumnRef) -> None:
    """`when was the first drill cancelled` does not ask when those began that are cancelled.

    Raises:
        NotRead: What was done to the rows has no date that is known.
    """
    for item in draft.items[noun + 1 :]:
        word = item.text.lower().split()[-1]
        told = item.is_cue("fill") and not item.role and tells(word) and not may_be_of(word, column)
        state = item.kind in ("value", "name") and not item.role and is_done(word)
        if told or state:
            raise NotRead(f"No date says when it was `{item.text}`.", (item.text,), final=True)


def _is_plural_asked(draft: Draft, at: int) -> bool:
    """`the last 5 orders` have several moments."""
    return any(i.kind == "number" for i in draft.items[at + 1 : at + 2])


def _only_date(draft: Draft, table: TableRef, which: str) -> ColumnRef | None:
    """The one date of rows; of those that are to come, the one that may lie ahead.

    Raises:
        NotRead: There are several.
    """
    dates = draft.schema.dates(table)
    chosen = [d for d in dates if str(d) == draft.chosen(which)]
    if chosen:
        return chosen[0]
    if which in NEXT:
        dates = [d for d in dates if _lies_ahead(draft, d)]
    if len(dates) == 1 and (which in NEXT or not is_state(dates[0])):
        return dates[0]
    if len(dates) > 1:
        options = tuple(map(str, dates[:4]))
        raise NotRead(f"`{which}` could go by {' or '.join(options)}.", (which,), options)
    return None


def _lies_ahead(draft: Draft, column: ColumnRef) -> bool:
    profile = draft.schema.column(column).profile
    return profile is None or profile.high is None or profile.high[:10] > draft.today.isoformat()


def _begin_now(draft: Draft, column: ColumnRef) -> None:
    """Take what lies after the clock, and has not been called off."""
    kind = draft.schema.column(column).column.kind
    clock = draft.schema.context.now
    now = clock.astimezone(UTC) if clock.tzinfo is not None else clock
    moment: date = draft.today + timedelta(days=1)
    if kind == "timestamp" or _holds_times(draft, column):
        moment = datetime(now.year, now.month, now.day, now.hour, now.minute)
    draft.conditions.append(Condition(column, ">=", (moment,), "after now"))
    for state, values in undone_by(column.table, draft.schema):
        _leave_out(draft, state, values)


def _leave_out(draft: Draft, state: ColumnRef, values: tuple[str, ...]) -> None:
    """Take no rows that were called off: they are to come no more.

    Raises:
        NotRead: Of some rows nobody knows whether they were.
    """
    if values and has_gaps(draft.schema, state):
        raise NotRead(f"Rows without a {state} may have been called off.", ("next",))
    if values:
        draft.conditions.append(Condition(state, "not in", values, "not called off"))
        said = f"is {' or '.join(values)}"
    else:
        flag = draft.schema.is_flag(state)
        draft.conditions.append(Condition(state, "false" if flag else "null", (), "called off"))
        said = "is yes" if flag else "is known"
    draft.assume(f"`next` leaves out rows whose {state.column} {said}.", "name a state")


def _holds_times(draft: Draft, column: ColumnRef) -> bool:
    profile = draft.schema.column(column).profile
    return profile is not None and len(profile.high or "") > len("2000-01-01")


def _read_of_row(draft: Draft, at: int) -> None:
    """`when was Ann Lee hired`, `when was the Elm shop opened`: a date of one row that is named."""
    end = _end(draft)
    item = draft.items[at]
    noun = draft.as_table(item)
    if noun is not None and end == at + 2 and draft.items[at + 1].role.startswith(f"{noun}."):
        return _read_date_of(draft, noun, end)
    if item.kind not in ("value", "quoted") or end != at + 1:
        return
    owners = [v.column.table for v in item.values if v.kind in ("exact", "folded")]
    found = {t: c for t in dict.fromkeys(owners) if (c := _date_said(draft, t, end)) is not None}
    if len(found) != 1:
        return
    table = next(iter(found))
    names = [
        v for v in item.values if v.column.table == table and v.column.column in draft.schema.label(table)
    ]
    if not names or any(v.rows > 1 for v in names):
        return
    item.values = tuple(names)
    _read_date_of(draft, table, end)


def _read_date_of(draft: Draft, table: TableRef, end: int) -> None:
    """List the date of the row that is named, which the last word tells."""
    column = _date_said(draft, table, end)
    if column is None:
        return
    draft.items[0].cue = Cue("fill")
    draft.take(0, f"the {column}")
    draft.take(end, f"column {column}")
    draft.items[end].kind, draft.items[end].resolved = "value", column
    draft.focus, draft.focus_named = table, True
    draft.targets.append(Target(table, column.column))
    draft.alone = True


def _read_hired_first(draft: Draft) -> bool:
    """`which driver was hired first`: the row with the first or last date that the verb tells."""
    end = _end(draft)
    way = LASTLY.get(draft.items[end].text.lower()) if end > 1 else None
    if way is None or draft.focus is None or draft.order is not None:
        return False
    column = _date_said(draft, draft.focus, end - 1)
    linked = draft.items[end - 2].text.lower().split()[-1] in AUXILIARY
    nouns = [t for i in draft.items[: end - 1] if (t := draft.as_table(i)) is not None]
    if column is None or nouns != [draft.focus] or not (linked or draft.as_table(draft.items[end - 2])):
        return False
    if any(i.kind == "number" or i.is_cue("count") for i in draft.items[:end]):
        return False
    for at in (end - 1, end):
        draft.items[at].kind, draft.items[at].cue = "cue", Cue("fill")
        draft.take(at, f"ranked by {column}")
    if way:
        end_today(draft, column, draft.items[end].text)
    draft.order, draft.limit, draft.alone = Ordering(way, Target(column.table, column.column)), 1, True
    return True
