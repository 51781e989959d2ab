"""Of several dates of a table, the one that its rows are of: `opened_at` of tickets, `issued_on` of invoices.

What only comes after it, or is planned, is no rival of it: the tickets of this month came this month,
whenever they are resolved. Where a word tells of anything else (`paid invoices in May`), none is taken.
"""

from collections.abc import Sequence

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.blanks import has_gaps
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.happening import DEEDS, is_of_noun
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.words import name_words, root, stem


def _stems(words: str) -> frozenset[str]:
    return frozenset(map(stem, words.split()))


OPENING = _stems("created opened issued ordered placed requested submitted filed reported raised logged")
"""In the name of a date, these say that its row came about."""

LATER = _stems("resolved completed paid solved fixed settled answered finished responded shipped delivered")
"""What comes of a row after it came about."""

PLANNED = _stems("due expected planned estimated promised required next deadline eta")
"""In the name of a date by which something should happen."""

ENDING = _stems("closed cancelled")
CASES = _stems("ticket case issue incident complaint claim request inquiry alert task order")
"""Rows that happen: those of other tables last from when they are opened until they are closed."""

BEHIND_TIME = frozenset({"overdue", "due", "late", "outstanding", "delayed"})
PREPOSITIONS = frozenset({"in", "on", "at", "by", "since", "out", "were", "was", "are", "been"})


def opening_date(draft: Draft, table: TableRef) -> ColumnRef | None:
    """The date of several on which the rows of a table came about; None where any other may be meant."""
    dates = draft.schema.dates(table)
    found = _opening(table, dates) if len(dates) > 1 else None
    if found is None or has_gaps(draft.schema, found):
        return None
    return None if _tells_otherwise(draft, found) else found


def _opening(table: TableRef, dates: Sequence[ColumnRef]) -> ColumnRef | None:
    opening = [d for d in dates if _words(d) & OPENING]
    if len(opening) == 1 and all(_comes_after(d, table) for d in dates if d != opening[0]):
        return opening[0]
    happened = [d for d in dates if not _words(d) & PLANNED]
    return happened[0] if len(happened) == 1 and is_of_noun(happened[0]) else None


def _comes_after(column: ColumnRef, table: TableRef) -> bool:
    ending = ENDING if stem(name_words(table.name)[-1]) in CASES else frozenset()
    return bool(_words(column) & (LATER | PLANNED | ending))


def _words(column: ColumnRef) -> set[str]:
    return {stem(w) for w in name_words(column.column)}


def _tells_otherwise(draft: Draft, column: ColumnRef) -> bool:
    """Whether a state, flag or verb of the question tells of something else than the date does."""
    own = {root(w) for name in (column.column, column.table.name) for w in name_words(name)}
    said = (w.lower() for i in draft.items if not _is_plain(i) for w in i.text.split())
    return any((is_done(w) and root(w) not in own) or w in BEHIND_TIME for w in said)


def _is_plain(item: Item) -> bool:
    return item.kind in ("cue", "period", "number")


def verb_date(draft: Draft, table: TableRef, words: str) -> ColumnRef | None:
    """The one date of a table that the verb right before a period is of: `delivered in May`, `made in May`.

    Args:
        words: The period, or the unit of time that rows are grouped by, as the question says it.
    """
    at = next((i for i, item in enumerate(draft.items) if item.text == words), 0)
    said = [w for w in draft.items[at - 1].text.lower().split() if w not in PREPOSITIONS] if at else []
    if not said or not (is_done(said[-1]) or stem(said[-1]) in DEEDS) or _is_denied(draft, at - 1):
        return None
    return date_of_deed(draft, table, said[-1])


def date_of_deed(draft: Draft, table: TableRef, verb: str) -> ColumnRef | None:
    """The one date of a table that has the root of a verb, or of its own noun where the verb adds nothing."""
    roots = {root(w) for w in name_words(verb)}
    dates = [d for d in draft.schema.dates(table) if not _words(d) & PLANNED]
    if stem(verb) in DEEDS:
        found = [d for d in dates if is_of_noun(d)]
    else:
        found = [d for d in dates if roots & {root(w) for w in name_words(d.column)}]
    return found[0] if len(found) == 1 else None


def _is_denied(draft: Draft, at: int) -> bool:
    before = draft.before(at)
    return before is not None and draft.items[before].is_cue("not", "without", "or")
