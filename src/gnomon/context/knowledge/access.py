"""Access lists: how they are written, put together, and held against a person.

A list is a conjunction: whoever reads stands in every set of it. A source's ceiling, a space's members and
the restrictions of a page and of those above it each add a set, so none of them can be lost in another.
"""

import difflib
import json
from collections.abc import Iterable
from functools import lru_cache

from gnomon.domain.document import CLOSED, EVERYONE, AccessList
from gnomon.domain.identity import Principal

READERS = "readers"
MAX_NAMES = 10_000
NAME_CHARS = 500
_PREFIXES = ("user:", "group:")


class MalformedAccess(ValueError):
    """What should say who may read does not; the message says why, to stand behind the document's name."""


def parse_readers(value: object) -> AccessList:
    """The access list that somebody wrote: one name or a list of names.

    >>> sorted(parse_readers(["user:ana@acme.test", "group:hr"])[0])
    ['group:hr', 'user:ana@acme.test']

    Raises:
        MalformedAccess: It is anything else.
    """
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple | set | frozenset):
        raise MalformedAccess(f"`{READERS}` is not a list of names")
    if len(names) > MAX_NAMES:
        raise MalformedAccess(f"`{READERS}` holds over {MAX_NAMES:,} names")
    return conjunction((frozenset(map(_name, names)),))


def _name(value: object) -> str:
    name = value.strip() if isinstance(value, str) else ""
    known = name == EVERYONE or any(name.startswith(p) and name[len(p) :].strip() for p in _PREFIXES)
    if not known or not name.isprintable() or len(name) > NAME_CHARS:
        raise MalformedAccess(
            f"`{READERS}` holds {_shown(value)}; write user:<subject>, group:<name> or {EVERYONE}"
        )
    return name


def _shown(value: object) -> str:
    return f"`{value[:60]}`" if isinstance(value, str) else f"a {type(value).__name__}"


def is_misspelt(key: str) -> bool:
    """Whether a key is so like `readers` that its writer believes the document to be protected.

    >>> is_misspelt("reader"), is_misspelt("title")
    (True, False)
    """
    return bool(key != READERS and difflib.get_close_matches(key.casefold(), [READERS], cutoff=0.8))


def conjunction(sets: Iterable[frozenset[str]]) -> AccessList:
    """The sets that keep somebody out, each once, in a fixed order."""
    return tuple(sorted({names for names in sets if EVERYONE not in names}, key=sorted))


def effective(ceiling: AccessList, closed: bool, own: AccessList | None) -> AccessList:
    """Who may read a document of a source.

    Args:
        ceiling: Whom the operator lets read the source at all.
        closed: A document without a list of its own is read by nobody.
        own: The document's own list; None where it has none.
    """
    if own is None:
        return CLOSED if closed else conjunction(ceiling)
    return conjunction((*ceiling, *own))


def names_of(principal: Principal) -> frozenset[str]:
    """The names that access lists know a person by."""
    groups = {f"group:{group}" for group in principal.groups}
    return frozenset({EVERYONE, f"user:{principal.subject}", *groups})


def admits(access: AccessList, names: frozenset[str]) -> bool:
    """Whether every set names the person."""
    return all(not names.isdisjoint(each) for each in access)


def to_text(access: AccessList) -> str:
    """The list as it is stored; equal lists have equal texts."""
    return json.dumps([sorted(names) for names in conjunction(access)])


@lru_cache(maxsize=4_096)
def from_text(text: str) -> AccessList:
    """The list that was stored; a text that is none admits nobody."""
    try:
        sets = json.loads(text)
    except (ValueError, RecursionError):
        return CLOSED
    if not isinstance(sets, list) or not all(_is_set(each) for each in sets):
        return CLOSED
    return tuple(frozenset(each) for each in sets)


def _is_set(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)
