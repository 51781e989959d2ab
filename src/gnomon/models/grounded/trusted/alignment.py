"""Whether a question and the title of a trusted query say the same, word for word and slot for slot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.context import Context, ValueMatch
from gnomon.models.grounded.trusted.statement import Statement
from gnomon.models.grounded.trusted.wording import Mark, Span, Wording, find_spans, tokens_of
from gnomon.models.grounded.words import Token, name_words

SAME_AS_STORED = ("exact", "folded")
"""How a word must match a value: a stem or a misspelling may be another word."""

PLAIN_VALUE = 0.9
"""A match below this score reads like a name of a column too."""

BETWEEN_VALUES = frozenset({"and", "or", ",", "the"})

MAX_VALUES = 4
"""Values that one question may set."""

UNSAID = ("count:", "agg:sum")
"""What a title may leave unsaid and a question say, if the statement computes just that."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """Two texts that say the same.

    Args:
        reworded: Steering phrases that are spelt in two ways, as positions in the marks of the question.
        added: Position of the steering phrase that the title leaves unsaid, or None.
        numbers: Numbers that stand in the same place: of the question, of the title.
    """

    asked: Wording
    title: Wording
    reworded: tuple[int, ...] = ()
    added: int | None = None
    numbers: tuple[tuple[Mark, Mark], ...] = ()


def align(asked: Wording, title: Wording) -> Alignment | None:
    """The agreement of a question with a title; None with a word more or less: that is another question."""
    if asked.of("hole"):
        return None
    ours, theirs = _kept(asked), _kept(title)
    if _keys(ours) == _keys(theirs):
        return _aligned(asked, title, ours, theirs, None)
    for at, (position, mark) in enumerate(ours):
        rest = [*ours[:at], *ours[at + 1 :]]
        if mark.kind == "steer" and mark.key.startswith(UNSAID) and _keys(rest) == _keys(theirs):
            return _aligned(asked, title, rest, theirs, position)
    return None


def _kept(wording: Wording) -> list[tuple[int, Mark]]:
    """What must stand in the same order on both sides; periods, values and holes may stand anywhere."""
    return [(i, m) for i, m in enumerate(wording.marks) if m.kind in ("word", "steer", "number")]


def _keys(marks: Sequence[tuple[int, Mark]]) -> list[tuple[str, str]]:
    return [(m.kind, m.key) for _, m in marks]


def _aligned(
    asked: Wording,
    title: Wording,
    ours: Sequence[tuple[int, Mark]],
    theirs: Sequence[tuple[int, Mark]],
    added: int | None,
) -> Alignment:
    pairs = list(zip(ours, theirs, strict=True))
    reworded = tuple(i for (i, a), (_, t) in pairs if a.kind == "steer" and a.text.lower() != t.text.lower())
    numbers = tuple((a, t) for (_, a), (_, t) in pairs if a.kind == "number")
    return Alignment(asked, title, reworded, added, numbers)


def title_spans(tokens: Sequence[Token], statement: Statement) -> list[Span]:
    """Where a title names a text that its statement compares with: what another question may put there."""
    found = [
        Span(first, last, parameter.subject.column, held)
        for parameter in statement.parameters
        if parameter.set_by == "value" and parameter.subject is not None
        for held in parameter.held
        if isinstance(held, str)
        for first, last in find_spans(tokens, tokens_of(held))
    ]
    return [] if _overlap(found) else found


def question_spans(
    tokens: Sequence[Token], statement: Statement, context: Context, title: Sequence[Span], holes: int
) -> Iterator[tuple[Span, ...]]:
    """The ways in which words of a question stand for values of the statement's parameters.

    Args:
        title: What the title names.
        holes: How many values were taken out of the title.
    """
    named = {s.column for s in title}
    texts = [p for p in statement.texts if p.is_open or (p.subject is not None and p.subject.column in named)]
    ways: list[list[Span]] = []
    for parameter in texts:
        assert parameter.subject is not None
        column = parameter.subject.column
        is_told = column in named or (holes > 0 and len(texts) == 1)
        for value, spans in _found(tokens, column, context, title).items():
            if len(spans) != 1:
                return
            ways.append(_readings(tokens, spans[0], column, value, is_told, statement, context))
    if len(ways) > MAX_VALUES:
        return
    lists = {p.subject.column for p in texts if p.set_by == "values" and p.subject is not None}
    for way in product(*ways):
        if not _overlap(way):
            yield _listed(tokens, way, lists)


def _listed(tokens: Sequence[Token], way: Sequence[Span], lists: set[ColumnRef]) -> tuple[Span, ...]:
    """The values with the words between those of one list: `web or app`."""
    spans = sorted(way, key=lambda s: s.first)
    for at, (one, other) in enumerate(pairwise(spans)):
        between = {t.lower for t in tokens[one.last : other.first]}
        if one.column == other.column and other.column in lists and between <= BETWEEN_VALUES:
            spans[at + 1] = replace(other, first=one.last)
    return tuple(spans)


def _found(
    tokens: Sequence[Token], column: ColumnRef, context: Context, title: Sequence[Span]
) -> dict[str, list[tuple[int, int]]]:
    """Values of the column and where the question names them."""
    matches = [m for m in context.values if m.column == column and m.kind in SAME_AS_STORED]
    named = {(m.value, m.phrase) for m in matches} | {(s.value, s.value) for s in title if s.column == column}
    found: dict[str, list[tuple[int, int]]] = {}
    for value, phrase in sorted(named):
        known = found.setdefault(value, [])
        known += [s for s in find_spans(tokens, tokens_of(phrase)) if s not in known]
    return {value: spans for value, spans in found.items() if spans}


def _readings(
    tokens: Sequence[Token],
    span: tuple[int, int],
    column: ColumnRef,
    value: str,
    is_told: bool,
    statement: Statement,
    context: Context,
) -> list[Span]:
    """The value together with the name of its column; alone only if no other column can be meant."""
    first, last = span
    if not is_told and _has_two_parts(column.table, statement, context):
        return []
    readings = [
        Span(start, end, column, value, named=True)
        for start, end in (
            (_named_before(tokens, first, column), last),
            (first, _named_behind(tokens, last, column)),
        )
        if end - start > last - first
    ]
    rivals = [m for m in context.values if tokens_of(m.phrase) and _same(m, tokens[first:last])]
    own = [m for m in rivals if m.column == column]
    plain = all(m.score >= PLAIN_VALUE for m in own)
    if is_told or (plain and not _is_torn(rivals, column, statement, context)):
        readings.append(Span(first, last, column, value))
    return readings


def _same(match: ValueMatch, span: Sequence[Token]) -> bool:
    return any(True for _ in find_spans(span, tokens_of(match.phrase)))


def _is_torn(rivals: Sequence[ValueMatch], column: ColumnRef, statement: Statement, context: Context) -> bool:
    """Whether a table that the statement reads, or could be joined to, holds the value in another column."""
    near = _near({card.ref for card in statement.cards}, context)
    return any(m.column != column and m.column.table in near for m in rivals)


def _has_two_parts(table: TableRef, statement: Statement, context: Context) -> bool:
    """Whether a table that is read is joined to this one in two ways: a voyage has a port at either end."""
    read = {card.ref for card in statement.cards}
    joins = {j for card in context.cards for j in card.joins if j.parent == table and j.child in read}
    ways = {(j.child, j.child_columns) for j in joins}
    return len(ways) > len({child for child, _ in ways})


def _near(tables: set[TableRef], context: Context) -> set[TableRef]:
    """The tables and those up to two joins away."""
    near = set(tables)
    joins = [join for card in context.cards for join in card.joins]
    for _ in range(2):
        near |= {t for j in joins if {j.child, j.parent} & near for t in (j.child, j.parent)}
    return near


def _named_before(tokens: Sequence[Token], first: int, column: ColumnRef) -> int:
    """Where the words of the column begin that stand right before, as in `channel = web`."""
    end = first - 1 if first > 0 and tokens[first - 1].text in ("=", ":", "is", "are") else first
    words = name_words(column.column)
    for count in range(len(words), 0, -1):
        if count <= end and tuple(t.lemma for t in tokens[end - count : end]) == words[-count:]:
            return _led(tokens, end - count)
    return first


def _led(tokens: Sequence[Token], first: int) -> int:
    """Where a condition begins that is told as one: `with the status`, `where status`."""
    at = first - 1 if first > 0 and tokens[first - 1].lower == "the" else first
    return at - 1 if at > 0 and tokens[at - 1].lower in ("with", "where", "whose") else first


def _named_behind(tokens: Sequence[Token], last: int, column: ColumnRef) -> int:
    words = name_words(column.column)
    for count in range(len(words), 0, -1):
        if tuple(t.lemma for t in tokens[last : last + count]) == words[-count:]:
            return last + count
    return last


def _overlap(spans: Sequence[Span]) -> bool:
    ordered = sorted(spans, key=lambda s: s.first)
    return any(a.last > b.first for a, b in pairwise(ordered))
