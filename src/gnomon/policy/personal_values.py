"""Personal data recognised by what a value is: shape first, then its own check digits.

The rules need nothing but the standard library. With the extra `pii`, numbers are put to `phonenumbers` and
`python-stdnum` as well, which know every country's plan and check digits.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Literal

PersonalKind = Literal["name", "mail", "phone", "card", "iban", "national_id", "ip", "other"]
"""`other` is for columns that are tagged as personal without saying more."""

_MANY_DIGITS = re.compile(r"(?:\d\D{0,3}){7}")
_DOTTED = re.compile(r"\d\.\d{1,3}\.\d")
_MAIL = re.compile(r"(?<![\w.+@-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w@-])")
_CARD = re.compile(
    r"(?<![\w.,+-])(?:\d{14,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})(?![\w-]|[.,]\d)"
)
_ISSUER = re.compile(
    r"4\d{15}(?:\d{3})?|(?:5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}|3[47]\d{13}"
    r"|(?:6011|65\d\d|64[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14,17}"
)
"""Visa, Mastercard, American Express, Discover, JCB, Diners Club and UnionPay, with their lengths."""

_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}")
_IBAN_LENGTHS = {
    code: int(length)
    for length, codes in {
        "15": "NO",
        "16": "BE",
        "18": "DK FI NL FO GL",
        "19": "MK SI",
        "20": "AT BA EE KZ LT LU XK",
        "21": "CH HR LI LV",
        "22": "BG BH CR DE GB GE IE ME RS VA",
        "23": "AE GI IL IQ TL",
        "24": "AD CZ ES MD PK RO SA SE SK TN VG",
        "25": "LY PT ST",
        "26": "IS TR",
        "27": "FR GR IT MC MR SM",
        "28": "AL AZ BY CY DO GT HU LB PL SV",
        "29": "BR EG PS QA UA",
        "30": "JO KW MU",
        "31": "MT SC",
    }.items()
    for code in codes.split()
}
_IP4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])(?!\.\d)")
_IP6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{1,4}(?![\w:])")
_PHONE = re.compile(
    r"(?<![\w+.])\+[1-9](?:[ ().\-/]{0,2}\d){7,14}(?![\w])"
    r"|(?<![\w+.-])(?:\([2-9]\d\d\) ?|[2-9]\d\d-)[2-9]\d\d-\d{4}(?![\w-])"
)
_FEWEST_DIGITS = 8
_FEWEST_COLONS = 3
_NATIONAL = re.compile(
    r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-])"
    r"|(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D](?!\w)"
)
"""United States social security numbers and British national insurance numbers."""

_CHECKED_SHAPES = (
    ("it.codicefiscale", re.compile(r"(?<!\w)[A-Z]{6}\d\d[A-Z]\d\d[A-Z]\d{3}[A-Z](?!\w)")),
    ("br.cpf", re.compile(r"(?<![\w.])\d{3}\.\d{3}\.\d{3}-\d\d(?!\w)")),
    ("ch.ssn", re.compile(r"(?<![\w.])756\.\d{4}\.\d{4}\.\d\d(?!\w)")),
)
"""National numbers whose shape is rare enough to be looked for inside a text."""

_COLUMN_NUMBERS = (
    *("es.dni", "es.nie", "se.personnummer", "de.idnr", "nl.bsn", "be.nn", "pl.pesel", "no.fodselsnummer"),
    *("br.cpf", "in_.aadhaar", "ca.sin", "au.tfn", "fi.hetu", "gb.nhs", "fr.nir"),
)
"""Those that an order number may pass by chance: only a whole column of them says something."""


@dataclass(frozen=True, slots=True)
class Span:
    """A value inside a text."""

    kind: PersonalKind
    start: int
    end: int


def find_spans(text: str) -> tuple[Span, ...]:
    """The personal values inside a text, in order, none overlapping; names are not found this way."""
    found: list[Span] = []
    for find in _worth_trying(text):
        for span in find(text):
            if all(span.end <= other.start or span.start >= other.end for other in found):
                found.append(span)
    return tuple(sorted(found, key=lambda span: span.start))


def _worth_trying(text: str) -> Iterator[Callable[[str], Iterator[Span]]]:
    """Most text holds nothing; what a text lacks altogether is not looked for."""
    if "@" in text:
        yield _mails
    if _MANY_DIGITS.search(text):
        yield from (_ibans, _cards, _nationals, _phones)
    if _DOTTED.search(text) or text.count(":") >= _FEWEST_COLONS:
        yield _addresses


def is_card(digits: str) -> bool:
    """Whether digits are a payment card's: an issuer's range and length, and the Luhn digit."""
    if not _ISSUER.fullmatch(digits):
        return False
    doubled = [sum(divmod(2 * int(d), 10)) for d in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def national_checks() -> tuple[Callable[[str], bool], ...]:
    """One check for each country's number that only a whole column gives away; none without the extra."""
    modules = (_stdnum(name) for name in _COLUMN_NUMBERS)
    return tuple(module.is_valid for module in modules if module is not None)


