"""Of several columns that refer to one table, the one that is called after its key: `plan_id`, `old_plan_id`.

A column that says more than the key's name is meant by whoever says more. Where nobody does, and exactly one
column says nothing but whose key it holds, that one links the tables; the answer says so.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from gnomon.domain.catalog import ColumnRef, Join, TableRef
from gnomon.models.grounded.role_words import told
from gnomon.models.grounded.short_forms import likeness
from gnomon.models.grounded.words import lemma, name_words, root, tokenize

TAILS = frozenset({"id", "key", "fk", "code", "number", "no", "ref", "name"})
"""Last words of a column that refers to a row, behind what that is called."""

DIRECTIONS = frozenset({"from", "to"})
"""Before a name these say of either end of a way that it is meant."""

Implied = Mapping[tuple[TableRef, TableRef], tuple[str, tuple[str, ...]]]
"""By the table that refers and the one referred to: the column that links them, and the others."""


def roots_said(texts: Iterable[str]) -> frozenset[str]:
    """Roots of the words of texts."""
    return frozenset(root(w) for text in texts for w in _words(text))


@lru_cache(maxsize=64)
def _words(text: str) -> tuple[str, ...]:
    return tuple(w for token in tokenize(text) for w in name_words(token.text))


def implied(joins: Iterable[Join], said: frozenset[str], text: str = "") -> Implied:
    """The tables that are linked in several ways of which one goes without saying, or is said.

    Args:
        said: Roots of the words of the question, and of those before that it goes on from.
        text: The question, which may call one of the columns, or tell what its doer does.
    """
    words = tuple(t.lower for t in tokenize(text) if t.kind == "word")
    found = {}
    by_ends: dict[tuple[TableRef, TableRef], list[Join]] = {}
    for join in joins:
        if len(join.child_columns) == 1 and join.child != join.parent:
            by_ends.setdefault((join.child, join.parent), []).append(join)
    for (child, parent), same in by_ends.items():
        if len(same) < 2:
            continue
        called = _told(parent, same, words)
        own = called or _own(parent, same)
        others = sorted(j.child_columns[0] for j in same if j is not own)
        if own is not None and (called or not any(_qualifiers(other, own) & said for other in others)):
            found[child, parent] = (own.child_columns[0], tuple(others))
    return found


def _told(parent: TableRef, joins: Sequence[Join], words: tuple[str, ...]) -> Join | None:
    """The one whose column the question calls (`the origin of`), or whose doer's deed it tells (`sent`).

    Where it says `to` or `from` besides, either end may be meant.
    """
    if DIRECTIONS & {*words}:
        return None
    columns = tuple(sorted(j.child_columns[0] for j in joins))
    called = told(columns, parent.name, joins[0].child.name, words)
    return next((j for j in joins if called == {j.child_columns[0]}), None)


def _own(parent: TableRef, joins: Sequence[Join]) -> Join | None:
    """The one that is called after the key, or after the table, where all others say more; None where not."""
    noun = lemma(parent.name.lower())
    for own in joins:
        words = name_words(own.child_columns[0])
        bare = words[:-1] if len(words) > 1 and words[-1] in TAILS else words
        called = own.child_columns == own.parent_columns or bare in (name_words(noun), name_words(noun)[-1:])
        called = called or (len(bare) == 1 and likeness(bare[0], name_words(noun)[-1]) == "listed")
        if called and all(_says_more(j.child_columns[0], words) for j in joins if j is not own):
            return own
    return None


def _says_more(column: str, words: Sequence[str]) -> bool:
    more = set(name_words(column)) - set(words)
    return (
        set(words) < set(name_words(column))
        and all(len(w) > 1 and w.isalpha() for w in more - TAILS)
        and bool(more - TAILS)
    )


def _qualifiers(column: str, own: Join) -> frozenset[str]:
    more = set(name_words(column)) - set(name_words(own.child_columns[0])) - TAILS
    return frozenset(root(w) for w in more)


def said_links(known: Implied, pairs: Iterable[tuple[TableRef, TableRef]]) -> Iterator[tuple[ColumnRef, str]]:
    """Of each pair of tables that is linked so, the column that links them and what is said of it.

    Args:
        pairs: Tables that are joined, the one that refers first.
    """
    for child, parent in dict.fromkeys(pairs):
        if (child, parent) in known:
            own, others = known[child, parent]
            column = ColumnRef(child, own)
            yield column, f"{child} and {parent} are linked by {column}, not by {' or by '.join(others)}"
