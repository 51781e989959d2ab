"""`by` groups or says who did it; places, names and states belong to what they stand beside."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from grounded_businesses import ANSWERED_FROM, NOW, Business, set_up

from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.models.grounded.decide import decide, read
from gnomon.models.grounded.reading import Condition, NotRead
from gnomon.models.grounded.refusals import excluding
from gnomon.models.minilm.embedder import MiniLmEmbedder

TODAY = NOW.date()
TABLES = """
CREATE TABLE gardens (garden_id INTEGER PRIMARY KEY, name TEXT, town TEXT, kind TEXT,
  main_id INTEGER REFERENCES gardens (garden_id));
CREATE TABLE keepers (keeper_id INTEGER PRIMARY KEY, name TEXT, wage INTEGER, trained INTEGER,
  garden_id INTEGER REFERENCES gardens (garden_id));
CREATE TABLE guests (guest_id INTEGER PRIMARY KEY, name TEXT, town TEXT, joined DATE, left_on DATE);
CREATE TABLE tours (tour_id INTEGER PRIMARY KEY, guest_id INTEGER REFERENCES guests (guest_id),
  garden_id INTEGER REFERENCES gardens (garden_id), booked_at DATE, starts_at DATE, state TEXT, amt INTEGER,
  refunded_amt INTEGER, is_first_walk BOOLEAN);
CREATE TABLE tour_log (log_id INTEGER PRIMARY KEY, tour_id INTEGER REFERENCES tours (tour_id),
  changed_by TEXT, note TEXT);
