"""What is said of rows that only other rows say: `active brokers`, where policies are active.

And words that say which rows count, where nothing of the question says how: `available units`.
"""

from collections.abc import Iterator, Sequence

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.joins import tables_needed
from gnomon.models.grounded.reading import Condition, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.stored_words import (
    JOINING,
    OURS,
    Small,
    describes,
    hangs,
    is_last,
    of_behind,
)
from gnomon.models.grounded.words import ADDITIVE, lemma, name_words, stem

BEING = frozenset({"available", "available in", "existing"})
STANDING = frozenset({"received", "placed", "registered", "listed"})
"""The same right before a noun, and nowhere else."""

COMPANY = "company"
STATUSES = frozenset(stem(w) for w in ("status", "availability", "lifecycle"))
ENDS = frozenset(
    stem(w)
    for line in (
        "active inactive current deleted delete archived archive discontinued discontinue enabled disabled",
        "cancelled closed close retired retire expired expiry expires terminated termination ended end left",
        "vacant occupied sold dissolved removed withdrawn suspended obsolete stock available deceased",
    )
    for w in line.split()
)
"""In the names of columns that say of rows whether they still count."""

SAID_OF = frozenset({"is", "are", "was", "were", "be", "been", "not", "never"})
LEADING_VALUES = frozenset({"out", "company", *(b for b in BEING if " " not in b)})
"""Small words of a value that is right before its noun, and never verbs or prepositions."""

PAYING = frozenset({"pay", "paid", "owe", "owed", "give", "gave", "spend", "spent"})
ASKED = ("did", "do", "have", "had", "was", "were")


def doubted_states(reading: Reading, draft: Draft) -> Iterator[str]:
    """`failed claims` of claims whose payments failed: a state right before one noun, of many other rows."""
    named = {t for item in draft.items if (t := draft.as_table(item)) is not None}
    for condition in (c for c in (*reading.conditions, *reading.either) if c.operator in ("=", "in")):
        noun = _subject(draft, condition)
        table = condition.column.table
        if noun is None or table == noun or table in named or _names_rows(draft.schema, condition.column):
            continue
        if not draft.schema.paths(noun, table, many=False):
            yield condition.words


def _subject(draft: Draft, condition: Condition) -> TableRef | None:
    """The noun right behind a state, or the one that a verb says it of: `claims that have failed`."""
    at = next((i for i, item in enumerate(draft.items) if item.text == condition.words), None)
    if at is None:
        return None
    behind = draft.items[at + 1 : at + 2]
    noun = draft.as_table(behind[0]) if behind else None
    said = at > 0 and draft.items[at - 1].is_cue("fill", "not", "without") and condition.words.islower()
    if noun is not None or not said or draft.items[at - 1].text.lower().split()[-1] not in SAID_OF:
        return noun
    before = next((i for i in reversed(draft.items[:at]) if i.kind == "name"), None)
    return draft.as_table(before) if before is not None else None


def _names_rows(schema: Schema, column: ColumnRef) -> bool:
    """`action movies`, of genres that are called so: what rows are tied to, and no state of it."""
    table = column.table
    own = set(name_words(column.column)) <= set(name_words(table.name))
    return own or column.column in (*schema.label(table), *schema.key(table))


def doubted_words(reading: Reading, draft: Draft, stored: Sequence[Small]) -> Iterator[str]:
    """Small words that are values of its rows too and that a reading passes over: `movements out`.

    Args:
        stored: The small words that are values anywhere.
    """
    used = {*tables_needed(reading), *(k.table for k in reading.linked)}
    conditions = (*reading.conditions, *reading.either)
    compared = {(c.column, str(v).casefold()) for c in conditions for v in c.values}
    for at, item, matches in stored:
        columns = {v.column for v in matches if (v.column, v.value.casefold()) not in compared}
        near = {c for c in columns if c.table in used}
        word, apart = item.text.lower(), hangs(draft.items, at)
        leads = bool(of_behind(draft.items, at, matches)) and (at == 0 or word in LEADING_VALUES)
        if (near and (apart or leads or word == "out")) or (columns and is_last(draft.items, at)):
            yield item.text


