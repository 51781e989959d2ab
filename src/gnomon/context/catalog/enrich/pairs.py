"""Which of the tables that code makes look alike.

Two tables are looked at together if they have most column names in common, or if their rows come from the
same table and they have the same grain or half of their columns in common. A table's look-alikes depend on
these alone, so they are found for each table by itself, and those of a group of siblings by one product of
matrices: a hundred tables made from one have five thousand pairs.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from gnomon.context.catalog.enrich.shapes import Statement

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Shares = npt.NDArray[np.float64]

SAME_NAMES = 0.8
HALF = 0.5
_ALL_PAIRS = 120
"""In a larger group of siblings each table is compared with its neighbours by name only."""
_NEIGHBOURS = 6
_COMMON_COLUMN = 50
_LEAST_COLUMNS = 2
_LEAST_LIKENESS = 0.01

Makers = Mapping[str, Statement]
Names = Mapping[str, frozenset[str]]


def look_alikes(makers: Makers, names: Names) -> Iterator[tuple[str, list[str]]]:
    """Tables that have look-alikes, each with these, the most similar first; equals in the order of names.

    Args:
        makers: The statement that makes a table.
        names: The folded column names of these tables, and of those whose rows they have.
    """
    siblings: dict[str, list[str]] = defaultdict(list)
    holders: dict[str, list[str]] = defaultdict(list)
    for table, one in makers.items():
        siblings[one.rows_of].append(table)
    for table in sorted(names):
        for column in names[table]:
            holders[column].append(table)
    finder = _Finder(makers, names, siblings, holders)
    for rows_of, group in siblings.items():
        group.sort()
        yield from finder.of_siblings(group if rows_of else [], group)
    others = [table for table in names if table not in makers]
    yield from finder.of_siblings([], others)


class _Finder:
    """The look-alikes of one table after the other."""

    def __init__(
        self,
        makers: Makers,
        names: Names,
        siblings: Mapping[str, Sequence[str]],
        holders: Mapping[str, Sequence[str]],
    ) -> None:
        self._makers = makers
        self._names = names
        self._siblings = siblings
        self._holders = holders

    def of_siblings(self, group: Sequence[str], tables: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
        """The look-alikes of `tables`, which are the `group` of one table's rows where there is one."""
        shares = _likenesses(group, self._makers, self._names) if 1 < len(group) <= _ALL_PAIRS else None
        compared = frozenset(group if shares is not None else ())
        for place, table in enumerate(tables):
            found: dict[str, float] = {}
            if shares is not None:
                row = shares[place]
                alike = row.nonzero()[0]
                found = dict(zip((group[i] for i in alike.tolist()), row[alike].tolist(), strict=True))
            elif group:
                near = [
                    *group[max(0, place - _NEIGHBOURS) : place],
                    *group[place + 1 : place + 1 + _NEIGHBOURS],
                ]
                found = {other: self._sibling_likeness(table, other) for other in near}
            for other in (self._related(table) | self._sharing(table)) - compared:
                if other != table and other not in found:
                    found[other] = self._likeness(table, other)
            ranked = sorted((-share, other) for other, share in found.items() if share > 0)
            if ranked:
                yield table, [other for _, other in ranked]

    def _related(self, table: str) -> set[str]:
        """The table whose rows it has, and those that have its rows."""
        one = self._makers.get(table)
        above = {one.rows_of} if one is not None and one.rows_of else set()
        return above | set(self._siblings.get(table, ()) if table else ())

    def _sharing(self, table: str) -> set[str]:
        """Tables that have a name with it which few have, and enough names to have half in common."""
        columns = self._names[table]
        held = [holders for c in columns if len(holders := self._holders[c]) <= _COMMON_COLUMN]
        common = len(columns) - len(held)
        counts = Counter(chain.from_iterable(held))
        return {
            other
            for other, count in counts.items()
            if 3 * (count + common) >= len(columns) + len(self._names[other])
        }

    def _likeness(self, one: str, other: str) -> float:
        """How alike two tables look, in (0, 1]; 0 if nobody would mix them up."""
        mine, theirs = self._names.get(one, frozenset()), self._names.get(other, frozenset())
        if len(mine) < _LEAST_COLUMNS or len(theirs) < _LEAST_COLUMNS:
            return 0.0
        common = len(mine & theirs)
        share = common / (len(mine) + len(theirs) - common)
        a, b = self._makers.get(one), self._makers.get(other)
        if share >= SAME_NAMES:
            return share / 2 if a and b and _strangers(one, a, other, b) else share
        if a and b and a.rows_of and a.rows_of == b.rows_of and share >= HALF:
            return share
        parent = (a and a.rows_of == other) or (b and b.rows_of == one)
        return share if parent and share >= HALF else 0.0

    def _sibling_likeness(self, one: str, other: str) -> float:
        """The same of two tables of a large group."""
        likeness = _likenesses((one, other), self._makers, self._names)
        return float(likeness[0, 1])


def _strangers(one: str, a: Statement, other: str, b: Statement) -> bool:
    """Whether two made tables have neither their rows from one table nor one from the other."""
    return a.rows_of != b.rows_of and other not in a.reads and one not in b.reads


def _likenesses(group: Sequence[str], makers: Makers, names: Names) -> "Shares":
    """How alike tables are whose rows come from one table; shape (n, n)."""
    import numpy as np

    vocabulary = {name: i for i, name in enumerate(sorted({n for t in group for n in names[t]}))}
    held = np.zeros((len(group), len(vocabulary)))
    for row, table in enumerate(group):
        held[row, [vocabulary[name] for name in names[table]]] = 1
    sizes = held.sum(axis=1)
    common = held @ held.T
    shares = common / np.maximum(sizes[:, None] + sizes[None, :] - common, 1)
    grains: dict[frozenset[str], int] = {}
    grain = np.array([_grain(makers[t], grains) for t in group])
    same = (grain[:, None] == grain[None, :]) & (grain[:, None] > 0)
    found = np.where(shares >= HALF, shares, np.where(same, np.maximum(shares, _LEAST_LIKENESS), 0))
    big = sizes >= _LEAST_COLUMNS
    likeness: Shares = np.where(big[:, None] & big[None, :], found, 0)
    np.fill_diagonal(likeness, 0)
    return likeness


def _grain(one: Statement, known: dict[frozenset[str], int]) -> int:
    """A number for what the rows are grouped by; 0 where they are not."""
    if not one.grouped_by:
        return 0
    return known.setdefault(frozenset(map(str.casefold, one.grouped_by)), len(known) + 1)
