"""Queries that a dashboard tool keeps as clicks, put into SQL: names, values, conditions, fragments.

What is composed is read, never run. It is built as a syntax tree, so no name or value of an export can become
syntax. Fragments that people typed into a tool are parsed before they take part.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlglot import exp

MAX_FRAGMENT_CHARACTERS = 20_000
MAX_SQL_CHARACTERS = 200_000

DIALECTS = {
    "athena": "athena",
    "awsathena": "athena",
    "bigquery": "bigquery",
    "bigquery-cloud-sdk": "bigquery",
    "clickhouse": "clickhouse",
    "clickhousedb": "clickhouse",
    "databricks": "databricks",
    "druid": "druid",
    "duckdb": "duckdb",
    "hive": "hive",
    "mariadb": "mysql",
    "motherduck": "duckdb",
    "mssql": "tsql",
    "mysql": "mysql",
    "oracle": "oracle",
    "postgres": "postgres",
    "postgresql": "postgres",
    "presto": "presto",
    "presto-jdbc": "presto",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "sparksql": "spark",
    "sqlite": "sqlite",
    "sqlserver": "tsql",
    "starburst": "trino",
    "trino": "trino",
}
"""What tools call an engine (SQLAlchemy's and Metabase's names), and sqlglot's name for its dialect."""

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
_LAST = re.compile(r"last\s+(?:(\d{1,4})\s+)?(second|minute|hour|day|week|month|quarter|year)s?")
_ISO_START = re.compile(r"\d{4}-\d{2}-\d{2}")


class Unsupported(Exception):
    """A query uses what this reader does not put into SQL; the text says what, to follow `it`."""


def dialect_of(engine: str) -> str:
    """sqlglot's dialect for a tool's name of an engine, or for a URI's scheme; empty if unknown."""
    return DIALECTS.get(engine.split(":", 1)[0].split("+", 1)[0].casefold(), "")


@lru_cache(maxsize=1)
def _reserved() -> frozenset[str]:
    from sqlglot.tokens import Tokenizer

    return frozenset(word.casefold() for phrase in Tokenizer.KEYWORDS for word in phrase.split())


def identifier(name: str) -> "exp.Identifier":
    """A name, quoted unless it is lower case, plain and no keyword."""
    from sqlglot import exp

    if not name or len(name) > 1_000:
        raise Unsupported("has an empty or endless name")
    plain = _PLAIN.fullmatch(name) is not None and name not in _reserved()
    return exp.Identifier(this=name, quoted=not plain)


def column(name: str, table: str = "") -> "exp.Column":
    """A column, of a table or alias if one is given."""
    from sqlglot import exp

    return exp.Column(this=identifier(name), table=identifier(table) if table else None)


def table(parts: Sequence[str], alias: str = "") -> "exp.Table":
    """A table by its database, schema and name, of which the last one to three are given."""
    from sqlglot import exp

    named = [identifier(part) for part in parts if part][-3:]
    if not named:
        raise Unsupported("reads a table without a name")
    keys = ("this", "db", "catalog")
    built = exp.Table(**dict(zip(keys, reversed(named), strict=False)))
    if alias:
        built.set("alias", exp.TableAlias(this=identifier(alias)))
    return built


def literal(value: object) -> "exp.Expr":
    """A value as SQL."""
    from sqlglot import exp

    if value is None:
        return exp.Null()
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, int | float):
        return exp.Literal.number(value)
    if isinstance(value, datetime | date):
        return exp.Literal.string(value.isoformat())
    if isinstance(value, str):
        return exp.Literal.string(value)
    raise Unsupported("compares with something that is no plain value")


def aggregate(name: str, of: "exp.Expr | None") -> "exp.Expr":
    """An aggregate by its name: count, count_distinct, sum, avg, min, max, median, stddev or var."""
    from sqlglot import exp

    folded = name.casefold()
    if folded == "count":
        return exp.Count(this=of if of is not None else exp.Star())
    if of is None:
        raise Unsupported(f"takes {name[:40]} of nothing")
    if folded in ("count_distinct", "distinct"):
        return exp.Count(this=exp.Distinct(expressions=[of]))
    kinds: dict[str, type[exp.Func]] = {
        "sum": exp.Sum,
        "avg": exp.Avg,
        "average": exp.Avg,
        "min": exp.Min,
        "max": exp.Max,
        "median": exp.Median,
        "stddev": exp.Stddev,
        "var": exp.Variance,
    }
    if folded not in kinds:
        raise Unsupported(f"aggregates by {name[:40]}")
    return kinds[folded](this=of)


def truncated(unit: str, of: "exp.Expr") -> "exp.Expr":
    """A time cut to its hour, day, week, month, quarter or year."""
    from sqlglot import exp

    if unit not in ("second", "minute", "hour", "day", "week", "month", "quarter", "year"):
        raise Unsupported(f"groups time by {unit[:40]}")
    return exp.DateTrunc(unit=exp.Literal.string(unit.upper()), this=of)  # type: ignore[no-untyped-call]


def ago(amount: int, unit: str) -> "exp.Expr":
    """Today minus an interval."""
    from sqlglot import exp

    if unit == "quarter":
        amount, unit = amount * 3, "month"
    interval = exp.Interval(this=exp.Literal.string(str(amount)), unit=exp.Var(this=unit.upper()))
    return exp.Sub(this=exp.CurrentDate(), expression=interval)


