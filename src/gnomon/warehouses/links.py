"""Which key a column could refer to, judged by names and types alone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gnomon.domain.catalog import Column, TableSchema, TypeKind
from gnomon.warehouses.naming import (
    COUNTING_WORDS,
    SURROGATE_WORDS,
    Words,
    is_generic,
    is_plural,
    table_words,
    without_id,
    words,
)
from gnomon.warehouses.short_names import the_one_short_for

_MOST_CANDIDATES = 4
_FEW = 8
_FAMILIES: dict[TypeKind, str] = {"integer": "number", "decimal": "number", "text": "text", "other": "other"}


@dataclass(frozen=True, slots=True)
class Parent:
    """A single-column key that columns of other tables may refer to.

    Args:
        owner: The words of its table.
        name: The words of its column.
    """

    table: TableSchema
    column: Column
    owner: Words
    name: Words
    primary: bool

    @property
    def owns_name(self) -> bool:
        """Whether the column is called as its table: `customers.customer_id`, `customers.id`."""
        return without_id(self.name) in ((), self.owner)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A key that a column may refer to.

    Args:
        strong: True if the names leave little doubt.
        short: True if the column has but a short form of its table's name: `crs_id` of `courses`.
    """

    parent: Parent
    strong: bool
    short: bool = False


class Parents:
    """Keys by the names that would refer to them, so that a column finds its few candidates at once."""

    def __init__(self, tables: Iterable[TableSchema]) -> None:
        self._by_name: dict[Words, list[Parent]] = defaultdict(list)
        self._by_owner: dict[Words, list[Parent]] = defaultdict(list)
        self._by_last_word: dict[str, list[Parent]] = defaultdict(list)
        tables = list(tables)
        self._known = {word for table in tables for word in table_words(table.ref.name)}
        self._apart: dict[str, Words] = {}
        self._proposed_of: dict[str, tuple[tuple[Parent, bool], ...]] = {}
        self._nouns: dict[str, list[Parent]] = defaultdict(list)
        for parent in (p for table in tables for p in self._of(table)):
            self._by_name[parent.name].append(parent)
            if parent.owns_name:
                self._by_owner[parent.owner].append(parent)
                self._by_last_word[parent.owner[-1]].append(parent)
                if len(parent.owner) == 1 and not parent.table.is_view:
                    self._nouns[parent.owner[0]].append(parent)

    def __bool__(self) -> bool:
        """Whether there is any key to refer to."""
        return bool(self._by_name)

    def candidates(self, child: TableSchema, column: Column) -> list[Candidate]:
        """At most four keys the column may refer to, the likeliest first."""
        name = self._words(column.name)
        if is_generic(name):
            return self._of_its_kind(child, column, name)
        if _is_own_key(child, column, name):
            return []
        found: dict[int, Candidate] = {}
        numbers_own = _numbers_own_rows(child, name)
        for parent, strong in self._known_proposed(column.name, name):
            itself = parent.table.ref == child.ref and (parent.column.name == column.name or numbers_own)
            doubted = numbers_own and parent.name != name
            if not itself and not doubted and _compatible(parent.column, column):
                found.setdefault(id(parent), Candidate(parent, strong))
        for parent in self._short_for(child, name):
            if _compatible(parent.column, column):
                found.setdefault(id(parent), Candidate(parent, strong=False, short=True))
        return sorted(found.values(), key=lambda c: _rank(c, child, name))[:_MOST_CANDIDATES]

    def _of_its_kind(self, child: TableSchema, column: Column, name: Words) -> list[Candidate]:
        """A `type_code` of `vans` is that of `van_types`, or of the one table of types with a key so called.

        The name tells what kind of thing it is the code of, and nothing of whose: small numbers would be
        found among those of any kind.
        """
        kind = without_id(name)
        if not kind or kind == name or any(key.columns == (column.name,) for key in child.keys):
            return []
        found = [p for p in self._by_name.get(name, ()) if p.owner[-1:] == kind[-1:]]
        found = [p for p in found if p.table.ref != child.ref and _compatible(p.column, column)]
        own = [p for p in found if p.owner[: -len(kind)] == table_words(child.ref.name)]
        chosen = own or (found if column.kind == "text" else [])
        return [Candidate(chosen[0], strong=bool(own))] if len(chosen) == 1 else []

    def _short_for(self, child: TableSchema, name: Words) -> Sequence[Parent]:
        """Keys of the other tables whose one noun the last word before `id` is short for."""
        if len(name) < 2 or name[-1] not in SURROGATE_WORDS or name[-2] in self._known:
            return ()
        noun = the_one_short_for(name[-2], self._nouns)
        own = table_words(child.ref.name)
        return self._nouns[noun] if noun is not None and own != (noun,) else ()

    def _of(self, table: TableSchema) -> Iterable[Parent]:
        owner = table_words(table.ref.name) or (table.ref.name,)
        for key in table.keys:
            column = table.column(key.columns[0])
            if len(key.columns) == 1 and column is not None:
                yield Parent(table, column, owner, self._words(column.name), key.primary)

    def _words(self, name: str) -> Words:
        """The words of a column's name. Kept: tables of a warehouse share most names."""
        found = self._apart.get(name)
        if found is None:
            found = self._apart[name] = words(name, self._known)
        return found

    def _known_proposed(self, column: str, name: Words) -> Sequence[tuple[Parent, bool]]:
        """What `_proposed` says of a column's name, kept where it is little: most names refer to no key."""
        found = self._proposed_of.get(column)
        if found is None:
            found = tuple(self._proposed(name, plural=is_plural(column)))
            if len(found) <= _FEW:
                self._proposed_of[column] = found
        return found

    def _proposed(self, name: Words, *, plural: bool) -> Iterable[tuple[Parent, bool]]:
        """Keys by name, each with whether it is strong.

        Without an identifier's word at its end, a name must be a table's to the letter, and not a plural:
        `orders` in a table of customers counts them, and so does `number_of_orders`.
        """
        stem = without_id(name)
        marked = stem != name
        yield from ((parent, True) for parent in self._by_name.get(name, ()))
        if marked or not plural:
            yield from ((parent, marked) for parent in self._by_owner.get(stem, ()))
        for start in range(1, len(stem) if marked else 0):
            yield from ((parent, False) for parent in self._by_owner.get(stem[start:], ()))
        for start in range(1, len(name) - 1 if marked else 0):
            if not is_generic(name[start:]):
                yield from ((parent, False) for parent in self._by_name.get(name[start:], ()))
        if marked and stem:
            yield from ((parent, False) for parent in self._by_last_word.get(stem[-1], ()))


