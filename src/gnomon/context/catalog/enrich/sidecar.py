"""What a model said of tables, kept in a small SQLite file beside the index, by hash of what it was shown."""

import json
import sqlite3
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from gnomon.context.catalog.facts import Fact, Origin
from gnomon.domain.errors import Misconfigured
from gnomon.store.durable import explained

FORMAT = 1
_LOCK_WAIT_S = 30.0
_SCHEMA = """
create table if not exists refined (
    digest text primary key, table_name text not null, facts text, attempts integer not null
) without rowid;
create index if not exists refined_by_table on refined (table_name);
"""


class RefinementStore:
    """Answers by the hash of their input; each is on disk when `put` returns.

    Raises:
        Misconfigured: The file cannot be opened, or is no store of this version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with explained(path.parent):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._connection = sqlite3.connect(path, timeout=_LOCK_WAIT_S)
        except sqlite3.Error as problem:
            raise self._unusable(problem) from problem
        try:
            self._prepare()
        except sqlite3.DatabaseError as problem:
            self._connection.close()
            raise self._unusable(problem) from problem

    def facts(self, digest: str) -> tuple[Fact, ...] | None:
        """What was kept for this input; None if it was not answered."""
        row = self._row("select facts from refined where digest = ?", digest)
        return tuple(map(_to_fact, json.loads(row[0]))) if row is not None and row[0] is not None else None

    def attempts(self, digest: str) -> int:
        """How often an answer for this input was unusable."""
        row = self._row("select attempts from refined where digest = ?", digest)
        return int(row[0]) if row is not None else 0

    def put(self, digest: str, table: str, facts: tuple[Fact, ...]) -> None:
        """Keep an answer, in place of what was kept of the same table for other input."""
        text = json.dumps([_fact(f) for f in facts], separators=(",", ":"))
        sql = "insert or replace into refined values (?, ?, ?, 0)"
        self._write(digest, table, sql, (digest, table, text))

    def failed(self, digest: str, table: str) -> None:
        """Count an unusable answer."""
        sql = "insert into refined values (?, ?, null, 1) on conflict do update set attempts = attempts + 1"
        self._write(digest, table, sql, (digest, table))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _prepare(self) -> None:
        version = self._connection.execute("pragma user_version").fetchone()[0]
        if version not in (0, FORMAT):
            raise sqlite3.DatabaseError(f"format {version}, not {FORMAT}")
        with self._connection:
            self._connection.executescript(f"{_SCHEMA}pragma user_version = {FORMAT};")

    def _row(self, sql: str, digest: str) -> Any:
        try:
            return self._connection.execute(sql, (digest,)).fetchone()
        except sqlite3.DatabaseError as problem:
            raise self._unusable(problem) from problem

    def _write(self, digest: str, table: str, sql: str, values: tuple[str, ...]) -> None:
        """Write one row; rows of the same table for other input go."""
        try:
            with self._connection:
                self._connection.execute(
                    "delete from refined where table_name = ? and digest <> ?", (table, digest)
                )
                self._connection.execute(sql, values)
        except sqlite3.DatabaseError as problem:
            raise self._unusable(problem) from problem

    def _unusable(self, problem: sqlite3.Error) -> Misconfigured:
        return Misconfigured(
            "the store of refined facts cannot be used",
            facts=(("file", str(self._path)), ("reason", str(problem))),
            hint="delete the file: the next run asks the model again",
        )


def _fact(fact: Fact) -> Any:
    return [fact.table, fact.kind, fact.text, fact.origin.place, fact.origin.source, fact.column]


def _to_fact(value: Any) -> Fact:
    table, kind, text, place, source, column = value
    return Fact(table, kind, text, Origin("model", place, source), column)
