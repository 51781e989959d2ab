"""Likely readings run beside each other: what they give tells which is meant."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import pytest
from grounded_businesses import ANSWERED_FROM, NOW, TOOLS, Business
from hypothesis import given
from hypothesis import strategies as st

from gnomon.domain.answer import Question
from gnomon.domain.context import Context
from gnomon.domain.identity import Principal
from gnomon.models.grounded import GroundedModel
from gnomon.models.grounded.composer.compose import Composed
from gnomon.models.grounded.composer.weighing import LOOKED_AT, given_by, weigh
from gnomon.models.grounded.decide import Read, preferred, read
from gnomon.models.grounded.model import COMPARED
from gnomon.models.grounded.weighed import CHEAP_ROWS, to_compare, weighed
from gnomon.models.port import ModelRequest, ModelResponse, ToolMessage, UserMessage

Open = Callable[..., Business]
LIKELY = "What is the average rating of each course?"
"""A question of the school whose likeliest reading is not sure enough to be answered from unseen."""

CELLS = st.one_of(st.none(), st.integers(-5, 5), st.sampled_from(["a", "b", "1"]))
TABLES = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), min_size=1, max_size=6)
)


def content(rows: list[list[object]], count: int | None = None) -> dict[str, object]:
    """What `run_sql` tells of a result."""
    names = [f"c{at}" for at in range(len(rows[0]))] if rows else ["c0"]
    return {"columns": names, "rows": rows, "row_count": len(rows) if count is None else count}


def request(context: Context, text: str, *replies: ToolMessage) -> ModelRequest:
    """A question to the model, and what its tools have told."""
    asked = Question("q", text, Principal("ana"), NOW, "c")
    return ModelRequest(asked, "", context, "", (UserMessage(text), *replies), TOOLS)


def respond(asked: ModelRequest) -> ModelResponse:
    """What the model does next."""
    return GroundedModel().respond(asked, lambda _: None)


@pytest.mark.requirement("grounded:weighs-results")
@given(TABLES, st.integers())
def test_the_order_of_rows_and_the_type_of_numbers_say_nothing(rows: list[list[object]], seed: int) -> None:
    mixed = [[float(c) if isinstance(c, int) else c for c in row] for row in rows]
    Random(seed).shuffle(mixed)
    assert given_by(content(mixed)) == given_by(content(rows))


@pytest.mark.requirement("grounded:weighs-results")
@given(TABLES)
def test_a_result_covers_what_shows_fewer_of_its_columns_and_no_other_number_of_rows(
    rows: list[list[object]],
) -> None:
    whole, part = given_by(content(rows)), given_by(content([row[:1] for row in rows]))
    assert whole.covers(part)
    assert whole.agrees(part)
    assert part.agrees(whole)
    assert not whole.covers(given_by(content([*rows, rows[0]])))
    assert not whole.agrees(given_by(content(rows, count=len(rows) + 100)))


@pytest.mark.requirement("grounded:weighs-results")
def test_readings_that_give_the_same_support_each_other_and_what_fails_supports_none() -> None:
    one, other = given_by(content([["Ann"]])), given_by(content([["Bo"]]))
    first, second, third, failed = weigh([0.6, 0.3, 0.2, 0.1], [one, other, one, None])
    assert first["agreeing likely"] == pytest.approx(0.8)
    assert first["likeliest apart"] == second["agreeing likely"] == 0.3
    assert third["likeliest apart"] == 0.3
    assert failed == {"likely before": 0.1, "place": 3.0, "does not run": 1.0}


@pytest.mark.requirement("grounded:weighs-results")
def test_a_likely_reading_runs_last_of_a_few_and_the_answer_stands_on_it(businesses: Open) -> None:
    school = businesses("school")
    first = request(school.context(LIKELY), LIKELY)
    calls = respond(first).tool_calls
    assert sorted(c.id for c in calls) == [f"{COMPARED}{n}" for n in range(1, LOOKED_AT + 1)]
    assert {c.name for c in calls} == {"run_sql"}
    assert len({c.arguments["sql"] for c in calls}) == len(calls)
    known = read(LIKELY, first.context, NOW.date())
    assert calls[-1].arguments["sql"] == preferred(known).sql
    settled = school.settled(first)
    assert settled.tool_calls == calls[-1:]
    assert settled.confidence >= ANSWERED_FROM
    assert settled == school.settled(first)


@pytest.mark.requirement("grounded:weighs-results")
def test_what_gives_nothing_is_not_taken_where_another_reading_gives_something(businesses: Open) -> None:
    school = businesses("school")
    first = request(school.context(LIKELY), LIKELY)
    calls = respond(first).tool_calls
    best = calls[-1]
    told = [
        ToolMessage(c.id, c.name, content([]) if c.id == best.id else content([[1, "Knots", 4.5]]))
        for c in calls
    ]
    after = respond(replace(first, messages=(*first.messages, *told)))
    assert after.confidence < ANSWERED_FROM or after.tool_calls[0].arguments["sql"] != best.arguments["sql"]


@pytest.mark.requirement("grounded:weighs-results")
def test_where_another_reading_is_taken_it_runs_once_more_as_the_last(
    businesses: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    school = businesses("school")
    looked = school.looked(request(school.context(LIKELY), LIKELY))
    other = respond(request(looked.context, LIKELY)).tool_calls[0]

    def prefer_other(known: Read, readings: Sequence[Composed], results: object) -> Read:
        taken = next(c for c in readings if c.sql == other.arguments["sql"])
        return replace(known, composed=(replace(taken, probability=0.99, weighed=True),))

    monkeypatch.setattr("gnomon.models.grounded.model.weighed", prefer_other)
    (again,) = respond(looked).tool_calls
    assert again.arguments["sql"] == other.arguments["sql"]
    ran = ToolMessage(again.id, "run_sql", content([[1, 4.5]]))
    told = respond(replace(looked, messages=(*looked.messages, ran)))
    assert not told.tool_calls
    assert told.confidence >= ANSWERED_FROM


@pytest.mark.requirement("grounded:weighs-results")
def test_a_reading_that_does_not_run_is_no_reason_against_the_others(businesses: Open) -> None:
    school = businesses("school")
    context = school.context(LIKELY)
    known = read(LIKELY, context, NOW.date())
    looked = to_compare(known, context)
    rows = content([[1, "Knots", 4.5]])
    broken = [ToolMessage(f"{COMPARED}{n}", "run_sql", rows, failed=n > 1) for n in (1, 2, 3)]
    settled = weighed(known, looked, broken[: len(looked)])
    assert preferred(settled).sql == looked[0].sql


@pytest.mark.requirement("grounded:weighs-results")
@pytest.mark.parametrize("rows", [None, CHEAP_ROWS + 1])
def test_over_large_tables_or_ones_of_unknown_size_one_query_runs(rows: int | None, businesses: Open) -> None:
    context = businesses("school").context(LIKELY)
    large = replace(context, cards=tuple(replace(card, row_count=rows) for card in context.cards))
    (call,) = respond(request(large, LIKELY)).tool_calls
    assert not call.id.startswith(COMPARED)


@pytest.mark.requirement("grounded:weighs-results")
def test_a_reading_that_may_be_answered_from_needs_no_second_query(businesses: Open) -> None:
    school = businesses("school")
    text = "How many students are there?"
    (call,) = respond(request(school.context(text), text)).tool_calls
    assert not call.id.startswith(COMPARED)
