"""Units of measure and currencies: what numbers are said in, what columns hold, and exact conversion.

Sizes are exact by definition: the inch is 0.0254 m and the pound 0.45359237 kg (International Yard and Pound
Agreement, 1959), a day has 86,400 s. Months and years have no fixed length, temperatures no common zero, and
currencies no fixed rate: they are known, so as not to be taken for others, and never converted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from gnomon.domain.catalog import CardColumn, TableCard
from gnomon.models.grounded.short_forms import spelled_out
from gnomon.models.grounded.words import CAMEL, SEPARATORS, stem

Dimension = Literal["money", "time", "length", "mass", "volume", "temperature", "power", "energy", "part"]


@dataclass(frozen=True, slots=True)
class Unit:
    """What one of something is.

    Args:
        name: As people say it, in the plural.
        size: In seconds, metres, kilograms, litres, watts, watt hours, or whole units of a currency; None: it
            is not converted.
        currency: The ISO 4217 code of money; empty where it is open, as that of cents is.
    """

    name: str
    dimension: Dimension
    size: Fraction | None = Fraction(1)
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """What a number of a question is said in.

    Args:
        words: As written beside the number; empty where its own sign says it.
        units: What they may mean: pounds are a weight and a currency.
    """

    words: str
    units: tuple[Unit, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """What a column holds.

    Args:
        unit: None where nobody says it.
        doubt: Why the unit cannot be relied on; empty where it can.
    """

    unit: Unit | None = None
    doubt: str = ""


def _unit(name: str, dimension: Dimension, size: str | None = "1", currency: str = "") -> Unit:
    return Unit(name, dimension, None if size is None else Fraction(size), currency)


PERCENT = _unit("percent", "part", "1/100")
WHOLES = _unit("parts of one", "part")
CENTS = _unit("cents", "money", "1/100")
_MINUTES = _unit("minutes", "time", "60")
_TABLE: tuple[tuple[Unit, str, str, str], ...] = (
    # The unit; its words everywhere; words that only texts and names have; in names, beside a noun.
    (_unit("milliseconds", "time", "1/1000"), "ms millisecond milliseconds", "millis msec msecs", ""),
    (_unit("seconds", "time"), "seconds sec secs", "", "s"),
    (_MINUTES, "minute minutes mins", "", ""),
    (_unit("hours", "time", "3600"), "hour hours hrs", "", "h hr"),
    (_unit("days", "time", "86400"), "day days", "", "d"),
    (_unit("weeks", "time", "604800"), "week weeks", "", "wk"),
    (_unit("months", "time", None), "", "months", ""),
    (_unit("years", "time", None), "", "years yrs", ""),
    (_unit("millimetres", "length", "1/1000"), "mm millimeters millimetres", "", ""),
    (_unit("centimetres", "length", "1/100"), "cm centimeters centimetres", "", ""),
    (_unit("metres", "length"), "m meter meters metre metres", "", ""),
    (_unit("kilometres", "length", "1000"), "km kms kilometer kilometers kilometre kilometres", "", ""),
    (_unit("inches", "length", "0.0254"), "inch inches", "", ""),
    (_unit("feet", "length", "0.3048"), "foot feet ft", "", ""),
    (_unit("yards", "length", "0.9144"), "yard yards", "", "yd"),
    (_unit("miles", "length", "1609.344"), "mile miles", "", "mi"),
    (_unit("milligrams", "mass", "1/1000000"), "mg milligram milligrams", "", ""),
    (_unit("grams", "mass", "1/1000"), "g gram grams", "", ""),
    (_unit("kilograms", "mass"), "kg kgs kilo kilos kilogram kilograms", "", ""),
    (_unit("tonnes", "mass", "1000"), "tonne tonnes", "", "t"),
    (_unit("ounces", "mass", "0.028349523125"), "ounce ounces", "oz", ""),
    (_unit("pounds", "mass", "0.45359237"), "lb lbs pound pounds", "", ""),
    (_unit("millilitres", "volume", "1/1000"), "ml milliliters millilitres", "", ""),
    (_unit("litres", "volume"), "liter liters litre litres", "", "l"),
    (_unit("degrees Celsius", "temperature", None), "celsius °c", "", "c"),
    (_unit("degrees Fahrenheit", "temperature", None), "fahrenheit °f", "", "f"),
    (_unit("kelvin", "temperature", None), "kelvin", "", "k"),
    (_unit("watts", "power"), "watt watts", "", "w"),
    (_unit("kilowatts", "power", "1000"), "kw kilowatt kilowatts", "", ""),
    (_unit("megawatts", "power", "1000000"), "mw megawatt megawatts", "", ""),
    (_unit("gigawatts", "power", "1000000000"), "gw gigawatt gigawatts", "", ""),
    (_unit("watt hours", "energy"), "wh", "", ""),
    (_unit("kilowatt hours", "energy", "1000"), "kwh", "", ""),
    (_unit("megawatt hours", "energy", "1000000"), "mwh", "", ""),
    (_unit("gigawatt hours", "energy", "1000000000"), "gwh", "", ""),
    (_unit("US dollars", "money", "1", "USD"), "$ usd dollar dollars", "us$", ""),
    (_unit("euros", "money", "1", "EUR"), "€ eur euro euros", "", ""),
    (_unit("pounds sterling", "money", "1", "GBP"), "£ gbp pound pounds sterling", "", ""),
    *(
        (_unit(code, "money", "1", code), code.lower(), "", "")
        for code in ("CAD", "AUD", "NZD", "CHF", "SEK", "NOK", "DKK", "JPY", "CNY", "INR", "BRL", "MXN")
    ),
    (CENTS, "cent cents ¢", "", ""),
    (_unit("pence", "money", "1/100", "GBP"), "pence", "", ""),
)
SHORT = frozenset({"m", "g", "c", "f", "k", "s", "h", "d", "t", "l", "w"})
"""Letters that mean a unit only beside a word of its dimension: `height_m`, and not `revenue_m`."""


def _stems(*words: str) -> frozenset[str]:
    return frozenset(stem(w) for line in words for w in line.split())


NOUNS: dict[Dimension, frozenset[str]] = {
    "time": _stems("duration time wait delay latency elapsed runtime uptime timeout interval lag length"),
    "length": _stems(
        "length height width depth distance altitude elevation radius diameter thickness span range mileage"
    ),
    "mass": _stems("weight mass load payload yield tonnage"),
    "volume": _stems("volume capacity fuel petrol diesel gas oil water milk beer wine tank"),
    "temperature": _stems("temperature temp"),
    "power": _stems("power capacity load demand rating output"),
    "energy": _stems("energy consumption generation production output"),
    "money": _stems(
        "price cost fee amount revenue sales salary wage pay payment budget income expense spend spent",
        "turnover tax deposit prize premium grant asset capital profit earnings balance charge fare rent",
        "bill tip fine refund donation total subtotal money value",
        "worth invoice paid debt credit bonus margin gross net",
    ),
}
"""Stems of what a column of the dimension is called."""

_NO_AMOUNT = _stems(
    "rate percent percentage pct ratio share count number num qty quantity id score points days hours",
    "minutes seconds months years weeks rank level code type index",
)
"""Stems in the name of what is no money, though another word of it is: `payment_count`."""

_COMPUTED = frozenset(
    {"avg", "average", "mean", "total", "sum", "min", "max", "minimum", "maximum", "median"}
)
_SMALL = frozenset({"cent", "cents", "pence", "minor", "hundredths"})
_SCALES = {
    "thousand": "thousands", "million": "millions", "billion": "billions", "mn": "millions", "bn": "billions",
}  # fmt: skip
_FACTORS = {"thousands": 10**3, "millions": 10**6, "billions": 10**9}
_SCALED = re.compile(r"\bin (thousand|million|billion)s?\b|\b(thousand|million|billion)s of\b", re.I)
_STATED_CENTS = re.compile(
    r"(?:\bin |\bas |\()(?:[a-z]+ )?(?:cents?|pence)\b|\bminor (?:currency )?units?\b"
    r"|\bin hundredths\b|(?<!from )\bhundredths of\b",
    re.I,
)
_LOOSE_CENTS = re.compile(r"\bcents?\b|\bpence\b|¢|\bhundredths?\b|\bminor units?\b", re.I)
_CONVERTED = "converted from hundredths"
"""In a meaning that code was read for: what the column was, and is no more."""

_MIXED = re.compile(r"\b(?:local|original|transaction|respective|own|different|various) currenc", re.I)
_IN_HUNDREDTHS = "Holds hundredths in "
"""How a card says it of columns that code divides by 100; the columns follow in backquotes, then a colon."""


def _spoken() -> dict[str, tuple[Unit, ...]]:
    found: dict[str, tuple[Unit, ...]] = {}
    for unit, said, _, _ in _TABLE:
        for word in said.split():
            found[word] = (*found.get(word, ()), unit)
    for word, phrases in (("usd", ("us dollar", "us dollars")), ("celsius", ("degrees celsius",)),
                          ("fahrenheit", ("degrees fahrenheit",)),
                          *((f"{short}wh", (f"{full}watt hour", f"{full}watt hours")) for short, full in
                            (("", ""), ("k", "kilo"), ("m", "mega"), ("g", "giga")))):  # fmt: skip
        found |= dict.fromkeys(phrases, found[word])
    return found


def _written() -> dict[str, tuple[Unit, ...]]:
    """Singulars are no units in names: an `hour` is one of the day, a `day` one of the month."""
    found: dict[str, tuple[Unit, ...]] = {}
    for unit, said, only, short in _TABLE:
        for word in f"{said} {only} {short}".split():
            if word not in ("minute", "hour", "day", "week", "pound", "yard", "foot", "mile"):
                found[word] = (*found.get(word, ()), unit)
    return found


# No name of a column is in percent by its word alone: its values tell.
SPOKEN = _spoken() | dict.fromkeys(("%", "percent"), (PERCENT,))
"""Words and signs that a number of a question is said with, each with what it may mean."""

SIGNS = frozenset("$€£")

_WRITTEN = _written()
_WORDS = "|".join(
    sorted((re.escape(w) for w in _WRITTEN if w.isalpha() and len(w) > 1), key=len, reverse=True)
)
_STATED = re.compile(
    rf"(?:^|\bin |\bas |\(|\bunits?: ?)(?:whole |full |integer |total )?({_WORDS})\b(?!\s*(?:/|per\b))", re.I
)
_CURRENCY = re.compile(
    "|".join(
        rf"\b{re.escape(w)}\b" if w.isalpha() else re.escape(w)
        for w, units in _WRITTEN.items()
        if any(u.currency for u in units) and w not in ("pounds", "pence")
    ),
    re.I,
)
TAILS = _stems(
    "cents usd eur gbp utc dollars euros pence mib mb gb km kg cm mm ft ms millis msec milliseconds",
    "seconds secs minutes mins grams lbs miles meters metres kw mw gw wh kwh mwh gwh watts",
)
"""Stems of units that people leave out of a name that ends in one."""

_NO_NAME = _stems("annual yearly monthly weekly daily hourly per")
"""Before such a tail they are no name by themselves: `annual` does not say what `annual_mwh` holds."""


def ends_in_unit(stems: tuple[str, ...]) -> bool:
    """Whether people leave the last word of a name out: `duration` for `duration_minutes`."""
    spans = {stem(w) for w in ("hours", "days", "weeks")}
    timed = stems[-1:] and stems[-1] in spans and stems[-2:-1] and stems[-2] in NOUNS["time"]
    called = len(stems) > 1 and stems[-2] not in _NO_NAME
    return called and (stems[-1] in TAILS or bool(timed) or is_unit_of(stems[-1], stems[-2]))


def is_unit_of(letter: str, noun: str) -> bool:
    """Whether a letter at the end of a name is the unit of a noun's stem: `l` of fuel, `m` of height."""
    return letter in SHORT and any(noun in NOUNS[u.dimension] for u in _WRITTEN.get(letter, ()))


