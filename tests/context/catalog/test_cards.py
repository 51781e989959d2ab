"""Cards drafted by rule: purpose, freshness, caveats, and the texts they are found by."""

import pytest

from gnomon.context.catalog.brief import MAX_BYTES, write_brief
from gnomon.context.catalog.cards import Surveyed, draft_cards
from gnomon.context.catalog.caveats import Known
from gnomon.context.catalog.texts import card_texts
from gnomon.domain.catalog import (
    Column,
    ColumnProfile,
    Evidence,
    Join,
    Key,
    TableCard,
    TableProfile,
    TableRef,
    TableSchema,
    TypeKind,
)


def column(name: str, kind: TypeKind = "integer", comment: str = "") -> Column:
    return Column(name, kind, kind, comment=comment)


def table(name: str, *columns: Column, comment: str = "", rows: int = 10, newest: str = "") -> Surveyed:
    """A table whose temporal columns all end at `newest`."""
    ref = TableRef(name)
    looks = tuple(
        ColumnProfile(c.name, rows, 0, rows, high=newest or None) for c in columns if c.kind == "timestamp"
    )
    schema = TableSchema(
        ref, columns, row_count=rows, comment=comment, keys=(Key(("id",), Evidence("declared")),)
    )
    return Surveyed(Known(schema, TableProfile(ref, looks)))


def draft(*tables: Surveyed, joins: tuple[Join, ...] = ()) -> dict[str, TableCard]:
    return {c.ref.name: c for c in draft_cards(tables, joins, {})}


def caveats(card: TableCard) -> str:
    return " | ".join(c.text for c in card.caveats)


@pytest.mark.requirement("cards:purpose")
def test_a_comment_is_the_purpose() -> None:
    card = draft(table("t", column("id"), comment="One row per thing."))["t"]
    assert card.purpose == "One row per thing."


@pytest.mark.requirement("cards:purpose")
def test_without_a_comment_names_say_what_they_can() -> None:
    items = table("order_items", column("id"), column("order_id"), column("unit_price", "decimal"))
    join = Join(TableRef("order_items"), ("order_id",), TableRef("orders"), ("id",), Evidence("measured"))
    cards = draft(items, table("orders", column("id"), column("created_at", "timestamp")), joins=(join,))
    assert cards["order_items"].purpose == "Order items, one row per id. Belongs to orders. Holds unit price."
    assert cards["orders"].purpose == "Orders, one row per id. Has order items. Dated by created at."


@pytest.mark.requirement("cards:caveats")
@pytest.mark.parametrize(
    ("odd", "said"),
    [
        (column("deleted_at", "timestamp"), "marks deleted rows"),
        (column("is_archived", "boolean"), "marks deleted rows"),
        (column("is_test", "boolean"), "marks test or internal rows"),
        (column("amount_cents"), "divide by 100"),
        (column("x", comment="deprecated, see y"), "`x` is deprecated"),
    ],
)
def test_a_telling_column_becomes_a_caveat(odd: Column, said: str) -> None:
    assert said in caveats(draft(table("t", column("id"), odd))["t"])


@pytest.mark.requirement("cards:caveats")
@pytest.mark.parametrize("name", ["contest_id", "accents", "deleted_by_count_limit", "percent"])
def test_a_column_that_only_looks_telling_does_not(name: str) -> None:
    assert caveats(draft(table("t", column("id"), column(name)))["t"]) == ""


@pytest.mark.requirement("cards:caveats")
def test_a_table_far_behind_the_others_is_said_to_be_stale() -> None:
    made = column("created_at", "timestamp")
    fresh = [table(n, column("id"), column(n), made, newest="2026-10-01 00:00:00") for n in ("a", "b", "c")]
    cards = draft(*fresh, table("d", column("id"), made, newest="2024-01-05 00:00:00"))
    assert "Stale: newest `created_at` is 2024-01-05, other tables reach 2026-10-01." in caveats(cards["d"])
    assert caveats(cards["a"]) == ""


@pytest.mark.requirement("ODA-19")
def test_look_alike_tables_name_each_other_and_what_differs() -> None:
    same = [column(n) for n in ("id", "user_key", "page", "seconds", "browser")]
    cards = draft(table("visits", *same, column("logged_in")), table("visits_members", *same, rows=4))
    assert "Looks like `visits_members`, which has no `logged_in`; 10 rows here, 4 there." in caveats(
        cards["visits"]
    )
    assert "Looks like `visits`; 4 rows here, 10 there." in caveats(cards["visits_members"])


@pytest.mark.requirement("cards:caveats")
def test_a_deprecated_table_names_the_one_to_use() -> None:
    old = table("sales_v1", column("id"), comment="Deprecated: use sales_v2.")
    card = draft(old, table("sales_v2", column("key")))["sales_v1"]
    assert (card.use_instead, "Deprecated" in caveats(card)) == ("sales_v2", True)


@pytest.mark.requirement("cards:caveats")
def test_a_name_that_says_backup_and_a_table_without_rows_are_caveats() -> None:
    card = draft(table("orders_old", column("id"), rows=0))["orders_old"]
    assert "likely not the table of record" in caveats(card)
    assert "no rows" in caveats(card)


@pytest.mark.requirement("cards:freshness")
def test_freshness_is_read_from_the_load_time_rather_than_a_due_date() -> None:
    card = draft(
        table(
            "t",
            column("id"),
            column("due_at", "timestamp"),
            column("created_at", "timestamp"),
            column("updated_at", "timestamp"),
            newest="2026-01-01 10:00:00",
        )
    )["t"]
    assert card.freshness_column == "updated_at"


@pytest.mark.requirement("ODA-14")
def test_the_embedded_texts_hold_name_purpose_columns_meanings_and_values() -> None:
    ref = TableRef("crm_accounts")
    look = ColumnProfile("tier", 9, 0, 2, top=(("Gold", 6), ("Silver", 3)))
    schema = TableSchema(ref, (column("tier", "text", "Service level"),), row_count=9)
    (card,) = draft_cards([Surveyed(Known(schema, TableProfile(ref, (look,))))], (), {})
    assert card_texts(card).passages == (
        "crm accounts. Crm accounts.",
        "crm accounts: tier (Service level) such as Gold, Silver",
    )


@pytest.mark.requirement("cards:brief")
def test_the_brief_fits_4_kb_and_begins_with_the_best_connected_table() -> None:
    joins = tuple(
        Join(TableRef(f"fact_{i}"), ("k",), TableRef("hub"), ("id",), Evidence("measured")) for i in range(3)
    )
    many = [table(f"fact_{i}", column("id"), column(f"c{i}")) for i in range(300)]
    brief = write_brief(list(draft(*many, table("hub", column("id")), joins=joins).values()))
    assert len(brief.encode()) <= MAX_BYTES
    assert brief.splitlines()[0] == "301 tables."
    assert brief.splitlines()[1].startswith("- hub (table, 10 rows): ")
    assert brief.splitlines()[-1].endswith("more tables.")
