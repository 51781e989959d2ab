"""What the text columns hold: an index from spelling to column, kept in the index file."""

import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from gnomon.context.catalog.file import table_id, table_ref
from gnomon.context.catalog.folding import edit_distance, fold, stem_phrase
from gnomon.domain.catalog import ColumnRef, TableRef

MAX_DISTINCT = 5_000
"""A column with more distinct values is names or free text: only its most frequent values are indexed."""

MAX_VALUE_CHARS = 200
"""A longer value is prose; nobody types it in a question."""

MAX_FUZZY_CHARS = 40
_CANDIDATES = 2_000
_LOOKED_FOR = 200
"""Near values that are looked for in the rows of a reader who sees a part of them."""

_VARIABLES = 900
"""SQLite builds of old allow 999 variables a statement."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A value of a column. `folded` and `stem` are its spellings for comparing."""

    column: ColumnRef
    value: str
    rows: int
    folded: str
    stem: str


def write_values(
    connection: sqlite3.Connection, column: ColumnRef, values: Sequence[tuple[str, int]], *, complete: bool
) -> int:
    """Index one column's values with their row counts; the caller commits. Returns how many were indexed.

    Args:
        complete: Whether `values` is all the column holds.
    """
    kept = [(value, rows) for value, rows in values if value and len(value) <= MAX_VALUE_CHARS]
    whole = complete and all(len(value) <= MAX_VALUE_CHARS for value, _ in values)
    cursor = connection.execute(
        "insert into value_columns (table_id, column_name, complete, address) values (?, ?, ?, ?)",
        (table_id(column.table), column.column, whole, _address(column)),
    )
    connection.executemany(
        "insert into column_values values (?, ?, ?, ?, ?, ?)",
        [(cursor.lastrowid, value, rows, *_spellings(value)) for value, rows in kept],
    )
    return len(kept)


def delete_values(connection: sqlite3.Connection, table: TableRef) -> None:
    """Forget every value of a table; the caller commits."""
    columns = "select column_id from value_columns where table_id = ?"
    connection.execute(f"delete from column_values where column_id in ({columns})", (table_id(table),))
    connection.execute("delete from value_columns where table_id = ?", (table_id(table),))


def _spellings(value: str) -> tuple[str, str | None, str | None]:
    folded = fold(value)
    stem = stem_phrase(folded)
    reversed_ = folded[::-1] if 4 < len(folded) <= MAX_FUZZY_CHARS else None
    return folded, stem if stem != folded else None, reversed_


Seen = Callable[[ColumnRef, frozenset[str]], frozenset[str] | None]
"""Those of a column's values that a reader finds in it; None where they see all of its rows."""


