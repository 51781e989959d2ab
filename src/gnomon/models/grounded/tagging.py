"""Cut a question into items: a cue, a name, a value, a number or a period each."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from gnomon.domain.catalog import ColumnRef
from gnomon.domain.context import ValueMatch
from gnomon.models.grounded.cues import CUES, LONGEST_CUE, Cue
from gnomon.models.grounded.linking import MAX_SPAN, Lexicon, Link
from gnomon.models.grounded.periods import Period, find_period
from gnomon.models.grounded.words import Token, name_words, tokenize

ItemKind = Literal["cue", "name", "value", "number", "period", "quoted", "unknown"]
HARMLESS_MARKS = frozenset(",.?!:;()&\"'-")
"""Marks that only punctuate; any other, such as `=` or `/`, says something."""

SQL_WORDS = frozenset({"AVG", "SUM", "MAX", "MIN", "TOP", "AND", "NOT"})
STEERING = frozenset({"fill", "list", "and", "or"})
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


@dataclass(slots=True)
class Item:
    """A span of the question and what it may be. `role` is set once it is accounted for."""

    kind: ItemKind
    text: str
    cue: Cue | None = None
    links: tuple[Link, ...] = ()
    values: tuple[ValueMatch, ...] = ()
    number: Decimal | None = None
    period: Period | None = None
    resolved: ColumnRef | None = None
    role: str = field(default="")

    def is_cue(self, *kinds: str) -> bool:
        """Whether it is a cue of one of the kinds."""
        return self.cue is not None and self.cue.kind in kinds


def tag(question: str, lexicon: Lexicon, values: Sequence[ValueMatch], today: date) -> list[Item]:
    """Tag left to right, the longest span first; every token ends up in exactly one item."""
    tokens = tokenize(question)
    by_phrase: dict[str, list[ValueMatch]] = {}
    for match in values:
        by_phrase.setdefault(_folded(match.phrase), []).append(match)
    items: list[Item] = []
    at = 0
    while at < len(tokens):
        item, used = _longest(tokens, at, lexicon, by_phrase, today)
        if item.is_cue("yes_no") and items:
            item.cue = Cue("fill")
        items.append(item)
        at += used
    _refuse_spans(items)
    _refuse_late_requests(items)
    return items


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
) -> tuple[Item, int]:
    period = find_period(tokens, at, today)
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
    links = lexicon.links(span)
    matches = tuple(by_phrase.get(_joined(span), ()))
    if span[0].kind == "quoted" and length == 1:
        return Item("quoted", span[0].text, values=matches)
    if cue and links and _name_wins(cue, links, tokens, at + length, lexicon):
        cue = None
    if cue is not None and not (matches and length > 1 and cue.kind not in STEERING):
        return Item("cue", text, cue=cue, links=links)
    if matches and (not links or links[0].score < 0.75) and _sounds_like_value(span, matches):
        return Item("value", text, values=matches, links=links)
    if links:
        return Item("name", text, links=links, values=matches)
    return None


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
    text = re.sub("[$€£,]", "", token.text)
    if text.endswith("%"):
        return Item("unknown", token.text)
    factor = MULTIPLIERS.get(text[-1], 1)
    digits = text[:-1] if factor != 1 else text
    return Item("number", token.text, number=Decimal(digits) * factor)
