"""One spelling for all writings of the same words."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.context.catalog.folding import edit_distance, fold, stem, stem_phrase, words_of


@pytest.mark.requirement("values:folding")
@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("New  York", "new york"),
        ("SÃO-PAULO", "sao paulo"),
        ("Straße", "strasse"),
        ("O'Brien", "obrien"),
        ("Levi's", "levi"),
        ("ZX-81/B", "zx 81 b"),
        ("東京", "東京"),
        ("ﬁnance", "finance"),
        ("100%", "100"),
        ("%", "%"),
        ("", ""),
    ],
)
def test_case_accents_and_punctuation_do_not_count(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.requirement("values:folding")
@settings(derandomize=True, deadline=None)
@given(st.text())
def test_a_folded_text_folds_to_itself(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.requirement("values:folding")
@settings(derandomize=True, deadline=None)
@given(st.text())
def test_the_words_of_a_text_spell_its_folding(text: str) -> None:
    """A value and the same words in a question must meet."""
    assert " ".join(w.folded for w in words_of(text)) in {fold(text), ""}


@pytest.mark.requirement("values:folding")
@pytest.mark.parametrize(
    "same",
    [
        ("company", "companies"),
        ("box", "boxes"),
        ("case", "cases"),
        ("ship", "ships", "shipped", "shipping"),
        ("cancel", "cancelled", "canceled", "cancelling"),
        ("receive", "received", "receiving"),
        ("beverage", "beverages"),
    ],
)
def test_number_and_tense_do_not_count(same: tuple[str, ...]) -> None:
    assert len({stem(word) for word in same}) == 1


@pytest.mark.requirement("values:folding")
@pytest.mark.parametrize(
    ("one", "two"), [("university", "universe"), ("new", "news"), ("us", "u"), ("a1s", "a1")]
)
def test_other_words_stay_apart(one: str, two: str) -> None:
    assert stem(one) != stem(two)


@pytest.mark.requirement("values:folding")
def test_a_phrase_is_stemmed_word_by_word() -> None:
    assert stem_phrase("small businesses") == stem_phrase("small business")


@pytest.mark.requirement("values:folding")
@pytest.mark.parametrize(
    ("one", "two", "edits"),
    [
        ("berlin", "berlin", 0),
        ("berln", "berlin", 1),
        ("beriln", "berlin", 1),
        ("barlen", "berlin", 2),
        ("x", "berlin", 3),
    ],
)
def test_edits_are_counted_up_to_the_limit(one: str, two: str, edits: int) -> None:
    assert edit_distance(one, two, 2) == edits
