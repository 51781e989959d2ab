"""Two databases that a person cannot tell apart, and statements that try to.

The twins differ in hidden rows and hidden cells alone: in one of them these make casts, divisions, sums and
patterns fail, in the other they do not. Whatever a statement makes of one twin, failure and message
included, it has to make of the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gnomon.domain.query import Dialect
from policy.differential.diff_shop import TYPES, Execute, Fetch

COLUMNS = {
    "id": "int",
    "region": "text",
    "secret": "text",
    "n": "int",
    "k": "int",
    "day": "text",
    "payload": "text",
}
_ALL = 'permit (principal, action == Action::"read", resource);\n'
_FORBID = 'forbid (principal, action == Action::"read", resource'


@dataclass(frozen=True, slots=True)
class Hiding:
    """A way in which the twins' differences are kept from the person."""

    name: str
    cedar: str


HIDINGS = (
    Hiding("rows", f'{_ALL}@rows("region = \'EU\'") {_FORBID} in Table::"pay");'),
    Hiding("rows by number", f'{_ALL}@rows("id < 1000000") {_FORBID} in Table::"pay");'),
    Hiding(
        "rows by lookup",
        f'{_ALL}@rows("region IN (SELECT region FROM allowed WHERE id > 0)") {_FORBID} in Table::"pay");',
    ),
    Hiding(
        "cells",
        _ALL
        + "".join(
            f'@id("cell-{c}") @rows("region = \'EU\'") {_FORBID} == Column::"pay.{c}");\n'
            for c in ("id", "secret", "n", "k", "day", "payload")
        ),
    ),
    Hiding(
        "masks and rows",
        f'{_ALL}@rows("region <> \'US\'") {_FORBID} in Table::"pay");'
        f'@id("m") @mask("keep_first(9)") {_FORBID} == Column::"pay.secret");',
    ),
)


def create_twin(execute: Execute, fetch: Fetch, dialect: Dialect, *, failing: bool, rows: int) -> None:
    """One of the twins; every 50th row is hidden."""
    types = TYPES[dialect]
    for table in ("pay", "allowed"):
        names = COLUMNS if table == "pay" else {"id": "int", "region": "text"}
        execute(f"CREATE TABLE {table} ({', '.join(f'{n} {types[t]}' for n, t in names.items())})")
    execute("INSERT INTO allowed VALUES (1, 'EU'), (0, 'US')")
    execute("CREATE VIEW pay_view AS SELECT id, region, secret, n, k, day, payload FROM pay")
    execute(f"INSERT INTO pay {_selected(dialect, failing, rows)}")
    if dialect != "duckdb":
        for column in ("region", "secret", "k", "id"):
            execute(f"CREATE INDEX pay_{column} ON pay ({column})")


def _selected(dialect: Dialect, failing: bool, rows: int) -> str:
    text = TYPES[dialect]["text"]
    hidden = {
        "id": "i + 1000000",
        "region": "'US'",
        "secret": f"'word ' || CAST(i AS {text})",
        "n": "2147483647",
        "k": "0",
        "day": "'2024-99-99'",
        "payload": "'{broken'",
    }
    harmless = hidden | {
        "secret": f"CAST(i AS {text})",
        "n": "5",
        "k": "3",
        "day": "'2024-02-02'",
        "payload": "'{}'",
    }
    visible = {
        "id": "i",
        "region": "'EU'",
        "secret": f"CAST(i % 90 AS {text})",
        "n": "i % 100",
        "k": "1 + i % 9",
        "day": "'2024-01-15'",
        "payload": "'{\"a\": 1}'",
    }
    cells = ", ".join(
        f"CASE WHEN i % 50 = 49 THEN {(hidden if failing else harmless)[c]} ELSE {visible[c]} END"
        for c in COLUMNS
    )
    if dialect == "duckdb":
        return f"SELECT {cells} FROM range({rows}) r(i)"
    if dialect == "postgres":
        return f"SELECT {cells} FROM generate_series(0, {rows - 1}) i"
    counted = f"WITH RECURSIVE r(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i < {rows - 1})"
    return f"{counted} SELECT {cells} FROM r"


