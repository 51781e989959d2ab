"""After any nights, the index says what one built from nothing says, and only what changed was done again."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from context.catalog.conftest import CountingEmbedder
from context.catalog.told import Told, fact
from gnomon.context.catalog.build import BuildReport, build_index
from gnomon.context.catalog.enrich.shapes import StatementFacts
from gnomon.context.catalog.enrich.statement import extract_one
from gnomon.context.catalog.facts import Item, Origin, PipelineCode
from gnomon.domain.catalog import (
    Catalog,
    Column,
    ColumnProfile,
    ColumnRef,
    Evidence,
    Key,
    TableProfile,
    TableRef,
    TableSchema,
)

pytestmark = pytest.mark.requirement("build:night-equals-full")

COLUMNS = ("user_id", "amount", "status", "placed_at", "country", "amount_cents", "is_test", "note")
WORDS = ("orders", "visits", "users", "stores", "lines", "plans")


@dataclass
class Made:
    """A warehouse in memory whose tables change by hand; it has a fingerprint of every table."""

    tables: dict[TableRef, TableSchema] = field(default_factory=dict)
    days: dict[TableRef, int] = field(default_factory=dict)
    dialect: Any = "duckdb"
    warehouse_id: str = "made"
    label: str = "made"

    def fingerprint(self) -> str:
        return repr(sorted((str(t), d, self.tables[t]) for t, d in self.days.items()))

    def table_fingerprints(self) -> dict[TableRef, str]:
        return {ref: str(day) for ref, day in self.days.items()}

    def introspect(self) -> Catalog:
        return Catalog(tuple(self.tables.values()))

    def profile(self, table: TableSchema, *, budget_s: float = 5.0) -> TableProfile:
        rows = 10 + self.days[table.ref]
        columns = [ColumnProfile(c.name, rows, 0, 5, "0", "9", (), True) for c in table.columns]
        return TableProfile(table.ref, tuple(columns), True)

    def distinct_values(
        self, column: ColumnRef, *, limit: int, budget_s: float = 5.0
    ) -> tuple[tuple[str, int], ...]:
        return ((f"{column.column} {self.days[column.table]}", 3),)


@dataclass
class Company:
    """A warehouse, its annotations and its code, and the changes that a day brings."""

    rng: random.Random
    warehouse: Made = field(default_factory=Made)
    said: dict[str, tuple[Item, ...]] = field(default_factory=dict)
    code: dict[str, PipelineCode] = field(default_factory=dict)
    made: int = 0

    def sources(self) -> tuple[Told, Told]:
        told = tuple(item for items in self.said.values() for item in items)
        return Told(told, "told:people"), Told(tuple(self.code.values()), "told:code")

    def some(self) -> TableSchema:
        return self.rng.choice(list(self.warehouse.tables.values()))

    def put(self, table: TableSchema) -> None:
        self.warehouse.tables[table.ref] = table
        self.warehouse.days[table.ref] = self.warehouse.days.get(table.ref, 0) + 1

    def add(self) -> None:
        self.made += 1
        names = ("id", *self.rng.sample(COLUMNS, 4))
        columns = tuple(
            Column(n, "text" if n in ("status", "country") else "other", "varchar") for n in names
        )
        ref = TableRef(f"{self.rng.choice(WORDS)}_{self.made}", self.rng.choice(("raw", "mart")))
        key = Key(("id", names[1]), Evidence("declared"), primary=True)
        self.put(TableSchema(ref, columns, row_count=10, keys=(key,)))

    def drop(self) -> None:
        if len(self.warehouse.tables) > 2:
            ref = self.some().ref
            del self.warehouse.tables[ref], self.warehouse.days[ref]

    def rename(self) -> None:
        old = self.some()
        self.warehouse.tables.pop(old.ref)
        self.warehouse.days.pop(old.ref)
        self.made += 1
        self.put(replace(old, ref=TableRef(f"renamed_{self.made}", old.ref.schema)))

    def fill(self) -> None:
        self.put(self.some())

    def widen(self) -> None:
        table = self.some()
        known = {c.name for c in table.columns}
        more = next((n for n in COLUMNS if n not in known), None)
        if more:
            self.put(replace(table, columns=(*table.columns, Column(more, "other", "varchar"))))

    def annotate(self) -> None:
        table, day = self.some(), self.rng.randrange(1_000)
        column = self.rng.choice(table.columns).name
        self.said[str(table.ref)] = (
            fact(str(table.ref), "meaning", f"Meant on day {day}."),
            fact(str(table.ref), "owner", f"team {day % 3}"),
            fact(str(table.ref), "column_meaning", f"Column of day {day}", column=column),
        )

    def forget(self) -> None:
        if self.said:
            self.said.pop(self.rng.choice(list(self.said)))

    def write_code(self) -> None:
        table, other = self.some(), self.some()
        columns = ", ".join(f"b.{c.name}" for c in table.columns)
        sql = (
            f"select {columns} from {other.ref} as b left join {self.some().ref} as m on m.id = b.id"
            f" where b.id <> {self.rng.randrange(50)}"
        )
        origin = Origin("code", f"sql/{table.ref}.sql:{self.rng.randrange(1, 4)}", "told:code")
        self.code[str(table.ref)] = PipelineCode(str(table.ref), sql, origin)

    def delete_code(self) -> None:
        if self.code:
            self.code.pop(self.rng.choice(list(self.code)))


DAYS = ("add", "drop", "rename", "fill", "widen", "annotate", "forget", "write_code", "delete_code")


def company(seed: int) -> Company:
    found = Company(random.Random(seed))
    for change in ("add",) * 7 + ("write_code", "annotate") * 4:
        getattr(found, change)()
    return found


def build(company: Company, path: Path) -> BuildReport:
    return build_index(company.warehouse, CountingEmbedder(), path, sources=company.sources())  # type: ignore[arg-type]


def contents(path: Path) -> Iterator[tuple[str, list[Any]]]:
    """Everything that a reader can see, in an order that does not depend on when rows were written."""
    queries = {
        "cards": "select id, position, card from cards order by id",
        "tables": "select id, position, described from tables order by id",
        "joins": "select child_id, parent_id, described from joins order by 1, 2, 3",
        "said": "select id, said from said order by id",
        "lineage": "select * from lineage order by 1, 2, 3, 4",
        "problems": "select place, message from problems order by position",
        "boosts": "select id, boost from signals order by id",
        "values": "select table_id, v.column_name, complete, value from value_columns as v"
        " join column_values as c on c.column_id = v.column_id order by 1, 2, 4",
        "code": "select digest, told from code_read order by digest",
        "facts": "select name, value from meta where name in ('brief', 'identifiers', 'tables', 'values')",
        "entries": "select id, content_hash from rows order by id",
        "vectors": "select r.id, vector from rows as r join vectors as v on v.seq = r.seq order by 1",
    }
    with closing(sqlite3.connect(path)) as connection:
        for name, sql in queries.items():
            yield name, connection.execute(sql).fetchall()


@pytest.mark.parametrize("seed", range(6))
def test_after_any_nights_the_index_is_that_of_a_full_build(seed: int, tmp_path: Path) -> None:
    it = company(seed)
    build(it, tmp_path / "nightly.db")
    for night in range(6):
        for change in it.rng.choices(DAYS, k=it.rng.randrange(1, 4)):
            getattr(it, change)()
        build(it, tmp_path / "nightly.db")
        build(it, tmp_path / f"full_{night}.db")
        assert dict(contents(tmp_path / "nightly.db")) == dict(contents(tmp_path / f"full_{night}.db"))


@pytest.mark.parametrize(
    ("change", "profiled", "embedded", "removed"),
    [("fill", 1, 0, 0), ("add", 1, 1, 0), ("drop", 0, 0, 1), ("rename", 1, 1, 1), ("annotate", 0, 1, 0)],
)
def test_a_night_does_again_what_one_change_asks_for(
    change: str, profiled: int, embedded: int, removed: int, tmp_path: Path
) -> None:
    it = Company(random.Random(3))
    for word in range(12):
        columns = tuple(Column(f"{n}_{word}", "other", "varchar") for n in ("id", "at", "of"))
        keys = (Key((columns[0].name, columns[1].name), Evidence("declared"), primary=True),)
        it.put(TableSchema(TableRef(f"t{word}", "raw"), columns, row_count=10, keys=keys))
    build(it, tmp_path / "index.db")
    getattr(it, change)()
    report = build(it, tmp_path / "index.db")
    assert (report.profiled, report.embedded, report.removed) == (profiled, embedded, removed)


def test_a_changed_statement_alone_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def told(code: PipelineCode, *rest: Any) -> StatementFacts:
        read.append(code.table)
        return extract_one(code, *rest)

    monkeypatch.setattr("gnomon.context.catalog.enrich.extract.extract_one", told)
    it = company(5)
    build(it, tmp_path / "index.db")
    assert sorted(read) == sorted(it.code)
    read.clear()
    table = next(iter(it.code))
    it.code[table] = replace(it.code[table], sql=f"{it.code[table].sql} and b.id <> 77")
    build(it, tmp_path / "index.db")
    assert read == [table]
