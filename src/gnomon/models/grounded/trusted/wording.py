"""A question, or the title of a trusted query, as the words and slots that must agree.

Two texts ask the same if their marks are the same in the same order. Marks are lemmas, and the steering words
that `cues.txt` holds to be one (`how many` and `number of`). Only what `words.txt` lists is passed over:
a word that says nothing in one question may restrict another.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Literal

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.cues import CUES
from gnomon.models.grounded.periods import MONTHS, Period, find_period
from gnomon.models.grounded.tagging import HARMLESS_MARKS, NUMBER_WORDS, SQL_WORDS
from gnomon.models.grounded.trusted.wordlists import phrases, words
from gnomon.models.grounded.words import Token, tokenize

MAX_TOKENS = 80
HOLE = "…"
"""Stands in a title where the usage layer took out a literal of the query (docs/usage.md)."""

SAID = "said"
"""Begins the key of a phrase that only its own words can stand for, as `at least`: its parts say less."""

LOOSE = frozenset({"fill", "list", "and", "yes_no", "all", "each", "group"})
ISO_MONTH = re.compile(r"\b(\d{4})-(0[1-9]|1[0-2])\b(?!-)")
MONTH_NAMES = {number: name for name, number in reversed(MONTHS.items())}

MarkKind = Literal["word", "steer", "number", "period", "value", "hole"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A word, a steering phrase, or a slot: a number, period, value, or hole of a title.

    Args:
        key: What must be the same on both sides; of a slot its kind alone.
        text: As written.
        column: The column that holds the value.
        value: The value, as stored.
    """

    kind: MarkKind
    key: str
    text: str
    number: Decimal | None = None
    period: Period | None = None
    column: ColumnRef | None = None
    value: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens `first` to `last` (excluded) that stand for a value of a column.

    Args:
        named: Whether they name the column too.
    """

    first: int
    last: int
    column: ColumnRef
    value: str
    named: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """The marks of a text in their order. `lists` is True if it asks for rows, not for a figure."""

    marks: tuple[Mark, ...]
    lists: bool = False

    def of(self, *kinds: MarkKind) -> tuple[Mark, ...]:
        """The marks of these kinds."""
        return tuple(m for m in self.marks if m.kind in kinds)


def tokens_of(text: str) -> tuple[Token, ...]:
    """The tokens of a text in which `2025-03` is a month."""
    return tokenize(ISO_MONTH.sub(lambda m: f"{MONTH_NAMES[int(m[2])].title()} {m[1]}", text))


def read_wording(tokens: Sequence[Token], today: date, spans: Sequence[Span] = ()) -> Wording | None:
    """The marks of a text, or None if it is too long, or joins numbers by a dash.

    Args:
        spans: Values, none over another.
    """
    if len(tokens) > MAX_TOKENS or _joins_numbers(tokens):
        return None
    at, lists = _behind_leads(tokens)
    marks: list[Mark] = []
    begun = at > 0
    starts = {span.first: span for span in spans}
    while at < len(tokens):
        mark, used = _mark(tokens, at, today, starts, begun)
        marks += [mark] if mark is not None else []
        begun, at = True, at + used
    return Wording(tuple(marks), lists)


def find_spans(tokens: Sequence[Token], phrase: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Where the tokens of a phrase stand, compared without case."""
    wanted = [t.lower for t in phrase]
    joined = " ".join(wanted)
    for at, token in enumerate(tokens):
        if token.kind == "quoted" and token.lower == joined:
            yield at, at + 1
        elif wanted and [t.lower for t in tokens[at : at + len(wanted)]] == wanted:
            yield at, at + len(wanted)


def _joins_numbers(tokens: Sequence[Token]) -> bool:
    """`2024-2025` is a range, which is not read here."""
    return any("-" in (a.text, b.text) and "number" in (a.kind, b.kind) for a, b in pairwise(tokens))


def _behind_leads(tokens: Sequence[Token]) -> tuple[int, bool]:
    at, lists = 0, False
    while True:
        lead = _phrase(tokens, at, "row-lead") or _phrase(tokens, at, "lead")
        if not lead:
            return at, lists
        lists = lists or lead in phrases("row-lead")
        at += len(lead)


