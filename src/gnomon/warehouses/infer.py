"""Finds keys and joins that nobody declared: names propose, the data decides.

A column is a key if every row has a value and no two rows share one. A join is proposed only where the
names of the two columns agree in some way, never by trying all pairs, and is kept if the child's values are
found in the parent. Every statement goes through policy like anybody's query.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Protocol

from gnomon.domain.catalog import (
    NUMERIC_KINDS,
    Catalog,
    Column,
    ColumnProfile,
    Evidence,
    Join,
    Key,
    TableProfile,
    TableRef,
    TableSchema,
)
from gnomon.domain.errors import Failed, Refused, Retry
from gnomon.domain.identity import Principal
from gnomon.domain.query import Limits, Query
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize
from gnomon.warehouses.collect import Row, whole_number
from gnomon.warehouses.links import Candidate, Parent, Parents
from gnomon.warehouses.names import quoted, quoted_table
from gnomon.warehouses.naming import SURROGATE_WORDS, Words, looks_like_id, table_words, without_id, words
from gnomon.warehouses.port import Progress, Warehouse
from gnomon.warehouses.watch import Deadline

STRONG_SHARE = 0.95
WEAK_SHARE = 0.99
_WEAK_DISTINCT = 3
_SHORT_DISTINCT = 20
_SHORT_PART = 2
_STATEMENT_S = 10.0
_MOST_VALUES = 50_000
_MOST_KEYS = 3
_MOST_MEASURED = 20
_PAIR_ROWS = 2_000_000
_PAIR_COLUMNS = 4
_INDEXER = Principal("gnomon-index")
_KEY_KINDS = frozenset({"integer", "text"})


class Kept(Protocol):
    """What statements counted on an earlier day, where their tables are still what they were."""

    def find(self, sql: str, tables: Sequence[TableRef]) -> tuple[int, ...] | None:
        """The numbers that the statement gave, or None if it is to be asked."""
        ...

    def keep(self, sql: str, tables: Sequence[TableRef], counts: tuple[int, ...]) -> None:
        """Remember the numbers that the statement gives now."""
        ...


def infer_keys_and_joins(
    catalog: Catalog,
    warehouse: Warehouse,
    *,
    profiles: Mapping[TableRef, TableProfile] | None = None,
    budget_s: float = 60.0,
    progress: Progress | None = None,
    kept: Kept | None = None,
) -> Catalog:
    """Add measured keys to tables that declare none, and measured joins to columns that declare none.

    Args:
        profiles: What is known of the data; saves statements where it is exact.
        budget_s: Seconds for everything; what is not measured by then is left out.
        kept: Answers of an earlier day, which save statements; it is told the new ones.

    Returns:
        The catalog with the additions; declared keys and joins stay as they are. A join's evidence holds the
        share of distinct child values found in the parent and how many were looked at.
    """
    work = _Work(warehouse, Deadline(budget_s), profiles or {}, kept)
    tables = []
    for i, table in enumerate(catalog.tables):
        tables.append(work.with_keys(table))
        if progress is not None:
            progress("looking for keys", i + 1, len(catalog.tables))
    known = _Joins(catalog.joins)
    parents = Parents(tables)
    for table in tables:
        work.find_joins(table, _single_key_columns(table), parents, known)
    for i, table in enumerate(tables):
        work.find_joins(table, table.columns, parents, known)
        if progress is not None:
            progress("looking for joins", i + 1, len(tables))
    return Catalog(tuple(tables), tuple(known.all))


@dataclass(frozen=True, slots=True)
class _Measured:
    rows: int
    filled: int
    distinct: int

    @property
    def unique(self) -> bool:
        """Whether there are rows, and each has a value of its own."""
        return 0 < self.rows == self.filled == self.distinct


class _Joins:
    """The joins known so far, looked up by what the search asks of them: there may be a hundred thousand."""

    def __init__(self, joins: Iterable[Join]) -> None:
        self.all: list[Join] = []
        self.linked: dict[TableRef, set[str]] = {}
        self.taken: set[tuple[TableRef, TableRef]] = set()
        self.referring: set[tuple[TableRef, tuple[str, ...]]] = set()
        for join in joins:
            self.add(join)

    def add(self, join: Join) -> None:
        """Know one more join."""
        self.all.append(join)
        self.linked.setdefault(join.child, set()).update(join.child_columns)
        self.taken.add((join.child, join.parent))
        self.referring.add((join.child, join.child_columns))


class _Work:
    """The statements of one run, bounded by one deadline."""

    def __init__(
        self,
        warehouse: Warehouse,
        deadline: Deadline,
        profiles: Mapping[TableRef, TableProfile],
        kept: Kept | None,
    ) -> None:
        self._warehouse = warehouse
        self._deadline = deadline
        self._profiles = profiles
        self._kept = kept

    def with_keys(self, table: TableSchema) -> TableSchema:
        """The table with the keys that are found; as it is where some are declared."""
        if table.keys or not table.columns:
            return table
        found = self._single_keys(table) or self._pair_keys(table)
        return replace(table, keys=tuple(found))

    def find_joins(
        self, child: TableSchema, columns: Iterable[Column], parents: Parents, known: _Joins
    ) -> None:
        """Add joins of these columns. A key that itself refers to another table's key is proposed last."""
        linked = known.linked.setdefault(child.ref, set())
        for column in columns if parents else ():
            if column.name in linked:
                continue
            proposed = parents.candidates(child, column)
            allowed = [c for c in proposed if not _reverses(c, child, column, known.taken)]
            allowed.sort(key=lambda c: (c.parent.table.ref, (c.parent.column.name,)) in known.referring)
            join = next((j for c in allowed if (j := self._measured_join(child, column, c))), None)
            if join is not None:
                known.add(join)

    def _single_keys(self, table: TableSchema) -> list[Key]:
        named = table_words(table.ref.name)
        ranked = _ranked_columns(table, named)
        measured = self._counts(table, ranked)
        unique = [column for column in ranked if (m := measured.get(column.name)) and m.unique]
        like_ids = [c for c in unique if looks_like_id(words(c.name, named), named)]
        if like_ids and _own_name(like_ids[0], named):
            like_ids = [
                like_ids[0],
                *(c for c in like_ids[1:] if words(c.name, named)[-1] in SURROGATE_WORDS),
            ]
        chosen = like_ids[:_MOST_KEYS] or unique[:1]
        return [Key((c.name,), Evidence("measured", 1.0, measured[c.name].rows)) for c in chosen]

    def _counts(self, table: TableSchema, columns: Sequence[Column]) -> dict[str, _Measured]:
        """Counts for the columns that may be unique, from the profile where it is exact."""
        profile = self._profiles.get(table.ref)
        known = {p.column: p for p in profile.columns} if profile else {}
        exact = {n: _Measured(p.rows, p.rows - p.nulls, p.distinct) for n, p in known.items() if p.exact}
        open_questions = [c for c in columns if c.name not in exact and _may_be_unique(known.get(c.name))]
        asked = open_questions[:_MOST_MEASURED]
        if not asked:
            return exact
        names = [quoted(c.name, self._warehouse.dialect) for c in asked]
        cells = ", ".join(f"COUNT({n}) AS f{i}, COUNT(DISTINCT {n}) AS d{i}" for i, n in enumerate(names))
        counts = self._counted(f"SELECT COUNT(*) AS n, {cells} FROM {self._table(table.ref)}", table)
        if counts is None:
            return exact
        pairs = zip(asked, counts[1::2], counts[2::2], strict=True)
        return exact | {c.name: _Measured(counts[0], filled, distinct) for c, filled, distinct in pairs}

    def _pair_keys(self, table: TableSchema) -> list[Key]:
        """The first pair of identifiers, or of an identifier and a date, that no two rows share."""
        if table.is_view or not table.row_count or table.row_count > _PAIR_ROWS:
            return []
        named = table_words(table.ref.name)
        ids = [
            c for c in table.columns if c.kind in _KEY_KINDS and looks_like_id(words(c.name, named), named)
        ]
        dates = [c for c in table.columns if c.kind in ("date", "timestamp")]
        for first, second in combinations([*ids[:_PAIR_COLUMNS], *dates[:1]], 2):
            names = [quoted(c.name, self._warehouse.dialect) for c in (first, second)]
            filled = " AND ".join(f"NOT {name} IS NULL" for name in names)
            source = self._table(table.ref)
            counts = self._counted(
                f"SELECT (SELECT COUNT(*) FROM {source}) AS n, COUNT(*) AS d "
                f"FROM (SELECT DISTINCT {', '.join(names)} FROM {source} WHERE {filled}) AS pairs",
                table,
            )
            if counts is not None and counts[0] == counts[1] > 0:
                return [Key((first.name, second.name), Evidence("measured", 1.0, counts[0]))]
        return []

    def _measured_join(self, child: TableSchema, column: Column, candidate: Candidate) -> Join | None:
        parent = candidate.parent
        counts = self._counted(self._inclusion_sql(child, column, parent), child, parent.table)
        if counts is None:
            return None
        distinct, found = counts
        if candidate.short and not _tells(distinct, found, parent.table.row_count):
            return None
        wanted = STRONG_SHARE if candidate.strong else WEAK_SHARE
        if not distinct or found < wanted * distinct or (not candidate.strong and distinct < _WEAK_DISTINCT):
            return None
        evidence = Evidence("measured", found / distinct, distinct)
        return Join(child.ref, (column.name,), parent.table.ref, (parent.column.name,), evidence)

    def _inclusion_sql(self, child: TableSchema, column: Column, parent: Parent) -> str:
        name = quoted(column.name, self._warehouse.dialect)
        key = quoted(parent.column.name, self._warehouse.dialect)
        return (
            f"SELECT COUNT(*) AS n, COUNT(p.v) AS found FROM "
            f"(SELECT DISTINCT {name} AS v FROM {self._table(child.ref)} "
            f"WHERE NOT {name} IS NULL LIMIT {_MOST_VALUES}) AS c "
            f"LEFT JOIN (SELECT {key} AS v FROM {self._table(parent.table.ref)}) AS p ON p.v = c.v"
        )

    def _table(self, ref: TableRef) -> str:
        return quoted_table(ref, self._warehouse.dialect)

    def _counted(self, sql: str, *tables: TableSchema) -> tuple[int, ...] | None:
        """The numbers of the statement's one row, kept or asked for now; None as for `_row`."""
        refs = [table.ref for table in tables]
        counts = self._kept.find(sql, refs) if self._kept is not None else None
        if counts is None and (row := self._row(sql, *tables)) is not None:
            counts = tuple(whole_number(cell) for cell in row)
            if self._kept is not None:
                self._kept.keep(sql, refs, counts)
        return counts

    def _row(self, sql: str, *tables: TableSchema) -> Row | None:
        """The first row, or None if the statement takes too long or cannot run on these types."""
        if self._deadline.expired():
            return None
        limits = Limits(max_rows=1, timeout_s=max(0.05, min(_STATEMENT_S, self._deadline.left_s)))
        dialect = self._warehouse.dialect
        query = Query(sql, dialect, "look for keys and joins")
        access = Access.to_all(_INDEXER, Catalog(_once(tables)), dialect)
        try:
            result = self._warehouse.execute(authorize(query, access, limits))
        except (Failed, Retry, Refused):
            return None
        return result.rows[0] if result.rows else None


