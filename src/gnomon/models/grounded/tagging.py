"""Cut a question into items: a cue, a name, a value, a number or a period each."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.context import ValueMatch
from gnomon.models.grounded.cues import CUES, LONGEST_CUE, Cue
from gnomon.models.grounded.directions import tell_directions
from gnomon.models.grounded.fiscal import fiscal_period, fiscal_year
from gnomon.models.grounded.handing import mark_owning
from gnomon.models.grounded.linking import MAX_SPAN, Lexicon, Link
from gnomon.models.grounded.owned import prefer_kinds, split_owned
from gnomon.models.grounded.periods import Period, Reader, find_period
from gnomon.models.grounded.stored_words import take_stored_words
from gnomon.models.grounded.typos import meant_by
from gnomon.models.grounded.units import SIGNS, SPOKEN, Said
from gnomon.models.grounded.words import Token, name_words, tokenize

ItemKind = Literal["cue", "name", "value", "number", "period", "quoted", "unknown"]
HARMLESS_MARKS = frozenset(",.?!:;()&\"'-")
"""Marks that only punctuate; any other, such as `=` or `/`, says something."""

SQL_WORDS = frozenset({"AVG", "SUM", "MAX", "MIN", "TOP", "AND", "NOT"})
STEERING = frozenset({"fill", "list", "and", "or"})
STATING = frozenset({"available", "existing"})
"""Filling words that a column may be called by for short: `is_available`."""

SURE_NAME = 0.85
REQUESTS = frozenset(
    {"report", "return", "display", "provide", "retrieve", "identify", "print", "fetch", "select"}
)
"""Verbs that ask for an answer where a sentence begins; elsewhere they say something: `who report to her`."""

BEFORE_REQUEST = frozenset(
    {".", "?", "!", ",", ";", ":", "and", "also", "then", "please", "to", "you", "can", "could", "me", "us"}
    | {"let", "help me", "i would like to see", "can you", "could you", "do you", "(", "-", "just", "now"}
)
MULTIPLIERS = {"k": 1_000, "K": 1_000, "m": 1_000_000, "M": 1_000_000}
NUMBER_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "zero": 0, "one": 1, "twelve": 12, "twenty": 20, "hundred": 100,
}  # fmt: skip
NO_WORD = "no"
"""In a question it denies; only in names does it stand for `number`."""

RATED = {*SPOKEN, "h"}
"""What a number may be per."""

ADVERBS = {"once": 1, "twice": 2, "thrice": 3}


@dataclass(slots=True)
class Item:
    """A span of the question and what it may be. `role` is set once it is accounted for.

    Args:
        said: The unit or currency of a number, where the question says one.
        dated: The date that a verb names for what is behind it: `booked in 2025`.
        meant: The name that it is a slip of, where it is one.
    """

    kind: ItemKind
    text: str
    cue: Cue | None = None
    links: tuple[Link, ...] = ()
    values: tuple[ValueMatch, ...] = ()
    number: Decimal | None = None
    period: Period | None = None
    resolved: ColumnRef | None = None
    said: Said | None = None
    dated: ColumnRef | None = None
    role: str = field(default="")
    meant: str = ""

    def is_cue(self, *kinds: str) -> bool:
        """Whether it is a cue of one of the kinds."""
        return self.cue is not None and self.cue.kind in kinds


def tag(question: str, lexicon: Lexicon, values: Sequence[ValueMatch], today: date) -> list[Item]:
    """Tag left to right, the longest span first; every token ends up in exactly one item."""
    tokens = tokenize(question)
    by_phrase: dict[str, list[ValueMatch]] = {}
    for match in values:
        by_phrase.setdefault(_folded(match.phrase), []).append(match)
    tokens = _part_names(tokens, by_phrase)
    further = _fiscal_reader(lexicon)
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        item, used = _longest(tokens, at, lexicon, by_phrase, today, further)
        if item.is_cue("yes_no") and items:
            item.cue = Cue("fill")
        items.append(item)
        at += used
    items = list(split_owned(items, lexicon))
    take_stored_words(items, lexicon.context)
    _refuse_near_groups(items)
    _right_slips(items, lexicon)
    _prefer_own_values(items)
    prefer_kinds(items, by_phrase)
    tell_directions(items, (words for words, _ in lexicon.context.choices))
    _refuse_spans(items)
    _refuse_late_requests(items)
    mark_owning(items)
    _count_adverbs(items)
    _mark_units(items)
    return items


def _prefer_own_values(items: Sequence[Item]) -> None:
    """`active subscriptions`: a value of the noun behind it, before a flag or column of some other table."""
    for item, noun in pairwise(items):
        if item.kind != "name" or noun.kind != "name" or not item.values:
            continue
        tables = {k.table for k in noun.links if k.is_table and k.score == noun.links[0].score}
        own = tuple(v for v in item.values if v.column.table in tables and v.kind in ("exact", "folded"))
        if own and not any(k.is_table or k.table in tables for k in item.links):
            item.kind, item.values, item.links = "value", own, ()


def _right_slips(items: Sequence[Item], lexicon: Lexicon) -> None:
    """`supliers`: a name with a slip of the pen in it, where the word is nothing else."""
    for at, item in enumerate(items):
        small = item.text.isalpha() and (item.text.islower() or (at == 0 and item.text[1:].islower()))
        found = meant_by(item.text, lexicon) if item.kind == "unknown" and small else None
        if found is not None:
            item.kind, item.meant, item.links = "name", *found


def _refuse_near_groups(items: Sequence[Item]) -> None:
    """`by language`, where some category is called `languages`: what groups is no value that is only near."""
    by = Item("unknown", "")
    for item in items:
        near = item.kind == "value" and all(v.kind not in ("exact", "folded") for v in item.values)
        if near and by.is_cue("group", "each") and item.text.islower():
            item.kind, item.values = ("name" if item.links else "unknown"), ()
        by = by if item.text.lower() == "the" else item


def _fiscal_reader(lexicon: Lexicon) -> Reader | None:
    """Reads fiscal years as people say they are; None where nobody does, or a column holds them."""
    fiscal = fiscal_year(lexicon.context)
    if fiscal is None or any("fiscal" in words for words in lexicon.names):
        return None
    return lambda words, today: fiscal_period(words, today, fiscal)


def _part_names(tokens: Sequence[Token], by_phrase: dict[str, list[ValueMatch]]) -> tuple[Token, ...]:
    """A quoted full name that only its parts are values of is read part by part."""
    found: list[Token] = []
    for token in tokens:
        parts = tokenize(token.text) if token.kind == "quoted" else ()
        known = len(parts) > 1 and all(p.lower in by_phrase for p in parts)
        found += parts if known and _folded(token.text) not in by_phrase else [token]
    return tuple(found)


def _count_adverbs(items: Sequence[Item]) -> None:
    """`visited more than once` is more than one visit; `more than twice as many` is no number of anything."""
    behind = [*items[2:], Item("cue", "")] if len(items) > 1 else []
    for before, item, after in zip(items, items[1:], behind, strict=False):
        number = ADVERBS.get(item.text.lower())
        if number is not None and before.is_cue("compare") and after.text.lower() not in ("as", "the"):
            item.kind, item.cue, item.number = "number", None, Decimal(number)


def _mark_units(items: Sequence[Item]) -> None:
    """`$50`, `3 kg`, `EUR 20`: the number keeps its unit, whose word steers nothing from then on."""
    tables = {k.table for i in items for k in i.links if k.is_table}
    for at, item in enumerate(items):
        if item.kind != "number":
            continue
        sign = next((SPOKEN[s] for s in item.text if s in SIGNS or s == "%"), ())
        item.said = Said("", sign) if sign else None
        behind = (items[at + 1 : at + 3], items[at + 1 : at + 2])
        if not any(_take_unit(item, beside, tables, leads=False) for beside in behind):
            _take_unit(item, items[max(at - 1, 0) : at], tables, leads=True)
        _refuse_rate(items, at)


def _take_unit(item: Item, beside: Sequence[Item], tables: set[TableRef], *, leads: bool) -> bool:
    """Whether the items beside a number are its unit; a column or table that is called so stays a name.

    Args:
        tables: Those that the question names.
    """
    words = " ".join(i.text for i in beside).removesuffix(" in")
    units = SPOKEN.get(words.lower(), ())
    money = all(u.dimension == "money" for u in units)
    coded = words.isupper() or words in SIGNS
    plain = all(_may_be_unit(i, tables) for i in beside)
    if not units or not plain or ((leads or item.said) and not money) or (leads and not coded):
        return False
    links = beside[0].links
    if any(k.is_table for k in links):
        return False
    item.said = Said(words, units)
    if not any(_is_called(k, words, tables) for k in links):
        for one in beside:
            one.kind, one.cue, one.links, one.values = "cue", Cue("fill"), (), ()
    return True


def _may_be_unit(item: Item, tables: set[TableRef]) -> bool:
    """No steering word, and no value of what is asked about: `50 EUR`, where its currency is a column."""
    elsewhere = item.kind == "value" and not any(v.column.table in tables for v in item.values)
    return item.kind in ("unknown", "name") or item.is_cue("fill") or (elsewhere and bool(tables))


def _is_called(link: Link, words: str, tables: set[TableRef]) -> bool:
    named = link.source is not None or name_words(link.column or "") == name_words(words)
    return named and (not tables or link.table in tables)


def _refuse_rate(items: Sequence[Item], at: int) -> None:
    """`5 euros per kg`, `50 km/h`: not so many of the first unit."""
    behind = [i.text.lower() for i in items[at + 1 : at + 4]]
    over = next((n for n, text in enumerate(behind[:2]) if text in ("per", "/")), None)
    if items[at].said is not None and over is not None and (behind[over + 1 :] or [""])[0] in RATED:
        items[at].kind = "unknown"


def _refuse_late_requests(items: Sequence[Item]) -> None:
    """`products that customers return` is not a request to return them."""
    for before, item in pairwise(items):
        if (
            item.is_cue("list")
            and item.text.lower() in REQUESTS
            and before.text.lower() not in BEFORE_REQUEST
        ):
            item.kind, item.cue = "unknown", None


def _refuse_spans(items: Sequence[Item]) -> None:
    """A dash between two numbers is a range, which is not read; nor is `!` before a sign."""
    for before, item, after in zip(items, items[1:], items[2:], strict=False):
        numbers = all(i.kind in ("number", "period") for i in (before, after))
        if (item.text == "-" and numbers) or (item.text == "!" and after.kind == "unknown"):
            item.kind, item.cue = "unknown", None


def _folded(phrase: str) -> str:
    return " ".join(t.lower for t in tokenize(phrase))


def _longest(
    tokens: Sequence[Token],
    at: int,
    lexicon: Lexicon,
    by_phrase: dict[str, list[ValueMatch]],
    today: date,
    further: Reader | None,
) -> tuple[Item, int]:
    period = find_period(tokens, at, today, further)
    if period is not None and _cuts_value(tokens, at - 1, period.tokens + 1, by_phrase):
        period = None
    longest = max(MAX_SPAN, LONGEST_CUE)
    if period is not None and period.tokens > longest:
        return Item("period", period.label, period=period), period.tokens
    for length in range(min(longest, len(tokens) - at), 0, -1):
        if period is not None and period.tokens == length:
            return Item("period", period.label, period=period), length
        item = _span(tokens, at, length, lexicon, by_phrase)
        if item is not None:
            return item, length
    return _single(tokens[at]), 1


def _span(
    tokens: Sequence[Token], at: int, length: int, lexicon: Lexicon, by_phrase: dict[str, list[ValueMatch]]
) -> Item | None:
    span = tokens[at : at + length]
    text = " ".join(t.text for t in span)
    cue = CUES.get(tuple(t.lower for t in span)) if all(t.kind != "quoted" for t in span) else None
    if cue is not None and length == 1 and _is_code(tokens, at):
        cue = None
    if cue is not None and cue.kind == "fill" and _cuts_value(tokens, at, length, by_phrase):
        cue = None
    links = () if text.lower() == NO_WORD else lexicon.links(span)
    matches = tuple(by_phrase.get(_joined(span), ()))
    if span[0].kind == "quoted" and length == 1:
        return Item("quoted", span[0].text, values=matches)
    if cue and links and _name_wins(cue, links, tokens, at + length, lexicon):
        cue = None
    if cue and links and text.lower() in STATING and links[0].score >= SURE_NAME:
        cue = None
    if cue is not None and cue.kind == "unsupported" and _is_proper(tokens, at, length, matches):
        cue = None
    if cue is not None and not (matches and length > 1 and cue.kind not in STEERING):
        return Item("cue", text, cue=cue, links=links)
    if matches and (not links or links[0].score < 0.75) and _sounds_like_value(span, matches):
        return Item("value", text, values=matches, links=links)
    if links:
        return Item("name", text, links=links, values=matches)
    return None


def _cuts_value(
    tokens: Sequence[Token], at: int, length: int, by_phrase: dict[str, list[ValueMatch]]
) -> bool:
    """Whether a value of the data begins within the words and goes on behind them: `are in progress`."""
    starts = range(at + 1, at + length)
    ends = range(at + length + 1, min(at + length + MAX_SPAN, len(tokens)) + 1)
    return any(_joined(tokens[start:end]) in by_phrase for start in starts for end in ends)


def _is_proper(tokens: Sequence[Token], at: int, length: int, matches: tuple[ValueMatch, ...]) -> bool:
    """`a Growth subscription`, where a plan is called so: a capital within a sentence."""
    shouted = all(t.text.isupper() for t in tokens if t.kind == "word")
    capital = length == 1 and at > 0 and tokens[at].text[:1].isupper() and not shouted
    return capital and any(m.kind == "exact" for m in matches)


def _is_code(tokens: Sequence[Token], at: int) -> bool:
    """`US`, `IN` or a grade `A` in capitals is a code, unless all of the question is in capitals."""
    text = tokens[at].text
    shouted = all(t.text.isupper() for t in tokens if t.kind == "word")
    if text == "A" and at > 0 and not shouted:
        return True
    return (
        2 <= len(text) <= 3
        and text.isupper()
        and tokens[at].kind == "word"
        and not shouted
        and text not in SQL_WORDS
    )


def _joined(span: Sequence[Token]) -> str:
    return " ".join(t.lower for t in span)


def _name_wins(
    cue: Cue, links: tuple[Link, ...], tokens: Sequence[Token], after: int, lexicon: Lexicon
) -> bool:
    """A column called `total` or `first` is meant only where no other name follows to be steered."""
    if links[0].score < 0.97 or cue.kind in ("count", "each", "time_group", "without", "compare"):
        return False
    if cue.kind in STEERING:
        return True
    rest = [t for t in tokens[after : after + 4] if t.kind == "word"]
    return not any(lexicon.links([t]) for t in rest)


def _sounds_like_value(span: Sequence[Token], matches: tuple[ValueMatch, ...]) -> bool:
    """A lone everyday word that is only like a value is not taken for one."""
    best = max(matches, key=lambda m: m.score)
    if len(span) == 1 and span[0].text.islower() and best.kind != "exact" and _is_surname(best):
        return False
    if best.kind not in ("exact", "folded") and span[0].lower in ("the", "a", "an"):
        return False
    return best.kind in ("exact", "folded") or best.score >= (0.75 if len(span) > 1 else 0.85)


def _is_surname(match: ValueMatch) -> bool:
    """Everyday words are also surnames: `still`, `full`. In lower case they are not taken for one."""
    words = name_words(match.column.column)
    return words[-1:] == ("name",) and bool(
        {"first", "last", "middle", "family", "given", "sur"} & set(words)
    )


def _single(token: Token) -> Item:
    if token.kind == "number":
        return _number(token)
    if token.lower in NUMBER_WORDS:
        return Item("number", token.text, number=Decimal(NUMBER_WORDS[token.lower]))
    if token.kind == "mark" and _only_punctuates(token.text):
        return Item("cue", token.text, cue=Cue("fill"))
    return Item("unknown", token.text)


def _only_punctuates(mark: str) -> bool:
    """Brackets, quotes, emoji and invisible signs; not the signs of arithmetic and comparison."""
    return mark in HARMLESS_MARKS or unicodedata.category(mark) in (
        "So",
        "Sk",
        "Cf",
        "Ps",
        "Pe",
        "Pi",
        "Pf",
        "Mn",
    )


def _number(token: Token) -> Item:
    text = re.sub("[$€£,%]", "", token.text)
    factor = MULTIPLIERS.get(text[-1], 1)
    digits = text[:-1] if factor != 1 else text
    return Item("number", token.text, number=Decimal(digits) * factor)
