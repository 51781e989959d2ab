"""Where each column of a table comes from, and how, read off the code that makes it."""

import pytest

from context.catalog.enrich.made_up_shop import SHOP, bases, code, read, table, tell, told

CENTS = "amount_cents / 100.0"


@pytest.mark.requirement("enrichment:lineage")
@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT id AS n FROM raw.users", {"n": {"raw.users.id"}}),
        (
            "SELECT u.name || s.name AS both FROM raw.users u, raw.stores s",
            {"both": {"raw.users.name", "raw.stores.name"}},
        ),
        (
            "WITH a AS (SELECT id AS k FROM raw.users), b AS (SELECT k + 1 AS j FROM a) SELECT j AS n FROM b",
            {"n": {"raw.users.id"}},
        ),
        (
            "SELECT * EXCLUDE (time_zone) FROM raw.stores",
            {"id": {"raw.stores.id"}, "name": {"raw.stores.name"}},
        ),
        (
            "SELECT * REPLACE (LOWER(time_zone) AS name) FROM raw.stores",
            {
                "id": {"raw.stores.id"},
                "name": {"raw.stores.time_zone"},
                "time_zone": {"raw.stores.time_zone"},
            },
        ),
        (
            "SELECT id FROM raw.users UNION ALL SELECT user_id FROM raw.visits",
            {"id": {"raw.users.id", "raw.visits.user_id"}},
        ),
        ("SELECT (SELECT MAX(day) FROM raw.rates) AS newest", {"newest": {"raw.rates.day"}}),
        ("SELECT x.n FROM (SELECT page AS n FROM raw.visits) AS x", {"n": {"raw.visits.page"}}),
        ("SELECT a FROM raw.stores AS t(a, b, c)", {"a": {"raw.stores.id"}}),
        (
            "INSERT INTO mart.made (a, b) SELECT id, name FROM raw.stores",
            {"a": {"raw.stores.id"}, "b": {"raw.stores.name"}},
        ),
        ("CREATE VIEW mart.made (a) AS SELECT MAX(id) FROM raw.stores", {"a": {"raw.stores.id"}}),
        (
            "WITH RECURSIVE r AS (SELECT id, name FROM raw.stores UNION ALL SELECT id + 1, name FROM r)"
            " SELECT id FROM r",
            {"id": {"raw.stores.id"}},
        ),
        (
            "SELECT page, page AS again FROM elsewhere.log",
            {"page": {"elsewhere.log.page"}, "again": {"elsewhere.log.page"}},
        ),
        (
            "WITH users AS (SELECT * FROM raw.users) SELECT users.email FROM users",
            {"email": {"raw.users.email"}},
        ),
        (
            "SELECT l.quantity * o.amount_cents AS v FROM raw.lines l JOIN raw.orders o ON o.id = l.order_id",
            {"v": {"raw.lines.quantity", "raw.orders.amount_cents"}},
        ),
    ],
)
def test_columns_are_followed_to_the_tables_they_come_from(sql: str, expected: dict[str, set[str]]) -> None:
    assert bases(sql) == expected


@pytest.mark.requirement("enrichment:lineage")
def test_an_insert_without_names_fills_the_columns_of_the_table_in_order() -> None:
    shop = (*SHOP, table("mart.made", "store label zone"))
    found = read(code("mart.made", "INSERT INTO mart.made SELECT * FROM raw.stores"), tables=shop)
    assert {(e.column, e.upstream_column) for e in found.lineage if e.column} == {
        ("store", "id"),
        ("label", "name"),
        ("zone", "time_zone"),
    }
    short = read(code("mart.made", "INSERT INTO mart.made SELECT id FROM raw.stores"), tables=shop)
    assert [e for e in short.lineage if e.column] == []
    assert "more or fewer columns" in short.problems[0].message


