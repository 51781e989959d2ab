"""Which key a column could refer to, judged by names and types alone."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gnomon.domain.catalog import Column, TableSchema, TypeKind
from gnomon.warehouses.naming import Words, is_generic, is_plural, table_words, without_id, words

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
    """A key that a column may refer to. `strong` if the names leave little doubt."""

    parent: Parent
    strong: bool


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
        for parent in (p for table in tables for p in self._of(table)):
            self._by_name[parent.name].append(parent)
            if parent.owns_name:
                self._by_owner[parent.owner].append(parent)
                self._by_last_word[parent.owner[-1]].append(parent)

    def __bool__(self) -> bool:
        """Whether there is any key to refer to."""
        return bool(self._by_name)

    def candidates(self, child: TableSchema, column: Column) -> list[Candidate]:
        """At most four keys the column may refer to, the likeliest first."""
        name = self._words(column.name)
        if is_generic(name) or _is_own_key(child, column, name):
            return []
        found: dict[int, Candidate] = {}
        for parent, strong in self._known_proposed(column.name, name):
            itself = parent.table.ref == child.ref and parent.column.name == column.name
            if not itself and _compatible(parent.column, column):
                found.setdefault(id(parent), Candidate(parent, strong))
        return sorted(found.values(), key=lambda c: _rank(c, child, name))[:_MOST_CANDIDATES]

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


def _rank(
    candidate: Candidate, child: TableSchema, name: Words
) -> tuple[bool, bool, bool, bool, bool, int, str]:
    parent = candidate.parent
    return (
        not candidate.strong,
        parent.owner != without_id(name),
        parent.table.is_view,
        parent.table.ref.schema != child.ref.schema,
        not parent.primary,
        -(parent.table.row_count or 0),
        str(parent.table.ref),
    )
