"""What the sources say of one warehouse, kept in the index so that unchanged sources are not read again."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gnomon.context.catalog.counts import SourceCount, counts_from_json, counts_to_json
from gnomon.context.catalog.facts import JoinClaim, KeyClaim, Origin, Problem
from gnomon.context.catalog.file import read_large, read_meta, table_id, table_ref, write_meta
from gnomon.context.catalog.lineage import Link, read_links, write_links
from gnomon.context.catalog.said import Said, said_from_json, said_to_json
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
        lineage: What is made from what.
        problems: What could not be read or does not fit the warehouse.
        waiting: Tables that a model was not asked about yet, since its budget ended.
        counts: How much each source told.
    """

    said: Mapping[TableRef, Said] = field(default_factory=dict)
    trusted: tuple[TrustedQuery, ...] = ()
    keys: tuple[KeyClaim, ...] = ()
    joins: tuple[JoinClaim, ...] = ()
    lineage: tuple[Link, ...] = ()
    problems: tuple[Problem, ...] = ()
    waiting: int = 0
    counts: tuple[SourceCount, ...] = ()


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
    rows = [(table_id(ref), said_to_json(said)) for ref, said in layers.said.items()]
    with connection:
        connection.execute("delete from said")
        connection.executemany("insert into said values (?, ?)", rows)
        write_links(connection, layers.lineage)
        kept = {"claims": json.dumps(claims, separators=(",", ":")), "counts": counts_to_json(layers.counts)}
        write_meta(connection, layers_of=origin, **kept)


def kept_layers(connection: sqlite3.Connection, origin: str) -> Layers | None:
    """The layers that were made from `origin`, or None."""
    facts = read_meta(connection)
    if facts.get("layers_of") != origin:
        return None
    keys, joins, problems, trusted = json.loads(read_large(connection, "claims"))
    rows = connection.execute("select id, said from said").fetchall()
    return Layers(
        said={table_ref(i): said_from_json(text) for i, text in rows},
        trusted=tuple(map(trusted_from_json, trusted)),
        keys=tuple(KeyClaim(t, tuple(c), _to_origin(o)) for t, c, o in keys),
        joins=tuple(JoinClaim(c, tuple(cc), p, tuple(pc), _to_origin(o)) for c, cc, p, pc, o in joins),
        lineage=read_links(connection),
        problems=tuple(Problem(*p) for p in problems),
        counts=counts_from_json(facts.get("counts", "[]")),
    )


def _origin(origin: Origin) -> Any:
    return [origin.layer, origin.place, origin.source]


def _to_origin(value: Any) -> Origin:
    return Origin(*value)
