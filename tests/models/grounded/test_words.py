"""Words of questions and names: what counts as one word, and which words are the same."""

import pytest

from gnomon.models.grounded.words import lemma, name_words, stem, tokenize


@pytest.mark.requirement("grounded:questions")
@pytest.mark.parametrize(
    ("word", "singular"),
    [
        ("Books", "book"),
        ("cities", "city"),
        ("boxes", "box"),
        ("classes", "class"),
        ("branches", "branch"),
        ("dishes", "dish"),
        ("people", "person"),
        ("children", "child"),
        ("shelves", "shelf"),
        ("status", "status"),
        ("series", "series"),
        ("address", "address"),
        ("analysis", "analysis"),
        ("bus", "bus"),
        ("famous", "famous"),
        ("ties", "tie"),
        ("ids", "id"),
        ("fee", "fee"),
    ],
)
def test_a_noun_has_one_singular(word: str, singular: str) -> None:
    assert lemma(word) == singular


@pytest.mark.requirement("grounded:questions")
@pytest.mark.parametrize(
    "words",
    [
        ("order", "orders", "ordered", "ordering"),
        ("ship", "shipped", "shipping"),
        ("price", "priced", "prices"),
        ("loan", "loans", "loaned"),
        ("sell", "selling"),
        ("hire", "hired", "hiring"),
    ],
)
def test_forms_of_a_word_share_a_stem(words: tuple[str, ...]) -> None:
    assert len({stem(w) for w in words}) == 1


@pytest.mark.requirement("grounded:questions")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("customerID", ("customer", "id")),
        pytest.param(
            "customerIDs",
            ("customer", "id"),
            marks=pytest.mark.xfail(reason="a plural s after capitals is cut off alone", strict=True),
        ),
        ("HTTPServer", ("http", "server")),
        ("order_qty", ("order", "quantity")),
        ("cust_addr", ("customer", "address")),
        ("dob", ("date", "of", "birth")),
        ("fname", ("first", "name")),
        ("fct-Loans", ("fct", "loan")),
        ("__odd__name__", ("odd", "name")),
        ("unitPrice2", ("unit", "price2")),
        ("", ()),
    ],
)
def test_a_name_is_read_as_words(name: str, words: tuple[str, ...]) -> None:
    assert name_words(name) == words


@pytest.mark.requirement("grounded:every-word-is-placed")
@pytest.mark.parametrize(
    ("question", "tokens"),
    [
        ("Petra's loans", [("Petra", "word"), ("loans", "word")]),
        ("weren't paid", [("were", "word"), ("not", "word"), ("paid", "word")]),
        ("don’t", [("do", "word"), ("not", "word")]),
        ("'Winter Geometry'", [("Winter Geometry", "quoted")]),
        ('“a b” or "c d"', [("a b", "quoted"), ("or", "word"), ("c d", "quoted")]),
        ("on 2025-03-04.", [("on", "word"), ("2025-03-04", "date"), (".", "mark")]),
        ("over $1,250.50", [("over", "word"), ("$1,250.50", "number")]),
        ("20% 5k", [("20%", "number"), ("5k", "number")]),
        ("non-gold", [("non-gold", "word")]),
        ("a_b c.d", [("a_b", "word"), ("c.d", "word")]),
        ("Ærø größe 東京", [("Ærø", "word"), ("größe", "word"), ("東京", "word")]),
    ],
)
def test_a_question_is_cut_into_tokens(question: str, tokens: list[tuple[str, str]]) -> None:
    assert [(t.text, t.kind) for t in tokenize(question)] == tokens


@pytest.mark.requirement("grounded:every-word-is-placed")
@pytest.mark.parametrize(
    "question", ["a+b", "x != 3", "50 €/kg", "what?! (now) - then", "10 < 20 > 5", "a\tb\nc"]
)
def test_cutting_loses_no_character_but_space(question: str) -> None:
    assert "".join(t.text for t in tokenize(question)) == "".join(question.split())


@pytest.mark.requirement("grounded:every-word-is-placed")
def test_a_comma_behind_a_number_is_no_part_of_it() -> None:
    assert [t.text for t in tokenize("In 2025, over 1,200.5 of 3,4")] == [
        "In", "2025", ",", "over", "1,200.5", "of", "3,4",
    ]  # fmt: skip
