"""Cards that are kept: in a night those alone are drafted anew that would read differently.

Beside each card stands the hash of all that it is made of (`made_of`): the table's schema with its keys, its
joins, its profile, what sources say of it and how it is used, whether it is stale beside the others, which
tables it looks like and what these are, the better table that its comment names, and the rules. A table whose
hash is the same keeps its card, its boost, the hash of its texts, and its part of the brief.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from gnomon.context.catalog import codec
from gnomon.context.catalog.alike import Alike, find_alike, folded_columns
from gnomon.context.catalog.brief import Part, part_from_json, part_of, part_to_json
from gnomon.context.catalog.cards import draft_card, joins_by_table, names_by_folded
from gnomon.context.catalog.caveats import look_alike_of, stale_caveats, use_instead
from gnomon.context.catalog.file import read_large_or, read_meta, table_id, write_meta
from gnomon.context.catalog.layers import KeptSaid
from gnomon.context.catalog.said import NOTHING_SAID
from gnomon.context.catalog.signals import boost
from gnomon.context.catalog.stored import Written
from gnomon.context.catalog.survey import Look
from gnomon.context.catalog.texts import card_texts, text_hash
from gnomon.domain.catalog import Statement, TableCard

_SOURCES = ("gnomon.context.catalog", "gnomon.domain", "gnomon.search")
"""Packages whose code decides how a card and its texts read."""

_NOTHING = ""


@cache
def drafting_version() -> str:
    """Changes with the source of whatever drafts: a rule that is changed in any way drafts all cards anew."""
    sources = [
        (f.name, f.read_bytes())
        for package in _SOURCES
        for f in sorted(files(package).iterdir(), key=lambda f: f.name)
        if f.name.endswith(".py")
    ]
    return hashlib.sha256(repr(sources).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the index keeps of a card besides itself."""

    made_of: str
    schema_of: str
    partners: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Shared:
    """What only all tables together tell of one."""

    stale: Statement | None
    partners: tuple[int, ...]
    instead: str


