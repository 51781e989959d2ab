"""What a table is made from, and what is made from it; kept in the index file."""

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gnomon.context.catalog.facts import LineageEdge
from gnomon.context.catalog.file import table_id, table_ref
from gnomon.context.catalog.naming import Names
from gnomon.domain.catalog import TableRef

MAX_LINKS = 500
"""Links that one answer about lineage holds at most."""


@dataclass(frozen=True, slots=True)
class Link:
    """`table` is made from `upstream`; with columns, that column from that one.

    A table that the warehouse does not have keeps the name that its source gives it.
    """

    table: TableRef
    upstream: TableRef
    column: str = ""
    upstream_column: str = ""
    provenance: str = ""


def resolved(edges: Iterable[LineageEdge], names: Names) -> tuple[Link, ...]:
    """Edges between tables of the warehouse, each once; an edge of a table that is not there is left out."""
    links: dict[tuple[TableRef, TableRef, str, str], Link] = {}
    for edge in edges:
        table = names.find(edge.table)
        if table is None:
            continue
        upstream = names.find(edge.upstream) or _elsewhere(edge.upstream)
        key = (table, upstream, edge.column, edge.upstream_column)
        if table != upstream or edge.column:
            links.setdefault(key, Link(*key, str(edge.origin)))
    return tuple(links.values())


def write_links(connection: sqlite3.Connection, tables: Iterable[TableRef], links: Iterable[Link]) -> None:
    """Replace the links of these tables to what they are made from; the caller commits."""
    connection.executemany("delete from lineage where table_id = ?", ((table_id(t),) for t in tables))
    connection.executemany(
        "insert or ignore into lineage values (?, ?, ?, ?, ?)",
        ((table_id(k.table), k.column, table_id(k.upstream), k.upstream_column, k.provenance) for k in links),
    )


def walk(
    start: TableRef,
    *,
    up: bool,
    depth: int,
    read: Callable[[str, tuple[object, ...]], list[tuple[str, ...]]],
    shown: Callable[[TableRef], bool],
) -> tuple[Link, ...]:
    """Links from `start` up or down to `depth` steps, nearest first; cycles end where they began.

    Args:
        read: Runs a statement on the index.
        shown: Whether a table exists for the reader; what lies behind one that does not is not walked to.
    """
    queue, seen = deque([(start, 0)]), {start}
    found: list[Link] = []
    here, there = ("table_id", "upstream_id") if up else ("upstream_id", "table_id")
    sql = (
        f"select table_id, upstream_id, column_name, upstream_column, provenance from lineage "
        f"where {here} = ? order by {there}, column_name, upstream_column limit {MAX_LINKS}"
    )
    while queue and len(found) < MAX_LINKS:
        ref, steps = queue.popleft()
        for row in read(sql, (table_id(ref),)):
            link = Link(table_ref(row[0]), table_ref(row[1]), *row[2:])
            other = link.upstream if up else link.table
            if not shown(other):
                continue
            found.append(link)
            if other not in seen and steps + 1 < depth:
                seen.add(other)
                queue.append((other, steps + 1))
    return tuple(found[:MAX_LINKS])


def _elsewhere(name: str) -> TableRef:
    schema, _, bare = name.rpartition(".")
    return TableRef(bare, schema)
