"""What the guard lets through, what it says when it does not, and what it rewrites."""

import time

import pytest

from gnomon.domain.catalog import Catalog, Column, TableRef, TableSchema
from gnomon.domain.errors import Refused, Retry
from gnomon.domain.identity import Principal
from gnomon.domain.query import AuthorizedQuery, Dialect, Limits, Query
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize

ANA = Principal("ana@acme.test")


def table(name: str, columns: str, schema: str = "") -> TableSchema:
    return TableSchema(TableRef(name, schema), tuple(Column(c, "text", "TEXT") for c in columns.split()))


SHOP = Catalog(
    (
        table("customers", "id name city"),
        table("Orders", "id customer_id amount status"),
        table("pay", "id salary", "hr"),
        table("order details", "id note"),
    )
)


def ask(sql: str, dialect: Dialect = "duckdb", *, rows: int = 100) -> AuthorizedQuery:
    return authorize(Query(sql, dialect), Access.to_all(ANA, SHOP, dialect), Limits(max_rows=rows))


@pytest.mark.requirement("policy:deny-by-default")
@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("DROP TABLE customers", "sql:read-only"),
        ("SELECT 1; DROP TABLE customers", "sql:read-only"),
        ("WITH x AS (DELETE FROM customers RETURNING *) SELECT * FROM x", "sql:read-only"),
        ("SELECT * INTO x FROM customers", "sql:read-only"),
        ("SELECT getenv('HOME')", "sql:function-not-allowed"),
        ("SELECT frobnicate(1)", "sql:function-not-allowed"),
        ("SELECT main.lower(name) FROM customers", "sql:function-not-allowed"),
        ("SELECT * FROM read_csv('x')", "sql:function-not-allowed"),
        ("SELECT * FROM lower('x')", "sql:function-not-allowed"),
        ("SELECT * FROM 'x.csv'", "sql:no-files"),
        ("SELECT * FROM information_schema.tables", "sql:no-system-tables"),
        ("SELECT * FROM duckdb_settings", "sql:no-system-tables"),
        ("SELECT * FROM other.main.customers", "sql:no-other-database"),
        ("SELECT CAST(name AS evil) FROM customers", "sql:type-not-allowed"),
        ("SELECT * FROM customers WHERE id = $1", "sql:node-not-allowed"),
        ("WITH RECURSIVE x AS (SELECT 1) SELECT * FROM x", "sql:no-recursion"),
        ("SELECT repeat('x', 100000)", "sql:bounded-call"),
        ("SELECT printf('%9999d', 1)", "sql:format"),
        ("SELECT 'a' LIKE '%a%a%a%a%a%a%a%a%a%'", "sql:pattern"),
        ("SELECT 1 FROM customers a, customers b, customers c, customers d, customers e", "sql:cross-join"),
        ("SELECT '" + "x" * 200_000 + "'", "sql:size"),
        ("SELECT " + "(" * 100 + "1" + ")" * 100, "sql:size"),
        ("SELECT 1\uff1b", "sql:characters"),
        ("SELECT 'a\u202eb'", "sql:characters"),
        ("SELECT 1\x00", "sql:characters"),
    ],
)
def test_what_no_rule_allows_is_refused_by_name(sql: str, rule: str) -> None:
    with pytest.raises(Refused) as refusal:
        ask(sql)
    assert refusal.value.rule == rule
    assert refusal.value.hint


@pytest.mark.requirement("policy:near-miss")
@pytest.mark.parametrize(
    ("sql", "hint"),
    [
        ("SELECT * FROM custmers", "did you mean `customers`?"),
        ("SELECT nmae FROM customers", "did you mean `name`?"),
        ("SELECT c.nam FROM customers c", "did you mean `name`?"),
        ("SELECT cu.name FROM customers cu WHERE cuu.city = 'x'", "did you mean `cu.city`?"),
        ("SELECT 1; SELECT 2", "send one statement a call"),
        ("SELECT (", "write one plain SELECT statement in the engine's dialect"),
        ("SELECT 'x", "close every quote"),
        ("  ", "write one SELECT statement"),
        ("SELECT 0xFF", "write a plain decimal number, or put a space before the name"),
        ('SELECT name FROM customers WHERE city = "Paris"', "text goes in single quotes"),
    ],
)
def test_what_a_correction_would_mend_says_how(sql: str, hint: str) -> None:
    with pytest.raises(Retry) as error:
        ask(sql)
    assert error.value.hint == hint


