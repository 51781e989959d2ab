"""Under `@min_group` a statement is refused, or each figure it gives rests on enough people.

What comes back is computed a second time, in Python, from the visible rows. The difference of two permitted
figures can still be one person's value: several statements together are not judged (docs/policy.md).
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from gnomon.domain.errors import Refused
from gnomon.domain.query import AuthorizedQuery, Dialect
from gnomon.policy.access import Access
from gnomon.policy.authorize import GROUPED
from policy.differential.diff_people import Person
from policy.differential.diff_running import ENGINES, Database, access_of, authorized, database, outcome
from policy.differential.diff_shop import TYPES, Execute, Fetch

FEWEST = 3
STATEMENTS = 350
Row = dict[str, Any]
Record = Callable[[str, str, Counter[str]], None]

_COLUMNS = {
    "id": "int",
    "person": "int",
    "dept": "text",
    "level": "int",
    "salary": "int",
    "bonus": "int",
    "shop": "int",
}
_SHOPS = {"shop": "int", "town": "text"}
_PAY: list[Row] = [
    {
        "id": i,
        "person": i % 23,
        "dept": (None, "ops", "sales", "lab", "board")[min(i % 7, 4)],
        "level": i % 4,
        "salary": 100 + i * 17 % 90,
        "bonus": i if i % 5 == 0 or i > 55 else None,
        "shop": i % 3,
    }
    for i in range(60)
]
_TOWNS = {0: "Oslo", 1: "Lima"}
_CEDAR = (
    'permit (principal, action == Action::"read", resource);'
    f'@id("small") @min_group("{FEWEST}") @unit("person")'
    ' forbid (principal, action == Action::"read", resource in Table::"pay");'
)
_ROWS = (
    '@id("rows") @rows("level < 3") forbid (principal, action == Action::"read", resource in Table::"pay");'
    '@id("no-person") forbid (principal, action == Action::"read", resource == Column::"pay.person");'
)
PLAIN = Person("groups", _CEDAR, {})
WITH_ROWS = Person("groups and rows", _CEDAR + _ROWS, {})


def _create(execute: Execute, fetch: Fetch, dialect: Dialect) -> None:
    types = TYPES[dialect]
    columns = ", ".join(f"{n} {types[t]}{' PRIMARY KEY' if n == 'id' else ''}" for n, t in _COLUMNS.items())
    execute(f"CREATE TABLE pay ({columns})")
    execute(f"CREATE TABLE shops (shop {types['int']} PRIMARY KEY, town {types['text']})")
    execute(f"CREATE TABLE visits (person {types['int']}, town {types['text']})")
    for row in _PAY:
        execute(f"INSERT INTO pay VALUES ({', '.join(_literal(v) for v in row.values())})")
    execute("INSERT INTO shops VALUES (0, 'Oslo'), (1, 'Lima')")
    execute("INSERT INTO visits SELECT person, 'x' FROM pay")
    execute("CREATE VIEW pay_rows AS SELECT * FROM pay")
    execute("CREATE VIEW pay_sums AS SELECT dept, SUM(salary) AS total FROM pay GROUP BY dept")


def _literal(value: Any) -> str:
    return "NULL" if value is None else f"'{value}'" if isinstance(value, str) else str(value)


@dataclass(frozen=True, slots=True)
class Payroll:
    """The database and two people's views of it."""

    database: Database
    plain: Access
    with_rows: Access


@pytest.fixture(scope="module", params=ENGINES)
def payroll(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Payroll]:
    folder = tmp_path_factory.mktemp(f"pay_{request.param}")
    with ExitStack() as stack:
        url = partial(request.getfixturevalue, "postgres_url")
        made = stack.enter_context(
            database(request.param, folder, url, partial(_create, dialect=request.param))
        )
        catalog = made.introspect()
        yield Payroll(made, *(access_of(p, catalog, request.param) for p in (PLAIN, WITH_ROWS)))


Value = tuple[str, Callable[[Row], Any]]

