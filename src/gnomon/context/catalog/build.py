"""Build the index of a warehouse: introspect, find keys and joins, profile, read the sources, merge all of it
into one card a table, embed, publish.

A rebuild does again only what changed: data are looked at if the warehouse's fingerprint changed, sources are
read if one of theirs did, and only tables whose card reads differently are embedded. Every table is committed
on its own, so a killed build goes on where it was.
"""

import hashlib
import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gnomon.context.catalog import codec
from gnomon.context.catalog.brief import page_of
from gnomon.context.catalog.caveats import Known
from gnomon.context.catalog.claims import with_claims
from gnomon.context.catalog.counts import SourceCount, counts_from_json
from gnomon.context.catalog.drafts import Drafts
from gnomon.context.catalog.enrich.version import rules_version
from gnomon.context.catalog.file import (
    building_path,
    only_builder,
    open_published,
    publish,
    read_large,
    read_meta,
    start_building,
    table_id,
    table_ref,
    write_meta,
    writing,
)
from gnomon.context.catalog.folding import fold, stem
from gnomon.context.catalog.garbage import rare_collections
from gnomon.context.catalog.layers import KeptSaid, Layers, keep_layers, kept_layers
from gnomon.context.catalog.measured import KeptCounts, additions_to_json, measure, with_additions
from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.nearest import write_names
from gnomon.context.catalog.passages import Passages
from gnomon.context.catalog.sources.port import Source
from gnomon.context.catalog.stored import Written
from gnomon.context.catalog.survey import Look, newest_from_text, newest_to_text
from gnomon.context.catalog.texts import VECTORS
from gnomon.context.catalog.trusted import MAX_TRUSTED, write_trusted
from gnomon.context.catalog.values import MAX_DISTINCT, delete_values, write_values
from gnomon.domain.catalog import (
    Catalog,
    Column,
    ColumnRef,
    TableProfile,
    TableRef,
    TableSchema,
)
from gnomon.domain.errors import Failed, Misconfigured, Retry
from gnomon.models.port import Embedder
from gnomon.search.partition import Partition
from gnomon.search.tokens import split_identifier
from gnomon.warehouses.port import Progress, Warehouse

if TYPE_CHECKING:
    from gnomon.context.catalog.gather import Refine

_KnownLook = tuple[str, str, str | None, str, str | None]
"""What an earlier look left: schema, fingerprint, profile, problem, newest day; None where there is none."""

MAX_VALUES = 500_000
"""Values indexed over all tables; the columns that come after are marked as not fully known."""

