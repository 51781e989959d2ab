"""What statements told, kept in the index by the hash of their code: only changed ones are read again.

Reading a statement takes about ten milliseconds, decoding what it told a tenth of one. What is found is
reused only if the tables that it names still are what they were; nothing that other rules have read is.
"""

import sqlite3

from gnomon.context.catalog.enrich.packing import packed, unpacked
from gnomon.context.catalog.enrich.shapes import StatementFacts
from gnomon.context.catalog.enrich.statement import is_current, statement_hash
from gnomon.context.catalog.enrich.version import rules_version
from gnomon.context.catalog.enrich.warehouse import Warehouse
from gnomon.context.catalog.facts import PipelineCode
from gnomon.context.catalog.file import read_meta, write_meta

MAX_BYTES = 128 * 1024 * 1024
"""Kept in all, compressed: about 90,000 statements of 20 columns. What is beyond is read anew each time."""

_COMMIT_EVERY = 50


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
        self._used: set[str] = set()
        self._waiting = 0
        self.reused = 0
        rules = rules or rules_version()
        with connection:
            if read_meta(connection).get("code_rules") != rules:
                connection.execute("delete from code_read")
                write_meta(connection, code_rules=rules)
        (self._bytes,) = connection.execute("select coalesce(sum(length(told)), 0) from code_read").fetchone()

    def find(self, code: PipelineCode, warehouse: Warehouse, dialect: str) -> StatementFacts | None:
        """What the statement told when it was read; None if it was not, or would tell something else now."""
        digest = statement_hash(code, dialect)
        row = self._connection.execute("select told from code_read where digest = ?", (digest,)).fetchone()
        found = unpacked(row[0]) if row else None
        if found is None or not is_current(found, code, warehouse, dialect):
            return None
        self._used.add(digest)
        self.reused += 1
        return found

    def keep(self, told: StatementFacts) -> None:
        """Keep what a statement told, in place of what it told before."""
        data = packed(told) if told.digest else None
        if data is None:
            return
        self._forget(told.digest)
        if self._bytes + len(data) > self._max_bytes:
            return
        self._connection.execute("insert into code_read values (?, ?)", (told.digest, data))
        self._bytes += len(data)
        self._used.add(told.digest)
        self._waiting += 1
        if self._waiting >= _COMMIT_EVERY:
            self._connection.commit()
            self._waiting = 0

    def drop_others(self) -> None:
        """Forget the statements that were neither found nor kept: they are gone, or are others now."""
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
