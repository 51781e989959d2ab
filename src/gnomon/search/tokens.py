"""Words of a text as exact-text search sees them."""

import re
import sqlite3
from collections.abc import Sequence
from functools import lru_cache

from gnomon.search.schema import TOKENIZER

_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
_IDENTIFIER = re.compile(r"\w+_\w+")
_WORD_CHARS = 64
"""Longer runs of letters are cut: no index word is that long."""

MAX_QUERY_WORDS = 64

_REMEMBERED = 65_536
_REMEMBERED_CHARS = 64
"""Of a name whose words are kept: tables of a warehouse share most of their columns' names."""

_STOP_WORDS = """
a about above after again all also am an and any are as at be because been before being below between both
but by can could did do does doing down during each few find for from further get give got had has have
having he her here hers him his how i if in into is it its itself just let list many may me more most much
must my no nor not of off on once one only or other our ours out over own please same she should show so
some such tell than that the their theirs them then there these they this those through to too under until
up us very was we were what when where which while who whom whose why will with would you your yours
"""

STOP_WORDS = frozenset(_STOP_WORDS.split())
"""English words that say nothing about which entry is meant."""


def split_identifier(name: str) -> list[str]:
    """The words of a snake_case, kebab-case or camelCase name, as spelt.

    >>> split_identifier("order_itemsByDay2")
    ['order', 'items', 'By', 'Day', '2']
    """
    return list(_kept_words(name) if len(name) <= _REMEMBERED_CHARS else _words(name))


def expand(text: str) -> str:
    """`text` followed by the parts of its camelCase words, so that either spelling finds it."""
    words = set(_WORD.findall(text))
    parts = [" ".join(_split_humps(word)) for word in sorted(words) if _has_hump(word)]
    return "\n".join([text, *parts]) if parts else text


def as_one(name: str) -> str:
    """An identifier without what parts its words: a word that stands for this very name.

    >>> as_one("stg_orders_v2")
    'stgordersv2'
    """
    return "".join(split_identifier(name)).casefold()


def question_words(text: str) -> list[str]:
    """The words of `text` that tell which entry is meant: in lower case, each once, at most 64.

    An identifier with underscores is a word as one, too.
    """
    whole = map(as_one, _IDENTIFIER.findall(text))
    parts = (w.casefold() for w in _WORD.findall(expand(text)))
    words = dict.fromkeys(w[:_WORD_CHARS] for w in (*whole, *parts))
    return [w for w in words if w and w not in STOP_WORDS][:MAX_QUERY_WORDS]


def count_words(text: str) -> int:
    """How long a text is, in words."""
    return len(_WORD.findall(text))


class Stemmer:
    """Words as the index spells them. FTS5 itself cuts them, so that questions and entries are cut alike.

    Not safe to share between threads.
    """

    def __init__(self) -> None:
        self._connection = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        self._connection.execute(f"create virtual table asked using fts5 (body, tokenize = '{TOKENIZER}')")
        self._connection.execute("create virtual table terms using fts5vocab (asked, instance)")

    def terms(self, words: Sequence[str]) -> list[str]:
        """The terms of `words`, as many times as they stand there, in the order of the alphabet."""
        self._connection.execute("delete from asked")
        self._connection.execute("insert into asked values (?)", (" ".join(words),))
        return [term for (term,) in self._connection.execute("select term from terms")]

    def close(self) -> None:
        """Give back its memory. Calling it twice is harmless."""
        self._connection.close()


def _words(name: str) -> tuple[str, ...]:
    return tuple(part for word in _WORD.findall(name) for part in _split_humps(word))


_kept_words = lru_cache(maxsize=_REMEMBERED)(_words)


def _has_hump(word: str) -> bool:
    return word.isascii() and not word.islower() and not word.isupper() and len(_split_humps(word)) > 1


def _split_humps(word: str) -> list[str]:
    return _HUMP.findall(word) if word.isascii() else [word]
