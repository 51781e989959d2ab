"""A result as an Arrow table."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import duckdb
import pytest

from gnomon.domain.result import Cell, ResultColumn, ResultTable
from gnomon.warehouses.arrow import to_arrow


def one_column(*cells: Cell) -> ResultTable:
    return ResultTable((ResultColumn("x", "other"),), tuple((cell,) for cell in cells))


@pytest.mark.requirement("warehouses:arrow")
@pytest.mark.parametrize(
    ("cells", "type_name"),
    [
        ((1, None), "Int64"),
        ((1.5, None), "Float64"),
        ((Decimal("1.50"), Decimal("-123.4"), None), "Decimal128(5, 2)"),
        ((True, None), "Boolean"),
        (("é", None), "Utf8"),
        ((date(2024, 2, 29), None), "Date32"),
        ((datetime(2024, 2, 29, 1, 2, 3, 4), None), "Timestamp(µs)"),
        ((datetime(1924, 2, 29, tzinfo=UTC), None), 'Timestamp(µs, "UTC")'),
        ((time(23, 59, 1, 5), None), "Time64(µs)"),
        ((timedelta(days=3, seconds=-1), None), "Duration(µs)"),
        ((b"\xff", None), "Binary"),
    ],
)
def test_cells_survive_with_their_arrow_type(cells: tuple[Cell, ...], type_name: str) -> None:
    table = to_arrow(one_column(*cells))
    assert f"<{type_name}>" in repr(table.column(0).type).replace("\n", "")
    assert table.column(0).to_pylist() == list(cells)


@pytest.mark.requirement("warehouses:arrow")
@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (2**70, str(2**70)),
        (Decimal("NaN"), "NaN"),
        ([1, "a"], '[1, "a"]'),
        ({"a": date(2024, 1, 1)}, '{"a": "2024-01-01"}'),
        (time(1, tzinfo=UTC), "01:00:00+00:00"),
    ],
)
def test_what_arrow_cannot_hold_becomes_text(cell: Cell, text: str) -> None:
    assert to_arrow(one_column(cell)).column(0).to_pylist() == [text]


@pytest.mark.requirement("warehouses:arrow")
def test_mixed_cells_become_text_and_numbers_become_floats() -> None:
    assert to_arrow(one_column(1, "a")).column(0).to_pylist() == ["1", "a"]
    assert to_arrow(one_column(1, 2.5)).column(0).to_pylist() == [1.0, 2.5]


@pytest.mark.requirement("warehouses:arrow")
def test_another_library_reads_the_table_without_a_copy_by_us() -> None:
    rows = ((1, Decimal("2.50")), (2, None))
    result = ResultTable((ResultColumn("id", "integer"), ResultColumn("amount", "decimal")), rows)
    table = to_arrow(result)
    with duckdb.connect() as connection:
        assert connection.from_arrow(table).fetchall() == list(rows)


@pytest.mark.requirement("warehouses:arrow")
def test_an_empty_result_keeps_its_columns_and_repeated_names() -> None:
    result = ResultTable((ResultColumn("n", "integer"), ResultColumn("n", "text")), ())
    table = to_arrow(result)
    assert (table.column_names, table.num_rows) == (["n", "n"], 0)
