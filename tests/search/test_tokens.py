"""Words as exact-text search sees them."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.search.tokens import expand, match_expression, split_identifier


@pytest.mark.requirement("search:identifiers")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("order_items", ["order", "items"]),
        ("orderItems", ["order", "Items"]),
        ("HTTPServerLog", ["HTTP", "Server", "Log"]),
        ("dim-customer v2", ["dim", "customer", "v", "2"]),
        ("Umsätze_2024", ["Umsätze", "2024"]),
        ("", []),
    ],
)
def test_names_are_split_into_words(name: str, words: list[str]) -> None:
    assert split_identifier(name) == words


@pytest.mark.requirement("search:identifiers")
def test_the_parts_of_a_camel_case_word_are_added_to_the_text() -> None:
    assert expand("the orderItems table") == "the orderItems table\norder Items"


@pytest.mark.requirement("search:query-syntax")
@settings(derandomize=True, deadline=None)
@given(st.text())
def test_no_text_is_read_as_query_syntax(text: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("create virtual table t using fts5 (body, tokenize = 'porter unicode61')")
    expression = match_expression(text)
    if expression:
        connection.execute("select * from t where t match ?", (expression,)).fetchall()
    connection.close()


@pytest.mark.requirement("search:query-syntax")
def test_stop_words_are_left_out_and_operators_are_words() -> None:
    assert match_expression('How many NEAR orders* OR "x" - y:z') == '"near" OR "orders" OR "x" OR "y" OR "z"'


@pytest.mark.requirement("search:query-syntax")
def test_a_text_of_stop_words_asks_for_nothing() -> None:
    assert match_expression("what is it?") == ""