_KEYS: tuple[Value, ...] = (
    ("dept", lambda r: r["dept"]),
    ("level", lambda r: r["level"]),
    ("p.level + 1", lambda r: r["level"] + 1),
    ("salary", lambda r: r["salary"]),
    ("id", lambda r: r["id"]),
    ("CASE WHEN id = 7 THEN 'one' ELSE 'rest' END", lambda r: "one" if r["id"] == 7 else "rest"),
    ("p.bonus", lambda r: r["bonus"]),
    ("p.shop", lambda r: r["shop"]),
)
_WHERE: tuple[Value, ...] = (
    ("1 = 1", lambda r: True),
    ("p.id <> 7", lambda r: r["id"] != 7),
    ("id = 7", lambda r: r["id"] == 7),
    ("salary > 150", lambda r: r["salary"] > 150),
    ("bonus IS NOT NULL", lambda r: r["bonus"] is not None),
    ("dept = 'ops'", lambda r: r["dept"] == "ops"),
    ("level IN (1, 2) AND p.shop < 2", lambda r: r["level"] in (1, 2) and r["shop"] < 2),
)
_FIGURES: tuple[tuple[str, str, str], ...] = (
    ("COUNT(*)", "count", ""),
    ("COUNT(bonus)", "count", "bonus"),
    ("SUM(salary)", "sum", "salary"),
    ("SUM(p.bonus)", "sum", "bonus"),
    ("AVG(bonus)", "avg", "bonus"),
    ("COUNT(DISTINCT level)", "distinct", "level"),
)
_FROM = (
    ("pay AS p", False),
    ("pay AS p LEFT JOIN shops AS s ON s.shop = p.shop", False),
    ("pay AS p JOIN shops AS s ON p.shop = s.shop", True),
)


def _expected(
    keys: list[Value], where: Value, figures: list[Any], inner: bool, rows: list[Row]
) -> list[tuple[Any, ...]]:
    """The groups with enough people, for each figure among those who have a value."""
    groups: dict[tuple[Any, ...], list[Row]] = {} if keys else {(): []}
    for row in rows:
        if where[1](row) and not (inner and row["shop"] not in _TOWNS):
            groups.setdefault(tuple(k[1](row) for k in keys), []).append(row)
    found = []
    for key, members in groups.items():
        bases = [[m for m in members if not c or m[c] is not None] for _, _, c in figures]
        if all(len({m["person"] for m in base}) >= FEWEST for base in (members, *bases)):
            found.append((*key, *(_figure(f, b) for f, b in zip(figures, bases, strict=True))))
    return _told(found)


def _figure(figure: tuple[str, str, str], rows: list[Row]) -> Any:
    values: list[Any] = [r[figure[2]] if figure[2] else r for r in rows]
    if figure[1] == "count":
        return len(values)
    if figure[1] == "distinct":
        return len(set(values))
    return sum(values) if figure[1] == "sum" else round(sum(values) / len(values), 4)


def _told(rows: Any) -> list[tuple[Any, ...]]:
    return sorted((tuple(_plain(cell) for cell in row) for row in rows), key=repr)


def _plain(cell: Any) -> Any:
    """Numbers alike, whatever type an engine gives them."""
    if cell is None or isinstance(cell, str):
        return cell
    number = round(float(cell), 4)
    return int(number) if number.is_integer() else number


@pytest.mark.requirement("policy:min-group")
def test_every_group_that_is_given_rests_on_enough_people(
    payroll: Payroll, record_differences: Record
) -> None:
    dialect = payroll.database.dialect
    random_ = random.Random(f"groups-{dialect}")
    counts: Counter[str] = Counter()
    for number in range(STATEMENTS):
        access = payroll.with_rows if number % 2 else payroll.plain
        rows = [r for r in _PAY if r["level"] < 3] if number % 2 else _PAY
        source, inner = random_.choice(_FROM)
        keys = random_.sample(_KEYS, random_.randint(0, 2))
        if "JOIN" in source:
            keys = [("p.shop", k[1]) if k[0] == "shop" else k for k in keys]
        where, figures = random_.choice(_WHERE), random_.sample(_FIGURES, random_.randint(1, 3))
        shown = ", ".join([*(k[0] for k in keys), *(f[0] for f in figures)])
        group = f" GROUP BY {', '.join(k[0] for k in keys)}" if keys else ""
        sql = f"SELECT {shown} FROM {source} WHERE {where[0]}{group}"
        query = authorized(dialect, access, sql)
        assert isinstance(query, AuthorizedQuery), f"{sql}: {query}"
        assert GROUPED in query.rules
        found = outcome(payroll.database, query)
        assert found.error is None, f"{sql}: {found.error}"
        expected = _expected(keys, where, figures, inner, rows)
        assert _told(found.rows) == expected, sql
        counts["gave groups" if expected else "gave none"] += 1
    record_differences("groups recomputed", dialect, counts)
    assert min(counts.values()) > STATEMENTS / 20


