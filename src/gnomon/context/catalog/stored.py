"""The catalog in the index file: a row for each table and join, decoded when it is asked for.

A warehouse of 90,000 tables takes seconds to decode; a question is about a dozen of them.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from gnomon.context.catalog import codec
from gnomon.context.catalog.file import table_id, table_ref, unreadable
from gnomon.domain.catalog import Catalog, Join, TableRef, TableSchema

Read = Callable[[str, tuple[object, ...]], list[tuple[Any, ...]]]
"""Runs a statement on the index file."""


class Written:
    """A catalog as text: each schema and join is encoded once, whoever asks for it.

    Args:
        known: Texts of schemas that are likely to be in the catalog, with the schemas.
    """

    def __init__(
        self, catalog: Catalog, known: Mapping[TableRef, tuple[TableSchema, str]] | None = None
    ) -> None:
        self.joins = catalog.joins
        self._tables = catalog.tables
        self._known = dict(known or {})
        self._joins = {id(join): codec.join_to_json(join) for join in catalog.joins}

    def schema(self, table: TableSchema) -> str:
        """The schema of a table."""
        known = self._known.get(table.ref)
        if known is None or known[0] is not table:
            known = self._known[table.ref] = table, codec.schema_to_json(table)
        return known[1]

    def join(self, join: Join) -> str:
        """One of `joins`."""
        return self._joins[id(join)]

    def write(self, connection: sqlite3.Connection) -> None:
        """Make the catalog in the file this one, row by row where it differs; the caller commits."""
        tables = {
            table_id(t.ref): (place, t.ref.name.casefold(), self.schema(t))
            for place, t in enumerate(self._tables)
        }
        joins = {
            place: (table_id(j.child), table_id(j.parent), self.join(j)) for place, j in enumerate(self.joins)
        }
        _bring_up(connection, "tables", "id, position, folded, described", tables)
        _bring_up(connection, "joins", "position, child_id, parent_id, described", joins)


def _bring_up(
    connection: sqlite3.Connection, table: str, columns: str, wanted: Mapping[Any, tuple[Any, ...]]
) -> None:
    """Make the rows of a table those of `wanted`, by the first of its four columns."""
    key = columns.partition(",")[0]
    found = {row[0]: row[1:] for row in connection.execute(f"select {columns} from {table}")}
    gone = [(identifier,) for identifier in found.keys() - wanted.keys()]
    connection.executemany(f"delete from {table} where {key} = ?", gone)
    new = ((identifier, *row) for identifier, row in wanted.items() if found.get(identifier) != row)
    connection.executemany(f"insert or replace into {table} ({columns}) values (?, ?, ?, ?)", new)


def write_catalog(connection: sqlite3.Connection, catalog: Catalog) -> None:
    """Make the catalog in the file this one; the caller commits."""
    Written(catalog).write(connection)


class StoredCatalog(Catalog):
    """A `Catalog` that reads a table when it is asked for it, and keeps it.

    It equals a catalog of the same tables and joins. `tables` and `joins` decode all there are; who wants one
    table, or names alone, asks for these. Safe to share between threads.

    Raises:
        Misconfigured: From any reading: the row of a table or join is damaged.
    """

    _path: Path
    _read: Read
    _kept: dict[TableRef, TableSchema]

    def __init__(self, path: Path, read: Read) -> None:
        # The fields of the frozen base are read here from the file, so none of them is set.
        vars(self).update(_path=path, _read=read, _kept={})

    @cached_property
    def tables(self) -> tuple[TableSchema, ...]:
        """Every table, decoded."""
        rows = self._read("select id, described from tables order by position", ())
        return tuple(self._decoded(table_ref(identifier), text) for identifier, text in rows)

    @cached_property
    def joins(self) -> tuple[Join, ...]:
        """Every join, decoded."""
        return self._to_joins("", ())

    @cached_property
    def refs(self) -> tuple[TableRef, ...]:
        """Every table's address, in the order of `tables`; no table is decoded."""
        return tuple(table_ref(i) for (i,) in self._read("select id from tables order by position", ()))

    def exact(self, ref: TableRef) -> TableSchema | None:
        """See `Catalog.exact`."""
        kept = self._kept.get(ref)
        if kept is not None:
            return kept
        found = self._read("select described from tables where id = ?", (table_id(ref),))
        return self._decoded(ref, found[0][0]) if found else None

    def find(self, name: str, schema: str = "") -> TableSchema | None:
        """See `Catalog.find`."""
        sql = "select id from tables where folded = ? order by position"
        named = [table_ref(identifier) for (identifier,) in self._read(sql, (name.casefold(),))]
        found = _meant(named, schema)
        return self.exact(found) if found is not None else None

    def joins_of(self, ref: TableRef) -> tuple[Join, ...]:
        """See `Catalog.joins_of`."""
        identifier = table_id(ref)
        return self._to_joins("where child_id = ? or parent_id = ?", (identifier, identifier))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Catalog):
            return NotImplemented
        return self.tables == other.tables and self.joins == other.joins

    __hash__ = Catalog.__hash__

    def __repr__(self) -> str:
        return f"StoredCatalog({str(self._path)!r})"

    def _decoded(self, ref: TableRef, text: str) -> TableSchema:
        table = self._kept.get(ref)
        if table is None:
            with telling_damage(self._path, f"table `{ref}`"):
                table = self._kept.setdefault(ref, codec.schema_from_json(text))
        return table

    def _to_joins(self, where: str, values: tuple[object, ...]) -> tuple[Join, ...]:
        sql = f"select child_id, parent_id, described from joins {where} order by position"
        return tuple(self._to_join(*row) for row in self._read(sql, values))

    def _to_join(self, child: str, parent: str, text: str) -> Join:
        with telling_damage(self._path, f"the join of `{table_ref(child)}` and `{table_ref(parent)}`"):
            return codec.join_from_json(text)


@contextmanager
def telling_damage(path: Path, what: str) -> Iterator[None]:
    """Say which row of the index cannot be decoded.

    Raises:
        Misconfigured: It cannot.
    """
    try:
        yield
    except (ValueError, TypeError, RecursionError) as problem:
        raise unreadable(path, f"the row of {what} is damaged: {problem}") from problem


def _meant(named: Sequence[TableRef], schema: str) -> TableRef | None:
    """Of the tables of one name, which `Catalog.find` means."""
    if schema:
        return next((r for r in named if r.schema.casefold() == schema.casefold()), None)
    plain = next((r for r in named if not r.schema), None)
    return plain or (named[0] if len(named) == 1 else None)
