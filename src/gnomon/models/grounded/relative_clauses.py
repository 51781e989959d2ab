"""Of which noun a relative clause is said: `accounts with a subscription that is active`.

It is said of the nearest noun before it that agrees with its verb in number: `that is` of one subscription,
`that are` of the accounts. A value that two tables hold is then that of the noun's own rows.
"""

from collections.abc import Iterator, Sequence

from gnomon.domain.catalog import TableRef
from gnomon.domain.context import ValueMatch
from gnomon.models.grounded.amounts import is_one
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.reading import Reading

RELATIVE = frozenset({"that", "which", "who"})
SINGULAR = frozenset({"is", "was"})
PLURAL = frozenset({"are", "were"})
CHAINED = ("and", "or", "not")
"""What may stand between the clause's verb and a value: `that is urgent and not open`."""


def noun_of_clause(draft: Draft, at: int) -> TableRef | None:
    """The noun that the relative clause is about in which a value stands; None where there is no clause."""
    for position in range(at - 1, 0, -1):
        item = draft.items[position]
        words = item.text.lower().split()
        if len(words) > 1 and words[0] in RELATIVE and words[1] in SINGULAR | PLURAL:
            return _agreeing(draft, position, several=words[1] in PLURAL)
        if not item.is_cue("fill", *CHAINED) and not item.values:
            return None
    return None


def _agreeing(draft: Draft, end: int, *, several: bool) -> TableRef | None:
    """The nearest noun before a position that is in the right number; the nearest at all where none is."""
    nouns = [(item, t) for item in reversed(draft.items[:end]) if (t := draft.as_table(item)) is not None]
    fitting = (t for item, t in nouns if is_one(item.text) != several)
    return next(fitting, nouns[0][1] if nouns else None)


def own_of_clause(draft: Draft, at: int, known: Sequence[ValueMatch]) -> list[ValueMatch]:
    """The values that rows of the clause's noun hold themselves; none where it says nothing of them."""
    noun = noun_of_clause(draft, at)
    return [v for v in known if v.column.table == noun]


def doubted_clauses(reading: Reading, draft: Draft) -> Iterator[str]:
    """`a subscription that is active`, of a reading about accounts that are active."""
    for at, item in enumerate(draft.items):
        own = own_of_clause(draft, at, item.values) if item.values and not draft.chosen(item.text) else []
        tables = {v.column.table for v in own}
        said = [c for c in (*reading.conditions, *reading.either) if c.words == item.text]
        # The same word may be said of something else before: `active clients with a job that is active`.
        if tables and said and not any(c.column.table in tables for c in said):
            yield item.text
