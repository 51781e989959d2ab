"""BERT's uncased WordPiece tokenizer: text in, vocabulary ids out.

Source: Devlin et al., "BERT", 2018, section 3.1, and the vocabulary `bert-base-uncased` beside this file.
tests/models/test_minilm_wordpiece.py holds it equal to the reference implementation.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

MAX_WORD_CHARS = 100
"""A longer word becomes one unknown token, as in the reference implementation."""

_CJK_RANGES = (
    (0x4E00, 0x9FFF),
    (0x3400, 0x4DBF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),
    (0xF900, 0xFAFF),
    (0x2F800, 0x2FA1F),
)


_DROPPED = frozenset({"Cc", "Cf", "Co", "Cs"})
"""Control and format characters. Unassigned ones stay: a newer Unicode may give them a meaning."""


class WordPiece:
    """Turns text into token ids, with `[CLS]` before and `[SEP]` after.

    Args:
        vocabulary: Token to id; must hold `[CLS]`, `[SEP]` and `[UNK]`.
    """

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._cls = vocabulary["[CLS]"]
        self._sep = vocabulary["[SEP]"]
        self._unknown = vocabulary["[UNK]"]
        self._pieces = lru_cache(maxsize=65_536)(self._split_word)

    @classmethod
    def load(cls, path: Path | None = None) -> "WordPiece":
        """Read a vocabulary file, one token a line; without a path, the one that ships with Gnomon."""
        return cls(read_vocabulary(path))

    def encode(self, text: str, max_tokens: int) -> list[int]:
        """The ids of `text`, at most `max_tokens` of them, the two special ones counted."""
        ids = [self._cls]
        for word in words(text):
            ids.extend(self._pieces(word))
            if len(ids) >= max_tokens:
                break
        return [*ids[: max_tokens - 1], self._sep]

    def _split_word(self, word: str) -> Sequence[int]:
        if len(word) > MAX_WORD_CHARS:
            return (self._unknown,)
        pieces: list[int] = []
        start = 0
        while start < len(word):
            found = self._longest_piece(word, start)
            if found is None:
                return (self._unknown,)
            piece, start = found
            pieces.append(piece)
        return tuple(pieces)

    def _longest_piece(self, word: str, start: int) -> tuple[int, int] | None:
        prefix = "##" if start else ""
        for end in range(len(word), start, -1):
            piece = self._vocabulary.get(prefix + word[start:end])
            if piece is not None:
                return piece, end
        return None


def read_vocabulary(path: Path | None = None) -> Mapping[str, int]:
    """Token to id, from a file of one token a line; without a path, the vocabulary that ships with Gnomon."""
    return _read(path or Path(__file__).with_name("vocab.txt"))


@lru_cache(maxsize=4)
def _read(source: Path) -> Mapping[str, int]:
    tokens = source.read_text(encoding="utf-8").rstrip("\n").split("\n")
    return dict(zip(tokens, range(len(tokens)), strict=True))


def words(text: str) -> Iterator[str]:
    """The words of `text` as BERT sees them: lower case, no accents, punctuation and CJK characters alone."""
    for chunk in _normalise(text).split():
        yield from _split_punctuation(chunk)


def _normalise(text: str) -> str:
    if text.isascii():
        return "".join(map(_clean, text)).lower()
    cleaned = "".join(map(_clean, text))
    decomposed = unicodedata.normalize("NFD", cleaned)
    # Lower case one character at a time: str.lower() turns a final sigma into another letter.
    return "".join(c.lower() for c in decomposed if unicodedata.category(c) != "Mn")


@lru_cache(maxsize=8_192)
def _clean(char: str) -> str:
    if char in "\t\n\r" or unicodedata.category(char) == "Zs" or char in "\u2028\u2029":
        return " "
    if char == "\ufffd" or unicodedata.category(char) in _DROPPED:
        return ""
    code = ord(char)
    if code >= 0x3400 and any(low <= code <= high for low, high in _CJK_RANGES):
        return f" {char} "
    return char


def _split_punctuation(chunk: str) -> Iterator[str]:
    if chunk.isalnum():
        yield chunk
        return
    start = 0
    for i, char in enumerate(chunk):
        if _is_punctuation(char):
            if start < i:
                yield chunk[start:i]
            yield char
            start = i + 1
    if start < len(chunk):
        yield chunk[start:]


@lru_cache(maxsize=8_192)
def _is_punctuation(char: str) -> bool:
    if char.isascii():
        return not char.isalnum() and char.isprintable() and char != " "
    return unicodedata.category(char).startswith("P")
