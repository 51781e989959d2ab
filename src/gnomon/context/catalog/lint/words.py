"""What the names of columns say: words written out, and names that say nothing."""

import re
from functools import lru_cache

from gnomon.search.tokens import split_identifier

ABBREVIATIONS = {
    "acct": "account",
    "addr": "address",
    "amt": "amount",
    "avg": "average",
    "bal": "balance",
    "cat": "category",
    "cnt": "count",
    "ctry": "country",
    "curr": "currency",
    "cust": "customer",
    "dept": "department",
    "desc": "description",
    "disc": "discount",
    "dt": "date",
    "emp": "employee",
    "fname": "firstname",
    "inv": "invoice",
    "lname": "lastname",
    "mgr": "manager",
    "mth": "month",
    "nbr": "number",
    "no": "number",
    "num": "number",
    "ord": "order",
    "org": "organisation",
    "pct": "percent",
    "prod": "product",
    "qty": "quantity",
    "src": "source",
    "trx": "transaction",
    "txn": "transaction",
    "usr": "user",
    "val": "value",
    "yr": "year",
}
"""Usual abbreviations in names of columns, written out."""

_EMPTY_WORDS = "attr attribute col column dummy field fld misc param tmp temp val var"
_EMPTY = frozenset(_EMPTY_WORDS.split())
"""Words that say nothing by themselves."""

_FILLER_WORDS = "c code custom data f fl flag ind indicator info other str text txt type user value"
_FILLER = _EMPTY | frozenset(_FILLER_WORDS.split())
"""Words that say nothing with only a number or a letter behind them."""

_KNOWN_WORDS = "crm dns ftp gps html http https mrr pdf sku sms smtp sql ssh ssl ssn tcp url utc vpn xml"
_KNOWN = frozenset(_KNOWN_WORDS.split())
"""Usual words without a vowel, besides abbreviations."""

_VOWELS = re.compile(r"[aeiouy]")
_LETTERS = re.compile(r"[a-z]+")
_UNSPEAKABLE = 4
"""A name of so many letters without a vowel is shortened in a way that not everybody reads."""


@lru_cache(maxsize=100_000)
def words(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case.

    >>> words("custOrder_No2")
    ('cust', 'order', 'no', '2')
    """
    return tuple(word.casefold() for word in split_identifier(name))


@lru_cache(maxsize=100_000)
def written_out(name: str) -> tuple[str, ...]:
    """The words of a name with usual abbreviations written out.

    >>> written_out("cust_no") == written_out("customerNumber")
    True
    """
    return tuple(ABBREVIATIONS.get(word, word) for word in words(name))


@lru_cache(maxsize=100_000)
def says_nothing(name: str) -> bool:
    """Whether nobody can tell from the name what a column holds.

    >>> [n for n in ("col1", "x", "val2", "flag_a", "cstmr_nm", "status", "qty", "type") if says_nothing(n)]
    ['col1', 'x', 'val2', 'flag_a', 'cstmr_nm']
    """
    head, *rest = words(name) or ("",)
    if len(head) <= 1 and head.isascii() and not rest:
        return True
    if not rest:
        return head in _EMPTY or _unspeakable((head,))
    numbered = all(len(word) == 1 or word.isdecimal() for word in rest)
    empty = head in _FILLER or (len(head) == 1 and head.isascii())
    return (numbered and empty) or _unspeakable((head, *rest))


def _unspeakable(found: tuple[str, ...]) -> bool:
    letters = "".join(found)
    return (
        len(letters) >= _UNSPEAKABLE
        and _LETTERS.fullmatch(letters) is not None
        and _VOWELS.search(letters) is None
        and not any(word in _KNOWN or word in ABBREVIATIONS for word in found)
    )