def _tells(distinct: int, found: int, keys: int | None) -> bool:
    """Whether values say enough for a short name: all are keys, and they are many, or most of the keys.

    Small numbers are among the keys of any table.
    """
    return distinct == found and (distinct >= _SHORT_DISTINCT or (keys or math.inf) <= _SHORT_PART * distinct)


def _once(tables: Iterable[TableSchema]) -> tuple[TableSchema, ...]:
    return tuple({table.ref: table for table in tables}.values())


def _ranked_columns(table: TableSchema, named: Words) -> list[Column]:
    """Columns that could identify a row, the most telling name first, then by position."""
    able = [c for c in table.columns if c.kind in _KEY_KINDS or c.kind in NUMERIC_KINDS]

    def rank(item: tuple[int, Column]) -> tuple[int, int]:
        position, column = item
        name = words(column.name, named)
        if _own_name(column, named):
            return 0, position
        return (1 if looks_like_id(name, named) else 2), position

    ranked = [c for _, c in sorted(enumerate(able), key=rank)]
    return [
        c
        for c in ranked
        if looks_like_id(words(c.name, named), named) or (c in able[:3] and c.kind in _KEY_KINDS)
    ]


def _own_name(column: Column, named: Words) -> bool:
    """Whether a column's name says that it identifies the rows of its own table."""
    name = words(column.name, named)
    return looks_like_id(name, named) and without_id(name) in ((), named)


def _single_key_columns(table: TableSchema) -> list[Column]:
    names = {key.columns[0] for key in table.keys if len(key.columns) == 1}
    return [column for column in table.columns if column.name in names]


def _may_be_unique(profile: ColumnProfile | None) -> bool:
    """Whether a sample leaves it open that a column is unique; without a sample it is open."""
    return profile is None or (not profile.nulls and profile.distinct >= 0.98 * profile.rows)


def _reverses(
    candidate: Candidate, child: TableSchema, column: Column, taken: set[tuple[TableRef, TableRef]]
) -> bool:
    """Whether the candidate is the other direction of a known one-to-one link."""
    return (candidate.parent.table.ref, child.ref) in taken and any(
        k.columns == (column.name,) for k in child.keys
    )
