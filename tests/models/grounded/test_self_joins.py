"""A table that refers to itself: employees and their managers, categories and their parents, referrals."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date

import duckdb
import pytest
import sqlglot
from grounded_businesses import Business, one_line, set_up
from hypothesis import given, settings
from hypothesis import strategies as st
from self_join_traps import TRAPS

from gnomon.domain.context import Context
from gnomon.models.grounded.parser import read_question
from gnomon.models.grounded.reading import NotRead
from gnomon.models.grounded.reply import describe
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.sql import write_sql
from gnomon.models.minilm.embedder import MiniLmEmbedder

TODAY = date(2026, 3, 18)
FIRM = """
CREATE TABLE employees (employee_id INTEGER PRIMARY KEY, name TEXT, city TEXT, salary INTEGER, age INTEGER,
  hired_on DATE, manager_id INTEGER {employees}, mentor_id INTEGER {employees});
CREATE TABLE categories (category_id INTEGER PRIMARY KEY, title TEXT, parent_id INTEGER {categories});
CREATE TABLE accounts (account_id INTEGER PRIMARY KEY, email TEXT, balance INTEGER,
  referred_by INTEGER {accounts});
CREATE TABLE sales (sale_id INTEGER PRIMARY KEY, employee_id INTEGER {employees}, amount INTEGER);
"""
REFERENCES = {
    table: f"REFERENCES {table} ({key})"
    for table, key in (
        ("employees", "employee_id"),
        ("categories", "category_id"),
        ("accounts", "account_id"),
    )
}
NAMES = ("Ada Moss", "Bo Lund", "Cy Dane", "Dot Elm", "Eve Fox", "Flo Gray", "Gil Hay")
TITLES = ("Tools", "Saws", "Drills", "Hand saws", "Paint", "Brushes", "Rollers")
YARD = """
CREATE TABLE staff (staff_id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, job_title TEXT,
  date_of_birth DATE, wage INTEGER, reports_to INTEGER{reports_to});
CREATE TABLE yards (yard_id INTEGER PRIMARY KEY, yard_name TEXT,
  manager_staff_id INTEGER REFERENCES staff (staff_id));
