"""One value in several cases: `Price` and `price` are one reason, counted and grouped as one.

Conditions take such spellings together too, so that a group comes to what its rows come to when asked for.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from gnomon.domain.catalog import ColumnRef
from gnomon.models.grounded.kinds import repeats
from gnomon.models.grounded.reading import Reading
from gnomon.models.grounded.schema import Schema


def is_folded(schema: Schema, column: ColumnRef) -> bool:
    """Whether a column of texts that repeat is known to hold two that differ in case alone."""
    card = schema.column(column)
    if card.column.kind != "text" or card.profile is None or schema.is_key(column):
        return False
    known = tuple(value for value, _ in card.profile.top)
    return _differ_in_case(known, schema.context.dialect == "sqlite") and repeats(schema, column)


@lru_cache(maxsize=1024)
def _differ_in_case(values: tuple[str, ...], only_ascii: bool) -> bool:
    """Whether two of the values have one lower case, which SQLite knows of letters of ASCII alone.

    The same few columns are looked at for every reading of a question.
    """
    lower = _lower_ascii if only_ascii else str.lower
    return len({lower(v) for v in values}) < len(values)


def _lower_ascii(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


def state_folded(reading: Reading, schema: Schema) -> Reading:
    """The reading, which says of what columns it takes spellings as one: no doubt of what is asked."""
    found = dict.fromkeys(c for c in _grouped(reading) if is_folded(schema, c))
    told = tuple(f"Spellings of {c} that differ in case alone are taken as one." for c in found)
    return replace(reading, through=tuple(dict.fromkeys((*reading.through, *told)))) if told else reading


def _grouped(reading: Reading) -> Iterator[ColumnRef]:
    """Columns whose different values are groups, or are counted."""
    groups = [*reading.groups, *(reading.within.groups if reading.within else ())]
    groups += reading.outer.over.groups if reading.outer else ()
    yield from (g.column for g in groups if g.bucket is None)
    bounded = [reading.having[0]] if reading.having is not None else []
    ranked = [reading.order.target] if reading.order is not None and reading.order.target else []
    computed = any(t.aggregate for t in reading.targets)
    for target in (*reading.targets, *bounded, *ranked):
        counted = target.aggregate == "count" or (target.aggregate is None and computed)
        if target.ref is not None and counted:
            yield target.ref
