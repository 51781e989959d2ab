"""Aggregates of groups, growth, running and moving figures, ranks: against plain Python over random rows.

Some months have no rows, some hives none, some rows refer to nothing, and equal figures are common.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.domain.catalog import (
    CardColumn,
    Column,
    ColumnProfile,
    ColumnRef,
    Evidence,
    Join,
    Key,
    TableCard,
    TableRef,
)
from gnomon.domain.context import Context
from gnomon.models.grounded.reading import (
    Aggregate,
    Compared,
    Condition,
    Grouping,
    NotRead,
    Ordering,
    Outer,
    Reading,
    Side,
    Target,
    Trend,
    Within,
)
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.sql import write_sql

HIVES, HARVESTS = TableRef("hives"), TableRef("harvests")
DECLARED = Evidence("declared")
JOINS = (Join(HARVESTS, ("hive_id",), HIVES, ("hive_id",), DECLARED),)
TAKEN = ColumnRef(HARVESTS, "taken_on")
MEADOW = ColumnRef(HIVES, "meadow")
GRAMS = Target(HARVESTS, "grams", "sum")
ROWS = Target(HARVESTS, None, "count")
BY_MONTH = Grouping(TAKEN, "month")
CHECKED = settings(max_examples=60, deadline=None, derandomize=True)

Figures = dict[object, Decimal | None]


def _dates(column: Column) -> ColumnProfile | None:
    return ColumnProfile(column.name, 9, 0, 9, "2024-10-01", "2025-09-30") if column.kind == "date" else None


def _card(ref: TableRef, *columns: Column) -> TableCard:
    own = tuple(CardColumn(c, _dates(c)) for c in columns)
    return TableCard(ref, own, keys=(Key((columns[0].name,), DECLARED, primary=True),), joins=JOINS)


CONTEXT = Context(
    "sqlite",
    datetime(2026, 3, 18, tzinfo=UTC),
    cards=(
        _card(HIVES, Column("hive_id", "integer", "integer"), Column("meadow", "text", "text")),
        _card(
            HARVESTS,
            Column("harvest_id", "integer", "integer"),
            Column("hive_id", "integer", "integer"),
            Column("taken_on", "date", "date"),
            Column("grams", "integer", "integer"),
        ),
    ),
)
SCHEMA = Schema(CONTEXT)


@dataclass(frozen=True)
class Harvest:
    """A row of harvests; some have no hive, no date or no weight."""

    hive: int | None
    day: date | None
    grams: int | None

    @property
    def month(self) -> str:
        return f"{self.day:%Y-%m}" if self.day else ""


@dataclass(frozen=True)
class World:
    """Hives by their meadow, and what was harvested."""

    meadows: tuple[str, ...]
    harvests: tuple[Harvest, ...]

    def run(self, reading: Reading) -> list[tuple[object, ...]]:
        """What a real database makes of the reading's SQL."""
        database = sqlite3.connect(":memory:")
        database.execute("CREATE TABLE hives (hive_id, meadow)")
        database.execute("CREATE TABLE harvests (harvest_id, hive_id, taken_on, grams)")
        database.executemany("INSERT INTO hives VALUES (?, ?)", enumerate(self.meadows))
        rows = [
            (i, h.hive, h.day.isoformat() if h.day else None, h.grams) for i, h in enumerate(self.harvests)
        ]
        database.executemany("INSERT INTO harvests VALUES (?, ?, ?, ?)", rows)
        found = database.execute(write_sql(reading, SCHEMA)).fetchall()
        database.close()
        return found

    def dated(self, since: str = "") -> list[Harvest]:
        """The harvests with a date, from a month on."""
        return [h for h in self.harvests if h.day is not None and h.month >= since]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """A few hives, and harvests on the first days of a year's months, often in the same few of them."""
    meadows = tuple(draw(st.lists(st.sampled_from("ab"), min_size=1, max_size=4)))
    months = st.sampled_from([(2024, 11), (2024, 12), (2025, 1), (2025, 2), (2025, 3), (2025, 6), (2025, 7)])
    days = st.none() | st.builds(lambda m, d: date(m[0], m[1], d), months, st.integers(1, 3))
    one = st.builds(
        Harvest,
        st.none() | st.integers(0, len(meadows) - 1),
        days,
        st.none() | st.integers(0, 4),
    )
    return World(meadows, tuple(draw(st.lists(one, max_size=14))))


def total(harvests: Iterable[Harvest]) -> Decimal | None:
    """The sum as SQL has it: nothing if there is nothing to add."""
    known = [Decimal(h.grams) for h in harvests if h.grams is not None]
    return sum(known, Decimal(0)) if known else None


