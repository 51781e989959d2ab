"""A word that changes the meaning is placed, or there is no answer."""

import re
import string
from collections.abc import Callable

import pytest
from grounded_businesses import ENGINES, GOLDEN, Business, Example, examples
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gnomon.models.grounded.cues import CUES

Open = Callable[..., Business]
ANSWERED = [e for b in ENGINES for e in examples(b) if e.expected.startswith("SELECT") and not e.earlier]
NUMBERED = [e for e in ANSWERED if re.search(r"\b\d+\b", e.question)]
STEERING = {word for phrase in CUES for word in phrase}
VERB_OF_DATE = re.compile(r"\b(arrived|departed|joined|returned|signed|due|hired)\b")
QUIET = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

DAYS = frozenset({"yesterday", "tonight", "weekend"})
"""Words that tell a time in a question, and so have a place in it."""


def unanswerable() -> list[tuple[str, str]]:
    """Business and question, a pair each."""
    lines = (GOLDEN / "unanswerable.txt").read_text(encoding="utf-8").splitlines()
    return [(b, q) for b, _, q in (x.partition(": ") for x in lines if x and not x.startswith("#"))]


def is_answered(said: str) -> bool:
    """Whether the model made a query or a statement of it, rather than abstain or ask back."""
    return not said.startswith(("cannot:", "ask:"))


@pytest.mark.requirement("grounded:cannot-say-so")
@pytest.mark.parametrize(("business", "question"), unanswerable(), ids=lambda x: x)
def test_a_question_with_a_word_that_cannot_be_placed_is_not_answered(
    business: str, question: str, businesses: Open
) -> None:
    said = businesses(business).say(question)
    assert not is_answered(said), said


@pytest.mark.requirement("grounded:cannot-say-so")
def test_an_abstention_names_the_words_that_stopped_it(businesses: Open) -> None:
    response = businesses("library").respond("banned members in Oslo")
    assert response.text == "Cannot answer: I cannot place `banned` in this data."
    assert (response.unplaced, response.confidence) == (("banned",), 0.0)


@pytest.mark.requirement("grounded:every-word-is-placed")
@given(
    example=st.sampled_from(ANSWERED),
    word=st.text(string.ascii_lowercase, min_size=6, max_size=10),
    at=st.integers(0, 20),
)
@QUIET
def test_an_unknown_word_anywhere_in_an_answered_question_stops_it(
    businesses: Open, example: Example, word: str, at: int
) -> None:
    assume(word not in STEERING | DAYS)
    assume(not VERB_OF_DATE.search(example.question))
    words = example.question.split()
    place = at % (len(words) + 1)
    said = businesses(example.business).say(" ".join([*words[:place], word, *words[place:]]))
    assert not is_answered(said), said


@pytest.mark.requirement("grounded:every-word-is-placed")
@given(example=st.sampled_from(NUMBERED), step=st.integers(1, 9))
@QUIET
def test_another_number_or_year_in_a_question_makes_another_query(
    businesses: Open, example: Example, step: int
) -> None:
    asked = businesses(example.business)
    found = list(re.finditer(r"(?<![\w-])\d+(?![\w-])", example.question))
    assume(found)
    number = found[0]
    other = str(int(number.group()) + step)
    changed = example.question[: number.start()] + other + example.question[number.end() :]
    said = asked.say(changed)
    assert not is_answered(said) or said != asked.say(example.question)


@pytest.mark.requirement("grounded:every-word-is-placed")
@pytest.mark.parametrize(
    ("business", "question"),
    [
        ("library", "how many loans in {}?"),
        ("library", "members who joined in {}"),
        ("library", "books in {}"),
        ("clinic", "visits since {}"),
        ("shipping", "voyages departed in {}"),
        ("school", "students without enrollments in {}"),
    ],
)
def test_years_with_and_without_rows_never_give_the_same_query(
    business: str, question: str, businesses: Open
) -> None:
    asked = businesses(business)
    said = [asked.say(question.format(year)) for year in (1999, 2024, 2025, 2031)]
    assert len({s for s in said if is_answered(s)}) == len([s for s in said if is_answered(s)])
    assert is_answered(said[1])


@pytest.mark.requirement("grounded:deterministic")
@pytest.mark.parametrize("business", ENGINES)
def test_the_same_question_is_read_the_same_every_time(business: str, businesses: Open) -> None:
    asked = businesses(business)
    for example in examples(business):
        first = asked.respond(example.question, earlier=example.earlier)
        assert asked.respond(example.question, earlier=example.earlier) == first


@pytest.mark.requirement("grounded:every-word-is-placed")
@pytest.mark.parametrize("business", ENGINES)
def test_an_answer_explains_each_name_number_and_value_of_the_question(
    business: str, businesses: Open
) -> None:
    asked = businesses(business)
    for example in examples(business):
        if not example.expected.startswith("SELECT") or example.earlier:
            continue
        reasoning = asked.respond(example.question).reasoning.lower()
        for number in re.findall(r"\b\d+\b", example.question):
            assert number in reasoning, (example.question, reasoning)
