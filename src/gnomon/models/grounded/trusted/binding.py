"""Which literals a question puts into a trusted statement, or that it cannot be told.

Nothing is guessed: a `?` gets what the question says for it, and a literal gives way only where the title
names that very literal. Every value, number and period of the question is put somewhere, or nothing is bound.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from gnomon.domain.catalog import CardColumn
from gnomon.domain.query import Dialect
from gnomon.models.grounded.cues import CUES
from gnomon.models.grounded.linking import UNITS
from gnomon.models.grounded.periods import Period, find_period, floor_to, step
from gnomon.models.grounded.trusted.alignment import Alignment
from gnomon.models.grounded.trusted.statement import Held, Parameter, Statement, conjuncts, number_of
from gnomon.models.grounded.trusted.wording import Mark, Wording, tokens_of
from gnomon.models.grounded.trusted.wordlists import words
from gnomon.models.grounded.words import name_words, stem

if TYPE_CHECKING:
    from sqlglot import exp

MOST_ROWS = 10_000
OTHER_DAYS = (date(1990, 2, 3), date(2031, 11, 19))
"""Two clocks that no relative period reads alike."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A parameter, and what the question puts there.

    Args:
        values: One for each leaf; of a list all there are.
        mark: The words that say it.
    """

    parameter: Parameter
    values: tuple[str | int | Decimal | date, ...]
    mark: Mark

    @property
    def changes(self) -> bool:
        """Whether the statement gets another literal than it has."""
        return self.values != self.parameter.held


def bind(aligned: Alignment, statement: Statement) -> tuple[Bound, ...] | None:
    """What the question puts into the statement, or None where that is not certain."""
    parts = (
        _values(aligned, statement),
        _period(aligned, statement),
        _numbers(aligned, statement),
    )
    if any(part is None for part in parts):
        return None
    bound = tuple(b for part in parts if part is not None for b in part)
    filled = {id(b.parameter) for b in bound}
    if any(p.is_open and id(p) not in filled for p in statement.parameters):
        return None
    changed = [b.parameter for b in bound if b.changes]
    if changed and _denies(aligned.asked):
        return None
    if not all(_is_alone(p, statement) and (p.is_open or _gives_way(p, statement)) for p in changed):
        return None
    return bound


def _is_alone(parameter: Parameter, statement: Statement) -> bool:
    """Whether no other condition is about the same column: of a year that is set, `month = 1` may be left."""
    from sqlglot import exp

    if parameter.subject is None:
        return True
    column, leaves = parameter.subject.column.column.casefold(), {id(leaf) for leaf in parameter.leaves}
    parts = (p for where in statement.tree.find_all(exp.Where) for p in conjuncts(where.this))
    others = (p for p in parts if not any(id(node) in leaves for node in p.walk()))
    return not any(
        c.name.casefold() == column
        for part in others
        if part.find(exp.Null) is None
        for c in part.find_all(exp.Column)
    )


def _gives_way(parameter: Parameter, statement: Statement) -> bool:
    """Whether nothing else in the statement goes with its literals: no second one, no name that tells it."""
    from sqlglot import exp

    written = [n.name for n in statement.tree.find_all(exp.Literal)]
    texts = [leaf.name for leaf in parameter.leaves]
    names = [a.alias for a in statement.tree.find_all(exp.Alias)]
    told = {stem(w) for name in names for w in name_words(name)}
    replaced = {stem(w) for text in texts for w in name_words(text)}
    return all(written.count(text) == 1 for text in texts) and not told & replaced


def put(bound: Iterable[Bound], dialect: Dialect) -> None:
    """Write the values into the tree of the statement, as literals of their types."""
    for each in bound:
        if not each.changes:
            continue
        leaves = each.parameter.leaves
        if each.parameter.set_by == "values":
            holder = leaves[0].parent
            assert holder is not None
            holder.set("expressions", [_literal(v, leaves[0], dialect) for v in each.values])
            continue
        for leaf, value in zip(leaves, each.values, strict=True):
            leaf.replace(_literal(value, leaf, dialect))


def _literal(value: str | int | Decimal | date, leaf: "exp.Expr", dialect: Dialect) -> "exp.Expr":
    """A literal; a date says that it is one, unless what stands around it does or the engine has none."""
    from sqlglot import exp

    if isinstance(value, date):
        text = exp.Literal.string(value.isoformat())
        typed = isinstance(leaf.parent, exp.Cast | exp.Date | exp.TsOrDsToDate)
        return text if typed or dialect == "sqlite" else exp.cast(text, "date")
    return exp.Literal.string(value) if isinstance(value, str) else exp.Literal.number(str(value))


def _denies(wording: Wording) -> bool:
    return any(w in words("denial") for m in wording.of("word") for w in m.text.lower().split())


# -- values ---------------------------------------------------------------------------------------


def _values(aligned: Alignment, statement: Statement) -> tuple[Bound, ...] | None:
    """The values of the question, each in the one parameter of its column."""
    said, told = aligned.asked.of("value"), aligned.title.of("value")
    holes = len(aligned.title.of("hole"))
    texts = statement.texts
    columns = [p.subject.column for p in texts if p.subject is not None]
    if len(set(columns)) != len(columns) or not {m.column for m in told} <= {m.column for m in said}:
        return None
    if holes > sum(p.is_open for p in texts):
        return None
    found: list[Bound] = []
    for parameter, column in zip(texts, columns, strict=True):
        marks = [m for m in said if m.column == column]
        if not marks:
            continue
        may_set = parameter.is_open or any(m.column == column for m in told)
        if not may_set or (parameter.set_by == "value" and len(marks) != 1):
            return None
        found.append(Bound(parameter, tuple(m.value for m in marks), _joined(marks)))
    return tuple(found) if sum(len(b.values) for b in found) == len(said) else None


def _joined(marks: list[Mark]) -> Mark:
    """Values of one list as one mark."""
    first = marks[0]
    text, value = ", ".join(m.text for m in marks), ", ".join(m.value for m in marks)
    return Mark("value", "", text, column=first.column, value=value)


# -- periods --------------------------------------------------------------------------------------


def _period(aligned: Alignment, statement: Statement) -> tuple[Bound, ...] | None:
    """The period of the question in the one date that the statement restricts."""
    said, told = aligned.asked.of("period"), aligned.title.of("period")
    dated = [p for p in statement.parameters if p.is_dated]
    if len(said) > 1 or len(told) > 1 or (told and not said):
        return None
    if not said:
        # A first day may belong to the definition; a span that no word names is one that has passed.
        return () if all(p.is_open or p.set_by == "since" for p in dated) else None
    if not dated:
        return () if told and _same_period(said[0], told[0], statement) else None
    if len(dated) > 1:
        return None
    (parameter,), period = dated, said[0].period
    values = _days(parameter, period) if period is not None else None
    if parameter.is_open:
        return (Bound(parameter, values, said[0]),) if values is not None else None
    if not told or told[0].period is None:
        return None
    if _is_absolute(told[0]) and _days(parameter, told[0].period) == _plain(parameter.held):
        return (Bound(parameter, values, said[0]),) if values is not None else None
    return () if _same_period(said[0], told[0], statement) else None


def _plain(held: tuple[Held, ...]) -> tuple[Held | int, ...]:
    return tuple(int(h) if isinstance(h, Decimal) and h == int(h) else h for h in held)


def _same_period(said: Mark, told: Mark, statement: Statement) -> bool:
    """Whether the statement is about the period that is asked for without a literal that could be set.

    It is if both name the same days outright, or if both name them by the clock and so does the statement.
    """
    from sqlglot import exp

    if said.period is None or told.period is None:
        return False
    clock = statement.tree.find(exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentDatetime) is not None
    if _is_absolute(said) and _is_absolute(told):
        return not clock and (said.period.start, said.period.end) == (told.period.start, told.period.end)
    return clock and said.text.lower() == told.text.lower()


def _is_absolute(mark: Mark) -> bool:
    """Whether the words mean the same days whatever day it is."""
    tokens = tokens_of(f". {mark.text}")
    found = [find_period(tokens, 1, day) for day in OTHER_DAYS]
    first, second = ((p.start, p.end) if p is not None else None for p in found)
    return first is not None and first == second


def _days(parameter: Parameter, period: Period) -> tuple[date | int, ...] | None:
    """What a period puts into a parameter: first day and first day after, or what says just the same."""
    start, end, set_by = period.start, period.end, parameter.set_by
    if set_by == "since":
        return (start,) if start is not None and end is None else None
    if set_by == "until":
        return (_last(end, parameter),) if end is not None and start is None else None
    if start is None or end is None:
        return None
    if set_by == "range":
        return (start, _last(end, parameter))
    if set_by == "day":
        return (start,) if end - start == timedelta(days=1) else None
    if set_by == "year":
        return (start.year,) if (start, end) == (date(start.year, 1, 1), date(start.year + 1, 1, 1)) else None
    unit = parameter.subject.unit if parameter.subject is not None else ""
    if unit not in ("day", "week", "month", "quarter", "year"):
        return None
    return (start,) if floor_to(start, unit) == start and step(start, unit, 1) == end else None


def _last(end: date, parameter: Parameter) -> date:
    return end - timedelta(days=1) if parameter.closed else end


# -- numbers --------------------------------------------------------------------------------------


def _numbers(aligned: Alignment, statement: Statement) -> tuple[Bound, ...] | None:
    """The number of the question in the place of the title's."""
    wanted = [p for p in statement.parameters if p.set_by in ("number", "limit")]
    open_ones = [p for p in wanted if p.is_open]
    changed = [(a, t) for a, t in aligned.numbers if a.number != t.number]
    if not open_ones and not changed:
        return ()
    if len(aligned.numbers) != 1 or len(open_ones) > 1:
        return None
    ((said, told),) = aligned.numbers
    if said.number is None or told.number is None:
        return None
    parameter = open_ones[0] if open_ones else _holding(told.number, wanted, statement)
    if parameter is None or not _may_hold(parameter, said, told, aligned, statement):
        return None
    value = int(said.number) if said.number == int(said.number) else said.number
    return (Bound(parameter, (value,), said),)


