"""Words that say again what a reading says have a place in it, and in no other."""

from collections.abc import Callable, Iterator
from datetime import date

import duckdb
import pytest
from grounded_businesses import Business, set_up

from gnomon.models.grounded.composer.compose import Composed, compose
from gnomon.models.grounded.composer.propose import read_carefully
from gnomon.models.minilm.embedder import MiniLmEmbedder

TODAY = date(2026, 3, 18)
CLUB = """
CREATE TABLE players (player_id INTEGER PRIMARY KEY, given_first_name TEXT, given_last_name TEXT, sex TEXT,
  zip TEXT, salary INTEGER, height_cm INTEGER, state_county TEXT);
CREATE TABLE matches (match_id INTEGER PRIMARY KEY, player_id INTEGER REFERENCES players (player_id),
  played_on DATE, ground TEXT, goals INTEGER);
CREATE TABLE votes (vote_id INTEGER PRIMARY KEY, player_id INTEGER REFERENCES players (player_id),
  ballot TEXT);
INSERT INTO players VALUES
  (1, 'Ida', 'Brandt', 'F', '1050', 900, 171, 'Tyrol'), (2, 'Ole', 'Fisk', 'M', '1060', 700, 183, 'Kent'),
  (3, 'Una', 'Reyes', 'F', '1050', 800, 165, 'Kent'), (4, 'Max', 'Brandt', 'M', '1070', 650, 190, 'Tyrol');
INSERT INTO matches VALUES
  (1, 1, '2010-04-02', 'Park', 1), (2, 1, '2011-05-02', 'Hill', 0), (3, 3, '2010-06-02', 'Park', 2),
  (4, 2, '2012-04-02', 'Hill', 0), (5, 1, '2012-08-02', 'Park', 1);
INSERT INTO votes VALUES (1, 2, 'captain'), (2, 3, 'keeper');
"""


@pytest.fixture(scope="module")
def club(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    opened = set_up(tmp_path_factory.mktemp("club"), "club", "duckdb", CLUB, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def readings(club: Business, text: str) -> tuple[Composed, ...]:
    context = club.context(text)
    return compose(text, context, TODAY, read_carefully(text, context, TODAY))


def rows_of(club: Business, sql: str) -> list[tuple[object, ...]]:
    """The rows in any order; none where the engine refuses, as it does an average of texts."""
    try:
        return sorted(club.run(sql), key=repr)
    except duckdb.BinderException:
        return []


@pytest.mark.requirement("grounded:restated")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("What are the zip codes of players?", "SELECT zip FROM players"),
        ("How many female players are there?", "SELECT COUNT(*) FROM players WHERE sex = 'F'"),
        ("How many matches were made?", "SELECT COUNT(*) FROM matches"),
        ("Show the full names of players.", "SELECT given_first_name, given_last_name FROM players"),
        ("Show all information about matches.", "SELECT * FROM matches"),
        ("Show all the information about matches, sorted by goals.", "SELECT * FROM matches"),
        ("Show the state or county of players.", "SELECT state_county FROM players"),
        (
            "What is the maximum salary and height of players?",
            "SELECT MAX(salary), MAX(height_cm) FROM players",
        ),
    ],
)
def test_a_word_that_says_it_again_leaves_a_reading_whole(text: str, sql: str, club: Business) -> None:
    wanted = rows_of(club, sql)
    assert any(rows_of(club, c.sql) == wanted for c in readings(club, text) if not c.unplaced)


@pytest.mark.requirement("grounded:restated")
@pytest.mark.parametrize(
    ("text", "sql", "word"),
    [
        ("Show the full players.", "SELECT given_first_name, given_last_name FROM players", "full"),
        ("How many female matches are there?", "SELECT COUNT(*) FROM matches", "female"),
        (
            "Show the information of players.",
            "SELECT given_first_name, given_last_name FROM players",
            "information",
        ),
        ("What codes do players have?", "SELECT given_first_name, given_last_name FROM players", "codes"),
    ],
)
def test_the_same_word_stops_a_reading_that_does_not_say_it(
    text: str, sql: str, word: str, club: Business
) -> None:
    wanted = rows_of(club, sql)
    assert all(word in c.unplaced for c in readings(club, text) if rows_of(club, c.sql) == wanted)


