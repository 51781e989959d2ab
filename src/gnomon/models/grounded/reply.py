"""Say what a reading asks, and what came back, in a sentence whose every number is a cell."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gnomon.domain.wording import say
from gnomon.models.grounded.linking import LAYER_WORDS
from gnomon.models.grounded.reading import (
    AgainstAverage,
    Condition,
    Counted,
    Kin,
    Linked,
    Reading,
    Side,
    Target,
    Within,
)
from gnomon.models.grounded.words import CAMEL, SEPARATORS, lemma, name_words

AGGREGATES = {"sum": "total", "avg": "average", "min": "lowest", "max": "highest", "median": "median"}
SPANS = {
    2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 8: "eight", 9: "nine", 10: "ten",
    11: "eleven", 12: "twelve",
}  # fmt: skip
UNCOUNTED = frozenset(
    {"staff", "stock", "data", "information", "inventory", "history", "equipment", "personnel", "feedback"}
    | {"news", "series", "species"}
)
PLURALS = {
    "person": "people", "child": "children", "man": "men", "woman": "women", "foot": "feet", "mouse": "mice",
    "tooth": "teeth", "life": "lives", "leaf": "leaves", "shelf": "shelves", "criterion": "criteria",
}  # fmt: skip
PLACES = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth"}
OPERATORS = {
    "=": "is", "<>": "is not", ">": "is over", ">=": "is at least", "<": "is under", "<=": "is at most",
    "in": "is one of", "not in": "is none of", "contains": "contains", "null": "is missing",
    "not null": "is known", "true": "", "false": "not",
}  # fmt: skip


NUMBERING = frozenset({"year", "id", "key", "number", "code", "zip", "postcode"})
"""Last words of the names of columns whose numbers name something."""

COMPUTED = frozenset({"count", "total", "sum", "average", "distinct", "difference"})

EXTREMES = (("lowest", "earliest"), ("highest", "latest"))
DATED = re.compile(r"^\d{4}-\d\d-\d\d(?!\d)")
"""How a date begins, as JSON carries it."""

MOMENT = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:\+00:00)?$")
"""A moment as JSON carries it; people read it with a blank, and UTC without its offset."""


def noun(name: str) -> str:
    """A table's or column's name as words."""
    return " ".join(SEPARATORS.sub(" ", CAMEL.sub(" ", name)).split()).lower() or name


def thing(table: str) -> str:
    """What a row of the table is: `dim_accounts` holds accounts, and one of them is an account."""
    words = noun(table).split()
    core = [w for w in words if w not in LAYER_WORDS] or words
    return " ".join([*core[:-1], lemma(core[-1])])


def things(table: str) -> str:
    """What the rows of the table are together."""
    *first, last = thing(table).split()
    several = last if last in UNCOUNTED else PLURALS.get(last) or _plural(last)
    return " ".join([*first, several])


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh", "z")) else f"{word}s"


def describe(reading: Reading) -> str:
    """What a reading asks for, as a noun phrase without numbers of its own."""
    if reading.share:
        of = noun(reading.targets[0].column or "") if reading.targets else things(reading.base.name)
        head = f"the share of {of}"
    elif reading.every or reading.exists_only:
        head = f"the number of {things(reading.base.name)}"
    else:
        head = " and ".join(dict.fromkeys(_target(t) for t in reading.targets)) or things(reading.base.name)
    groups = _groups(Within(reading.groups, reading.group_by_entity))
    parts = [_of_figures(head, reading), f"per {groups}" if groups else "", _along(reading), _ranked(reading)]
    parts += ["apart from those"] if reading.every else []
    parts += [_restrictions(reading), _kin(reading.kin) if reading.kin is not None else ""]
    return " ".join(p for p in parts if p)


def _groups(within: Within) -> str:
    named = [noun(g.column.column) if g.bucket is None else g.bucket for g in within.groups]
    return " and ".join([*named, *([thing(within.entity.name)] if within.entity is not None else [])])


def _over(within: Within) -> str:
    named = [f"each {noun(g.column.column)}" if g.bucket is None else f"{g.bucket}s" for g in within.groups]
    return " and ".join([*named, *([things(within.entity.name)] if within.entity is not None else [])])


def _of_figures(head: str, reading: Reading) -> str:
    """What is made of a figure: an aggregate over groups, or two set side by side."""
    if reading.outer is not None:
        return f"the {AGGREGATES[reading.outer.aggregate]}, over {_over(reading.outer.over)}, of {head}"
    if reading.compared is None:
        return head
    first, second = reading.compared.sides
    if reading.compared.ratio is not None:
        apart = " as a percentage of " if reading.compared.ratio == "percent" else " over "
        return apart.join(map(_side, reading.compared.sides))
    if not first.label:
        return f"{_target(first.target)} and {_target(second.target)} with their difference"
    apart = "change" if reading.compared.growth else "difference"
    return f"{head} of {first.label} and of {second.label} with the {apart}"


def _side(side: Side) -> str:
    """One figure of a ratio, with the rows that it is of."""
    only = " and ".join(map(_condition, side.conditions))
    return f"{_target(side.target)}{f' where {only}' if only else ''}"


def _along(reading: Reading) -> str:
    """What stands beside the figure of each bucket of time."""
    trend = reading.trend
    if trend is None:
        return ""
    bucket = reading.groups[0].bucket
    if trend.kind == "change":
        return f"with the change to the {bucket} before"
    if trend.kind == "running":
        return "with the running total"
    span = SPANS.get(trend.span, "many")
    return f"with the {trend.kind} of {span} {bucket}s"


def _ranked(reading: Reading) -> str:
    place = f"in {PLACES[reading.place]} place" if reading.place is not None else ""
    within = f"within {_each(reading.within)}" if reading.within is not None else ""
    return " ".join(p for p in (place, within) if p)


def _each(within: Within) -> str:
    named = [f"each {noun(g.column.column) if g.bucket is None else g.bucket}" for g in within.groups]
    entity = [f"each {thing(within.entity.name)}"] if within.entity is not None else []
    return " and ".join([*named, *entity])


def _target(target: Target) -> str:
    if target.aggregate is None:
        return f"the {noun(target.column or '')}"
    if target.aggregate == "count":
        counted = f"different {noun(target.column)}" if target.column else things(target.table.name)
        return f"the number of {counted}"
    named = "age" if target.aged_on is not None else noun(target.column or "")
    aggregate = AGGREGATES[target.aggregate]
    again = named.split()[0] == aggregate
    return f"the sum of {named}" if again and aggregate == "total" else f"the {aggregate} {named}"


def _restrictions(reading: Reading) -> str:
    theirs = {k.table: [c for c in reading.conditions if (c.of or c.column.table) == k.table]
              for k in reading.linked if k.table != reading.base}  # fmt: skip
    apart = [c for own in theirs.values() for c in own]
    said = list(dict.fromkeys(_said_of(c, reading) for c in reading.conditions if c not in apart))
    said += map(_against_average, reading.against_average)
    if reading.either:
        said.append(" or ".join(dict.fromkeys(_said_of(c, reading) for c in reading.either)))
    said += [f"{'none' if t.negated else 'one'} has {_condition(t.condition)}" for t in reading.tests]
    if reading.having is not None:
        target, operator, number = reading.having
        said.append(f"{_target(target)} {OPERATORS[operator]} {number}")
    text = f"where {' and '.join(said)}" if said else ""
    counted = _counted(reading.counted) if reading.counted is not None else ""
    linked = [_with_own(k, theirs.get(k.table, [])) for k in reading.linked]
    if text and linked:
        text, linked = f"{text}, and {linked[0]}", linked[1:]
    return " ".join(p for p in (text, *linked, counted) if p)


def _against_average(against: AgainstAverage) -> str:
    side = "above" if ">" in against.operator else "below"
    group = f" of its {noun(against.within.column)}" if against.within is not None else ""
    return f"{noun(against.column.column)} is {side} the average{group}"


def _with_own(linked: Linked, conditions: Sequence[Condition]) -> str:
    """`without inspections where the date is in 2026`: what those rows meet, behind their noun."""
    own = " and ".join(dict.fromkeys(map(_condition, conditions)))
    return f"{_linked(linked)} where {own}" if own else _linked(linked)


def _said_of(condition: Condition, reading: Reading) -> str:
    """A condition, with whose it is where rows of a table that nobody names meet it."""
    table, said = condition.column.table, _condition(condition)
    known = {reading.base, *reading.mentioned, *(t.table for t in reading.targets)}
    whose = thing(table.name)
    if table in known or condition.operator in ("true", "false") or said.startswith(whose):
        return said
    return f"{whose} {said}"


def _counted(counted: Counted) -> str:
    """What the counted rows must meet: `counting matches with penalty goals`."""
    said = " and ".join(dict.fromkeys(map(_condition, counted.conditions)))
    linked = " and ".join(map(_linked, counted.linked))
    parts = ("counting", things(counted.table.name), linked, f"where {said}" if said else "")
    return " ".join(p for p in parts if p)


def _condition(condition: Condition) -> str:
    column = noun(condition.column.column)
    if condition.operator in ("true", "false"):
        if column.startswith("has "):
            return f"it has {'no ' if condition.operator == 'false' else ''}{column.removeprefix('has ')}"
        return f"{OPERATORS[condition.operator]} {condition.words}".strip()
    if condition.values and hasattr(condition.values[0], "isoformat"):
        return f"{column} is {condition.words}"
    values = ", ".join(str(v) for v in condition.values)
    return f"{column} {OPERATORS[condition.operator]} {values}".strip()


def _kin(kin: Kin) -> str:
    """What is asked of the row that a row refers to, and of those that refer to it."""
    role = noun(kin.role)
    said = [f"with {' and '.join(map(noun, kin.shown))} of the {role}"] if kin.shown else []
    said += [f"whose {role} has {_condition(c)}" for c in kin.met]
    if kin.compared is not None:
        column, operator = kin.compared
        said.append(f"whose {noun(column)} {OPERATORS[operator]} that of the {role}")
    said += [f"per {role}"] if kin.each else []
    said += [f"{_linked(kin.below)} {_of_it(role)}"] if kin.below is not None else []
    return " ".join(said)


def _of_it(role: str) -> str:
    """`members referred by it`, `employees of which it is the manager`."""
    return f"{role} it" if role.endswith(" by") else f"of which it is the {role}"


def _linked(linked: Linked) -> str:
    name = things(linked.table.name)
    if linked.operator in ("exists", "not exists"):
        return f"{'with' if linked.operator == 'exists' else 'without'} {name}"
    words = {">": "more than", ">=": "at least", "<": "fewer than", "<=": "at most", "=": "exactly"}
    counted = thing(linked.table.name) if linked.count == 1 else name
    return f"with {words[linked.operator]} {linked.count} {counted}"


def reply(reading: Reading, content: Mapping[str, Any]) -> str:
    """The sentence for a result, from what a model may see of it."""
    what = describe(reading)
    rows, columns = content.get("rows", []), content.get("columns", [])
    if not rows:
        return f"Nothing was found for {what}."
    if len(rows) == 1 and content.get("row_count") == 1:
        return _one_row(reading, what, rows[0], columns)
    more = " or more" if content.get("truncated") else ""
    led = _has_leader(reading) and len(rows[0]) > 1
    leader = f" First is {_leader(reading, rows[0], columns)}." if led else ""
    return f"{_capital(what)}: {content.get('row_count'):,}{more} rows.{leader}"


def _has_leader(reading: Reading) -> bool:
    alone = reading.within is None and reading.place is None
    return bool(reading.limit and reading.order) and alone


def _leader(reading: Reading, row: list[Any], columns: list[str]) -> str:
    """The first row of a ranking: what it is called, behind its key, and what it is ranked by."""
    keyed = reading.group_by_entity is not None and len(row) > 2
    cells = list(map(_cell, columns, row))
    called = " ".join(cells[1:-1]) if keyed else cells[0]
    return f"{called} with {cells[-1]}"


def _one_row(reading: Reading, what: str, row: list[Any], columns: list[str]) -> str:
    if reading.every:
        return f"{'No' if row[0] else 'Yes'}: {what} is {say(row[0])}."
    if reading.exists_only:
        return f"{'Yes' if row[0] else 'No'}: {what} is {say(row[0])}."
    if len(row) == 1:
        unit = " percent" if reading.share else ""
        what = _in_time(what) if isinstance(row[0], str) and DATED.match(row[0]) else what
        if row[0] is None:
            return f"There is no value for {what}."
        return f"{_capital(what)} is {_cell(columns[0], row[0])}{unit}."
    pairs = [f"{_once(noun(c))} {_cell(c, v)}" for c, v in zip(columns, row, strict=True)]
    return f"{_capital(what)}: {', '.join(pairs[:6])}."


def _in_time(what: str) -> str:
    """`the earliest start`, where what is lowest is a moment."""
    found = (
        what.replace(f"the {lowest} ", f"the {first} ", 1)
        for lowest, first in EXTREMES
        if f"the {lowest} " in what
    )
    return next(found, what)


def _once(words: str) -> str:
    """`total total amount`, of a column that is called a total itself, without saying it twice."""
    said = words.split()
    return " ".join(w for w, before in zip(said, ["", *said], strict=False) if w != before)


def _cell(column: str, value: Any) -> str:
    """A value as people write it: years and what things are numbered by have no separators."""
    words = name_words(column)
    counts = bool(set(words[:-1]) & COMPUTED)
    return (
        str(value)
        if isinstance(value, int) and words[-1:] and words[-1] in NUMBERING and not counts
        else _plain(value)
    )


def _plain(value: Any) -> str:
    if not isinstance(value, str):
        return say(value)
    return MOMENT.sub(r"\1 \2", value)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
