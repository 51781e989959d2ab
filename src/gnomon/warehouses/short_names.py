"""Which table a short name in a column is that of: `crs` of courses, `cat` of categories."""

from collections.abc import Collection

from gnomon.domain.short_forms import LIKELY, SURE

_VOWELS = frozenset("aeiou")
_SHORTEST = 3
_MORE = 2
"""Letters that a word has at least more than its short form."""


def the_one_short_for(short: str, nouns: Collection[str]) -> str | None:
    """The noun, in the singular, that it is short for; None if that is none of them, or several.

    A short form that everybody knows comes before one that is known by its consonants, so that `cat` is a
    category beside certificates. Letters alone say too little: `book` begins `booking`, and is none.
    """
    for test in (_is_listed, _has_consonants):
        found = [noun for noun in nouns if test(short, noun)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _is_listed(short: str, noun: str) -> bool:
    return noun in SURE.get(short, ()) or noun in LIKELY.get(short, ())


def _has_consonants(short: str, noun: str) -> bool:
    """Whether it is the consonants that a word begins with, one where two are alike: `lrn` of learner."""
    if len(short) < _SHORTEST or len(noun) < len(short) + _MORE or _VOWELS & set(short[1:]):
        return False
    if short in SURE or short in LIKELY or short[0] != noun[0]:
        return False
    consonants = [letter for letter in noun[1:] if letter not in _VOWELS]
    single = [c for i, c in enumerate(consonants) if i == 0 or c != consonants[i - 1]]
    return any("".join(letters).startswith(short[1:]) for letters in (consonants, single))
