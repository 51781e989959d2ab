"""Columns that nobody can tell apart, or tell the meaning of."""

import shlex
from collections import Counter, defaultdict
from collections.abc import Container, Iterator
from functools import lru_cache

from gnomon.context.catalog.lint.finding import Finding, Ground, annotate, of_card
from gnomon.context.catalog.lint.words import ABBREVIATIONS, says_nothing, words, written_out
from gnomon.domain.catalog import CardColumn, ColumnProfile, Join, TableCard, TypeKind

_NEAR_SHARE = 0.02
"""Two counts are near each other if they differ by no more than this share of the rows."""

_LEAST_ROWS, _LEAST_DISTINCT = 20, 3
"""With fewer rows or values, columns are equal by chance."""

_GENERIC_NAMES = """
id key code name type kind status state value values date time year month day number level rank version
category label description comment note source target parent order position data result score count
"""

_GENERIC = frozenset(_GENERIC_NAMES.split())
"""Names that mean another thing in each table."""

_FAMILIES: dict[TypeKind, str] = {
    "integer": "a number",
    "decimal": "a number",
    "text": "a text",
    "boolean": "true or false",
    "date": "a point in time",
    "timestamp": "a point in time",
}
"""What a person takes as the same type. Others are not compared."""

_ODD_SHARE = 0.2
"""If more of the tables than this hold another type, the name just means several things."""

_NAMED = 3


def unclear(ground: Ground) -> Iterator[Finding]:
    """Columns whose name says nothing, and of which nobody says what they hold."""
    for card in ground.cards:
        for column in card.columns:
            if says_nothing(column.name) and not (column.meaning or column.column.comment):
                message = f"nobody can tell what `{column.name}` holds"
                mend = _say(card, column.name, "MEANING")
                yield of_card("unclear-column", "warning", card, message, mend, column=column.name)


def mixed_words(ground: Ground) -> Iterator[Finding]:
    """Tables that write a word out in one name and shorten it in another."""
    for card in ground.cards:
        used = {word: c.name for c in card.columns for word in words(c.name)}
        for short in sorted(used.keys() & ABBREVIATIONS.keys()):
            whole = ABBREVIATIONS[short]
            if whole in used and used[short] != used[whole]:
                message = f"`{used[short]}` and `{used[whole]}` write `{whole}` in two ways"
                mend = f"name both alike, or say what they hold: {_say(card, used[short], 'MEANING')}"
                yield of_card("mixed-abbreviations", "note", card, message, mend, column=used[short])


def duplicates(ground: Ground) -> Iterator[Finding]:
    """Columns of one table that hold the same."""
    for card in ground.cards:
        for one, two, why in _duplicate_pairs(card):
            message = f"`{two.name}` seems to hold the same as `{one.name}`: {why}"
            mend = f"drop one of them, or say how they differ: {_say(card, two.name, 'HOW IT DIFFERS')}"
            yield of_card("duplicate-column", "warning", card, message, mend, column=two.name)


def two_names(ground: Ground) -> Iterator[Finding]:
    """Columns that tables are joined by, and that bear the same name in two spellings."""
    for card in ground.cards:
        for join in card.joins:
            if join.child == card.ref:
                yield from _spelt_twice(card, join)


