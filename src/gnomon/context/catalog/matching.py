"""Which words of a question are values of which columns.

Longest words first: "New York" is one value, not a new one of York. A word that stands in a longer match is
not matched again.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gnomon.context.catalog.folding import Word, edit_distance, fold, stem_phrase, words_of
from gnomon.context.catalog.values import MAX_FUZZY_CHARS, Stored, ValueIndex
from gnomon.domain.context import MatchKind, ValueMatch
from gnomon.models.minilm.wordpiece import read_vocabulary
from gnomon.search.tokens import STOP_WORDS

MAX_WORDS = 6
"""Values of more words are matched only when quoted."""

MAX_QUESTION_WORDS = 200
MAX_COLUMNS = 10
"""Columns named for one phrase: past that, the value says nothing about which column is meant."""

MIN_FUZZY_CHARS = 5
_MAX_FUZZY_LOOKUPS = 12
_FUZZY_WORDS = 3
_NAME_WORDS = 3
"""Words of a quoted name that may stand in columns of their own."""

_SCORES: Mapping[MatchKind, float] = {"exact": 1.0, "folded": 0.95, "stemmed": 0.85, "fuzzy": 0.8}
_IDENTIFIER_FACTOR = 0.5
_RANK: Mapping[MatchKind, int] = {"exact": 0, "folded": 1, "stemmed": 2, "fuzzy": 3}
_QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|«([^»]+)»|`([^`]+)`|(?<!\w)[\'‘](.+?)[\'’](?!\w)')
_CODE_DIGITS = 5
"""A bare number this long is a code or a quantity; a shorter one is a year, a count or a limit."""


@dataclass(frozen=True, slots=True)
class _Span:
    """A run of words of the question: word positions (`last` excluded) and spellings."""

    first: int
    last: int
    phrase: str
    folded: str
    stem: str
    quoted: bool = False

    def overlaps(self, other: "_Span") -> bool:
        return self.first < other.last and other.first < self.last


def match_values(
    question: str, index: ValueIndex, identifiers: frozenset[str], limit: int
) -> tuple[ValueMatch, ...]:
    """Values that the question names, in the order they stand in it, the best column first.

    Args:
        identifiers: Stems of the words that tables and columns are named by; a value that reads the same
            scores half.
        limit: Matches returned at most.
    """
    words = words_of(question)[:MAX_QUESTION_WORDS]
    quoted = _quoted_spans(question, words)
    whole = [q for q in quoted if q.last - q.first <= MAX_WORDS]
    plain = [s for s in _spans(question, words) if _may_match(s) and not any(map(s.overlaps, whole))]
    taken = _take([*quoted, *plain], _by_spelling([*quoted, *plain], index))
    rest = _fuzzy_spans(question, words, [*whole, *(span for span, _ in taken)])
    unfound = [q for q in quoted if not any(q is span for span, _ in taken)]
    taken += _take([*unfound, *rest], {id(s): _resembling(s, index) for s in [*unfound, *rest]})
    unfound = [q for q in unfound if not any(q is span for span, _ in taken)]
    taken += [named for q in unfound for named in _names_in(question, words, q, index)]
    ordered = sorted(taken, key=lambda pair: pair[0].first)
    matches = [m for span, stored in ordered for m in _to_matches(span, stored, identifiers)]
    return tuple(_best(matches, limit))


def _quoted_spans(question: str, words: Sequence[Word]) -> list[_Span]:
    spans = []
    for found in _QUOTED.finditer(question):
        inner = next(filter(None, found.groups()))
        inside = [i for i, w in enumerate(words) if found.start() < w.start and w.end < found.end()]
        folded = fold(inner)
        if not folded:
            continue
        first = inside[0] if inside else sum(w.end <= found.start() for w in words)
        last = inside[-1] + 1 if inside else first
        spans.append(_Span(first, last, inner, folded, stem_phrase(folded), quoted=True))
    return spans


def _spans(question: str, words: Sequence[Word]) -> Iterator[_Span]:
    for size in range(min(MAX_WORDS, len(words)), 0, -1):
        for first in range(len(words) - size + 1):
            yield _span(question, words, first, first + size)


def _span(question: str, words: Sequence[Word], first: int, last: int) -> _Span:
    part = words[first:last]
    phrase = question[part[0].start : part[-1].end]
    return _Span(first, last, phrase, " ".join(w.folded for w in part), " ".join(w.stem for w in part))


def _names_in(
    question: str, words: Sequence[Word], quoted: _Span, index: ValueIndex
) -> list[tuple[_Span, list[tuple[MatchKind, Stored]]]]:
    """A quoted full name as a given name and a family name, where one table has a column for each."""
    spans = [_span(question, words, at, at + 1) for at in range(quoted.first, quoted.last)]
    if not 2 <= len(spans) <= _NAME_WORDS:
        return []
    found = _by_spelling(spans, index)
    parts = [[(k, v) for k, v in found[id(s)] if v.column.column.casefold().endswith("name")] for s in spans]
    tables = set.intersection(*({v.column.table for _, v in part} for part in parts))
    kept = [[(k, v) for k, v in part if v.column.table in tables] for part in parts]
    several = {v.column for part in kept for _, v in part}
    return list(zip(spans, kept, strict=True)) if tables and len(several) > 1 else []


def _may_match(span: _Span) -> bool:
    parts = span.folded.split(" ")
    if all(part in STOP_WORDS for part in parts):
        # "OR" and "IN" are states, "or" and "in" are not; the first word of a sentence is always capital.
        # Tied by a hyphen, as in "no-show", such words are one of their own.
        coded = span.phrase.isupper() and span.phrase != "I" and span.first > 0
        return coded or "-" in span.phrase
    if all(part.isdecimal() for part in parts):
        return len(parts) > 1 or len(span.folded) >= _CODE_DIGITS or span.folded.startswith("0")
    return True


def _by_spelling(spans: Sequence[_Span], index: ValueIndex) -> dict[int, list[tuple[MatchKind, Stored]]]:
    found = index.spelled([s.folded for s in spans], [s.stem for s in spans])
    by_folded: dict[str, list[Stored]] = {}
    by_stem: dict[str, list[Stored]] = {}
    for stored in dict.fromkeys(found):
        by_folded.setdefault(stored.folded, []).append(stored)
        by_stem.setdefault(stored.stem, []).append(stored)
    return {id(s): _spelled(s, by_folded, by_stem) for s in spans}


def _spelled(
    span: _Span, by_folded: Mapping[str, list[Stored]], by_stem: Mapping[str, list[Stored]]
) -> list[tuple[MatchKind, Stored]]:
    same = by_folded.get(span.folded, [])
    plain: list[tuple[MatchKind, Stored]] = [
        ("exact" if v.value == span.phrase else "folded", v) for v in same
    ]
    if span.folded in STOP_WORDS and not span.quoted:
        # "US" is a code where a column holds it so; then that column's "us" is another spelling of it.
        coded = {v.column for kind, v in plain if kind == "exact"}
        return [(kind, v) for kind, v in plain if v.column in coded]
    return plain or [("stemmed", v) for v in by_stem.get(span.stem, [])]


def _resembling(span: _Span, index: ValueIndex) -> list[tuple[MatchKind, Stored]]:
    if not MIN_FUZZY_CHARS <= len(span.folded) <= MAX_FUZZY_CHARS:
        return []
    found = index.resembling(span.folded, _fuzzy_distance(span.folded))
    return [("fuzzy", v) for v in found if _letters_of_digits_agree(span.folded, v.folded)]


def _fuzzy_distance(folded: str) -> int:
    return 1 if len(folded) < 9 else 2


def _letters_of_digits_agree(a: str, b: str) -> bool:
    """`model 31` and `model 32` are two things, not one with a slip of the pen."""
    return [c for c in a if c.isdigit()] == [c for c in b if c.isdigit()]


def _fuzzy_spans(question: str, words: Sequence[Word], taken: Iterable[_Span]) -> list[_Span]:
    covered = {i for span in taken for i in range(span.first, span.last)}
    odd = [i for i, w in enumerate(words) if i not in covered and _is_odd(w.folded)]
    spans: list[_Span] = []
    for size in range(min(_FUZZY_WORDS, len(words)), 0, -1):
        for first in range(len(words) - size + 1):
            inside = range(first, first + size)
            edges = {words[first].folded, words[first + size - 1].folded}
            if any(i in odd for i in inside) and not covered.intersection(inside) and not edges & STOP_WORDS:
                spans.append(_span(question, words, first, first + size))
    return spans[: _MAX_FUZZY_LOOKUPS * _FUZZY_WORDS]


def _is_odd(folded: str) -> bool:
    """A word that may be misspelt: long enough, letters only, and not an English word."""
    return len(folded) >= MIN_FUZZY_CHARS and folded.isalpha() and folded not in read_vocabulary()


def _take(
    spans: Sequence[_Span], found: Mapping[int, list[tuple[MatchKind, Stored]]]
) -> list[tuple[_Span, list[tuple[MatchKind, Stored]]]]:
    """The spans that matched, longest first, none over another."""
    taken: list[tuple[_Span, list[tuple[MatchKind, Stored]]]] = []
    for span in sorted(spans, key=lambda s: (not s.quoted, s.first - s.last, s.first)):
        if found[id(span)] and not any(span.overlaps(other) for other, _ in taken):
            taken.append((span, found[id(span)]))
    return taken


def _to_matches(
    span: _Span, found: Sequence[tuple[MatchKind, Stored]], identifiers: frozenset[str]
) -> list[ValueMatch]:
    named = not span.quoted and all(part in identifiers for part in span.stem.split(" "))
    factor = _IDENTIFIER_FACTOR if named else 1.0
    matches = [
        ValueMatch(span.phrase, v.column, v.value, kind, v.rows, factor * _score(span, kind, v))
        for kind, v in found
    ]
    return sorted(matches, key=lambda m: (-m.score, _RANK[m.kind], -m.rows, str(m.column), m.value))[
        :MAX_COLUMNS
    ]


def _score(span: _Span, kind: MatchKind, value: Stored) -> float:
    if kind != "fuzzy":
        return _SCORES[kind]
    return round(_SCORES[kind] - 0.1 * edit_distance(span.folded, value.folded, 2), 2)


def _best(matches: Sequence[ValueMatch], limit: int) -> list[ValueMatch]:
    """At most `limit` matches in the question's order: every phrase keeps its best before any its second."""
    turn: dict[str, int] = {}
    order = []
    for position, match in enumerate(matches):
        turn[match.phrase] = turn.get(match.phrase, 0) + 1
        order.append((turn[match.phrase], position))
    kept = {position for _, position in sorted(order)[:limit]}
    return [m for i, m in enumerate(matches) if i in kept]
