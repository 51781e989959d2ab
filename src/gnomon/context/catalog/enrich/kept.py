"""What statements told, kept in the index by the hash of their code: only changed ones are read again.

Reading a statement takes about ten milliseconds, decoding what it told a tenth of one, decoding its head a
fiftieth: the rest is decoded when something asks for it. What is found is reused only if the tables that it
names still are what they were; nothing that other rules have read is.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable

from gnomon.context.catalog.enrich.packing import Head, head_from_text, head_to_text, packed, unpacked
from gnomon.context.catalog.enrich.shapes import Effect, MadeColumn, Making, RowKey, StatementFacts
from gnomon.context.catalog.enrich.statement import extract_one, is_current, statement_hash
from gnomon.context.catalog.enrich.version import rules_version
from gnomon.context.catalog.enrich.warehouse import Warehouse
from gnomon.context.catalog.facts import Fact, LineageEdge, Origin, PipelineCode, Problem
from gnomon.context.catalog.file import read_meta, write_meta

MAX_BYTES = 128 * 1024 * 1024
"""Kept in all, compressed: about 90,000 statements of 20 columns. What is beyond is read anew each time."""

_COMMIT_EVERY = 50


class KeptFacts:
    """A statement of which the head is in memory; see `shapes.Statement`.

    Args:
        whole: Decodes all of it.
    """

    __slots__ = ("_decode", "_decoded", "_head")

    def __init__(self, head: Head, whole: Callable[[], StatementFacts]) -> None:
        self._head = head
        self._decode = whole
        self._decoded: StatementFacts | None = None

    @property
    def table(self) -> str:
        """See `StatementFacts`, here and below."""
        return self._head.table

    @property
    def origin(self) -> Origin:
        return self._head.origin

    @property
    def making(self) -> Making:
        return self._head.making

    @property
    def digest(self) -> str:
        return self._head.digest

    @property
    def schema_digest(self) -> str:
        return self._head.schema_digest

    @property
    def whole(self) -> bool:
        return self._head.whole

    @property
    def reads(self) -> tuple[str, ...]:
        return self._head.reads

    @property
    def rows_of(self) -> str:
        return self._head.rows_of

    @property
    def grouped_by(self) -> tuple[str, ...] | None:
        return self._head.grouped_by

    @property
    def keys(self) -> tuple[RowKey, ...]:
        return self._head.keys

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self._head.problems

    @property
    def converts(self) -> bool:
        return self._head.converts

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(self._head.made.split("\n")) if self._head.made else ()

    @property
    def effects(self) -> tuple[Effect, ...]:
        return self._all().effects

    @property
    def columns(self) -> tuple[MadeColumn, ...]:
        return self._all().columns

    @property
    def facts(self) -> tuple[Fact, ...]:
        return self._all().facts

    @property
    def lineage(self) -> tuple[LineageEdge, ...]:
        return self._all().lineage

    def _all(self) -> StatementFacts:
        if self._decoded is None:
            self._decoded = self._decode()
        return self._decoded


class KeptStatements:
    """The kept facts of one index under construction.

    Each is on disk soon after it is read, so that a killed build goes on where it was.

    Args:
        connection: To the index under construction.
        rules: The rules that read now; what others read is dropped.
        max_bytes: See `MAX_BYTES`.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, rules: str = "", max_bytes: int = MAX_BYTES
    ) -> None:
        self._connection = connection
        self._max_bytes = max_bytes
        self._heads: dict[str, str] | None = None
        self._apart: dict[str, tuple[str, str]] | None = None
        self._used: set[str] = set()
        self._waiting = 0
        self.reused = 0
        rules = rules or rules_version()
        with connection:
            if read_meta(connection).get("code_rules") != rules:
                connection.execute("delete from code_read")
                connection.execute("delete from told_apart")
                write_meta(connection, code_rules=rules)
        (self._bytes,) = connection.execute("select coalesce(sum(length(told)), 0) from code_read").fetchone()

    def find(self, code: PipelineCode, warehouse: Warehouse, dialect: str) -> KeptFacts | None:
        """What the statement told when it was read; None if it was not, or would tell something else now."""
        digest = statement_hash(code, dialect)
        if self._heads is None:
            # All at once: one after the other takes a read of the file for each.
            self._heads = dict(self._connection.execute("select digest, head from code_read"))
        head = head_from_text(self._heads[digest]) if digest in self._heads else None
        if head is None or not is_current(head, code, warehouse, dialect):
            return None
        self._used.add(digest)
        self.reused += 1
        return KeptFacts(head, lambda: self._whole(code, digest, warehouse, dialect))

    def _whole(self, code: PipelineCode, digest: str, warehouse: Warehouse, dialect: str) -> StatementFacts:
        """All that the statement told; what is damaged is read again."""
        row = self._connection.execute("select told from code_read where digest = ?", (digest,)).fetchone()
        found = unpacked(row[0]) if row else None
        if found is None:
            self.reused -= 1
            found = extract_one(code, warehouse, dialect)
            self.keep(found)
        return found

    def find_apart(self, table: str) -> tuple[str, tuple[str, ...]] | None:
        """What told the table apart from its look-alikes, with the mark that it was kept under."""
        if self._apart is None:
            rows = self._connection.execute("select name, mark, texts from told_apart")
            self._apart = {name: (mark, texts) for name, mark, texts in rows}
        found = self._apart.get(table)
        return (found[0], tuple(json.loads(found[1]))) if found else None

    def keep_apart(self, table: str, mark: str, texts: Iterable[str]) -> None:
        """Keep what tells the table apart."""
        encoded = json.dumps(list(texts))
        if self._apart is not None:
            self._apart[table] = mark, encoded
        row = (table, mark, encoded)
        self._connection.execute("insert or replace into told_apart values (?, ?, ?)", row)

    def drop_apart(self, tables: Iterable[str]) -> None:
        """Forget what told other tables apart than these."""
        self._apart = None
        known, wanted = self._connection.execute("select name from told_apart").fetchall(), set(tables)
        gone = [name for name in known if name[0] not in wanted]
        with self._connection:
            self._connection.executemany("delete from told_apart where name = ?", gone)

    def keep(self, told: StatementFacts) -> None:
        """Keep what a statement told, in place of what it told before."""
        data = packed(told) if told.digest else None
        if data is None:
            return
        self._forget(told.digest)
        if self._bytes + len(data) > self._max_bytes:
            return
        self._connection.execute(
            "insert into code_read values (?, ?, ?)", (told.digest, head_to_text(told), data)
        )
        self._bytes += len(data)
        self._used.add(told.digest)
        self._waiting += 1
        if self._waiting >= _COMMIT_EVERY:
            self._connection.commit()
            self._waiting = 0

    def drop_others(self) -> None:
        """Forget the statements that were neither found nor kept: they are gone, or are others now."""
        self._heads = None
        with self._connection:
            known = [digest for (digest,) in self._connection.execute("select digest from code_read")]
            for digest in known:
                if digest not in self._used:
                    self._forget(digest)

    def _forget(self, digest: str) -> None:
        gone = self._connection.execute(
            "delete from code_read where digest = ? returning length(told)", (digest,)
        ).fetchall()
        self._bytes -= sum(size for (size,) in gone)