_RISKS: dict[Dialect, tuple[str, ...]] = {
    "duckdb": (
        "CAST(secret AS INTEGER)",
        "CAST(day AS DATE)",
        "n + 100000",
        "n * 30000",
        "CAST(n AS SMALLINT)",
        "CAST(payload AS JSON)",
        "json_extract(payload, '$.a')",
        "strptime(day, '%Y-%m-%d')",
        "ln(k)",
        "make_date(2024, k, 1)",
        "CAST(secret AS DECIMAL(9,2))",
        "regexp_matches('x', replace(payload, '{', '['))",
        "list_extract([1, 2], k) + n + 100000",
    ),
    "sqlite": (
        "json_extract(payload, '$.a')",
        "ABS(CASE WHEN k = 0 THEN -9223372036854775807 - 1 ELSE k END)",
        "payload ->> '$.a'",
        "json_array_length(payload)",
        "json_patch(payload, '{}')",
    ),
    "postgres": (
        "CAST(secret AS INTEGER)",
        "CAST(day AS DATE)",
        "n + 100000",
        "100 / k",
        "n % k",
        "CAST(n AS SMALLINT)",
        "CAST(payload AS JSON)",
        "CAST(payload AS JSONB) ->> 'a'",
        "ln(k)",
        "make_date(2024, k, 1)",
        "to_date(day, 'YYYY-MM-DD')",
        "CAST(secret AS NUMERIC(4,1))",
        "power(n, n)",
        "chr(k)",
    ),
}
_SHAPES = (
    "SELECT {risk} AS r FROM {t}",
    "SELECT COUNT(*) FROM {t} WHERE {risk} IS NOT NULL",
    "SELECT COUNT(*) FROM {t} WHERE {risk} = {risk} AND region = 'US'",
    "SELECT COUNT(*) FROM {t} WHERE region = 'US' AND {risk} IS NOT NULL",
    "SELECT COUNT(*) FROM {t} WHERE CASE WHEN id > 1000000 THEN {risk} END IS NOT NULL",
    "SELECT id FROM {t} ORDER BY {risk}, id LIMIT 5",
    "SELECT COUNT({risk}) FROM {t}",
    "SELECT MAX({risk}), MIN({risk}) FROM {t} WHERE id > 1000000",
    "SELECT {risk} AS r, COUNT(*) FROM {t} GROUP BY {risk}",
    "SELECT region, COUNT(*) FROM {t} GROUP BY region HAVING COUNT({risk}) > 0",
    "SELECT DISTINCT {risk} AS r FROM {t} WHERE n > 50",
    "SELECT COUNT(*) FROM {t} a JOIN allowed b ON a.region = b.region AND {risk} IS NOT NULL",
    "SELECT COUNT(*) FROM allowed b LEFT JOIN {t} a ON a.region = b.region AND {risk} IS NOT NULL",
    "SELECT COUNT(*) FROM allowed WHERE EXISTS (SELECT 1 FROM {t} a WHERE {risk} IS NOT NULL"
    " AND a.id > 1000000)",
    "SELECT COUNT(*) FROM {t} WHERE id IN (SELECT id FROM {t} WHERE {risk} IS NOT NULL)",
    "SELECT COUNT(*) FROM (SELECT {risk} AS r, region AS g FROM {t}) s WHERE g = 'US' AND r IS NOT NULL",
    "SELECT MAX(r) FROM (SELECT {risk} AS r, ROW_NUMBER() OVER (ORDER BY id) AS p FROM {t}) s WHERE p < 9",
    "SELECT COUNT(*) FILTER (WHERE {risk} IS NOT NULL) FROM {t}",
    "WITH c AS (SELECT * FROM {t} WHERE id > 1000000) SELECT {risk} FROM c",
    "SELECT (SELECT secret FROM {t} WHERE id > 1000000) AS one",
    "SELECT COUNT(*) FROM {t} a, {t} b WHERE a.id = b.id AND b.k = 0 AND 7 / b.k > 1",
)


def probes(dialect: Dialect) -> Iterator[str]:
    """Statements whose failure would tell of the hidden data."""
    for number, shape in enumerate(_SHAPES):
        risks = _RISKS[dialect] if "{risk}" in shape else _RISKS[dialect][:1]
        for risk in risks:
            table = "pay_view" if number % 4 == 3 else "pay"
            joined = " a " in shape and " b " in shape
            text = risk
            for column in ("secret", "day", "payload") if joined else ():
                text = text.replace(f"({column}", f"(a.{column}")
            yield shape.format(risk=text, t=table)