SINGLING_OUT = (
    "SELECT * FROM pay",
    "SELECT salary FROM pay WHERE person = 7",
    "SELECT p.* FROM pay AS p GROUP BY 1",
    "SELECT p.*, COUNT(*) FROM pay AS p GROUP BY 1",
    "SELECT *, COUNT(*) FROM pay GROUP BY 1",
    "SELECT dept, salary, COUNT(*) FROM pay GROUP BY dept",
    "SELECT salary AS dept, COUNT(*) FROM pay GROUP BY dept",
    "SELECT MAX(salary) AS dept, COUNT(*) FROM pay GROUP BY dept",
    "SELECT SUM(CASE WHEN person = 7 THEN salary END) FROM pay",
    "SELECT SUM(CASE WHEN id = 7 THEN salary ELSE 0 END), COUNT(*) FROM pay",
    "SELECT SUM(salary * (id = 7)) FROM pay",
    "SELECT SUM(salary) FILTER (WHERE id = 7) FROM pay",
    "SELECT COUNT(*) FILTER (WHERE id = 7 AND salary > 150) FROM pay",
    "SELECT SUM(salary) OVER (PARTITION BY id) FROM pay",
    "SELECT id, SUM(SUM(salary)) OVER (ORDER BY id) FROM pay GROUP BY id",
    "SELECT LAG(SUM(salary)) OVER (ORDER BY dept) FROM pay GROUP BY dept",
    "SELECT MIN(salary), MAX(salary) FROM pay",
    "SELECT dept, MAX(salary) FROM pay GROUP BY dept",
    "SELECT COUNT(*) FROM pay HAVING MAX(salary) > 180",
    "SELECT COUNT(*) FROM pay HAVING SUM(CASE WHEN id = 7 THEN salary END) > 150",
    "SELECT dept, COUNT(*) FROM pay GROUP BY dept ORDER BY MAX(salary)",
    "SELECT DISTINCT salary FROM pay",
    "SELECT DISTINCT dept, COUNT(*) FROM pay GROUP BY dept",
    "SELECT SUM(p.salary) FROM pay AS p JOIN visits AS v ON v.person = p.person",
    "SELECT SUM(p.salary) FROM pay AS p, visits AS v",
    "SELECT SUM(p.salary) FROM pay AS p CROSS JOIN visits",
    "SELECT SUM(p.salary) FROM pay AS p JOIN shops AS s ON s.shop = p.shop OR p.id = 7",
    "SELECT SUM(p.salary) FROM pay AS p JOIN shops AS s ON s.shop = p.id % 2",
    "SELECT SUM(p.salary) FROM pay AS p JOIN shops AS s ON s.town = p.dept",
    "SELECT SUM(salary) FROM visits AS v JOIN pay AS p ON p.person = v.person",
    "SELECT SUM(a.salary) FROM pay AS a JOIN pay AS b ON a.id = b.id",
    "SELECT SUM(p.salary) FROM pay AS p JOIN visits USING (person)",
    "SELECT SUM(salary) FROM pay NATURAL JOIN visits",
    "SELECT COUNT(*) FROM (SELECT * FROM pay) AS x",
    "WITH a AS (SELECT * FROM pay), b AS (SELECT * FROM a) SELECT SUM(salary) FROM b WHERE id = 7",
    "WITH pay AS (SELECT * FROM {main}.pay) SELECT SUM(salary) FROM pay WHERE id = 7",
    "SELECT SUM(salary) FROM pay_rows WHERE id = 7",
    "SELECT town, (SELECT salary FROM pay WHERE pay.shop = shops.shop AND id = 7) FROM shops",
    "SELECT town FROM shops WHERE EXISTS (SELECT 1 FROM pay WHERE id = 7 AND salary > 150)",
    "SELECT town FROM shops WHERE shop IN (SELECT shop FROM pay WHERE id = 7)",
    "SELECT 1 WHERE 219 = (SELECT salary FROM pay WHERE id = 7)",
    "SELECT dept, COUNT(*) FROM pay GROUP BY dept UNION ALL SELECT dept, salary FROM pay",
    "SELECT COUNT(pay.*) FROM pay",
    "SELECT COUNT(pay) FROM pay WHERE pay IS NOT NULL",
    "SELECT COUNT(*) FROM pay WHERE CAST(pay AS VARCHAR(99)) LIKE '%7%'",
    "SELECT COUNT(*) AS gnomon_unit FROM pay WHERE gnomon_unit = 7",
    "SELECT gnomon_unit, COUNT(*) AS gnomon_unit FROM pay GROUP BY gnomon_unit",
    "SELECT COUNT(*) FROM pay AS p(a, b, c, d, e, f, g, h) WHERE h = 7",
    "SELECT SUM(x) FROM pay AS p(a, b, c, d, x, f, g)",
    "SELECT AVG(DISTINCT salary + 0) FROM pay",
    "SELECT SUM(-salary) FROM pay",
    "SELECT COUNT(NULLIF(id, 7)) FROM pay",
    "SELECT COUNT(DISTINCT CASE WHEN id = 7 THEN salary END) FROM pay",
    "SELECT ROUND(AVG(salary)) + MAX(salary) FROM pay",
    "SELECT COALESCE(SUM(salary), (SELECT salary FROM pay WHERE id = 7)) FROM pay",
    "VALUES ((SELECT salary FROM pay WHERE id = 7))",
)
_ENGINE_ONLY: dict[Dialect, tuple[str, ...]] = {
    "duckdb": (
        "FROM pay",
        "SELECT list(salary) FROM pay",
        "SELECT array_agg(salary ORDER BY id) FROM pay",
        "SELECT arg_max(salary, id) FROM pay",
        "SELECT first(salary) FROM pay",
        "SELECT median(salary) FROM pay",
        "SELECT histogram(salary) FROM pay",
        "SELECT quantile_cont(salary, 0.99) FROM pay",
        "SELECT product(salary) FROM pay",
        "SELECT dept, SUM(salary) FROM pay GROUP BY ROLLUP (dept, id)",
        "SELECT dept, SUM(salary) FROM pay GROUP BY ALL",
        "SELECT dept, id, SUM(salary) FROM pay GROUP BY GROUPING SETS ((dept), (id))",
        "SELECT DISTINCT ON (dept) dept, salary FROM pay",
        "SELECT dept, COUNT(*) FROM pay GROUP BY dept QUALIFY ROW_NUMBER() OVER () = 1",
        "SELECT COUNT(*) FROM pay WHERE COLUMNS(*) = 7",
        "SELECT SUM(COLUMNS('salary')) FROM pay",
        "SELECT COUNT(*) FROM pay TABLESAMPLE 1 ROWS",
        "SELECT * FROM pay PIVOT (SUM(salary) FOR id IN (7))",
        "SELECT * FROM pay UNPIVOT (v FOR k IN (salary))",
        "SELECT SUM(p.salary) FROM pay AS p, range(5) AS w(i)",
        "SELECT SUM(p.salary) FROM pay AS p, LATERAL (SELECT p.id AS w) AS l WHERE l.w = 7",
        "SELECT SUM(p.salary) FROM pay AS p POSITIONAL JOIN shops AS s",
        "SELECT SUM(p.salary) FROM pay AS p SEMI JOIN visits AS v ON v.person = p.person",
    ),
    "sqlite": (
        "SELECT salary, COUNT(*) FROM pay",
        "SELECT group_concat(salary) FROM pay",
        "SELECT json_group_array(salary) FROM pay",
        "SELECT salary, MAX(id) FROM pay",
        "SELECT total(salary) FROM pay",
        "SELECT rowid, COUNT(*) FROM pay GROUP BY dept",
    ),
    "postgres": (
        "SELECT string_agg(CAST(salary AS TEXT), ',') FROM pay",
        "SELECT array_agg(salary) FROM pay",
        "SELECT json_agg(pay) FROM pay",
        "SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY salary) FROM pay",
        "SELECT mode() WITHIN GROUP (ORDER BY salary) FROM pay",
        "SELECT bit_or(salary) FROM pay",
        "SELECT dept, SUM(salary) FROM pay GROUP BY CUBE (dept, id)",
        "SELECT dept, SUM(salary) FROM pay GROUP BY GROUPING SETS ((dept), (id))",
        "SELECT DISTINCT ON (dept) dept, salary FROM pay",
        "SELECT SUM(p.salary) FROM pay AS p, generate_series(1, 5) AS w",
        "SELECT SUM(p.salary) FROM pay AS p CROSS JOIN LATERAL (SELECT p.id AS w) AS l WHERE l.w = 7",
        "SELECT COUNT(*) FROM pay WHERE row_to_json(pay) ->> 'person' = '7'",
        "SELECT COUNT(*) FROM pay AS p GROUP BY p",
        "SELECT COUNT(*) FROM pay AS p WHERE (p).person = 7",
        "SELECT ctid, COUNT(*) FROM pay GROUP BY ctid",
    ),
}