def _mails(text: str) -> Iterator[Span]:
    return (Span("mail", *m.span()) for m in _MAIL.finditer(text))


def _cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        if is_card(re.sub(r"\D", "", match.group())):
            yield Span("card", *match.span())


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        end = _iban_end(match.group())
        whole = end and not text[match.start() + end : match.start() + end + 1].isalnum()
        if whole:
            yield Span("iban", match.start(), match.start() + end)


def _iban_end(candidate: str) -> int:
    """Where the account number at the beginning of the text ends; 0 if there is none."""
    wanted = _IBAN_LENGTHS.get(candidate[:2], 0)
    places = [i for i, char in enumerate(candidate) if char != " "]
    if not wanted or len(places) < wanted:
        return 0
    end = places[wanted - 1] + 1
    compact = candidate[:end].replace(" ", "")
    number = "".join(str(int(char, 36)) for char in compact[4:] + compact[:4])
    return end if int(number) % 97 == 1 else 0


def _addresses(text: str) -> Iterator[Span]:
    for match in _IP4.finditer(text):
        if _is_host(match.group()) and not text[: match.start()].rstrip().lower().endswith(("version", "v")):
            yield Span("ip", *match.span())
    for match in _IP6.finditer(text):
        if _is_host6(match.group()):
            yield Span("ip", *match.span())


def _is_host(text: str) -> bool:
    try:
        address = IPv4Address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or text.startswith("0."))


def _is_host6(text: str) -> bool:
    try:
        address = IPv6Address(text)
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified) and any(c.isdigit() for c in text)


def _phones(text: str) -> Iterator[Span]:
    for match in _PHONE.finditer(text):
        end = next((e for e in _ends(match.group()) if _dialled(match.group()[:e])), 0)
        if end:
            yield Span("phone", match.start(), match.start() + end)


def _ends(number: str) -> Iterator[int]:
    """Where a number may end, the longest first: another number may stand right behind it."""
    yield len(number)
    for gap in reversed([m.start() for m in re.finditer(" ", number)]):
        if sum(map(str.isdigit, number[:gap])) >= _FEWEST_DIGITS:
            yield gap


def _dialled(number: str) -> bool:
    """Whether somebody can have the number; without the extra its shape decides."""
    known = _phonenumbers()
    if known is None:
        return True
    try:
        return bool(known.is_valid_number(known.parse(number, "US")))
    except known.NumberParseException:
        return False


def _nationals(text: str) -> Iterator[Span]:
    yield from (Span("national_id", *m.span()) for m in _NATIONAL.finditer(text))
    for name, shape in _CHECKED_SHAPES:
        module = _stdnum(name)
        if module is not None:
            matches = shape.finditer(text)
            yield from (Span("national_id", *m.span()) for m in matches if module.is_valid(m.group()))


@cache
def _phonenumbers() -> Any:
    try:
        import phonenumbers
    except ImportError:
        return None
    return phonenumbers


@cache
def _stdnum(name: str) -> Any:
    from importlib import import_module

    try:
        return import_module(f"stdnum.{name}")
    except ImportError:
        return None
