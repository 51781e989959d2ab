"""Whose amount is added up, which way tables are linked, what took place, and power and energy."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from grounded_businesses import Business, set_up

from gnomon.models.minilm.embedder import MiniLmEmbedder

CAMPS = """
CREATE TABLE camps (camp_id INTEGER PRIMARY KEY, camp_name TEXT, valley TEXT, floor INTEGER);
CREATE TABLE tents (tent_id INTEGER PRIMARY KEY, camp_id INTEGER REFERENCES camps (camp_id), beds INTEGER);
CREATE TABLE campers (camper_id INTEGER PRIMARY KEY, camper_name TEXT);
CREATE TABLE pitches (pitch_id INTEGER PRIMARY KEY, camper_id INTEGER REFERENCES campers (camper_id),
  tent_id INTEGER REFERENCES tents (tent_id), status TEXT, total_amount DECIMAL(8,2));
CREATE TABLE meals (meal_id INTEGER PRIMARY KEY, pitch_id INTEGER REFERENCES pitches (pitch_id), kind TEXT,
  amount DECIMAL(8,2));
CREATE TABLE ratings (rating_id INTEGER PRIMARY KEY, pitch_id INTEGER REFERENCES pitches (pitch_id),
  score INTEGER);
INSERT INTO camps VALUES (1, 'Fern', 'Osdal', 1), (2, 'Moss', 'Osdal', 2), (3, 'Reed', 'Vikdal', 2);
INSERT INTO tents VALUES (1, 1, 2), (2, 2, 4), (3, 3, 2);
INSERT INTO campers VALUES (1, 'Ada'), (2, 'Bo'), (3, 'Cy'), (4, 'Di');
INSERT INTO pitches VALUES (1, 1, 1, 'completed', 100), (2, 2, 1, 'cancelled', 200),
  (3, 3, 2, 'no-show', 300), (4, 1, 3, 'completed', 400), (5, 2, 3, 'completed', 500);
INSERT INTO meals VALUES (1, 1, 'soup', 5), (2, 1, 'fish', 7), (3, 4, 'soup', 6), (4, 5, 'fish', 9);
INSERT INTO ratings VALUES (1, 1, 5), (2, 4, 3), (3, 5, 5);
"""
AGENTS = """
CREATE TABLE agents (agent_id INTEGER, agent_name TEXT, branch TEXT);
CREATE TABLE openings (opening_id INTEGER, agent_id INTEGER, craft TEXT);
CREATE TABLE bids (bid_id INTEGER, opening_id INTEGER, stars INTEGER);
CREATE TABLE deals (deal_id INTEGER, bid_id INTEGER, closed_by INTEGER, fee DECIMAL(8,2));
"""
PLANTS = """
CREATE TABLE plants (plant_id INTEGER PRIMARY KEY, plant_name TEXT, capacity_kw INTEGER);
CREATE TABLE readings (reading_id INTEGER PRIMARY KEY, plant_id INTEGER REFERENCES plants (plant_id),
  energy_kwh DECIMAL(10,1));