def compare(operator: str, left: "exp.Expr", value: object) -> "exp.Expr":
    """A condition by the operator's name in these tools: `==`, `IN`, `IS NOT NULL`, `LIKE` and so on."""
    from sqlglot import exp

    folded = " ".join(operator.replace("_", " ").casefold().split())
    if folded in ("is null", "is not null"):
        absent = exp.Is(this=left, expression=exp.Null())
        return absent if folded == "is null" else exp.Not(this=absent)
    if folded in ("is true", "is false"):
        return exp.Is(this=left, expression=exp.Boolean(this=folded == "is true"))
    if folded in ("in", "not in"):
        values = [literal(v) for v in (value if isinstance(value, list | tuple) else [value])]
        among = exp.In(this=left, expressions=values)
        return among if folded == "in" else exp.Not(this=among)
    kinds: dict[str, type[exp.Binary]] = {
        "=": exp.EQ,
        "==": exp.EQ,
        "equals": exp.EQ,
        "!=": exp.NEQ,
        "<>": exp.NEQ,
        "not equals": exp.NEQ,
        ">": exp.GT,
        "<": exp.LT,
        ">=": exp.GTE,
        "<=": exp.LTE,
        "like": exp.Like,
        "ilike": exp.ILike,
    }
    if folded == "not like":
        return exp.Not(this=exp.Like(this=left, expression=literal(value)))
    if folded not in kinds:
        raise Unsupported(f"filters by `{operator[:40]}`")
    return kinds[folded](this=left, expression=literal(value))


def in_time_range(left: "exp.Expr", text: str) -> "list[exp.Expr]":
    """Conditions for a range such as `2024-01-01 : 2024-02-01` or `Last 30 days`.

    Other words (`No filter`, `previous calendar month`) give none: they need the tool's own clock.
    """
    from sqlglot import exp

    last = _LAST.fullmatch(text.strip().casefold())
    if last:
        return [exp.GTE(this=left, expression=ago(int(last[1] or 1), last[2]))]
    start, _, end = (part.strip() for part in text.partition(" : "))
    conditions: list[exp.Expr] = []
    if _ISO_START.match(start):
        conditions.append(exp.GTE(this=left, expression=literal(start)))
    if _ISO_START.match(end):
        conditions.append(exp.LT(this=left.copy(), expression=literal(end)))
    return conditions


def fragment(sql: str, dialect: str) -> "exp.Expr":
    """An expression that somebody typed into the tool."""
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if not sql.strip() or len(sql) > MAX_FRAGMENT_CHARACTERS:
        raise Unsupported("has an expression that is empty or too long")
    refuse_templates(sql)
    try:
        import sqlglot

        parsed = sqlglot.parse_one(sql, dialect=dialect or None, into=exp.Condition)
    except (SqlglotError, RecursionError, ValueError) as error:
        raise Unsupported(f"has an expression that cannot be parsed: {sql[:80]}") from error
    return parsed


def refuse_templates(sql: str) -> None:
    """Raise `Unsupported` if the text is a Jinja template, whose SQL only the tool knows."""
    if "{{" in sql or "{%" in sql:
        raise Unsupported("is a Jinja template, which only the tool itself can fill in")


def subquery(sql: str, alias: str, dialect: str) -> "exp.Subquery":
    """A query that somebody wrote, as a part of a larger one."""
    from sqlglot import exp

    return exp.Subquery(this=_query(sql, dialect), alias=exp.TableAlias(this=identifier(alias)))


def tables_of(sql: str, dialect: str) -> tuple[str, ...]:
    """The tables that a query reads, without its own common table expressions; empty if it is not parsed."""
    from sqlglot import exp

    try:
        tree = _query(sql, dialect)
        own = {cte.alias_or_name.casefold() for cte in tree.find_all(exp.CTE)}
        found = [t for t in tree.find_all(exp.Table) if t.name and (t.db or t.name.casefold() not in own)]
    except (Unsupported, RecursionError):
        return ()
    return tuple(dict.fromkeys(".".join(p for p in (t.catalog, t.db, t.name) if p) for t in found))


def _query(sql: str, dialect: str) -> "exp.Query":
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if len(sql) > MAX_SQL_CHARACTERS:
        raise Unsupported(f"has a query of over {MAX_SQL_CHARACTERS:,} characters")
    refuse_templates(sql)
    try:
        statements = [s for s in sqlglot.parse(sql, dialect=dialect or None) if s is not None]
    except (SqlglotError, RecursionError, ValueError) as error:
        raise Unsupported("has a query that cannot be parsed") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise Unsupported("has a text that is not one query")
    return statements[0]


def render(query: "exp.Expr", dialect: str) -> str:
    """The tree as SQL on one line.

    Raises:
        Unsupported: It is too deep, or longer than a query may be.
    """
    from sqlglot.errors import SqlglotError

    try:
        sql = query.sql(dialect=dialect or None)
    except (SqlglotError, RecursionError, ValueError) as error:
        raise Unsupported("cannot be put into SQL") from error
    if len(sql) > MAX_SQL_CHARACTERS:
        raise Unsupported(f"becomes a query of over {MAX_SQL_CHARACTERS:,} characters")
    return sql