def units_in_names(word: str) -> tuple[Unit, ...]:
    """The units that the last word of a name, in lower case, may mean: `kg`, `l`, `minutes`."""
    return (*_WRITTEN.get(word, ()), *((_MINUTES,) if word == "min" else ()))


def convert(number: Decimal, said: Unit, held: Unit) -> Decimal | None:
    """A number in another unit of its dimension, exactly; None where no finite decimal is that number."""
    if said.size is None or held.size is None:
        return number if said == held else None
    return _finite(Fraction(number) * said.size / held.size)


def _finite(value: Fraction) -> Decimal | None:
    twos, rest = _divided_by(value.denominator, 2)
    fives, rest = _divided_by(rest, 5)
    if rest != 1:
        return None
    places = max(twos, fives)
    digits = abs(value.numerator) * 10**places // value.denominator
    return Decimal((int(value < 0), tuple(map(int, str(digits))), -places))


def _divided_by(number: int, factor: int) -> tuple[int, int]:
    """How often a number is divisible by a factor, and what is left."""
    times = 0
    while number % factor == 0:
        number, times = number // factor, times + 1
    return times, number


def held_by(card: TableCard, column: CardColumn) -> Held:
    """The unit of a column, by the words of its name, and what comments, meanings and code say of it."""
    named = _of_name(column.name) | ({_MINUTES} if is_minutes(card, column.name) else set())
    texts = [t for t in (column.column.comment, column.meaning) if t and _CONVERTED not in t]
    told = {unit for text in texts for unit in _of_text(text)}
    if _told_by_code(card, column.name):
        told.add(CENTS)
    said = {*named, *told}
    found = _settled(said)
    if said and found is None:
        return Held(None, f"several units are said of {card.ref}.{column.name}")
    unit = _scaled(found, column.name, texts)
    return Held(unit, _doubt(card, column, unit, texts))


