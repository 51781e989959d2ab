"""Say what a reading asks, and what came back, in a sentence whose every number is a cell."""

import re
from collections.abc import Mapping
from typing import Any

from gnomon.domain.wording import say
from gnomon.models.grounded.reading import Condition, Linked, Reading, Target
from gnomon.models.grounded.words import CAMEL, SEPARATORS

AGGREGATES = {"sum": "total", "avg": "average", "min": "lowest", "max": "highest"}
OPERATORS = {
    "=": "is", "<>": "is not", ">": "is over", ">=": "is at least", "<": "is under", "<=": "is at most",
    "in": "is one of", "not in": "is none of", "contains": "contains", "null": "is missing",
    "not null": "is known", "true": "", "false": "not",
}  # fmt: skip


MOMENT = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:\+00:00)?$")
"""A moment as JSON carries it; people read it with a blank, and UTC without its offset."""


def noun(name: str) -> str:
    """A table's or column's name as words."""
    return " ".join(SEPARATORS.sub(" ", CAMEL.sub(" ", name)).split()).lower() or name


def describe(reading: Reading) -> str:
    """What a reading asks for, as a noun phrase without numbers of its own."""
    if reading.share:
        head = f"the share of {noun(reading.base.name)}"
    elif reading.exists_only:
        head = f"the number of {noun(reading.base.name)}"
    else:
        head = " and ".join(dict.fromkeys(_target(t, reading) for t in reading.targets)) or noun(
            reading.base.name
        )
    groups = [noun(g.column.column) if g.bucket is None else g.bucket for g in reading.groups]
    if reading.group_by_entity is not None:
        groups.append(noun(reading.group_by_entity.name))
    parts = [head, f"per {' and '.join(groups)}" if groups else ""]
    parts += [_restrictions(reading)]
    return " ".join(p for p in parts if p)


def _target(target: Target, reading: Reading) -> str:
    if target.aggregate is None:
        return f"the {noun(target.column or '')}"
    if target.aggregate == "count":
        counted = f"different {noun(target.column)}" if target.column else noun(target.table.name)
        return f"the number of {counted}"
    return f"the {AGGREGATES[target.aggregate]} {noun(target.column or '')}"


def _restrictions(reading: Reading) -> str:
    said = list(dict.fromkeys(_condition(c) for c in reading.conditions))
    said += [f"{noun(a.column.column)} is {'above' if '>' in a.operator else 'below'} the average"
             for a in reading.against_average]  # fmt: skip
    if reading.either:
        said.append(" or ".join(dict.fromkeys(_condition(c) for c in reading.either)))
    said += [f"{'none' if t.negated else 'one'} has {_condition(t.condition)}" for t in reading.tests]
    if reading.having is not None:
        target, operator, number = reading.having
        said.append(f"{_target(target, reading)} {OPERATORS[operator]} {number}")
    text = f"where {' and '.join(said)}" if said else ""
    return " ".join(p for p in (text, *(_linked(k) for k in reading.linked)) if p)


def _condition(condition: Condition) -> str:
    column = noun(condition.column.column)
    if condition.operator in ("true", "false"):
        return f"{OPERATORS[condition.operator]} {condition.words}".strip()
    if condition.values and hasattr(condition.values[0], "isoformat"):
        return f"{column} is {condition.words}"
    values = ", ".join(str(v) for v in condition.values)
    return f"{column} {OPERATORS[condition.operator]} {values}".strip()


def _linked(linked: Linked) -> str:
    name = noun(linked.table.name)
    if linked.operator in ("exists", "not exists"):
        return f"{'with' if linked.operator == 'exists' else 'without'} {name}"
    words = {">": "more than", ">=": "at least", "<": "fewer than", "<=": "at most", "=": "exactly"}
    return f"with {words[linked.operator]} {linked.count} {name}"


def reply(reading: Reading, content: Mapping[str, Any]) -> str:
    """The sentence for a result, from what a model may see of it."""
    what = describe(reading)
    rows, columns = content.get("rows", []), content.get("columns", [])
    if not rows:
        return f"Nothing was found for {what}."
    if len(rows) == 1 and content.get("row_count") == 1:
        return _one_row(reading, what, rows[0], columns)
    more = " or more" if content.get("truncated") else ""
    leader = f" First is {_leader(rows[0])}." if reading.limit and reading.order and len(rows[0]) > 1 else ""
    return f"{_capital(what)}: {content.get('row_count'):,}{more} rows.{leader}"


def _leader(row: list[Any]) -> str:
    """The first row of a ranking: its label and what it is ranked by."""
    return f"{_plain(row[0])} with {_plain(row[-1])}"


def _one_row(reading: Reading, what: str, row: list[Any], columns: list[str]) -> str:
    if reading.exists_only:
        return f"{'Yes' if row[0] else 'No'}: {what} is {say(row[0])}."
    if len(row) == 1:
        unit = " percent" if reading.share else ""
        if row[0] is None:
            return f"There is no value for {what}."
        return f"{_capital(what)} is {say(row[0])}{unit}."
    pairs = [f"{noun(c)} {_plain(v)}" for c, v in zip(columns, row, strict=True)]
    return f"{_capital(what)}: {', '.join(pairs[:6])}."


def _plain(value: Any) -> str:
    if not isinstance(value, str):
        return say(value)
    return MOMENT.sub(r"\1 \2", value)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
