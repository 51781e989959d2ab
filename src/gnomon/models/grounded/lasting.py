"""What lasts from one date of a row to another: `shows open today` have opened before and close later."""

from datetime import date, timedelta

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.blanks import has_gaps
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.flags import is_participle
from gnomon.models.grounded.linking import Lexicon
from gnomon.models.grounded.periods import Period
from gnomon.models.grounded.reading import Condition, NotRead
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item, tag
from gnomon.models.grounded.verbs import is_time
from gnomon.models.grounded.words import name_words, stem

STATES = frozenset({"open", "open on", "open at"})
"""The word that says what lasts; its verb is spelled alike: `did 3 shops open in 2025`."""

BEING = frozenset({"is", "are", "was", "were", "be", "been"})
DOING = frozenset({"did", "do", "does", "will", "to", "would"})
BEGINS = frozenset({stem("open"), stem("opening")})
ENDS = frozenset(map(stem, ("close", "closed", "closing", "end", "ends", "ended", "ending")))
DAY = timedelta(days=1)


def part_verbs(items: list[Item], lexicon: Lexicon, today: date) -> None:
    """Part `shops opened on 3 May` into the shops and the verb, though a date of theirs is called that."""
    for at in range(len(items) - 2, -1, -1):
        words = items[at].text.split()
        verb = len(words) > 2 and words[-1].lower() in ("on", "at") and _is_verb(words[-2].lower())
        if not verb or items[at].kind != "name" or items[at + 1].kind != "period":
            continue
        noun = tag(" ".join(words[:-2]), lexicon, (), today)
        named = [link.table for link in noun[-1].links[:1] if link.is_table]
        if named and named == [link.table for link in items[at].links[:1] if not link.is_table]:
            items[at : at + 1] = [*noun, *tag(" ".join(words[-2:]), lexicon, (), today)]


def _is_verb(word: str) -> bool:
    return word in STATES or is_participle(word)


def read_lasting(draft: Draft) -> None:
    """Read `open` before a day as what has begun by then and has not ended before.

    Raises:
        NotRead: It is asked of more than a day, or of rows of which no two dates say it.
    """
    for at, item in enumerate(draft.items):
        following = draft.after(at)
        state = item.text.lower() in STATES and not item.role
        if not state or following is None or not is_time(draft.items[following]):
            continue
        noun = _noun_before(draft, at)
        bounds = _bounds(draft.schema, noun) if noun is not None else None
        if not _is_said_to_be(draft, at) and (bounds is None or _is_done(draft, at)):
            continue
        _restrict(draft, at, following, bounds if noun == draft.focus else None)


def _noun_before(draft: Draft, at: int) -> TableRef | None:
    return next((t for i in reversed(draft.items[:at]) if (t := draft.as_table(i)) is not None), None)


def _is_said_to_be(draft: Draft, at: int) -> bool:
    """`are open`, `were they open`: a state, and not what happened."""
    words = [w for i in draft.items[:at] if i.is_cue("fill", "not", "yes_no") for w in i.text.lower().split()]
    return bool(BEING & set(words))


def _is_done(draft: Draft, at: int) -> bool:
    return any(DOING & set(item.text.lower().split()) for item in draft.items[:at])


def _bounds(schema: Schema, table: TableRef) -> tuple[ColumnRef, ColumnRef] | None:
    """The one date on which rows of the table open, and the one on which they close."""
    said = [(d, {stem(w) for w in name_words(d.column)}) for d in schema.dates(table)]
    begins, ends = ([d for d, words in said if words & wanted] for wanted in (BEGINS, ENDS))
    return (begins[0], ends[0]) if len(begins) == len(ends) == 1 and begins != ends else None


def _restrict(draft: Draft, at: int, time: int, bounds: tuple[ColumnRef, ColumnRef] | None) -> None:
    words, period = f"{draft.items[at].text} {draft.items[time].text}", draft.items[time].period
    before = draft.before(at)
    denied = before is not None and draft.items[before].is_cue("not", "without", "or")
    told = any(v.column.table == draft.focus for v in draft.items[at].values)
    refused = denied or told or bool(draft.either)
    if bounds is None or period is None or refused or not _is_day(period):
        reason = f"I cannot tell which rows are `{words}`; say `opened`, or name a column."
        raise NotRead(reason, (words,), final=True)
    _restrict_to(draft, bounds, period, words)
    draft.take(at, f"between {bounds[0]} and {bounds[1]}")
    draft.take(time, f"within {bounds[0]} and {bounds[1]}")


def _restrict_to(draft: Draft, bounds: tuple[ColumnRef, ColumnRef], day: Period, words: str) -> None:
    """Take rows that have begun at the end of the day, and have not ended at its start."""
    begin, end = bounds
    assert day.start is not None
    assert day.end is not None
    later = Condition(end, ">=", (day.start,), f"{day.start} or later")
    draft.conditions.append(Condition(begin, "<", (day.end,), f"{day.start} or earlier"))
    missing = has_gaps(draft.schema, end)
    if missing:
        draft.either += [later, Condition(end, "null", (), words)]
    else:
        draft.conditions.append(later)
    until = f"{end} being that day or later" + (", or missing" if missing else "")
    draft.assume(f"`{words}` is read as {begin} being that day or earlier and {until}.", "name a date")


def _is_day(period: Period) -> bool:
    return period.start is not None and period.end == period.start + DAY and not period.ends
