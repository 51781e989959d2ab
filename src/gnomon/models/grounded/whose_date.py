"""Whose date a period is about: that of what is counted, summed or listed, unless words say otherwise.

`total amount by country in 2026` is about the orders that are added up, though a country of customers, who
signed up at some time too, stands nearer to the year.
"""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.blanks import has_gaps
from gnomon.models.grounded.dates import has_rival_dates, is_state, main_date, refuse_period
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.event_dates import date_of_verb
from gnomon.models.grounded.flags import is_participle
from gnomon.models.grounded.happening import is_own_event, may_be_of, tells
from gnomon.models.grounded.opening_dates import date_of_deed
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.reading import Condition, NotRead
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.verbs import EVENT_OF, is_additive, is_doer, is_time
from gnomon.models.grounded.words import name_words, stem

SMALL = frozenset({"on", "in", "at", "up", "by", "of", "for", "from", "to", "it", "was", "is", "as", "been"})


def take_dated_words(draft: Draft) -> None:
    """Let a value or flag that is a date's verb too be the verb: `booked in 2025`, `booked per month`.

    Raises:
        NotRead: It is one of several such words, so that they cannot all be the verb.
    """
    for at, item in enumerate(draft.items):
        if item.is_cue("fill") and tells(item.text):
            _take_filling_verb(draft, at)
        if item.role or item.kind not in ("value", "name") or not _is_before_time(draft, at):
            continue
        if _is_own_verb(draft, at):
            item.dated = draft.column(at)
            draft.take(at, f"about {item.dated}")
            continue
        column = _called(draft, item) if _is_state_word(draft, at) else None
        deed = _deed_of_noun(draft, at) if column is None else None
        if deed is not None:
            item.dated = deed
            draft.take(at, f"about {deed}")
        if column is None:
            continue
        _refuse_one_of_several(draft, at)
        item.dated = column
        draft.take(at, f"about {column}")
        stored = [f"{v.column} '{v.value}'" for v in item.values] or [str(k.ref) for k in item.links[:1]]
        draft.assume(f"`{item.text}` is read as {column}.", f"or {stored[0]}")


def _take_filling_verb(draft: Draft, at: int) -> None:
    """`registered in Oslo before 2022`; without a time, `registered patients` are those with such a date."""
    item = draft.items[at]
    column = _called(draft, item)
    before = draft.before(at)
    if column is None or (before is not None and draft.items[before].is_cue("not", "without")):
        return
    item.dated = column
    draft.take(at, f"about {column}")
    profile = draft.schema.column(column).profile
    timed = any(is_time(later) for later in draft.items[at:])
    if not timed and profile is not None and profile.nulls:
        draft.conditions.append(Condition(column, "not null", (), item.text))
        draft.assume(f"`{item.text}` is read as {column} being known.")


def _is_before_time(draft: Draft, at: int) -> bool:
    return at + 1 < len(draft.items) and is_time(draft.items[at + 1])


def _is_own_verb(draft: Draft, at: int) -> bool:
    """`shops opened on 3 May`, `opened per year`: a date's name that is a verb, right behind its rows."""
    before, first = draft.before(at), draft.items[at].text.split()[0]
    noun = draft.as_table(draft.items[before]) if before is not None else None
    named = [k.ref for k in draft.items[at].links if not k.is_table and k.table == noun][:1]
    dates = draft.schema.dates(noun) if noun is not None else []
    # Where rows lack the date, what has not happened is no bucket of its own: flags.py leaves these out.
    bucketed = draft.items[at + 1].is_cue("time_group") and not any(has_gaps(draft.schema, c) for c in named)
    whole = len(draft.items[at].text.split()) > 1 or bucketed
    return is_participle(first) and whole and named in [[d] for d in dates]


def _deed_of_noun(draft: Draft, at: int) -> ColumnRef | None:
    """`deliveries delivered in May`: the one date that has the verb, whatever else is called after it."""
    before, verb = draft.before(at), draft.items[at].text.lower()
    noun = draft.as_table(draft.items[before]) if before is not None else None
    if noun is None or not is_done(verb) or len(draft.schema.dates(noun)) < 2:
        return None
    found = date_of_deed(draft, noun, verb)
    if found is not None:
        draft.assume(f"Time is taken from {found}.", "name another date")
    return found


def _is_state_word(draft: Draft, at: int) -> bool:
    """A value whose column is not named beside it, or a flag."""
    item = draft.items[at]
    if item.kind == "name":
        flags = [k for k in item.links if not k.is_table and draft.schema.is_flag(k.ref)]
        return draft.as_table(item) is None and bool(flags) and flags[0] == item.links[0]
    before = draft.before(at)
    links = draft.items[before].links if before is not None else ()
    return not {k.ref for k in links if not k.is_table} & {v.column for v in item.values}