@pytest.mark.requirement("policy:min-group")
def test_whatever_could_single_out_a_row_is_refused(payroll: Payroll, record_differences: Record) -> None:
    dialect = payroll.database.dialect
    main = "public" if dialect == "postgres" else "main"
    passed = []
    tried = [*SINGLING_OUT, *_ENGINE_ONLY[dialect]]
    for sql in tried:
        query = authorized(dialect, payroll.plain, sql.format(main=main))
        if isinstance(query, AuthorizedQuery) and outcome(payroll.database, query).error is None:
            passed.append(f"{sql}\n  {query.sql}\n  {outcome(payroll.database, query).rows[:3]}")
    record_differences("singling out", dialect, Counter(refused=len(tried) - len(passed)))
    assert passed == []


@pytest.mark.requirement("policy:min-group")
@pytest.mark.parametrize(
    ("sql", "given"),
    [
        ("SELECT COUNT(*) FROM pay WHERE id = 7", False),
        ("SELECT SUM(salary) FROM pay WHERE person IN (1, 2)", False),
        ("SELECT SUM(bonus) FROM pay WHERE level = 1", True),
        (
            "SELECT dept, AVG(salary) AS salary FROM pay GROUP BY dept HAVING COUNT(*) > 1 ORDER BY salary",
            True,
        ),
        ("SELECT p.dept AS d, ROUND(SUM(salary) / COUNT(*)) FROM pay AS p GROUP BY d", True),
        ("SELECT total FROM pay_sums", True),
        ("SELECT SUM(salary) FROM PAY AS P JOIN SHOPS AS S ON S.shop = P.shop", True),
        ("SELECT SUM(PAY.salary), COUNT(bonus) FROM PAY", True),
        ('SELECT SUM("P q".salary), COUNT(bonus) FROM pay AS "P q"', True),
        ("SELECT town, COUNT(*) FROM pay AS p JOIN shops AS s ON s.shop = p.shop GROUP BY town", True),
        ("SELECT COUNT(*) FROM pay AS p LEFT JOIN shops USING (shop) WHERE town IS NULL", True),
        ("SELECT id, SUM(salary) FROM pay GROUP BY id", False),
        ("SELECT COUNT(*) FROM pay HAVING COUNT(*) > 0 OR 1 = 1", True),
        ("SELECT SUM(salary) FROM pay WHERE id = 7 HAVING 1 = 1 OR COUNT(*) = 1", False),
        (
            "SELECT town, (SELECT SUM(salary) FROM pay WHERE pay.shop = shops.shop AND id = 7) FROM shops",
            False,
        ),
        ("SELECT town FROM shops WHERE EXISTS (SELECT COUNT(*) FROM pay WHERE id = 7 AND salary > 1)", False),
    ],
)
def test_figures_over_enough_people_are_given_and_others_left_out(
    payroll: Payroll, sql: str, given: bool
) -> None:
    found = outcome(payroll.database, authorized(payroll.database.dialect, payroll.plain, sql))
    assert found.error is None
    assert any(row[-1] is not None for row in found.rows) is given


@pytest.mark.requirement("policy:min-group")
def test_the_refusal_names_the_rule_and_says_what_to_ask_for(payroll: Payroll) -> None:
    refused = authorized(payroll.database.dialect, payroll.plain, "SELECT * FROM pay")
    assert isinstance(refused, Refused)
    assert refused.rule == "policy:small"
    assert ("at least", str(FEWEST)) in refused.facts
    assert "COUNT" in refused.hint