def doubted_being(draft: Draft) -> Iterator[str]:
    """`available` and `existing`, of rows of which a column says whether they still count."""
    for at, item in enumerate(draft.items):
        word = item.text.lower() if item.kind == "cue" else ""
        behind = draft.as_table(draft.items[at + 1]) if at + 1 < len(draft.items) else None
        if (
            word == COMPANY
            and behind is not None
            and (at == 0 or draft.items[at - 1].text.lower() not in OURS)
        ):
            yield from (item.text for c in _columns(draft, behind) if COMPANY in name_words(c))
        if word in BEING or (word in STANDING and behind is not None and describes(draft.items, at)):
            noun = _noun_of(draft, at)
            if noun is not None and any(map(_tells, _columns(draft, noun))):
                yield item.text


def doubted_payees(reading: Reading, draft: Draft) -> Iterator[str]:
    """`How much did we pay teachers`, of a reading that adds up what pupils paid for their lessons.

    Rows of what we pay somebody refer to whoever gets it.
    """
    measured = {t.table for t in reading.targets if t.aggregate not in (None, "count")}
    for at, item in enumerate(draft.items):
        before = draft.items[at - 1].text.lower().split() if at else []
        if item.text.lower().split()[0] not in PAYING or before[-1:] != ["we"]:
            continue
        behind = next((i for i in draft.items[at + 1 :] if not i.is_cue("fill")), None)
        payee = draft.as_table(behind) if behind is not None else None
        if payee is None or payee in measured:
            continue
        ways = [way for table in measured for way in draft.schema.paths(table, payee, many=False)]
        if not any(len(way) == 1 for way in ways):
            yield item.text


def doubted_sums(reading: Reading, draft: Draft) -> Iterator[str]:
    """`members of Linz plus members of Graz`, `orders and refunds`: some of each kind, and none of both."""
    compared = {c.words for c in reading.conditions}
    for before, item, after in zip(draft.items, draft.items[1:], draft.items[2:], strict=False):
        if item.is_cue("and") and draft.as_table(before) is not None and after.text in compared:
            yield from [after.text] if after.kind == "value" and after.text.islower() else []
    for at, item in enumerate(draft.items):
        behind = draft.as_table(draft.items[at + 1]) if at + 1 < len(draft.items) else None
        joined = item.is_cue("and") and item.text.lower() == JOINING and behind is not None
        if joined and behind in [draft.as_table(i) for i in draft.items[:at]]:
            yield item.text


def _columns(draft: Draft, table: TableRef) -> list[str]:
    return [column.name for column in draft.schema.card(table).columns]


def _noun_of(draft: Draft, at: int) -> TableRef | None:
    """The table that the word is said of; none where kinds are, which a column names."""
    behind = draft.items[at + 1 :] if " " not in draft.items[at].text else []
    led = next((i for i in behind if not i.is_cue("fill") and i.kind != "value"), None)
    if led is not None and led.kind == "name":
        return draft.as_table(led)
    before = next((i for i in reversed(draft.items[:at]) if i.kind == "name"), None)
    return draft.as_table(before) if before is not None else None


def _tells(column: str) -> bool:
    words = {stem(w) for w in name_words(column)}
    return bool(words & (STATUSES | ENDS))


def doubted_amounts(reading: Reading, draft: Draft) -> Iterator[str]:
    """`What fees did we pay`, of a reading that lists the fee of each row: all that was paid may be meant."""
    shown = [t.ref for t in reading.targets if t.aggregate is None]
    if len(draft.items) < 3 or draft.items[0].text.lower() != "what" or len(reading.targets) != 1:
        return
    item, asked = draft.items[1], draft.items[2]
    words = item.text.lower().split()
    plural = item.kind == "name" and lemma(words[-1]) != words[-1]
    if not plural or asked.text.lower().split()[0] not in ASKED or not shown or shown[0] is None:
        return
    if draft.schema.is_numeric(shown[0]) and _adds_up(shown[0], words):
        yield item.text


def _adds_up(column: ColumnRef, words: Sequence[str]) -> bool:
    named = set(name_words(column.column)) & {lemma(w) for w in words}
    return bool(named & ADDITIVE)