def _refuse_one_of_several(draft: Draft, at: int) -> None:
    """`delivered or booked in 2025`, `not booked in 2025`: the period may be about more than one word."""
    before = draft.before(at)
    if before is None or (draft.items[before].is_cue("and") and _follows_time(draft, before)):
        return
    if draft.items[before].is_cue("or", "and", "not"):
        words = f"{draft.items[before].text} {draft.items[at].text}"
        raise NotRead(f"I cannot tell what `{words}` says of the period.", (words,), final=True)


def _follows_time(draft: Draft, at: int) -> bool:
    before = draft.before(at)
    return before is not None and is_time(draft.items[before])


def said_date(draft: Draft, at: int) -> ColumnRef | None:
    """`booked in 2025`: the date that a verb before a period or a unit of time names, if any does."""
    for item in _words_before(draft, at):
        column = _called(draft, item) if item.is_cue("fill") else item.dated
        if column is not None:
            return column
    return _said_earlier(draft, at)


def _said_earlier(draft: Draft, at: int) -> ColumnRef | None:
    """`who joined in 2024 compared with 2025`: the verb holds on until something else is spoken of."""
    for item in reversed(draft.items[:at]):
        if item.dated is not None:
            return item.dated
        if draft.as_table(item) is not None or (item.kind == "value" and item.text.lower().endswith("ed")):
            return None
    return None


def _words_before(draft: Draft, at: int) -> Iterator[Item]:
    """What stands right before a position, the nearest first, up to the first that is no filling word."""
    for item in reversed(draft.items[:at]):
        yield item
        if not item.is_cue("fill"):
            return


def _called(draft: Draft, item: Item) -> ColumnRef | None:
    """The one date of the tables in play, the first that has one, whose name has the word."""
    for table in _in_play(draft):
        said = {stem(w) for w in name_words(item.text) if w not in name_words(table.name)} - SMALL
        found = [c for c in draft.schema.dates(table) if said & {stem(w) for w in name_words(c.column)}]
        # A date may be called after the verb for short: `compl_ts` of what was completed.
        verb = item.text.lower().split()[-1]
        short = date_of_verb(draft.schema, table, verb) if not found and is_done(verb) else None
        if len(found) == 1 or short is not None:
            return short or found[0]
    return None


def _in_play(draft: Draft) -> list[TableRef]:
    return list(dict.fromkeys((*main_tables(draft), *draft.mentioned())))


def main_tables(draft: Draft) -> list[TableRef]:
    """The tables whose rows a question counts, adds up or lists, the first one first."""
    ordered = draft.order.target if draft.order is not None else None
    computed = [t.table for t in (*draft.targets, ordered) if t is not None and t.aggregate is not None]
    computed += [draft.order.linked] if draft.order is not None and draft.order.linked is not None else []
    if not computed and not draft.focus_named:
        computed = [c.table for item in draft.items if (c := _amount(draft, item)) is not None]
    focus = [draft.focus] if draft.focus is not None else []
    return list(dict.fromkeys(computed or focus))


def _amount(draft: Draft, item: Item) -> ColumnRef | None:
    """The amount that a name means before anything is computed."""
    if item.kind != "name" or draft.as_table(item) is not None:
        return None
    known = [item.resolved] if item.resolved is not None else [k.ref for k in item.links if not k.is_table]
    return known[0] if known and is_additive(draft, known[0]) else None


def period_table_date(draft: Draft, at: int) -> ColumnRef | None:
    """The date of what is computed or listed, or of rows that it is asked to have.

    Raises:
        NotRead: A verb before the period says that something else happened then.
    """
    words, mains = draft.items[at].text, main_tables(draft)
    chosen = draft.chosen(words)
    if chosen:
        dates = (d for t in dict.fromkeys((*mains, *draft.mentioned())) for d in draft.schema.dates(t))
        return next((d for d in dates if str(d) == chosen), None)
    told = _of_doer(draft, at, mains)
    if told is not None:
        return told
    nearest = [t for item in reversed(draft.items[:at]) if (t := _table_of(draft, item)) is not None]
    above = list(dict.fromkeys(t for t in nearest if _is_above(draft, t, mains)))
    for table in dict.fromkeys((*nearest, *mains, *draft.mentioned())):
        if _is_above(draft, table, mains):
            continue
        column = main_date(draft, table, words)
        if column is not None:
            _refuse_another_event(draft, at, column)
            _tell(draft, at, column, above)
            return column
        own = table in (*mains, *nearest[:1])
        if has_rival_dates(draft, table) or (own and draft.schema.dates(table)):
            return None
    return _of_parent(draft, at, above)


