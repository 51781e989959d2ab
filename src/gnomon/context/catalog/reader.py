"""Read a finished index: the catalog, the cards, what fits a question of tables, values and past queries."""

import json
import sqlite3
import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from gnomon.context.catalog import codec
from gnomon.context.catalog.file import open_published, read_large, read_meta, table_id, table_ref, unreadable
from gnomon.context.catalog.lineage import Link, walk
from gnomon.context.catalog.matching import match_values
from gnomon.context.catalog.nearest import read_names
from gnomon.context.catalog.stored import StoredCatalog, telling_damage
from gnomon.context.catalog.trusted import TrustedIndex
from gnomon.context.catalog.values import Seen, ValueIndex
from gnomon.domain.catalog import Catalog, ColumnRef, TableCard, TableRef
from gnomon.domain.context import Candidate, TrustedQuery, ValueMatch
from gnomon.search.fuse import Hit
from gnomon.search.partition import Partition

CARDS_KEPT = 64
"""Cards held decoded, the last used: a small warehouse shows the same ones for every question."""


class CatalogIndex:
    """One finished index. It stays as it was opened, also if a new one takes its place meanwhile.

    Safe to share between threads.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, partition: Partition) -> None:
        self._path = path
        self._connection = connection
        self._partition = partition
        self._lock = threading.RLock()
        self._card = lru_cache(CARDS_KEPT)(self._read_card)
        self._facts = read_meta(connection)

    @classmethod
    def open(cls, path: Path) -> "CatalogIndex":
        """Open the index in `path`; costs a few milliseconds, cards and vectors are read when first wanted.

        Raises:
            Misconfigured: There is none, it cannot be read, or another version of Gnomon wrote it.
        """
        connection = open_published(path)
        try:
            embedder_id, _, dimensions = read_meta(connection)["embedder"].rpartition(":")
            partition = Partition.open(path, embedder_id, int(dimensions), read_only=True)
        except (KeyError, ValueError) as problem:
            connection.close()
            raise unreadable(path, f"the embedder's name is missing: {problem}") from problem
        except BaseException:
            connection.close()
            raise
        return cls(path, connection, partition)

    @property
    def warehouse_id(self) -> str:
        """The warehouse it was built from."""
        return self._facts["warehouse"]

    @property
    def fingerprint(self) -> str:
        """The warehouse's fingerprint when it was built."""
        return self._facts["fingerprint"]

    @property
    def found_by_values(self) -> bool:
        """Whether frequent values help to find a table."""
        return self._facts.get("found_by_values", "1") == "1"

    @property
    def embedder_id(self) -> str:
        """The model that made its vectors."""
        return self._facts["embedder"].rpartition(":")[0]

    @property
    def built_at(self) -> datetime:
        """When it was finished, aware, in UTC."""
        return datetime.fromisoformat(self._facts["built_at"])

    def catalog(self) -> Catalog:
        """Every table with measured keys and joins, each decoded when it is asked for."""
        return self._catalog

    def cards(self) -> tuple[TableCard, ...]:
        """Every card, in the warehouse's order."""
        return self._cards

    def card(self, ref: TableRef) -> TableCard | None:
        """The card of that table, or None."""
        return self._card(ref)

    def retrieve(
        self,
        text: str,
        vector: Any,
        k: int,
        *,
        among: Collection[TableRef] | None = None,
        boosted: bool = True,
    ) -> tuple[Candidate, ...]:
        """The `k` tables that fit `text` best, by meaning and by words; of two alike the more trusted one.

        Args:
            vector: The text's embedding by the model `embedder_id`; None searches by words alone.
            among: The tables that exist for the reader; all of them by default.
            boosted: Whether trust counts, which is measured against all tables.
        """
        boosts = self._boosts if boosted else None
        ids = None if among is None else frozenset(map(table_id, among))
        with self._reading():
            hits = self._partition.search(text, vector, k, among=ids, boosts=boosts)
        return tuple(Candidate(table_ref(h.id), h.score, h.dense_rank, h.text_rank, _reason(h)) for h in hits)

    def trusted(
        self, vector: Any, k: int = 3, *, shown: Callable[[TrustedQuery], bool] | None = None
    ) -> tuple[TrustedQuery, ...]:
        """The `k` past queries whose questions are most like the one of `vector`; none where none is like it.

        Args:
            shown: Whether a query exists for the reader; all do by default.
        """
        return tuple(found.query for found in self._trusted.near(vector, k, shown))

    def lineage(
        self,
        ref: TableRef,
        *,
        up: bool,
        depth: int = 1,
        shown: Callable[[TableRef], bool] | None = None,
    ) -> tuple[Link, ...]:
        """What a table is made from (`up`) or what is made from it, nearest first.

        Args:
            shown: Whether a table exists for the reader; all do by default.
        """
        return walk(ref, up=up, depth=depth, read=self._read, shown=shown or (lambda ref: True))

    @cached_property
    def dashboards(self) -> Mapping[str, frozenset[TableRef]]:
        """Titles of dashboards, and the tables whose cards name them."""
        sql = "select title.value, cards.id from cards, json_each(card, ?) as title"
        found: dict[str, set[TableRef]] = defaultdict(set)
        for title, identifier in self._read(sql, (codec.DASHBOARDS,)):
            found[title].add(table_ref(identifier))
        return {title: frozenset(tables) for title, tables in found.items()}

    def problems(self) -> tuple[tuple[str, str], ...]:
        """Places of the last build and what was wrong there."""
        return tuple(self._read("select place, message from problems order by position", ()))

    def match_values(
        self,
        text: str,
        limit: int = 20,
        *,
        among: ValueIndex | None = None,
        named: frozenset[str] | None = None,
    ) -> tuple[ValueMatch, ...]:
        """Words of the question that columns hold, in the question's order; docs/context.md has the rules.

        Args:
            among: The values that exist for the reader, from `values_shown`; all of them by default.
            named: Stems of the words that the reader's tables and columns are named by; all by default.
        """
        with self._reading():
            return match_values(
                text, among or self._values, self._identifiers if named is None else named, limit
            )

    def values_shown(self, shown: Callable[[ColumnRef], bool], seen: Seen) -> ValueIndex:
        """The values that exist for a reader; see `ValueIndex`."""
        with self._reading():
            return ValueIndex(self._connection, self._lock, shown, seen)

    def near_values(
        self, column: ColumnRef, literal: str, limit: int = 3, *, among: ValueIndex | None = None
    ) -> tuple[str, ...]:
        """Values of the column that someone who wrote `literal` may have meant, the likeliest first."""
        with self._reading():
            return (among or self._values).near(column, literal, limit)

    def has_value(self, column: ColumnRef, literal: str) -> bool | None:
        """Whether the column holds exactly `literal`; None if the index does not hold all its values."""
        with self._reading():
            return self._values.has(column, literal)

    def brief(self) -> str:
        """The whole warehouse in at most 4 KB of text."""
        return self._facts["brief"]

    def close(self) -> None:
        """Give back the file. Calling it twice is harmless."""
        self._partition.close()
        self._connection.close()

    @cached_property
    def _catalog(self) -> Catalog:
        return StoredCatalog(self._path, self._read)

    @cached_property
    def _cards(self) -> tuple[TableCard, ...]:
        rows = self._read("select id, card from cards order by position", ())
        return tuple(self._to_card(table_ref(identifier), card) for identifier, card in rows)

    @cached_property
    def _boosts(self) -> dict[str, float]:
        return dict(self._read("select id, boost from signals", ()))

    @cached_property
    def _trusted(self) -> TrustedIndex:
        rows = self._read("select query, vector from trusted order by position", ())
        return TrustedIndex(rows, int(self._facts["embedder"].rpartition(":")[2]))

    @cached_property
    def names(self) -> Mapping[str, Any]:
        """The vectors of the names of tables and columns, by name as it is said; see `nearest`."""
        return read_names(self._read("select name, vector from names", ()))

    @cached_property
    def _values(self) -> ValueIndex:
        return ValueIndex(self._connection, self._lock)

    @cached_property
    def _identifiers(self) -> frozenset[str]:
        return frozenset(json.loads(self._large("identifiers")))

    def _large(self, name: str) -> str:
        with self._reading(), self._lock:
            return read_large(self._connection, name)

    def _read_card(self, ref: TableRef) -> TableCard | None:
        found = self._read("select card from cards where id = ?", (table_id(ref),))
        return self._to_card(ref, found[0][0]) if found else None

    def _to_card(self, ref: TableRef, text: str) -> TableCard:
        with telling_damage(self._path, f"the card of `{ref}`"):
            return codec.card_from_json(text)

    def _read(self, sql: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._reading(), self._lock:
            return self._connection.execute(sql, values).fetchall()

    def _reading(self) -> "_Reading":
        return _Reading(self._path)


class _Reading:
    """Tells an operator about a file that turns out broken half-way through."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> None:
        if isinstance(problem, sqlite3.DatabaseError) and not isinstance(problem, sqlite3.ProgrammingError):
            raise unreadable(self._path, str(problem)) from problem


def _reason(hit: Hit) -> str:
    ranks = ((hit.dense_rank, "meaning"), (hit.text_rank, "words"))
    return " and ".join(f"{kind} (rank {rank})" for rank, kind in ranks if rank is not None)
