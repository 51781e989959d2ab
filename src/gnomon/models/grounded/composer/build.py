"""Make a reading of the roles that a question's items play."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.composer.parts import RESTRICTING, Parts, place
from gnomon.models.grounded.composer.restated import EVERYTHING
from gnomon.models.grounded.composer.slots import Option, Question
from gnomon.models.grounded.reading import (
    Condition,
    Grouping,
    Linked,
    NotRead,
    Operator,
    Ordering,
    Reading,
    SetTest,
    Target,
)
from gnomon.models.grounded.words import name_words, root

AGGREGATED = frozenset({"show:min", "show:max", "show:avg", "show:sum"})

Variant = Literal["and", "or", "both", "spread"]
"""How several conditions go together: all of one row, any of them, or each of some row of the same thing.
With `spread` an aggregate is one of every column in the series behind it, as in `maximum price and score`."""


def variants(question: Question, chosen: Mapping[int, Option]) -> tuple[Variant, ...]:
    """How the conditions of these roles may go together."""
    restricting = [at for at, o in chosen.items() if o.role in RESTRICTING or o.role.startswith("where:")]
    found: list[Variant] = ["and"]
    if len(restricting) > 1:
        between = question.items[min(restricting) : max(restricting)]
        if any(i.is_cue("or") for i in between):
            found.append("or")
        same = [chosen[at].ref for at in restricting]
        if len(set(same)) < len(same):
            found.append("both")
    if _spread(question, chosen) != chosen:
        found.append("spread")
    return tuple(found)


def _spread(question: Question, chosen: Mapping[int, Option]) -> Mapping[int, Option]:
    """The roles where plain columns that follow an aggregated one are aggregated as it is."""
    spread = dict(chosen)
    role, last = "", -1
    for at in sorted(chosen):
        option = chosen[at]
        between = question.items[last + 1 : at]
        series = bool(between) and all(i.is_cue("and", "fill") for i in between)
        if option.role in AGGREGATED:
            role = option.role
        elif (
            role
            and series
            and option.role == "show"
            and option.ref
            and question.schema.is_numeric(option.ref)
        ):
            spread[at] = replace(option, role=role)
        else:
            role = ""
        last = at
    return spread


def build(question: Question, chosen: Mapping[int, Option], variant: Variant = "and") -> Reading:
    """The reading that the chosen roles make.

    Raises:
        NotRead: The roles do not fit together.
    """
    if variant == "spread":
        chosen = _spread(question, chosen)
    parts = Parts()
    for at in sorted(chosen, key=lambda a: (chosen[a].role != "use", a)):
        place(question, at, chosen[at], parts)
    _check_operands(parts)
    together: list[Condition] = []
    if variant == "both":
        columns = [c.column for c in parts.conditions]
        together = [c for c in parts.conditions if columns.count(c.column) > 1]
        parts.conditions = [c for c in parts.conditions if c not in together]
    else:
        _merge_values(question, parts)
    reading = _Making(question, parts).reading(chosen)
    tests = tuple(SetTest(c, False) for c in together) + tuple(SetTest(c, True) for c in parts.lacking)
    either: tuple[Condition, ...] = ()
    if variant == "or":
        either = reading.conditions
        if len(either) < 2:
            raise NotRead("There are no two conditions to choose from.")
    return replace(reading, conditions=() if either else reading.conditions, either=either, tests=tests)


def _merge_values(question: Question, parts: Parts) -> None:
    """Values of one column are alternatives: one row holds one of them."""
    merged: dict[tuple[ColumnRef, str, TableRef | None], Condition] = {}
    rest = []
    for condition in parts.conditions:
        if condition.operator not in ("=", "<>") or not condition.values:
            rest.append(condition)
            continue
        key = (condition.column, condition.operator, condition.of)
        before = merged.get(key)
        values = (*(before.values if before else ()), *condition.values)
        words = f"{before.words} {condition.words}" if before else condition.words
        merged[key] = replace(condition, values=tuple(dict.fromkeys(values)), words=words, named=True)
    for condition in merged.values():
        several = len(condition.values) > 1
        operator: Operator = condition.operator
        if several:
            operator = "in" if condition.operator == "=" else "not in"
        rest.append(replace(condition, operator=operator, named=True))
    parts.conditions = rest


def _check_operands(parts: Parts) -> None:
    """A column that is said to be restricted has something that restricts it."""
    restricted = {c.column for c in (*parts.conditions, *parts.without)} | {a.column for a in parts.averages}
    loose = [c for c in parts.operands if c not in restricted]
    if loose:
        raise NotRead(f"Nothing restricts {loose[0]}.")
    if len(parts.counted) + len(parts.measured) != len(parts.bounds):
        raise NotRead("A number of rows is asked for without a number, or the other way round.")


class _Making:
    """A reading in the making: the parts put together."""

    def __init__(self, question: Question, parts: Parts) -> None:
        self.question, self.parts = question, parts
        if not parts.targets and not parts.groups and parts.entity is None:
            parts.targets += _implied_targets(question, parts)
        self.targets = list(parts.targets)
        self.groups = list(parts.groups)
        self.plain = [t for t in self.targets if t.aggregate is None]
        if self.plain and len(self.plain) < len(self.targets):
            self._group_by_plain()
            self.plain = []
        self.base = _base(parts, self.targets, self.groups)
        self.linked = [Linked(t, "not exists") for t in parts.absent]
        self.conditions = list(parts.conditions)
        self.order: Ordering | None = None
        self.limit = parts.limit
        self.having: tuple[Target, str, int | float] | None = None

    def reading(self, chosen: Mapping[int, Option]) -> Reading:
        """The reading.

        Raises:
            NotRead: A number of rows is wanted of what is not ranked.
        """
        self._absent_values()
        self._rank()
        self._bound()
        self._use()
        return Reading(
            base=self.base,
            targets=tuple(dict.fromkeys(self.targets)),
            conditions=tuple(self.conditions),
            against_average=tuple(self.parts.averages),
            linked=tuple(self.linked),
            groups=tuple(dict.fromkeys(self.groups)),
            group_by_entity=self.parts.entity,
            order=self.order,
            limit=self.limit,
            having=self.having,
            distinct=any(i.is_cue("distinct") for i in self.question.items),
            cautious=False,
            said=frozenset(root(w) for i in self.question.items for w in name_words(i.text)),
            mentioned=tuple(dict.fromkeys(o.link.table for o in chosen.values() if o.link is not None)),
        )

    def _group_by_plain(self) -> None:
        """Columns that are listed beside something computed are what it is computed for."""
        self.groups += [Grouping(t.ref) for t in self.targets if t.aggregate is None and t.ref is not None]
        self.targets = [t for t in self.targets if t.aggregate is not None]

    def _grouped(self) -> bool:
        return bool(self.groups) or self.parts.entity is not None

    def _absent_values(self) -> None:
        for condition in self.parts.without:
            if condition.column.table == self.base:
                self.parts.lacking.append(condition)
                continue
            self.conditions.append(condition)
            if not any(k.table == condition.column.table for k in self.linked):
                self.linked.append(Linked(condition.column.table, "not exists"))

    def _rank(self) -> None:
        if self.parts.ranked is None:
            if self.limit is not None:
                raise NotRead("A limit without a ranking.")
            return
        descending, what, first_only = self.parts.ranked
        if self.limit is not None and not first_only:
            raise NotRead("A limit without a ranking.")
        if isinstance(what, TableRef):
            self._rank_by_rows(what, descending)
        else:
            self._rank_by(what, descending)
        if first_only:
            self.limit = self.limit or 1

    def _rank_by_rows(self, table: TableRef, descending: bool) -> None:
        """`the city with the most customers`: by how many rows there are of each."""
        computed = any(t.aggregate for t in self.targets)
        if table != self.base and not self.groups and not computed:
            self.order = Ordering(descending, linked=table)
            return
        counted = Target(table, None, "count")
        if not self._grouped() and not computed:
            self._group_by_plain()
        if counted not in self.targets:
            self.targets.append(counted)
        self.order = Ordering(descending, counted)

    def _rank_by(self, target: Target, descending: bool) -> None:
        self.order = Ordering(descending, target)
        if target.aggregate is None:
            grouped = self._grouped() or any(t.aggregate for t in self.targets)
            if grouped and all(g.column != target.ref for g in self.groups):
                raise NotRead("Groups are not sorted by a column of their rows.")
            return
        if target in self.targets:
            return
        if not self._grouped():
            self._group_by_plain()
        self.targets.append(target)

    def _bound(self) -> None:
        """`more than 3 orders`, `an average salary over 500`: what a group or the related rows must reach."""
        counted, measured = self.parts.counted, self.parts.measured
        for (operator, number), table in zip(self.parts.bounds, counted, strict=False):
            if table != self.base and not any(t.aggregate for t in self.targets) and not self.groups:
                self.linked.append(Linked(table, operator, int(number)))  # type: ignore[arg-type]
                continue
            if not self._grouped():
                self.groups = [Grouping(t.ref) for t in self.plain if t.ref is not None]
            self.having = (Target(table, None, "count"), operator, number)
        for (operator, number), target in zip(self.parts.bounds[len(counted) :], measured, strict=False):
            if not self._grouped():
                self._group_by_plain()
            self.having = (target, operator, number)

    def _use(self) -> None:
        """Tables that are named and not in use yet: their rows must exist."""
        used = {self.base, *(t.table for t in self.targets), *(c.column.table for c in self.conditions)}
        used |= {g.column.table for g in self.groups} | {k.table for k in self.linked}
        used |= {self.parts.entity} if self.parts.entity else set()
        if self.order is not None:
            ranked = self.order.linked or (self.order.target.table if self.order.target else None)
            used |= {ranked} if ranked else set()
        self.linked += [Linked(t) for t in dict.fromkeys(self.parts.used) if t not in used]


def _implied_targets(question: Question, parts: Parts) -> list[Target]:
    """What is shown if nothing says so: what is sorted, or the names of the rows that are asked for."""
    everything = any(i.text.lower() in EVERYTHING for i in question.items)
    if (
        not everything
        and parts.ranked is not None
        and isinstance(parts.ranked[1], Target)
        and not parts.ranked[2]
    ):
        return [parts.ranked[1]]
    table = parts.used[0] if parts.used else None
    if table is None and parts.ranked is not None:
        what = parts.ranked[1]
        table = what if isinstance(what, TableRef) else what.table
    if table is None:
        return []
    columns = (
        [c.name for c in question.schema.card(table).columns] if everything else question.schema.label(table)
    )
    return [Target(table, c) for c in columns]


def _base(parts: Parts, targets: list[Target], groups: list[Grouping]) -> TableRef:
    """The table whose rows are computed or listed."""
    ranked = parts.ranked[1] if parts.ranked is not None else None
    if isinstance(ranked, Target) and ranked.aggregate == "count" and ranked.column is None:
        return ranked.table
    tables = [t.table for t in targets if t.aggregate == "count" and t.column is None]
    tables += [t.table for t in targets if t.aggregate is not None]
    tables += [t.table for t in targets] + [g.column.table for g in groups]
    tables += [parts.entity] if parts.entity is not None else []
    tables += parts.used
    if not tables:
        raise NotRead("Nothing is asked for.")
    return tables[0]