def _phrase(tokens: Sequence[Token], at: int, kind: str) -> tuple[str, ...]:
    """The longest phrase of a kind that begins at a token, or none."""
    found = (p for p in phrases(kind) if tuple(t.lower for t in tokens[at : at + len(p)]) == p)
    return max(found, key=len, default=())


def _mark(
    tokens: Sequence[Token], at: int, today: date, starts: dict[int, Span], begun: bool
) -> tuple[Mark | None, int]:
    """The mark that begins at a token, or None for one that says nothing, and how many tokens it takes."""
    if at in starts:
        span = starts[at]
        text = " ".join(t.text for t in tokens[span.first : span.last])
        return Mark("value", "", text, column=span.column, value=span.value), span.last - span.first
    room = min((first - at for first in starts if first > at), default=len(tokens) - at)
    period = find_period(tokens[: at + room], at, today)
    if period is not None:
        return Mark("period", "", period.label, period=period), period.tokens
    steering = _steering(tokens, at, room)
    if steering is not None:
        return steering
    aside = _phrase(tokens[: at + room], at, "aside") if begun else ()
    return (None, len(aside)) if aside else (_single(tokens, at, begun), 1)


def _steering(tokens: Sequence[Token], at: int, room: int) -> tuple[Mark, int] | None:
    """The longest phrase that steers the question, and how many tokens it takes."""
    if _is_code(tokens, at):
        return None
    for length in range(min(room, _longest()), 0, -1):
        part = tokens[at : at + length]
        key = _steers().get(tuple(t.lower for t in part))
        if key and all(t.kind != "quoted" for t in part):
            kind: MarkKind = "word" if key.startswith(SAID) else "steer"
            return Mark(kind, key, " ".join(t.text for t in part)), length
    return None


def _single(tokens: Sequence[Token], at: int, begun: bool) -> Mark | None:
    token = tokens[at]
    if token.text == HOLE:
        return Mark("hole", "", HOLE)
    number = _number(token)
    if number is not None:
        return Mark("number", "", token.text, number=number)
    if token.kind == "mark" and token.text in HARMLESS_MARKS and token.text != "&":
        return None
    silent = token.kind == "word" and token.lower in words("silent") and not _is_code(tokens, at)
    if silent and (begun or token.lower not in words("yes-or-no")):
        return None
    return Mark("word", token.lemma if token.kind == "word" else f"{token.kind} {token.text}", token.text)


def _number(token: Token) -> Decimal | None:
    """A plain number; one with a sign, a unit or a multiplier stays a word, so it must be the same."""
    if token.kind == "word" and token.lower in NUMBER_WORDS and token.lower != "one":
        return Decimal(NUMBER_WORDS[token.lower])
    digits = token.text.replace(",", "")
    plain = token.kind == "number" and digits.replace(".", "", 1).isdecimal()
    return Decimal(digits) if plain and digits.isascii() else None


def _is_code(tokens: Sequence[Token], at: int) -> bool:
    """`US` or a grade `A` in capitals is a code, unless all of the text is in capitals."""
    text = tokens[at].text
    shouted = all(t.text.isupper() for t in tokens if t.kind == "word")
    return (
        text.isupper()
        and not shouted
        and len(text) <= 3
        and text not in SQL_WORDS
        and (at > 0 or len(text) > 1)
    )


@cache
def _steers() -> dict[tuple[str, ...], str]:
    """Steering phrases to what they steer; phrases of one key may stand for each other."""
    found: dict[tuple[str, ...], str] = {}
    for phrase, cue in CUES.items():
        if phrase in phrases("unsteering") or "which" in phrase:
            continue
        if cue.kind in ("count", "agg", "distinct"):
            found[phrase] = f"{cue.kind}:{cue.value}"
        elif cue.kind in ("each", "group") and "different" not in phrase:
            found[phrase] = "group"
        elif cue.kind == "time_group":
            found[phrase] = f"grain:{cue.value}"
        elif len(phrase) > 1 and cue.kind not in LOOSE and set(phrase) - words("silent") != {"not"}:
            found[phrase] = f"{SAID} {' '.join(phrase)}"
    return found


@cache
def _longest() -> int:
    return max(map(len, _steers()))
