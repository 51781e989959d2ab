"""Puts each payload where foreign text comes from, in a real warehouse with a real index, one a channel."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import yaml

from context.catalog.told import Told
from gnomon.agent.render import render_context
from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.facts import Fact, Item, Origin, PastQuery
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.context.catalog.sources.annotations import open_annotations
from gnomon.context.catalog.usage.sanitise import redact
from gnomon.domain.catalog import TableRef
from gnomon.domain.context import Context, TrustedQuery
from gnomon.models.port import Embedder, ModelRequest
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Warehouse

PAYLOADS = Path(__file__).with_name("payloads.toml")
RIGHTS = Path(__file__).with_name("rights.toml")
BUDGET_TOKENS = 12_000
LONGEST_CELL = 120
"""What a preview shows of a cell; a longer payload would be cut."""

LONGEST_FILE_NAME = 240
ORDERS = (
    "CREATE TABLE orders AS SELECT i AS id, ['paid', 'open'][1 + i % 2] AS status, 10 + i AS amount"
    " FROM range(1, 41) r(i)"
)
Looks = tuple[tuple[str, dict[str, Any]], ...]


@dataclass(frozen=True)
class Payload:
    """A planted text and the effect that it must not have."""

    id: str
    forbids: str
    text: str

    @property
    def table(self) -> str:
        """The table that holds it, where a table does."""
        return f"t_{self.id.replace('-', '_')}"


@dataclass(frozen=True)
class Site:
    """One channel's warehouse, with every payload that the channel can hold."""

    channel: str
    payloads: tuple[Payload, ...]
    warehouse: Warehouse
    index: CatalogIndex
    folder: Path

    def looks(self, payload: Payload) -> Looks:
        """What the model calls first, so that it reads the payload."""
        look = _LOOKS.get(self.channel)
        return look(payload.table) if look else ()

    def show(self, payload: Payload) -> Callable[[ModelRequest], ModelRequest]:
        """The request with the orders, the payload's own table, and what no table holds."""

        def shown(request: ModelRequest) -> ModelRequest:
            context = self._focused(request.context, payload)
            return replace(request, context=context, context_text=render_context(context, BUDGET_TOKENS))

        return shown

    def _focused(self, context: Context, payload: Payload) -> Context:
        refs = [t.ref for t in self.index.catalog().tables if self._belongs(t.ref, payload)]
        cards = tuple(card for ref in refs if (card := self.index.card(ref)) is not None)
        heads = tuple(f"- {ref} (" for ref in refs)
        brief = "\n".join(line for line in context.brief.splitlines() if line.startswith(heads))
        context = replace(context, cards=cards, others=(), values=(), candidates=(), brief=brief)
        recall = _RECALLED.get(self.channel)
        return replace(context, **recall(payload.text)) if recall else context

    def _belongs(self, ref: TableRef, payload: Payload) -> bool:
        return ref.name in ("orders", payload.table, payload.text)


def payloads(path: Path = PAYLOADS) -> tuple[Payload, ...]:
    """The corpus's texts."""
    return tuple(Payload(name, **entry) for name, entry in tomllib.loads(path.read_text()).items())


def build(
    channel: str, folder: Path, embedder: Embedder, texts: tuple[Payload, ...], more: tuple[str, ...] = ()
) -> Site:
    """Plant every payload that the channel can hold, and index what came of it.

    Args:
        more: Further statements for the database.
    """
    planted = tuple(p for p in texts if _FITS.get(channel, _always)(p.text))
    source = folder / "warehouse"
    source.mkdir(parents=True)
    notes = folder / "notes"
    notes.mkdir()
    if channel == "file name":
        opened = _files(source, planted)
    else:
        opened = _database(source / "shop.duckdb", channel, planted, more)
    for payload in planted:
        if channel in _NOTES:
            (notes / f"{payload.table}.yaml").write_text(yaml.safe_dump(_NOTES[channel](payload)))
    warehouse = open_warehouse(str(opened))
    told = Told(tuple(_ITEMS[channel](p) for p in planted)) if channel in _ITEMS else Told(())
    sources = (open_annotations(notes, "annotations:notes"), told)
    build_index(warehouse, embedder, folder / "index.db", sources=sources)
    return Site(channel, planted, warehouse, CatalogIndex.open(folder / "index.db"), folder)


