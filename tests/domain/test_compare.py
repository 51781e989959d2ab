"""When two results are the same answer."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.domain.compare import compare
from gnomon.domain.result import ResultColumn, ResultTable


def table(*rows: tuple[Any, ...], names: str = "") -> ResultTable:
    width = len(rows[0]) if rows else len(names.split())
    columns = names.split() or [f"c{i}" for i in range(width)]
    return ResultTable(tuple(ResultColumn(n, "other") for n in columns), rows)


SAME = {
    "identical rows": (table((1, "a")), table((1, "a"))),
    "rows in another order": (table((1,), (2,)), table((2,), (1,))),
    "columns in another order": (table((1, "a"), (2, "b")), table(("a", 1), ("b", 2))),
    "another column name": (table((1,), names="n"), table((1,), names="count")),
    "a further column": (table(("a",), ("b",)), table(("a", 3), ("b", 4))),
    "a further column before": (table((3,), (4,)), table(("a", 3), ("b", 4))),
    "int and float": (table((3,)), table((3.0,))),
    "int and decimal": (table((3,)), table((Decimal("3.00"),))),
    "float and decimal": (table((0.1,)), table((Decimal("0.1"),))),
    "float noise": (table((1_000_000.0,)), table((1_000_000.4,))),
    "noise around zero": (table((0.0,)), table((1e-12,))),
    "boolean and 0/1": (table((True,), (False,)), table((1,), (0,))),
    "date and its midnight": (table((date(2025, 1, 1),)), table((datetime(2025, 1, 1),))),
    "aware and naive UTC": (
        table((datetime(2025, 1, 1, 12),)),
        table((datetime(2025, 1, 1, 14, tzinfo=timezone(timedelta(hours=2))),)),
    ),
    "two aware zones": (
        table((datetime(2025, 1, 1, 12, tzinfo=UTC),)),
        table((datetime(2025, 1, 1, 13, tzinfo=timezone(timedelta(hours=1))),)),
    ),
    "nulls": (table((None, 1)), table((1, None))),
    "not a number": (table((float("nan"),)), table((float("nan"),))),
    "infinity": (table((float("inf"),)), table((float("inf"),))),
    "repeated rows": (table((1,), (1,), (2,)), table((2,), (1,), (1,))),
    "nested values": (table(([1, 2], {"a": 1})), table(([1.0, 2.0], {"a": Decimal(1)}))),
    "bytes": (table((b"x",)), table((b"x",))),
    "time of day": (table((time(9, 30),)), table((time(9, 30),))),
    "spans": (table((timedelta(hours=1),)), table((timedelta(minutes=60),))),
    "both empty": (table(names="a"), table(names="b")),
    "columns alike in isolation": (
        table((1, 1), (1, 2), (2, 1)),
        table((1, 1), (2, 1), (1, 2)),
    ),
    "noise that sorts rows apart": (
        table((1.0, 5.0), (1.0 + 1e-8, 2.0)),
        table((1.0 + 2e-8, 5.0), (1.0 + 1e-9, 2.0)),
    ),
}
DIFFERENT = {
    "another number": (table((1,)), table((2,))),
    "cents for dollars": (table((1234.5,)), table((123450,))),
    "a rounded share": (table((0.3968,)), table((0.4,))),
    "a share as a percentage": (table((0.25,)), table((25,))),
    "beyond the tolerance": (table((1_000_000.0,)), table((1_000_002.0,))),
    "another text": (table(("a",)), table(("b",))),
    "another case": (table(("West",)), table(("west",))),
    "text for a number": (table((5,)), table(("5",))),
    "null for zero": (table((0,)), table((None,))),
    "null for empty text": (table(("",)), table((None,))),
    "a missing row": (table((1,), (2,)), table((1,))),
    "a further row": (table((1,)), table((1,), (2,))),
    "a missing column": (table((1, "a")), table((1,))),
    "a row repeated instead of another": (table((1,), (1,), (2,)), table((1,), (2,), (2,))),
    "values paired with other names": (table(("a", 1), ("b", 2)), table(("a", 2), ("b", 1))),
    "date for a time in the day": (table((date(2025, 1, 1),)), table((datetime(2025, 1, 1, 8),))),
    "one column for two": (table((1, 1)), table((1, 2))),
    "infinity for a number": (table((float("inf"),)), table((1e300,))),
    "empty for rows": (table(names="a"), table((1,))),
}


@pytest.mark.requirement("flywheel:result-equality")
@pytest.mark.parametrize("case", SAME)
def test_same_answer(case: str) -> None:
    expected, actual = SAME[case]
    assert compare(expected, actual).equal


@pytest.mark.requirement("flywheel:result-equality")
@pytest.mark.parametrize("case", DIFFERENT)
def test_different_answer_says_why(case: str) -> None:
    expected, actual = DIFFERENT[case]
    comparison = compare(expected, actual)
    assert not comparison.equal
    assert comparison.why


def test_order_counts_only_when_asked_for() -> None:
    up, down = table(("a", 1), ("b", 2)), table(("b", 2), ("a", 1))
    assert compare(up, down).equal
    assert compare(up, down, ordered=True).why == "the rows come in another order"
    assert compare(up, up, ordered=True).equal


def test_further_columns_are_ignored_in_ordered_results_too() -> None:
    assert compare(table(("a",), ("b",)), table((9, "a"), (8, "b")), ordered=True).equal


def test_the_reason_names_the_column_whose_values_are_missing() -> None:
    comparison = compare(table((1, 2), names="orders revenue"), table((1, 3)))
    assert comparison.why == "no column holds the values of `revenue`"


def test_many_identical_columns_do_not_take_forever() -> None:
    rows = tuple((0,) * 12 + (i,) for i in range(50))
    assert not compare(table(*rows), table(*((0,) * 12 + (i,) for i in range(1, 51)))).equal
    assert compare(table(*rows), table(*rows)).equal


CELLS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.text("ab", max_size=2), st.floats(-9, 9), st.dates()
)


@given(st.data())
def test_a_result_equals_itself_shuffled(data: st.DataObject) -> None:
    width = data.draw(st.integers(1, 4))
    rows = data.draw(st.lists(st.tuples(*[CELLS] * width), min_size=1, max_size=8))
    shuffled = data.draw(st.permutations(rows))
    order = data.draw(st.permutations(range(width)))
    moved = [tuple(row[i] for i in order) for row in shuffled]
    assert compare(table(*rows), table(*moved)).equal


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(0, 7))
def test_changing_one_number_is_noticed(numbers: list[int], where: int) -> None:
    changed = list(numbers)
    changed[where % len(numbers)] += 100
    assert not compare(table(*((n,) for n in numbers)), table(*((n,) for n in changed))).equal
