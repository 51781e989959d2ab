"""No literal, comment or name that is really data survives in a query's text, whatever way it was written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.context.catalog.usage.sanitise import redact, sanitise
from gnomon.context.catalog.usage.statements import Unread

KNOWN = frozenset(
    {"orders", "customers", "order_id", "customer_id", "name", "email", "status", "city", "order date"}
)
KNOWN |= {"amount_cents", "paid_at", "payload"}

SECRETS = (
    "ana",
    "o'brien",
    "brien",
    "smith",
    "hunter2",
    "4111",
    "sk-live",
    "acme.test",
    "cancelled",
    "paris",
)
"""Nothing of these may be found in what comes out, in any case."""

ATTACKS = [
    ("duckdb", "select * from orders where email = 'ana@acme.test'"),
    ("duckdb", "select * from customers where name = 'Ana O''Brien' and city <> 'Paris'"),
    ("duckdb", "select 'Smith' as x, status from orders where status = 'cancelled'"),
    ("duckdb", "select * from orders where order_id = 4111111111111111"),
    ("duckdb", "select * from orders limit 4111111111111111"),
    ("duckdb", "select status, count(*) from orders group by 1 order by 4111111111111111"),
    ("duckdb", "select * from orders where amount_cents > 4111.1111"),
    ("duckdb", "select * from orders where amount_cents = -4111 or amount_cents = 4.111e15"),
    ("duckdb", "select 1 from orders -- password hunter2\nwhere 1 = 1 /* ana@acme.test */"),
    ("duckdb", "/* ana */ select /*+ smith */ 1 from orders"),
    ("duckdb", "select * from customers where email = 'ana' || '@' || 'acme.test'"),
    ("duckdb", "select concat('Smith', chr(64), 'acme.test') from customers"),
    ("duckdb", "select $$hunter2$$, $tag$ana; select 1$tag$ from orders"),
    ("duckdb", r"select e'ana\n@acme.test' from orders"),
    ("duckdb", "select * from orders where status in ('cancelled', 'Smith', 'ana')"),
    ("duckdb", "select * from (values ('Smith', 4111), ('ana', 2)) as v(n, k), orders"),
    ("duckdb", "select n from (select unnest(['Smith', 'ana'])) as v(n)"),
    ("duckdb", "select {'Smith': 'ana', 'email': 'ana@acme.test'} from orders"),
    ("duckdb", "select map {'Smith': 4111} from orders"),
    ("duckdb", "select payload->>'$.Smith' from orders where payload->'ana' = '4111'"),
    ("duckdb", """select json_extract(payload, '$."ana@acme.test"') from orders"""),
    ("duckdb", """select '{"email": "ana@acme.test"}'::json from orders"""),
    ("duckdb", """select count(*) as "John Smith's orders" from orders"""),
    ("duckdb", """select count(*) as "ana@acme.test" from orders group by "ana@acme.test" """),
    ("duckdb", "select count(*) as card_4111111111111111 from orders"),
    ("duckdb", "select count(*) filter (where name = 'Smith') as smith_orders from customers"),
    ("duckdb", "select sum(1) as AnaOrders from customers where name = 'ana' or name = 'anaorders'"),
    ("duckdb", """select * from customers where name = "Smith" """),
    ("duckdb", """select * from customers where name in ("Smith", "Ana")"""),
    ("duckdb", """select coalesce(name, "Smith") from customers"""),
    ("duckdb", """select "Smith" as "Smith" from customers"""),
    ("duckdb", "select * from 's3://acme.test/ana.csv?key=sk-live'"),
    ("duckdb", "select * from read_csv('s3://acme.test/ana.csv', header = true)"),
    ("duckdb", """select * from "ana@acme.test" t"""),
    ("duckdb", """select t."Smith, Ana" from orders t"""),
    ("duckdb", "select x.ana from orders as x where status like '%ana%'"),
    ("duckdb", "select cast(status as enum('cancelled', 'paris')) from orders"),
    ("duckdb", "select interval '4111 days' + date '2026-01-01' from orders"),
    ("duckdb", "select strftime(paid_at, 'Smith %Y') from orders"),
    ("duckdb", "select case status when 'cancelled' then 'Ana' else 'Smith' end from orders"),
    ("duckdb", "with smith as (select 1 from customers where name = 'Smith') select * from smith"),
    ("duckdb", "select * from orders where status = $ana and order_id = ?"),
    ("duckdb", "select * from orders order by case when name = 'Smith' then 0 else 1 end"),
    ("duckdb", "select sum(amount_cents) over (partition by 'Smith' order by paid_at) from orders"),
    ("duckdb", "select * from orders a join customers b on a.customer_id = b.customer_id and name = 'ana'"),
    ("duckdb", "select 1 from orders union all select 2 from customers where name similar to 'Smith|ana'"),
    ("postgres", r"select U&'\0061na', E'Smith\x27', N'Paris', X'4111', B'1' from orders"),
    ("postgres", "select * from orders where payload @> '{\"name\": \"Ana\"}' and payload ? 'Smith'"),
    ("postgres", "select * from orders where status = any(array['cancelled', 'ana'])"),
    ("postgres", "select * from orders where paid_at at time zone 'Europe/Paris' > now()"),
    ("postgres", 'select name collate "Smith Ana" from customers'),
    ("postgres", "select xmlelement(name smith, 'ana'), format('%s', 'Smith') from customers"),
    ("postgres", "select * from customers where name ~* '^(ana|smith)$' escape 'x'"),
    ("sqlite", """select * from customers where name = "Smith" or name glob 'ana*' or name = [Ana Smith]"""),
    ("sqlite", "select * from customers where name = x'4111' and email = 'ana@acme.test'"),
    ("mysql", """select * from customers where name = "Smith" and email = _utf8'ana' and city = 0x4111"""),
    ("bigquery", """select r'Smith', b'ana', '''hunter2''', "Paris" from orders where name = @smith"""),
    ("bigquery", "select * from `ana@acme.test.x` where name = 'ana'"),
    ("snowflake", "select payload:Smith.ana::string, $1 from orders where name = $smith"),
    ("snowflake", "select * from @ana/smith t"),
    ("tsql", "select top 5 N'Smith' as [Ana's orders] from orders where name = @smith"),
    ("tsql", "select * from customers where name like '%' + 'Smith' + '%'"),
]


@pytest.mark.requirement("usage:sanitised")
@pytest.mark.parametrize(("dialect", "sql"), ATTACKS)
def test_nothing_of_the_data_is_left(dialect: str, sql: str) -> None:
    found = sanitise(sql, dialect, KNOWN)
    if isinstance(found, Unread):
        assert not any(secret in found.reason.casefold() for secret in SECRETS)
        return
    assert [secret for secret in SECRETS if secret in found.sql.casefold()] == []
    assert [secret for secret in SECRETS if secret in found.tree.sql(dialect).casefold()] == []


@pytest.mark.requirement("usage:sanitised")
def test_most_attacks_are_made_harmless_rather_than_thrown_away() -> None:
    unread = [sql for dialect, sql in ATTACKS if isinstance(sanitise(sql, dialect, KNOWN), Unread)]
    assert len(unread) <= 4, unread


_TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=6, max_size=30).filter(
    lambda text: any(c.isalnum() for c in text)
)


@pytest.mark.requirement("usage:sanitised")
@settings(max_examples=150, deadline=None)
@given(value=_TEXTS, quoted=st.booleans())
def test_no_generated_text_survives_in_any_place_of_a_query(value: str, quoted: bool) -> None:
    marked = f"zq{value}qz"
    literal = "'" + marked.replace("'", "''") + "'"
    name = '"' + marked.replace('"', '""') + '"' if quoted else "status"
    sql = (
        f"select {literal} as {name}, count(*) from orders where status = {literal} "
        f"and name in ({literal}, {name}) -- {marked.splitlines()[0]}\n order by 2"
    )
    found = sanitise(sql, "duckdb", KNOWN)
    if not isinstance(found, Unread):
        assert marked.casefold() not in found.sql.casefold()
        assert "zq" not in found.sql.casefold()


@pytest.mark.requirement("usage:sanitised")
@pytest.mark.parametrize(
    ("sql", "kept"),
    [
        (
            "select date_trunc('month', paid_at) as m, sum(amount_cents) / 100 as revenue from orders "
            "where deleted_at is null and is_test = 0 group by 1 order by 2 desc limit 10",
            "SELECT DATE_TRUNC('MONTH', paid_at) AS m, SUM(amount_cents) / 100 AS revenue FROM orders "
            "WHERE deleted_at IS NULL AND is_test = 0 GROUP BY 1 ORDER BY 2 DESC LIMIT 10",
        ),
        ('select "Order Date" from orders', 'SELECT "Order Date" FROM orders'),
        ("select strftime(paid_at, '%Y-%m') from orders", "SELECT STRFTIME(paid_at, '%Y-%m') FROM orders"),
        ("select round(amount_cents, 2) from orders", "SELECT ROUND(amount_cents, 2) FROM orders"),
        ("select cast(x as decimal(10, 2)) from orders", "SELECT CAST(x AS DECIMAL(10, 2)) FROM orders"),
        ("set x = 1; select status from orders; commit", "SELECT status FROM orders"),
    ],
)
def test_what_a_query_is_about_stays(sql: str, kept: str) -> None:
    found = sanitise(sql, "duckdb", KNOWN)
    assert not isinstance(found, Unread), found
    assert found.sql == kept


@pytest.mark.requirement("usage:sanitised")
def test_queries_that_differ_in_their_values_become_one() -> None:
    written = [
        "select count(*) from orders where status in ('a') and order_id = 12",
        "select count(*) from orders where status in ('b', 'c', 'd') and order_id = 999999",
    ]
    assert len({getattr(sanitise(sql, "duckdb", KNOWN), "sql", sql) for sql in written}) == 1


@pytest.mark.requirement("usage:bounded")
@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select 1 from orders where x = '" + "a" * 200_001 + "'", "larger than"),
        ("select " + "(" * 5_000 + "1" + ")" * 5_000, "too deeply"),
        ("select " + "case when 1 then " * 500 + "1" + " end" * 500, "too deeply"),
        ("select 1 where " + " and ".join(["a = 1"] * 15_000), "words and signs"),
        ("select 'never closed", "cut into words"),
        ("select from where", "does not parse"),
        ("", "not a query"),
        ("delete from orders", "not a query"),
        ("with x as (delete from orders returning 1) select * from x", "not a query"),
        ("select 1; select 2", "several queries"),
        ("select * into kept from orders", "not a query"),
    ],
)
def test_what_cannot_be_read_is_passed_over_with_a_reason(sql: str, reason: str) -> None:
    found = sanitise(sql, "postgres", KNOWN)
    assert isinstance(found, Unread)
    assert reason in found.reason


@pytest.mark.requirement("usage:bounded")
@pytest.mark.parametrize("operator", ["+", "||", " and ", " or "])
def test_a_long_chain_is_read_or_refused_and_never_crashes(operator: str) -> None:
    found = sanitise("select 1 from orders where " + operator.join(["a"] * 4_000), "duckdb", KNOWN)
    assert isinstance(found, Unread) or "4" not in found.sql


@pytest.mark.requirement("usage:sanitised")
def test_an_unknown_dialect_is_a_reason_and_no_crash() -> None:
    assert sanitise("select 1", "klingon") == Unread("the dialect is not known")


@pytest.mark.requirement("usage:sanitised")
@pytest.mark.parametrize(
    ("title", "literals", "kept"),
    [
        ("Orders by channel, 2024-03", (), "Orders by channel, 2024-03"),
        ("Orders of ana@acme.test", (), "Orders of …"),
        ("Card 4111111111111111 and 1234567", (), "Card … and …"),
        ("Key password: hunter2 here", (), "Key … here"),
        ("Calls with sk-live9aB3xY77qLmN2", (), "Calls with …"),
        ("John Smith's orders", ("john smith",), "…'s orders"),
        ("Orders like Smith", ("%smith%",), "Orders like …"),
        ("Blacksmiths", ("smith",), "Blacksmiths"),
        ("a\n\nb" + "c" * 500, (), "a b" + "c" * 197),
    ],
)
def test_a_title_loses_personal_data_and_the_values_of_its_query(
    title: str, literals: tuple[str, ...], kept: str
) -> None:
    assert redact(title, literals) == kept
