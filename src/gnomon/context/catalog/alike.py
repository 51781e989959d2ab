"""Which tables share most of their columns, looked at again only where one of the two changed.

Whether two tables are a pair depends on their columns and on which names are too common to count. So a table
that holds a name that became common, or ceased to be, is looked at as if it had changed.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gnomon.context.catalog.caveats import LEAST_SHARED, are_alike, look_alike_of
from gnomon.domain.catalog import Statement, TableSchema

COMMON_COLUMN = 50
"""A column name that more tables have than this (`id`, `created_at`) tells no pair of tables apart."""


@dataclass(frozen=True, slots=True)
class Alike:
    """The look-alikes of tables, by their ids, and the column names that were too common to count."""

    partners: Mapping[str, frozenset[str]]
    common: frozenset[str]


def find_alike(
    columns: Mapping[str, frozenset[str]], changed: Collection[str] = (), before: Alike | None = None
) -> Alike:
    """The look-alikes of every table; those of `before` are kept for pairs of which neither table changed.

    Args:
        columns: The folded names of each table's columns.
        changed: Tables that have other columns than `before`, or were not there.
        before: None looks at every pair.
    """
    holders: dict[str, list[str]] = defaultdict(list)
    for table, names in columns.items():
        for name in names:
            holders[name].append(table)
    common = frozenset(name for name, held in holders.items() if len(held) > COMMON_COLUMN)
    dirty: Collection[str] = columns.keys()
    partners: dict[str, set[str]] = defaultdict(set)
    if before is not None:
        turned = (t for name in common ^ before.common for t in holders.get(name, ()))
        dirty = {*changed, *turned}
        for table, others in before.partners.items():
            if table in columns and table not in dirty:
                partners[table] |= {o for o in others if o in columns and o not in dirty}
    for one, other in _pairs(columns, holders, dirty):
        partners[one].add(other)
        partners[other].add(one)
    return Alike({t: frozenset(others) for t, others in partners.items() if others}, common)


def alike_tables(tables: Sequence[TableSchema]) -> dict[int, list[Statement]]:
    """What tells each table apart from its look-alikes, by the table's place in `tables`."""
    found = find_alike({str(i): folded_columns(t) for i, t in enumerate(tables)}).partners
    return {
        int(i): [look_alike_of(tables[int(i)], tables[other]) for other in sorted(map(int, others))]
        for i, others in found.items()
    }


def folded_columns(table: TableSchema) -> frozenset[str]:
    """The names by which a table's columns are compared."""
    return frozenset(c.name.casefold() for c in table.columns)


def _pairs(
    columns: Mapping[str, frozenset[str]], holders: Mapping[str, Sequence[str]], dirty: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Look-alikes of which at least one is dirty."""
    for table in dirty:
        held = (holders[name] for name in columns[table] if len(holders[name]) <= COMMON_COLUMN)
        shared = Counter(other for tables in held for other in tables)
        for other, count in shared.items():
            if other != table and count >= LEAST_SHARED and are_alike(columns[table], columns[other]):
                yield table, other
