"""Fragments after a question without an answer, flags that are had, and what is open on a day."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from grounded_businesses import NOW, Business, set_up

from gnomon.agent.assemble import earlier_questions, unanswered
from gnomon.domain.answer import Answer, Conversation, Question, Turn
from gnomon.domain.context import UNANSWERED
from gnomon.domain.identity import Principal
from gnomon.models.grounded import GroundedModel
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.models.port import ModelRequest, UserMessage

RINKS = """
CREATE TABLE rinks (rink_id INTEGER PRIMARY KEY, name TEXT, town TEXT, seats INTEGER, has_sauna BOOLEAN,
  has_bar BOOLEAN, opened_on DATE);
CREATE TABLE galas (gala_id INTEGER PRIMARY KEY, rink_id INTEGER REFERENCES rinks (rink_id), title TEXT,
  opening_date DATE, closing_date DATE, judged BOOLEAN, entry_fee INTEGER);
CREATE TABLE repairs (repair_id INTEGER PRIMARY KEY, rink_id INTEGER REFERENCES rinks (rink_id),
  opened_on DATE, closed_on DATE);
CREATE TABLE bids (bid_id INTEGER PRIMARY KEY, phase TEXT, opened_on DATE, closed_on DATE);
CREATE TABLE lessons (lesson_id INTEGER PRIMARY KEY, level TEXT, taught_on DATE);
INSERT INTO rinks VALUES (1, 'Iglo', 'Graz', 90, TRUE, TRUE, '2001-01-01'),
  (2, 'Polar', 'Graz', 40, FALSE, TRUE, '2002-01-01'), (3, 'Frost', 'Linz', 80, TRUE, FALSE, '2003-01-01'),
  (4, 'Crisp', 'Linz', 10, NULL, NULL, '2026-03-18');
INSERT INTO galas VALUES (1, 1, 'A', '2026-03-01', '2026-03-30', TRUE, 5),
  (2, 1, 'B', '2026-03-18', '2026-03-20', FALSE, 9), (3, 2, 'C', '2026-01-01', '2026-03-18', TRUE, 9),
  (4, 3, 'D', '2026-01-01', '2026-03-17', FALSE, 2), (5, 3, 'E', '2026-03-19', '2026-04-01', TRUE, 7);
INSERT INTO repairs VALUES (1, 1, '2026-03-01', NULL), (2, 1, '2026-03-01', '2026-03-10'),
  (3, 2, '2026-03-10', '2026-03-18'), (4, 3, '2026-03-10', '2026-03-30');
INSERT INTO bids VALUES (1, 'open', '2026-03-01', NULL), (2, 'shut', '2026-03-02', '2026-03-05');
INSERT INTO lessons VALUES (1, 'novice', '2025-12-05'), (2, 'novice', '2026-01-03'),
  (3, 'adept', '2026-01-09'), (4, 'novice', '2026-02-01');
