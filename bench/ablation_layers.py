"""The layers of context, and a warehouse and its sources without some of them."""

import shutil
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast, get_args

from gnomon.context.catalog import facts
from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.facts import Dashboard, Item, LineageEdge, PastQuery, PipelineCode, Problem
from gnomon.context.catalog.sources.port import Source
from gnomon.domain.catalog import Catalog, TableSchema
from gnomon.models.port import Embedder
from gnomon.warehouses.port import Warehouse

Layer = Literal["annotations", "code", "usage", "comments", "brief", "values", "knowledge", "memory"]
"""`annotations`: what people write of tables. `code`: SQL that makes tables, views included. `usage`: query
logs and dashboards. `comments`: the warehouse's own. `values`: words of a question found in cells."""

LAYERS: tuple[Layer, ...] = get_args(Layer)
ALL = frozenset(LAYERS)
NONE: frozenset[Layer] = frozenset()
INDEXED: frozenset[Layer] = frozenset({"annotations", "code", "usage", "comments", "values"})
"""Those that the index file holds; the others are read beside it."""

_SAYS: Mapping[facts.Layer, Layer] = {
    "annotation": "annotations",
    "documentation": "annotations",
    "code": "code",
    "model": "code",
    "usage": "usage",
}


def layer_of(item: Item) -> Layer | None:
    """The layer that an item of a source belongs to; None for a problem, which belongs to all."""
    match item:
        case Problem():
            return None
        case PastQuery() | Dashboard():
            return "usage"
        case PipelineCode() | LineageEdge():
            return "code"
        case _:
            return _SAYS[item.origin.layer]


@dataclass(frozen=True, slots=True)
class Kept:
    """A source of which only some layers are read."""

    source: Source
    layers: Collection[Layer]

    @property
    def name(self) -> str:
        """The source's own, with the layers."""
        return f"{self.source.name} ({', '.join(sorted(self.layers))})"

    def fingerprint(self) -> str:
        """The source's own."""
        return self.source.fingerprint()

    def read(self) -> Iterator[Item]:
        """The items of those layers."""
        return (i for i in self.source.read() if (layer := layer_of(i)) is None or layer in self.layers)


@dataclass(frozen=True, slots=True)
class Bare:
    """A warehouse that tells no comments, or no definitions of its views; for the rest it is as it is."""

    warehouse: Warehouse
    layers: Collection[Layer]

    def __getattr__(self, name: str) -> Any:
        """Whatever else a warehouse does."""
        return getattr(self.warehouse, name)

    def introspect(self) -> Catalog:
        """The catalog without what the layers left out would tell."""
        catalog = self.warehouse.introspect()
        return replace(catalog, tables=tuple(map(self._bared, catalog.tables)))

    def _bared(self, table: TableSchema) -> TableSchema:
        if "code" not in self.layers:
            table = replace(table, definition="")
        if "comments" in self.layers:
            return table
        return replace(table, comment="", columns=tuple(replace(c, comment="") for c in table.columns))


def build_without(
    path: Path,
    layers: Collection[Layer],
    warehouse: Warehouse,
    embedder: Embedder,
    sources: Sequence[Source],
    now: datetime,
    like: Path | None = None,
) -> None:
    """Build the index `path` from some layers.

    Args:
        like: An index of the same warehouse, so that tables need not be profiled again.
    """
    if like is not None:
        shutil.copy(like, path)
    told = [Kept(source, layers) for source in sources]
    bare = cast(Warehouse, Bare(warehouse, layers))
    build_index(bare, embedder, path, sources=told, now=now)
    if "values" not in layers:
        _forget_values(path)


def _forget_values(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("delete from column_values")
        connection.execute("delete from value_columns")


def named(layers: Collection[Layer]) -> str:
    """How a set of layers is called in a table."""
    if set(layers) >= ALL:
        return "all layers"
    if not layers:
        return "schema only"
    if len(layers) == 1:
        return f"schema and {next(iter(layers))}"
    return f"without {', '.join(name for name in LAYERS if name not in layers)}"


def configurations() -> tuple[frozenset[Layer], ...]:
    """All layers; all but one, for each; none; one alone, for each."""
    return (ALL, *(ALL - {name} for name in LAYERS), NONE, *(frozenset({name}) for name in LAYERS))