INSERT INTO plants VALUES (1, 'Alta', 500), (2, 'Brim', 1200), (3, 'Cove', 3000);
INSERT INTO readings VALUES (1, 1, 900), (2, 1, 1100), (3, 2, 2500), (4, 3, 7000);
"""


def _rows(first: int, last: int, row: str) -> str:
    return ", ".join(row.format(i=i, a=i % 8 + 1, b=i % 20 + 1, c=i % 30 + 1) for i in range(first, last + 1))


def agents_script() -> str:
    """8 agents, 20 openings, 30 bids, 40 deals: each is closed by an agent, whom no declared key names."""
    rows = (
        ("agents", _rows(1, 8, "({i}, 'Agent {i}', 'North')")),
        ("openings", _rows(1, 20, "({i}, {a}, 'mason')")),
        ("bids", _rows(1, 30, "({i}, {b}, 3)")),
        ("deals", _rows(1, 40, "({i}, {c}, {a}, 10)")),
    )
    return AGENTS + "".join(f"INSERT INTO {table} VALUES {values};" for table, values in rows)


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def camps(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    yield from opened(tmp_path_factory.mktemp("camps"), "camps", CAMPS, request.param)


@pytest.fixture(scope="module")
def deals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    yield from opened(tmp_path_factory.mktemp("deals"), "deals", agents_script(), "duckdb")


@pytest.fixture(scope="module")
def plants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    yield from opened(tmp_path_factory.mktemp("plants"), "plants", PLANTS, "duckdb")


def opened(folder: Path, name: str, script: str, engine: str) -> Iterator[Business]:
    business = set_up(folder, name, engine, script, MiniLmEmbedder())
    yield business
    business.assembler.index.close()


def last_figures(business: Business, text: str) -> list[float]:
    """The last column of the answer, sorted."""
    said = business.say(text)
    assert said.startswith("SELECT"), said
    return sorted(float(str(row[-1])) for row in business.run(said))


@pytest.mark.requirement("grounded:amounts-of-the-owner")
@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("What is the total amount of meals?", [27]),
        ("What is the total amount of soup meals?", [11]),
        ("Total amount of fish meals by camp", [7, 9]),
        ("Total amount of meals per valley", [12, 15]),
        ("Total amount of pitches by valley", [600, 900]),
        ("Total amount by valley", [600, 900]),
    ],
)
def test_a_total_of_things_adds_up_their_own_amounts(
    camps: Business, text: str, figures: list[float]
) -> None:
    assert last_figures(camps, text) == figures


@pytest.mark.requirement("grounded:related-twice")
def test_a_table_that_two_conditions_lead_through_is_joined_once(camps: Business) -> None:
    said = camps.say("Campers with a score of 5 in Vikdal")
    assert said.startswith("SELECT"), said
    assert {row[1] for row in camps.run(said)} == {"Bo"}, said


@pytest.mark.requirement("grounded:took-place")
@pytest.mark.parametrize("text", ["How many campers stayed at Moss?", "How many campers stayed at Fern?"])
def test_a_verb_of_what_took_place_is_asked_about_where_a_status_says_that_it_may_not_have(
    camps: Business, text: str
) -> None:
    assert camps.say(text) == "cannot: stayed"


@pytest.mark.requirement("grounded:took-place")
def test_what_was_held_is_asked_about_too_unless_the_status_is_said(camps: Business) -> None:
    assert not camps.say("How many pitches were held?").startswith("SELECT")
    assert last_figures(camps, "How many completed pitches were held?") == [3]
    assert last_figures(camps, "How many ratings were held?") == [3]


@pytest.mark.requirement("grounded:took-place")
@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("How many campers have a pitch at Fern?", [2]),
        ("How many completed pitches are there?", [3]),
    ],
)
def test_what_is_written_down_is_counted_whatever_came_of_it(
    camps: Business, text: str, figures: list[float]
) -> None:
    assert last_figures(camps, text) == figures


@pytest.mark.requirement("grounded:stated-numbers")
@pytest.mark.parametrize("text", ["List all camps on floor 2", "Camps on floor 2"])
def test_a_number_behind_its_column_is_what_rows_have(camps: Business, text: str) -> None:
    said = camps.say(text)
    assert said.startswith("SELECT"), said
    assert {value for row in camps.run(said) for value in row} & {"Fern", "Moss", "Reed"} == {"Moss", "Reed"}


@pytest.mark.requirement("grounded:long-ways")
@pytest.mark.parametrize(
    "text", ["Number of deals by agent", "Total fee by agent", "Number of deals per branch"]
)
def test_a_way_of_several_joins_is_not_taken_where_a_column_may_lead_there_at_once(
    deals: Business, text: str
) -> None:
    said = deals.say(text)
    assert not said.startswith("SELECT"), said


@pytest.mark.requirement("grounded:long-ways")
@pytest.mark.parametrize(
    ("text", "groups", "through"),
    [
        ("Number of deals by craft", 1, "deals and openings are linked through bids."),
        ("Number of bids per agent", 8, "bids and agents are linked through openings."),
    ],
)
def test_a_way_of_several_joins_through_what_is_not_named_is_stated(
    deals: Business, text: str, groups: int, through: str
) -> None:
    call = deals.respond(text).tool_calls[0]
    assert len(deals.run(str(call.arguments["sql"]))) == groups
    assert through in [told["text"] for told in call.arguments["assumptions"]]


@pytest.mark.requirement("grounded:power-and-energy")
@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("Total energy by plant", [2000, 2500, 7000]),
        ("What is the total capacity of all plants?", [4700]),
        ("How many plants have a capacity above 1 MW?", [2]),
        ("How many readings have an energy over 2 kilowatt hours?", [4]),
        ("How many readings have an energy over 2 MWh?", [2]),
    ],
)
def test_power_and_energy_are_units(plants: Business, text: str, figures: list[float]) -> None:
    assert last_figures(plants, text) == figures


@pytest.mark.requirement("grounded:power-and-energy")
def test_power_is_not_compared_with_energy(plants: Business) -> None:
    assert not plants.say("How many plants have a capacity above 1 MWh?").startswith("SELECT")