def _holding(number: Decimal, wanted: list[Parameter], statement: Statement) -> Parameter | None:
    """The parameter that holds the title's number, if nothing else in the statement does."""
    from sqlglot import exp

    literals = [n for n in statement.tree.find_all(exp.Literal) if number_of(n.name) == number]
    holding = [p for p in wanted if p.held == (number,)]
    return holding[0] if len(literals) == len(holding) == 1 else None


def _may_hold(parameter: Parameter, said: Mark, told: Mark, aligned: Alignment, statement: Statement) -> bool:
    assert said.number is not None
    assert told.number is not None
    if parameter.set_by == "limit":
        whole = said.number == int(said.number) and 1 <= said.number <= MOST_ROWS
        return whole and statement.tree.args.get("order") is not None
    column = _card_column(parameter, statement)
    if column is None or not _compares(parameter, said, aligned.asked):
        return False
    names = {stem(w) for w in name_words(column.name)}
    if parameter.is_open and UNITS & names:
        return False  # A number of euros does not say how many cents stood there.
    said_words = {stem(w) for m in aligned.title.of("word") for w in m.text.lower().split()}
    if not names - {stem("id")} <= said_words:
        return False
    return all(_is_within(n, column) for n in (said.number, told.number))


def _card_column(parameter: Parameter, statement: Statement) -> CardColumn | None:
    if parameter.subject is None:
        return None
    ref = parameter.subject.column
    card = next((c for c in statement.cards if c.ref == ref.table), None)
    return card.column(ref.column) if card is not None else None


