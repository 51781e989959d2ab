"""Verbs that add nothing of their own: `units sold`, `refunds paid in 2025`, `signed up in May`."""

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.cues import Cue
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.event_dates import date_of_verb
from gnomon.models.grounded.happening import is_row_date, may_be_of
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.units import ends_in_unit, name_parts, units_in_names
from gnomon.models.grounded.words import ADDITIVE, name_words, stem

MEASURE_VERBS = frozenset(
    {"sold", "sell", "sells", "earned", "earn", "made", "make", "generated", "generate", "spent", "spend"}
    | {"paid", "pay", "brought", "took", "booked", "recorded", "shipped"}
    | {"earns", "spends", "given", "granted", "awarded", "charged"}
)
"""Said of a sum beside it, these name no other fact: `the units sold`, `the revenue earned`."""

EARNING = frozenset({"earn", "earns", "earned"})
WAGES = frozenset({"salary", "wage", "income", "commission", "bonus", "pay"})
"""What is earned, each by somebody: no sum of it is asked for."""

EVENT_VERBS = frozenset(
    {"made", "paid", "issued", "created", "recorded", "added", "processed", "submitted", "logged", "posted"}
    | {"registered", "filed", "entered", "booked", "placed", "opened", "sold", "make", "pay", "sell"}
)
"""Said of a row with a single date, these can only be about that date: `refunds paid in 2025`."""

NOUNS = {"born": "birth", "died": "death", "sold": "sale"}
"""What dates call that for which people have another word."""

BOUNDING = frozenset({"end", "ends", "ending", "start", "starts", "begin", "begins", "beginning"})
"""Steering words that are verbs right before a period."""

SIGNED_UP = ["signed", "up"]
"""What rows of people and accounts do when they come about, by the words of the question."""

AMOUNTS = frozenset({"mass", "volume", "energy", "money"})
"""What units of it add up over rows, as lengths of time or temperatures need not."""

EVENT_OF = "the event of "
"""How the role of such a verb begins."""

EVENT_STEMS = frozenset(stem(w) for w in EVENT_VERBS)


def is_additive(draft: Draft, column: ColumnRef) -> bool:
    """Whether the column's name, up to its unit, says that its values are amounts that add up."""
    words = name_words(column.column)
    unit = ends_in_unit(tuple(map(stem, words)))
    words = words[:-1] if unit else words
    per_piece = {"price", "rate", "average", "percent", "ratio", "per", "unit"} & set(words[:-1])
    # So many kilograms were done: `rejected_kg`, `delivered_litres`.
    done = unit and len(words) == 1 and is_done(words[0]) and _is_mass(column)
    added = bool(words) and words[-1] in ADDITIVE and not per_piece
    return draft.schema.is_numeric(column) and (added or done)


def _is_mass(column: ColumnRef) -> bool:
    return any(u.dimension in AMOUNTS for u in units_in_names(name_parts(column.column)[-1]))


def excuse_verbs(draft: Draft) -> None:
    """Give a role to verbs that restate what stands beside them; leave every other unknown word unplaced."""
    for at, item in enumerate(draft.items[:-1]):
        if item.is_cue("unsupported") and item.text.lower() in BOUNDING and is_time(draft.items[at + 1]):
            _restates_bound(draft, at)
    for at in draft.open("unknown"):
        if draft.items[at].role:
            continue
        if _restates_having(draft, at):
            continue
        if not _restates_date(draft, at) and not _restates_measure(draft, at):
            _restates_event(draft, at)


def _restates_bound(draft: Draft, at: int) -> None:
    """`contracts ending this year`, of the one date of the noun before that is called so: `ends_on`."""
    before = draft.before(at)
    noun = draft.as_table(draft.items[before]) if before is not None else None
    found = date_of_verb(draft.schema, noun, draft.items[at].text) if noun is not None else None
    if found is not None:
        draft.items[at].dated = found
        draft.take(at, f"about {found}")
        draft.assume(f"Time is taken from {found}.")


def _restates_having(draft: Draft, at: int) -> bool:
    """`guests who have never made a booking` have none."""
    following = draft.after(at)
    absent = at > 0 and draft.items[at - 1].is_cue("without")
    done = draft.items[at].text.lower() in ("made", "placed")
    table = draft.as_table(draft.items[following]) if following is not None else None
    if not absent or following is None or table is None or not (done or _comes_about(draft, at, table)):
        return False
    draft.items[at].cue = Cue("fill")
    draft.take(at, f"says it of {draft.items[following].text}")
    return True


