"""How words of a question and values of a column are brought to one spelling."""

import re
import unicodedata
from dataclasses import dataclass

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)
_VOWEL = re.compile(r"[aeiouy]")
_PLURAL_ES = ("ses", "xes", "zes", "ches", "shes")
_SINGULAR_S = ("ss", "us", "is")
_NO_PLURAL = frozenset({"news", "series", "species", "always"})


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: where it stands, and its folded and stemmed spelling."""

    start: int
    end: int
    folded: str
    stem: str


_SHORT = 2


def words_of(text: str) -> list[Word]:
    """The words of `text` in order; words that fold to nothing are left out."""
    found = ((m.start(), m.end(), _fold_word(m.group())) for m in _WORD.finditer(text))
    return [Word(start, end, folded, stem(folded)) for start, end, folded in found if folded]


def fold(text: str) -> str:
    """One spelling for all writings of the same words: case, accents, punctuation and spaces do not count.

    A text without letters or digits keeps its characters.

    >>> fold("  São-Paulo, O'Brien's "), fold("%")
    ('sao paulo obrien', '%')
    """
    if text.isascii() and text.isalnum():
        return text.lower()
    folded = " ".join(filter(None, map(_fold_word, _WORD.findall(text))))
    return folded or text.strip().casefold()


def stem_phrase(folded: str) -> str:
    """The stems of a folded text's words."""
    return " ".join(map(stem, folded.split(" ")))


def stem(word: str) -> str:
    """A light English stem of a folded word: number, tense and doubled letters do not count.

    Lighter than Porter's on purpose: `university` and `universe` stay apart.

    >>> [stem(w) for w in ("companies", "boxes", "shipped", "shipping", "cancelled", "canceled", "bus")]
    ['company', 'box', 'ship', 'ship', 'cancel', 'cancel', 'bus']
    """
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    base = _strip_tense(_strip_plural(word))
    if len(base) > 3 and base[-1] == base[-2] and base[-1] not in "aeiou":
        base = base[:-1]
    return base[:-1] if len(base) > 3 and base.endswith("e") else base


def edit_distance(a: str, b: str, limit: int) -> int:
    """Edits between `a` and `b` (insert, delete, replace, swap of neighbours), or `limit` + 1 if more.

    Source: optimal string alignment, Boytsov, "Indexing methods for approximate dictionary searching", 2011.
    """
    if abs(len(a) - len(b)) > limit or len(set(a) ^ set(b)) > 2 * limit:
        return limit + 1
    before: list[int] = []
    previous = list(range(len(b) + 1))
    for i, left in enumerate(a, start=1):
        current = [i]
        for j, right in enumerate(b, start=1):
            cost = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > limit:
            return limit + 1
        before, previous = previous, current
    return min(previous[-1], limit + 1)


def _fold_word(word: str) -> str:
    if word.isascii() and word.isalnum():
        return word.lower()
    bare = _POSSESSIVE.sub("", word).replace("'", "").replace("’", "")
    # Twice, because taking a letter apart can yield a capital one (Unicode 3.13, caseless matching).
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", bare.casefold()).casefold())
    return "".join(c for c in decomposed if c.isalnum())


def _strip_plural(word: str) -> str:
    if word in _NO_PLURAL:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(_PLURAL_ES):
        return word[:-2]
    if word.endswith("s") and not word.endswith(_SINGULAR_S):
        return word[:-1]
    return word


def _strip_tense(word: str) -> str:
    for ending in ("ing", "ed"):
        base = word.removesuffix(ending)
        if base != word and len(base) > 2 and _VOWEL.search(base):
            return base
    return word


def stems(text: str) -> frozenset[str]:
    """The stems of a text's words, without the shortest: those are in every text."""
    return frozenset(stem(w) for w in fold(text).split() if len(w) > _SHORT)
