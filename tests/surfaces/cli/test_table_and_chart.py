"""Tables and charts at the edges of what results can be."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.text import Text

from gnomon.domain.answer import Chart
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.surfaces.cli.chart import render_chart
from gnomon.surfaces.cli.digits import large
from gnomon.surfaces.cli.face import Face
from gnomon.surfaces.cli.table import render_table

pytestmark = pytest.mark.requirement("cli:answers-readable")

CELLS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.decimals())


def result(names: list[str], *rows: tuple[object, ...]) -> ResultTable:
    kinds = ["text" if all(isinstance(r[i], str) for r in rows) else "decimal" for i in range(len(names))]
    return ResultTable(tuple(map(ResultColumn, names, kinds)), rows)  # type: ignore[arg-type]


def plain(lines: list[Text]) -> list[str]:
    return [line.plain for line in lines]


@given(
    st.integers(1, 6).flatmap(lambda n: st.lists(st.tuples(*[CELLS] * n), max_size=5)), st.integers(20, 120)
)
def test_any_result_makes_a_table_that_fits(rows: list[tuple[object, ...]], width: int) -> None:
    names = [f"column {i}" for i in range(len(rows[0]) if rows else 2)]
    table = ResultTable(tuple(ResultColumn(n, "other") for n in names), tuple(rows))
    assert all(cell_len(line) <= width for line in plain(render_table(table, Face(width))))


def test_an_empty_result_says_so() -> None:
    table = ResultTable((ResultColumn("a", "text"),), ())
    assert plain(render_table(table, Face(80)))[-1] == "(no rows)"


def test_a_single_wide_row_stands_upright() -> None:
    row = tuple(f"value {i} that is rather long" for i in range(9))
    lines = plain(render_table(result([f"column_{i}" for i in range(9)], row), Face(80)))
    assert lines[0] == "column_0 │ value 0 that is rather long"
    assert len(lines) == 9


def test_more_rows_than_shown_are_counted_with_the_way_to_get_them() -> None:
    table = result(["n"], *[(i,) for i in range(30)])
    assert (
        plain(render_table(table, Face(80), max_rows=5, more="see there"))[-1] == "(25 more rows; see there)"
    )


def test_bars_have_lengths_in_proportion_and_negative_ones_go_left() -> None:
    table = result(["name", "n"], ("up", 40), ("half", 20), ("down", -40), ("none", 0))
    up, half, down, none = plain(render_chart(Chart("bar", "name", ("n",)), table, Face(60)))
    assert up.count("█") == pytest.approx(2 * half.count("█"), abs=1)
    assert down.index("█") < up.index("█")
    assert "█" not in none


def test_missing_and_infinite_values_leave_a_gap() -> None:
    table = result(["day", "n"], *[(f"d{i}", v) for i, v in enumerate((1.0, None, float("inf"), 3.0, 2.0))])
    for kind in ("bar", "line"):
        assert plain(render_chart(Chart(kind, "day", ("n",)), table, Face(60)))  # type: ignore[arg-type]


@given(st.lists(st.one_of(st.none(), st.floats(), st.integers(), st.decimals()), min_size=1, max_size=40))
def test_any_numbers_make_a_chart_that_fits(values: list[object]) -> None:
    table = ResultTable(
        (ResultColumn("x", "text"), ResultColumn("y", "decimal")),
        tuple((f"label {i}", v) for i, v in enumerate(values)),
    )
    for kind in ("bar", "line"):
        lines = plain(render_chart(Chart(kind, "x", ("y",)), table, Face(100)))  # type: ignore[arg-type]
        assert all(cell_len(line) <= 100 for line in lines)


def test_a_chart_of_columns_that_are_not_there_is_left_out() -> None:
    assert render_chart(Chart("bar", "nope", ("n",)), result(["name", "n"], ("a", 1)), Face()) == []


def test_several_series_get_a_caption_each() -> None:
    table = result(["name", "a", "b"], ("x", 1, 2), ("y", 3, 4))
    lines = plain(render_chart(Chart("bar", "name", ("a", "b"), "both"), table, Face(60)))
    assert [line for line in lines if line in ("both", "a", "b")] == ["both", "a", "b"]


def test_a_headline_is_large_only_where_a_person_looks_and_it_fits() -> None:
    lines = large("$1,204.5%", Face(80, large=True))
    assert lines is not None
    assert len(lines) == 3
    assert len({len(line) for line in lines}) == 1
    assert large("1", Face(80)) is None
    assert large("1", Face(80, unicode=False, large=True)) is None
    assert large("Vienna", Face(80, large=True)) is None
    assert large("1" * 40, Face(80, large=True)) is None


def test_numbers_are_right_aligned_with_equal_places() -> None:
    table = result(["name", "amount"], ("a", Decimal("1.5")), ("b", Decimal("1200.25")))
    assert plain(render_table(table, Face(80)))[2:] == ["a    │     1.50", "b    │ 1,200.25"]