def mixed_types(ground: Ground) -> Iterator[Finding]:
    """Columns of one name that are of another type in most other tables."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for card in ground.cards:
        for column in card.columns:
            counts[column.name.casefold()][_FAMILIES.get(column.column.kind, "")] += 1
    usual = {name: family for name, found in counts.items() if (family := _usual(name, found))}
    shown: dict[str, list[str]] = defaultdict(list)
    for card, column in _named(ground, usual):
        name = column.name.casefold()
        if _FAMILIES[column.column.kind] == usual[name] and len(shown[name]) < _NAMED:
            shown[name].append(f"`{card.ref}`")
    for card, column in _named(ground, usual):
        name = column.name.casefold()
        family = _FAMILIES[column.column.kind]
        if family != usual[name]:
            more = counts[name][usual[name]] - len(shown[name])
            elsewhere = ", ".join(shown[name]) + (f" and {more:,} more" if more else "")
            message = f"`{column.name}` is {family} here, and {usual[name]} in {elsewhere}"
            mend = "store it in one type, or give it a name of its own where it means another thing"
            yield of_card("mixed-types", "warning", card, message, mend, column=column.name)


def _usual(name: str, families: Counter[str]) -> str:
    """The type that almost all columns of a name have; empty where all have it, or none is usual."""
    known = {family: n for family, n in families.items() if family}
    if len(known) < 2 or name in _GENERIC:
        return ""
    usual = max(sorted(known), key=lambda family: known[family])
    total = sum(known.values())
    return usual if total - known[usual] <= max(1, _ODD_SHARE * total) else ""


def _named(ground: Ground, names: Container[str]) -> Iterator[tuple[TableCard, CardColumn]]:
    """The columns of those names whose type can be compared."""
    for card in ground.cards:
        for column in card.columns:
            if column.name.casefold() in names and column.column.kind in _FAMILIES:
                yield card, column


def _spelt_twice(card: TableCard, join: Join) -> Iterator[Finding]:
    for here, there in zip(join.child_columns, join.parent_columns, strict=True):
        if here.casefold() != there.casefold() and written_out(here) == written_out(there):
            message = f"`{here}` is called `{there}` in `{join.parent}`"
            mend = f"use one name, or say that they are the same: {_say(card, here, f'Same as {there}')}"
            yield of_card("two-names", "note", card, message, mend, column=here)


def _duplicate_pairs(card: TableCard) -> Iterator[tuple[CardColumn, CardColumn, str]]:
    """Pairs of columns, each column at most once as the second: by name and profile, or by profile alone."""
    by_name: dict[tuple[object, ...], CardColumn] = {}
    by_profile: dict[tuple[object, ...], CardColumn] = {}
    for column in card.columns:
        kind = column.column.kind
        name = (kind, _stem(column.name))
        near = by_name.setdefault(name, column)
        same = (
            by_profile.setdefault((kind, *_signature(column.profile)), column) if _telling(column) else column
        )
        if near is not column and _near(near.profile, column.profile):
            yield near, column, "the names are alike, and so are the numbers of values"
        elif same is not column:
            yield same, column, "range, nulls and frequent values are equal"


@lru_cache(maxsize=100_000)
def _stem(name: str) -> tuple[str, ...]:
    """The name without what copies of a column have behind it."""
    found = written_out(name)
    while len(found) > 1 and found[-1] in {"1", "2", "copy", "old", "new", "bak", "dup", "tmp"}:
        found = found[:-1]
    return found


def _telling(column: CardColumn) -> bool:
    """Whether equal profiles would be more than chance: some values are frequent, and there are several."""
    looks = column.profile
    return (
        looks is not None
        and looks.rows >= _LEAST_ROWS
        and looks.distinct >= _LEAST_DISTINCT
        and bool(looks.top)
        and looks.top[0][1] > 1
        and looks.low is not None
    )


def _signature(looks: ColumnProfile | None) -> tuple[object, ...]:
    assert looks is not None
    return (looks.rows, looks.nulls, looks.distinct, looks.low, looks.high, looks.top)


def _near(one: ColumnProfile | None, two: ColumnProfile | None) -> bool:
    if one is None or two is None or min(one.rows, two.rows) < _LEAST_ROWS:
        return False
    most = _NEAR_SHARE * max(one.rows, two.rows)
    counts = ((one.nulls, two.nulls), (one.distinct, two.distinct))
    alike = (one.low, one.high) == (two.low, two.high)
    return alike and one.distinct >= _LEAST_DISTINCT and all(abs(a - b) <= most for a, b in counts)


def _say(card: TableCard, column: str, what: str) -> str:
    return annotate(card.ref, "--column", shlex.quote(f"{column}={what}"))
