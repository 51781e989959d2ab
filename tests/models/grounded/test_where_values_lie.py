"""Values: the column that a person chose, the noun they are said of, `from` and `to`, and their spellings."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from grounded_businesses import ANSWERED_FROM, NOW, Business, set_up

from gnomon.models.grounded.decide import decide, read
from gnomon.models.grounded.reading import NotRead
from gnomon.models.minilm.embedder import MiniLmEmbedder

TODAY = NOW.date()
FERRIES = """
CREATE TABLE piers (pier_id INTEGER PRIMARY KEY, pier_name TEXT, land TEXT);
CREATE TABLE riders (rider_id INTEGER PRIMARY KEY, rider_name TEXT, nation TEXT,
  home_pier_id INTEGER REFERENCES piers (pier_id));
CREATE TABLE crossings (crossing_id INTEGER PRIMARY KEY, rider_id INTEGER REFERENCES riders (rider_id),
  origin_pier_id INTEGER REFERENCES piers (pier_id), destination_pier_id INTEGER REFERENCES piers (pier_id),
  fare_class TEXT);
CREATE TABLE meals (meal_id INTEGER PRIMARY KEY, rider_id INTEGER REFERENCES riders (rider_id),
  pier_id INTEGER REFERENCES piers (pier_id), dish TEXT);
CREATE TABLE parcels (parcel_id INTEGER PRIMARY KEY, sent_from TEXT, sent_to TEXT, carrier TEXT,
  kilos INTEGER);
CREATE TABLE depots (depot_code TEXT PRIMARY KEY, town TEXT);
CREATE TABLE hauls (haul_id INTEGER PRIMARY KEY, origin_depot TEXT REFERENCES depots (depot_code),
  destination_depot TEXT REFERENCES depots (depot_code));
INSERT INTO depots VALUES ('DPA', 'Elmstad'), ('DPB', 'Okby'), ('DPC', 'Furu');
INSERT INTO hauls VALUES (1, 'DPA', 'DPB'), (2, 'DPB', 'DPA'), (3, 'DPA', 'DPC'), (4, 'DPC', 'DPA'),
  (5, 'DPA', 'DPB');
CREATE TABLE yards (yard_id INTEGER PRIMARY KEY, yard_name TEXT, region TEXT);
INSERT INTO yards VALUES (1, 'North Valley', 'Coast'), (2, 'Hilltop', 'North Valley'),
  (3, 'Mill', 'North Valley');
CREATE TABLE crews (crew_id INTEGER PRIMARY KEY, land TEXT, deck TEXT);
INSERT INTO piers VALUES (1, 'Elmside', 'NO'), (2, 'Oakbay', 'IT'), (3, 'Firth', 'NO');
INSERT INTO riders VALUES (1, 'Ada', 'DK', 1), (2, 'Bo', 'NO', 2), (3, 'Cy', 'FI', 3);
INSERT INTO crossings VALUES (1, 1, 1, 2, 'saver'), (2, 2, 2, 1, 'saver'), (3, 2, 1, 3, 'Deck'),
  (4, 3, 3, 1, 'saver');
INSERT INTO meals VALUES (1, 1, 2, 'soup'), (2, 2, 1, 'soup'), (3, 2, 1, 'cake'), (4, 3, 3, 'cake');
INSERT INTO parcels VALUES (1, 'KRSND', 'HIRTS', 'Lind', 5), (2, 'HIRTS', 'KRSND', 'Lind', 6),
  (3, 'TROMS', 'HIRTS', 'Moe', 7), (4, 'KRSND', 'TROMS', 'Moe', 8);
INSERT INTO crews VALUES (1, 'US', 'upper'), (2, 'us', 'lower'), (3, 'IT', 'upper'), (4, 'it', 'upper'),
  (5, 'DK', 'lower'), (6, 'US', 'lower');
