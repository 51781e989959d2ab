"""Pairs of tables that look alike, told apart by their code alone. All tables are made up."""

import pytest

from context.catalog.enrich.made_up_shop import code, read, told

DAILY = (
    "SELECT CAST(started_at AS DATE) AS day, COUNT(DISTINCT {who}) AS {name}, COUNT(*) AS visits"
    " FROM raw.visits"
)
ORDERS = "SELECT id, user_id, status, {amount} AS amount, placed_at FROM raw.orders"

PAIRS = {
    "logged-out users": (
        DAILY.format(who="user_id", name="users") + " WHERE user_id IS NOT NULL GROUP BY 1",
        DAILY.format(who="visitor_id", name="visitors") + " GROUP BY 1",
        "leaves out rows without `user_id` (user_id IS NOT NULL)",
        "keeps rows without `user_id`, which that one leaves out",
    ),
    "test accounts": (
        "SELECT id, email, name, country FROM raw.users WHERE NOT is_test",
        "SELECT id, email, name, country FROM raw.users",
        "leaves out rows where `is_test` is true (NOT is_test)",
        "keeps rows where `is_test` is true, which that one leaves out",
    ),
    "cancelled orders": (
        ORDERS.format(amount="amount_cents") + " WHERE status <> 'cancelled'",
        ORDERS.format(amount="amount_cents"),
        "leaves out rows whose `status` is 'cancelled' (status <> 'cancelled')",
        "keeps rows whose `status` is 'cancelled', which that one leaves out",
    ),
    "soft deletes": (
        "SELECT id, email, name FROM raw.users WHERE deleted_at IS NULL",
        "SELECT id, email, name FROM raw.users",
        "leaves out deleted rows (deleted_at IS NULL)",
        "keeps deleted rows, which that one leaves out",
    ),
    "currency": (
        "SELECT o.id, o.user_id, o.status, o.amount_cents * r.usd_rate AS amount FROM raw.orders o"
        " LEFT JOIN raw.rates r ON r.currency = o.currency AND r.day = o.placed_at",
        "SELECT id, user_id, status, amount_cents AS amount FROM raw.orders",
        "`amount` is multiplied by `usd_rate`, there as it comes",
        "`amount` is as it comes, there multiplied by `usd_rate`",
    ),
    "hundredths": (
        ORDERS.format(amount="amount_cents / 100.0"),
        ORDERS.format(amount="amount_cents"),
        "`amount` is converted from hundredths, there as it comes",
        "`amount` is as it comes, there converted from hundredths",
    ),
    "time zone": (
        "SELECT id, status, CAST(placed_at AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Tokyo' AS DATE) AS day"
        " FROM raw.orders",
        "SELECT id, status, CAST(placed_at AS DATE) AS day FROM raw.orders",
        "`day` is converted from UTC to Asia/Tokyo time, there as it comes",
        "`day` is as it comes, there converted from UTC to Asia/Tokyo time",
    ),
    "latest version": (
        "SELECT * FROM raw.versions"
        " QUALIFY ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY updated_at DESC) = 1",
        "SELECT * FROM raw.versions",
        "keeps only the last row by updated_at of each user_id",
        "keeps every row, where that one has only the last row by updated_at of each user_id",
    ),
    "no match": (
        "SELECT u.id, u.email, u.name FROM raw.users u JOIN raw.orders o ON o.user_id = u.id",
        "SELECT id, email, name FROM raw.users",
        "leaves out rows without a match in raw.orders",
        "keeps rows without a match in raw.orders, which that one leaves out",
    ),
    "grain": (
        "SELECT user_id, store_id, SUM(amount_cents) AS amount FROM raw.orders GROUP BY user_id, store_id",
        "SELECT user_id, SUM(amount_cents) AS amount FROM raw.orders GROUP BY user_id",
        "has one row per user_id and store_id, that one has one row per user_id",
        "has one row per user_id, that one has one row per user_id and store_id",
    ),
}


@pytest.mark.requirement("ODA-09")
@pytest.mark.requirement("enrichment:look-alikes")
@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("turned", [False, True])
def test_two_look_alikes_are_told_apart_by_their_code(pair: str, turned: bool) -> None:
    first, second, of_first, of_second = PAIRS[pair]
    names = ("mart.one", "mart.two") if not turned else ("mart.two", "mart.one")
    found = read(code(names[0], first), code(names[1], second))
    (mine,) = [t for t in told(found, names[0], "use_when") if f"Like {names[1]}," in t]
    (theirs,) = [t for t in told(found, names[1], "use_when") if f"Like {names[0]}," in t]
    assert of_first in mine
    assert of_second in theirs


@pytest.mark.requirement("enrichment:look-alikes")
def test_a_difference_that_lies_further_up_is_found() -> None:
    found = read(
        code("mart.real", "SELECT id, email, name FROM stage.users"),
        code("stage.users", "SELECT id, email, name FROM raw.users WHERE NOT is_test"),
        code("mart.every", "SELECT id, email, name FROM raw.users"),
    )
    assert (
        "Like mart.every, but leaves out rows where `is_test` is true (NOT is_test). "
        "Use that one when those rows count too."
    ) in told(found, "mart.real", "use_when")
    assert "Holds the same rows as stage.users, passed on as they are." in told(
        found, "mart.real", "use_when"
    )


@pytest.mark.requirement("enrichment:look-alikes")
def test_a_raw_table_without_code_is_told_apart_from_what_is_made_of_it() -> None:
    found = read(
        code("mart.users", "SELECT id, email, name, country FROM raw.users WHERE deleted_at IS NULL")
    )
    (text,) = told(found, "raw.users", "use_when")
    assert text == (
        "Like mart.users, but keeps deleted rows, which that one leaves out. "
        "Use that one when those rows must not count."
    )


@pytest.mark.requirement("enrichment:look-alikes")
def test_equal_conditions_in_other_words_make_no_difference() -> None:
    found = read(
        code("mart.one", "SELECT id, email, name FROM raw.users WHERE NOT is_test"),
        code("mart.two", "SELECT id, email, name FROM raw.users u WHERE u.is_test = FALSE"),
    )
    assert not any("leaves out" in t for t in told(found, "mart.one", "use_when") if "mart.two" in t)


@pytest.mark.requirement("enrichment:look-alikes")
def test_tables_that_nobody_would_mix_up_are_not_compared() -> None:
    found = read(
        code("mart.one", "SELECT page, COUNT(*) AS n FROM raw.visits GROUP BY page"),
        code("mart.two", "SELECT user_id, MIN(started_at) AS first_seen FROM raw.visits GROUP BY user_id"),
    )
    assert [f for f in found.facts if f.kind == "use_when"] == []


@pytest.mark.requirement("enrichment:look-alikes")
def test_a_crowd_of_siblings_stays_within_bounds() -> None:
    found = read(
        *(
            code(f"mart.t{i:03}", f"SELECT id, email, name FROM raw.users WHERE country = 'c{i}'")
            for i in range(300)
        )
    )
    per_table: dict[str, int] = {}
    for fact in found.facts:
        if fact.kind == "use_when":
            per_table[fact.table] = per_table.get(fact.table, 0) + 1
    assert len(per_table) >= 300
    assert max(per_table.values()) <= 4