class ValueIndex:
    """Read side of the values in an index file. Safe to share between threads.

    Args:
        shown: Whether a column exists for the reader; values of others do not.
        seen: Which values the reader finds. A value that they do not find takes no other one's place, and how
            often one stands in rows that they do not see orders nothing.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: threading.RLock,
        shown: Callable[[ColumnRef], bool] | None = None,
        seen: Seen | None = None,
    ) -> None:
        self._connection = connection
        self._lock = lock
        self._shown = shown
        self._seen = seen
        self._columns: dict[int, ColumnRef | None] = {}

    def spelled(self, folded: Sequence[str], stems: Sequence[str]) -> list[Stored]:
        """Values whose folded spelling is one of `folded`, or whose stems are one of `stems`."""
        plain = sorted({*folded, *stems})
        found = [*self._where_in("folded", plain), *self._where_in("stem", sorted(set(stems)))]
        return self._found(found)

    def resembling(self, folded: str, distance: int) -> list[Stored]:
        """Values at most `distance` edits from `folded`, the nearest first.

        An edit spares the first half or the second half of a word, so only values that share one of the two
        are compared. Two edits in different halves are missed.
        """
        half = (len(folded) - 1) // 2
        spellings = {
            *self._between("folded", folded[:half], len(folded), distance),
            *(s[::-1] for s in self._between("reversed", folded[::-1][:half], len(folded), distance)),
        }
        near = {s: d for s in spellings if 0 < (d := edit_distance(folded, s, distance)) <= distance}
        found = self._found(self._where_in("folded", sorted(near)))
        return sorted(found, key=lambda v: (near[v.folded], -v.rows, v.value))

    def has(self, column: ColumnRef, literal: str) -> bool | None:
        """Whether the column holds exactly `literal`; None if the index cannot know."""
        known = self._known(column)
        if known is None:
            return None
        sql = "select 1 from column_values where folded = ? and column_id = ? and value = ? limit 1"
        if self._rows(sql, (fold(literal), known[0], literal)):
            return True
        # The empty text is a value that no question can spell, so it is not indexed.
        return False if known[1] and literal else None

    def of_column(self, column: ColumnRef) -> list[Stored]:
        """Every indexed value of a column, most frequent first."""
        known = self._known(column)
        if known is None:
            return []
        sql = f"{_SELECT} where v.column_id = ? order by row_count desc, value"
        return [*self._stored(self._rows(sql, (known[0],)))]

    def near(self, column: ColumnRef, literal: str, limit: int) -> tuple[str, ...]:
        """Values of the column that someone who wrote `literal` may have meant, the likeliest first."""
        folded = fold(literal)
        scores = {
            value: score
            for value in self.of_column(column)
            if value.value != literal and (score := _likeness(folded, value)) is not None
        }
        likely = sorted(scores, key=lambda v: (scores[v], v.value))
        if self._seen is not None:
            likely = likely[:_LOOKED_FOR]
        told = {v.value: scores[v] for v in likely}
        best = sorted(self._found(likely), key=lambda v: (told[v.value], -v.rows, v.value))
        return tuple(v.value for v in best[:limit])

    def _between(self, index: str, start: str, length: int, distance: int) -> list[str]:
        sql = (
            f"select distinct {index} from column_values where {index} >= ? and {index} < ? "
            f"and {index} is not null and length({index}) between ? and ? limit {_CANDIDATES}"
        )
        found = self._rows(sql, (start, start + "\U0010ffff", length - distance, length + distance))
        return [spelling for (spelling,) in found]

    def _where_in(self, index: str, keys: Sequence[str]) -> list[Stored]:
        found: list[Stored] = []
        for i in range(0, len(keys), _VARIABLES):
            part = keys[i : i + _VARIABLES]
            marks = ",".join("?" * len(part))
            found += self._stored(self._rows(f"{_SELECT} where {index} in ({marks})", part))
        return found

    def _found(self, values: Sequence[Stored]) -> list[Stored]:
        """Those of the values that the reader finds in rows of theirs."""
        if self._seen is None:
            return [*values]
        by_column: dict[ColumnRef, set[str]] = defaultdict(set)
        for value in values:
            by_column[value.column].add(value.value)
        seen = {column: self._seen(column, frozenset(texts)) for column, texts in by_column.items()}
        found = ((value, seen[value.column]) for value in values)
        return [v if own is None else replace(v, rows=0) for v, own in found if own is None or v.value in own]

    def _rows(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def _stored(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[Stored]:
        for identifier, table, name, value, count, folded, stem in rows:
            column = self._existing(identifier, table, name)
            if column is not None:
                yield Stored(column, value, count, folded, stem or folded)

    def _known(self, column: ColumnRef) -> tuple[int, bool] | None:
        """The id of an indexed column that exists for the reader, and whether all its values are indexed."""
        sql = (
            "select column_id, table_id, column_name, complete from value_columns "
            "where address = ? order by column_id desc"
        )
        found = self._rows(sql, (_address(column),))
        existing = ((i, bool(whole)) for i, table, name, whole in found if self._existing(i, table, name))
        return next(existing, None)

    def _existing(self, identifier: int, table: str, name: str) -> ColumnRef | None:
        """The column of that id; None if it does not exist for the reader."""
        if identifier not in self._columns:
            column = ColumnRef(table_ref(table), name)
            self._columns[identifier] = column if self._shown is None or self._shown(column) else None
        return self._columns[identifier]


# A cross join keeps the order of the values, which the statements' indexes give.
_SELECT = (
    "select v.column_id, table_id, column_name, value, row_count, folded, stem from column_values as v "
    "cross join value_columns as c on c.column_id = v.column_id"
)


def _address(column: ColumnRef) -> str:
    """One text for all spellings of a column's address that differ in case alone."""
    return f"{table_id(column.table)}\x1f{column.column}".casefold()


def _likeness(folded: str, value: Stored) -> int | None:
    """How far a value is from what somebody wrote, smaller is nearer; None if it is not near at all."""
    if value.folded == folded:
        return 0
    if value.stem == stem_phrase(folded):
        return 1
    distance = edit_distance(folded, value.folded, 2 + len(folded) // 6)
    if distance <= 2 + len(folded) // 6 and distance < max(len(folded), 2) / 2:
        return 1 + distance
    shorter, longer = sorted((folded, value.folded), key=len)
    whole_words = f" {shorter} " in f" {longer} "
    if whole_words or (len(shorter) > 2 and longer.startswith(shorter)):
        return 20 + len(longer) - len(shorter)
    return None