@pytest.mark.requirement("grounded:restated")
def test_a_named_table_that_a_reading_does_not_use_stops_it(club: Business) -> None:
    text = "Show the zip of players who have votes."
    all_players = rows_of(club, "SELECT zip FROM players")
    found = [c for c in readings(club, text) if rows_of(club, c.sql) == all_players]
    assert all("votes" in c.unplaced for c in found)


@pytest.mark.requirement("grounded:restated")
def test_one_order_does_not_give_both_of_two_opposites(club: Business) -> None:
    for found in readings(club, "What are the salaries of the tallest and the shortest player?"):
        assert found.unplaced or len(rows_of(club, found.sql)) != 1


@pytest.mark.requirement("grounded:coded-values")
def test_a_sex_that_is_stored_as_a_letter_is_found_by_its_word(club: Business) -> None:
    for word, letter in (("women", "F"), ("female", "F"), ("male", "M"), ("boys", "M")):
        found = club.respond(f"average salary of {word} players")
        sql = next(call.arguments["sql"] for call in found.tool_calls)
        assert f"= '{letter}'" in str(sql)


@pytest.mark.requirement("grounded:coded-values")
def test_a_quoted_full_name_is_looked_for_in_its_two_columns(club: Business) -> None:
    text = 'What is the salary of "Ida Brandt"?'
    assert {str(v.column.column): v.value for v in club.context(text).values} == {
        "given_first_name": "Ida", "given_last_name": "Brandt",
    }  # fmt: skip
    first = readings(club, text)[0]
    assert club.run(first.sql)[0][0] == 900


@pytest.mark.requirement("grounded:coded-values")
def test_a_quoted_name_of_which_a_part_is_unknown_is_no_name(club: Business) -> None:
    assert club.context('What is the salary of "Ida Nobody"?').values == ()


@pytest.mark.requirement("grounded:linked-by-what-is-said")
def test_a_word_says_by_which_of_two_columns_tables_are_linked(businesses: Callable[..., Business]) -> None:
    shipping = businesses("shipping")
    for word in ("origin", "destination"):
        text = f"How many voyages have the {word} port 'Port Alder'?"
        joined = f"voyages JOIN ports ON voyages.{word}_port_id = ports.port_id"
        wanted = rows_of(shipping, f"SELECT COUNT(*) FROM {joined} WHERE ports.name = 'Port Alder'")
        found = [c for c in readings(shipping, text) if f"{word}_port_id" in c.sql and not c.unplaced]
        assert any(rows_of(shipping, c.sql) == wanted for c in found)


@pytest.mark.requirement("grounded:linked-by-what-is-said")
def test_tables_that_are_linked_in_two_ways_are_not_joined_where_no_word_says_how(
    businesses: Callable[..., Business],
) -> None:
    shipping = businesses("shipping")
    found = readings(shipping, "How many voyages have the port 'Port Alder'?")
    assert not any('"ports"' in c.sql and '"voyages"' in c.sql for c in found)


@pytest.mark.requirement("grounded:dialects")
def test_rows_that_are_listed_once_show_what_they_are_sorted_by(club: Business) -> None:
    """No engine can sort different values by a column that they do not have; PostgreSQL refuses it."""
    found = readings(club, "List the distinct zips of players, sorted by salary.")
    sorted_once = [c.sql for c in found if "SELECT DISTINCT" in c.sql and "ORDER BY" in c.sql]
    assert sorted_once
    for sql in sorted_once:
        shown, _, behind = sql.partition("FROM")
        column = behind.rpartition("ORDER BY")[2].split()[0]
        assert column in shown