"""


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def ferries(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp(f"ferries-{request.param}")
    opened = set_up(folder, "ferries", request.param, FERRIES, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def chosen(business: Business, text: str, words: str, meant: str) -> list[tuple[object, ...]]:
    """The rows once a person has said what the words mean."""
    context = replace(business.context(text), choices=((words, meant),))
    return business.run(decide(read(text, context, TODAY), ANSWERED_FROM).sql)


def keys(rows: list[tuple[object, ...]]) -> set[object]:
    return {row[0] for row in rows}


def asked(business: Business, text: str) -> tuple[str, ...]:
    """What a person would choose from."""
    with pytest.raises(NotRead) as stopped:
        decide(read(text, business.context(text), TODAY), ANSWERED_FROM)
    return stopped.value.options


@pytest.mark.requirement("grounded:chosen-value")
@pytest.mark.parametrize(("meant", "rows"), [("parcels.sent_from", {1, 4}), ("parcels.sent_to", {2})])
def test_a_choice_for_words_that_are_a_value_restricts_the_column_that_was_chosen(
    ferries: Business, meant: str, rows: set[object]
) -> None:
    assert set(asked(ferries, "Parcels of KRSND")) == {"parcels.sent_from", "parcels.sent_to"}
    assert keys(chosen(ferries, "Parcels of KRSND", "KRSND", meant)) == rows
    assert chosen(ferries, "How many parcels of KRSND?", "KRSND", meant) == [(len(rows),)]


@pytest.mark.requirement("grounded:chosen-value")
@pytest.mark.parametrize("text", ["Parcels of KRSND", "crossings of Elmside"])
def test_nobody_s_silence_says_which_column_holds_a_value(ferries: Business, text: str) -> None:
    assert ferries.say(text).startswith("cannot"), ferries.say(text)


@pytest.mark.requirement("grounded:chosen-value")
def test_a_choice_for_words_that_are_a_name_still_names(ferries: Business) -> None:
    shown = chosen(ferries, "List the land of crews", "land", "crews.land")
    assert len(shown) == 6


@pytest.mark.requirement("grounded:value-of-noun")
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Riders with a meal at Elmside", {2}),
        ("Riders with meals in Oakbay", {1}),
        ("Meals with riders from Elmside", {1}),
        ("Meals at Elmside", {2, 3}),
        ("Riders from FI", {3}),
    ],
)
def test_a_value_belongs_to_the_noun_before_it(ferries: Business, text: str, rows: set[object]) -> None:
    said = ferries.say(text)
    assert said.startswith("SELECT"), said
    found = keys(ferries.run(said))
    assert found == rows, said


@pytest.mark.requirement("grounded:value-of-noun")
def test_how_many_riders_have_a_meal_at_a_pier_is_not_how_many_live_there(ferries: Business) -> None:
    said = ferries.say("How many riders have a meal at Elmside?")
    assert ferries.run(said) == [(1,)], said
    assert "meals" in said


@pytest.mark.requirement("grounded:value-of-noun")
def test_behind_what_is_grouped_by_a_value_may_be_said_of_either(ferries: Business) -> None:
    text = "Number of meals per rider in Elmside"
    options = asked(ferries, text)
    assert options == ("meals.pier_id", "riders.home_pier_id")
    assert [r[-1] for r in chosen(ferries, text, "Elmside", options[0])] == [2]
    assert [r[-1] for r in chosen(ferries, text, "Elmside", options[1])] == [1]


@pytest.mark.requirement("grounded:from-and-to")
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("How many parcels from KRSND?", 2),
        ("How many parcels to KRSND?", 1),
        ("How many parcels from KRSND to HIRTS?", 1),
        ("Number of parcels to the HIRTS", 2),
        ("How many crossings from Elmside?", 2),
        ("How many hauls from DPA?", 3),
        ("How many hauls to DPA?", 2),
        ("How many hauls from DPA to DPB?", 2),
        ("How many hauls from Elmstad?", 3),
        ("How many crossings to Elmside?", 2),
        ("How many crossings with origin pier Firth?", 1),
    ],
)
def test_from_and_to_say_which_of_an_origin_and_a_destination(
    ferries: Business, text: str, count: int
) -> None:
    said = ferries.say(text)
    assert said.startswith("SELECT"), said
    assert ferries.run(said) == [(count,)], said


@pytest.mark.requirement("grounded:from-and-to")
def test_two_places_behind_from_and_to_are_asked_about_and_each_can_be_chosen(ferries: Business) -> None:
    text = "Crossings from NO"
    options = asked(ferries, text)
    assert set(options) == {"riders.nation", "crossings.origin_pier_id", "crossings.destination_pier_id"}
    assert ferries.say(text).startswith("cannot")
    assert keys(chosen(ferries, text, "NO", "riders.nation")) == {2, 3}
    assert keys(chosen(ferries, text, "NO", "crossings.origin_pier_id")) == {1, 3, 4}
    assert keys(chosen(ferries, text, "NO", "crossings.destination_pier_id")) == {2, 3, 4}


@pytest.mark.requirement("grounded:from-and-to")
def test_both_ways_are_not_both_values_of_one_column(ferries: Business) -> None:
    assert ferries.say("Riders from NO to DK").startswith("cannot")


@pytest.mark.requirement("grounded:spellings")
@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("How many crews in the US?", 3),
        ("How many crews are in US?", 3),
        ("How many US crews?", 3),
        ("How many crews in IT?", 2),
        ("How many crews in DK?", 1),
        ("How many upper crews in IT?", 2),
    ],
)
def test_a_code_that_reads_like_a_word_counts_in_all_its_spellings(
    ferries: Business, text: str, count: int
) -> None:
    said = ferries.say(text)
    assert said.startswith("SELECT"), said
    assert ferries.run(said) == [(count,)], said


@pytest.mark.requirement("grounded:value-of-noun")
def test_the_column_behind_a_value_says_of_two_which_is_meant(ferries: Business) -> None:
    said = ferries.say("How many yards are in the North Valley region?")
    assert said == "SELECT COUNT(*) AS yards_count FROM yards WHERE yards.region = 'North Valley'"
