"""Looks at a table's data with few statements, whatever the engine.

Columns go in batches, so that a table of two thousand columns needs some forty statements and no engine
meets its limit of result columns. A large table is looked at by a sample that is a fraction of its rows.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from gnomon.domain.catalog import Column, ColumnProfile, TableProfile, TableSchema
from gnomon.domain.errors import Failed
from gnomon.domain.query import Dialect
from gnomon.warehouses.collect import Row, whole_number
from gnomon.warehouses.names import quoted
from gnomon.warehouses.watch import Deadline

BATCH = 100
"""Columns in one statement."""
TOP = 20
"""Most frequent values kept for a column."""
LOW_CARDINALITY = 200
LOW_CARDINALITY_TEXT = 2_000
_TEXT_LENGTH = 200
_CELLS = 5_000_000
_MEASURES = 4

Read = Callable[[str, float], Sequence[Row]]
"""Runs a statement of ours within some seconds; raises `Failed` if the time is up."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a profile reads from.

    Args:
        relation: Text after FROM.
        prefix: Text before SELECT: the common table expression of a sample, or nothing.
        exact: True if it holds every row.
    """

    relation: str
    prefix: str = ""
    exact: bool = True


def sample_rows(columns: int) -> int:
    """How many rows to look at, so that a profile touches about five million cells."""
    return min(200_000, max(2_000, _CELLS // max(1, columns)))


def sample_step(table: TableSchema) -> int:
    """One row in how many to take; 1 means every row."""
    wanted = sample_rows(len(table.columns))
    if table.row_count is None or table.row_count <= 2 * wanted:
        return 1
    return math.ceil(table.row_count / wanted)


def sampled(select: str) -> Source:
    """A source that holds the rows of `select`, drawn once a statement."""
    return Source("sampled_rows", f"WITH sampled_rows AS MATERIALIZED ({select}) ", exact=False)


def profile_source(
    table: TableSchema, source: Source, read: Read, dialect: Dialect, budget_s: float
) -> TableProfile:
    """Profile the columns of `table` as far as `budget_s` allows."""
    deadline = Deadline(budget_s)
    done: list[ColumnProfile] = []
    look = _look_stacked if dialect == "duckdb" and len(table.columns) > BATCH else _look
    for start in range(0, len(table.columns), BATCH):
        try:
            done += look(table.columns[start : start + BATCH], source, read, dialect, deadline)
        except Failed:
            return TableProfile(table.ref, tuple(done), complete=False)
    return TableProfile(table.ref, tuple(done))


def _look(
    batch: Sequence[Column], source: Source, read: Read, dialect: Dialect, deadline: Deadline
) -> list[ColumnProfile]:
    measured = _measure(batch, source, read, dialect, deadline)
    return _with_top(batch, measured, source, read, dialect, deadline)


def _look_stacked(
    batch: Sequence[Column], source: Source, read: Read, dialect: Dialect, deadline: Deadline
) -> list[ColumnProfile]:
    """The same for a wide table: all columns' cells as text in one column, counted together.

    DuckDB builds an operator for each COUNT(DISTINCT) and each branch of a UNION, which takes longer than
    reading the few rows that a sample of a wide table has.
    """
    measured = _measure(batch, source, read, dialect, deadline, distinct=False)
    texts = ", ".join(_short_text(column, dialect) for column in batch)
    stacked = f"SELECT UNNEST(RANGE({len(batch)})) AS i, UNNEST([{texts}]) AS v FROM {source.relation}"
    counted = f"SELECT i, v, COUNT(*) AS n FROM ({stacked}) AS s WHERE v IS NOT NULL GROUP BY i, v"
    ranked = (
        f"SELECT i, v, n, COUNT(*) OVER (PARTITION BY i) AS different, "
        f"ROW_NUMBER() OVER (PARTITION BY i ORDER BY n DESC, v) AS place FROM ({counted}) AS c"
    )
    rows = read(
        f"{source.prefix}SELECT i, v, n, different FROM ({ranked}) AS r WHERE place <= {TOP}", _left(deadline)
    )
    different: dict[int, int] = {}
    top: dict[int, list[tuple[str, int]]] = {}
    for index, value, count, distinct in rows:
        different[index] = distinct
        top.setdefault(index, []).append((value, count))
    found = [replace(profile, distinct=different.get(i, 0)) for i, profile in enumerate(measured)]
    return [replace(p, top=_ordered(top[i])) if _has_top(batch[i], p) else p for i, p in enumerate(found)]


def _distinct_sql(relation: str, column: str, dialect: Dialect, limit: int) -> str:
    """A statement for the values of a column as text with their row counts, most frequent first."""
    text = f"CAST({quoted(column, dialect)} AS {_text_type(dialect)})"
    return (
        f"SELECT value, COUNT(*) AS n FROM (SELECT {text} AS value FROM {relation}) AS t "
        f"WHERE value IS NOT NULL GROUP BY value ORDER BY n DESC, value LIMIT {limit}"
    )


def distinct_values(
    relation: str, column: str, read: Read, dialect: Dialect, limit: int, budget_s: float
) -> tuple[tuple[str, int], ...] | None:
    """A column's values as text with their row counts, most frequent first; None if too many or too slow."""
    try:
        rows = read(_distinct_sql(relation, column, dialect, limit + 1), budget_s)
    except Failed:
        return None
    values = tuple((str(row[0]), whole_number(row[1])) for row in rows)
    return values if len(values) <= limit else None