@pytest.mark.requirement("policy:near-miss")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT upper(name) AS n FROM customers ORDER BY n",
        "SELECT x.anything FROM (SELECT * FROM customers) x",
        "WITH x AS (SELECT name AS n FROM customers) SELECT n FROM x",
        "SELECT amount * 2 AS twice, twice + 1 FROM orders",
        "SELECT c.name, (SELECT max(o.amount) FROM orders o WHERE o.customer_id = c.id) FROM customers c",
        "SELECT list_transform([1], lambda y: y + 1) FROM customers",
        "SELECT rowid, c.rowid FROM customers c",
        "SELECT customers FROM customers",
    ],
)
def test_columns_that_may_exist_are_left_to_the_engine(sql: str) -> None:
    assert ask(sql).tables


@pytest.mark.requirement("policy:rewrite")
@pytest.mark.parametrize(
    ("sql", "rewritten"),
    [
        ("select name from CUSTOMERS -- x", 'SELECT name FROM "customers" AS CUSTOMERS LIMIT 101'),
        ("SELECT id FROM main.Orders LIMIT 7", 'SELECT id FROM "Orders" LIMIT 7'),
        ("SELECT id FROM Orders LIMIT 1000 OFFSET 5", 'SELECT id FROM "Orders" LIMIT 101 OFFSET 5'),
        ("SELECT salary FROM hr.pay", 'SELECT salary FROM "hr"."pay" LIMIT 101'),
        ('SELECT note FROM "Order Details"', 'SELECT note FROM "order details" AS "Order Details" LIMIT 101'),
        (
            "SELECT id FROM customers UNION SELECT id FROM Orders ORDER BY 1",
            'SELECT id FROM "customers" UNION SELECT id FROM "Orders" ORDER BY 1 LIMIT 101',
        ),
        ("(SELECT id FROM customers LIMIT 500)", '(SELECT id FROM "customers" LIMIT 500) LIMIT 101'),
        (
            "SELECT id FROM customers ORDER BY 1 LIMIT 10%",
            'SELECT * FROM (SELECT id FROM "customers" ORDER BY 1 LIMIT 10 PERCENT) AS gnomon_rows LIMIT 101',
        ),
        (
            "SELECT id FROM customers LIMIT 1 + 1",
            'SELECT * FROM (SELECT id FROM "customers" LIMIT 1 + 1) AS gnomon_rows LIMIT 101',
        ),
        ("VALUES (1), (2)", "SELECT * FROM (VALUES (1), (2)) AS gnomon_rows LIMIT 101"),
    ],
)
def test_the_statement_is_written_anew_with_exact_names_and_the_row_limit(sql: str, rewritten: str) -> None:
    assert ask(sql).sql == rewritten


@pytest.mark.requirement("policy:rewrite")
def test_the_answer_says_what_the_statement_uses() -> None:
    query = ask(
        "SELECT Upper(name), count(*), CAST(max(amount) AS INT)"
        " FROM customers c JOIN ORDERS o ON o.id = c.id GROUP BY ALL"
    )
    assert query.tables == (TableRef("Orders"), TableRef("customers"))
    assert query.functions == ("cast", "count", "max", "upper")
    assert query.original_sql.startswith("SELECT\n  Upper(name),")
    assert "LIMIT" not in query.original_sql
    assert "sql:row-limit" in query.rules
    assert (query.principal, query.dialect) == (ANA, "duckdb")