def _of_doer(draft: Draft, at: int, mains: list[TableRef]) -> ColumnRef | None:
    """`orders of customers registered in 2026`: the verb is said of the customers, or else of their orders.

    Raises:
        NotRead: Either may have happened then, or neither.
    """
    verb = next(
        (i for i in range(at - 1, -1, -1) if not draft.items[i].is_cue("fill") or _tells(draft, i)), None
    )
    before = draft.before(verb) if verb is not None and _tells(draft, verb) else None
    noun = draft.as_table(draft.items[before]) if before is not None else None
    if verb is None or before is None or noun is None or not _is_above(draft, noun, mains):
        return None
    if is_doer(draft, before):
        return None
    words = draft.items[at].text
    dates = [d for t in (mains[0], noun) if (d := main_date(draft, t, words)) is not None]
    found = [d for d in dates if may_be_of(draft.items[verb].text, d)]
    if len(found) > 1:
        said = f"{draft.items[verb].text} {words}"
        options = tuple(map(str, found))
        raise NotRead(f"`{said}` could be about {' or '.join(options)}.", (words,), options)
    if not found:
        raise refuse_period(draft, words)
    _assume_time(draft, found[0], "name another date")
    return found[0]


def _tells(draft: Draft, at: int) -> bool:
    """Whether a word says that something happened, and nothing else."""
    item = draft.items[at]
    return (item.is_cue("fill") or item.role.startswith(EVENT_OF)) and tells(item.text)


def _of_parent(draft: Draft, at: int, above: list[TableRef]) -> ColumnRef | None:
    """The date of what the rows belong to, where they have none of their own.

    That date is theirs where it is that of an event (`order_date` of an order), or where the period stands
    right behind the noun. When somebody signed up says nothing about the time of what belongs to them.
    """
    for table in above:
        column = main_date(draft, table, draft.items[at].text)
        if column is not None and (is_own_event(column) or _stands_behind(draft, at, table)):
            _refuse_another_event(draft, at, column)
            _assume_time(draft, column, "name another date")
            return column
        if column is not None or has_rival_dates(draft, table):
            return None
    return None


def _stands_behind(draft: Draft, at: int, table: TableRef) -> bool:
    """`rooms of hotels in 2024`, but not `rooms by hotel in 2024`."""
    before = draft.before(at)
    if before is None or draft.as_table(draft.items[before]) != table:
        return False
    earlier = draft.before(before)
    return earlier is None or not draft.items[earlier].is_cue("group", "each")


def _is_above(draft: Draft, table: TableRef, mains: list[TableRef]) -> bool:
    """Whether rows of the main tables belong to one row of the table each: customers, of their orders."""
    return table not in mains and any(draft.schema.paths(m, table, many=False) for m in mains[:1])


def _table_of(draft: Draft, item: Item) -> TableRef | None:
    if item.kind == "name":
        return draft.as_table(item) or (item.resolved.table if item.resolved else None)
    return None


def _tell(draft: Draft, at: int, column: ColumnRef, above: list[TableRef]) -> None:
    """Say which date was taken where another may be meant, or where what a word says has no date."""
    before = draft.before(at)
    word = draft.items[before] if before is not None else None
    if word is not None and word.kind == "value" and word.text.lower().endswith("ed"):
        return _assume_time(draft, column, f"when they were {word.text.lower()} is not known", again=True)
    others = [d for t in above if t != column.table for d in draft.schema.dates(t) if not is_state(d)]
    if others:
        return _assume_time(draft, column, f"name another date: {' or '.join(map(str, others[:3]))}")
    listed = all(t.aggregate in (None, "count") for t in draft.targets)
    own = column.table in main_tables(draft) and draft.schema.is_temporal(column)
    return (
        _assume_time(draft, column, "name another date")
        if listed and own and not is_own_event(column)
        else None
    )


def _assume_time(draft: Draft, column: ColumnRef, alternative: str, again: bool = False) -> None:
    text = f"Time is taken from {column}."
    if again or not any(text == told for told, _ in draft.assumptions):
        draft.assume(text, alternative)


def _refuse_another_event(draft: Draft, at: int, column: ColumnRef) -> None:
    """`registered in 2024` is not about a birth, though no other date is known."""
    for item in _words_before(draft, at):
        if item.is_cue("fill") and tells(item.text) and not may_be_of(item.text, column):
            raise refuse_period(draft, draft.items[at].text)
