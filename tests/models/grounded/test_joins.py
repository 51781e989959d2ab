"""Join planning: what is computed is never multiplied by a join.

Every plan is compared with a sum over plain Python rows, on tables with many rows below each row.
"""

import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.domain.catalog import (
    CardColumn,
    Column,
    ColumnRef,
    Evidence,
    Join,
    Key,
    TableCard,
    TableRef,
    TypeKind,
)
from gnomon.domain.context import Context
from gnomon.models.grounded.joins import plan_joins
from gnomon.models.grounded.reading import Condition, Grouping, Linked, NotRead, Reading, Target
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.sql import write_sql

DECLARED = Evidence("declared")
FARMS, HARVESTS, CRATES, TOOLS = (TableRef(n) for n in ("farms", "harvests", "crates", "tools"))


def card(ref: TableRef, columns: dict[str, TypeKind], joins: tuple[Join, ...]) -> TableCard:
    """A card with a primary key in its first column."""
    own = tuple(CardColumn(Column(n, kind, kind)) for n, kind in columns.items())
    return TableCard(ref, own, keys=(Key((next(iter(columns)),), DECLARED, primary=True),), joins=joins)


def farm_schema(*more: Join) -> Schema:
    """Farms with harvests and tools, harvests with crates."""
    joins = (
        Join(HARVESTS, ("farm_id",), FARMS, ("farm_id",), DECLARED),
        Join(CRATES, ("harvest_id",), HARVESTS, ("harvest_id",), DECLARED),
        Join(TOOLS, ("farm_id",), FARMS, ("farm_id",), DECLARED),
        *more,
    )
    cards = (
        card(FARMS, {"farm_id": "integer", "valley": "text", "acres": "integer"}, joins),
        card(
            HARVESTS,
            {"harvest_id": "integer", "farm_id": "integer", "fruit": "text", "tons": "integer"},
            joins,
        ),
        card(
            CRATES,
            {"crate_id": "integer", "harvest_id": "integer", "grade": "text", "kilos": "integer"},
            joins,
        ),
        card(TOOLS, {"tool_id": "integer", "farm_id": "integer", "kind": "text"}, joins),
    )
    return Schema(Context("sqlite", datetime(2026, 3, 18, tzinfo=UTC), cards=cards))


SCHEMA = farm_schema()


@dataclass(frozen=True)
class Rows:
    """The rows of the four tables; a parent's id may be missing."""

    farms: list[tuple[int, str, int]]
    harvests: list[tuple[int, int | None, str, int]]
    crates: list[tuple[int, int | None, str, int]]
    tools: list[tuple[int, int | None, str]]

    def run(self, reading: Reading) -> list[tuple[object, ...]]:
        """What a real database makes of the reading's SQL."""
        database = sqlite3.connect(":memory:")
        for name, width in (("farms", 3), ("harvests", 4), ("crates", 4), ("tools", 3)):
            ref = TableRef(name)
            columns = ", ".join(c.name for c in SCHEMA.card(ref).columns)
            database.execute(f"CREATE TABLE {name} ({columns})")
            marks = ", ".join("?" * width)
            database.executemany(f"INSERT INTO {name} VALUES ({marks})", getattr(self, name))
        found = database.execute(write_sql(reading, SCHEMA)).fetchall()
        database.close()
        return found


@st.composite
def worlds(draw: st.DrawFn) -> Rows:
    """A few farms with any number of rows below them."""
    farms = [
        (i, draw(st.sampled_from("ab")), draw(st.integers(0, 9))) for i in range(draw(st.integers(1, 4)))
    ]
    parents = st.none() | st.integers(0, len(farms) - 1)
    count = draw(st.integers(0, 7))
    harvests = [
        (i, draw(parents), draw(st.sampled_from("xy")), draw(st.integers(0, 9))) for i in range(count)
    ]
    below = st.none() | st.integers(0, count - 1) if count else st.none()
    crates = [
        (i, draw(below), draw(st.sampled_from("pq")), draw(st.integers(0, 9)))
        for i in range(draw(st.integers(0, 9)))
    ]
    tools = [(i, draw(parents), draw(st.sampled_from("mn"))) for i in range(draw(st.integers(0, 5)))]
    return Rows(farms, harvests, crates, tools)


VALLEY = ColumnRef(FARMS, "valley")
FRUIT = Condition(ColumnRef(HARVESTS, "fruit"), "=", ("x",), "x", named=True)
GRADE = Condition(ColumnRef(CRATES, "grade"), "=", ("p",), "p", named=True)
KIND = Condition(ColumnRef(TOOLS, "kind"), "=", ("m",), "m", named=True)
IN_A = Condition(VALLEY, "=", ("a",), "a")
CHECKED = settings(max_examples=60, deadline=None, derandomize=True)


@pytest.mark.requirement("grounded:no-fan-out")
@given(worlds())
@CHECKED
def test_a_parents_sum_is_not_multiplied_by_its_children(world: Rows) -> None:
    reading = Reading(FARMS, (Target(FARMS, "acres", "sum"),), conditions=(FRUIT, KIND))
    with_fruit = {f for _, f, fruit, _ in world.harvests if fruit == "x"}
    with_tool = {f for _, f, kind in world.tools if kind == "m"}
    wanted = [acres for i, _, acres in world.farms if i in with_fruit & with_tool]
    assert world.run(reading) == [(sum(wanted) if wanted else None,)]


