"""A small company whose warehouse, code and owners change between nights."""

import random
import zlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from sqlglot import exp, parse_one

from context.catalog.told import Told, fact
from gnomon.context.catalog.facts import (
    Item,
    JoinClaim,
    KeyClaim,
    LineageEdge,
    Origin,
    PastQuery,
    PipelineCode,
)
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
    TypeKind,
)
from gnomon.domain.errors import Failed

COLUMNS = ("user_id", "amount", "status", "placed_at", "country", "amount_cents", "is_test", "note")
NOW = datetime(2026, 11, 1, tzinfo=UTC)
KINDS: dict[str, TypeKind] = {
    **dict.fromkeys(("status", "country"), "text"),
    **dict.fromkeys(("id", "user_id"), "integer"),
}
WORDS = ("orders", "visits", "users", "stores", "lines", "plans")


@dataclass
class Made:
    """A warehouse in memory whose tables change by hand; it has a fingerprint of every table."""

    tables: dict[TableRef, TableSchema] = field(default_factory=dict)
    days: dict[TableRef, int] = field(default_factory=dict)
    newest: dict[TableRef, str] = field(default_factory=dict)
    broken: set[TableRef] = field(default_factory=set)
    executed: list[str] = field(default_factory=list)
    dialect: Any = "duckdb"
    warehouse_id: str = "made"
    label: str = "made"

    def fingerprint(self) -> str:
        return repr([(str(t), self.days[t], table) for t, table in self.tables.items()])

    def table_fingerprints(self) -> dict[TableRef, str]:
        return {ref: str(day) for ref, day in self.days.items()}

    def introspect(self) -> Catalog:
        return Catalog(tuple(self.tables.values()))

    def profile(self, table: TableSchema, *, budget_s: float = 5.0) -> TableProfile:
        if table.ref in self.broken:
            raise Failed(f"{table.ref} cannot be read")
        rows, newest = 10 + self.days[table.ref], self.newest.get(table.ref, "2026-01-01")
        columns = [
            ColumnProfile(c.name, rows, 0, 5, "0", newest if c.name == "placed_at" else "9", (), True)
            for c in table.columns
        ]
        return TableProfile(table.ref, tuple(columns), True)

    def execute(self, query: Any) -> SimpleNamespace:
        """Counts that follow from the statement and from the days of its tables: ten, now and then nine."""
        tree = parse_one(query.sql, read="duckdb")
        days = sorted(
            (str(ref), self.days[ref])
            for table in tree.find_all(exp.Table)
            if (ref := TableRef(table.name, table.db)) in self.days
        )
        self.executed.append(query.sql)
        cells = [f"{days} {query.sql} {i}".encode() for i in range(len(tree.expressions))]
        return SimpleNamespace(rows=[[10 - (zlib.crc32(cell) % 4 == 0) for cell in cells]])

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
    claims: list[Item] = field(default_factory=list)
    asked: list[PastQuery] = field(default_factory=list)
    made: int = 0

    def sources(self) -> tuple[Told, Told, Told]:
        told = tuple(item for items in self.said.values() for item in items)
        code = tuple(self.code.values())
        return (
            Told((*told, *self.claims), "told:people"),
            Told(code, "told:code"),
            Told(tuple(self.asked), "told:log"),
        )

    def some(self) -> TableSchema:
        return self.rng.choice(list(self.warehouse.tables.values()))

    def put(self, table: TableSchema) -> None:
        self.warehouse.tables[table.ref] = table
        self.warehouse.days[table.ref] = self.warehouse.days.get(table.ref, 0) + 1

    def add(self) -> None:
        self.made += 1
        names = ("id", *self.rng.sample(COLUMNS, 4))
        columns = tuple(Column(n, KINDS.get(n, "other"), "varchar") for n in names)
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

    def undeclare(self) -> None:
        """Keys and joins are looked for in the data of a table that declares no key."""
        self.put(replace(self.some(), keys=()))

    def narrow(self) -> None:
        table = self.some()
        if len(table.columns) > 3:
            self.put(replace(table, columns=table.columns[:-1]))

    def rename_column(self) -> None:
        table, at = self.some(), self.rng.randrange(1, 3)
        column = replace(table.columns[at], name=f"{table.columns[at].name}_{self.rng.randrange(3)}")
        if table.column(column.name) is None:
            keys = tuple(k for k in table.keys if table.columns[at].name not in k.columns)
            columns = (*table.columns[:at], column, *table.columns[at + 1 :])
            self.put(replace(table, columns=columns, keys=keys))

    def copy(self) -> None:
        """A look-alike."""
        self.made += 1
        table = self.some()
        self.put(replace(table, ref=TableRef(f"{table.ref.name.split('_')[0]}_{self.made}", "mart")))

    def count(self) -> None:
        self.put(replace(self.some(), row_count=self.rng.randrange(1_000)))

    def comment(self) -> None:
        other = self.some().ref
        texts = ("", "All of it.", f"Deprecated, use {other}.", "Do not use; replaced by nothing_1.")
        self.put(replace(self.some(), comment=self.rng.choice(texts)))

    def deprecate(self) -> None:
        self.put(replace(self.some(), comment=f"Deprecated, use {self.some().ref}."))

    def drop_named(self) -> None:
        """The table that a comment names goes, and the comment stays."""
        comments = [t.comment for t in self.warehouse.tables.values()]
        for ref in list(self.warehouse.tables):
            if f"Deprecated, use {ref}." in comments and len(self.warehouse.tables) > 2:
                del self.warehouse.tables[ref], self.warehouse.days[ref]

    def comment_column(self) -> None:
        table = self.some()
        first = replace(table.columns[0], comment=f"Number {self.rng.randrange(9)}, deprecated.")
        self.put(replace(table, columns=(first, *table.columns[1:])))

    def age(self) -> None:
        """A table that is filled no more."""
        table = self.some()
        self.warehouse.newest[table.ref] = "2020-05-01"
        self.put(table)

    def new_day(self) -> None:
        """The other tables are filled, so that what is said of the old ones changes, and they do not."""
        self.made += 1
        for table in list(self.warehouse.tables.values()):
            if self.warehouse.newest.get(table.ref) != "2020-05-01":
                self.warehouse.newest[table.ref] = f"2026-02-{1 + self.made % 28:02}"
                self.put(table)

    def breaks(self) -> None:
        table = self.some()
        self.warehouse.broken ^= {table.ref}
        if len(self.warehouse.broken & self.warehouse.tables.keys()) == len(self.warehouse.tables):
            self.warehouse.broken.clear()
        self.put(table)

    def shuffle(self) -> None:
        items = list(self.warehouse.tables.items())
        self.rng.shuffle(items)
        self.warehouse.tables = dict(items)

    def view(self) -> None:
        table, base = self.some(), self.some()
        definition = f"create view {table.ref} as select * from {base.ref} where id > {self.rng.randrange(9)}"
        self.put(replace(table, is_view=True, definition=definition))

    def claim(self) -> None:
        table, other, origin = (
            self.some(),
            self.some(),
            Origin("documentation", "schema.yml:3", "told:people"),
        )
        kinds: tuple[Item, ...] = (
            KeyClaim(str(table.ref), ("id",), origin),
            KeyClaim(str(table.ref), tuple(c.name for c in table.columns[:2]), origin),
            JoinClaim(str(other.ref), (other.columns[1].name,), str(table.ref), ("id",), origin),
            LineageEdge(str(table.ref), str(other.ref), origin),
            LineageEdge(str(table.ref), f"elsewhere.t{self.rng.randrange(3)}", origin, "id", "id"),
        )
        self.claims.append(self.rng.choice(kinds))

    def withdraw(self) -> None:
        if self.claims:
            self.claims.pop(self.rng.randrange(len(self.claims)))

    def ask(self) -> None:
        """People query tables, and a dashboard does."""
        one, other, day = self.some(), self.some(), self.rng.randrange(1, 28)
        origin = Origin("usage", f"log.jsonl:{self.rng.randrange(99)}", "told:log")
        sql = (
            f"select a.{one.columns[1].name}, count(*) from {one.ref} as a"
            f" join {other.ref} as b on a.id = b.id where a.{one.columns[-1].name} = 1 group by 1"
        )
        self.asked.append(
            PastQuery(
                sql,
                origin,
                title=f"Counted by {one.columns[1].name}",
                author=self.rng.choice(("ana", "bo")),
                runs=self.rng.randrange(1, 9),
                last_run=datetime(2026, 10, day, tzinfo=UTC),
                dashboard=self.rng.choice(("", "Weekly")),
                views=20,
            )
        )

    def ask_again(self) -> None:
        if self.asked:
            self.asked[0] = replace(self.asked[0], runs=self.asked[0].runs + 1)

    def unask(self) -> None:
        if self.asked:
            self.asked.pop(0)

    def describe(self) -> None:
        """An owner says what to do about a table by hand."""
        table, other = str(self.some().ref), str(self.some().ref)
        kind = self.rng.choice(
            ("use_instead", "caveat", "always_filter", "criticality", "also_called", "tag")
        )
        said = {"use_instead": other, "criticality": "high"}.get(kind, f"{kind} of {other}")
        self.said[f"{table} {kind}"] = (fact(table, kind, said),)  # type: ignore[arg-type]

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

    def divide(self) -> None:
        """Code that tells that a column is in hundredths, and code that passes it on."""
        table, source = self.some(), self.some()
        if source.column("amount") is None:
            return
        how = self.rng.choice(("b.amount / 100.0 as total_amount", "b.amount"))
        origin = Origin("code", f"sql/{table.ref}.sql:1", "told:code")
        sql = f"select b.id, {how} from {source.ref} as b"
        self.code[str(table.ref)] = PipelineCode(str(table.ref), sql, origin)

    def pass_on(self) -> None:
        """Two tables made from one, which are told apart by their conditions."""
        source = self.some()
        columns = ", ".join(f"b.{c.name}" for c in source.columns)
        for _ in range(2):
            table, limit = self.some(), self.rng.randrange(5)
            origin = Origin("code", f"sql/{table.ref}.sql:1", "told:code")
            sql = f"select {columns} from {source.ref} as b where b.id > {limit}"
            self.code[str(table.ref)] = PipelineCode(str(table.ref), sql, origin)

    def code_elsewhere(self) -> None:
        """Code of a table that the warehouse does not have."""
        name = f"lake.t{self.rng.randrange(4)}"
        origin = Origin("code", f"sql/{name}.sql:1", "told:code")
        self.code[name] = PipelineCode(name, f"select b.id as n from {self.some().ref} as b", origin)

    def delete_code(self) -> None:
        if self.code:
            self.code.pop(self.rng.choice(list(self.code)))


DAYS = (
    *("add", "drop", "rename", "copy", "shuffle", "view", "breaks"),
    *(
        "fill",
        "age",
        "new_day",
        "count",
        "widen",
        "narrow",
        "rename_column",
        "comment",
        "comment_column",
        "undeclare",
    ),
    *("annotate", "describe", "forget", "claim", "withdraw", "ask", "ask_again", "unask"),
    *("write_code", "divide", "pass_on", "code_elsewhere", "delete_code"),
)


def company(seed: int) -> Company:
    found = Company(random.Random(seed))
    for change in ("add",) * 7 + ("write_code", "annotate") * 4:
        getattr(found, change)()
    return found


def apart(tables: int) -> Company:
    """Tables that nothing links and that are not alike."""
    it = Company(random.Random(3))
    for word in range(tables):
        columns = tuple(Column(f"{n}_{word}", "other", "varchar") for n in ("id", "at", "of"))
        keys = (Key((columns[0].name, columns[1].name), Evidence("declared"), primary=True),)
        it.put(TableSchema(TableRef(f"t{word}", "raw"), columns, row_count=10, keys=keys))
    return it
