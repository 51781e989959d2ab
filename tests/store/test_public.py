"""The JSON that people and programs outside read."""

import dataclasses
import json
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gnomon.domain.answer import Answer, Check, ExecutedQuery, Question
from gnomon.domain.catalog import TableRef
from gnomon.domain.identity import Principal
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.store.public import answer_to_public_json, plain_cell
from gnomon.store.results import result_ref

pytestmark = pytest.mark.requirement("ODA-03")

TABLE = ResultTable(
    (ResultColumn("month", "date"), ResultColumn("revenue", "decimal")),
    ((date(2026, 1, 1), Decimal("1250.50")), (date(2026, 2, 1), None)),
)
ANSWER = Answer(
    "a1",
    Question(
        "q1",
        "revenue by month",
        Principal("ana", groups=frozenset({"sales"}), claims=(("token", "secret"),)),
        datetime(2026, 3, 1, tzinfo=UTC),
        "c1",
    ),
    "answered",
    "Revenue was 1250.50 in January.",
    result=TABLE,
    queries=(
        ExecutedQuery("SELECT 1", "revenue", (TableRef("sale", "shop"),), result_ref("r1", TABLE), 0.1),
    ),
    tables=(TableRef("sale", "shop"),),
    checks=(Check("numbers_trace", "pass", "1 of 1 numbers trace"),),
)


def test_every_field_of_the_answer_is_there() -> None:
    public = answer_to_public_json(ANSWER)
    assert {f.name for f in dataclasses.fields(Answer)} | {"schema_version", "sql"} == set(public)
    assert public["schema_version"] == 1
    assert public["sql"] == "SELECT 1"


def test_it_reads_plainly() -> None:
    public = json.loads(json.dumps(answer_to_public_json(ANSWER), allow_nan=False))
    assert public["tables"] == ["shop.sale"]
    assert public["question"]["asked_at"] == "2026-03-01T00:00:00+00:00"
    assert public["result"]["rows"] == [["2026-01-01", 1250.5], ["2026-02-01", None]]
    assert public["result"]["row_count"] == 2
    assert public["queries"][0]["result"]["sha256"] == result_ref("r1", TABLE).sha256


def test_the_claims_of_the_identity_provider_stay_inside() -> None:
    assert "secret" not in json.dumps(answer_to_public_json(ANSWER))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        (Decimal("19.90"), 19.9),
        (Decimal("5"), 5),
        (Decimal("5.00"), 5),
        (Decimal("0.12345678901234567890"), "0.12345678901234567890"),
        (Decimal("12345678901234567890.5"), "12345678901234567890.5"),
        (Decimal("1E+400"), "1E+400"),
        (Decimal("NaN"), "NaN"),
        (2**53 - 1, 2**53 - 1),
        (2**53, "9007199254740992"),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
        (True, True),
        (timedelta(hours=1, milliseconds=500), 3600.5),
        (b"\x00\xff", "00ff"),
        ({"a": [Decimal("0.1")]}, {"a": [0.1]}),
    ],
)
def test_a_number_is_a_json_number_only_when_nothing_is_lost(cell: Any, expected: Any) -> None:
    plain = plain_cell(cell)
    assert plain == expected
    assert type(plain) is type(expected)
