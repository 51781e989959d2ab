"""Which words of a question are values of which columns."""

from pathlib import Path

import pytest

from context.catalog.conftest import CountingEmbedder, run_sql
from gnomon.context.catalog.build import build_index
from gnomon.context.catalog.reader import CatalogIndex
from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.warehouses.connect import open_warehouse

STATUS = ColumnRef(TableRef("orders"), "status")
CITY = ColumnRef(TableRef("customers"), "city")


def found(index: CatalogIndex, question: str) -> list[tuple[str, str, str, str]]:
    return [(m.phrase, str(m.column), m.value, m.kind) for m in index.match_values(question)]


@pytest.mark.requirement("values:match")
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("orders from Berlin", [("Berlin", "customers.city", "Berlin", "exact")]),
        ("orders from BERLIN?", [("BERLIN", "customers.city", "Berlin", "folded")]),
        ("sales in sao paulo", [("sao paulo", "customers.city", "São Paulo", "folded")]),
        ("how many customers in New York", [("New York", "customers.city", "New York", "exact")]),
        ("cancelled orders", [("cancelled", "orders.status", "Cancelled", "folded")]),
        ("canceled orders", [("canceled", "orders.status", "Cancelled", "stemmed")]),
        ("small businesses", [("small businesses", "customers.segment", "Small Business", "stemmed")]),
        ("orders from berln", [("berln", "customers.city", "Berlin", "fuzzy")]),
        ("orders from new yorrk", [("new yorrk", "customers.city", "New York", "fuzzy")]),
        ("what did Ana O’Brien buy", [("Ana O’Brien", "customers.name", "Ana O'Brien", "folded")]),
        ("price of zx-81/b", [("zx-81/b", "products.sku", "ZX-81/B", "folded")]),
        ("price of item 00731", [("00731", "products.sku", "00731", "exact")]),
        ('price of "2024"', [("2024", "products.sku", "2024", "exact")]),
        ("customers in “Home Office”", [("Home Office", "customers.segment", "Home Office", "exact")]),
    ],
)
def test_words_are_matched(
    shop_index: CatalogIndex, question: str, expected: list[tuple[str, str, str, str]]
) -> None:
    assert found(shop_index, question) == expected


@pytest.mark.requirement("values:match")
@pytest.mark.parametrize(
    "question",
    [
        "all orders or returns in total",  # lower case stop words are not the states OR and IN
        "orders in 2024",  # a year, though a product's code reads the same
        "how many orders are there",
        'orders from "Berlin, Germany"',  # quoted words are not taken apart
        "model 00732",  # one digit off is another code, not a slip
        "",
        "?!",
    ],
)
def test_words_that_name_no_value_are_not_matched(shop_index: CatalogIndex, question: str) -> None:
    assert found(shop_index, question) == []


@pytest.mark.requirement("values:match")
def test_a_state_code_that_reads_like_a_stop_word_is_matched_in_capitals(shop_index: CatalogIndex) -> None:
    assert ("OR", "orders.state", "OR", "exact") in found(shop_index, "orders shipped to OR")


@pytest.mark.requirement("values:match")
def test_codes_that_read_like_stop_words_match_in_every_case_and_hyphens_tie_words(tmp_path: Path) -> None:
    rows = "(1, 'US', 'no-show'), (2, 'us', 'done'), (3, 'IN', 'no-show'), (4, 'in', 'done')"
    run_sql(tmp_path / "crews.duckdb", f"create table crews as from (values {rows}) as v(id, land, state)")
    warehouse = open_warehouse(str(tmp_path / "crews.duckdb"))
    build_index(warehouse, CountingEmbedder(), tmp_path / "index.db")
    warehouse.close()
    index = CatalogIndex.open(tmp_path / "index.db")
    assert {(value, kind) for _, _, value, kind in found(index, "crews in the US")} == {
        ("US", "exact"),
        ("us", "folded"),
    }
    assert {value for _, _, value, _ in found(index, "crews in IN")} == {"IN", "in"}
    assert found(index, "show us the crews in there") == []
    assert [value for _, _, value, _ in found(index, "no-show crews")] == ["no-show"]
    index.close()


@pytest.mark.requirement("values:match")
def test_a_value_in_several_columns_names_each_with_its_rows(shop_index: CatalogIndex) -> None:
    matches = shop_index.match_values('orders with "OR"')
    assert {(m.column.column, m.rows) for m in matches} == {("state", 67), ("status", 50)}


@pytest.mark.requirement("values:match")
def test_a_value_that_reads_like_a_column_name_scores_half(shop_index: CatalogIndex) -> None:
    (named,) = [m for m in shop_index.match_values("name of each bottle") if m.phrase == "bottle"]
    assert named.score == 0.95
    matches = {m.phrase: m.score for m in shop_index.match_values("by state all")}
    assert matches.get("state", 0.0) <= 0.5


@pytest.mark.requirement("values:match")
def test_the_limit_keeps_the_best_of_every_phrase_first(shop_index: CatalogIndex) -> None:
    matches = shop_index.match_values('"OR" from Berlin and Zurich', limit=3)
    assert [m.phrase for m in matches] == ["OR", "Berlin", "Zurich"]


@pytest.mark.requirement("values:match")
def test_a_very_long_question_is_matched_all_the_same(shop_index: CatalogIndex) -> None:
    assert found(shop_index, "Berlin " + "blah fnord " * 5_000)[0][2] == "Berlin"


@pytest.mark.requirement("values:has")
@pytest.mark.parametrize(
    ("literal", "held"), [("Cancelled", True), ("cancelled", False), ("lost", False), ("", None)]
)
def test_a_column_says_whether_it_holds_a_literal(
    shop_index: CatalogIndex, literal: str, held: bool | None
) -> None:
    assert shop_index.has_value(STATUS, literal) is held


@pytest.mark.requirement("values:has")
def test_columns_are_found_without_case_and_unknown_ones_say_nothing(shop_index: CatalogIndex) -> None:
    assert shop_index.has_value(ColumnRef(TableRef("Orders"), "STATUS"), "pending") is True
    assert shop_index.has_value(ColumnRef(TableRef("orders"), "id"), "1") is None
    assert shop_index.near_values(ColumnRef(TableRef("nowhere"), "x"), "pending") == ()


@pytest.mark.requirement("values:near")
@pytest.mark.parametrize(
    ("column", "literal", "expected"),
    [
        (STATUS, "CANCELED", ("Cancelled",)),
        (STATUS, "shiped", ("shipped",)),
        (CITY, "New York City", ("New York", "York")),
        (CITY, "york", ("York", "New York")),
        (CITY, "Zurich", ("Zürich",)),
        (CITY, "Reykjavik", ()),
    ],
)
def test_a_near_miss_gets_the_values_it_may_have_meant(
    shop_index: CatalogIndex, column: ColumnRef, literal: str, expected: tuple[str, ...]
) -> None:
    assert shop_index.near_values(column, literal) == expected