"""
TOWNS = ("Elmby", "Oakton", "Firnes")
NAMES = ("Rose", "Moss", "Fern", "Ivy", "Reed", "Sage", "Thyme", "Flax", "Clover")


def made() -> dict[str, list[tuple[object, ...]]]:
    """Rows of each table: the first three gardens are the main ones of the others."""
    dice = random.Random(7)
    gardens = [
        (n, f"{name} Court", TOWNS[n % 3], "garden" if n % 2 else "park", None if n <= 3 else n % 3 + 1)
        for n, name in enumerate(NAMES, 1)
    ]
    keepers = [
        (n, f"Keeper {n:02}", dice.randrange(20, 60) * 100, int(dice.random() < 0.6), dice.randrange(1, 10))
        for n in range(1, 25)
    ]
    guests = [
        (n, f"Guest {n:02}", dice.choice(TOWNS), f"2024-{n % 12 + 1:02}-05", None if n % 4 else "2025-06-01")
        for n in range(1, 41)
    ]
    tours = []
    for n in range(1, 161):
        state = dice.choice(("done", "done", "cancelled", "refunded"))
        month = dice.randrange(1, 12)
        tours.append(
            (n, dice.randrange(1, 31), dice.randrange(1, 10), f"2025-{month:02}-03",
             f"2025-{month + 1:02}-09", state, dice.randrange(10, 90),
             dice.randrange(1, 9) if state == "refunded" else 0, n % 5 == 0)
        )  # fmt: skip
    log = [(n, n, "guest" if n % 3 else "office", f"entry {n}") for n in range(1, 161)]
    return {"gardens": gardens, "keepers": keepers, "guests": guests, "tours": tours, "tour_log": log}


ROWS = made()


def script() -> str:
    """The tables and their rows as both engines read them."""
    lines = [
        f"INSERT INTO {table} VALUES ({', '.join('NULL' if v is None else repr(v) for v in row)});"
        for table, rows in ROWS.items()
        for row in rows
    ]
    return TABLES + "\n".join(lines)


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def parks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp(f"parks-{request.param}")
    opened = set_up(folder, "parks", request.param, script(), MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def rows_of(business: Business, text: str) -> list[tuple[object, ...]]:
    """The rows of the answer, of which there is one."""
    said = business.say(text)
    assert said.startswith("SELECT"), f"{text}: {said}"
    return business.run(said)


def chosen(business: Business, text: str, words: str, meant: str) -> str:
    """The statement once a person has said what the words mean."""
    context = replace(business.context(text), choices=((words, meant),))
    return decide(read(text, context, TODAY), ANSWERED_FROM).sql


def asked(business: Business, text: str) -> tuple[str, ...]:
    """What a person would choose from."""
    with pytest.raises(NotRead) as stopped:
        decide(read(text, business.context(text), TODAY), ANSWERED_FROM)
    return stopped.value.options


def tours_of(town: str) -> set[object]:
    """The guests who had a tour of a garden in that town."""
    there = {g[0] for g in ROWS["gardens"] if g[2] == town}
    return {t[1] for t in ROWS["tours"] if t[2] in there}


# -- by -----------------------------------------------------------------------------------------------


@pytest.mark.requirement("grounded:by-a-noun-groups")
def test_rows_are_counted_by_a_noun_that_is_a_stored_value_too(parks: Business) -> None:
    found = {row[1]: row[-1] for row in rows_of(parks, "Number of keepers by garden")}
    names = {g[0]: g[1] for g in ROWS["gardens"]}
    assert found == Counter(names[k[4]] for k in ROWS["keepers"])


@pytest.mark.requirement("grounded:by-a-noun-groups")
def test_amounts_are_added_up_by_a_noun_that_is_a_stored_value_too(parks: Business) -> None:
    wages: Counter[object] = Counter()
    for keeper in ROWS["keepers"]:
        wages[keeper[4]] += keeper[2]  # type: ignore[operator]
    assert {row[0]: row[-1] for row in rows_of(parks, "Total wage by garden")} == wages


@pytest.mark.requirement("grounded:by-a-noun-groups")
def test_a_state_before_the_counted_noun_leaves_the_groups_alone(parks: Business) -> None:
    found = {row[0]: row[-1] for row in rows_of(parks, "Number of cancelled tours by guest")}
    assert found == Counter(t[1] for t in ROWS["tours"] if t[5] == "cancelled")


@pytest.mark.requirement("grounded:who-did-it")
@pytest.mark.parametrize(
    "text",
    [
        "How many tours were cancelled by the guest?",
        "How many tours were cancelled by guests?",
        "What percentage of tours was cancelled by guests?",
        "How many tours were cancelled by keepers?",
        "How many tours were made by guests?",
        "Number of tours by office",
        "How many tours by office are there?",
    ],
)
def test_who_did_something_is_not_taken_for_a_group_or_for_nothing(parks: Business, text: str) -> None:
    assert parks.say(text).startswith(("cannot", "ask"))


@pytest.mark.requirement("grounded:who-did-it")
def test_a_related_noun_that_is_no_value_still_restricts_rows(parks: Business) -> None:
    assert rows_of(parks, "How many guests have tours?") == [(len({t[1] for t in ROWS["tours"]}),)]


@pytest.mark.requirement("grounded:figure-of-one-row")
@pytest.mark.parametrize(
    "text",
    ["Average wage by keeper", "What is the average wage by keeper?", "What is the total wage by keeper?"],
)
def test_a_figure_by_the_rows_that_have_it_once_each_is_not_one_figure(parks: Business, text: str) -> None:
    assert parks.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:figure-of-one-row")
def test_an_average_per_row_is_that_of_all_rows(parks: Business) -> None:
    wages = [k[2] for k in ROWS["keepers"]]
    found = rows_of(parks, "What is the average wage per keeper?")
    assert found[0][0] == pytest.approx(sum(wages) / len(wages))  # type: ignore[arg-type]


# -- places -------------------------------------------------------------------------------------------


@pytest.mark.requirement("grounded:place-of-the-noun")
def test_a_place_behind_a_noun_is_where_that_leads(parks: Business) -> None:
    guests = {g[0] for g in ROWS["guests"] if g[2] == "Elmby"}
    both = rows_of(parks, "How many guests in Elmby had a tour in Oakton?")
    assert both == [(len(guests & tours_of("Oakton")),)]
    listed = rows_of(parks, "Guests with a tour in Oakton")
    assert {row[0] for row in listed} == tours_of("Oakton")


@pytest.mark.requirement("grounded:place-of-the-noun")
@pytest.mark.parametrize(
    "text", ["Guests in Oakton with a tour", "How many guests with a tour live in Oakton?"]
)
def test_a_place_of_the_rows_themselves_stays_theirs(parks: Business, text: str) -> None:
    had = {t[1] for t in ROWS["tours"]} & {g[0] for g in ROWS["guests"] if g[2] == "Oakton"}
    found = rows_of(parks, text)
    assert found == [(len(had),)] if text.startswith("How") else {row[0] for row in found} == had


@pytest.mark.requirement("grounded:place-of-the-noun")
def test_a_place_that_two_parents_have_is_asked_about(parks: Business) -> None:
    assert set(asked(parks, "Tours in Oakton")) == {"gardens.town", "guests.town"}


@pytest.mark.requirement("grounded:place-of-the-noun")
def test_places_of_two_nouns_are_not_either_place_of_one(parks: Business) -> None:
    said = parks.say("How many tours in Oakton had guests in Elmby?")
    assert not said.startswith("SELECT"), said
    found = rows_of(parks, "How many tours had guests in Oakton or Elmby?")
    there = {g[0] for g in ROWS["guests"] if g[2] in ("Oakton", "Elmby")}
    assert found == [(sum(t[1] in there for t in ROWS["tours"]),)]


@pytest.mark.requirement("grounded:place-of-the-noun")
def test_two_values_of_one_column_exclude_each_other_unless_they_are_of_other_rows() -> None:
    town = ColumnRef(TableRef("guests"), "town")
    one, other = Condition(town, "=", ("Elmby",)), Condition(town, "in", ("Oakton", "Firnes"))
    assert list(excluding([one, other])) == [(one, other)]
    assert not list(excluding([one, Condition(town, "in", ("Elmby", "Firnes"))]))
    assert not list(excluding([replace(one, by="from_id"), replace(other, by="to_id")]))


# -- names --------------------------------------------------------------------------------------------


@pytest.mark.requirement("grounded:not-its-own-name")
@pytest.mark.parametrize(
    "text", ["How many gardens belong to Rose Court?", "How many gardens are part of Rose Court?"]
)
def test_what_belongs_to_a_row_of_the_same_table_refers_to_it(parks: Business, text: str) -> None:
    assert rows_of(parks, text) == [(sum(g[4] == 1 for g in ROWS["gardens"]),)]


@pytest.mark.requirement("grounded:not-its-own-name")
@pytest.mark.parametrize(
    "text",
    [
        "Gardens of Rose Court",
        "List Rose Court's gardens",
        "How many gardens are in Rose Court?",
        "How many keepers does Keeper 03 have?",
        "Which gardens does Moss Court have?",
    ],
)
def test_what_is_tied_to_a_row_is_not_that_row(parks: Business, text: str) -> None:
    assert parks.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:not-its-own-name")
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("What is the town of Rose Court?", [("Oakton",)]),
        ("How many gardens are called Rose Court?", [(1,)]),
        ("How many keepers does Rose Court have?", [(sum(k[4] == 1 for k in ROWS["keepers"]),)]),
    ],
)
def test_a_row_is_still_named(parks: Business, text: str, rows: list[tuple[object, ...]]) -> None:
    assert rows_of(parks, text) == rows


# -- numbers of rows, amounts, dates ------------------------------------------------------------------


@pytest.mark.requirement("grounded:so-many-that-are-so")
@pytest.mark.parametrize(
    ("text", "meets"),
    [
        ("Which gardens have exactly one trained keeper?", lambda n: n == 1),
        ("Gardens with at least 2 trained keepers", lambda n: n >= 2),
        ("Gardens with fewer than 2 trained keepers", lambda n: n < 2),
    ],
)
def test_a_number_before_a_flag_counts_the_rows_that_have_it(
    parks: Business, text: str, meets: object
) -> None:
    trained = Counter(k[4] for k in ROWS["keepers"] if k[3])
    wanted = {g[0] for g in ROWS["gardens"] if meets(trained[g[0]])}  # type: ignore[operator]
    assert {row[0] for row in rows_of(parks, text)} == wanted


@pytest.mark.requirement("grounded:so-many-that-are-so")
def test_a_number_before_a_state_counts_the_rows_in_it(parks: Business) -> None:
    done = Counter(t[1] for t in ROWS["tours"] if t[5] == "cancelled")
    found = {row[0] for row in rows_of(parks, "Guests with at least 3 cancelled tours")}
    assert found == {guest for guest, number in done.items() if number >= 3}


@pytest.mark.requirement("grounded:so-many-that-are-so")
def test_a_flag_that_is_said_to_be_one_is_compared(parks: Business) -> None:
    found = rows_of(parks, "Keepers with trained equal to 1")
    assert {row[0] for row in found} == {k[0] for k in ROWS["keepers"] if k[3]}


@pytest.mark.requirement("grounded:amount-of-what-was-done")
@pytest.mark.parametrize("text", ["Total amount refunded", "Total refunded amount"])
def test_an_amount_that_was_refunded_is_that_column_s(parks: Business, text: str) -> None:
    assert rows_of(parks, text) == [(sum(t[7] for t in ROWS["tours"]),)]  # type: ignore[misc]


@pytest.mark.requirement("grounded:amount-of-what-was-done")
def test_a_state_before_its_noun_says_which_rows_are_added_up(parks: Business) -> None:
    wanted = sum(t[6] for t in ROWS["tours"] if t[5] == "refunded")  # type: ignore[misc]
    assert rows_of(parks, "Total amount of refunded tours") == [(wanted,)]


@pytest.mark.requirement("grounded:amount-of-what-was-done")
def test_an_amount_of_which_a_state_may_be_said_is_not_added_up(parks: Business) -> None:
    assert parks.say("What is the total amount that was refunded?").startswith("cannot")


@pytest.mark.requirement("grounded:last-word-of-a-flag")
def test_the_last_word_of_a_flag_names_no_rows(parks: Business) -> None:
    assert parks.say("How many walks were there?").startswith("cannot")
    assert rows_of(parks, "How many first walks were there?") == [(sum(bool(t[8]) for t in ROWS["tours"]),)]


@pytest.mark.requirement("grounded:which-is-earliest")
@pytest.mark.parametrize("text", ["What is the earliest tour?", "The 5 latest tours"])
def test_the_earliest_may_go_by_when_it_was_booked_or_when_it_starts(parks: Business, text: str) -> None:
    assert asked(parks, text) == ("tours.booked_at", "tours.starts_at")


@pytest.mark.requirement("grounded:which-is-earliest")
def test_a_choice_of_the_date_is_kept(parks: Business) -> None:
    sql = chosen(parks, "What is the earliest tour?", "earliest", "tours.starts_at")
    assert "starts_at" in sql
    assert "booked_at" not in sql


@pytest.mark.requirement("grounded:which-is-earliest")
def test_a_period_behind_rows_that_are_had_is_about_their_dates(parks: Business) -> None:
    for text in ("Guests with a tour in 2025", "Guests with more than 5 tours in 2025"):
        assert asked(parks, text) == ("tours.booked_at", "tours.starts_at")
    sql = chosen(parks, "Guests with more than 5 tours in 2025", "in 2025", "tours.starts_at")
    held = Counter(t[1] for t in ROWS["tours"] if str(t[4]).startswith("2025"))
    assert {row[0] for row in parks.run(sql)} == {g for g, number in held.items() if number > 5}