@pytest.mark.requirement("grounded:no-fan-out")
@given(worlds())
@CHECKED
def test_a_sum_two_tables_up_asks_for_rows_two_tables_down_without_counting_them(world: Rows) -> None:
    reading = Reading(
        FARMS, (Target(FARMS, "acres", "sum"), Target(FARMS, None, "count")), conditions=(GRADE,)
    )
    good = {h for _, h, grade, _ in world.crates if grade == "p"}
    farms = {f for i, f, _, _ in world.harvests if i in good}
    wanted = [acres for i, _, acres in world.farms if i in farms]
    assert world.run(reading) == [(sum(wanted) if wanted else None, len(wanted))]


@pytest.mark.requirement("grounded:no-fan-out")
@given(worlds())
@CHECKED
def test_a_childs_sum_per_parents_column_counts_each_row_once(world: Rows) -> None:
    reading = Reading(
        CRATES, (Target(CRATES, "kilos", "sum"),), conditions=(FRUIT,), groups=(Grouping(VALLEY),)
    )
    farms = {i: valley for i, valley, _ in world.farms}
    harvests = {i: f for i, f, fruit, _ in world.harvests if fruit == "x" and f is not None}
    wanted: dict[str, int] = defaultdict(int)
    for _, harvest, _, kilos in world.crates:
        if harvest in harvests:
            wanted[farms[harvests[harvest]]] += kilos
    assert sorted(world.run(reading)) == sorted(wanted.items())


@pytest.mark.requirement("grounded:no-fan-out")
@given(worlds(), st.sampled_from([">", ">=", "<", "<=", "="]), st.integers(1, 3))
@CHECKED
def test_counts_of_related_rows_compare_the_rows_and_leave_the_sum_alone(
    world: Rows, operator: str, number: int
) -> None:
    linked = Linked(HARVESTS, operator, number)  # type: ignore[arg-type]
    reading = Reading(FARMS, (Target(FARMS, "acres", "sum"),), conditions=(FRUIT, IN_A), linked=(linked,))
    compare = {
        ">": int.__gt__, ">=": int.__ge__, "<": int.__lt__, "<=": int.__le__, "=": int.__eq__,
    }[operator]  # fmt: skip
    counts = {i: sum(f == i and fruit == "x" for _, f, fruit, _ in world.harvests) for i, _, _ in world.farms}
    wanted = [acres for i, valley, acres in world.farms if valley == "a" and compare(counts[i], number)]
    assert world.run(reading) == [(sum(wanted) if wanted else None,)]


@pytest.mark.requirement("grounded:no-fan-out")
@given(worlds())
@CHECKED
def test_absence_leaves_exactly_the_rows_that_presence_takes(world: Rows) -> None:
    counted = (Target(FARMS, None, "count"),)
    (present,), (absent,) = (
        world.run(Reading(FARMS, counted, conditions=(FRUIT,), linked=(Linked(HARVESTS, how),)))[0]  # type: ignore[arg-type]
        for how in ("exists", "not exists")
    )
    assert int(str(present)) + int(str(absent)) == len(world.farms)


@pytest.mark.requirement("grounded:no-fan-out")
def test_an_amount_is_not_grouped_by_rows_below_it() -> None:
    reading = Reading(
        FARMS, (Target(FARMS, "acres", "sum"),), groups=(Grouping(ColumnRef(HARVESTS, "fruit")),)
    )
    with pytest.raises(NotRead) as refused:
        plan_joins(reading, SCHEMA)
    assert refused.value.reason == "Joining the tables would count amounts more than once."


@pytest.mark.requirement("grounded:no-fan-out")
def test_two_ways_to_join_are_asked_about_and_none_is_named() -> None:
    twice = farm_schema(Join(HARVESTS, ("sold_to",), FARMS, ("farm_id",), DECLARED))
    reading = Reading(HARVESTS, (Target(HARVESTS, "tons", "sum"),), groups=(Grouping(VALLEY),))
    with pytest.raises(NotRead, match="linked in several ways") as refused:
        plan_joins(reading, twice)
    assert refused.value.options == ("harvests.farm_id", "harvests.sold_to")
    alone = farm_schema()
    barn = TableRef("barn")
    apart = Schema(
        Context("sqlite", alone.context.now, cards=(*alone.context.cards, card(barn, {"b": "text"}, ())))
    )
    with pytest.raises(NotRead, match="no way to join"):
        plan_joins(Reading(HARVESTS, (Target(HARVESTS, "tons"), Target(barn, "b"))), apart)


@pytest.mark.requirement("grounded:no-fan-out")
def test_a_plan_joins_only_towards_parents() -> None:
    reading = Reading(CRATES, (Target(CRATES, "kilos", "sum"),), conditions=(IN_A, KIND))
    with pytest.raises(NotRead):
        plan_joins(
            Reading(CRATES, reading.targets, conditions=(IN_A, KIND), linked=(Linked(CRATES),)), SCHEMA
        )
    plan = plan_joins(Reading(CRATES, reading.targets, conditions=(IN_A,)), SCHEMA)
    assert [str(h.target) for h in plan.hops] == ["harvests", "farms"]
    assert not any(h.many for h in plan.hops)