def is_minutes(card: TableCard, name: str) -> bool:
    """Whether `min` behind a time is its unit: beside a `duration_max` it is the least of several."""
    parts = name_parts(name)
    siblings = {name_parts(c.name) for c in card.columns}
    others = any((*parts[:-1], last) in siblings for last in _COMPUTED - {"min"})
    nouns = {s for p in parts[:-1] for s in spelled_out(p)}
    return parts[-1:] == ("min",) and bool(nouns & NOUNS["time"]) and not others


@lru_cache(maxsize=8192)
def name_parts(name: str) -> tuple[str, ...]:
    """The words of a name in lower case, short forms as they are."""
    return tuple(p.lower() for p in SEPARATORS.split(CAMEL.sub(" ", name)) if p)


@lru_cache(maxsize=8192)
def _of_name(name: str) -> frozenset[Unit]:
    words = name_parts(name)
    rate = "per" in words
    words = words[: words.index("per")] if rate else words
    stems = {s for w in words for s in spelled_out(w)}
    money = {u for w in words if len(w) > 1 for u in _WRITTEN.get(w, ()) if u.currency and w != "pounds"}
    if _SMALL & set(words):
        money.add(CENTS)
    while len(words) > 1 and words[-1] in _COMPUTED:
        words = words[:-1]
    if rate or not words or {"square", "sq", "cubic"} & set(words):
        return frozenset(money)
    ends = [words[-1]] + ([words[0]] if words[0] in ("hours", "days", "minutes", "seconds", "weeks") else [])
    physical = {u for w in ends for u in _WRITTEN.get(w, ()) if u.dimension != "money" and _fits(w, u, stems)}
    if "pounds" in ends and not stems & NOUNS["mass"]:
        physical = {u for u in physical if u.dimension != "mass"}
    return frozenset(money | physical)


