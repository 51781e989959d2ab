"""What the sources say of one warehouse, kept in the index so that unchanged sources are not read again."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gnomon.context.catalog.counts import SourceCount, counts_from_json, counts_to_json
from gnomon.context.catalog.facts import JoinClaim, KeyClaim, Origin, Problem
from gnomon.context.catalog.file import read_large, read_meta, table_id, table_ref, write_meta
from gnomon.context.catalog.lineage import write_links
from gnomon.context.catalog.said import Said, said_from_json, said_to_json
from gnomon.context.catalog.told import ToldOf
from gnomon.context.catalog.trusted import trusted_from_json, trusted_to_json
from gnomon.domain.catalog import TableRef
from gnomon.domain.context import TrustedQuery


@dataclass(frozen=True, slots=True)
class Layers:
    """What the sources say of one warehouse.

    Args:
        said: Facts and usage by table.
        trusted: Past queries that people rely on, the most trusted first.
        keys: Claimed keys, from tests, documentation and code.
        joins: Claimed joins, and those that people write.
        problems: What could not be read or does not fit the warehouse.
        waiting: Tables that a model was not asked about yet, since its budget ended.
        counts: How much each source told.
    """

    said: Mapping[TableRef, Said] = field(default_factory=dict)
    trusted: tuple[TrustedQuery, ...] = ()
    keys: tuple[KeyClaim, ...] = ()
    joins: tuple[JoinClaim, ...] = ()
    problems: tuple[Problem, ...] = ()
    waiting: int = 0
    counts: tuple[SourceCount, ...] = ()


class KeptSaid(Mapping[TableRef, Said]):
    """What is said of tables, as an index under construction has it; decoded when it is asked for."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._marks: dict[str, str] = dict(connection.execute("select id, mark from said"))

    @property
    def marks(self) -> Mapping[str, str]:
        """A hash of what is said, by the table's id."""
        return self._marks

    def __getitem__(self, ref: TableRef) -> Said:
        row = self._connection.execute("select said from said where id = ?", (table_id(ref),)).fetchone()
        if row is None:
            raise KeyError(ref)
        return said_from_json(row[0])

    def __iter__(self) -> Iterator[TableRef]:
        return map(table_ref, self._marks)

    def __len__(self) -> int:
        return len(self._marks)


def keep_layers(connection: sqlite3.Connection, origin: str, layers: Layers) -> None:
    """Write the layers down, all or nothing.

    Args:
        origin: What they were made from; another origin needs other layers.
    """
    claims = [
        [[k.table, k.columns, _origin(k.origin)] for k in layers.keys],
        [[j.child, j.child_columns, j.parent, j.parent_columns, _origin(j.origin)] for j in layers.joins],
        [[p.place, p.message] for p in layers.problems],
        [trusted_to_json(q) for q in layers.trusted],
    ]
    with connection:
        if isinstance(layers.said, ToldOf):
            _keep_told(connection, layers.said)
        kept = {"claims": json.dumps(claims, separators=(",", ":")), "counts": counts_to_json(layers.counts)}
        write_meta(connection, layers_of=origin, **kept)


def kept_layers(connection: sqlite3.Connection, origin: str) -> Layers | None:
    """The layers that were made from `origin`, or None."""
    facts = read_meta(connection)
    if facts.get("layers_of") != origin:
        return None
    keys, joins, problems, trusted = json.loads(read_large(connection, "claims"))
    return Layers(
        said=KeptSaid(connection),
        trusted=tuple(map(trusted_from_json, trusted)),
        keys=tuple(KeyClaim(t, tuple(c), _to_origin(o)) for t, c, o in keys),
        joins=tuple(JoinClaim(c, tuple(cc), p, tuple(pc), _to_origin(o)) for c, cc, p, pc, o in joins),
        problems=tuple(Problem(*p) for p in problems),
        counts=counts_from_json(facts.get("counts", "[]")),
    )


def _keep_told(connection: sqlite3.Connection, told: ToldOf) -> None:
    """Write what is told of the tables of which something else is told than before, and their links."""
    marks = {ref: told.mark(ref) for ref in told}
    known = dict(connection.execute("select id, mark from said"))
    new = [ref for ref, mark in marks.items() if known.get(table_id(ref)) != mark]
    gone = known.keys() - {table_id(ref) for ref in marks}
    connection.executemany("delete from said where id = ?", ((i,) for i in gone))
    connection.executemany(
        "insert or replace into said values (?, ?, ?)",
        ((table_id(ref), marks[ref], said_to_json(told[ref])) for ref in new),
    )
    links = (link for ref in new for link in told.links(ref))
    write_links(connection, [*new, *map(table_ref, gone)], links)


def _origin(origin: Origin) -> Any:
    return [origin.layer, origin.place, origin.source]


def _to_origin(value: Any) -> Origin:
    return Origin(*value)
