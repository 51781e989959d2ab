"""Whether one person may be shown a memory: it may name nothing that is hidden from them."""

from collections.abc import Iterable
from dataclasses import dataclass

from gnomon.context.catalog.discretion import Discretion
from gnomon.context.memory.drift import exact
from gnomon.domain.catalog import Catalog, ColumnRef, TableRef
from gnomon.domain.errors import Refused, Retry
from gnomon.domain.memory import Memory
from gnomon.domain.query import Limits, Query
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize


@dataclass(frozen=True, slots=True)
class Meant:
    """What the second half of a `means` pair names: a table, or a column of it."""

    table: TableRef
    column: str = ""

    def __str__(self) -> str:
        return str(ColumnRef(self.table, self.column)) if self.column else str(self.table)


def meant(target: str, catalog: Catalog) -> Meant | None:
    """The table or column of a catalog that `table`, `schema.table` or either with `.column` names."""
    table = _table_named(target, catalog)
    if table is not None:
        return Meant(table)
    owner, _, column = target.rpartition(".")
    table = _table_named(owner, catalog) if owner else None
    schema = exact(catalog, table) if table is not None else None
    found = schema.column(column) if schema is not None else None
    return Meant(schema.ref, found.name) if schema is not None and found is not None else None


def shown(memories: Iterable[Memory], access: Access) -> tuple[Memory, ...]:
    """Those of the memories that name nothing hidden from the person, in their order.

    Looked at are the tables and columns that a memory depends on, its query as the person would run it, and
    every word of its texts: the name of a hidden table is not told in a sentence either.
    """
    memories = tuple(memories)
    if access.sees_all:
        return memories
    discretion = Discretion(access)
    seen = (m for m in memories if _parts_seen(m, access))
    return tuple(m for m in seen if not any(discretion.conceals(text, *m.refs) for text in _texts(m)))


def _table_named(name: str, catalog: Catalog) -> TableRef | None:
    schema, _, table = name.rpartition(".")
    found = catalog.find(table, schema)
    if found is None:
        return next((ref for ref in catalog.refs if str(ref) == name), None)
    return found.ref


def _parts_seen(memory: Memory, access: Access) -> bool:
    gone_is_known = memory.author == access.principal.subject
    for table in memory.tables:
        if access.exact(table.ref) is None:
            # Whether a table that is gone was hidden from this person, nobody can tell any more.
            if not gone_is_known:
                return False
        elif exact(access.catalog, table.ref) is None:
            return False
    kept = [target for _, target in memory.means if meant(target, access.full) is not None]
    return all(meant(target, access.catalog) is not None for target in kept) and _query_seen(memory, access)


def _query_seen(memory: Memory, access: Access) -> bool:
    if not memory.sql:
        return True
    try:
        authorize(Query(memory.sql, access.dialect), access, Limits())
    except (Retry, Refused):
        return False
    return True


def _texts(memory: Memory) -> tuple[str, ...]:
    return (memory.text, memory.reason, memory.question, *(phrase for phrase, _ in memory.means))
