"""Short forms of everyday words in the names of columns: `wt` of weight, `lic` of licence, `dest`, `amt`."""

from functools import lru_cache
from typing import Literal

from gnomon.domain.short_forms import LIKELY, SURE
from gnomon.models.grounded.words import ABBREVIATIONS, lemma, stem

Likeness = Literal["same", "listed", "likely", "guessed"]
"""How a part of a name is a word: that word, its only listed short form, one of several, or like one."""

_SPELLED = (
    "licence license|centre center|colour color|cheque check|catalogue catalog|programme program"
    "|grey gray|gender sex"
)
_VOWELS = frozenset("aeiou")
MIN_SKELETON = 3
MIN_BEGINNING = 3


_SURE = {short: tuple(map(stem, full)) for short, full in SURE.items()}
_LIKELY = {short: tuple(map(stem, full)) for short, full in LIKELY.items()}
"""What these stand for is said in the answer."""

_SPELLINGS = {stem(a): stem(b) for a, b in (pair.split() for pair in _SPELLED.split("|"))}


@lru_cache(maxsize=8192)
def spelled_out(part: str) -> frozenset[str]:
    """Stems of what a part of a name, in lower case, is or may be short for."""
    stemmed = stem(part)
    alike = {other for pair in _SPELLINGS.items() if stemmed in pair for other in pair}
    return frozenset({stemmed, *alike, *_SURE.get(part, ()), *_LIKELY.get(part, ())})


def likeness(part: str, word: str) -> Likeness | None:
    """How a part of a name, in lower case, stands for a word of a question; None where it does not."""
    return _likeness(part, lemma(word))


def is_skeleton(part: str, word: str) -> bool:
    """Whether the part is all the consonants of a word, and that is no accident: `drvr` of driver."""
    letters = [letter for letter in lemma(word)[1:] if letter not in _VOWELS]
    return part[1:] == "".join(letters) and len(part) >= MIN_SKELETON


@lru_cache(maxsize=8192)
def _likeness(part: str, word: str) -> Likeness | None:
    said = _plain(stem(word))
    full = (stem(part), stem(ABBREVIATIONS.get(part, part)))
    if stem(word) in full or said in map(_plain, full):
        return "same" if stem(word) in full else "listed"
    listed = _SURE.get(part, ())
    if said in map(_plain, listed):
        return "listed" if len(listed) == 1 else "likely"
    if said in map(_plain, _LIKELY.get(part, ())):
        return "likely"
    return "guessed" if part not in _SURE and _is_skeleton(part, word) else None


def _plain(stemmed: str) -> str:
    """One spelling of words that are written in two ways, or that mean the same in any name."""
    return _SPELLINGS.get(stemmed, stemmed)


def _is_skeleton(part: str, word: str) -> bool:
    """Whether the part is the first letter of a word and consonants of it in order: `wrhs` of warehouse."""
    if len(part) < MIN_SKELETON or len(word) < len(part) + 2 or part[0] != word[0] or _VOWELS & set(part[1:]):
        return False
    rest = iter(word[1:])
    return part.isalpha() and all(letter in rest for letter in part[1:])


def begins(part: str, word: str) -> bool:
    """Whether the part is how a longer word begins, up to a consonant: `contr` of contractor."""
    long = len(word) >= len(part) + 2 and len(part) >= MIN_BEGINNING
    return long and word.startswith(part) and part[-1] not in _VOWELS
