"""Words that name two things, ids and names of something else, groups by a number that has a name."""

from collections.abc import Iterator

import pytest
from grounded_businesses import Business, set_up

from gnomon.models.minilm.embedder import MiniLmEmbedder

NURSERY = """
CREATE TABLE grower (code INTEGER PRIMARY KEY, name TEXT, town TEXT);
CREATE TABLE keeper (keeper_name TEXT PRIMARY KEY, years_served INTEGER);
CREATE TABLE bed (bed_id INTEGER PRIMARY KEY, place TEXT, keeper_name TEXT REFERENCES keeper (keeper_name));
CREATE TABLE plant (plant_id INTEGER PRIMARY KEY, title TEXT, grower INTEGER REFERENCES grower (code),
  bed_id INTEGER REFERENCES bed (bed_id), price INTEGER, label TEXT, max_height INTEGER);
CREATE TABLE book (book_id INTEGER PRIMARY KEY, title TEXT, grower INTEGER REFERENCES grower (code),
  year INTEGER);
CREATE TABLE fair (fair_id INTEGER PRIMARY KEY, fair_name TEXT);
CREATE TABLE member (member_id INTEGER PRIMARY KEY, member_name TEXT);
CREATE TABLE fair_entry (entry_id INTEGER PRIMARY KEY, fair_id INTEGER REFERENCES fair (fair_id),
  member_id INTEGER REFERENCES member (member_id), points INTEGER);
CREATE TABLE soil_type (soil TEXT PRIMARY KEY, soil_type TEXT);
CREATE TABLE staff (year INTEGER PRIMARY KEY, staff INTEGER);
CREATE TABLE acquaintance (name TEXT, friend TEXT, since INTEGER);
INSERT INTO grower VALUES (10, 'Elm', 'Linz'), (20, 'Oak', 'Graz'), (30, 'Fir', 'Linz');
INSERT INTO keeper VALUES ('Ada', 4), ('Bo', 9);
INSERT INTO bed VALUES (1, 'North', 'Ada'), (2, 'South', 'Bo');
INSERT INTO plant VALUES (1, 'Rose', 10, 1, 9, 'No', 90), (2, 'Mint', 10, 2, 3, 'green', 40),
  (3, 'Sage', 20, 2, 4, 'No', 60);
INSERT INTO book VALUES (1, 'On roses', 10, 1999), (2, 'On mint', 20, 2004);
INSERT INTO fair VALUES (1, 'Spring'), (2, 'Autumn');
INSERT INTO member VALUES (1, 'Dot'), (2, 'Eve');
INSERT INTO fair_entry VALUES (1, 1, 1, 5), (2, 1, 2, 9), (3, 2, 1, 7);
INSERT INTO soil_type VALUES ('loam', 'heavy'), ('clay', 'heavy'), ('sand', 'light'),
  ('peat', 'heavy'), ('silt', 'heavy');
INSERT INTO staff VALUES (2024, 7), (2025, 9), (2026, 11);
INSERT INTO acquaintance VALUES ('Ada', 'Bo', 2020), ('Bo', 'Cy', 2021), ('Cy', 'Ada', 2022),
  ('Cy', 'Bo', 2023);
"""


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def nursery(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp("nursery")
    opened = set_up(folder, "nursery", request.param, NURSERY, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


@pytest.mark.requirement("grounded:namesakes")
@pytest.mark.parametrize("text", ["How many soil types are there?", "List all soil types."])
def test_words_that_name_a_table_and_a_column_of_its_own_are_asked_about(
    nursery: Business, text: str
) -> None:
    assert nursery.say(text, interactive=True).startswith("ask: soil_type | soil_type.soil_type")
    assert nursery.say(text).startswith("cannot:")


@pytest.mark.requirement("grounded:namesakes")
def test_rows_are_not_counted_where_a_column_of_that_name_holds_how_many(nursery: Business) -> None:
    assert nursery.say("How many staff were there in 2025?").startswith("cannot:")


@pytest.mark.requirement("grounded:namesakes")
@pytest.mark.parametrize(
    "text", ["Who are the friends of Bo?", "How many friends does Bo have?", "Who are Bo's friends?"]
)
def test_the_friends_of_somebody_are_not_the_rows_whose_friend_that_is(nursery: Business, text: str) -> None:
    said = nursery.say(text)
    assert "friend\" = 'Bo'" not in said


@pytest.mark.requirement("grounded:namesakes")
def test_a_row_with_the_maximum_of_something_is_no_list_of_a_column_called_maximum(nursery: Business) -> None:
    said = nursery.say("Show the title of the plant with the maximum height.")
    assert said.startswith("cannot:") or nursery.run(said)[0][0] == "Rose"
    listed = nursery.run(nursery.say("List the title and max height of all plants."))
    assert sorted(row[-1] for row in listed) == [40, 60, 90]


@pytest.mark.requirement("grounded:whose-identity")
def test_the_name_of_a_thing_is_not_that_of_what_it_refers_to(nursery: Business) -> None:
    assert "keeper_name" not in nursery.say("List the names of beds.")
    assert nursery.run(nursery.say("List the keeper names of beds.")) == [("Ada",), ("Bo",)]


@pytest.mark.requirement("grounded:whose-identity")
@pytest.mark.parametrize(
    "text", ["What is the name of the entry with the most points?", "List the names of entries."]
)
def test_of_several_things_with_a_name_none_lends_it_to_what_refers_to_them(
    nursery: Business, text: str
) -> None:
    said = nursery.say(text)
    assert "fair_name" not in said
    assert "member_name" not in said


@pytest.mark.requirement("grounded:whose-identity")
def test_a_title_is_the_name_of_a_thing_and_not_who_made_it(nursery: Business) -> None:
    said = nursery.say("What is the name of the most recent book?")
    assert said.startswith("cannot:") or nursery.run(said)[0][0] == "On mint"


@pytest.mark.requirement("grounded:whose-identity")
@pytest.mark.parametrize("text", ["List the ids of plants.", "List the id and price of plants."])
def test_the_id_of_a_thing_is_its_own(nursery: Business, text: str) -> None:
    assert {row[0] for row in nursery.run(nursery.say(text))} == {1, 2, 3}


@pytest.mark.requirement("grounded:named-groups")
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("How many plants are there for each grower?", {("Elm", 2), ("Oak", 1)}),
        ("Average price of plants by grower", {("Elm", 6.0), ("Oak", 4.0)}),
    ],
)
def test_groups_by_a_number_that_refers_to_something_say_what_it_is_called(
    nursery: Business, text: str, rows: set[tuple[object, ...]]
) -> None:
    said = nursery.say(text)
    assert said.startswith("SELECT"), said
    assert {(row[1], row[-1]) for row in nursery.run(said)} == rows