"""


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def rink(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    opened = set_up(tmp_path_factory.mktemp("rink"), "rink", request.param, RINKS, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def rows(rink: Business, text: str, *, earlier: tuple[str, ...] = ()) -> list[tuple[object, ...]]:
    said = rink.say(text, earlier=earlier)
    assert said.startswith("SELECT"), f"{text}: {said}"
    return rink.run(said)


def firsts(rink: Business, text: str) -> set[object]:
    return {row[0] for row in rows(rink, text)}


def turn(text: str, status: str) -> Turn:
    asked = Question(text, text, Principal("ana"), NOW, "c")
    answer = Answer(text, asked, status, "")  # type: ignore[arg-type]
    return Turn(asked, replace(answer, queries=(object(),)) if status == "answered" else answer)  # type: ignore[arg-type]


def talk(*turns: tuple[str, str]) -> Conversation:
    return Conversation("c", Principal("ana"), tuple(turn(*t) for t in turns))


@pytest.mark.requirement("grounded:fragments-need-a-question")
def test_a_question_without_an_answer_ends_what_was_before_it() -> None:
    assert earlier_questions(talk(("a", "answered"), ("b", "answered"))) == ("a", "b")
    assert unanswered(talk(("a", "answered"))) == unanswered(None) == ()
    for status in ("abstained", "failed", "needs_clarification"):
        broken = talk(("a", "answered"), ("b", status))
        assert earlier_questions(broken) == ()
        assert unanswered(broken) == UNANSWERED
        assert earlier_questions(talk(("a", "answered"), ("b", status), ("d", "answered"))) == ("d",)
    assert earlier_questions(talk(("a", "answered"), ("b", "interrupted"))) == ("a", "b")


@pytest.mark.requirement("grounded:fragments-need-a-question")
@pytest.mark.parametrize(
    "text",
    ["and from Linz?", "what about novice?", "Linz?", "the novice ones?", "only Linz", "in Linz, how many?"],
)
def test_a_fragment_after_a_question_without_an_answer_is_no_question(rink: Business, text: str) -> None:
    said = rink.say(text, earlier=UNANSWERED)
    assert said.startswith("cannot:"), said


@pytest.mark.requirement("grounded:fragments-need-a-question")
def test_it_is_told_that_there_is_nothing_to_carry_on(rink: Business) -> None:
    text = "and from Linz?"
    asked = Question("q", text, Principal("ana"), NOW, "c")
    context = rink.context(text, earlier=UNANSWERED)
    answer = GroundedModel().respond(
        ModelRequest(asked, "", context, "", (UserMessage(text),), ()), lambda _: None
    )
    assert "carry on" in answer.text


@pytest.mark.requirement("grounded:fragments-need-a-question")
@pytest.mark.parametrize(
    ("text", "figure"),
    [("How many rinks are there?", 4), ("Number of rinks in Linz", 2), ("How many lessons are novice?", 3)],
)
def test_a_whole_question_needs_none_before_it(rink: Business, text: str, figure: int) -> None:
    assert rows(rink, text, earlier=UNANSWERED) == [(figure,)]


@pytest.mark.requirement("grounded:fragments-need-a-question")
def test_a_fragment_changes_a_question_that_was_read(rink: Business) -> None:
    asked = ("How many rinks are in Graz?",)
    assert rows(rink, "and in Linz?", earlier=asked) == [(2,)]
    assert rows(rink, "Linz?", earlier=asked) == [(2,)]
    assert rink.say("and in Linz?").startswith("cannot:")


@pytest.mark.requirement("grounded:flags-that-are-had")
@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Rinks with a sauna in Linz", {3}),
        ("Rinks with a sauna", {1, 3}),
        ("Which rinks have a sauna and more than 80 seats?", {1}),
        ("Rinks with a sauna and a bar", {1}),
        ("Rinks with a sauna and a bar in Graz", {1}),
        ("Rinks with sauna and more than 80 seats", {1}),
        ("Which rinks with a bar are in Graz?", {1, 2}),
        ("Galas judged with an entry fee above 6", {3, 5}),
        ("Galas judged and entry fee over 6", {3, 5}),
    ],
)
def test_a_flag_that_is_had_restricts_wherever_it_stands(rink: Business, text: str, keys: set[int]) -> None:
    assert firsts(rink, text) == keys


@pytest.mark.requirement("grounded:flags-that-are-had")
def test_a_flag_that_is_had_is_counted_and_grouped_by(rink: Business) -> None:
    assert set(rows(rink, "Number of rinks with a bar by town")) == {("Graz", 2)}
    assert rows(rink, "How many rinks with a sauna have more than 80 seats?") == [(1,)]


@pytest.mark.requirement("grounded:flags-that-are-had")
def test_a_flag_among_what_is_listed_is_listed(rink: Business) -> None:
    assert len(rows(rink, "Name and sauna of rinks")) == 4
    assert len(rows(rink, "Rink name and sauna")) == 4
    assert rink.say("Rinks with sauna and seats").startswith("cannot:")


@pytest.mark.requirement("grounded:open-on-a-day")
@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Galas open today", {1, 2, 3}),
        ("Which galas are open today?", {1, 2, 3}),
        ("Which galas were open on 17 March 2026?", {1, 3, 4}),
        ("Galas open today with an entry fee above 6", {2, 3}),
        ("Repairs open today", {1, 3, 4}),
        ("Which repairs were open on 5 March 2026?", {1, 2}),
        ("Repairs open on 5 March 2026", {1, 2}),
        ("Repairs opened on 10 March 2026", {3, 4}),
        ("Which galas opened in 2026?", {1, 2, 3, 4, 5}),
    ],
)
def test_open_on_a_day_has_opened_by_then_and_not_closed_before(
    rink: Business, text: str, keys: set[int]
) -> None:
    assert firsts(rink, text) == keys


@pytest.mark.requirement("grounded:open-on-a-day")
def test_what_opened_on_a_day_is_counted_in_rows(rink: Business) -> None:
    assert rows(rink, "How many repairs opened on 10 March 2026?") == [(2,)]
    assert rows(rink, "How many galas are open today?") == [(3,)]


@pytest.mark.requirement("grounded:open-on-a-day")
@pytest.mark.parametrize(
    "text",
    [
        "Which galas are not open today?",
        "How many galas were open in 2026?",
        "Bids open today",  # a status says who is open too
        "How many rinks are open today?",  # nothing tells when they close
        "Rinks with galas open today",
    ],
)
def test_what_may_not_be_open_is_not_answered(rink: Business, text: str) -> None:
    assert rink.say(text).startswith("cannot:")


@pytest.mark.requirement("grounded:counted-over-time")
def test_rows_per_month_are_counted(rink: Business) -> None:
    every = [count for _, count in rows(rink, "Lessons per month")]
    assert every == [1, 2, 1]
    assert [count for _, count in rows(rink, "Lessons by month in 2026")] == [2, 1]
    assert [count for _, count in rows(rink, "Novice lessons per month")] == [1, 1, 1]
    assert rink.say("Repairs per month").startswith(("cannot:", "ask:"))


@pytest.mark.requirement("grounded:never-made")
@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Which rinks have never made a repair?", {4}),
        ("Which rinks have not placed a repair?", {4}),
        ("Which rinks have never made a gala?", {4}),
    ],
)
def test_who_never_made_something_has_none_of_it(rink: Business, text: str, keys: set[int]) -> None:
    assert firsts(rink, text) == keys
    assert rink.say("Which rinks have never won a gala?").startswith("cannot:")
