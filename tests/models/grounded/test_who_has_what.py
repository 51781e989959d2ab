"""Who gets or has a thing, who somebody is, what happened to rows, and which of two links is meant."""

from collections.abc import Iterator

import pytest
from grounded_businesses import Business, set_up

from gnomon.models.minilm.embedder import MiniLmEmbedder

HARBOURS = [(1, "Elm Quay", "Linz"), (2, "Oak Pier", "Graz"), (3, "Fir Dock", "Linz")]
BOATS = [
    # boat_id, boat_name, harbour_id, tonnage, status, refit_ends_on, retired_on, inspected_by
    (1, "Ardea", 1, 40, "refit", "2026-05-01", None, 2),
    (2, "Bubo", 1, 55, "afloat", "2025-02-01", "2025-03-04", None),
    (3, "Ciconia", 2, 70, "afloat", None, None, 4),
    (4, "Dryas", None, 30, "afloat", "2024-06-01", "2024-07-08", 2),
    (5, "Egretta", 3, 90, "afloat", None, None, None),
]
SAILORS = [
    # sailor_id, sailor_name, boat_id, is_skipper, left_on, referred_by
    (1, "Ada", 1, 1, None, None), (2, "Bo", 1, 0, None, 1), (3, "Cy", 2, 1, "2025-01-02", 1),
    (4, "Di", 3, 1, None, None), (5, "Ed", 3, 0, "2024-05-06", 4), (6, "Flo", 3, 1, None, None),
]  # fmt: skip
SEASONS = [(1, "2024/25"), (2, "2025/26")]
VOYAGES = [
    # voyage_id, boat_id, relief_boat_id, season_id, toll, sailed_on
    (1, 1, 2, 1, 10, "2024-09-01"), (2, 1, 3, 1, 20, "2025-01-05"), (3, 2, 1, 2, 30, "2025-09-09"),
    (4, 3, None, 2, 40, "2026-01-10"), (5, 3, 1, 2, 50, "2026-02-11"),
]  # fmt: skip
MOVES = [(1, 1, 2, 1, "2024-01-01"), (2, 3, 1, 2, "2024-02-02"), (3, 5, 2, 3, "2024-03-03")]


