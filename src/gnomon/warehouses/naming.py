"""Takes names of tables and columns apart, to tell what a column could refer to."""

import re
from collections.abc import Collection
from functools import lru_cache

ID_WORDS = frozenset({"id", "key", "code", "uuid", "guid", "no", "num", "number", "sk", "pk", "ref", "nr"})
"""Last words of a column that identifies something."""
SURROGATE_WORDS = frozenset({"id", "key", "uuid", "guid", "sk", "pk"})
"""Those that hardly ever mean anything else; a `code` or `number` may also describe."""

COUNTING_WORDS = frozenset({"no", "num", "number", "nr"})
"""Those by which things are numbered, each within something else as often as over all."""

_GENERIC = ID_WORDS | {"name", "type", "status", "date", "value", "row", "index", "rowid", "hash", "title"}
_LAYERS = frozenset({"dim", "fact", "fct", "tbl", "tb", "stg", "raw", "mart", "vw", "int", "src", "t"})
_WORD = re.compile(r"[A-Z]{2,}s(?![a-z])|[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_]+")
_IRREGULAR = {"ids": "id", "people": "person", "children": "child", "men": "man", "women": "woman"}
_GLUED = ("id", "key", "code")

Words = tuple[str, ...]


def words(name: str, known: Collection[str] = ()) -> Words:
    """The lower-case singular words of a name.

    Args:
        known: Words that tables are called; they let a glued name such as `customerid` come apart.

    >>> words("CustomerID"), words("fk_order_lines"), words("customerid", {"customer"})
    (('customer', 'id'), ('order', 'line'), ('customer', 'id'))
    """
    found = _apart(name)
    return tuple(part for word in found for part in _unglued(word, known)) if known else found


@lru_cache(maxsize=65_536)
def _apart(name: str) -> Words:
    """The words of a name that nothing else is known of. Kept: tables of a warehouse share most names."""
    found = [singular(word.lower()) for word in _WORD.findall(name)]
    if len(found) > 1 and found[0] in ("fk", "ref"):
        found = found[1:]
    if len(found) > 1 and found[-1] == "fk":
        found = found[:-1]
    return tuple(found)


def table_words(name: str) -> Words:
    """The words of a table's name without marks of its layer such as `dim` or `stg`."""
    found = words(name)
    while len(found) > 1 and found[0] in _LAYERS:
        found = found[1:]
    return found


def singular(word: str) -> str:
    """The English singular of a word, by its ending."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("sses", "ches", "shes", "xes", "zes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=65_536)
def is_plural(name: str) -> bool:
    """Whether the last word of a name is a plural."""
    found = _WORD.findall(name)
    return bool(found) and singular(found[-1].lower()) != found[-1].lower()


def is_generic(name: Words) -> bool:
    """Whether a name alone says nothing about what it refers to, such as `id` or `code`."""
    return len(name) == 0 or all(word in _GENERIC for word in name)


def looks_like_id(name: Words, table: Words) -> bool:
    """Whether a column is called as an identifier is: by its last word, or as its table."""
    return bool(name) and (name[-1] in ID_WORDS or name == table)


def without_id(name: Words) -> Words:
    """The words before a last word that marks an identifier."""
    return name[:-1] if name and name[-1] in ID_WORDS else name


def _unglued(word: str, known: Collection[str]) -> Words:
    for ending in _GLUED:
        if word.endswith(ending) and (stem := singular(word.removesuffix(ending))) in known:
            return (stem, ending)
    return (word,)
