"""A dance school that is made up row by row: its database, and the same rows as plain Python."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from grounded_businesses import NOW, Business

TABLES = """
CREATE TABLE halls (hall_id INTEGER PRIMARY KEY, name TEXT, town TEXT, indoor INTEGER, seats INTEGER);
CREATE TABLE terms (term_id INTEGER PRIMARY KEY, label TEXT,
  sponsor_hall_id INTEGER REFERENCES halls (hall_id));
CREATE TABLE pupils (pupil_id INTEGER PRIMARY KEY, name TEXT, level TEXT, insured TEXT,
  hall_id INTEGER REFERENCES halls (hall_id));
CREATE TABLE lessons (lesson_id INTEGER PRIMARY KEY, held_on DATE, state TEXT, style TEXT,
  term_id INTEGER REFERENCES terms (term_id), hall_id INTEGER REFERENCES halls (hall_id));
CREATE TABLE reviews (review_id INTEGER PRIMARY KEY, kind TEXT,
  lesson_id INTEGER REFERENCES lessons (lesson_id));
CREATE TABLE penalties (penalty_id INTEGER PRIMARY KEY, pupil_id INTEGER REFERENCES pupils (pupil_id),
  lesson_id INTEGER REFERENCES lessons (lesson_id), severity TEXT, amount REAL, handling_fee REAL);
CREATE TABLE lockers (locker_id INTEGER PRIMARY KEY, hall_id INTEGER REFERENCES halls (hall_id), size TEXT);
CREATE TABLE guest_days (guest_day_id INTEGER PRIMARY KEY, home_hall TEXT, guest_hall TEXT);
"""
TOWNS = ("Elmham", "Oakley", "Birkby")
LEVELS = ("A", "B", "C")
STYLES = ("tango", "Tango", "waltz", "salsa")
"""Tango is written in two ways, each of which is rarer than salsa."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A row of lessons; reviews by kind, and how many penalties it led to."""

    lesson_id: int
    held_on: date
    state: str
    style: str
    term: str
    hall: int
    reviews: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Penalty:
    """A row of penalties."""

    pupil: str
    lesson_id: int
    severity: str
    amount: float
    handling_fee: float


@dataclass(frozen=True, slots=True)
class School:
    """All rows.

    Args:
        halls: Name, town and whether it is indoor of each hall.
        pupils: Name, level, whether insured, and the hall of each pupil.
    """

    halls: dict[int, tuple[str, str, bool]]
    pupils: tuple[tuple[str, str, bool, int], ...]
    lessons: tuple[Lesson, ...]
    penalties: tuple[Penalty, ...]

    def lessons_by(self, of: Callable[[Lesson], str], met: Callable[[Lesson], bool]) -> Counter[str]:
        """How many lessons there are of each kind, of those that meet a condition."""
        return Counter(of(lesson) for lesson in self.lessons if met(lesson))

    def fined(self, lesson: Lesson) -> bool:
        """Whether the lesson led to a penalty."""
        return any(p.lesson_id == lesson.lesson_id for p in self.penalties)

    def hall(self, lesson: Lesson) -> str:
        """The name of the hall of a lesson."""
        return self.halls[lesson.hall][0]


def school(seed: int = 11) -> School:
    """Rows in which no two halls or terms come to the same in what the tests ask."""
    chance = Random(seed)
    halls = {n: (f"Hall {n}", TOWNS[n % 3], n % 2 == 0) for n in range(1, 6)}
    terms = tuple(f"Term {n}" for n in range(1, 5))
    lessons = []
    for number in range(1, 161):
        term = chance.choices(terms, (2, 3, 4, 6))[0]
        day = NOW.date() + timedelta(days=2 * (number - 130))
        # The busiest term has the fewest reviews, so that what is restricted tells the answers apart.
        kinds = ("praise", "complaint") if term != terms[3] else ("praise",)
        many = chance.choice((0, 1, 2)) if term != terms[3] else chance.choice((0, 0, 0, 0, 1))
        reviews = tuple(chance.choice(kinds) for _ in range(many))
        state = chance.choice(("done", "done", "moved"))
        style = chance.choices(STYLES, (3, 3, 1, 4))[0]
        hall = chance.choices(tuple(halls), (2, 3, 4, 5, 7))[0]
        lessons.append(Lesson(number, day, state, style, term, hall, reviews))
    pupils = tuple((f"Pupil {n}", chance.choice(LEVELS), n % 3 > 0, 1 + n % 5) for n in range(1, 31))
    penalties = []
    for number in range(90):
        pupil = chance.choice(pupils[:20])[0]
        amount = float(chance.randrange(5, 60)) + number / 100
        severity = chance.choice(("minor", "gross"))
        penalties.append(Penalty(pupil, chance.randrange(1, 60), severity, amount, float(number % 4)))
    return School(halls, pupils, tuple(lessons), tuple(penalties))


def script(rows: School) -> str:
    """The statements that make the database."""
    terms = sorted({lesson.term for lesson in rows.lessons})
    names = [name for name, *_ in rows.pupils]
    said = [TABLES]
    for number, (name, town, indoor) in rows.halls.items():
        said.append(f"INSERT INTO halls VALUES ({number}, '{name}', '{town}', {int(indoor)}, {number * 50});")
        said += [f"INSERT INTO lockers VALUES ({number * 10 + n}, {number}, 'big');" for n in range(number)]
    for number, label in enumerate(terms, 1):
        said.append(f"INSERT INTO terms VALUES ({number}, '{label}', {number});")
    for number, (name, level, insured, hall) in enumerate(rows.pupils, 1):
        mark = "Y" if insured else "N"
        said.append(f"INSERT INTO pupils VALUES ({number}, '{name}', '{level}', '{mark}', {hall});")
    review = 0
    for lesson in rows.lessons:
        term = terms.index(lesson.term) + 1
        values = f"{lesson.lesson_id}, '{lesson.held_on}', '{lesson.state}', '{lesson.style}'"
        said.append(f"INSERT INTO lessons VALUES ({values}, {term}, {lesson.hall});")
        for kind in lesson.reviews:
            review += 1
            said.append(f"INSERT INTO reviews VALUES ({review}, '{kind}', {lesson.lesson_id});")
    for number, p in enumerate(rows.penalties, 1):
        values = f"{names.index(p.pupil) + 1}, {p.lesson_id}, '{p.severity}', {p.amount}, {p.handling_fee}"
        said.append(f"INSERT INTO penalties VALUES ({number}, {values});")
    return "\n".join(said)


def answer(dance: Business, text: str, *earlier: str) -> list[tuple[object, ...]]:
    """The rows that a question is answered by."""
    said = dance.say(text, earlier=earlier)
    assert said.startswith("SELECT"), said
    return dance.run(said)