def _comes_about(draft: Draft, at: int, rows: TableRef) -> bool:
    """`accounts that never opened a ticket`, of tickets that have a date of that deed."""
    from gnomon.models.grounded.deeds import deed_date

    nouns = [t for item in draft.items[:at] if (t := draft.as_table(item)) is not None]
    return bool(nouns) and deed_date(draft, draft.items[at].text, nouns[-1], rows) is not None


def _restates_measure(draft: Draft, at: int) -> bool:
    if draft.items[at].text.lower() not in MEASURE_VERBS:
        return False
    following = draft.after(at, skip=("fill", "all", "superlative", "count"))
    for beside in (*range(at), following):
        if beside is None or draft.items[beside].kind != "name":
            continue
        columns = [k.ref for k in draft.items[beside].links if not k.is_table]
        earned = draft.items[at].text.lower() in EARNING and any(
            WAGES & set(name_words(c.column)) for c in columns
        )
        if earned or any(is_additive(draft, c) for c in columns):
            draft.take(at, f"says it of {draft.items[beside].text}")
            return True
    return False


def _restates_event(draft: Draft, at: int) -> bool:
    before, following = draft.before(at), draft.after(at)
    if stem(draft.items[at].text.lower()) not in EVENT_STEMS or before is None:
        return False
    doer = draft.as_table(draft.items[before])
    tables = [t for t in (doer, draft.focus) if t is not None and doer is not None]
    if doer is not None and is_doer(draft, before):
        tables = tables[1:]
    dates = [dates for t in dict.fromkeys(tables) if len(dates := draft.schema.dates(t)) == 1]
    ends = following is None or is_time(draft.items[following])
    told = next((d.table for (d,) in dates if may_be_of(draft.items[at].text, d)), None)
    if not ends or told is None:
        return False
    draft.take(at, f"{EVENT_OF}{told}")
    return True


def is_doer(draft: Draft, at: int) -> bool:
    """`orders did customers place`: whether the noun at a position does what is said of the one before it."""
    return any(item.text.lower().split()[-1] == "did" for item in draft.items[:at])


def _restates_date(draft: Draft, at: int) -> bool:
    """`signed up in 2026`: the words before a time name a date column of a table in play."""
    end = at + 1
    while end < len(draft.items) and draft.items[end].kind == "unknown":
        end += 1
    following = draft.after(end - 1)
    if following is None or not is_time(draft.items[following]):
        return False
    words = [w for item in draft.items[at:end] for w in name_words(item.text)]
    said = [stem(NOUNS.get(w, w)) for w in words]
    for table in draft.mentioned():
        column = _dated(draft, table, said, words)
        if column is not None:
            for item in draft.items[at:end]:
                item.role, item.dated = f"about {column}", column
            return True
    return False


def is_time(item: Item) -> bool:
    """Whether it is a period or a unit of time by which rows are grouped."""
    return item.kind == "period" or item.is_cue("time_group")


def _dated(draft: Draft, table: TableRef, said: list[str], words: list[str]) -> ColumnRef | None:
    """The one date that is called so, in full or for short: `dep_ts` where something departed."""
    called = _called_date(draft, table, said)
    if called is None and words == SIGNED_UP:
        return _date_of_rows(draft, table)
    if called is not None or len(words) != 1:
        return called
    found = date_of_verb(draft.schema, table, words[0])
    if found is not None:
        draft.assume(f"Time is taken from {found}.")
    return found


def _date_of_rows(draft: Draft, table: TableRef) -> ColumnRef | None:
    """The date on which rows came about: who signs up has a row from then on."""
    found = [d for d in draft.schema.dates(table) if is_row_date(d)]
    if len(found) == 1:
        draft.assume(f"Time is taken from {found[0]}.", "name another date")
    return found[0] if len(found) == 1 else None


def _called_date(draft: Draft, table: TableRef, said: list[str]) -> ColumnRef | None:
    found = []
    for column in draft.schema.dates(table):
        words = [stem(w) for w in name_words(column.column)]
        glued = "".join(words)
        covered = set(said) <= {*words, "up", "on", "in"} and set(said) & set(words)
        if covered or ("".join(said) in glued and len("".join(said)) > 4):
            found.append(column)
    return found[0] if len(found) == 1 else None