class Drafts:
    """The cards of one index under construction.

    Args:
        connection: To the index under construction.
        vectors: How vectors are made of texts; it is part of the texts' hash.
        with_values: Whether frequent values help to find a table.
    """

    def __init__(self, connection: sqlite3.Connection, *, vectors: str, with_values: bool) -> None:
        self._connection = connection
        self._vectors = vectors
        self._with_values = with_values
        rules = f"{drafting_version()} {vectors} {with_values}"
        with connection:
            if read_meta(connection).get("drafted_by") != rules:
                connection.execute("delete from drafted")
                connection.execute("update profiles set newest = null")
                write_meta(connection, drafted_by=rules)

    def bring_up(self, looks: Sequence[Look], written: Written, said: KeptSaid) -> int:
        """Make the cards those of these tables, all or nothing.

        Args:
            looks: The tables, with the schemas that the catalog has.
            written: The catalog's schemas and joins as text.
            said: What the sources say of tables.

        Returns:
            How many cards were drafted.
        """
        ids = [table_id(look.ref) for look in looks]
        schemas = {i: _hash(written.schema(look.schema)) for i, look in zip(ids, looks, strict=True)}
        kept = self._kept()
        alike = self._alike(looks, ids, schemas, kept)
        shared = self._shared(looks, ids, alike)
        joined = joins_by_table(written.joins)
        drafted = 0
        with self._connection:
            self._forget(kept.keys() - schemas.keys())
            self._place(ids, kept.keys())
            for at, look in enumerate(looks):
                joins, mark = joined.get(look.ref, []), said.marks.get(ids[at], _NOTHING)
                texts = map(written.join, joins)
                made_of = _made_of(schemas[ids[at]], texts, look, mark, shared[at], ids, schemas)
                known = kept.get(ids[at])
                if known is None or known.made_of != made_of:
                    told = said.get(look.ref, NOTHING_SAID)
                    caveats = list(_caveats(look, shared[at], looks))
                    card = draft_card(look.surveyed(), tuple(joins), told, shared[at].instead, caveats)
                    found = _Kept(made_of, schemas[ids[at]], alike.partners.get(ids[at], frozenset()))
                    self._write(at, card, found, told.popularity)
                    drafted += 1
            common = json.dumps(sorted(alike.common))
            write_meta(self._connection, common_columns=common)
        return drafted

    def parts(self) -> Iterator[Part]:
        """What the brief can tell of each table."""
        for (text,) in self._connection.execute("select brief from drafted"):
            yield part_from_json(text)

    def texts_of(self) -> dict[str, str]:
        """The hash of each card's texts, by the table's id, in the order of the cards."""
        sql = "select d.id, d.texts_of from cards as c join drafted as d on d.id = c.id order by c.position"
        return dict(self._connection.execute(sql))

    def card(self, identifier: str) -> TableCard:
        """One of the cards."""
        sql = "select card from cards where id = ?"
        (text,) = self._connection.execute(sql, (identifier,)).fetchone()
        return codec.card_from_json(text)

    def _kept(self) -> dict[str, _Kept]:
        rows = self._connection.execute(
            "select d.id, made_of, schema_of, partners from drafted as d join cards as c on c.id = d.id"
        )
        return {i: _Kept(of, schema, _ids(partners)) for i, of, schema, partners in rows}

    def _alike(
        self,
        looks: Sequence[Look],
        ids: Sequence[str],
        schemas: Mapping[str, str],
        kept: Mapping[str, _Kept],
    ) -> Alike:
        columns = {i: folded_columns(look.schema) for i, look in zip(ids, looks, strict=True)}
        if not kept:
            return find_alike(columns)
        changed = [i for i in ids if i not in kept or kept[i].schema_of != schemas[i]]
        common = frozenset(json.loads(read_large_or(self._connection, "common_columns", "[]")))
        before = Alike({i: k.partners for i, k in kept.items() if k.partners}, common)
        return find_alike(columns, changed, before)

    def _shared(self, looks: Sequence[Look], ids: Sequence[str], alike: Alike) -> list[_Shared]:
        stale = stale_caveats({look.ref: look.newest for look in looks if look.newest is not None})
        places = {identifier: at for at, identifier in enumerate(ids)}
        names = names_by_folded(look.ref for look in looks)
        return [
            _Shared(
                stale.get(look.ref),
                tuple(sorted(places[other] for other in alike.partners.get(i, ()))),
                use_instead(look.schema, names),
            )
            for i, look in zip(ids, looks, strict=True)
        ]

    def _forget(self, gone: Iterable[str]) -> None:
        for identifier in gone:
            for table in ("cards", "signals", "drafted"):
                self._connection.execute(f"delete from {table} where id = ?", (identifier,))

    def _place(self, ids: Sequence[str], kept: Iterable[str]) -> None:
        """Put the cards that are kept in the order of the catalog, and drop those that nothing is kept of."""
        places = {identifier: at for at, identifier in enumerate(ids)}
        known = set(kept)
        rows = self._connection.execute("select id, position from cards").fetchall()
        self._connection.executemany(
            "delete from cards where id = ?", [(i,) for i, _ in rows if i not in known]
        )
        moved = [(places[i], i) for i, at in rows if i in known and i in places and places[i] != at]
        self._connection.executemany("update cards set position = ? where id = ?", moved)

    def _write(self, at: int, card: TableCard, kept: _Kept, popularity: float) -> None:
        identifier, factor = table_id(card.ref), boost(card, popularity)
        execute = self._connection.execute
        execute("insert or replace into cards values (?, ?, ?)", (identifier, at, codec.card_to_json(card)))
        execute("delete from signals where id = ?", (identifier,))
        if factor != 1.0:
            execute("insert into signals values (?, ?)", (identifier, factor))
        texts = text_hash(card_texts(card, values=self._with_values), self._vectors)
        partners = json.dumps(sorted(kept.partners)) if kept.partners else ""
        row = (identifier, kept.made_of, kept.schema_of, texts, part_to_json(part_of(card)), partners)
        execute("insert or replace into drafted values (?, ?, ?, ?, ?, ?)", row)


def _made_of(
    schema: str,
    joins: Iterable[str],
    look: Look,
    mark: str,
    shared: _Shared,
    ids: Sequence[str],
    schemas: Mapping[str, str],
) -> str:
    """Changes with anything that the card is drafted from; see the module."""
    stale = shared.stale.text if shared.stale else ""
    others = [(ids[at], schemas[ids[at]]) for at in shared.partners]
    profile = None if look.profile_text is None else _hash(look.profile_text)
    return _hash(repr((schema, list(joins), profile, look.problem, mark, stale, others, shared.instead)))


def _caveats(look: Look, shared: _Shared, looks: Sequence[Look]) -> Iterator[Statement]:
    if shared.stale is not None:
        yield shared.stale
    for at in shared.partners:
        yield look_alike_of(look.schema, looks[at].schema)


def _ids(text: str) -> frozenset[str]:
    return frozenset(json.loads(text)) if text else frozenset()


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
