"""What a sentence says, as far as words alone tell: its subject, its numbers, whether it denies."""

import re
from dataclasses import dataclass
from functools import lru_cache

from gnomon.context.catalog.folding import fold, stem, stem_phrase, words_of
from gnomon.search.tokens import STOP_WORDS

DENIALS = frozenset(
    {
        "not",
        "no",
        "never",
        "without",
        "except",
        "exclude",
        "excluding",
        "excludes",
        "ignore",
        "dont",
        "cannot",
    }
    | {"doesnt", "isnt", "arent", "wont", "shouldnt", "mustnt", "neither", "nor"}
)
"""Folded words that turn a sentence round."""

_VERBS = frozenset({"means", "mean", "is", "are", "equals", "equal", "refers", "denotes"})
_SUBJECT_WORDS = 6
_NUMBER = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)*")
_LEADING = frozenset({"the", "a", "an", "our", "by", "when", "with", "word", "term"})


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence taken apart.

    Args:
        stems: Stems of its telling words, without its numbers and denials.
        numbers: Its numbers, without separators of thousands.
        denials: How many of its words turn it round.
        subject: Stems of what it defines: the words before `means`, `is` and the like; empty if it defines
            nothing.
        told: Stems of what it says of the subject.
    """

    stems: frozenset[str]
    numbers: frozenset[str]
    denials: int
    subject: str = ""
    told: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def saying(text: str) -> Saying:
    """Take a sentence apart.

    >>> found = saying("Revenue means net of refunds, not gross.")
    >>> found.subject, sorted(found.told), found.denials
    ('revenu', ['gros', 'net', 'refund'], 1)
    """
    words = [w.folded for w in words_of(text)]
    subject, told = _definition(words)
    return Saying(
        stems=_telling(words),
        numbers=frozenset(n.replace(",", "") for n in _NUMBER.findall(text)),
        denials=sum(w in DENIALS for w in words),
        subject=subject,
        told=_telling(told),
    )


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared stems over all stems of both (Jaccard), in [0, 1]; 0 where both are empty."""
    together = one | other
    return len(one & other) / len(together) if together else 0.0


def stems_of(text: str) -> str:
    """The stems of all words of a text, in order: two phrases of the same stems are the same phrase.

    >>> stems_of("Net revenues")
    'net revenu'
    """
    return stem_phrase(fold(text))


def standing_in(phrase: str, text: str) -> str:
    """The words of `text` that are `phrase`, as they stand there; empty if it is not in it.

    Case, accents, number and tense do not count.

    >>> standing_in("revenue", "What were Revenues in May?")
    'Revenues'
    """
    wanted = [stem(w.folded) for w in words_of(phrase)]
    words = words_of(text)
    for at in range(len(words) - len(wanted) + 1):
        span = words[at : at + len(wanted)]
        if wanted and [w.stem for w in span] == wanted:
            return text[span[0].start : span[-1].end]
    return ""


def _definition(words: list[str]) -> tuple[str, list[str]]:
    at = next((i for i, w in enumerate(words[: _SUBJECT_WORDS + 1]) if w in _VERBS), 0)
    subject = [w for w in words[:at] if w not in _LEADING]
    return " ".join(map(stem, subject)), words[at + 1 :] if subject else []


def _telling(words: list[str]) -> frozenset[str]:
    kept = (w for w in words if w not in STOP_WORDS and w not in DENIALS and not w[0].isdigit())
    return frozenset(map(stem, kept))
