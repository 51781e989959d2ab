"""What is told of each table, put together when it is asked for.

Of most tables nothing that is told changes in a night. Whether it did shows in a mark, the hash of what would
be put together; of a table whose mark is the same, no statement of code is decoded.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from gnomon.context.catalog.codec import usage_to_json
from gnomon.context.catalog.enrich.shapes import Statement
from gnomon.context.catalog.facts import LAYERS, Fact, LineageEdge
from gnomon.context.catalog.lineage import Link, resolved
from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.said import Said, has_column
from gnomon.domain.catalog import Catalog, TableRef, TableUsage

_FIELDS = attrgetter(
    "table", "kind", "text", "column",
    "origin.layer", "origin.place", "origin.source", "origin.said_by", "origin.said_at",
)  # fmt: skip
"""All that a fact says; there are a million facts, and this makes a tuple of one at once."""


@dataclass(slots=True)
class Told:
    """What is told of one table.

    Args:
        first: Facts of sources, the most authoritative first.
        code: The statements that make it.
        last: Facts that statements tell together, usage, and a model's wording.
        edges: What sources say that it is made from.
    """

    first: list[Fact] = field(default_factory=list)
    code: list[Statement] = field(default_factory=list)
    last: list[Fact] = field(default_factory=list)
    edges: list[LineageEdge] = field(default_factory=list)
    usage: TableUsage | None = None
    popularity: float = 0.0

    def facts(self, has_column: Callable[[str], bool]) -> tuple[Fact, ...]:
        """All of them, the most authoritative first.

        Args:
            has_column: Whether the table has a column; statements may fill columns that it has not.
        """
        drawn = dict.fromkeys(
            f for one in self.code for f in one.facts if not f.column or has_column(f.column)
        )
        return tuple(sorted([*self.first, *drawn, *self.last], key=lambda f: LAYERS.index(f.origin.layer)))


class ToldOf(Mapping[TableRef, Said]):
    """What is told of the tables of a warehouse: what a table is asked for is put together then, each time.

    Args:
        rules: The rules that read code.
    """

    def __init__(self, catalog: Catalog, names: Names, rules: str) -> None:
        self._catalog = catalog
        self._names = names
        self._rules = rules
        self._told: dict[TableRef, Told] = defaultdict(Told)

    def add_facts(self, facts: Mapping[TableRef, Iterable[Fact]], *, last: Collection[int]) -> None:
        """Facts of sources.

        Args:
            last: Those that come after what statements tell, by their `id`.
        """
        for ref, found in facts.items():
            told = self._told[ref]
            for fact in found:
                (told.last if id(fact) in last else told.first).append(fact)

    def add_last(self, facts: Mapping[TableRef, Iterable[Fact]]) -> None:
        """Facts that come after all others of their layer."""
        for ref, found in facts.items():
            self._told[ref].last.extend(found)

    def add_code(self, statements: Iterable[Statement]) -> None:
        """Statements of tables that the warehouse has; those of others are passed over."""
        for one in statements:
            ref = self._names.find(one.table)
            if ref is not None:
                self._told[ref].code.append(one)

    def add_edges(self, edges: Iterable[LineageEdge]) -> None:
        """What sources say that tables are made from."""
        for edge in edges:
            ref = self._names.find(edge.table)
            if ref is not None:
                self._told[ref].edges.append(edge)

    def add_usage(self, usage: Mapping[TableRef, TableUsage], popularity: Mapping[TableRef, float]) -> None:
        """How people use tables."""
        for ref, each in usage.items():
            self._told[ref].usage = each
        for ref, share in popularity.items():
            if ref in self._told:
                self._told[ref].popularity = share

    def __getitem__(self, ref: TableRef) -> Said:
        if ref not in self._told:
            raise KeyError(ref)
        told = self._told[ref]
        return Said(self._facts(ref), told.usage, told.popularity)

    def __iter__(self) -> Iterator[TableRef]:
        return iter(self._told)

    def __len__(self) -> int:
        return len(self._told)

    def facts(self) -> dict[TableRef, tuple[Fact, ...]]:
        """The facts of every table, all of which this decodes."""
        return {ref: self._facts(ref) for ref in self._told}

    def links(self, ref: TableRef) -> tuple[Link, ...]:
        """What the table is made from."""
        told = self._told[ref]
        return resolved([*told.edges, *(edge for one in told.code for edge in one.lineage)], self._names)

    def mark(self, ref: TableRef) -> str:
        """Changes with what is told of the table, and with what it is made from."""
        told = self._told[ref]
        parts = [
            self._rules,
            list(map(_FIELDS, told.first)),
            list(map(_FIELDS, told.last)),
            [_mark_of(one) for one in told.code],
            [
                (k.upstream.name, k.upstream.schema, k.column, k.upstream_column, k.provenance)
                for k in self._of_sources(told)
            ],
            told.usage and usage_to_json(told.usage),
            told.popularity,
        ]
        text = repr(parts).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, digest_size=16).hexdigest()

    def _facts(self, ref: TableRef) -> tuple[Fact, ...]:
        return self._told[ref].facts(lambda column: has_column(self._catalog, ref, column))

    def _of_sources(self, told: Told) -> Sequence[Link]:
        return resolved(told.edges, self._names) if told.edges else ()


def _mark_of(one: Statement) -> str:
    """What a statement tells follows from its code and from the tables that it names."""
    # What took too long to read has no hash: another reading may tell more.
    return f"{one.digest} {one.schema_digest}" if one.digest else repr(one)
