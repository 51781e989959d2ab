"""Sources, names and expressions of generated statements.

Seeded, so that a run is the same every time. What a statement means is left to the engine: both databases of
the comparison get the same one.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gnomon.domain.query import Dialect
from policy.differential.diff_shop import RELATIONS, Relation, Sees, Sights, seen_columns


@dataclass(frozen=True, slots=True)
class Source:
    """Something in FROM: its text, the name it goes by, and its columns with their type words."""

    text: str
    alias: str
    columns: Mapping[str, str]
    keyed: bool = False


NUMBERS = frozenset({"int", "money", "double"})
"""Type words of numbers."""

_MOMENTS = frozenset({"date", "time"})


class Writer:
    """Writes statements for one engine and one person's columns.

    Args:
        sights: Whose columns are named; a few statements name hidden ones too.
    """

    def __init__(self, seed: str, dialect: Dialect, sights: Sights) -> None:
        self.random = random.Random(seed)
        self.dialect = dialect
        self.columns: dict[str, dict[str, str]] = {}
        self.relations: list[Relation] = []
        self._count = 0
        for relation in RELATIONS:
            sees = sights.get(relation.name, Sees())
            if not sees.denied:
                self.relations.append(relation)
                self.columns[relation.name] = seen_columns(relation, sees)

    # Names and sources.

    def pick(self, options: Sequence[str]) -> str:
        """One of them."""
        return self.random.choice(options)

    def chance(self, share: float) -> bool:
        """True that often."""
        return self.random.random() < share

    def fresh(self) -> str:
        """A name that nothing has yet."""
        self._count += 1
        return f"{self.pick(('a', 'T', 'sub'))}{self._count}"

    def source(self, *, only: Sequence[str] = (), alias: bool | None = None) -> Source:
        """A table or view, spelled in one of the ways it may be."""
        relations = [r for r in self.relations if not only or r.name in only]
        weights = [3 if r.name in ("orders", "customers") else 1 for r in relations]
        relation = self.random.choices(relations, weights)[0]
        name = self._spelled(relation)
        columns = dict(self.columns[relation.name])
        if self.chance(0.01):
            columns = dict(relation.columns)
        keyed = relation.key in columns and columns[relation.key] == "int" and bool(relation.key)
        if alias or (alias is None and self.chance(0.7)):
            given = self.fresh()
            if self.chance(0.1):
                given = f'"{given} x"'
            return Source(f"{name} {self.pick(('', 'AS '))}{given}", given, columns, keyed)
        return Source(name, name.rpartition(".")[2], columns, keyed)

    def _spelled(self, relation: Relation) -> str:
        schema = relation.schema if self.dialect != "sqlite" else ""
        if " " in relation.name:
            spellings = [f'"{relation.name}"']
        else:
            spellings = [relation.name, relation.name, relation.name.upper(), f'"{relation.name}"']
            if self.dialect != "postgres":
                spellings.append(f'"{relation.name.title()}"')
        default = "public" if self.dialect == "postgres" else "main"
        prefix = f"{schema or default}." if schema or self.chance(0.2) else ""
        return prefix + self.pick(spellings)

    def derived(self, depth: int = 0) -> Source:
        """A table, or a subquery with names of its own."""
        if depth > 1 or self.chance(0.6):
            return self.source(alias=True)
        inner = self.derived(depth + 1)
        parts = {f"c{i}": self.typed(inner) for i in range(self.random.randint(1, 3))}
        shown = ", ".join(f"{text} AS {name}" for name, (text, _) in parts.items())
        alias = self.fresh()
        fence = self.pick(("", "", " LIMIT 1000", " OFFSET 0")) if self.dialect != "sqlite" else ""
        text = f"(SELECT {shown} FROM {inner.text}{self.where(inner)}{fence}) AS {alias}"
        return Source(text, alias, {name: word for name, (_, word) in parts.items()})

    def column(self, source: Source, words: frozenset[str] | None = None) -> str:
        """A column of the source with one of the types, or a literal if there is none."""
        fitting = [c for c, w in source.columns.items() if words is None or w in words]
        if not fitting:
            return "NULL" if words is None else "7" if words & NUMBERS else "'x'"
        name = self.pick(fitting)
        return f"{source.alias}.{self._name(name)}"

    def _name(self, name: str) -> str:
        if " " in name or name == "Qty":
            return f'"{name}"'
        return self.pick((name, name, f'"{name}"', name.upper()))

    # Expressions.

    def typed(self, source: Source) -> tuple[str, str]:
        """An expression and its type word."""
        kind = self.pick(("number", "text", "column", "column", "flag"))
        if kind == "column":
            names = [c for c, w in source.columns.items() if w not in ("json", "list")]
            if names:
                name = self.pick(names)
                return f"{source.alias}.{self._name(name)}", source.columns[name]
        if kind == "text":
            return self.text(source), "text"
        return (self.number(source), "int") if kind == "number" else (self.condition(source), "bool")

    def number(self, source: Source, depth: int = 0) -> str:
        """An expression that is a number, and may fail."""
        column = self.column(source, NUMBERS)
        if depth > 1 or self.chance(0.4):
            return self.pick((column, column, str(self.random.randint(-3, 60))))
        inner, other = self.number(source, depth + 1), self.number(source, depth + 1)
        return self.pick(
            (
                f"{inner} + {other}",
                f"({inner} - {other}) * 2",
                f"COALESCE({inner}, 0)",
                f"ABS({inner})",
                f"NULLIF({inner}, {other})",
                f"LENGTH({self.text(source, depth + 1)})",
                f"CASE WHEN {self.condition(source, depth + 1)} THEN {inner} ELSE {other} END",
                f"{inner} / {self.pick(('2', '4', column))}",
                f"CAST({inner} AS INTEGER) % 7",
                f"CAST({self.column(source, frozenset({'text'}))} AS INTEGER)"
                if self.chance(0.3)
                else f"-({inner})",
            )
        )

    def text(self, source: Source, depth: int = 0) -> str:
        """An expression that is a text."""
        column = self.column(source, frozenset({"text"}))
        if depth > 1 or self.chance(0.4):
            return self.pick((column, column, "'Oslo'", "'open'"))
        inner = self.text(source, depth + 1)
        kind = "VARCHAR" if self.dialect == "duckdb" else "TEXT"
        return self.pick(
            (
                f"UPPER({inner})",
                f"{inner} || '-' || {self.text(source, depth + 1)}",
                f"SUBSTR({inner}, 2, 3)",
                f"COALESCE({inner}, 'none')",
                f"REPLACE({inner}, 'o', '0')",
                f"CAST({self.column(source, frozenset({'int', 'bool'}))} AS {kind})",
                # Not without ELSE: DuckDB's optimiser errs on `CASE WHEN c THEN 'x' END IN ('x')`.
                f"CASE WHEN {self.condition(source, depth + 1)} THEN {inner} ELSE 'none' END",
                f"CAST({self.column(source, _MOMENTS)} AS {kind})",
            )
        )

    def condition(self, source: Source, depth: int = 0) -> str:
        """A condition on the source's columns."""
        if depth < 2 and self.chance(0.35):
            parts = [self.condition(source, depth + 1) for _ in range(2)]
            joined = f" {self.pick(('AND', 'OR'))} ".join(f"({p})" for p in parts)
            return joined if self.chance(0.8) else f"NOT ({joined})"
        number, text = self.number(source, depth + 1), self.text(source, depth + 1)
        return self.pick(
            (
                f"{number} > {self.random.randint(-5, 80)}",
                f"{number} = {self.number(source, depth + 1)}",
                f"{number} BETWEEN 3 AND {self.random.randint(10, 90)}",
                f"{number} IN (1, 2, 3, 20, 45, NULL)",
                f"{text} = {self.text(source, depth + 1)}",
                f"{text} LIKE '{self.pick(('%o%', 'c%', '%5', '_p%'))}'",
                f"{text} IN ('Oslo', 'open', '***', 'void')",
                f"{self.column(source)} IS NULL",
                f"{self.column(source)} IS NOT NULL",
                f"{text} <> 'void'",
                f"{self.column(source, _MOMENTS)} > '2019-06-01'",
            )
        )

    def where(self, source: Source, share: float = 0.6) -> str:
        """A WHERE clause, or nothing."""
        return f" WHERE {self.condition(source)}" if self.chance(share) else ""

    def shown(self, source: Source, most: int = 3) -> str:
        """A list of expressions."""
        parts = [self.typed(source)[0] for _ in range(self.random.randint(1, most))]
        return ", ".join(f"{p} AS x{i}" if self.chance(0.4) else p for i, p in enumerate(parts))
