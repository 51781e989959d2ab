"""What anyone should know before counting: found by rule from names, comments and profiles."""

import re
import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from gnomon.context.catalog.plurals import many
from gnomon.domain.catalog import (
    NUMERIC_KINDS,
    TEMPORAL_KINDS,
    Column,
    ColumnProfile,
    Statement,
    TableProfile,
    TableRef,
    TableSchema,
)
from gnomon.search.tokens import split_identifier

STALE_DAYS = 180
"""A table whose newest date is this far behind the other tables' is said to be stale."""

LOOK_ALIKE_SHARE = 0.8
LEAST_SHARED = 3
"""Columns that look-alikes have in common, at least."""

_DELETED = re.compile(
    r"^(is_|was_)?(soft_)?(deleted|removed|archived|voided)(_at|_on|_date|_flag|_time)?$", re.I
)
_TEST = re.compile(
    r"^(is_|was_)?(a_)?(test|demo|sandbox|dummy|fake|internal)(_\w*(flag|user|account|order|data|row))?$",
    re.I,
)
_CENTS = re.compile(r"(^|_)(in_)?(cents|pence|minor_units?)$", re.I)
_DEPRECATED = re.compile(
    r"\b(deprecated|obsolete|do not use|don't use|no longer (used|maintained|updated))\b", re.I
)
_RETIRED_NAMES = frozenset(
    {"old", "bak", "backup", "deprecated", "obsolete", "tmp", "temp", "archive", "legacy"}
)
_INSTEAD = re.compile(
    r"\b(?:use|see|replaced by|superseded by|in favou?r of|prefer)\s+[`\"']?([\w.]*\w)", re.I
)
_ISO_DATE = re.compile(r"^\d{4}-\d\d-\d\d")
_NOT_FRESH = re.compile(
    r"birth|dob|due|expir|deadline|valid|until|sched|plan|target|end|start|next|founded|hire", re.I
)
_FRESH_NAMES = ("load", "ingest", "sync", "updat", "modif", "creat", "order", "date", "time")


@dataclass(frozen=True, slots=True)
class Known:
    """A table as the rules see it: its schema, and its profile if it could be read."""

    schema: TableSchema
    profile: TableProfile | None

    def column_profile(self, name: str) -> ColumnProfile | None:
        """The profile of the column of that name, or None."""
        found = self.profile.columns if self.profile else ()
        return next((c for c in found if c.column == name), None)


def own_caveats(table: Known) -> Iterator[Statement]:
    """What a table's own names, comment and profile give away."""
    yield from _retired(table.schema)
    if table.schema.row_count == 0:
        yield Statement("The table has no rows.", "row count")
    for column in table.schema.columns:
        yield from _of_column(column, table.column_profile(column.name))


def freshness_column(table: Known) -> str:
    """The column whose newest value tells how fresh the table is, guessed from names; empty if none."""
    dated = [(c, newest_date(table.column_profile(c.name))) for c in table.schema.columns]
    usable = [(c.name, day) for c, day in dated if day is not None and not _NOT_FRESH.search(c.name)]
    if not usable:
        return ""
    return min(usable, key=lambda pair: (_freshness_rank(pair[0]), -pair[1].toordinal()))[0]


def freshness_by_name(table: TableSchema) -> str:
    """The same from names and types alone: which column is the newest may depend on rows that are hidden."""
    dated = [c.name for c in table.columns if c.kind in TEMPORAL_KINDS and not _NOT_FRESH.search(c.name)]
    return min(dated, key=_freshness_rank, default="")


def newest_date(profile: ColumnProfile | None) -> date | None:
    """The day of a column's largest value, if it is one of a calendar people use."""
    high = profile.high if profile else None
    if high is None or not _ISO_DATE.match(high):
        return None
    try:
        day = date.fromisoformat(high[:10])
    except ValueError:
        return None
    return day if 1900 <= day.year <= 2100 else None


def newest_day(table: Known) -> tuple[str, date] | None:
    """The column that tells how fresh a table is, and its newest day; None where no column tells."""
    column = freshness_column(table)
    day = newest_date(table.column_profile(column)) if column else None
    return (column, day) if day is not None else None


