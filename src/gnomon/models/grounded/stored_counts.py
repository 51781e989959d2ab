"""Things that a column counts and no table holds: the `rooms` of `roomCount`, `seats` of `no_of_seats`."""

from gnomon.domain.catalog import NUMERIC_KINDS, TEMPORAL_KINDS, CardColumn, ColumnRef, TableCard, TableRef
from gnomon.models.grounded.cues import Cue
from gnomon.models.grounded.linking import Link
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.tagging import Item
from gnomon.models.grounded.units import name_parts
from gnomon.models.grounded.words import lemma, name_words

COUNTS = frozenset({"count", "cnt", "qty", "quantity"})
NUMBERS = frozenset({"num", "no", "number", "nr", "nbr"})
TIMES = frozenset(
    {"date", "day", "daily", "week", "weekly", "month", "monthly", "year", "yearly", "snapshot", "history"}
    | {"hist", "stat", "stats", "time", "timestamp", "ts", "as", "of", "period", "log"}
)
"""Words of tables and dates that say when something was counted, and not when it began."""

SCORE = 0.78
"""Below what goes without saying: the answer names the column."""


def name_stored_counts(items: list[Item], schema: Schema) -> bool:
    """Make names of plural nouns that stand for nothing and that one column counts; whether there are any.

    How many there are is what the rows' numbers come to together.
    """
    found = False
    for at, item in enumerate(items):
        word = item.text.lower()
        if item.kind != "unknown" or item.role or not word.isalpha() or lemma(word) == word:
            continue
        links = _counted(lemma(word), schema)
        if len({k.ref for k in links}) != 1 or not _is_placed(items, at):
            continue
        item.kind, item.links = "name", links
        if at > 0 and items[at - 1].is_cue("count"):
            # `the least number of seats` is that of one row, or of each kind: the ranking says how.
            ranked = at > 1 and items[at - 2].is_cue("superlative")
            items[at - 1].cue = Cue("fill") if ranked else Cue("agg", "sum")
        found = True
    return found


def _counted(noun: str, schema: Schema) -> tuple[Link, ...]:
    return tuple(
        Link(table, column.name, SCORE)
        for table in schema.tables()
        for column in schema.card(table).columns
        if column.column.kind in NUMERIC_KINDS
        and _counts(column, noun)
        and not _is_snapshot(schema.card(table))
        and not schema.is_key(ColumnRef(table, column.name))
    )


def kept_number(schema: Schema, holder: TableRef, counted: TableRef) -> ColumnRef | None:
    """The column that says how many there are of what another table holds, where its rows cannot be counted.

    Each account has one row of `employees`, its owner, and an `employee_count` besides.
    """
    noun = name_words(counted.name)[-1]
    found = [c for c in schema.card(holder).columns if c.column.kind in NUMERIC_KINDS and _counts(c, noun)]
    several = any(hop.many for path in schema.paths(holder, counted, many=True) for hop in path)
    return ColumnRef(holder, found[0].name) if len(found) == 1 and not several else None


def _counts(column: CardColumn, noun: str) -> bool:
    """Whether a column says how many there are: `seat_count`, `no_of_seats`, `num_seats`; no `seat_no`."""
    parts = name_parts(column.name)
    if len(parts) == 2 and parts[1] in COUNTS:
        return lemma(parts[0]) == noun
    behind = parts[2:] if parts[1:2] == ("of",) else parts[1:]
    several = len(behind) == 1 and lemma(behind[0]) == noun != behind[0]
    return several and parts[0] in NUMBERS and (parts[1] == "of" or parts[0] == "num")


def _is_snapshot(card: TableCard) -> bool:
    """Whether rows say how many there were at several times, which do not add up."""
    dated = [c for c in card.columns if c.column.kind in TEMPORAL_KINDS]
    words = {*name_parts(card.ref.name)} | {lemma(p) for p in name_parts(card.ref.name)}
    return bool(words & TIMES) or any({*name_parts(c.name)} <= TIMES for c in dated)


def _is_placed(items: list[Item], at: int) -> bool:
    """Whether what is counted, if something is, is the noun alone or rows that are named."""
    beside = (*items[max(at - 1, 0) : at], *items[at + 1 : at + 2])
    if any(item.is_cue("and", "or") for item in beside):
        return False
    behind = [items[i + 1] for i, item in enumerate(items[:-1]) if item.is_cue("count")]
    return all(item is items[at] or any(k.is_table for k in item.links[:1]) for item in behind)