def script() -> str:
    tables = {
        "harbours": ("harbour_id INTEGER PRIMARY KEY, harbour_name TEXT, city TEXT", HARBOURS),
        "boats": (
            "boat_id INTEGER PRIMARY KEY, boat_name TEXT, harbour_id INTEGER REFERENCES harbours"
            " (harbour_id), tonnage INTEGER, status TEXT, refit_ends_on DATE, retired_on DATE,"
            " inspected_by INTEGER",
            BOATS,
        ),
        "sailors": (
            "sailor_id INTEGER PRIMARY KEY, sailor_name TEXT, boat_id INTEGER REFERENCES boats (boat_id),"
            " is_skipper INTEGER, left_on DATE, referred_by INTEGER REFERENCES sailors (sailor_id)",
            SAILORS,
        ),
        "seasons": ("season_id INTEGER PRIMARY KEY, label TEXT", SEASONS),
        "voyages": (
            "voyage_id INTEGER PRIMARY KEY, boat_id INTEGER REFERENCES boats (boat_id),"
            " relief_boat_id INTEGER REFERENCES boats (boat_id),"
            " season_id INTEGER REFERENCES seasons (season_id), toll INTEGER, sailed_on DATE",
            VOYAGES,
        ),
        "moves": (
            "move_id INTEGER PRIMARY KEY, boat_id INTEGER REFERENCES boats (boat_id),"
            " from_harbour_id INTEGER REFERENCES harbours (harbour_id),"
            " to_harbour_id INTEGER REFERENCES harbours (harbour_id), moved_on DATE",
            MOVES,
        ),
    }
    lines = []
    for name, (columns, rows) in tables.items():
        lines.append(f"CREATE TABLE {name} ({columns});")
        for row in rows:
            values = ", ".join("NULL" if v is None else repr(v) for v in row)
            lines.append(f"INSERT INTO {name} VALUES ({values});")
    return "\n".join(lines)


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp("fleet")
    opened = set_up(folder, "fleet", request.param, script(), MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def rows(fleet: Business, text: str, *columns: int) -> list[tuple[object, ...]]:
    """The sorted rows that a question is answered with; of each only some columns, where any are named."""
    said = fleet.say(text)
    assert said.startswith("SELECT"), (text, said)
    found = [tuple(row[c] for c in columns) if columns else row for row in fleet.run(said)]
    return sorted(found, key=str)


def told(fleet: Business, text: str) -> str:
    """What is taken for granted in the answer."""
    (call,) = fleet.respond(text).tool_calls
    return " ".join(a["text"] for a in call.arguments["assumptions"])


@pytest.mark.requirement("grounded:who-gets-a-thing")
@pytest.mark.parametrize(
    "text",
    [
        "How many boats has Elm Quay bought?",
        "How many boats did Oak Pier sell?",
        "How many boats has Elm Quay taken?",
        "boats bought by Elm Quay",
        "How many boats did Elm Quay supply?",
        "How many seasons did Ada own?",
    ],
)
def test_what_changes_hands_is_not_told_by_a_link_of_another_meaning(fleet: Business, text: str) -> None:
    assert fleet.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:who-is-somebody")
@pytest.mark.parametrize(
    ("text", "skippers"),
    [
        ("Who is the skipper of Ciconia?", {4, 6}),
        ("skippers of Ciconia", {4, 6}),
        ("list the skippers of Ardea", {1}),
        ("Which sailor is the skipper of Ardea?", {1}),
        ("who are the skippers?", {1, 3, 4, 6}),
    ],
)
def test_a_flag_as_a_noun_is_whoever_has_it(fleet: Business, text: str, skippers: set[int]) -> None:
    names = {name for number, name, *_ in SAILORS if number in skippers}
    found = {value for row in fleet.run(fleet.say(text)) for value in row}
    assert {n for n in found if n in {s[1] for s in SAILORS}} == names


@pytest.mark.requirement("grounded:who-is-somebody")
def test_whether_a_named_row_has_a_flag_is_not_who_has_it(fleet: Business) -> None:
    said = fleet.say("the skipper flag of Bo")
    assert not said.startswith("SELECT") or fleet.run(said) in ([(0,)], [("Bo", 0)])


@pytest.mark.requirement("grounded:a-lone-amount")
@pytest.mark.parametrize("text", ["tonnage", "the tonnage?", "What is the toll?", "toll in 2025"])
def test_the_different_values_of_an_amount_are_no_figure_of_it(fleet: Business, text: str) -> None:
    assert fleet.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:a-lone-amount")
def test_kinds_and_figures_are_read_without_a_table_as_before(fleet: Business) -> None:
    assert rows(fleet, "boat statuses") == [("afloat",), ("refit",)]
    assert rows(fleet, "total tonnage") == [(sum(b[3] for b in BOATS),)]


@pytest.mark.requirement("grounded:beside-what-they-belong-to")
@pytest.mark.parametrize("text", ["list all boats with their harbour", "boats and their harbour"])
def test_what_rows_belong_to_is_shown_and_those_without_stay(fleet: Business, text: str) -> None:
    names = {number: name for number, name, _ in HARBOURS}
    assert rows(fleet, text) == sorted(((b[1], names.get(b[2])) for b in BOATS), key=str)


@pytest.mark.requirement("grounded:beside-what-they-belong-to")
@pytest.mark.parametrize("text", ["list harbours with their boats", "how many boats with their harbour"])
def test_several_beside_one_row_are_refused(fleet: Business, text: str) -> None:
    assert fleet.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:beside-what-they-belong-to")
def test_rows_that_a_list_or_group_leaves_out_are_stated(fleet: Business) -> None:
    assert "without a harbour_id are left out" in told(fleet, "total tonnage by harbour")
    assert "left out" not in told(fleet, "list all boats with their harbour")
    assert "left out" not in told(fleet, "total toll by season")


@pytest.mark.requirement("grounded:had")
@pytest.mark.parametrize("text", ["How many boats had a refit?", "boats with a refit"])
def test_what_was_had_may_be_a_state_or_a_date(fleet: Business, text: str) -> None:
    assert fleet.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:had")
def test_a_state_before_its_noun_is_that_state(fleet: Business) -> None:
    assert rows(fleet, "How many refit boats are there?") == [(1,)]


@pytest.mark.requirement("grounded:had")
def test_a_referral_has_two_sides(fleet: Business) -> None:
    assert fleet.say("sailors without a referral").startswith("cannot")
    assert rows(fleet, "sailors who were not referred", 1) == [("Ada",), ("Di",), ("Flo",)]


@pytest.mark.requirement("grounded:stored-spans-of-years")
@pytest.mark.parametrize(
    "text",
    [
        "How many voyages in the 2025/26 season?",
        "How many voyages in season 2025/26?",
        "How many voyages in 2025/26?",
    ],
)
def test_a_stored_span_of_years_is_no_period(fleet: Business, text: str) -> None:
    assert rows(fleet, text) == [(sum(v[3] == 2 for v in VOYAGES),)]


@pytest.mark.requirement("grounded:stored-spans-of-years")
def test_a_year_that_no_value_goes_on_from_is_a_period(fleet: Business) -> None:
    assert rows(fleet, "How many voyages in 2025?") == [(sum(v[5].startswith("2025") for v in VOYAGES),)]


@pytest.mark.requirement("grounded:linked-by-its-own-key")
def test_of_two_links_the_one_called_after_the_key_alone_is_taken_and_stated(fleet: Business) -> None:
    names = {b[0]: b[1] for b in BOATS}
    tolls = {b: sum(v[4] for v in VOYAGES if v[1] == b) for b in {v[1] for v in VOYAGES}}
    found = rows(fleet, "total toll by boat", -2, -1)
    assert found == sorted(((names[b], total) for b, total in tolls.items()), key=str)
    assert "voyages.boat_id, not by relief_boat_id" in told(fleet, "total toll by boat")
    assert rows(fleet, "How many voyages of the boat Ardea?") == [(2,)]
    assert rows(fleet, "boats without voyages", 1) == [("Dryas",), ("Egretta",)]


@pytest.mark.requirement("grounded:linked-by-its-own-key")
@pytest.mark.parametrize(
    "text",
    ["total toll by relief boat", "number of moves per harbour", "voyages that Ardea relieved"],
)
def test_what_the_question_says_more_or_what_both_columns_say_more_is_not_taken(
    fleet: Business, text: str
) -> None:
    said = fleet.say(text)
    assert not said.startswith("SELECT") or "relief_boat_id" in said


@pytest.mark.requirement("grounded:has-happened")
@pytest.mark.parametrize(
    ("text", "boats"),
    [
        ("retired boats", {2, 4}),
        ("boats that were retired", {2, 4}),
        ("boats that are not retired", {1, 3, 5}),
        ("inspected boats", {1, 3, 4}),
    ],
)
def test_what_has_happened_to_rows_is_known_of_them(fleet: Business, text: str, boats: set[int]) -> None:
    assert rows(fleet, text, 0) == [(b,) for b in sorted(boats)]
    assert " is read as boats." in told(fleet, text)


@pytest.mark.requirement("grounded:has-happened")
def test_who_has_left_is_gone_and_what_is_left_remains(fleet: Business) -> None:
    assert rows(fleet, "How many sailors have left?") == [(2,)]
    assert fleet.say("How many sailors are left?").startswith("cannot")