@pytest.mark.requirement("policy:dialects")
@pytest.mark.parametrize(
    ("dialect", "sql", "rewritten"),
    [
        ("sqlite", "SELECT mod(5.5, 2), ifnull(id, 0) FROM customers", "SELECT mod(5.5, 2), ifnull(id, 0)"),
        ("sqlite", "SELECT `name`, [city] FROM customers", 'SELECT "name", "city"'),
        ("sqlite", "SELECT id FROM customers LIMIT 5, 10", 'SELECT id FROM "customers" LIMIT 10 OFFSET 5'),
        (
            "duckdb",
            "FROM customers SELECT lag(name) IGNORE NULLS OVER ()",
            "SELECT lag(name IGNORE NULLS) OVER ()",
        ),
        (
            "duckdb",
            "SELECT json_extract(name, 'a.b'), name -> 'a.b' FROM customers",
            "SELECT json_extract(name, 'a.b'), name -> 'a.b'",
        ),
        ("postgres", "SELECT now(), name !~ 'x' FROM customers", "SELECT now(), NOT name ~ 'x'"),
        ("postgres", "SELECT id / 2, id::text FROM customers", "SELECT id / 2, CAST(id AS TEXT)"),
    ],
)
def test_calls_and_operators_keep_the_meaning_of_their_engine(
    dialect: Dialect, sql: str, rewritten: str
) -> None:
    assert ask(sql, dialect).sql.startswith(rewritten)


@pytest.mark.requirement("policy:deny-by-default")
@pytest.mark.parametrize(
    ("dialect", "sql", "rule"),
    [
        ("sqlite", "SELECT 'a' IN sqlite_master", "sql:node-not-allowed"),
        (
            "sqlite",
            "WITH x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT n FROM x",
            "sql:no-recursion",
        ),
        ("sqlite", "SELECT left(name, 1) FROM customers", "sql:function-not-allowed"),
        ("postgres", "SELECT user FROM customers", "sql:function-not-allowed"),
        ("postgres", "SELECT E'\\'' FROM customers", "sql:node-not-allowed"),
        ("postgres", "SELECT 'a'::regclass", "sql:node-not-allowed"),
        ("postgres", "SELECT id FROM customers FOR UPDATE", "sql:read-only"),
    ],
)
def test_traps_of_one_engine_are_refused_there(dialect: Dialect, sql: str, rule: str) -> None:
    with pytest.raises(Refused) as refusal:
        ask(sql, dialect)
    assert refusal.value.rule == rule


@pytest.mark.requirement("policy:deny-by-default")
def test_a_name_given_in_an_inner_scope_opens_nothing_outside() -> None:
    with pytest.raises(Refused, match="is a file"):
        ask('SELECT * FROM (WITH "a.csv" AS (SELECT 1) SELECT * FROM "a.csv") x, "a.csv"')


@pytest.mark.requirement("policy:deny-by-default")
def test_a_name_given_later_does_not_count_earlier() -> None:
    with pytest.raises(Refused, match="is a file"):
        ask('WITH x AS (SELECT * FROM "a.csv"), "a.csv" AS (SELECT 1) SELECT * FROM x')


@pytest.mark.requirement("policy:deny-by-default")
@pytest.mark.parametrize("chain", ["NOT ", "- ", "1 + ", "~ ", "1 UNION SELECT "])
def test_a_chain_deeper_than_any_stack_is_answered_not_crashed(chain: str) -> None:
    with pytest.raises((Refused, Retry)):
        ask("SELECT " + chain * 6_000 + "1")


@pytest.mark.requirement("policy:rewrite")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 1 .id + 1 FROM customers",
        "SELECT 1 .id FROM customers",
        "SELECT max(id) OVER (id) OVER () FROM customers",
    ],
)
def test_text_that_would_read_differently_the_second_time_is_sent_back(sql: str) -> None:
    with pytest.raises(Retry, match="more than one way"):
        ask(sql)