_TABLE_BUDGET_S = 5.0
_LEAST_BUDGET_S = 0.5
_TOTAL_BUDGET_S = 300.0


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did.

    Args:
        tables: Tables in the index.
        profiled: Tables whose data was looked at; the others were as the last build left them.
        embedded: Tables whose vector was made anew.
        removed: Tables that are gone from the warehouse.
        values: Values indexed, of all text columns.
        trusted: Past queries that people rely on.
        waiting: Tables that a model is to word and was not asked about yet, since its budget ended.
        sources: How much each source told, in the order of the settings.
        problems: Table, file or entry, and what is wrong with it; the build went on.
        unchanged: True if the index was up to date and nothing was written.
    """

    tables: int
    profiled: int = 0
    embedded: int = 0
    removed: int = 0
    values: int = 0
    trusted: int = 0
    waiting: int = 0
    sources: tuple[SourceCount, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    elapsed_s: float = 0.0
    embed_s: float = 0.0
    unchanged: bool = False


def build_index(
    warehouse: Warehouse,
    embedder: Embedder,
    path: Path,
    *,
    progress: Progress | None = None,
    sources: Sequence[Source] = (),
    refine: "Refine | None" = None,
    now: datetime | None = None,
    full: bool = False,
    found_by_values: bool = True,
) -> BuildReport:
    """Bring the index `path` up to date with the warehouse, or make it.

    Args:
        progress: Told the stage, how many tables of it are done, and how many there are.
        sources: Where more is known about the tables: owners' annotations, code, query logs, dashboards.
        refine: Has a model word what is known; None for no model.
        now: What a past query's age is counted from, aware; the present by default.
        full: Forget what was indexed and start anew.
        found_by_values: Whether frequent values help to find a table. Where people see different rows they
            must not: a hit would tell that a value exists.

    Raises:
        Misconfigured: The index is broken or another embedder's, and `full` is False, or it cannot be
            written.
        Failed: The warehouse cannot be read, or another process holds the index for too long.
    """
    started = time.perf_counter()
    with writing(path), only_builder(path), rare_collections():
        fingerprint = warehouse.fingerprint()
        facts = {
            "warehouse": warehouse.warehouse_id,
            "fingerprint": fingerprint,
            "embedder": f"{embedder.model_id}:{embedder.dimensions}",
            "sources": _sources_digest(sources, refine is not None),
            "vectors": VECTORS,
            "found_by_values": str(int(found_by_values)),
        }
        if path.exists() and not full:
            current = _current(path, facts)
            if current is not None:
                return current
        build = _Build(
            warehouse,
            embedder,
            path,
            progress or _silent,
            tuple(sources),
            refine,
            now or datetime.now(UTC),
            facts,
            warehouse.table_fingerprints(),
        )
        try:
            return build.run(full=full, started=started)
        finally:
            build.close()


def _sources_digest(sources: Sequence[Source], refined: bool) -> str:
    """Changes with what the sources hold, and with the rules by which their code is read."""
    return _digest(repr(([(s.name, s.fingerprint()) for s in sources], refined, rules_version())))


def _silent(stage: str, done: int, total: int) -> None:
    """Progress for nobody."""


def _current(path: Path, facts: dict[str, str]) -> BuildReport | None:
    """The report of an index that needs nothing; None if it is out of date."""
    connection = open_published(path)
    try:
        found = read_meta(connection)
        problems = tuple(connection.execute("select place, message from problems order by position"))
    finally:
        connection.close()
    if found["embedder"] != facts["embedder"]:
        raise Misconfigured(
            "the index holds vectors of another embedding model",
            facts=(("index", str(path)), ("made with", found["embedder"]), ("asked for", facts["embedder"])),
            hint="run `gnomon index --full`",
        )
    if any(found.get(name) != value for name, value in facts.items()):
        return None
    counts = {name: int(found[name]) for name in ("tables", "values", "trusted")}
    told = counts_from_json(found.get("counts", "[]"))
    return BuildReport(**counts, sources=told, problems=problems, unchanged=True)


@dataclass(slots=True)
class _Build:
    """One run: what it works on and what it has counted so far."""

    warehouse: Warehouse
    embedder: Embedder
    path: Path
    progress: Progress
    sources: tuple[Source, ...]
    refine: "Refine | None"
    now: datetime
    facts: dict[str, str]
    own_fingerprints: Mapping[TableRef, str]
    problems: list[tuple[str, str]] = field(default_factory=list)
    profiled: int = 0
    embedded: int = 0
    embed_s: float = 0.0
    _connection: sqlite3.Connection | None = None
    _partition: Partition | None = None
    _texts: dict[TableRef, tuple[TableSchema, str]] = field(default_factory=dict)

    @property
    def file(self) -> sqlite3.Connection:
        """The file under construction."""
        assert self._connection is not None
        return self._connection

    def run(self, *, full: bool, started: float) -> BuildReport:
        self._connection = start_building(self.path, embedder=self.facts["embedder"], full=full)
        drafts = Drafts(self.file, vectors=self.facts["vectors"], with_values=self._with_values)
        catalog = self._catalog()
        removed = self._forget_missing(catalog)
        looks = self._surveyed(catalog.tables)
        _refuse_blind(looks)
        layers = self._layers(catalog)
        catalog, looks = self._claimed(catalog, looks, layers)
        self.progress("merge", 0, 1)
        written = Written(catalog, self._texts)
        drafts.bring_up(looks, written, KeptSaid(self.file))
        self._embed(drafts)
        write_trusted(self.file, layers.trusted, self.embedder)
        write_names(self.file, catalog.tables, self.embedder)
        values = self._finish(catalog, written, drafts)
        return BuildReport(
            tables=len(looks),
            trusted=min(len(layers.trusted), MAX_TRUSTED),
            waiting=layers.waiting,
            sources=layers.counts,
            profiled=self.profiled,
            embedded=self.embedded,
            removed=removed,
            values=values,
            problems=tuple(self.problems),
            elapsed_s=time.perf_counter() - started,
            embed_s=self.embed_s,
        )

    @property
    def _with_values(self) -> bool:
        return self.facts["found_by_values"] == "1"

    def close(self) -> None:
        if self._partition is not None:
            self._partition.close()
        if self._connection is not None:
            self._connection.close()

    def _catalog(self) -> Catalog:
        """The catalog with measured keys and joins; a resumed build takes what it had measured."""
        self.progress("introspect", 0, 1)
        declared = self.warehouse.introspect()
        states = {t.ref: _digest(self._text(t) + self._fingerprint(t.ref)) for t in declared.tables}
        joins = codec.catalog_to_json(Catalog((), declared.joins))
        origin = _digest(repr((self.facts["fingerprint"], list(states.values()), joins)))
        if read_meta(self.file).get("catalog_of") == origin:
            return with_additions(declared, read_large(self.file, "measured"))
        self.progress("infer joins", 0, 1)
        catalog = measure(declared, self.warehouse, KeptCounts(self.file, states.__getitem__))
        with self.file:
            write_meta(self.file, catalog_of=origin, measured=additions_to_json(declared, catalog))
        return catalog

    def _text(self, table: TableSchema) -> str:
        """The schema as text, which is encoded once."""
        known = self._texts.get(table.ref)
        if known is None or known[0] is not table:
            known = self._texts[table.ref] = table, codec.schema_to_json(table)
        return known[1]

    def _forget_missing(self, catalog: Catalog) -> int:
        kept = {table_id(t.ref) for t in catalog.tables}
        known = [i for (i,) in self.file.execute("select id from profiles")]
        gone = [i for i in known if i not in kept]
        with self.file:
            for identifier in gone:
                delete_values(self.file, table_ref(identifier))
                self.file.execute("delete from profiles where id = ?", (identifier,))
        return len(gone)

    def _surveyed(self, tables: Sequence[TableSchema]) -> list[Look]:
        # All at once: the profiles are kept in memory anyway.
        sql = "select id, schema_hash, fingerprint, profile, problem, newest from profiles"
        known: dict[str, _KnownLook] = {row[0]: row[1:] for row in self.file.execute(sql)}
        looks = []
        for done, table in enumerate(tables):
            self.progress("profile", done, len(tables))
            looks.append(self._survey(table, known.get(table_id(table.ref)), len(tables)))
        return looks

    def _survey(self, table: TableSchema, known: "_KnownLook | None", total: int) -> Look:
        schema_hash = _digest(self._text(table))
        if known is None or known[:2] != (schema_hash, self._fingerprint(table.ref)):
            return self._look(table, schema_hash, _table_budget_s(total))
        look = Look(table, known[2], known[3], newest_from_text(known[4] or ""))
        return self._noted(self._told_newest(look) if known[4] is None else look)

    def _told_newest(self, look: Look) -> Look:
        """A look whose newest day other rules found, or none."""
        newest = newest_to_text(look.surveyed().known)
        with self.file:
            row = (newest, table_id(look.ref))
            self.file.execute("update profiles set newest = ? where id = ?", row)
        return replace(look, newest=newest_from_text(newest))

    def _fingerprint(self, ref: TableRef) -> str:
        """What tells whether a table changed: its own, where the engine has one, else the warehouse's."""
        return self.own_fingerprints.get(ref, self.facts["fingerprint"])

    def _look(self, table: TableSchema, schema_hash: str, budget_s: float) -> Look:
        """Read the table's data and commit what came of it."""
        problem, profile = "", None
        try:
            profile = self.warehouse.profile(table, budget_s=budget_s)
        except (Failed, Retry) as failure:
            problem = failure.message
        values = [] if profile is None else list(self._values(table, profile, budget_s))
        encoded = codec.profile_to_json(profile) if profile else None
        newest = newest_to_text(Known(table, profile))
        row = (table_id(table.ref), schema_hash, self._fingerprint(table.ref), encoded, problem, newest)
        with self.file:
            delete_values(self.file, table.ref)
            for column, held, complete in values:
                write_values(self.file, ColumnRef(table.ref, column.name), held, complete=complete)
            self.file.execute("insert or replace into profiles values (?, ?, ?, ?, ?, ?)", row)
        self.profiled += 1
        return self._noted(Look(table, encoded, problem, newest_from_text(newest)))

    def _values(
        self, table: TableSchema, profile: TableProfile, budget_s: float
    ) -> Iterator[tuple[Column, Sequence[tuple[str, int]], bool]]:
        """Each text column with its values and whether these are all."""
        (indexed,) = self.file.execute("select count(*) from column_values").fetchone()
        looks = {p.column: p for p in profile.columns}
        for column in table.columns:
            if column.kind != "text":
                continue
            look = looks.get(column.name)
            held = None
            if indexed < MAX_VALUES and (look is None or look.distinct <= MAX_DISTINCT):
                held = self._distinct(ColumnRef(table.ref, column.name), budget_s)
            top = look.top if look else ()
            indexed += len(top if held is None else held)
            yield column, top if held is None else held, held is not None

    def _distinct(self, column: ColumnRef, budget_s: float) -> Sequence[tuple[str, int]] | None:
        try:
            return self.warehouse.distinct_values(column, limit=MAX_DISTINCT, budget_s=budget_s)
        except (Failed, Retry) as failure:
            self.problems.append((str(column), failure.message))
            return None

    def _noted(self, look: Look) -> Look:
        if look.problem:
            self.problems.append((str(look.ref), look.problem))
        return look

    def _layers(self, catalog: Catalog) -> Layers:
        """What the sources say; read again only if one of them, or what they speak of, changed."""
        origin = _digest(self.facts["sources"] + read_meta(self.file)["catalog_of"])
        layers = kept_layers(self.file, origin)
        if layers is None:
            from gnomon.context.catalog.enrich.kept import KeptStatements
            from gnomon.context.catalog.gather import gather

            dialect, kept = self.warehouse.dialect, KeptStatements(self.file)
            layers = gather(self.sources, catalog, dialect, self.now, self.progress, self.refine, kept)
            keep_layers(self.file, "" if layers.waiting else origin, layers)
        if layers.waiting:
            # The next build has to go on where the budget ended, also if nothing else changes.
            self.facts["sources"] = ""
        self.problems += [(p.place, p.message) for p in layers.problems]
        return layers

    def _claimed(self, catalog: Catalog, looks: Sequence[Look], layers: Layers) -> tuple[Catalog, list[Look]]:
        """The catalog, and what is known of each table, with the keys and joins that sources claim."""
        seen = {look.ref: look for look in looks}
        names = Names(seen)
        catalog, problems = with_claims(
            catalog, names, lambda ref: seen[ref].profile(), layers.keys, layers.joins
        )
        self.problems += [(p.place, p.message) for p in problems]
        return catalog, [look.of(t) for look, t in zip(looks, catalog.tables, strict=True)]

    def _embed(self, drafts: Drafts) -> None:
        """One vector a card; cards that read as before keep theirs."""
        partition = Partition.open(building_path(self.path), self.embedder.model_id, self.embedder.dimensions)
        self._partition = partition
        passages = Passages(self.file, self.embedder, self.facts["vectors"])
        done = passages.embed(drafts, partition, with_values=self._with_values, progress=self.progress)
        self.embedded, self.embed_s = done.cards, done.seconds

    def _finish(self, catalog: Catalog, written: Written, drafts: Drafts) -> int:
        self.progress("write", 0, 1)
        assert self._partition is not None
        self._partition.seal()
        self._partition.close()
        (values,) = self.file.execute("select count(*) from column_values").fetchone()
        (trusted,) = self.file.execute("select count(*) from trusted").fetchone()
        with self.file:
            written.write(self.file)
            self.file.execute("delete from problems")
            self.file.executemany("insert into problems (place, message) values (?, ?)", self.problems)
            write_meta(
                self.file,
                **self.facts,
                brief=page_of(drafts.parts()),
                identifiers=json.dumps(sorted(_identifiers(catalog))),
                tables=str(len(catalog.tables)),
                values=str(values),
                trusted=str(trusted),
                built_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
        publish(self.file, self.path)
        self.progress("write", 1, 1)
        return int(values)


def _refuse_blind(surveyed: Sequence[Look]) -> None:
    """One unreadable table is a broken view; all of them unreadable is a warehouse that is away."""
    if len(surveyed) > 1 and all(t.problem for t in surveyed):
        raise Failed(
            "no table of the warehouse could be read",
            facts=((str(surveyed[0].ref), surveyed[0].problem),),
            hint="run `gnomon index` again when the warehouse answers",
        )


def _table_budget_s(tables: int) -> float:
    return max(_LEAST_BUDGET_S, min(_TABLE_BUDGET_S, _TOTAL_BUDGET_S / max(tables, 1)))


def _identifiers(catalog: Catalog) -> set[str]:
    """Stems of every word that a table or column is named by."""
    names = {n for t in catalog.tables for n in (t.ref.name, *(c.name for c in t.columns))}
    words = {fold(word) for name in names for word in split_identifier(name)}
    return {stem(word) for word in words}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
