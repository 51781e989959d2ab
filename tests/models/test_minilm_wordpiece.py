"""The tokenizer equals the reference implementation, which only development installs."""

import sys
import unicodedata
from pathlib import Path

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.models.minilm import wordpiece
from gnomon.models.minilm.wordpiece import WordPiece

VOCABULARY = Path(wordpiece.__file__).with_name("vocab.txt")
REFERENCE = tokenizers.BertWordPieceTokenizer(str(VOCABULARY), lowercase=True)
OURS = WordPiece.load()
OLD_UNICODE = unicodedata.ucd_3_2_0


def category_is_settled(char: str) -> bool:
    """Both sides know the character the same way: its category has not changed between Unicode versions."""
    return unicodedata.category(char) == OLD_UNICODE.category(char) != "Cs"


def tells_something(char: str) -> bool:
    """Nearly all of a million code points above the first three planes are unassigned and treated alike."""
    return ord(char) < 0x30000 or ord(char) % 64 == 0 or unicodedata.category(char) not in ("Cn", "Co")


WORDS = [w for w in VOCABULARY.read_text(encoding="utf-8").split("\n") if w.isalpha()]
SENTENCES = st.lists(
    st.one_of(
        st.sampled_from(WORDS),
        st.sampled_from([w.title() for w in WORDS]),
        st.sampled_from(
            ["order_items.unit_price", "O'Brien", "€1,200.50", "naïve", "ΟΔΟΣ", "İstanbul", "東京", "한국"]
        ),
        st.text(max_size=12).filter(lambda t: all(map(category_is_settled, t))),
    ),
    max_size=12,
).map(" ".join)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def holds_special_token(text: str) -> bool:
    """The reference lets text smuggle in its special tokens; ours reads them as plain text."""
    return any(token in text for token in SPECIAL)


def reference_ids(text: str) -> list[int]:
    return list(REFERENCE.encode(text).ids)


@pytest.mark.requirement("models:minilm-tokenizer")
@settings(max_examples=1_000, deadline=None, derandomize=True)
@given(SENTENCES.filter(lambda t: not holds_special_token(t)))
def test_any_sentence_gives_the_ids_of_the_reference_implementation(text: str) -> None:
    assert OURS.encode(text, 100_000) == reference_ids(text)


@pytest.mark.requirement("models:minilm-tokenizer")
def test_every_settled_character_between_letters_gives_the_ids_of_the_reference_implementation() -> None:
    every = map(chr, range(1, sys.maxunicode + 1))
    texts = [f"a{char}b" for char in every if tells_something(char) and category_is_settled(char)]
    reference = REFERENCE.encode_batch(texts)
    wrong = [t for t, r in zip(texts, reference, strict=True) if OURS.encode(t, 1_000) != r.ids]
    assert wrong == []


@pytest.mark.requirement("models:minilm-tokenizer")
def test_a_word_of_more_than_100_characters_is_one_unknown_token() -> None:
    assert OURS.encode("x" * 101, 256) == reference_ids("x" * 101)
    assert OURS.encode("x" * 100, 256) == reference_ids("x" * 100)


@pytest.mark.requirement("models:minilm-tokenizer")
def test_a_long_text_is_cut_to_the_limit_and_still_ends_with_the_separator() -> None:
    ids = OURS.encode("orders " * 500, 256)
    assert (len(ids), ids[0], ids[-1]) == (256, 101, 102)


@pytest.mark.requirement("models:minilm-tokenizer")
def test_text_cannot_smuggle_in_a_special_token() -> None:
    assert OURS.encode("[SEP] orders", 256).count(102) == 1
