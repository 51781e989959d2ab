"""Which rows a table has, and what one row is, read off the code that makes it."""

import pytest

from context.catalog.enrich.made_up_shop import code, keys_of, read, tell, told
from gnomon.context.catalog.facts import KeyClaim, Origin

GROUPED = "SELECT CAST(started_at AS DATE) AS day, page, COUNT(*) AS n FROM raw.visits GROUP BY "


@pytest.mark.requirement("enrichment:grain")
@pytest.mark.parametrize("by", ["1, 2", "day, page", "CAST(started_at AS DATE), page", "ALL"])
def test_grouped_rows_are_one_per_group_however_the_group_is_written(by: str) -> None:
    found = read(code("mart.made", GROUPED + by))
    assert told(found, "mart.made", "grain") == ["One row per day and page: grouped by them."]
    assert keys_of(found) == [("day", "page")]


@pytest.mark.requirement("enrichment:grain")
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT page, COUNT(*) AS n FROM raw.visits GROUP BY page, is_bot",
        "SELECT page, is_bot, COUNT(*) AS n FROM raw.visits GROUP BY ROLLUP (page, is_bot)",
        "SELECT lower(page) AS page, COUNT(*) AS n FROM raw.visits GROUP BY page",
        "SELECT v.id, l.line_no FROM raw.visits v JOIN raw.lines l ON l.order_id = v.id",
        "SELECT id FROM raw.visits UNION ALL SELECT id FROM raw.visits",
        "SELECT a.id FROM raw.visits a JOIN raw.visits b ON a.user_id = b.user_id",
        "SELECT b.id FROM raw.visits a LEFT JOIN raw.visits b ON a.user_id = b.id",
        "SELECT v.id, x FROM raw.visits v, UNNEST([1, 2]) AS t(x)",
    ],
)
def test_no_key_is_claimed_where_rows_may_repeat(sql: str) -> None:
    assert keys_of(read(code("mart.made", sql))) == []


@pytest.mark.requirement("enrichment:grain")
@pytest.mark.parametrize(
    ("sql", "key"),
    [
        ("SELECT id, page FROM raw.visits WHERE NOT is_bot", ("id",)),
        ("SELECT id AS visit_id FROM raw.visits", ("visit_id",)),
        ("SELECT * FROM raw.visits", ("id",)),
        ("SELECT v.id, u.email FROM raw.visits v LEFT JOIN raw.users u ON u.id = v.user_id", ("id",)),
        ("SELECT v.id, u.email FROM raw.visits v, raw.users u WHERE u.id = v.user_id", ("id",)),
        ("SELECT v.id FROM raw.users u JOIN raw.visits v ON u.id = v.user_id", ("id",)),
        ("SELECT v.id FROM raw.visits v SEMI JOIN raw.lines l ON l.order_id = v.id", ("id",)),
        (
            "WITH last AS (SELECT user_id, MAX(id) AS id FROM raw.visits GROUP BY user_id)\n"
            "SELECT u.id, last.id AS visit FROM raw.users u LEFT JOIN last ON last.user_id = u.id",
            ("id",),
        ),
        (
            "WITH ranked AS"
            " (SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY updated_at DESC) AS rn"
            " FROM raw.versions) SELECT user_id, tier FROM ranked WHERE rn = 1",
            ("user_id",),
        ),
        (
            "SELECT user_id, tier FROM raw.versions"
            " QUALIFY ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY updated_at DESC) = 1",
            ("user_id",),
        ),
        (
            "SELECT DISTINCT ON (user_id) user_id, tier FROM raw.versions ORDER BY user_id, updated_at",
            ("user_id",),
        ),
        ("SELECT DISTINCT user_id, page FROM raw.visits", ("user_id", "page")),
        ("SELECT user_id FROM raw.visits UNION SELECT id FROM raw.users", ("user_id",)),
    ],
)
def test_keys_are_followed_through_filters_renames_joins_and_picks(sql: str, key: tuple[str, ...]) -> None:
    assert key in keys_of(read(code("mart.made", sql)))


@pytest.mark.requirement("enrichment:grain")
def test_a_key_passes_from_table_to_table_whatever_the_order_of_the_files() -> None:
    found = read(
        code("mart.top", "SELECT user_key FROM mart.middle WHERE tier = 'gold'"),
        code("mart.middle", "SELECT id AS user_key, 'gold' AS tier FROM mart.base"),
        code("mart.base", "SELECT id FROM raw.users"),
    )
    assert keys_of(found, "mart.top") == [("user_key",)]


@pytest.mark.requirement("enrichment:grain")
def test_a_join_on_no_known_key_is_said_to_repeat_rows_and_a_tested_key_settles_it() -> None:
    sql = "SELECT v.id, t.tier FROM raw.visits v LEFT JOIN raw.versions t ON t.user_id = v.user_id"
    assert tell(sql, "grain") == [
        "One row per row of raw.visits, repeated if several rows match in raw.versions (by user_id)."
    ]
    tested = KeyClaim("raw.versions", ("user_id",), Origin("documentation", "versions.yml:3"))
    assert keys_of(read(code("mart.made", sql), claims=[tested])) == [("id",)]