def by(harvests: Iterable[Harvest], key: str) -> dict[str, list[Harvest]]:
    """Harvests by an attribute."""
    found: dict[str, list[Harvest]] = defaultdict(list)
    for harvest in harvests:
        found[getattr(harvest, key)].append(harvest)
    return found


def number(value: object) -> object:
    """Numbers as rounded decimals, so that 2 and 2.0 are the same."""
    return round(Decimal(str(value)), 6) if isinstance(value, int | float | Decimal) else value


def same(found: Iterable[tuple[object, ...]], wanted: Iterable[tuple[object, ...]]) -> bool:
    """Whether the rows are the same, in any order."""

    def rows(given: Iterable[tuple[object, ...]]) -> list[str]:
        return sorted(repr(tuple(number(v) for v in row)) for row in given)

    return rows(found) == rows(wanted)


def step_of(month: str) -> int:
    """The month's number, one more each month."""
    return int(month[:4]) * 12 + int(month[5:])


@pytest.mark.requirement("grounded:figures-of-figures")
@given(worlds(), st.sampled_from(["avg", "max", "min"]))
@CHECKED
def test_an_aggregate_of_months_takes_each_month_with_rows_once(world: World, outer: Aggregate) -> None:
    reading = Reading(HARVESTS, (ROWS,), outer=Outer(outer, Within((BY_MONTH,))))
    counts = [Decimal(len(rows)) for rows in by(world.dated(), "month").values()]
    aggregates = {"avg": lambda c: sum(c) / len(c), "max": max, "min": min}
    assert same(world.run(reading), [(aggregates[outer](counts) if counts else None,)])


@pytest.mark.requirement("grounded:figures-of-figures")
@given(worlds())
@CHECKED
def test_an_average_per_hive_for_each_meadow_takes_each_hive_with_rows_once(world: World) -> None:
    reading = Reading(HARVESTS, (ROWS,), groups=(Grouping(MEADOW),), outer=Outer("avg", Within(entity=HIVES)))
    counts = by((h for h in world.harvests if h.hive is not None), "hive")
    wanted: dict[str, list[int]] = defaultdict(list)
    for hive, rows in counts.items():
        wanted[world.meadows[int(hive)]].append(len(rows))
    assert same(world.run(reading), [(m, Decimal(sum(c)) / len(c)) for m, c in wanted.items()])


def _half(start: date, end: date) -> tuple[Condition, ...]:
    return Condition(TAKEN, ">=", (start,), "then"), Condition(TAKEN, "<", (end,), "then")


@pytest.mark.requirement("grounded:figures-of-figures")
@given(worlds())
@CHECKED
def test_growth_is_the_later_figure_less_the_earlier_and_unknown_in_percent_of_nothing(world: World) -> None:
    earlier = Side(GRAMS, "winter", _half(date(2024, 11, 1), date(2025, 1, 1)))
    later = Side(GRAMS, "spring", _half(date(2025, 1, 1), date(2025, 4, 1)))
    reading = Reading(HARVESTS, (GRAMS,), compared=Compared(earlier, later, growth=True))
    first = total(h for h in world.dated() if h.month < "2025-01") or Decimal(0)
    second = total(h for h in world.dated() if "2025-01" <= h.month < "2025-04") or Decimal(0)
    percent = 100 * (second - first) / first if first else None
    assert same(world.run(reading), [(first, second, second - first, percent)])


@pytest.mark.requirement("grounded:figures-of-figures")
@given(worlds())
@CHECKED
def test_a_difference_of_two_meadows_counts_rows_once(world: World) -> None:
    sides = [Side(ROWS, m, (Condition(MEADOW, "=", (m,), m),)) for m in "ab"]
    reading = Reading(HARVESTS, (ROWS,), compared=Compared(sides[0], sides[1], growth=False))
    counts = [sum(h.hive is not None and world.meadows[h.hive] == m for h in world.harvests) for m in "ab"]
    assert same(world.run(reading), [(counts[0], counts[1], counts[0] - counts[1])])


@pytest.mark.requirement("grounded:figures-of-figures")
@given(worlds())
@CHECKED
def test_a_month_grows_against_the_month_before_it_in_the_calendar(world: World) -> None:
    reading = Reading(
        HARVESTS,
        (ROWS,),
        groups=(BY_MONTH,),
        conditions=(Condition(TAKEN, ">=", (date(2025, 1, 1),), "since 2025"),),
        trend=Trend("change"),
    )
    counts = {step_of(m): (m, len(rows)) for m, rows in by(world.dated("2024-12"), "month").items()}
    wanted = []
    for step, (month, count) in counts.items():
        if month < "2025-01":
            continue
        before = counts.get(step - 1, ("", 0))[1] if step > min(counts) else None
        change = count - before if before is not None else None
        percent = Decimal(100 * (count - before)) / before if before else None
        wanted.append((month, count, change, percent))
    assert same(world.run(reading), wanted)