@pytest.mark.requirement("ODA-06")
@pytest.mark.requirement("enrichment:lineage")
def test_tables_read_anywhere_are_upstream_and_are_told_what_is_built_from_them() -> None:
    found = read(
        code("mart.a", "SELECT id FROM raw.users WHERE id IN (SELECT user_id FROM raw.visits)"),
        code(
            "mart.b",
            "SELECT id FROM raw.users WHERE EXISTS (SELECT 1 FROM raw.orders o WHERE o.user_id = id)",
        ),
    )
    assert {(e.table, e.upstream) for e in found.lineage if not e.column} == {
        ("mart.a", "raw.users"),
        ("mart.a", "raw.visits"),
        ("mart.b", "raw.users"),
        ("mart.b", "raw.orders"),
    }
    assert told(found, "raw.users", "downstream") == ["Read by the code of mart.a and mart.b."]


@pytest.mark.requirement("enrichment:lineage")
def test_a_cycle_of_tables_and_a_table_that_reads_itself_end() -> None:
    found = read(
        code("mart.a", "SELECT * FROM mart.b WHERE x > 1"),
        code("mart.b", "SELECT * FROM mart.a WHERE x < 9"),
        code("mart.c", "INSERT INTO mart.c SELECT * FROM mart.c"),
    )
    assert {(e.table, e.upstream) for e in found.lineage} == {("mart.a", "mart.b"), ("mart.b", "mart.a")}
    assert found.problems == ()


@pytest.mark.requirement("enrichment:derivation")
@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (f"{CENTS} AS amount", "amount_cents / 100.0 (converted from hundredths)"),
        ("amount_cents * 100 / 7 AS share", "amount_cents * 100 / 7 (divided by 7)"),
        ("COALESCE(amount_cents, 0) AS paid", "COALESCE(amount_cents, 0) (0 where missing)"),
        (
            "CAST(placed_at AT TIME ZONE 'UTC' AT TIME ZONE 'America/Denver' AS DATE) AS day",
            "CAST(placed_at AT TIME ZONE 'UTC' AT TIME ZONE 'America/Denver' AS DATE) "
            "(converted from UTC to America/Denver time)",
        ),
        ("CAST(NULL AS VARCHAR) AS note", "always NULL"),
        ("user_id AS customer_id", "raw.orders.user_id"),
        ("CAST(placed_at AS DATE) AS placed_at", "CAST(placed_at AS DATE)"),
    ],
)
def test_an_expression_is_quoted_with_what_it_does_to_values(expression: str, text: str) -> None:
    name = expression.rpartition(" AS ")[2]
    assert tell(f"SELECT {expression} FROM raw.orders", "derivation", name) == [text]


@pytest.mark.requirement("enrichment:derivation")
def test_columns_passed_on_as_they_are_need_no_words() -> None:
    assert tell("SELECT id, CAST(status AS TEXT) AS status FROM raw.orders", "derivation", "status") == []
    assert tell("SELECT id FROM raw.orders", "derivation") == ["Made from the rows of raw.orders."]


@pytest.mark.requirement("enrichment:derivation")
def test_what_stands_behind_an_expression_is_told_with_it() -> None:
    sql = f"""
        WITH goods AS (SELECT user_id, SUM({CENTS}) AS spent FROM raw.orders GROUP BY user_id)
        SELECT u.id, spent * 2 AS twice FROM raw.users u JOIN goods g ON g.user_id = u.id
    """
    assert tell(sql, "derivation", "twice") == [
        "spent * 2; with spent = SUM(amount_cents / 100.0) (converted from hundredths)"
    ]


@pytest.mark.requirement("enrichment:derivation")
def test_a_long_expression_is_summed_up() -> None:
    branches = " ".join(f"WHEN status = 's{i}' THEN amount_cents * {i}" for i in range(40))
    (text,) = tell(f"SELECT CASE {branches} END AS fee FROM raw.orders", "derivation", "fee")
    assert text == "CASE over status, amount_cents"


@pytest.mark.requirement("enrichment:derivation")
def test_the_comment_in_front_of_a_statement_is_what_its_table_means() -> None:
    head = "-- sqlfluff:off\n-- mart/made.sql\n-- Stores that are open,\n-- closed ones too.\n"
    assert tell(f"{head}SELECT * FROM raw.stores", "meaning") == ["Stores that are open, closed ones too."]
    assert tell("-- select * from old;\nSELECT * FROM raw.stores", "meaning") == []
    assert tell("SELECT /* not in front */ * FROM raw.stores", "meaning") == []
