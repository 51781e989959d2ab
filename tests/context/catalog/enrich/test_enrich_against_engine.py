"""Claims about keys and lineage, held against what an engine computes from random rows."""

import random
from collections.abc import Iterator

import duckdb
import pytest

from context.catalog.enrich.made_up_shop import code, read, table

TABLES = (
    table("main.a", "id x y"),
    table("main.b", "id a_id z"),
    table("main.c", "k1 k2 w"),
)
KEYS = {"main.a": ("id",), "main.b": ("id",), "main.c": ("k1", "k2")}
FILL = """
    CREATE OR REPLACE TABLE a AS
        SELECT i AS id, (i * 7 + {s}) % 3 AS x, (i * 5 + {s}) % 4 AS y FROM range(9) r(i);
    CREATE OR REPLACE TABLE b AS
        SELECT i AS id, (i * 3 + {s}) % 10 AS a_id, (i + {s}) % 4 AS z FROM range(12) r(i);
    CREATE OR REPLACE TABLE c AS
        SELECT i % 4 AS k1, i // 4 AS k2, (i * 11 + {s}) % 5 AS w FROM range(12) r(i);
"""


def sources(rng: random.Random, depth: int) -> tuple[str, list[str]]:
    """A FROM item without alias, and its columns."""
    if depth and rng.random() < 0.6:
        sql, columns = query(rng, depth - 1)
        return f"({sql})", columns
    name, columns = rng.choice(
        [("a", ["id", "x", "y"]), ("b", ["id", "a_id", "z"]), ("c", ["k1", "k2", "w"])]
    )
    return name, columns


def query(rng: random.Random, depth: int) -> tuple[str, list[str]]:
    """A random SELECT with joins, filters, groups, picks and set operations, and its columns."""
    if depth and rng.random() < 0.15:
        (left, columns), (right, others) = query(rng, depth - 1), query(rng, depth - 1)
        if len(columns) == len(others):
            return f"{left} {rng.choice(['UNION ALL', 'UNION', 'EXCEPT'])} {right}", columns
    base, columns = sources(rng, depth)
    held = [("p", c) for c in columns]
    sql = f"FROM {base} AS p"
    if rng.random() < 0.6:
        other, further = sources(rng, depth)
        kind = rng.choice(
            ["JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "SEMI JOIN", "ANTI JOIN", "CROSS JOIN"]
        )
        pairs = [f"p.{rng.choice(columns)} = q.{rng.choice(further)}" for _ in range(rng.choice([1, 1, 2]))]
        if rng.random() < 0.3:
            pairs.append(f"q.{rng.choice(further)} = 1")
        sql += f" {kind} {other} AS q" + ("" if kind == "CROSS JOIN" else f" ON {' AND '.join(pairs)}")
        held += [("q", c) for c in further] if kind not in ("SEMI JOIN", "ANTI JOIN") else []
    if rng.random() < 0.3:
        alias, column = rng.choice(held)
        sql += f" WHERE {alias}.{column} {rng.choice(['> 1', '= 2', 'IS NOT NULL'])}"
    return projected(rng, sql, held)


def projected(rng: random.Random, sql: str, held: list[tuple[str, str]]) -> tuple[str, list[str]]:
    chosen = rng.sample(held, k=min(len(held), rng.choice([1, 2, 3])))
    names = [f"c{i}" for i in range(len(chosen))]
    terms = [f"{alias}.{column}" for alias, column in chosen]
    if rng.random() < 0.2:
        terms[-1] = f"{terms[-1]} + 1"
    columns = ", ".join(f"{term} AS {name}" for term, name in zip(terms, names, strict=True))
    style = rng.random()
    if style < 0.25:
        return f"SELECT {columns}, COUNT(*) AS n {sql} GROUP BY {', '.join(terms)}", [*names, "n"]
    if style < 0.35:
        return f"SELECT DISTINCT {columns} {sql}", names
    if style < 0.45:
        order = f"ROW_NUMBER() OVER (PARTITION BY {rng.choice(terms)} ORDER BY {rng.choice(terms)})"
        return f"SELECT {columns} {sql} QUALIFY {order} = 1", names
    if style < 0.55:
        order = f"ROW_NUMBER() OVER (PARTITION BY {rng.choice(terms)} ORDER BY {rng.choice(terms)}) AS rn"
        return f"SELECT {', '.join(names)} FROM (SELECT {columns}, {order} {sql}) WHERE rn = 1", names
    if style < 0.6:
        return f"SELECT COUNT(*) AS c0, MAX({terms[0]}) AS c1 {sql}", ["c0", "c1"]
    return f"SELECT {columns} {sql}", names


def claims() -> Iterator[object]:
    from gnomon.context.catalog.facts import KeyClaim, Origin

    return (KeyClaim(name, columns, Origin("documentation", "tests")) for name, columns in KEYS.items())


@pytest.mark.requirement("enrichment:grain")
def test_every_key_that_is_claimed_holds_in_the_engine() -> None:
    rng = random.Random(20261126)
    claimed = unable = 0
    with duckdb.connect() as engine:
        for number in range(250):
            sql, _ = query(rng, 2)
            found = read(code("main.made", sql), tables=TABLES, claims=claims())  # type: ignore[arg-type]
            assert found.problems == (), sql
            keys = [k.columns for k in found.keys]
            for seed in range(2) if keys else ():
                engine.execute(FILL.format(s=seed + number % 5))
                for key in keys:
                    repeated = f"SELECT 1 FROM ({sql}) GROUP BY {', '.join(key)} HAVING COUNT(*) > 1"
                    try:
                        found_twice = engine.execute(repeated).fetchall()
                    except duckdb.Error:
                        # The planner fails inside on a few nested outer joins; another query will do.
                        unable += 1
                        continue
                    assert found_twice == [], f"{key} of {sql}"
            claimed += bool(keys)
    assert claimed > 90
    assert unable < 20


@pytest.mark.requirement("enrichment:lineage")
def test_a_column_changes_only_with_columns_it_is_said_to_come_from() -> None:
    """Plain projections and expressions: what no edge names can be overwritten without any effect."""
    rng = random.Random(4)
    checked = 0
    with duckdb.connect() as engine:
        for _ in range(40):
            base, columns = sources(rng, 2)
            if "GROUP" in base or "DISTINCT" in base or "rn" in base or "COUNT" in base or "UNION" in base:
                continue
            if "WHERE" in base or "JOIN" in base or "EXCEPT" in base:
                continue
            sql = f"SELECT {', '.join(f'{c} * 2 AS {c}' for c in columns)} FROM {base} AS p"
            edges = [e for e in read(code("main.made", sql), tables=TABLES).lineage if e.column]
            for name in "abc":
                engine.execute(FILL.format(s=1))
                before = engine.execute(sql).fetchall()
                for column in next(t for t in TABLES if t.ref.name == name).columns:
                    engine.execute(FILL.format(s=1))
                    engine.execute(f"UPDATE {name} SET {column.name} = {column.name} + 100")
                    after = engine.execute(sql).fetchall()
                    moved = {
                        c for i, c in enumerate(columns) if [r[i] for r in before] != [r[i] for r in after]
                    }
                    said = {
                        e.column
                        for e in edges
                        if (e.upstream, e.upstream_column) == (f"main.{name}", column.name)
                    }
                    assert moved == said, f"{name}.{column.name} in {sql}"
                    checked += bool(said)
    assert checked > 40