@pytest.mark.requirement("enrichment:grain")
def test_rows_that_an_insert_adds_are_a_key_only_where_the_table_is_made_anew() -> None:
    insert = code(
        "mart.made", "INSERT INTO mart.made SELECT page, COUNT(*) AS n FROM raw.visits GROUP BY page"
    )
    create = code("mart.made", "CREATE TABLE mart.made (page VARCHAR, n INTEGER)")
    kept = code("mart.made", "CREATE TABLE IF NOT EXISTS mart.made (page VARCHAR, n INTEGER)")
    assert keys_of(read(create, insert)) == [("page",)]
    for found in (read(insert), read(kept, insert)):
        assert keys_of(found) == []
        assert told(found, "mart.made", "grain")[0].startswith("Within what one run adds: one row per page")


@pytest.mark.requirement("enrichment:scope")
def test_filters_are_told_with_what_they_leave_out_and_their_line() -> None:
    sql = "SELECT *\nFROM raw.visits\nWHERE user_id IS NOT NULL\n  AND NOT is_bot"
    found = read(code("mart.made", sql, place="sql/made.sql:11"))
    (fact,) = [f for f in found.facts if f.kind == "scope"]
    assert fact.text == (
        "Only rows of raw.visits where user_id IS NOT NULL AND NOT is_bot: "
        "rows without `user_id` and rows where `is_bot` is true are left out."
    )
    assert str(fact.origin) == "sql/made.sql:13"


@pytest.mark.requirement("enrichment:scope")
@pytest.mark.parametrize(
    ("condition", "left_out"),
    [
        ("status <> 'cancelled'", "rows whose `status` is 'cancelled'"),
        ("status NOT IN ('cancelled', 'void')", "rows whose `status` is 'cancelled' or 'void'"),
        ("status IN ('paid', 'sent')", "rows whose `status` is not 'paid' or 'sent'"),
        ("LOWER(status) = 'paid'", "rows whose `status` is not 'paid'"),
        ("deleted_at IS NULL", "deleted rows"),
        ("is_test = FALSE", "rows where `is_test` is true"),
        ("is_test IS NOT TRUE", "rows where `is_test` is true"),
        ("NOT COALESCE(is_test, FALSE)", "rows where `is_test` is true"),
        ("COALESCE(is_test, TRUE)", "rows where `is_test` is false"),
        ("store_id IS NULL", "rows with a `store_id`"),
    ],
)
def test_what_a_condition_leaves_out_is_said_plainly(condition: str, left_out: str) -> None:
    (text,) = tell(f"SELECT * FROM raw.orders WHERE {condition}", "scope")
    assert text.endswith(f": {left_out} are left out.")


@pytest.mark.requirement("enrichment:scope")
def test_conditions_of_inner_queries_are_told_under_the_names_of_their_tables() -> None:
    sql = """
        WITH base AS (SELECT id AS order_id, status AS state FROM raw.orders), kept AS (SELECT * FROM base)
        SELECT order_id FROM kept WHERE state <> 'cancelled'
    """
    assert tell(sql, "scope") == [
        "Only rows of raw.orders where status <> 'cancelled': "
        "rows whose `status` is 'cancelled' are left out."
    ]


@pytest.mark.requirement("enrichment:scope")
@pytest.mark.parametrize(
    ("join", "text"),
    [
        (
            "JOIN raw.users u ON u.id = o.user_id",
            "Only rows of raw.orders with a match in raw.users (by id): "
            "rows without a match in raw.users are left out.",
        ),
        (
            "JOIN raw.users u ON u.id = o.user_id AND NOT u.is_test",
            "Only rows of raw.users where NOT is_test: rows where `is_test` is true are left out.",
        ),
        (
            "ANTI JOIN raw.lines l ON l.order_id = o.id",
            "Only rows of raw.orders without a match in raw.lines (by order_id): "
            "rows with a match in raw.lines are left out.",
        ),
        (
            "LEFT JOIN raw.users u ON u.id = o.user_id WHERE u.id IS NULL",
            "Only rows of raw.orders without a match in raw.users: "
            "rows with a match in raw.users are left out.",
        ),
    ],
)
def test_rows_that_joins_leave_out_are_told(join: str, text: str) -> None:
    assert text in tell(f"SELECT o.* FROM raw.orders o {join}", "scope")


