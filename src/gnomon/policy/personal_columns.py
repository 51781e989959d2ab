"""Personal data recognised by what a column is called, if its cells look like it."""

import re
from collections.abc import Sequence
from itertools import pairwise

from gnomon.domain.result import ResultColumn
from gnomon.policy.personal_values import PersonalKind


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+|\d+")
_PEOPLE = _words(
    "customer client patient employee user person contact member student driver guest owner manager staff"
    " passenger recipient sender cardholder holder subscriber applicant candidate agent doctor nurse teacher"
    " buyer seller tenant visitor resident citizen worker colleague spouse parent guardian author"
)
_NAME_PARTS = _words("first last full given family middle maiden sur fore birth legal preferred")
_NAME_WORDS = _words("firstname lastname surname forename fullname givenname familyname username")
_PHONE_WORDS = _words("phone mobile cellphone tel telephone fax msisdn whatsapp")
_CARD_WORDS = tuple(map(_words, ("card number", "card no", "pan")))
_NATIONAL_WORDS = (
    *map(_words, ("ssn", "nino", "pesel", "bsn", "cpf", "dni", "nie", "aadhaar", "personnummer", "passport")),
    *map(
        _words, ("hetu", "tin", "nhs number", "social security", "national id", "national number", "tax id")
    ),
    *map(_words, ("driver license", "driving licence", "identity number")),
)
_VERSION_WORDS = _words("version release build firmware")
_NUMBERING_WORDS = _words("id no number order invoice key code ref reference sku tracking ticket shipment")

_PHONE = re.compile(r"\+?\(?\d(?:[ ().\-/]{0,2}\d){6,14}")
_NATIONAL = re.compile(r"(?=(?:\D*\d){4})[A-Za-z0-9][A-Za-z0-9 .\-/+]{4,20}")
_CARD = re.compile(r"[\d*xX•](?:[ -]?[\d*xX•]){11,18}")
_PERSON = re.compile(r"[^\W\d_][^\W\d_.'’-]*(?:['’-][^\W\d_]+)?(?: [^\W\d_][\w.'’-]*){1,3}")


def kind_by_name(column: ResultColumn, texts: Sequence[str]) -> PersonalKind | None:
    """What the column's name says, if at least half of its cells look like it."""
    words = frozenset(_words_of(column.name))
    if column.kind in ("text", "other") and _names_people(column.name):
        return "name"
    if len(words) == 1 and words <= _PEOPLE and _mostly(_PERSON, texts):
        return "name"
    if words & _PHONE_WORDS and _mostly(_PHONE, texts):
        return "phone"
    if any(wanted <= words for wanted in _CARD_WORDS) and _mostly(_CARD, texts):
        return "card"
    if any(wanted <= words for wanted in _NATIONAL_WORDS) and _mostly(_NATIONAL, texts):
        return "national_id"
    return None


def holds_versions(name: str) -> bool:
    """Whether four numbers with dots in such a column are a version rather than an address."""
    return not _VERSION_WORDS.isdisjoint(_words_of(name))


def holds_numbering(name: str) -> bool:
    """Whether the column numbers things, so that a check digit may fit by chance."""
    words = frozenset(_words_of(name))
    return not words.isdisjoint(_NUMBERING_WORDS) and not any(w <= words for w in _CARD_WORDS)


def _words_of(name: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(name)]


def _names_people(name: str) -> bool:
    words = _words_of(name)
    if not _NAME_WORDS.isdisjoint(words):
        return True
    return any(
        second in ("name", "names") and (first in _PEOPLE or first in _NAME_PARTS)
        for first, second in pairwise(words)
    )


def _mostly(shape: re.Pattern[str], texts: Sequence[str]) -> bool:
    return sum(1 for text in texts if shape.fullmatch(text)) >= len(texts) / 2