def _compatible(one: Column, other: Column) -> bool:
    family = _FAMILIES.get(one.kind)
    return family is not None and family == _FAMILIES.get(other.kind)


def _is_own_key(child: TableSchema, column: Column, name: Words) -> bool:
    """Whether the column names its own table's rows, so that it refers to nothing."""
    owner = table_words(child.ref.name)
    return without_id(name) == owner and any(key.columns == (column.name,) for key in child.keys)


def _numbers_own_rows(child: TableSchema, name: Words) -> bool:
    """`attempt_no` of `quiz_attempts` counts them from one on, and is the number of nothing else."""
    stem, owner = without_id(name), table_words(child.ref.name)
    return name[-1] in COUNTING_WORDS and bool(stem) and owner[-len(stem) :] == stem


def _rank(
    candidate: Candidate, child: TableSchema, name: Words
) -> tuple[int, bool, bool, bool, bool, int, str]:
    parent = candidate.parent
    return (
        _doubt(candidate),
        parent.owner != without_id(name),
        parent.table.is_view,
        parent.table.ref.schema != child.ref.schema,
        not parent.primary,
        -(parent.table.row_count or 0),
        str(parent.table.ref),
    )


def _doubt(candidate: Candidate) -> int:
    """How little the names say. A view has its keys from tables: what is short for one goes first."""
    if candidate.strong:
        return 2 if candidate.parent.table.is_view else 0
    return 1 if candidate.short else 3
