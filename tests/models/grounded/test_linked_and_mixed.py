"""What links two things, what is counted for each kind of thing, and amounts of several currencies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from grounded_businesses import Business, set_up

from gnomon.models.minilm.embedder import MiniLmEmbedder

HARBOURS = """
CREATE TABLE docks (dock_id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE barges (barge_id INTEGER PRIMARY KEY, label TEXT, loading_dock INTEGER, tons INTEGER);
CREATE TABLE strikes (strike_id INTEGER PRIMARY KEY, barge_id INTEGER REFERENCES barges (barge_id),
  dock_id INTEGER REFERENCES docks (dock_id));
CREATE TABLE captains (captain_id INTEGER PRIMARY KEY, captain_name TEXT);
CREATE TABLE tours (tour_id INTEGER PRIMARY KEY, barge_id INTEGER REFERENCES barges (barge_id),
  captain_id INTEGER REFERENCES captains (captain_id));
INSERT INTO docks VALUES (1, 'Elm'), (2, 'Oak'), (3, 'Fir');
INSERT INTO barges VALUES (1, 'Ada', 1, 5), (2, 'Bea', 2, 6), (3, 'Cleo', 1, 7), (4, 'Dora', 3, 8);
INSERT INTO strikes VALUES (1, 1, 2), (2, 2, 2);
INSERT INTO captains VALUES (1, 'Lind'), (2, 'Moe'), (3, 'Nyberg');
INSERT INTO tours VALUES (1, 1, 1), (2, 2, 1), (3, 3, 2);
"""
REMEDIES = """
CREATE TABLE remedies (remedy_id INTEGER PRIMARY KEY, remedy_name TEXT, herb_family TEXT);
CREATE TABLE doses (dose_id INTEGER PRIMARY KEY, remedy_id INTEGER REFERENCES remedies (remedy_id));
INSERT INTO remedies VALUES (1, 'Alva', 'mint'), (2, 'Brio', 'mint'), (3, 'Cura', 'sage'), (4, 'Dala', 'rue');
INSERT INTO doses VALUES (1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3);
"""
BILLS = """
CREATE TABLE bills (bill_id INTEGER PRIMARY KEY, region TEXT, gross DECIMAL(8,2), net_usd DECIMAL(8,2),
  pages INTEGER, currency TEXT);
CREATE TABLE bill_lines (line_id INTEGER PRIMARY KEY, bill_id INTEGER REFERENCES bills (bill_id),
  price DECIMAL(8,2));
CREATE TABLE tips (tip_id INTEGER PRIMARY KEY, amount DECIMAL(8,2), currency TEXT);
INSERT INTO bills VALUES (1, 'north', 100, 80, 1, 'USD'), (2, 'north', 100, 90, 2, 'EUR'),
  (3, 'south', 50, 1, 3, 'JPY'), (4, 'south', 20, 9, 9, 'EUR');
INSERT INTO bill_lines VALUES (1, 1, 60), (2, 1, 40), (3, 2, 100);
INSERT INTO tips VALUES (1, 5, 'EUR'), (2, 7, 'EUR');
"""


def opened(folder: Path, name: str, script: str) -> Business:
    return set_up(folder, name, "duckdb", script, MiniLmEmbedder())


@pytest.fixture(scope="module")
def harbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    business = opened(tmp_path_factory.mktemp("harbours"), "harbours", HARBOURS)
    yield business
    business.assembler.index.close()


@pytest.fixture(scope="module")
def remedies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    business = opened(tmp_path_factory.mktemp("remedies"), "remedies", REMEDIES)
    yield business
    business.assembler.index.close()


@pytest.fixture(scope="module")
def bills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    business = opened(tmp_path_factory.mktemp("bills"), "bills", BILLS)
    yield business
    business.assembler.index.close()


@pytest.mark.requirement("grounded:unnamed-bridge")
@pytest.mark.parametrize(
    "text", ["Number of barges per dock", "Docks with no barges", "Which dock has the most barges?"]
)
def test_a_table_between_is_no_link_where_a_column_is_called_after_the_other_end(
    harbours: Business, text: str
) -> None:
    said = harbours.say(text)
    assert not said.startswith("SELECT"), said


@pytest.mark.requirement("grounded:unnamed-bridge")
def test_a_table_between_that_is_named_is_meant(harbours: Business) -> None:
    said = harbours.say("Number of strikes per dock")
    assert [row[-1] for row in harbours.run(said)] == [2]


@pytest.mark.requirement("grounded:unnamed-bridge")
def test_a_thing_between_two_others_is_stated(harbours: Business) -> None:
    text = "Captains with no barges"
    call = harbours.respond(text).tool_calls[0]
    assert {row[1] for row in harbours.run(str(call.arguments["sql"]))} == {"Nyberg"}
    assert any("through tours" in told["text"] for told in call.arguments["assumptions"])


@pytest.mark.requirement("grounded:counted-per-kind")
@pytest.mark.parametrize(
    ("text", "families"),
    [
        ("Herb families with more than 3 doses", {"mint"}),
        ("Which herb families have more than 1 dose?", {"mint", "sage"}),
        ("herb families with at least 2 doses", {"mint", "sage"}),
        ("herb families with exactly 2 doses", {"sage"}),
    ],
)
def test_related_rows_are_counted_for_each_value_of_a_column(
    remedies: Business, text: str, families: set[str]
) -> None:
    said = remedies.say(text)
    assert said.startswith("SELECT"), said
    assert sorted(row[0] for row in remedies.run(said)) == sorted(families), said


@pytest.mark.requirement("grounded:counted-per-kind")
@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Remedies with more than 1 dose", {"Alva", "Brio", "Cura"}),
        ("Remedies without doses", {"Dala"}),
        ("remedy names with more than 1 dose", {"Alva", "Brio", "Cura"}),
    ],
)
def test_rows_that_are_named_are_counted_for_each_row(remedies: Business, text: str, names: set[str]) -> None:
    said = remedies.say(text)
    assert said.startswith("SELECT"), said
    assert {value for row in remedies.run(said) for value in row} & {"Alva", "Brio", "Cura", "Dala"} == names


@pytest.mark.requirement("grounded:counted-per-kind")
@pytest.mark.parametrize(
    "text",
    [
        "Herb families without doses",
        "Herb families with fewer than 3 doses",
        "How many herb families have more than 3 doses?",
    ],
)
def test_what_a_kind_lacks_is_not_read_off_single_rows(remedies: Business, text: str) -> None:
    said = remedies.say(text)
    assert not said.startswith("SELECT"), said


@pytest.mark.requirement("grounded:mixed-currencies")
@pytest.mark.parametrize(
    "text",
    [
        "Average gross",
        "Highest gross",
        "Total gross by region",
        "What is the average gross of bills?",
        "Top 2 bills by gross",
        "Which region has the highest total gross?",
        "Average price of bill lines",
    ],
)
def test_amounts_of_several_currencies_are_not_put_together(bills: Business, text: str) -> None:
    said = bills.say(text)
    assert not said.startswith("SELECT"), said


@pytest.mark.requirement("grounded:mixed-currencies")
@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("Total gross of bills in EUR", {120}),
        ("Average gross by currency", {100, 60, 50}),
        ("Total net usd", {180}),
        ("Average pages", {3.75}),
        ("How many bills are there?", {4}),
        ("Total amount of tips", {12}),
    ],
)
def test_one_currency_each_of_them_and_what_is_no_money_are_answered(
    bills: Business, text: str, figures: set[float]
) -> None:
    said = bills.say(text)
    assert said.startswith("SELECT"), said
    assert {float(str(row[-1])) for row in bills.run(said)} == figures, said
