"""What the roles of a question's items say, one by one."""

from dataclasses import dataclass, field
from typing import cast

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.attached import said_of
from gnomon.models.grounded.composer.slots import SKIP, Option, Question
from gnomon.models.grounded.draft import Draft
from gnomon.models.grounded.filters import within
from gnomon.models.grounded.reading import (
    AgainstAverage,
    Aggregate,
    Condition,
    Grouping,
    NotRead,
    Operator,
    Target,
)
from gnomon.models.grounded.schema import NO
from gnomon.models.grounded.values import spellings_of

RESTRICTING = frozenset({"=", "<>", "contains", "without"})
"""Roles of values."""


@dataclass(slots=True)
class Parts:
    """What the roles have said so far."""

    targets: list[Target] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    averages: list[AgainstAverage] = field(default_factory=list)
    groups: list[Grouping] = field(default_factory=list)
    entity: TableRef | None = None
    used: list[TableRef] = field(default_factory=list)
    absent: list[TableRef] = field(default_factory=list)
    without: list[Condition] = field(default_factory=list)
    lacking: list[Condition] = field(default_factory=list)
    ranked: tuple[bool, Target | TableRef, bool] | None = None
    """Descending, what it goes by (a table: the count of its rows), and whether only the first are wanted."""
    counted: list[TableRef] = field(default_factory=list)
    measured: list[Target] = field(default_factory=list)
    bounds: list[tuple[str, int | float]] = field(default_factory=list)
    operands: list[ColumnRef] = field(default_factory=list)
    limit: int | None = None


def place(question: Question, at: int, option: Option, parts: Parts) -> None:
    """Add what the item at a position says.

    Raises:
        NotRead: It does not fit what others say.
    """
    role, item = option.role, question.items[at]
    if role == SKIP:
        return
    head, _, tail = role.partition(":")
    if item.period is not None and role == "where" and option.column is not None:
        draft = Draft(question.schema, list(question.items), question.today)
        if any(c.column == option.column for c in parts.conditions):
            raise NotRead("Two periods exclude each other.")
        parts.conditions += within(draft, option.column, item.period)
    elif role in RESTRICTING and option.value is not None:
        _place_value(question, at, option, parts)
    elif item.number is not None and role == "limit":
        parts.limit = _one(parts.limit, int(item.number), "limit")
    elif item.number is not None and option.link is None and head in ("where", "having"):
        _place_number(question, at, option, tail, parts)
    elif option.link is not None and option.link.is_table:
        _place_table(head, tail, option.link.table, question, parts)
    elif option.ref is not None:
        _place_column(head, tail, option.ref, question, at, parts)


def _one(old: int | None, new: int, what: str) -> int:
    if old is not None:
        raise NotRead(f"Two items ask for a {what}.")
    return new


def _place_value(question: Question, at: int, option: Option, parts: Parts) -> None:
    assert option.value is not None
    item, value = question.items[at], option.value
    draft = Draft(question.schema, list(question.items), question.today)
    spellings = spellings_of(item, value) if option.role != "contains" else (value.value,)
    operator = "=" if option.role == "without" else option.role
    if operator == "=" and option.role == "without" and len(spellings) > 1:
        operator = "in"
    of = said_of(draft, at, value.column)
    condition = Condition(value.column, cast(Operator, operator), spellings, item.text, True, of)
    (parts.without if option.role == "without" else parts.conditions).append(condition)


def _place_number(question: Question, at: int, option: Option, operator: str, parts: Parts) -> None:
    number = question.items[at].number
    assert number is not None
    plain = int(number) if number == number.to_integral_value() else float(number)
    if option.column is None:
        parts.bounds.append((operator, plain))
        return
    kind = question.schema.column(option.column).column.kind
    value = str(plain) if kind == "text" and operator in ("=", "<>") else plain
    words = question.items[at].text
    parts.conditions.append(Condition(option.column, cast(Operator, operator), (value,), words, True))


def _place_table(role: str, tail: str, table: TableRef, question: Question, parts: Parts) -> None:
    if role == "use":
        parts.used.append(table)
    elif role == "count":
        parts.targets.append(Target(table, None, "count"))
    elif role == "label":
        parts.targets += [Target(table, c) for c in question.schema.label(table)]
    elif role == "group":
        if parts.entity is not None:
            raise NotRead("Two tables are grouped by.")
        parts.entity = table
    elif role == "absent":
        parts.absent.append(table)
    elif role in ("order", "top"):
        _rank(parts, tail == "desc", table, role == "top")
    elif role == "having":
        parts.counted.append(table)


def _rank(parts: Parts, descending: bool, what: Target | TableRef, first_only: bool) -> None:
    if parts.ranked is not None:
        raise NotRead("Two items ask for an order.")
    parts.ranked = (descending, what, first_only)


def _place_column(role: str, tail: str, ref: ColumnRef, question: Question, at: int, parts: Parts) -> None:
    if role == "show" and tail == "count" and question.schema.is_flag(ref):
        raise NotRead(f"{ref} says yes or no, which nobody counts.")
    if role == "show":
        parts.targets += [_target(ref, aggregate) for aggregate in _aggregates(question, at, tail)]
    elif role == "group":
        parts.groups.append(Grouping(ref))
    elif role == "most":
        parts.groups.append(Grouping(ref))
        _rank(parts, tail == "desc", Target(_counted_for(ref, question, parts), None, "count"), True)
    elif role in ("order", "top"):
        way, _, aggregate = tail.partition(":")
        _rank(parts, way == "desc", _target(ref, aggregate), role == "top")
    elif role == "having":
        parts.measured.append(_target(ref, tail))
    elif role in ("above_avg", "below_avg"):
        parts.averages.append(AgainstAverage(ref, ">" if role == "above_avg" else "<"))
    elif role == "where":
        parts.operands.append(ref)
    else:
        operator = {"known": "not null", "absent": "null"}.get(role, role)
        if operator == "null" and _says_no(question, ref):
            raise NotRead(f"{ref} says no in words of its own.")
        parts.conditions.append(Condition(ref, cast(Operator, operator), (), question.items[at].text, True))


def _says_no(question: Question, ref: ColumnRef) -> bool:
    """Whether a column has a value for `no`, so that a missing one is something else."""
    profile = question.schema.column(ref).profile
    return profile is not None and any(v.casefold() in NO - {"0"} for v, _ in profile.top)


def _counted_for(ref: ColumnRef, question: Question, parts: Parts) -> TableRef:
    """`the most common genre of tracks`: the rows of a table in use that refer to the column's own."""
    below = [t for t in parts.used if t != ref.table and question.schema.paths(t, ref.table, many=False)]
    return below[0] if len(below) == 1 else ref.table


def _target(ref: ColumnRef, aggregate: str) -> Target:
    if not aggregate:
        return Target(ref.table, ref.column)
    return Target(ref.table, ref.column, cast(Aggregate, aggregate), distinct=aggregate == "count")


def _aggregates(question: Question, at: int, tail: str) -> list[str]:
    """What a column is shown as: itself, one aggregate, or each that stands before it."""
    if tail != "each":
        return [tail]
    found: list[str] = []
    for item in reversed(question.items[:at]):
        if item.cue is not None and item.cue.kind == "agg":
            found.insert(0, item.cue.value)
        elif item.cue is None or item.cue.kind not in ("fill", "and"):
            break
    if len(found) < 2:
        raise NotRead("There are no two aggregates before it.")
    return found