def stale_caveats(newest: Mapping[TableRef, tuple[str, date]]) -> dict[TableRef, Statement]:
    """Tables whose newest date is far behind the median of all tables' newest dates."""
    if len(newest) < 3:
        return {}
    usual = statistics.median_low(day for _, day in newest.values())
    return {
        ref: Statement(f"Stale: newest `{column}` is {day}, other tables reach {usual}.", "profile")
        for ref, (column, day) in newest.items()
        if (usual - day).days > STALE_DAYS
    }


def look_alike(one: TableSchema, two: TableSchema) -> Statement | None:
    """What tells a table apart from another one, or None where the two do not share most of their columns."""
    mine, theirs = (frozenset(c.name.casefold() for c in table.columns) for table in (one, two))
    return look_alike_of(one, two) if are_alike(mine, theirs) else None


def are_alike(mine: frozenset[str], theirs: frozenset[str]) -> bool:
    """Whether tables of these columns, by folded names, are taken for each other."""
    common = len(mine & theirs)
    return common >= LEAST_SHARED and common / (len(mine) + len(theirs) - common) >= LOOK_ALIKE_SHARE


def look_alike_of(one: TableSchema, two: TableSchema) -> Statement:
    """What tells a table apart from another one that it looks like."""
    theirs = {c.name.casefold() for c in two.columns}
    mine = [c.name for c in one.columns if c.name.casefold() not in theirs]
    text = f"Looks like `{two.ref}`"
    if mine:
        text += f", which has no {', '.join(f'`{name}`' for name in mine[:5])}"
    if one.row_count is not None and two.row_count is not None:
        text += f"; {many(one.row_count, 'row')} here, {two.row_count:,} there"
    return Statement(text + ".", "shared columns")


def use_instead(schema: TableSchema, names: Mapping[str, str]) -> str:
    """The table that a comment says to use in place of this one; empty if none. `names`: folded to real."""
    if not _DEPRECATED.search(schema.comment):
        return ""
    named = (names.get(m.group(1).casefold(), "") for m in _INSTEAD.finditer(schema.comment))
    return next((name for name in named if name and name != str(schema.ref)), "")


def _retired(schema: TableSchema) -> Iterator[Statement]:
    if _DEPRECATED.search(schema.comment):
        yield Statement(f"Deprecated: {schema.comment}", "table comment")
    elif (last := [p.lower() for p in split_identifier(schema.ref.name)][-1:]) and last[0] in _RETIRED_NAMES:
        yield Statement(f"The name ends in `{last[0]}`: likely not the table of record.", "table name")


def _of_column(column: Column, profile: ColumnProfile | None) -> Iterator[Statement]:
    if _DELETED.match(column.name):
        yield Statement(_flagged(column, profile, "deleted"), "column name")
    elif _TEST.match(column.name):
        yield Statement(_flagged(column, profile, "test or internal"), "column name")
    elif column.kind in NUMERIC_KINDS and says_hundredths(column.name):
        yield Statement(f"`{column.name}` is in hundredths: divide by 100 for the currency.", "column name")
    if _DEPRECATED.search(column.comment):
        yield Statement(f"`{column.name}` is deprecated: {column.comment}", "column comment")


def says_hundredths(name: str) -> bool:
    """Whether a column's name says that it holds hundredths, as `amount_cents` does."""
    return _CENTS.search(name) is not None


def _flagged(column: Column, profile: ColumnProfile | None, what: str) -> str:
    text = f"`{column.name}` marks {what} rows; count without them unless they are asked for."
    if profile is None or not profile.rows:
        return text
    if column.kind == "boolean":
        marked = dict(profile.top).get("true", dict(profile.top).get("True", 0))
    elif column.kind in NUMERIC_KINDS:
        marked = sum(n for value, n in profile.top if value not in {"0", "0.0"})
    else:
        marked = profile.rows - profile.nulls
    return f"{text} {marked:,} of {many(profile.rows, 'row')} {'is' if marked == 1 else 'are'} marked."


def _freshness_rank(name: str) -> int:
    lowered = name.lower()
    ranks = (i for i, part in enumerate(_FRESH_NAMES) if part in lowered)
    return next(ranks, len(_FRESH_NAMES))
