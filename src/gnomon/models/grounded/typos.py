"""Slips of the pen in names of tables and columns: `supliers`, `tennants`, `cusotmers`.

Only slips that seldom make another word are looked for: a letter doubled or not doubled, two neighbours that
changed places, a vowel left out. `prize` is no slip of `price`.
"""

from collections.abc import Iterator, Sequence

from gnomon.models.grounded.linking import Lexicon, Link
from gnomon.models.grounded.participles import is_done
from gnomon.models.grounded.words import lemma, name_words, stem

MIN_LETTERS = 5
MIN_SWAPPED = 6
MIN_LEFT_OUT = 7
SURE = 0.75
VOWELS = frozenset("aeiou")


def meant_by(word: str, lexicon: Lexicon) -> tuple[str, tuple[Link, ...]] | None:
    """The one name that a word is a slip of, with what goes by it; None if there is none, or several."""
    low = lemma(word)
    if len(low) < MIN_LETTERS or not low.isascii() or is_done(low) or low.endswith("ing"):
        return None
    found = {name: links for name, links in _names(lexicon) if is_slip(low, name)}
    return next(iter(found.items())) if len(found) == 1 else None


def _names(lexicon: Lexicon) -> Iterator[tuple[str, tuple[Link, ...]]]:
    """Single words that tables and columns go by, in full."""
    for words, links in lexicon.names.items():
        if len(words) != 1 or len(words[0]) < MIN_LETTERS - 1 or links[0].score < SURE:
            continue
        named = name_words(links[0].column or links[0].table.name)
        yield from ((name, links) for name in named if stem(name) == words[0])


def is_slip(word: str, name: str) -> bool:
    """Whether a word is a name with one such slip in it; both in lower case, in the singular."""
    if len(name) < MIN_LETTERS or abs(len(word) - len(name)) > 1 or word[0] != name[0] or word == name:
        return False
    if len(word) == len(name):
        return len(name) >= MIN_SWAPPED and _swapped(word, name)
    shorter, longer = sorted((word, name), key=len)
    at = _first_difference(shorter, longer)
    if shorter[at:] != longer[at + 1 :]:
        return False
    doubled = longer[at] == longer[at - 1]
    left_out = word == shorter and longer[at] in VOWELS and len(name) >= MIN_LEFT_OUT and at < len(shorter)
    return doubled or left_out


def _swapped(word: str, name: str) -> bool:
    at = _first_difference(word, name)
    return word[at : at + 2] == name[at : at + 2][::-1] and word[at + 2 :] == name[at + 2 :]


def _first_difference(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
