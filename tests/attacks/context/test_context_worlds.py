"""Generated warehouses, of which a person sees a part, beside the same warehouses without the rest.

Names are words, snake and camel case, plurals, names with spaces and in other scripts; sentences name what is
there in any spelling. Whatever names something hidden holds a mark. No mark may come out; what names nothing
hidden has to; and the person sees exactly what they would if the rest had never been there.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from attacks.context.context_world import NOW, everything
from context.catalog.told import Told
from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.facts import Fact, FactKind, Item, LineageEdge, Origin, PastQuery
from gnomon.context.catalog.governed import UNTOLD, GovernedIndex
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.catalog import TableCard, TableSchema
from gnomon.domain.identity import Principal
from gnomon.domain.query import Limits, Query
from gnomon.domain.result import ResultTable
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.policy.access import Access, ColumnRule, Denial, TableAccess, TableRule
from gnomon.policy.authorize import authorize
from gnomon.search.tokens import split_identifier
from gnomon.warehouses.connect import open_warehouse

ANA = Principal("ana@acme.test", method="oidc")
TABLES = (
    *("payroll", "severances", "audit_cases", "LegalHolds", "boardMinutes", "dim_supplier", "tip givers"),
    *("gehälter", "зарплаты", "merger_plans_2026", "churn_forecast", "escalations"),
)
COLUMNS = (
    *("pay_grade", "verdict", "settlement_sum", "IsSecret", "fraudScore", "hive", "décision", "leak source"),
    *("risk_class", "whistle", "penalty_eur", "umbrella", "quarrel", "sorrow"),
)
NEUTRAL = (
    "One row for each case.",
    "Loaded in the night.",
    "Ask before use.",
    "Rounded down.",
    "Never changed.",
)
KINDS: tuple[FactKind, ...] = ("caveat", "caveat", "caveat", "use_when", "grain", "derivation", "downstream")


@dataclass(frozen=True)
class Made:
    """A generated warehouse, what is hidden in it, and what is said of it.

    Args:
        columns: Of each table.
        away: Hidden tables.
        kept: Hidden columns, as table and column.
        told: Items that name nothing hidden.
        marked: Items that do, each with a mark.
        unplaced: What is told of one of these that names nothing hidden but its place.
    """

    columns: dict[str, list[str]]
    away: frozenset[str]
    kept: frozenset[tuple[str, str]]
    told: tuple[Item, ...]
    marked: tuple[Item, ...]
    unplaced: Item

    def judge(self, schema: TableSchema, via_view: bool) -> TableAccess:
        """What the person sees of a table."""
        name = schema.ref.name
        if name in self.away:
            return Denial()
        seen = [c.name for c in schema.columns if (name, c.name) not in self.kept]
        return (
            None if len(seen) == len(schema.columns) else TableRule(schema.ref, tuple(map(ColumnRule, seen)))
        )

    def part(self) -> dict[str, list[str]]:
        """The warehouse without what is hidden."""
        shown = {t: cs for t, cs in self.columns.items() if t not in self.away}
        return {t: [c for c in cs if (t, c) not in self.kept] for t, cs in shown.items()}


def make(seed: int) -> Made:
    """A warehouse."""
    chance = random.Random(seed)
    names, own = chance.sample(TABLES, 8), chance.sample(COLUMNS, len(COLUMNS))
    columns = {t: [f"k{i}", own.pop(), *([own.pop()] if i < 5 else [])] for i, t in enumerate(names)}
    away = frozenset(chance.sample(names, 4))
    shown = [t for t in names if t not in away]
    kept = frozenset((t, columns[t][-1]) for t in shown[:2] if len(columns[t]) == 3)
    hidden = [*away, *(c for t in away for c in columns[t][1:]), *(c for _, c in kept)]
    told, marked = [], []
    for number in range(36):
        # Of further statements a card holds twelve; of caveats as many as there are.
        table, kind = chance.choice(shown), chance.choice(KINDS) if number < 12 else "caveat"
        origin = Origin("annotation", f"notes_{number}.yaml:{number}", "told:test")
        other = chance.choice([t for t in shown if t != table])
        said = f"{chance.choice(NEUTRAL)[:-1]}, see `{other}` ({number}x{number})."
        told.append(Fact(table, kind, said, origin))
        secret = _spelt(chance.choice(hidden), chance)
        text = f"MARK{number} {chance.choice(NEUTRAL)[:-1]}, see {secret} there."
        marked.append(Fact(table, kind, text, origin))
    told += [LineageEdge(shown[0], shown[1], Origin("code", "a.sql:1"))]
    place = Origin("code", f"{chance.choice(hidden)}.sql:1")
    marked += [LineageEdge(shown[1], shown[2], place), LineageEdge(shown[2], next(iter(away)), place)]
    for i, table in enumerate(names):
        (marked if table in away else told).extend(_runs(table, columns[table][0], 5 * 10**i, chance))
    unplaced = LineageEdge(shown[1], shown[2], Origin("code", ""))
    return Made(columns, away, kept, tuple(told), tuple(marked), unplaced)


def _runs(table: str, column: str, runs: int, chance: random.Random) -> Iterator[PastQuery]:
    sql = f'SELECT COUNT("{column}") AS n FROM "{table}"'
    for who in ("ines", "bo"):
        title = f"Board {chance.randrange(10**6)}"
        yield PastQuery(sql, Origin("usage", "log:1"), title=title, author=who, runs=runs, reviewed=True)


def _spelt(name: str, chance: random.Random) -> str:
    """A name in one of the ways that people, code and pages write it."""
    parts = split_identifier(name)
    ways = [
        *(
            name,
            name.upper(),
            f"`{name}`",
            f'"{name}"',
            f"models/{name}.sql:7",
            f"stg_{name}",
            f"the {name}s" if name[-1] != "s" else name,
        ),
        *("_".join(parts), "".join(p.title() for p in parts), " ".join(parts), "-".join(parts).lower()),
        *(f"main.{name}", f"**{name}**", name.replace("_", "\\_"), f"{name[:2]}\u200b{name[2:]}"),
        *(
            f"{name[0]}<b>{name[1:]}</b>",
            "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in name),
        ),
    ]
    return chance.choice(ways)


def build(
    folder: Path, columns: dict[str, list[str]], items: tuple[Item, ...], embedder: MiniLmEmbedder
) -> tuple[CatalogIndex, Any]:
    """An index over a warehouse with these tables."""
    folder.mkdir()
    with duckdb.connect(str(folder / "w.duckdb")) as connection:
        for table, names in columns.items():
            spelt = ", ".join(f'{i} + {len(name)} * r.i AS "{name}"' for i, name in enumerate(names))
            connection.execute(f'CREATE TABLE "{table}" AS SELECT {spelt} FROM range(9) r(i)')
    warehouse = open_warehouse(str(folder / "w.duckdb"))
    sources = (Told(items),)
    build_index(warehouse, embedder, folder / "i.db", sources=sources, now=NOW, found_by_values=False)
    return CatalogIndex.open(folder / "i.db"), warehouse


@pytest.mark.requirement("attacks:context-worlds")
@pytest.mark.parametrize("seed", range(6))
def test_a_person_sees_of_a_warehouse_what_they_would_see_if_the_rest_were_not_there(
    seed: int, tmp_path: Path, embedder: MiniLmEmbedder, record_context: Callable[[str, Counter[str]], None]
) -> None:
    made = make(seed)
    whole, warehouse = build(tmp_path / "whole", made.columns, made.told + made.marked, embedder)
    part, other = build(tmp_path / "part", made.part(), (*made.told, made.unplaced), embedder)
    access = Access(ANA, whole.catalog(), "duckdb", made.judge)

    def run(sql: str) -> ResultTable:
        return warehouse.execute(authorize(Query(sql, "duckdb"), access, Limits()))

    try:
        seen = everything(GovernedIndex(whole, access, run), embedder)
        # Who sees all, of which nothing is measured where the other sees a part.
        rule = Access(ANA, part.catalog(), "duckdb", lambda t, via_view: _partly(made, t))
        bare = everything(GovernedIndex(part, rule, run), embedder)
    finally:
        for each in (whole, part, warehouse, other):
            each.close()
    text = repr(seen)
    escaped = [i for i in made.marked if isinstance(i, Fact) and i.text.split()[0] + " " in text]
    record_context(
        f"generated world {seed}", Counter("escaped" if i in escaped else "harmless" for i in made.marked)
    )
    assert [(i.text, i.table) for i in escaped] == []
    cards = tuple(_but_what_is_untold(card) for card in seen["cards"])
    assert Counter(_said(cards)) == Counter(_said(bare["cards"]))
    for one, two in zip(cards, bare["cards"], strict=True):
        assert one == two
    for name in ("brief", "trusted"):
        assert seen[name] == bare[name], name
    assert {k: v for k, v in seen["lineage"].items() if k in bare["lineage"]} == bare["lineage"]
    if not made.kept:
        assert seen["found"] == bare["found"]


def _partly(made: Made, table: TableSchema) -> TableAccess:
    partly = any(t == table.ref.name for t, _ in made.kept)
    return TableRule(table.ref, tuple(ColumnRule(c.name) for c in table.columns)) if partly else None


def _but_what_is_untold(card: TableCard) -> TableCard:
    """The card without the one thing that is told of what is hidden: that a warning is not told."""
    return replace(card, caveats=tuple(c for c in card.caveats if c.provenance != UNTOLD))


def _said(cards: tuple[TableCard, ...]) -> Iterator[str]:
    for card in cards:
        yield from (s.text for s in (*card.statements, *card.caveats))