@pytest.mark.requirement("grounded:named-groups")
def test_whoever_asks_for_a_code_gets_the_code_alone(nursery: Business) -> None:
    said = nursery.say("How many plants are there for each grower code?")
    assert said.startswith("cannot:") or all(len(row) == 2 for row in nursery.run(said))


@pytest.mark.requirement("grounded:text-for-none")
def test_a_text_that_says_no_is_none_of_a_thing(nursery: Business) -> None:
    said = nursery.say("How many plants have no label?")
    assert said.startswith("SELECT"), said
    assert nursery.run(said) == [(2,)]


@pytest.mark.requirement("grounded:at-most-one")
@pytest.mark.parametrize(
    "text",
    ["Which plants are in more than one bed?", "List the titles of plants that have at least 2 growers."],
)
def test_of_a_thing_that_each_row_has_once_at_most_several_are_not_counted(
    nursery: Business, text: str
) -> None:
    assert nursery.say(text).startswith("cannot:")


@pytest.mark.requirement("grounded:at-most-one")
def test_things_with_several_rows_that_refer_to_them_are_found(nursery: Business) -> None:
    said = nursery.say("List the names of growers with more than one plant.")
    assert [row[0] for row in nursery.run(said)] == ["Elm"]


@pytest.mark.requirement("grounded:named-groups")
def test_what_one_listed_column_refers_to_is_called_by_its_name(nursery: Business) -> None:
    said = nursery.say("Which grower has the most expensive plant?")
    assert said.startswith("cannot:") or "Elm" in nursery.run(said)[0]