@pytest.mark.requirement("enrichment:scope")
def test_a_left_join_leaves_no_row_out_and_its_conditions_stay_with_the_columns_from_there() -> None:
    sql = """
        WITH bought AS (
            SELECT user_id, COUNT(*) AS orders FROM raw.orders WHERE status <> 'cancelled' GROUP BY user_id
        )
        SELECT u.id, COALESCE(b.orders, 0) AS orders FROM raw.users u LEFT JOIN bought b ON b.user_id = u.id
    """
    assert tell(sql, "scope") == []
    assert tell(sql, "derivation", "orders") == [
        "COALESCE(orders, 0); with orders = COUNT(*) (0 where missing; only where status <> 'cancelled')"
    ]


@pytest.mark.requirement("enrichment:scope")
def test_parts_limits_samples_picks_and_group_conditions_are_told() -> None:
    assert tell("SELECT id FROM raw.users WHERE is_test UNION ALL SELECT id FROM raw.stores", "scope") == [
        "Part 1: Only rows of raw.users where is_test: rows where `is_test` is not true are left out.",
        "2 parts stacked: raw.users, raw.stores.",
    ]
    assert tell("SELECT * FROM raw.users ORDER BY id LIMIT 10", "scope") == [
        "Holds at most 10 rows in the order of the query."
    ]
    assert tell("SELECT page FROM raw.visits GROUP BY page HAVING COUNT(*) > 5", "scope") == [
        "Only groups with COUNT(*) > 5."
    ]
    picked = "QUALIFY ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY updated_at DESC) = 1"
    assert tell(f"SELECT * FROM raw.versions {picked}", "scope") == [
        "Only the last row by updated_at of each user_id (rows of raw.versions)."
    ]


@pytest.mark.requirement("enrichment:scope")
def test_conditions_on_a_generated_calendar_leave_out_nothing_real() -> None:
    sql = """
        WITH days AS (SELECT CURRENT_DATE - i AS day FROM (SELECT 0 AS i UNION ALL SELECT 1 AS i)),
        kept AS (SELECT day FROM days WHERE day <= CURRENT_DATE)
        SELECT u.id, k.day FROM raw.users u CROSS JOIN kept k
    """
    assert tell(sql, "scope") == []
    assert tell(sql, "freshness") == []
    assert tell("SELECT * FROM raw.users LIMIT 0", "scope") == ["Holds no rows (LIMIT 0)."]


@pytest.mark.requirement("enrichment:grain")
def test_a_group_of_very_many_columns_is_named_by_the_first_and_claims_no_key() -> None:
    columns = "id, user_id, store_id, status, amount_cents, currency, placed_at, deleted_at, is_test"
    found = read(code("mart.made", f"SELECT {columns}, COUNT(*) AS n FROM raw.orders GROUP BY {columns}"))
    assert told(found, "mart.made", "grain") == [
        "One row per id, user_id, store_id, status, amount_cents, currency and 3 more: grouped by them."
    ]
    assert keys_of(found) == []


@pytest.mark.requirement("enrichment:freshness")
@pytest.mark.parametrize(
    ("condition", "text"),
    [
        ("placed_at >= CURRENT_DATE - INTERVAL 90 DAY", "Covers only the last 90 days by `placed_at`."),
        ("placed_at > NOW() - INTERVAL '1 month'", "Covers only the last month by `placed_at`."),
        (
            "placed_at <= DATE '2026-03-14'",
            "Holds nothing with `placed_at` after 2026-03-14: the code stops there.",
        ),
        (
            "placed_at > (SELECT MAX(placed_at) FROM mart.made)",
            "Loaded incrementally: a run adds what is newer by `placed_at` than what the table holds.",
        ),
    ],
)
def test_what_a_condition_says_about_time_is_told(condition: str, text: str) -> None:
    assert tell(f"SELECT * FROM raw.orders WHERE {condition}", "freshness") == [text]


@pytest.mark.requirement("enrichment:freshness")
def test_incremental_models_slices_and_merges_are_told() -> None:
    assert tell("SELECT * FROM raw.orders", "freshness", materialized="incremental") == [
        "Loaded incrementally: each run adds to what is there."
    ]
    by_day = "SELECT * FROM raw.orders WHERE placed_at = @day"
    assert tell(by_day, "freshness", dialect="bigquery") == [
        "Loaded in slices: each run takes one `placed_at`."
    ]
    merge = """MERGE INTO mart.made t USING (SELECT id, email FROM raw.users) s ON t.id = s.id
        WHEN MATCHED THEN UPDATE SET email = s.email
        WHEN NOT MATCHED THEN INSERT (id, email) VALUES (s.id, s.email)"""
    found = read(code("mart.made", merge, dialect="snowflake"))
    assert told(found, "mart.made", "freshness") == [
        "Loaded incrementally: rows are merged into what is there."
    ]
    assert told(found, "mart.made", "grain") == [
        "Merged by id: a new row takes the place of the one it equals."
    ]
    assert keys_of(found) == []
    assert {(e.column, e.upstream_column) for e in found.lineage} == {
        ("", ""),
        ("id", "id"),
        ("email", "email"),
    }
