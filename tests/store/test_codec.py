"""The codec: whatever the domain can hold comes back equal, and damaged text is reported."""

import dataclasses
import json
import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gnomon.domain.answer import Answer, Assumption, Chart, Check, Clarification, Cost, Question, Step
from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.context import Context, ValueMatch
from gnomon.domain.errors import Failed
from gnomon.domain.events import AnswerReady, AuditEvent, CheckDone, Event
from gnomon.domain.identity import Principal
from gnomon.domain.result import ResultColumn, ResultTable
from gnomon.store.codec import answer_from_json, answer_to_json, from_json, to_json

pytestmark = pytest.mark.requirement("ODA-03")

ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=-3, minutes=-30)), ZoneInfo("Europe/Paris")])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=-(10**38), max_value=10**38),
    st.floats(allow_nan=False),
    st.decimals(allow_nan=False),
    st.text(),
    st.dates(),
    st.times(),
    st.datetimes(timezones=ZONES),
    st.timedeltas(),
    st.binary(),
)
CELLS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(), inner, max_size=3),
        st.dictionaries(st.sampled_from(["$float", "$date", "a"]), inner, max_size=3),
        st.dictionaries(st.integers() | st.dates(), inner, max_size=3),
    ),
    max_leaves=6,
)
NAMES = st.text(max_size=8)
PRINCIPALS = st.builds(
    Principal,
    subject=NAMES,
    groups=st.frozensets(NAMES, max_size=3),
    claims=st.lists(st.tuples(NAMES, NAMES), max_size=2).map(tuple),
)
QUESTIONS = st.builds(
    Question,
    id=NAMES,
    text=st.text(),
    principal=PRINCIPALS,
    asked_at=st.datetimes(timezones=st.just(UTC)),
    conversation_id=NAMES,
    interactive=st.booleans(),
)
TABLES = st.integers(1, 3).flatmap(
    lambda n: st.builds(
        ResultTable,
        columns=st.tuples(*[st.builds(ResultColumn, name=NAMES, kind=st.just("other"))] * n),
        rows=st.lists(st.tuples(*[CELLS] * n), max_size=3).map(tuple),
        truncated=st.booleans(),
        elapsed_s=st.floats(0, 10),
    )
)
ANSWERS = st.builds(
    Answer,
    id=NAMES,
    question=QUESTIONS,
    status=st.sampled_from(["answered", "abstained", "interrupted"]),
    text=st.text(),
    result=st.none() | TABLES,
    tables=st.lists(st.builds(TableRef, name=NAMES, schema=NAMES), max_size=2).map(tuple),
    assumptions=st.lists(st.builds(Assumption, text=NAMES), max_size=2).map(tuple),
    checks=st.lists(
        st.builds(Check, name=NAMES, verdict=st.sampled_from(["pass", "fail"]), summary=NAMES), max_size=2
    ).map(tuple),
    confidence=st.floats(0, 1),
    steps=st.lists(st.builds(Step, text=NAMES, at_s=st.floats(0, 9)), max_size=2).map(tuple),
    chart=st.none() | st.builds(Chart, kind=st.just("bar"), x=NAMES, y=st.tuples(NAMES)),
    clarification=st.none()
    | st.builds(Clarification, question=NAMES, options=st.tuples(NAMES), default=NAMES),
    unplaced=st.lists(NAMES, max_size=2).map(tuple),
    cost=st.builds(Cost, turns=st.integers(0, 9), cost_usd=st.none() | st.floats(0, 1)),
)


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same types all the way down: 1, 1.0, True and Decimal(1) are four cells."""
    return one == other and repr(one) == repr(other)


@given(CELLS)
def test_every_cell_comes_back_with_its_value_and_type(cell: Any) -> None:
    assert same(from_json(to_json(cell, Any), Any), cell)


@settings(max_examples=40)
@given(ANSWERS)
def test_every_answer_comes_back_equal(answer: Answer) -> None:
    assert answer_from_json(answer_to_json(answer)) == answer


@pytest.mark.parametrize(
    "cell",
    [
        math.nan,
        math.inf,
        -math.inf,
        -0.0,
        5e-324,
        Decimal("NaN"),
        Decimal("-Infinity"),
        Decimal("1.10"),
        Decimal("1E+3"),
        Decimal("-0"),
        2**200,
        1.0,
        True,
        "",
        "\x00\u2028\U0001f40d",
        b"",
        date.min,
        datetime.max,
        datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Paris"), fold=1),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=45, seconds=7))),
        time(23, 59, 59, 999999, tzinfo=UTC),
        timedelta.min,
        {"$decimal": "not a tag"},
        {"a": [{"b": (Decimal("0.1"), None)}]},
        {1: "one", "1": "text one"},
    ],
)
def test_awkward_cells_come_back_exactly(cell: Any) -> None:
    back = from_json(to_json(cell, Any), Any)
    assert repr(back) == repr(cell)
    assert type(back) is type(cell)


def test_events_of_a_union_keep_their_class() -> None:
    check = CheckDone(Check("numbers_trace", "pass", "2 of 2 numbers trace"))
    assert from_json(to_json(check, Event), Event) == check


def test_an_answer_inside_an_event_and_inside_a_context_comes_back() -> None:
    question = Question("q1", "how many?", Principal("ana"), datetime(2026, 1, 1, tzinfo=UTC), "c1")
    answer = Answer("a1", question, "answered", "3")
    ready = AnswerReady(answer)
    context = Context(
        "duckdb",
        question.asked_at,
        values=(ValueMatch("paris", ColumnRef(TableRef("city"), "name"), "Paris", "folded"),),
        previous=answer,
    )
    assert from_json(to_json(ready, AnswerReady), AnswerReady) == ready
    assert from_json(to_json(context, Context), Context) == context


def test_stored_text_is_one_line_of_ascii_without_bare_nan() -> None:
    text = to_json((("naïve\n", math.nan),), tuple[tuple[Any, ...], ...])
    assert text.isascii()
    assert "\n" not in text
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_a_field_that_an_older_text_lacks_takes_its_default() -> None:
    data = json.loads(to_json(Check("c", "warn", "s", action="a"), Check))
    del data["action"]
    assert from_json(json.dumps(data), Check) == Check("c", "warn", "s")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        '{"name": "n", "verdict": "maybe", "summary": "s"}',
        '{"name": "n", "verdict": "pass"}',
        '{"name": "n", "verdict": "pass", "summary": "s", "extra": 1}',
        '{"name": {"$date": "soon"}, "verdict": "pass", "summary": "s"}',
        '{"name": {"$python": "x"}, "verdict": "pass", "summary": "s"}',
    ],
)
def test_text_that_is_not_the_value_is_reported(text: str) -> None:
    with pytest.raises(Failed, match="not a readable Check"):
        from_json(text, Check)


def test_a_value_the_domain_does_not_know_is_not_written() -> None:
    with pytest.raises(TypeError, match="a cell cannot be a complex"):
        to_json(1j, Any)


def test_a_cell_nested_beyond_reason_is_reported() -> None:
    cell: list[Any] = []
    for _ in range(5_000):
        cell = [cell]
    with pytest.raises(Failed, match="nested too deeply"):
        to_json(cell, Any)
    with pytest.raises(Failed, match="not a readable"):
        from_json("[" * 100_000 + "]" * 100_000, Any)


def test_every_field_of_an_audit_event_is_written() -> None:
    event = AuditEvent(datetime(2026, 1, 1, tzinfo=UTC), "ana", "acme", "query", (("sql", "SELECT 1"),))
    assert set(json.loads(to_json(event, AuditEvent))) == {f.name for f in dataclasses.fields(AuditEvent)}