@pytest.mark.requirement("grounded:figures-of-figures")
@given(worlds(), st.sampled_from(["average", "total"]), st.integers(2, 4))
@CHECKED
def test_a_moving_figure_takes_the_last_months_of_the_calendar(world: World, kind: str, span: int) -> None:
    trend = Trend(kind, span)  # type: ignore[arg-type]
    reading = Reading(HARVESTS, (ROWS,), groups=(BY_MONTH,), trend=trend)
    counts = {step_of(m): (m, len(rows)) for m, rows in by(world.dated(), "month").items()}
    wanted = []
    for step, (month, count) in counts.items():
        summed = Decimal(sum(counts.get(step - back, ("", 0))[1] for back in range(span)))
        moving = summed / span if kind == "average" else summed
        wanted.append((month, count, moving if step - min(counts) >= span - 1 else None))
    assert same(world.run(reading), wanted)


@pytest.mark.requirement("grounded:figures-of-figures")
@given(worlds())
@CHECKED
def test_a_running_total_of_each_meadow_ends_at_its_total(world: World) -> None:
    reading = Reading(HARVESTS, (ROWS,), groups=(BY_MONTH, Grouping(MEADOW)), trend=Trend("running"))
    placed = [h for h in world.dated() if h.hive is not None]
    wanted = []
    for meadow in set(world.meadows):
        running = 0
        own = by((h for h in placed if h.hive is not None and world.meadows[h.hive] == meadow), "month")
        for month in sorted(own):
            running += len(own[month])
            wanted.append((month, meadow, len(own[month]), running))
    assert same(world.run(reading), wanted)


@pytest.mark.requirement("grounded:figures-of-figures")
@given(worlds(), st.integers(1, 2))
@CHECKED
def test_the_first_of_each_meadow_keeps_all_that_are_equal_at_the_last_place(
    world: World, limit: int
) -> None:
    reading = Reading(
        HARVESTS,
        (ROWS,),
        group_by_entity=HIVES,
        order=Ordering(True, ROWS),
        limit=limit,
        within=Within((Grouping(MEADOW),)),
    )
    counts = {
        int(h): len(r) for h, r in by((x for x in world.harvests if x.hive is not None), "hive").items()
    }
    wanted = []
    for hive, count in counts.items():
        better = sum(c > count for h, c in counts.items() if world.meadows[h] == world.meadows[hive])
        if better < limit:
            wanted.append((world.meadows[hive], hive, count))
    assert same([(m, h, c) for m, h, *_, c in world.run(reading)], wanted)


@pytest.mark.requirement("grounded:figures-of-figures")
@given(worlds(), st.booleans())
@CHECKED
def test_the_second_highest_is_the_second_of_the_different_values(world: World, highest: bool) -> None:
    grams = Target(HARVESTS, "grams")
    reading = Reading(HARVESTS, (grams,), order=Ordering(highest, grams), limit=1, place=2, distinct=True)
    different = sorted({h.grams for h in world.harvests if h.grams is not None}, reverse=highest)
    assert same(world.run(reading), [(different[1],)] if len(different) > 1 else [])


@pytest.mark.requirement("grounded:figures-of-figures")
def test_what_cannot_be_computed_right_is_not_written() -> None:
    monthly = Reading(HARVESTS, (ROWS,), groups=(BY_MONTH,), trend=Trend("change"))
    with pytest.raises(NotRead, match="does not begin with a month"):
        write_sql(
            replace(monthly, conditions=(Condition(TAKEN, ">=", (date(2025, 1, 9),), "since then"),)), SCHEMA
        )
    with pytest.raises(NotRead, match="no dates to go along"):
        write_sql(replace(monthly, groups=(Grouping(MEADOW, "year"),)), SCHEMA)
    with pytest.raises(NotRead, match="weeks end with the year"):
        write_sql(replace(monthly, groups=(Grouping(TAKEN, "week"),)), SCHEMA)
    hives = replace(monthly, targets=(Target(HIVES, None, "count"),), trend=Trend("running"))
    with pytest.raises(NotRead, match="may count in several months"):
        write_sql(hives, SCHEMA)
    with pytest.raises(NotRead, match="no medians"):
        write_sql(Reading(HARVESTS, (Target(HARVESTS, "grams", "median"),)), SCHEMA)
    parents = Target(HIVES, "hive_id", "median")
    with pytest.raises(NotRead, match="more than once"):
        write_sql(Reading(HIVES, (parents,), groups=(BY_MONTH,)), SCHEMA)