INSERT INTO staff VALUES (1, 'Ida', 'Brandt', 'Director', '1960-01-01', 900, NULL);
INSERT INTO staff VALUES (2, 'Ole', 'Fisk', 'Manager', '1970-01-01', 800, 1);
INSERT INTO staff VALUES (3, 'Una', 'Reyes', 'Manager', '1955-01-01', 950, 1);
INSERT INTO staff VALUES (4, 'Sam', 'Brandt', 'Clerk', '1980-01-01', 500, 2);
INSERT INTO staff VALUES (5, 'Ted', 'Wolf', 'Clerk', '1965-01-01', 820, 2);
INSERT INTO yards VALUES (1, 'North', 2), (2, 'South', 3);
"""


@dataclass(frozen=True)
class Person:
    """A row of employees; `manager` and `mentor` are numbers of others, or None."""

    number: int
    name: str
    city: str
    salary: int | None
    age: int | None
    hired: str | None
    manager: int | None
    mentor: int | None


Rows = Counter[tuple[object, ...]]
Answer = Callable[[dict[int, Person]], Rows]


def those(test: Callable[[Person, Person | None], bool]) -> Answer:
    """The numbers of the people that, with their manager, meet a test."""
    return lambda people: Counter(
        (p.number,) for p in people.values() if test(p, people.get(p.manager) if p.manager else None)
    )


def counted(test: Callable[[Person, Person | None], bool]) -> Answer:
    return lambda people: Counter([(sum(those(test)(people).values()),)])


def beside(own: Callable[[Person], tuple[object, ...]], other: str = "name", by: str = "manager") -> Answer:
    def answer(people: dict[int, Person]) -> Rows:
        kin = ((p, getattr(p, by)) for p in people.values())
        return Counter((*own(p), getattr(people[k], other) if k else None) for p, k in kin)

    return answer


def reports(people: dict[int, Person], of: Person) -> int:
    return sum(p.manager == of.number for p in people.values())


def per_manager(figure: Callable[[list[Person]], object], city: str = "") -> Answer:
    def answer(people: dict[int, Person]) -> Rows:
        found: Rows = Counter()
        for one in people.values():
            below = [p for p in people.values() if p.manager == one.number and city in ("", p.city)]
            found.update([(one.number, one.name, figure(below))] if below else [])
        return found

    return answer


def with_reports(test: Callable[[int], bool]) -> Answer:
    return lambda people: Counter((p.number,) for p in people.values() if test(reports(people, p)))


def named(name: str) -> Callable[[Person, Person | None], bool]:
    return lambda _, manager: manager is not None and manager.name == name


def exceeds(value: str, sign: int = 1) -> Callable[[Person, Person | None], bool]:
    """Whether a value is over that of the manager, with -1 under it; not where one is unknown."""

    def test(person: Person, manager: Person | None) -> bool:
        pair = (getattr(person, value), getattr(manager, value) if manager else None)
        return None not in pair and (pair[0] > pair[1] if sign > 0 else pair[0] < pair[1])

    return test


ADA, BO = named("Ada Moss"), named("Bo Lund")
PEOPLE: dict[str, Answer] = {
    "name of each employee and of their manager": beside(lambda p: (p.name,)),
    "names of employees and their managers": beside(lambda p: (p.name,)),
    "employees with their managers": beside(lambda p: (p.name,)),
    "name and manager of each employee": beside(lambda p: (p.name,)),
    "list the manager of each employee": beside(lambda p: (p.name,)),
    "names of employees with their manager's salary": beside(lambda p: (p.name,), "salary"),
    "employees with their mentor": beside(lambda p: (p.name,), by="mentor"),
    "employees whose manager is Ada Moss": those(ADA),
    "who reports to Ada Moss?": those(ADA),
    "employees managed by Ada Moss": those(ADA),
    "list Ada Moss's direct reports": those(ADA),
    "employees who report to employee 1": those(ADA),
    "employees whose boss is Bo Lund": those(BO),
    "how many employees report to Ada Moss?": counted(ADA),
    "how many direct reports does Ada Moss have?": counted(ADA),
    "how many employees does Bo Lund manage?": counted(BO),
    "how many employees in Oslo report to Bo Lund?": counted(lambda p, m: p.city == "Oslo" and BO(p, m)),
    "employees who earn more than their manager": those(exceeds("salary")),
    "employees with a lower salary than their manager": those(exceeds("salary", -1)),
    "employees whose salary is higher than that of their manager": those(exceeds("salary")),
    "how many employees earn less than their manager?": counted(exceeds("salary", -1)),
    "are there employees who earn more than their manager?": counted(exceeds("salary")),
    "employees older than their manager": those(exceeds("age")),
    "employees in Oslo younger than their manager": those(
        lambda p, m: p.city == "Oslo" and exceeds("age", -1)(p, m)
    ),
    "employees hired before their manager": those(exceeds("hired", -1)),
    "employees in the same city as their manager": those(lambda p, m: m is not None and p.city == m.city),
    "employees in a different city than their manager": those(
        lambda p, m: m is not None and p.city != m.city
    ),
    "employees without a manager": those(lambda p, _: p.manager is None),
    "how many employees have no mentor?": counted(lambda p, _: p.mentor is None),
    "employees with a manager": those(lambda p, _: p.manager is not None),
    "managers with more than 1 employees": with_reports(lambda n: n > 1),
    "managers with fewer than 2 employees": with_reports(lambda n: n == 1),
    "employees with exactly 2 direct reports": with_reports(lambda n: n == 2),
    "employees with no direct reports": with_reports(lambda n: n == 0),
    "employees with direct reports": with_reports(lambda n: n > 0),
    "how many managers have at least 2 direct reports?": lambda people: Counter(
        [(sum(reports(people, p) >= 2 for p in people.values()),)]
    ),
    "how many employees does each manager have?": per_manager(len),
    "number of employees in Oslo per manager": per_manager(len, "Oslo"),
    "managers with their number of employees": per_manager(len),
    "who is the manager of Eve Fox?": lambda people: Counter(
        (people[p.manager].name,) for p in people.values() if p.name == "Eve Fox" and p.manager
    ),
    "salary of Eve Fox's manager": lambda people: Counter(
        (people[p.manager].salary,) for p in people.values() if p.name == "Eve Fox" and p.manager
    ),
}
"""Questions about employees, and the rows of their answer; of whole rows only the number."""

ROLES = {
    "each category with its parent": "categories AS parent ON categories.parent_id = parent.category_id",
    "categories whose parent category is Tools": "WHERE parent.title = 'Tools'",
    "subcategories of Tools": "WHERE parent.title = 'Tools'",
    "categories without subcategories": "NOT categories.category_id IN (SELECT categories_below.parent_id",
    "accounts referred by account 2": "AS referred_by ON accounts.referred_by = referred_by.account_id WHERE "
    "referred_by.account_id = 2",
    "who referred account 2?": "WHERE accounts.account_id = 2",
    "how many referrals does each referrer have?": "GROUP BY referred_by.account_id",
    "employees mentored by Bo Lund": "employees.mentor_id = mentor.employee_id WHERE mentor.name = 'Bo Lund'",
    "how many employees does each mentor have?": "GROUP BY mentor.employee_id, mentor.name",
}
"""Questions whose words say which column of which table refers, and a part of their statement."""


def rows_of_firm() -> str:
    """A small firm with three levels; one row a statement, as a row may refer to one before it."""
    people = [
        (1, 900, 60, "2001-02-03", None, None), (2, 700, 50, "2010-02-03", 1, None),
        (3, 800, 40, "2011-02-03", 2, 1), (4, 650, 61, "2009-02-03", 2, 3), (5, 720, 30, "2012-02-03", 2, 3),
        (6, 500, 33, "2015-02-03", 1, None), (7, 700, 50, "2010-02-03", 3, 2),
    ]  # fmt: skip
    text = [
        f"INSERT INTO employees VALUES ({n}, '{NAMES[n - 1]}', '{'Oslo' if n % 2 else 'Bergen'}', {salary},"
        f" {age}, '{hired}', {manager or 'NULL'}, {mentor or 'NULL'});"
        for n, salary, age, hired, manager, mentor in people
    ]
    for n, title in enumerate(TITLES, 1):
        text.append(f"INSERT INTO categories VALUES ({n}, '{title}', {n // 2 or 'NULL'});")
        text.append(f"INSERT INTO accounts VALUES ({n}, 'a{n}@x.org', {n * 5}, {n // 2 or 'NULL'});")
        text.append(f"INSERT INTO sales VALUES ({n}, {n}, {n * 10});")
    return "\n".join(text)


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def firm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    script = FIRM.format(**REFERENCES) + rows_of_firm()
    opened = set_up(tmp_path_factory.mktemp("firm"), "firm", str(request.param), script, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


@pytest.fixture(scope="module", params=[" REFERENCES staff (staff_id)", ""], ids=["linked", "unlinked"])
def yard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    script = YARD.format(reports_to=request.param)
    opened = set_up(tmp_path_factory.mktemp("yard"), "yard", "duckdb", script, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def read_sql(text: str, context: Context) -> str:
    return write_sql(read_question(text, context, TODAY), Schema(context))


def shown(rows: list[tuple[object, ...]], wide: bool) -> Rows:
    """Rows to compare; of a whole row of employees the number only."""
    return Counter(row[:1] if wide else row for row in rows)


@contextmanager
def filled(engine: str, people: dict[int, Person]) -> Iterator[Callable[[str], list[tuple[object, ...]]]]:
    """A way to ask an engine about people, who need not stand in the order of who refers to whom."""
    script = FIRM.format(employees="", categories="", accounts="")
    values = [
        (p.number, p.name, p.city, p.salary, p.age, p.hired, p.manager, p.mentor) for p in people.values()
    ]
    insert = "INSERT INTO employees VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
    if engine == "sqlite":
        with closing(sqlite3.connect(":memory:")) as lite:
            lite.executescript(script)
            lite.executemany(insert, values)
            yield lambda sql: lite.execute(sql).fetchall()
        return
    with duckdb.connect() as duck:
        duck.execute(script)
        duck.executemany(insert, values)
        yield lambda sql: duck.execute(sql).fetchall()


@st.composite
def hierarchies(draw: st.DrawFn) -> dict[int, Person]:
    """People of several levels, some without a manager, some of unknown salary or age, with many ties."""
    size = draw(st.integers(2, len(NAMES)))
    people = {}
    for number in range(1, size + 1):
        above = st.none() | st.integers(1, number - 1) if number > 1 else st.none()
        people[number] = Person(
            number,
            NAMES[number - 1],
            draw(st.sampled_from(["Oslo", "Bergen"])),
            draw(st.none() | st.integers(500, 503)),
            draw(st.none() | st.integers(30, 32)),
            draw(st.none() | st.sampled_from(["2001-02-03", "2010-11-12"])),
            draw(above),
            draw(st.none() | st.integers(1, size)),
        )
    return people


@pytest.mark.requirement("grounded:self-joins")
@given(people=hierarchies())
@settings(max_examples=25, deadline=None)
def test_rows_of_questions_about_a_row_and_the_other_are_those_of_plain_python(
    firm: Business, statements: dict[str, str], people: dict[int, Person]
) -> None:
    with filled(firm.engine, people) as run:
        for text, answer in PEOPLE.items():
            sql = statements[text]
            assert shown(run(sql), "employees.hired_on," in sql) == answer(people), (text, sql)


@pytest.fixture(scope="module")
def statements(firm: Business) -> dict[str, str]:
    return {text: firm.say(text) for text in PEOPLE}


@pytest.mark.requirement("grounded:self-joins")
def test_the_most_and_the_first_few_are_ranked_by_those_that_refer_to_them(firm: Business) -> None:
    most = [(2, "Bo Lund", 3)]
    for text in (
        "which manager has the most employees?",
        "who has the most direct reports?",
        "who manages the most employees?",
    ):
        assert firm.run(firm.say(text)) == most, text
    assert firm.run(firm.say("top 2 managers by number of employees")) == [*most, (1, "Ada Moss", 2)]
    assert firm.run(firm.say("which manager has the fewest employees?")) == [(3, "Cy Dane", 1)]


@pytest.mark.requirement("grounded:self-joins")
@pytest.mark.parametrize(("text", "part"), ROLES.items(), ids=list(ROLES))
def test_the_words_say_which_column_refers(text: str, part: str, firm: Business) -> None:
    said = firm.say(text)
    assert part in said
    firm.run(said)


@pytest.mark.requirement("grounded:self-joins-stop")
@pytest.mark.parametrize("text", TRAPS)
def test_what_no_form_says_is_not_answered(text: str, firm: Business) -> None:
    assert firm.say(text).startswith("cannot"), text


@pytest.mark.requirement("grounded:self-joins-stop")
@pytest.mark.parametrize("word", ["not", "or", "zorp", "only", "except", "7", "Bergen"])
def test_a_word_more_stops_a_question_or_changes_its_statement(
    word: str, firm: Business, statements: dict[str, str]
) -> None:
    for text, sql in statements.items():
        context = firm.context(f"{text} {word}")
        words = text.removesuffix("?").split()
        for at in range(len(words) + 1):
            changed = " ".join([*words[:at], word, *words[at:]])
            try:
                found = one_line(read_sql(changed, context), firm.engine)
            except NotRead:
                continue
            assert found != sql, changed


@pytest.mark.requirement("grounded:self-joins")
def test_rows_without_another_are_listed_and_the_answer_says_so(firm: Business) -> None:
    reading = read_question("employees with their managers", context := firm.context("employees"), TODAY)
    assert "LEFT JOIN" in write_sql(reading, Schema(context))
    assert any("without a manager are listed too" in text for text, _ in reading.assumptions)
    met = read_question("employees managed by Ada Moss", firm.context("employees managed by Ada Moss"), TODAY)
    assert any("none further up" in text for text, _ in met.assumptions)
    boss = read_question("employees with their boss", context, TODAY)
    assert boss.certainty < 1
    assert any("`boss` is read as" in text for text, _ in boss.assumptions)


@pytest.mark.requirement("grounded:self-joins")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("employees managed by Ada Moss", "employees whose manager has name is Ada Moss"),
        ("employees with their managers", "the name with name of the manager"),
        ("employees who earn more than their manager", "employees whose salary is over that of the manager"),
        ("how many employees does each manager have?", "the number of employees per manager"),
        (
            "managers with more than 1 employees",
            "employees with more than 1 employee of which it is the manager",
        ),
    ],
)
def test_a_reading_is_said_in_words(text: str, words: str, firm: Business) -> None:
    assert describe(read_question(text, firm.context(text), TODAY)) == words


@pytest.mark.requirement("grounded:self-joins")
def test_what_the_owner_always_leaves_out_is_left_out_of_both_rows(firm: Business) -> None:
    for text, times in (("employees with their managers", 2), ("managers with more than 1 employees", 2)):
        context = firm.context(text)
        cards = tuple(
            replace(c, always_filter=("salary > 0",)) if c.ref.name == "employees" else c
            for c in context.cards
        )
        sql = read_sql(text, replace(context, cards=cards))
        assert sql.count(".salary > 0") == times


@pytest.mark.requirement("grounded:self-joins")
def test_postgresql_text_names_the_second_occurrence(firm: Business) -> None:
    for text in (*PEOPLE, *ROLES):
        sql = read_sql(text, replace(firm.context(text), dialect="postgres"))
        (tree,) = sqlglot.parse(sql, read="postgres")
        assert tree is not None
        aliases = [t.alias_or_name for t in tree.find_all(sqlglot.exp.Table)]
        assert len(aliases) == len(set(aliases))


@pytest.mark.requirement("grounded:self-joins-stop")
def test_a_change_to_a_question_about_two_rows_is_not_guessed(firm: Business) -> None:
    assert firm.say("only Oslo", earlier=("who is the manager of Eve Fox?",)).startswith("cannot")


@pytest.mark.requirement("grounded:self-joins-stop")
@pytest.mark.parametrize(
    "text",
    [
        "which manager has the most staff?",  # a job title, and a column of yards
        "number of staff per manager",
        "staff who report to Brandt",  # two are called so
        "staff who report to the North",
        "yards whose manager is Ole Fisk",
    ],
)
def test_a_role_that_values_or_other_tables_have_too_is_not_guessed(text: str, yard: Business) -> None:
    assert yard.say(text).startswith(("cannot", "ask")), text


GROUPS = """
CREATE TABLE items (item_id INTEGER PRIMARY KEY, name TEXT, "group" TEXT, amount INTEGER,
  group_id INTEGER REFERENCES items (item_id));
