"""Keys and joins that nobody declared, measured again only where the data that showed them changed.

Every statement by which they are looked for counts rows of one table or of two. What it counted is kept with
the fingerprints of these tables, and asked again when one of them is another. So a night ends with what a
search from nothing would find, and its statements are those about changed tables.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Sequence

from gnomon.context.catalog import codec
from gnomon.domain.catalog import Catalog, Join, TableRef, TableSchema
from gnomon.warehouses.infer import infer_keys_and_joins
from gnomon.warehouses.port import Warehouse

_COMMIT_EVERY = 200


class KeptCounts:
    """What statements counted, in one index under construction. Each is on disk soon after it was counted.

    Args:
        connection: To the index under construction.
        state: Changes with a table's data or its columns.
    """

    def __init__(self, connection: sqlite3.Connection, state: Callable[[TableRef], str]) -> None:
        self._connection = connection
        self._state = state
        self._used: set[bytes] = set()
        self._waiting = 0

    def find(self, sql: str, tables: Sequence[TableRef]) -> tuple[int, ...] | None:
        """What the statement counted when the tables were what they are; None if it was not asked then."""
        asked = _hash(sql)
        row = self._connection.execute(
            "select state, counts from counted where asked = ?", (asked,)
        ).fetchone()
        if row is None or row[0] != self._states(tables):
            return None
        self._used.add(asked)
        return tuple(json.loads(row[1]))

    def keep(self, sql: str, tables: Sequence[TableRef], counts: tuple[int, ...]) -> None:
        """Keep what a statement counted."""
        asked = _hash(sql)
        row = (asked, self._states(tables), json.dumps(counts))
        self._connection.execute("insert or replace into counted values (?, ?, ?)", row)
        self._used.add(asked)
        self._waiting += 1
        if self._waiting >= _COMMIT_EVERY:
            self._connection.commit()
            self._waiting = 0

    def drop_others(self) -> None:
        """Forget what was not asked this time: a table or a column of it is gone."""
        with self._connection:
            known = [asked for (asked,) in self._connection.execute("select asked from counted")]
            gone = [(asked,) for asked in known if asked not in self._used]
            self._connection.executemany("delete from counted where asked = ?", gone)

    def _states(self, tables: Sequence[TableRef]) -> bytes:
        return _hash(repr([self._state(ref) for ref in tables]))


def measure(declared: Catalog, warehouse: Warehouse, kept: KeptCounts) -> Catalog:
    """The declared catalog with measured keys and joins."""
    found = infer_keys_and_joins(declared, warehouse, kept=kept)
    kept.drop_others()
    return found


def additions_to_json(declared: Catalog, measured: Catalog) -> str:
    """What was measured beyond what was declared, as text."""
    tables = [m for d, m in zip(declared.tables, measured.tables, strict=True) if d.keys != m.keys]
    return codec.catalog_to_json(Catalog(tuple(tables), measured.joins[len(declared.joins) :]))


def with_additions(declared: Catalog, text: str) -> Catalog:
    """The measured catalog, of the one that was declared and what `additions_to_json` wrote of the two."""
    more = codec.catalog_from_json(text)
    changed: dict[TableRef, TableSchema] = {t.ref: t for t in more.tables}
    joins: tuple[Join, ...] = (*declared.joins, *more.joins)
    return Catalog(tuple(changed.get(t.ref, t) for t in declared.tables), joins)


def _hash(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
