"""Golds in roles: which words of a question say which part of its gold statement."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "bench"))

from grounded_align import roles_of
from grounded_contexts import Contexts, Place, read_contexts
from grounded_examples import lessons_of
from grounded_gold import NotCovered

from gnomon.flywheel.questions import EvalQuestion
from gnomon.models.grounded.composer.slots import Question, read_slots

ORCHARDS = """
CREATE TABLE growers (grower_id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, village TEXT,
  age INTEGER);
CREATE TABLE orchards (orchard_id INTEGER PRIMARY KEY, orchard_name TEXT, fruit TEXT, hectares REAL,
  grower_id INTEGER REFERENCES growers (grower_id));
INSERT INTO growers VALUES (1, 'Mira', 'Stolt', 'Aldby', 41), (2, 'Jon', 'Reyes', 'Aldby', 62),
  (3, 'Ada', 'Finch', 'Norholm', 35);
INSERT INTO orchards VALUES (1, 'North Slope', 'Pear', 3.5, 1), (2, 'Old Mill', 'Plum', 12.0, 1),
  (3, 'Lake End', 'Pear', 7.25, 2);
"""
JOINED = "orchards AS o JOIN growers AS g ON o.grower_id = g.grower_id"
ALIGNED = {
    ("How many orchards are there?", "SELECT count(*) FROM orchards"): "orchards=count orchards",
    (
        "What is the average age of growers from Aldby?",
        "SELECT avg(age) FROM growers WHERE village = 'Aldby'",
    ): "age=show:avg growers.age; growers=use growers; Aldby== growers.village",
    (
        "List the orchard names with more than 5 hectares.",
        "SELECT orchard_name FROM orchards WHERE hectares > 5",
    ): "orchard names=show orchards.orchard_name; 5=where:> orchards.hectares; "
    "hectares=where orchards.hectares",
    (
        "Show the fruit and the number of orchards of each fruit.",
        "SELECT fruit, count(*) FROM orchards GROUP BY fruit",
    ): "fruit=show orchards.fruit; orchards=count orchards",
    (
        "Which villages have at least 2 growers?",
        "SELECT village FROM growers GROUP BY village HAVING count(*) >= 2",
    ): "villages=show growers.village; 2=having:>=; growers=having growers",
    (
        "What are the names of growers without orchards?",
        "SELECT first_name, last_name FROM growers WHERE grower_id NOT IN (SELECT grower_id FROM orchards)",
    ): "growers=label growers; orchards=absent orchards",
    (
        "What is the most common fruit of orchards?",
        "SELECT fruit FROM orchards GROUP BY fruit ORDER BY count(*) DESC LIMIT 1",
    ): "fruit=most:desc orchards.fruit; orchards=use orchards",
    (
        "Show the three largest orchards by hectares.",
        "SELECT orchard_name FROM orchards ORDER BY hectares DESC LIMIT 3",
    ): "three=limit; orchards=show orchards.orchard_name; hectares=top:desc orchards.hectares",
    (
        "Which growers are older than the average age?",
        "SELECT first_name, last_name FROM growers WHERE age > (SELECT avg(age) FROM growers)",
    ): "growers=label growers; age=above_avg growers.age",
    (
        "List the orchard names of growers in Norholm.",
        f"SELECT o.orchard_name FROM {JOINED} WHERE g.village = 'Norholm'",
    ): "orchard names=show orchards.orchard_name; growers=use growers; Norholm== growers.village",
    (
        "Which villages have growers older than 60 and growers younger than 40?",
        "SELECT village FROM growers WHERE age > 60 INTERSECT SELECT village FROM growers WHERE age < 40",
    ): "villages=show growers.village; growers=use growers; 60=where:> growers.age; growers=use growers; "
    "40=where:< growers.age",
}
NOT_COVERED = {
    "SELECT a.age FROM growers AS a JOIN growers AS b ON a.village = b.village": "self join",
    "SELECT upper(village) FROM growers": "expression Upper",
    "SELECT * FROM moons": "table out of sight",
    "SELECT moons FROM growers": "unknown column",
    "SELECT FROM WHERE": "parse",
    "SELECT village FROM growers GROUP BY village HAVING max(village) = 'x'": "having",
    "SELECT age FROM growers WHERE age > (SELECT avg(age) FROM growers WHERE age > 3)": "scalar subquery",
}


def asked(text: str, *gold: str) -> EvalQuestion:
    return EvalQuestion(text, text, gold=gold, database="orchard")


@pytest.fixture(scope="module")
def contexts(tmp_path_factory: pytest.TempPathFactory) -> Contexts:
    path = tmp_path_factory.mktemp("orchard") / "orchard.sqlite"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(ORCHARDS)
    questions = [asked(text, gold) for text, gold in ALIGNED]
    questions.append(
        asked("How many blorps of growers?", "SELECT count(*) FROM growers WHERE village = 'Norholm'")
    )
    questions.append(asked("How many zorbs of orchards?", "SELECT count(*) FROM orchards"))
    return read_contexts(Place("made", "orchard", str(path), tuple(questions)))


def slots_of(contexts: Contexts, text: str) -> Question:
    context = next(s.context for s in contexts.seen if s.question.text == text)
    assert context is not None
    return read_slots(text, context, context.now.date())


@pytest.mark.requirement("bench:train-alignment")
@pytest.mark.parametrize("example", list(ALIGNED), ids=lambda e: e[0])
def test_each_part_of_a_gold_goes_to_the_words_that_say_it(
    contexts: Contexts, example: tuple[str, str]
) -> None:
    text, gold = example
    question = slots_of(contexts, text)
    aligned = roles_of(gold, question)
    said = (
        f"{question.items[at].text}={option.role} {option.ref or option.table or ''}".strip()
        for at, option in sorted(aligned.chosen.items())
    )
    assert ("; ".join(said), aligned.missing) == (ALIGNED[example], [])


@pytest.mark.requirement("bench:train-alignment")
def test_what_no_word_says_is_missing(contexts: Contexts) -> None:
    text, gold = "How many orchards are there?", "SELECT count(*) FROM orchards WHERE fruit = 'Plum'"
    assert roles_of(gold, slots_of(contexts, text)).missing == ["value = orchards.fruit 'Plum'"]


@pytest.mark.requirement("bench:train-alignment")
@pytest.mark.parametrize("gold", list(NOT_COVERED))
def test_a_gold_that_no_roles_say_is_named_and_not_learned_from(contexts: Contexts, gold: str) -> None:
    with pytest.raises(NotCovered, match=NOT_COVERED[gold]):
        roles_of(gold, slots_of(contexts, "How many orchards are there?"))


@pytest.mark.requirement("bench:train-alignment")
def test_each_slot_is_an_example_and_a_question_said_in_part_weighs_less(contexts: Contexts) -> None:
    lessons = lessons_of(contexts)
    slots = sum(len(slots_of(contexts, s.question.text).slots) for s in contexts.seen)
    assert len(lessons.examples) == slots
    assert lessons.coverage == {"said whole": len(ALIGNED) + 1, "one part not said": 1}
    assert {e.weight for e in lessons.examples} == {1.0, 0.3}