def _fits(word: str, unit: Unit, stems: set[str]) -> bool:
    """Whether a word of a name means a unit there: a short one needs a noun of its dimension beside it."""
    short = word in SHORT or word in ("hr", "wk", "yd", "mi")
    return not short or bool(stems & NOUNS[unit.dimension])


def _of_text(text: str) -> Iterator[Unit]:
    for match in _STATED.finditer(text):
        yield from (u for u in _WRITTEN[match[1].lower()] if u.dimension != "money")
    for match in _CURRENCY.finditer(text):
        yield from (u for u in _WRITTEN[match[0].lower()] if u.currency)
    if _STATED_CENTS.search(text):
        yield CENTS


def _told_by_code(card: TableCard, name: str) -> bool:
    wanted = f"`{name}`".casefold()
    told = (s.text.removeprefix(_IN_HUNDREDTHS).partition(":")[0] for s in card.statements
            if s.text.startswith(_IN_HUNDREDTHS))  # fmt: skip
    return any(wanted in listed.casefold().split(", ") for listed in told)


def _settled(units: set[Unit]) -> Unit | None:
    """The one unit of all that are said, a currency with its cents; None where there is none or several."""
    if len(units) < 2 or any(u.dimension != "money" for u in units):
        return next(iter(units)) if len(units) == 1 else None
    codes = {u.currency for u in units if u.currency}
    whole = next((u for u in units if u.size == 1), None)
    if len(codes) != 1 or whole is None:
        return next(u for u in units if u.currency) if len(codes) == 1 else None
    return replace(whole, name=f"cents of {whole.name}", size=CENTS.size)