def _files(folder: Path, planted: tuple[Payload, ...]) -> Path:
    (folder / "orders.csv").write_text("id,status,amount\n" + "".join(f"{i},paid,{i}\n" for i in range(40)))
    for payload in planted:
        (folder / f"{payload.text}.csv").write_text("id,note\n1,a\n2,b\n")
    return folder


def _database(path: Path, channel: str, planted: tuple[Payload, ...], more: tuple[str, ...]) -> Path:
    with duckdb.connect(str(path)) as connection:
        for statement in (ORDERS, *more):
            connection.execute(statement)
        for payload in planted if channel not in _WITHOUT_TABLES else ():
            for statement in _statements(channel, payload):
                connection.execute(statement)
    return path


def _statements(channel: str, payload: Payload) -> Iterator[str]:
    text, name = payload.text.replace("'", "''"), payload.text.replace('"', '""')
    table = f'"{name}"' if channel == "table name" else payload.table
    column = f'"{name}"' if channel == "column name" else "note"
    cell = text if channel in ("cell", "profile", "error") else "fine"
    yield f"CREATE TABLE {table} (id INTEGER, {column} VARCHAR)"
    yield f"INSERT INTO {table} VALUES (1, '{cell}'), (2, 'fine'), (3, 'well')"
    if channel in ("column comment", "described column"):
        yield f"COMMENT ON COLUMN {table}.note IS '{text}'"
    if channel == "table comment":
        yield f"COMMENT ON TABLE {table} IS '{text}'"


def _always(text: str) -> bool:
    return True


_FITS: Mapping[str, Callable[[str], bool]] = {
    "cell": lambda text: len(text) <= LONGEST_CELL,
    "profile": lambda text: len(text) <= LONGEST_CELL,
    "dashboard": lambda text: redact(text) == text,
    "file name": lambda text: "/" not in text and len(text.encode()) <= LONGEST_FILE_NAME,
}
_LOOKS: Mapping[str, Callable[[str], Looks]] = {
    "cell": lambda table: (("run_sql", {"sql": f"SELECT * FROM {table}"}),),
    "profile": lambda table: (("profile_column", {"table": table, "column": "note"}),),
    "described column": lambda table: (("describe_table", {"table": table}),),
    "error": lambda table: (("run_sql", {"sql": f"SELECT CAST(note AS INTEGER) AS n FROM {table}"}),),
}
_NOTES: Mapping[str, Callable[[Payload], dict[str, Any]]] = {
    "owner's meaning": lambda p: {"table": p.table, "meaning": p.text},
    "owner's caveat": lambda p: {"table": p.table, "caveats": [p.text]},
}
_ITEMS: Mapping[str, Callable[[Payload], Item]] = {
    "documentation": lambda p: Fact(p.table, "meaning", p.text, _FROM_DOCS),
    "dashboard": lambda p: PastQuery(
        f"SELECT COUNT(*) FROM {p.table}", _FROM_LOG, dashboard=p.text, title=p.text, views=900, runs=40
    ),
}
_FROM_DOCS, _FROM_LOG = Origin("documentation", "schema.yml:1"), Origin("usage", "log:1")
_RECALLED: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "memory": lambda text: {"memories": (text,)},
    "document": lambda text: {"documents": (f"Handbook, page 7. {text}",)},
    "trusted query": lambda text: {"trusted": (TrustedQuery(text, "SELECT count(*) FROM orders", 0.9),)},
}
_WITHOUT_TABLES = frozenset({"earlier answer", *_RECALLED})
CHANNELS = (
    *("cell", "profile", "error", "column comment", "described column", "table comment", "column name"),
    *("table name", "file name", "owner's meaning", "owner's caveat", "earlier answer", "memory", "document"),
    *("trusted query", "documentation", "dashboard"),
)
