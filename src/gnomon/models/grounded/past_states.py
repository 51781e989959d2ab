"""States that rows have passed: a closed ticket has been resolved, though its status says `closed` alone.

`tickets that were not resolved` are those without a date of it, where there is one. Where only a status
tells, and some rows have a state that comes after the denied one, nobody can tell which are meant.
"""

from collections.abc import Iterator

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.context import ValueMatch
from gnomon.models.grounded.blanks import has_gaps
from gnomon.models.grounded.composer.outcomes import OUTCOME, UNDONE
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.event_dates import TIME, date_of_verb
from gnomon.models.grounded.flags import restrict_happened
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.words import name_words, stem

STAGES = tuple(
    frozenset(stem(w) for w in line.split())
    for line in (
        "created opened submitted requested placed booked reserved scheduled planned ordered registered",
        "assigned accepted approved confirmed reviewed verified signed processed packed picked started",
        "invoiced issued sent shipped dispatched",
        "delivered received resolved solved fixed completed fulfilled finished done paid settled attended",
        "closed archived refunded returned",
    )
)
"""What is done to something, in the order in which it is done."""

LAST = 3
"""The first of the stages that may have passed anything else that is done to rows."""

ASIDE = UNDONE | frozenset(
    stem(w)
    for w in (
        *("suspended", "paused", "blocked", "locked", "disabled", "terminated", "churned", "retired"),
        *("ended", "lost", "deleted", "left"),
    )
)
"""States that nothing has to pass on its way to another."""


def deny_by_date(draft: Draft, at: int, match: ValueMatch) -> bool:
    """Take `not resolved` for a missing date of it, where there is one.

    Returns:
        Whether there is.

    Raises:
        NotRead: Only a status tells, and some of its states come later.
    """
    word, column = draft.items[at].text, match.column
    if not is_done(word.lower()) or not _tells_state(column):
        return False
    found = _date_called(draft.schema, column.table, word.lower())
    if found is not None and has_gaps(draft.schema, found):
        other = f"or {column} other than '{match.value}'"
        restrict_happened(draft, at, found, negated=True, alternative=other)
        draft.items[at].resolved = found
        return True
    for value in _later(draft.schema, column, word):
        reason = f"Rows whose {column} is '{value}' may have been `{word}` before: I cannot tell whether they"
        raise NotRead(f"{reason} are meant.", (word,), final=True)
    return False


def doubted_denials(reading: Reading, draft: Draft) -> Iterator[str]:
    """`not resolved`, of a reading that takes rows whose later state says nothing of it."""
    said = {item.text.lower() for item in draft.items if is_done(item.text.lower())}
    for condition in (*reading.conditions, *reading.either):
        denied = condition.operator in ("<>", "not in") and _tells_state(condition.column)
        told = denied and condition.words.lower() in said
        if told and any(_later(draft.schema, condition.column, condition.words)):
            yield condition.words


def _date_called(schema: Schema, table: TableRef, word: str) -> ColumnRef | None:
    """The date that a verb tells, or that is called by its very form: `sent_on`."""
    called = ((d, name_words(d.column)) for d in schema.dates(table))
    same = [d for d, words in called if words[0] == word and set(words[1:]) <= TIME]
    return date_of_verb(schema, table, word) or (same[0] if len(same) == 1 else None)


def _tells_state(column: ColumnRef) -> bool:
    return bool({stem(w) for w in name_words(column.column)} & OUTCOME)


def _later(schema: Schema, column: ColumnRef, word: str) -> Iterator[str]:
    """The stored states that come after what a word says was done."""
    said = {stem(w) for w in name_words(word)}
    stage = _stage(word) if _stage(word) is not None or said & ASIDE else LAST - 1
    profile = schema.column(column).profile
    values = [value for value, _ in profile.top] if profile is not None and stage is not None else []
    for value in values:
        other = _stage(value)
        if stage is not None and other is not None and other > stage:
            yield value


def _stage(word: str) -> int | None:
    said = {stem(w) for w in name_words(word)}
    return next((at for at, stems in enumerate(STAGES) if stems & said), None)