def _scaled(unit: Unit | None, name: str, texts: list[str]) -> Unit | None:
    """The unit in thousands or millions, where the column is in those; alone they are of any currency."""
    said = [m[1] or m[2] for t in texts for m in _SCALED.finditer(t)]
    words = [w.lower().removesuffix("s") for w in (*name_parts(name), *said)]
    scale = next((s for w in words if (s := _SCALES.get(w))), "")
    if not scale:
        return unit
    factor = _FACTORS[scale]
    if unit is None:
        return Unit(scale, "money", Fraction(factor))
    size = None if unit.size is None else unit.size * factor
    return replace(unit, name=f"{scale} of {unit.name}", size=size)


def _doubt(card: TableCard, column: CardColumn, unit: Unit | None, texts: list[str]) -> str:
    """Why an amount may not be in the unit that it seems to be in."""
    if unit is not None and unit.dimension != "money":
        return ""
    if any("currency" in name_parts(c.name) for c in card.columns) or any(map(_MIXED.search, texts)):
        return f"the rows of {card.ref} may be in several currencies"
    if unit is not None and unit.size != 1:
        return ""
    if any(_LOOSE_CENTS.search(t) or _SCALED.search(t) for t in texts):
        return f"what is said of {card.ref}.{column.name} speaks of cents or thousands"
    if any(_STATED_CENTS.search(t) or _SCALED.search(t) for t in _around(card)):
        return f"what is said of {card.ref} speaks of cents or thousands"
    return ""


def _around(card: TableCard) -> Iterator[str]:
    """What is said of a table and of none of its columns."""
    names = sorted({" ".join(name_parts(c.name)) for c in card.columns}, key=len, reverse=True)
    told = (*(s.text for s in card.statements), *(c.text for c in card.caveats))
    for text in (card.purpose, *told):
        if "`" not in text:
            yield re.sub("|".join(map(re.escape, names)), "", text, flags=re.I) if names else text


def is_amount(name: str) -> bool:
    """Whether a column is money by its name, whatever the currency."""
    stems = {stem(w) for w in name_parts(name)}
    return bool(stems & NOUNS["money"]) and not stems & _NO_AMOUNT


def names_small_money(text: str) -> bool:
    """Whether words say cents, pence, minor units or hundredths."""
    return bool(_SMALL & set(name_parts(text)))
