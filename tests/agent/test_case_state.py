"""What a model sees of the case: every fact it needs, and none of the noise."""

import json
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from agent.desk import Desk, call, results, say, sql
from gnomon.agent.bounds import Bounds
from gnomon.agent.preview import (
    PREVIEW_CELL_CHARS,
    PREVIEW_COLUMNS,
    PREVIEW_ROWS,
    byte_size,
    preview,
    readable,
)
from gnomon.domain.result import Cell, ResultColumn, ResultTable
from gnomon.models.port import ModelRequest
from gnomon.models.scripted import ScriptedModel
from gnomon.store.results import result_ref

pytestmark = pytest.mark.requirement("DD-12")

BY_STATUS = "select status, count(*) as n from orders group by status order by status"
LETTERS = "select id, body from letters order by id"
ENOUGH = say("Cannot answer: enough seen.")


def requests_of(desk: Desk, *turns: Any) -> list[ModelRequest]:
    """Every request of a run of those turns."""
    model = ScriptedModel([*turns, ENOUGH])
    desk.ask(model, bounds=Bounds(max_turns=30))
    return model.requests


def table(rows: Sequence[tuple[Cell, ...]], names: Sequence[str], truncated: bool = False) -> ResultTable:
    return ResultTable(tuple(ResultColumn(n, "text") for n in names), tuple(rows), truncated)


def test_a_preview_has_at_most_20_rows_30_columns_and_120_characters_a_cell() -> None:
    wide = table([tuple("x" * 500 for _ in range(70))] * 90, [f"{'long' * 60}{i}" for i in range(70)])
    seen = preview(result_ref("r1", wide), wide)
    assert len(seen["rows"]) == PREVIEW_ROWS == 20
    assert {len(row) for row in seen["rows"]} == {PREVIEW_COLUMNS} == {30}
    assert {len(cell) for row in seen["rows"] for cell in row} == {PREVIEW_CELL_CHARS} == {120}
    assert {len(name) for name in seen["columns"]} == {120}
    assert (seen["row_count"], seen["rows_not_shown"], seen["columns_not_shown"]) == (90, 70, 40)


def test_no_request_holds_more_of_a_result_than_its_preview(desk: Desk) -> None:
    for request in requests_of(desk, sql(LETTERS)):
        for shown in results(request):
            assert len(shown.content["rows"]) == 20
            assert len(json.dumps(shown.content)) < 20 * 30 * 130
        assert "word 21" not in str(request.messages)


def test_the_rows_that_a_model_does_not_see_are_in_the_answer(desk: Desk) -> None:
    answer = desk.ask([sql(LETTERS), say("There are 50 letters.")], "List the letters")
    assert answer.result is not None
    assert len(answer.result.rows) == 50
    assert len(answer.result.rows[0][1]) > 120


def test_older_previews_shrink_to_their_shape(desk: Desk) -> None:
    shown = results(requests_of(desk, *[sql(BY_STATUS, call_id=str(i)) for i in range(6)])[-1])
    assert [("rows" in m.content) for m in shown] == [False, False, True, True, True, True]
    assert shown[0].content == {
        "result": "r1",
        "columns": ["status", "n"],
        "row_count": 3,
        "truncated": False,
        "rows_not_shown": 0,
        "columns_not_shown": 0,
    }


def test_a_single_figure_found_early_is_never_dropped(desk: Desk) -> None:
    first = sql("select sum(amount) as amount from orders")
    last = requests_of(desk, first, *[sql(BY_STATUS, call_id=str(i)) for i in range(8)])[-1]
    assert results(last)[0].content["rows"] == [[31320]]


def test_a_look_at_a_table_counts_as_no_preview_and_keeps_its_facts(desk: Desk) -> None:
    looks = [
        call("describe_table", {"table": t}, t) for t in ("orders", "customers", "letters", "order_items")
    ]
    shown = results(requests_of(desk, sql(BY_STATUS), *looks)[-1])
    assert len(shown[0].content["rows"]) == 3, "the result is not displaced by descriptions"
    assert shown[1].content["row_count"] == 240
    assert shown[1].content["owner"] == "the finance team"


def test_critical_facts_reach_the_last_request(desk: Desk) -> None:
    """The question, every failure and its hint, every choice made, and each result's shape."""
    ask = {"question": "Which?", "options": ["placed", "shipped"], "default": "placed"}
    turns = [
        call("ask_user", ask),
        sql("select * from ordres"),
        sql("select * from letters"),
        *[sql(BY_STATUS, call_id=str(i)) for i in range(6)],
    ]
    text = str(requests_of(desk, *turns)[-1].messages)
    for fact in (
        "How many orders were placed?",
        "'chosen': 'placed'",
        "ordres",
        "'result': 'r1'",
        "'row_count': 50",
    ):
        assert fact in text, fact


def test_a_long_run_leaves_no_noise(desk: Desk) -> None:
    """Twenty queries with long texts cost a request little more than four do."""
    requests = requests_of(desk, *[sql(LETTERS, call_id=str(i)) for i in range(20)])
    sizes = [len(str([m.content for m in results(r)])) for r in requests]
    assert sizes[-1] < sizes[4] + 16 * 200
    assert str(requests[-1].messages).count("word 1 word 1") < 4 * 200


def test_an_error_is_cut_before_it_floods_the_exchange(desk: Desk) -> None:
    names = " + ".join(f"no_such_column_{i}" for i in range(3000))
    shown = results(requests_of(desk, sql(f"select {names} from orders"))[-1])
    assert shown[0].failed
    assert len(str(shown[0].content)) < 5_000


def test_a_query_carries_its_assumptions_and_drops_those_of_the_one_before(desk: Desk) -> None:
    def assuming(text: str) -> Any:
        return sql("select count(*) as n from orders", assumptions=[{"text": text}])

    answer = desk.ask([assuming("Old."), assuming("New."), say("240 orders.")])
    assert [a.text for a in answer.assumptions] == ["New."]


def test_a_new_query_drops_the_chart_of_the_one_before(desk: Desk) -> None:
    chart = call("make_chart", {"kind": "line", "x": "status", "y": ["n"]})
    answer = desk.ask([sql(BY_STATUS), chart, sql("select count(*) as n from orders"), say("240 orders.")])
    assert answer.chart is None


@pytest.mark.parametrize(
    ("cell", "seen"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (2.5, 2.5),
        (math.inf, "inf"),
        (math.nan, "nan"),
        (Decimal("12.50"), 12.5),
        (Decimal("1E+3"), 1000),
        (Decimal("NaN"), "NaN"),
        (Decimal("12345678901234567.89"), "12345678901234567.89"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 2, 3, 4, tzinfo=UTC), "2026-01-02T03:04:00+00:00"),
        (time(3, 4), "03:04:00"),
        (timedelta(hours=3), "3:00:00"),
        (b"abc", "3 bytes"),
        ({"a": [1]}, "{'a': [1]}"),
    ],
)
def test_a_cell_reads_as_plain_json_without_losing_its_value(cell: Cell, seen: Any) -> None:
    assert readable(cell) == seen
    json.dumps(readable(cell), allow_nan=False)


def test_bytes_are_counted_by_the_length_of_long_cells() -> None:
    assert byte_size(table([("abcd", 1, None), (b"xy", 2.0, None)], "abc")) == 4 + 8 + 8 + 2 + 8 + 8
