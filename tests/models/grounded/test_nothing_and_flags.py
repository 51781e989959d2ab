"""Zero and missing, flags and what happened, all and some, and totals by name, in one freight firm."""

import sqlite3
from collections.abc import Callable, Iterator

import pytest
from grounded_businesses import NOW, Business, set_up

from gnomon.models.grounded.decide import read
from gnomon.models.grounded.reply import reply
from gnomon.models.minilm.embedder import MiniLmEmbedder

HAULIERS = """
CREATE TABLE hauliers (haulier_id INTEGER PRIMARY KEY, name TEXT, is_insured INTEGER, vetted TEXT, email TEXT,
  dismissed DATE, suspended DATE);
CREATE TABLE runs (run_id INTEGER PRIMARY KEY, haulier_id INTEGER REFERENCES hauliers (haulier_id), lane TEXT,
  toll_fee INTEGER, refund INTEGER, rating INTEGER, pallets INTEGER, total_charge INTEGER, finished DATE,
  weight_kg INTEGER);
CREATE TABLE stages (stage_id INTEGER PRIMARY KEY, run_id INTEGER REFERENCES runs (run_id), cost_usd INTEGER,
  delay INTEGER, claimed_usd INTEGER);
CREATE TABLE expenses (expense_id INTEGER PRIMARY KEY, kind TEXT, amount INTEGER);
CREATE TABLE parts (part_id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE stock (stock_id INTEGER PRIMARY KEY, part_id INTEGER REFERENCES parts (part_id),
  on_hand INTEGER);
INSERT INTO hauliers VALUES (1, 'Elm', 1, 'Yes', 'e@x.test', NULL, NULL),
  (2, 'Oak', 0, 'No', '', '2024-02-01', '2029-01-01'), (3, 'Fir', 1, 'Yes', NULL, NULL, NULL),
  (4, 'Yew', NULL, 'No', 'y@x.test', '2025-05-01', NULL);
INSERT INTO runs VALUES (1, 1, NULL, 0, 0, 0, 4, 10, '2024-01-05', 7), (2, 1, NULL, 5, NULL, NULL, 9, 20,
  '2024-01-05', 3), (3, 2, NULL, 0, 3, 4, 2, 30, '2025-03-01', 8), (4, 3, 'north', 7, 0, 5, 2, 40, NULL, 6),
  (5, 3, 'north', 0, 0, 1, 1, 50, NULL, 2), (6, 3, 'south', 0, 1, 2, 1, NULL, '2025-04-01', 5);
INSERT INTO stages VALUES (1, 1, 100, 5, 70), (2, 1, 50, 6, 0), (3, 2, 30, 0, 20);
INSERT INTO expenses VALUES (1, 'fuel', 9), (2, 'fuel', 8), (3, 'tyres', 7);
INSERT INTO parts VALUES (1, 'A'), (2, 'B'), (3, 'C');
INSERT INTO stock VALUES (1, 1, 0), (2, 2, 8), (3, 2, 5);
"""


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def firm(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    opened = set_up(tmp_path_factory.mktemp("firm"), "firm", request.param, HAULIERS, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


@pytest.fixture(scope="module")
def plain() -> Iterator[Callable[[str], list[tuple[object, ...]]]]:
    """Rows of the same data by SQL of the test's own."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(HAULIERS)
    yield lambda sql: connection.execute(sql).fetchall()
    connection.close()


def answer(firm: Business, text: str) -> list[tuple[object, ...]]:
    said = firm.say(text)
    assert said.startswith("SELECT"), f"{text}: {said}"
    return firm.run(said)


def figure(firm: Business, text: str) -> object:
    rows = answer(firm, text)
    assert len(rows) == 1, rows
    return rows[0][-1]


def firsts(firm: Business, text: str) -> set[object]:
    return {row[0] for row in answer(firm, text)}


Plain = Callable[[str], list[tuple[object, ...]]]


@pytest.mark.requirement("grounded:zero-is-nothing")
@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("Runs with no toll fee", "toll_fee = 0"),
        ("Runs without a toll fee", "toll_fee = 0"),
        ("Runs with a toll fee", "toll_fee > 0"),
        ("Runs without a refund", "refund = 0 OR refund IS NULL"),
        ("Runs with a refund", "refund > 0"),
        ("Runs missing refund", "refund IS NULL"),
        ("Runs with a lane", "lane IS NOT NULL"),
        ("Runs without a lane", "lane IS NULL"),
        ("Runs with a toll fee of 5", "toll_fee = 5"),
        ("Runs with pallets of 2", "pallets = 2"),
    ],
)
def test_rows_that_have_none_of_something_are_those_with_zero_or_nothing(
    firm: Business, plain: Plain, text: str, where: str
) -> None:
    assert firsts(firm, text) == {row[0] for row in plain(f"SELECT run_id FROM runs WHERE {where}")}


@pytest.mark.requirement("grounded:zero-is-nothing")
def test_shares_counts_and_empty_texts_know_zero_and_nothing_too(firm: Business) -> None:
    assert figure(firm, "How many runs have no toll fee?") == 4
    assert figure(firm, "How many runs have no refund?") == 4
    assert figure(firm, "What percentage of runs have a toll fee?") == pytest.approx(100 * 2 / 6)
    assert firsts(firm, "Hauliers without an email") == {2, 3}
    assert firsts(firm, "Hauliers with an email") == {1, 4}


@pytest.mark.requirement("grounded:zero-is-nothing")
@pytest.mark.parametrize(
    "text", ["Runs without a rating", "Runs with a rating", "How many runs have no rating?"]
)
def test_where_zero_may_count_and_some_are_missing_nothing_is_answered(firm: Business, text: str) -> None:
    assert firm.say(text) == "cannot: rating"


@pytest.mark.requirement("grounded:flags-are-rows")
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("How many insured hauliers are there?", 2),
        ("How many insured are there?", 2),
        ("How many uninsured hauliers are there?", 1),
        ("How many hauliers are uninsured?", 1),
        ("How many hauliers are not insured?", 1),
        ("How many vetted insured hauliers are there?", 2),
        ("How many dismissed hauliers are there?", 2),
        ("How many hauliers were dismissed in 2024?", 1),
        ("How many hauliers dismissed in 2024?", 1),
        ("How many runs finished in 2024?", 2),
        ("How many runs finished?", 4),
        ("How many runs are not finished?", 2),
    ],
)
def test_a_flag_or_a_date_that_is_a_verb_counts_rows(firm: Business, text: str, count: int) -> None:
    assert figure(firm, text) == count


@pytest.mark.requirement("grounded:flags-are-rows")
@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Insured hauliers", {1, 3}),
        ("Insured vetted hauliers", {1, 3}),
        ("Uninsured hauliers", {2}),
        ("Dismissed hauliers", {2, 4}),
        ("Which hauliers are dismissed?", {2, 4}),
        ("Finished north runs", set()),
        ("Insured without an email", {3}),
    ],
)
def test_what_stands_before_a_noun_restricts_it(firm: Business, text: str, keys: set[int]) -> None:
    assert firsts(firm, text) == keys


@pytest.mark.requirement("grounded:flags-are-rows")
def test_a_verb_s_date_is_that_of_its_groups(firm: Business) -> None:
    rows = answer(firm, "How many runs finished per year?")
    assert {(int(str(year)), count) for year, count in rows} == {(2024, 2), (2025, 2)}


@pytest.mark.requirement("grounded:flags-are-rows")
@pytest.mark.parametrize(
    "text",
    [
        "Suspended hauliers",  # the date may lie ahead
        "Finish runs",
        "Refunded runs",
        "How many different insured are there?",
        "Insured with runs",
        "Insured runs",
        "Which runs are insured?",
    ],
)
def test_a_description_that_no_column_says_is_not_answered_with_a_list_of_the_column(
    firm: Business, text: str
) -> None:
    assert firm.say(text).startswith(("cannot:", "ask:"))


@pytest.mark.requirement("grounded:flags-are-rows")
def test_flags_that_are_asked_for_are_still_listed(firm: Business) -> None:
    assert sorted(map(str, answer(firm, "Name and vetted of hauliers"))) == sorted(
        map(str, [("Elm", "Yes"), ("Oak", "No"), ("Fir", "Yes"), ("Yew", "No")])
    )


@pytest.mark.requirement("grounded:missing-is-no-group")
@pytest.mark.parametrize(
    ("text", "lane"),
    [
        ("Most common lane", "north"),
        ("Least common lane", "south"),
        ("Which lane has the most runs?", "north"),
        ("Top 1 lanes by pallets", "north"),
    ],
)
def test_rows_without_a_value_lead_no_ranking(firm: Business, text: str, lane: str) -> None:
    assert answer(firm, text)[0][0] == lane


@pytest.mark.requirement("grounded:missing-is-no-group")
def test_groups_that_are_not_ranked_keep_the_rows_without_a_value(firm: Business) -> None:
    assert dict(answer(firm, "Number of runs by lane")) == {None: 3, "north": 2, "south": 1}
    assert dict(answer(firm, "Runs by lane")) == {None: 3, "north": 2, "south": 1}


@pytest.mark.requirement("grounded:totals-add-up")
@pytest.mark.parametrize(
    ("text", "total"),
    [
        ("Total charge", 150),
        ("Total charge of north runs", 90),
        ("What is the average total charge per run?", 30),
        ("Total claimed", 90),
        ("Average claimed", 30),
    ],
)
def test_a_total_adds_up_what_a_column_is_called(firm: Business, text: str, total: int) -> None:
    assert figure(firm, text) == total


@pytest.mark.requirement("grounded:totals-add-up")
def test_amounts_per_thing_are_added_up_for_each(firm: Business) -> None:
    assert {(row[0], row[-1]) for row in answer(firm, "Cost per run")} == {(1, 150), (2, 30)}
    assert {(row[0], row[-1]) for row in answer(firm, "Total claimed by run")} == {(1, 70), (2, 20)}
    assert dict(answer(firm, "Total charge by lane")) == {None: 60, "north": 90, "south": None}
    assert dict(answer(firm, "Highest weight by lane")) == {None: 8, "north": 6, "south": 5}


@pytest.mark.requirement("grounded:totals-add-up")
@pytest.mark.parametrize(
    "text",
    [
        "Delay per run",
        "Expenses by kind",
        "Expenses per kind",
        "Total stock",
        "Total stock by part",
        "Highest total charge by lane",
        "Top 2 weights by lane",
    ],
)
def test_what_may_be_added_up_or_not_is_not_answered(firm: Business, text: str) -> None:
    assert firm.say(text).startswith("cannot:")


@pytest.mark.requirement("grounded:totals-add-up")
def test_totals_that_are_listed_beside_others_stay_a_list(firm: Business) -> None:
    assert len(answer(firm, "Lane and total charge of runs")) == 6


@pytest.mark.requirement("grounded:in-stock")
def test_in_stock_is_some_of_it_rather_than_a_row_of_it(firm: Business) -> None:
    assert figure(firm, "How many parts are in stock?") == 1
    assert firsts(firm, "Parts with stock") == {2}
    for text in ("Parts with no stock", "Which parts are out of stock?", "Parts without stock"):
        assert firm.say(text).startswith("cannot:"), text
    assert firsts(firm, "Hauliers without runs") == {4}


@pytest.mark.requirement("grounded:all-or-some")
@pytest.mark.parametrize(
    ("text", "exceptions"),
    [
        ("Are all hauliers insured?", 2),
        ("Is every haulier vetted?", 2),
        ("Have all runs been finished?", 2),
        ("Do all hauliers have a run?", 1),
        ("Do all hauliers have an email?", 2),
        ("Are all hauliers uninsured?", 3),
    ],
)
def test_whether_all_are_is_answered_with_the_number_of_those_that_are_not(
    firm: Business, text: str, exceptions: int
) -> None:
    assert figure(firm, text) == exceptions


@pytest.mark.requirement("grounded:all-or-some")
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Is Elm insured?", 1),
        ("Is Oak insured?", 0),
        ("Does Fir have runs?", 3),
        ("Does Yew have runs?", 0),
        ("Are any hauliers uninsured?", 1),
        ("Are there insured hauliers?", 2),
    ],
)
def test_whether_some_or_one_is_answered_with_the_number_of_those_that_are(
    firm: Business, text: str, count: int
) -> None:
    assert figure(firm, text) == count


@pytest.mark.requirement("grounded:all-or-some")
@pytest.mark.parametrize(
    "text",
    [
        "Are hauliers insured?",
        "Are all vetted hauliers insured?",
        "Are all hauliers insured and vetted?",
        "Are all north runs finished?",
        "Is every run over 3 pallets?",
        "Do all hauliers have runs with a refund?",
    ],
)
def test_yes_or_no_of_more_than_one_thing_is_not_answered_with_a_list(firm: Business, text: str) -> None:
    assert firm.say(text).startswith("cannot:")


@pytest.mark.requirement("grounded:all-or-some")
def test_the_answer_says_yes_where_there_is_no_exception(firm: Business) -> None:
    text = "Are all hauliers insured?"
    reading = read(text, firm.context(text), NOW.date()).careful.reading
    assert reading is not None
    row = {"columns": ["exceptions"], "row_count": 1}
    assert reply(reading, {**row, "rows": [[0]]}).startswith("Yes: ")
    assert reply(reading, {**row, "rows": [[2]]}).startswith("No: ")


@pytest.mark.requirement("grounded:all-or-some")
def test_a_question_that_goes_on_from_all_is_not_read_as_a_change(firm: Business) -> None:
    earlier = ("Are all hauliers insured?",)
    assert firm.say("and vetted?", earlier=earlier).startswith("cannot:")