@pytest.mark.requirement("policy:rewrite")
def test_a_select_in_from_without_parentheses_is_sent_back() -> None:
    with pytest.raises(Retry, match="without parentheses"):
        ask("SELECT id FROM FROM customers")


REPLACED = "replace({}, 'a', 'aaa')"


def nested(inner: str, outer: str, times: int) -> str:
    for _ in range(times):
        inner = outer.format(inner)
    return inner


@pytest.mark.requirement("policy:growth")
@pytest.mark.parametrize(
    "sql",
    [
        f"SELECT {nested('name', REPLACED, 20)} FROM customers",
        nested("SELECT name AS x FROM customers", "SELECT x || x AS x FROM ({}) AS q", 25),
        nested("SELECT name FROM customers", "SELECT x || x FROM ({}) AS q(x)", 25),
        nested("SELECT [1] AS x", "SELECT flatten([x, x]) AS x FROM ({}) AS q", 25),
        "SELECT list_reduce(range(60), (a, b) -> concat(a, a))",
        "SELECT list_reduce(['a'], lambda a, b: a || a)",
        f"SELECT {nested('name', 'to_json({})', 30)} FROM customers",
    ],
)
def test_a_value_that_grows_by_a_power_is_refused(sql: str) -> None:
    with pytest.raises(Refused) as caught:
        ask(sql)
    assert caught.value.rule == "sql:bounded-call"


@pytest.mark.requirement("policy:growth")
def test_what_the_planner_of_postgresql_would_write_out_without_end_is_refused_there() -> None:
    sums = nested("SELECT id AS x FROM customers", "SELECT x + x AS x FROM ({}) AS q", 25)
    ask(sums, "duckdb")
    with pytest.raises(Refused, match="layer to layer"):
        ask(sums, "postgres")
    few = nested("SELECT id AS x FROM customers", "SELECT x + x AS x FROM ({}) AS q", 6)
    ask(few, "postgres")


@pytest.mark.requirement("policy:growth")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT replace(replace(replace(name, '&', '&amp;'), '<', '&lt;'), '\"', '&quot;') FROM customers",
        "SELECT list_reduce([1, 2, 3], (a, b) -> a + b)",
        "SELECT list_reduce(['a', 'b'], lambda a, b: a || ', ' || b)",
        "SELECT list_reduce([1, 2], (a, b) -> CASE WHEN a > b THEN a ELSE b END)",
        "WITH a AS (SELECT name || ' ' || name AS name FROM customers) SELECT upper(name) || name FROM a",
        f"SELECT {' || '.join(['name'] * 400)} FROM customers",
        "SELECT repeat('x', 40) || lpad(name, 20, ' ') FROM customers",
        "SELECT [x || '!' FOR x IN ['a', 'b']]",
    ],
)
def test_text_put_together_as_people_do_it_passes(sql: str) -> None:
    ask(sql)


@pytest.mark.requirement("policy:near-miss")
def test_a_near_miss_among_very_many_tables_is_found_soon() -> None:
    many = Catalog(tuple(table(f"sales_of_region_{i}", "id") for i in range(90_000)))
    access = Access.to_all(ANA, many, "duckdb")
    started = time.thread_time()
    with pytest.raises(Retry) as caught:
        authorize(Query("SELECT id FROM sales_of_regoin_77", "duckdb"), access, Limits())
    assert time.thread_time() - started < 2
    assert "sales_of_region_" in caught.value.hint


@pytest.mark.requirement("policy:near-miss")
def test_a_catalog_finds_names_whatever_their_case_and_prefers_the_default_schema() -> None:
    both = Catalog((table("Pay", "id", "hr"), table("pay", "id"), table("rates", "id", "hr")))
    found = [both.find(*address) for address in (("PAY",), ("pay", "HR"), ("rates",), ("Pay", "x"))]
    assert [str(t.ref) if t else None for t in found] == ["pay", "hr.Pay", "hr.rates", None]
    assert both == Catalog(both.tables)
    assert hash(both) == hash(Catalog(both.tables))
