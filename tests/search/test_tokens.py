"""Words as exact-text search sees them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.search.abbreviations import IN_FULL, in_full
from gnomon.search.tokens import (
    MAX_QUERY_WORDS,
    Stemmer,
    count_words,
    expand,
    question_words,
    split_identifier,
)


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
    stemmer = Stemmer()
    words = question_words(text)
    assert all(isinstance(term, str) for term in stemmer.terms(words))
    assert len(words) <= MAX_QUERY_WORDS
    stemmer.close()


@pytest.mark.requirement("search:query-syntax")
def test_stop_words_are_left_out_and_operators_are_words() -> None:
    assert question_words('How many NEAR orders* OR "x" - y:z') == ["near", "orders", "x", "y", "z"]


@pytest.mark.requirement("search:query-syntax")
def test_a_text_of_stop_words_asks_for_nothing() -> None:
    assert question_words("what is it?") == []


@pytest.mark.requirement("search:identifiers")
def test_an_identifier_in_a_question_is_a_word_as_one_beside_its_parts() -> None:
    assert question_words("what is stg_orders_V2?") == ["stgordersv2", "stg", "orders", "v2"]
    assert question_words("__ _z_ _") == ["z"]


@pytest.mark.requirement("search:words")
def test_words_are_cut_to_the_stems_that_the_index_holds() -> None:
    stemmer = Stemmer()
    assert stemmer.terms(["shipping", "Café", "orders", "ordering"]) == ["cafe", "order", "order", "ship"]
    stemmer.close()


@pytest.mark.requirement("search:words")
def test_a_text_is_as_long_as_it_has_words() -> None:
    assert count_words("One row per order_item, net of VAT.") == 8


@pytest.mark.requirement("search:words")
def test_usual_abbreviations_are_told_in_full_and_other_words_are_not() -> None:
    assert in_full(["dim", "cust", "qty", "cust"]) == ["customer", "quantity"]
    assert all(word.islower() and word.isalpha() for word in IN_FULL)
