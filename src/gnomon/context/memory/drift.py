"""Whether a memory still speaks of tables as they are: one that depends on what changed is retired."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from gnomon.context.memory.changes import Record, carry_out
from gnomon.domain.catalog import Catalog, TableRef, TableSchema
from gnomon.domain.memory import KnownTable, Memory
from gnomon.store.memories import Change, MemoryStore

RecordFor = Callable[[str], Record]
"""Gives what records changes of a tenant's memories."""


def fingerprint(table: TableSchema) -> str:
    """A hash of the columns' names and types, in whatever order they stand.

    Names and types are taken as the catalog has them. Row counts, keys and comments do not count: they
    change while what a memory says of the table still holds.
    """
    columns = sorted((c.name, c.type_sql) for c in table.columns)
    return sha256(json.dumps(columns).encode()).hexdigest()


def known(table: TableSchema) -> KnownTable:
    """The table as a memory remembers it."""
    return KnownTable(table.ref, fingerprint(table))


def drift(memory: Memory, catalog: Catalog) -> str:
    """What changed of the tables that a memory depends on, in a sentence; empty if nothing did.

    Args:
        catalog: Every table of the warehouse, not one person's part of it.
    """
    for then in memory.tables:
        table = exact(catalog, then.ref)
        if table is None:
            return f"the table {then.ref} is not there any more"
        if fingerprint(table) != then.fingerprint:
            return f"the columns of {then.ref} changed"
    return ""


def exact(catalog: Catalog, ref: TableRef) -> TableSchema | None:
    """The table of exactly that address."""
    return catalog.exact(ref)


def retire_drifted(
    store: MemoryStore, warehouse: str, catalog: Catalog, now: datetime, record_for: RecordFor
) -> tuple[Memory, ...]:
    """Retire every memory whose tables changed, with the reason; the retired ones are returned.

    Args:
        catalog: Every table of that warehouse.
    """
    retired = []
    for tenant in store.tenants(warehouse):
        record = record_for(tenant)
        for memory in store.of_warehouse(tenant, warehouse, ("active", "proposed")):
            why = drift(memory, catalog)
            if why:
                after = replace(
                    memory, status="retired", retired_because=why, reviewed_by="", reviewed_at=now
                )
                carry_out(store, [Change("retire", memory, after)], "", now, record)
                retired.append(after)
    return tuple(retired)