def _is_within(number: Decimal, column: CardColumn) -> bool:
    """Whether the column has values around it: 10 says nothing of a column of shares up to 1."""
    profile = column.profile
    low = number_of(profile.low) if profile is not None and profile.low is not None else None
    high = number_of(profile.high) if profile is not None and profile.high is not None else None
    return low is not None and high is not None and low <= number <= high


def _compares(parameter: Parameter, said: Mark, wording: Wording) -> bool:
    """Whether the words around the number compare as the statement does, or name its column."""
    at = next(i for i, m in enumerate(wording.marks) if m is said)
    before = [m.text.lower() for m in wording.marks[:at]]
    behind = [m.text.lower() for m in wording.marks[at + 1 :]]
    signs = set(_signs(before, behind))
    if signs:
        return signs == {parameter.operator}
    assert parameter.subject is not None
    names = {stem(w) for w in name_words(parameter.subject.column.column)}
    return parameter.operator == "=" and bool(before) and stem(before[-1]) in names


def _signs(before: list[str], behind: list[str]) -> Iterator[str]:
    """The comparison that ends right before a number, and the one that begins right behind it."""
    for count in range(min(6, len(before)), 0, -1):
        cue = CUES.get(tuple(" ".join(before[-count:]).split()))
        if cue is not None and cue.kind == "compare":
            yield cue.value
            break
    for count in range(min(4, len(behind)), 0, -1):
        cue = CUES.get(tuple(" ".join(behind[:count]).split()))
        if cue is not None and cue.kind == "suffix_compare":
            yield cue.value
            break