def _measure(
    batch: Sequence[Column],
    source: Source,
    read: Read,
    dialect: Dialect,
    deadline: Deadline,
    *,
    distinct: bool = True,
) -> list[ColumnProfile]:
    measures = ", ".join(text for column in batch for text in _measures(column, dialect, distinct=distinct))
    rows = read(f"{source.prefix}SELECT COUNT(*), {measures} FROM {source.relation}", _left(deadline))
    total, *cells = rows[0]
    return [
        _profile_of(column, whole_number(total), cells[i * _MEASURES : (i + 1) * _MEASURES], source.exact)
        for i, column in enumerate(batch)
    ]


def _measures(column: Column, dialect: Dialect, *, distinct: bool) -> tuple[str, str, str, str]:
    name = quoted(column.name, dialect)
    as_text = f"CAST({name} AS {_text_type(dialect)})"
    opaque = column.kind in ("json", "other")
    value = as_text if opaque or (column.kind in ("boolean", "text") and dialect == "postgres") else name
    different = f"COUNT(DISTINCT {value})" if distinct else "NULL"
    if opaque:
        return f"COUNT({name})", different, "NULL", "NULL"
    low, high = (
        f"SUBSTR(CAST({pick}({value}) AS {_text_type(dialect)}), 1, {_TEXT_LENGTH})"
        for pick in ("MIN", "MAX")
    )
    return f"COUNT({name})", different, low, high


def _profile_of(column: Column, rows: int, cells: Sequence[object], exact: bool) -> ColumnProfile:
    filled, distinct, low, high = cells
    return ColumnProfile(
        column.name,
        rows=rows,
        nulls=rows - whole_number(filled),
        distinct=whole_number(distinct),
        low=None if low is None else str(low),
        high=None if high is None else str(high),
        exact=exact,
    )


def _with_top(
    batch: Sequence[Column],
    measured: Sequence[ColumnProfile],
    source: Source,
    read: Read,
    dialect: Dialect,
    deadline: Deadline,
) -> list[ColumnProfile]:
    wanted = [i for i, column in enumerate(batch) if _has_top(column, measured[i])]
    if not wanted:
        return list(measured)
    parts = " UNION ALL ".join(_top_sql(i, batch[i], source, dialect) for i in wanted)
    top: dict[int, list[tuple[str, int]]] = {}
    for index, value, count in read(f"{source.prefix}{parts}", _left(deadline)):
        top.setdefault(whole_number(index), []).append((str(value), whole_number(count)))
    return [replace(profile, top=_ordered(top.get(i, ()))) for i, profile in enumerate(measured)]


def _ordered(values: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(values, key=lambda pair: (-pair[1], pair[0])))


def _short_text(column: Column, dialect: Dialect) -> str:
    return f"SUBSTR(CAST({quoted(column.name, dialect)} AS {_text_type(dialect)}), 1, {_TEXT_LENGTH})"


def _has_top(column: Column, profile: ColumnProfile) -> bool:
    if column.kind in ("json", "other") or not profile.distinct:
        return False
    most = LOW_CARDINALITY_TEXT if column.kind == "text" else LOW_CARDINALITY
    return profile.distinct <= most


def _top_sql(index: int, column: Column, source: Source, dialect: Dialect) -> str:
    name = quoted(column.name, dialect)
    value = _short_text(column, dialect)
    return (
        f"SELECT * FROM (SELECT {index} AS i, {value} AS v, COUNT(*) AS n FROM {source.relation} "
        f"WHERE {name} IS NOT NULL GROUP BY {value} ORDER BY n DESC, v LIMIT {TOP}) AS top_{index}"
    )


def _text_type(dialect: Dialect) -> str:
    return "TEXT" if dialect in ("sqlite", "postgres") else "VARCHAR"


def _left(deadline: Deadline) -> float:
    deadline.check()
    return deadline.left_s