INSERT INTO items VALUES (1, 'Saw', 'Tools', 3, NULL);
INSERT INTO items VALUES (2, 'Axe', 'Tools', 3, 1);
INSERT INTO items VALUES (3, 'Oil', 'Fluids', 3, 1);
"""


@pytest.mark.requirement("grounded:self-joins-stop")
def test_a_column_that_is_called_like_the_other_row_stays_a_column(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    items = set_up(tmp_path_factory.mktemp("items"), "items", "duckdb", GROUPS, MiniLmEmbedder())
    assert sorted(items.run(items.say("number of items per group"))) == [("Fluids", 1), ("Tools", 2)]
    for text in ("items whose group is Tools", "name and group of each item", "items without a group"):
        assert " JOIN " not in items.say(text)
    assert [row[0] for row in items.run(items.say("items whose group is Saw"))] == [2, 3]
    items.assembler.index.close()


@pytest.mark.requirement("grounded:self-joins-stop")
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("staff who report to Ole Fisk", [4, 5]),
        ("staff whose manager is Ole Fisk", [4, 5]),
        ("how many direct reports does Ole Fisk have?", [2]),
        ("staff older than their manager", [3, 5]),
        ("staff who earn more than their boss", [3, 5]),
        ("staff with no direct reports", [3, 4, 5]),
    ],
)
def test_without_a_link_nothing_is_taken_for_one(text: str, rows: list[int], yard: Business) -> None:
    linked = any(j.child == j.parent for c in yard.context(text).cards for j in c.joins)
    said = yard.say(text)
    if linked:
        assert [row[0] for row in yard.run(said)] == rows
    else:
        assert said.startswith("cannot"), said
