"""Rows counted over what links them, groups behind `by`, `who`, one of many, and parts before a noun."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
from grounded_businesses import Business, set_up

from gnomon.models.grounded.decide import decide, read
from gnomon.models.grounded.reply import describe
from gnomon.models.minilm.embedder import MiniLmEmbedder

BAKERIES = [
    (1, "Elm Corner", "Linz", "Ida Falk"),
    (2, "Oak Yard", "Linz", "Jon Ek"),
    (3, "Fir Lane", "Graz", "Ida Falk"),
    (4, "Ash Row", "Graz", None),
    (5, "Yew End", "Wels", None),
]
GRAINS = [(1, "rye"), (2, "wheat"), (3, "oat"), (4, "spelt"), (5, "millet")]
DELIVERIES = [
    (n, bakery, grain, f"2025-{1 + n % 12:02d}-10", ("received", "refused")[n % 5 == 0])
    for n, (bakery, grain) in enumerate(
        [(1, 1)] * 6
        + [(1, 2)] * 3
        + [(2, g) for g in (1, 2, 3, 4)]
        + [(3, 1), (3, 2), (3, 3)]
        + [(4, 5)] * 4,
        1,
    )
]
ALLERGENS = [(1, "gluten"), (2, "nuts"), (3, "soy")]
CARRIES = [(1, 1), (1, 2), (1, 3), (2, 1), (3, 2), (3, 3)]
BUYERS = [(1, "Ada", "Moss", "ada@example.org"), (2, "Bo", "Reed", "bo@example.org")]
PURCHASES = [
    (n, 1 + n % 2, 1 + n % 5, f"2025-0{1 + n % 9}-0{1 + n % 9}", 4.5 + n, n % 4 == 0) for n in range(1, 17)
]
HOUSES = [(1, "North House", 2), (2, "South House", 3), (3, "West House", 3)]
ROOMS = [(n, 1 + n % 3, n % 4, 300 + 10 * n, 1 + n % 2) for n in range(1, 25)]

TABLES = """
CREATE TABLE bakery (bakery_id INTEGER PRIMARY KEY, bakery_name TEXT, city TEXT, manager_name TEXT);
CREATE TABLE grain (grain_id INTEGER PRIMARY KEY, grain_name TEXT);
CREATE TABLE delivery (delivery_id INTEGER PRIMARY KEY, bakery_id INTEGER REFERENCES bakery (bakery_id),
  grain_id INTEGER REFERENCES grain (grain_id), delivered_on DATE, status TEXT);
CREATE TABLE allergen (allergen_id INTEGER PRIMARY KEY, allergen_name TEXT);
CREATE TABLE grain_allergen (grain_id INTEGER REFERENCES grain (grain_id),
  allergen_id INTEGER REFERENCES allergen (allergen_id), PRIMARY KEY (grain_id, allergen_id));
CREATE TABLE buyer (buyer_id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT, email TEXT);
CREATE TABLE purchase (purchase_id INTEGER PRIMARY KEY, buyer_id INTEGER REFERENCES buyer (buyer_id),
  bakery_id INTEGER REFERENCES bakery (bakery_id), bought_on DATE, amount DECIMAL(8,2), hidden BOOLEAN);
CREATE TABLE house (house_id INTEGER PRIMARY KEY, house_name TEXT, floors INTEGER);
CREATE TABLE room (room_id INTEGER PRIMARY KEY, house_id INTEGER REFERENCES house (house_id),
  floor_no INTEGER, rent INTEGER, beds INTEGER);
"""
ROWS: dict[str, list[tuple[Any, ...]]] = {
    "bakery": BAKERIES,
    "grain": GRAINS,
    "delivery": DELIVERIES,
    "allergen": ALLERGENS,
    "grain_allergen": CARRIES,
    "buyer": BUYERS,
    "purchase": PURCHASES,
    "house": HOUSES,
    "room": ROOMS,
}


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return str(value).upper() if isinstance(value, bool) else repr(value)


SCRIPT = TABLES + "\n".join(
    f"INSERT INTO {table} VALUES {', '.join('(' + ', '.join(map(_literal, row)) + ')' for row in rows)};"
    for table, rows in ROWS.items()
)

GRAINS_OF: dict[int, set[int]] = defaultdict(set)
BAKERIES_OF: dict[int, set[int]] = defaultdict(set)
for _, _bakery, _grain, _, _status in DELIVERIES:
    GRAINS_OF[_bakery].add(_grain)
    BAKERIES_OF[_grain].add(_bakery)


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def bakeries(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp("bakeries")
    opened = set_up(folder, "bakeries", request.param, SCRIPT, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def _rows(business: Business, text: str) -> list[tuple[object, ...]]:
    said = business.say(text)
    assert said.startswith("SELECT"), f"{text}: {said}"
    return business.run(said)


def _said(business: Business, text: str) -> str:
    context = business.context(text)
    return describe(decide(read(text, context, context.now.date()), 0.5).reading)


@pytest.mark.requirement("grounded:counted-once")
@pytest.mark.parametrize("least", [1, 2, 3])
def test_a_thing_that_comes_several_times_over_what_links_it_counts_once(
    bakeries: Business, least: int
) -> None:
    want = sum(len(grains) > least for grains in GRAINS_OF.values())
    assert _rows(bakeries, f"How many bakeries have more than {least} grains?") == [(want,)]
    want = sum(len(bakeries_of) > least for bakeries_of in BAKERIES_OF.values())
    assert _rows(bakeries, f"How many grains have more than {least} bakeries?") == [(want,)]


@pytest.mark.requirement("grounded:counted-once")
def test_a_ranking_by_things_over_what_links_them_counts_each_once(bakeries: Business) -> None:
    most = max(GRAINS_OF, key=lambda b: len(GRAINS_OF[b]))
    first = _rows(bakeries, "Which bakery has the most grains?")[0]
    assert {"Oak Yard", 4} <= {*first}
    assert (most, len(GRAINS_OF[most])) == (2, 4)


@pytest.mark.requirement("grounded:counted-once")
def test_what_links_two_things_is_counted_itself_as_often_as_it_comes(bakeries: Business) -> None:
    often = Counter(bakery for _, bakery, *_ in DELIVERIES)
    assert _rows(bakeries, "How many bakeries have more than 4 deliveries?") == [
        (sum(n > 4 for n in often.values()),)
    ]
    assert {"Elm Corner", 9} <= {*_rows(bakeries, "Which bakery has the most deliveries?")[0]}


@pytest.mark.requirement("grounded:counted-once")
def test_pairs_that_are_there_but_once_are_counted_as_they_are(bakeries: Business) -> None:
    said = bakeries.say("How many grains have more than 1 allergens?")
    assert "DISTINCT" not in said
    carried = Counter(grain for grain, _ in CARRIES)
    assert bakeries.run(said) == [(sum(n > 1 for n in carried.values()),)]


@pytest.mark.requirement("grounded:by-one-of-many")
def test_a_noun_behind_by_and_a_place_ask_for_groups_in_that_place(bakeries: Business) -> None:
    rows = _rows(bakeries, "Number of purchases by bakery in Linz")
    want = Counter(bakery for _, _, bakery, *_ in PURCHASES if bakery in (1, 2))
    assert {(row[0], row[-1]) for row in rows} == set(want.items())
    assert bakeries.say("Number of purchases by bakery in Linz") == bakeries.say(
        "Number of purchases per bakery in Linz"
    )


@pytest.mark.requirement("grounded:by-one-of-many")
@pytest.mark.parametrize(
    "text",
    ["Number of purchases by bakery with a manager in Linz", "Number of deliveries made by bakery in Linz"],
)
def test_a_noun_behind_by_is_not_answered_with_one_figure(bakeries: Business, text: str) -> None:
    said = bakeries.say(text)
    assert not said.startswith("SELECT") or "GROUP BY" in said, said


@pytest.mark.requirement("grounded:by-one-of-many")
def test_a_noun_behind_by_that_has_its_name_behind_it_is_that_one(bakeries: Business) -> None:
    want = sum(bakery == 1 for _, _, bakery, *_ in PURCHASES)
    said = bakeries.say("How many purchases were made by bakery Elm Corner?")
    assert not said.startswith("SELECT") or bakeries.run(said) == [(want,)]
    assert _rows(bakeries, "How many deliveries of grain rye?") == [(sum(d[2] == 1 for d in DELIVERIES),)]


@pytest.mark.requirement("grounded:who-is-people")
@pytest.mark.parametrize(
    "text",
    [
        "Who made the first purchase in 2025?",
        "Who made purchases in March 2025?",
        "Who is at Elm Corner?",
        "Who is based at Elm Corner?",
        "Who lives in North House?",
        "Who is in Linz?",
        "Who is on delivery 5?",
        "Who did the last delivery?",
    ],
)
def test_things_are_no_answer_to_who(bakeries: Business, text: str) -> None:
    assert not bakeries.say(text).startswith("SELECT")


@pytest.mark.requirement("grounded:who-is-people")
def test_people_are_an_answer_to_who(bakeries: Business) -> None:
    assert {"Ada", "Bo"} == {v for row in _rows(bakeries, "Who are our buyers?") for v in row} & {"Ada", "Bo"}
    assert _rows(bakeries, "Who is the manager of Oak Yard?") == [("Jon Ek",)]


@pytest.mark.requirement("grounded:one-of-many")
def test_a_noun_before_a_number_is_one_of_many_and_not_how_many(bakeries: Business) -> None:
    want = sum(floor == 3 for _, _, floor, *_ in ROOMS)
    assert _rows(bakeries, "How many rooms are on floor 3?") == [(want,)]
    assert len(_rows(bakeries, "Rooms on floor 3")) == want
    assert "floor_no" in bakeries.say("number of rooms per floor")


@pytest.mark.requirement("grounded:one-of-many")
def test_how_many_there_are_is_still_asked_for_in_the_plural(bakeries: Business) -> None:
    assert _rows(bakeries, "How many houses have more than 2 floors?") == [(2,)]
    assert "floors = 9" not in bakeries.say("houses with floor 9")
    assert "beds" in bakeries.say("number of rooms per bed")


@pytest.mark.requirement("grounded:part-before-noun")
@pytest.mark.parametrize(
    ("text", "part", "whole"),
    [
        ("What is the percentage of hidden purchases?", sum(p[-1] for p in PURCHASES), len(PURCHASES)),
        ("share of refused deliveries", sum(d[-1] == "refused" for d in DELIVERIES), len(DELIVERIES)),
    ],
)
def test_a_state_before_the_noun_is_the_part_of_all_rows(
    bakeries: Business, text: str, part: int, whole: int
) -> None:
    ((percent,),) = _rows(bakeries, text)
    assert percent == pytest.approx(100 * part / whole)


@pytest.mark.requirement("grounded:part-before-noun")
@pytest.mark.parametrize(
    "text",
    [
        "percentage of refused deliveries of rye",
        "percentage of hidden purchases at Elm Corner",
        "percentage of refused deliveries that were received",
    ],
)
def test_what_stands_behind_such_a_noun_leaves_the_whole_open(bakeries: Business, text: str) -> None:
    assert not bakeries.say(text).startswith("SELECT")


@pytest.mark.requirement("grounded:kinds-by-their-rows")
def test_a_kind_is_ranked_by_the_rows_that_are_of_it(bakeries: Business) -> None:
    state = Counter(d[-1] for d in DELIVERIES).most_common(1)[0]
    assert _rows(bakeries, "Which status has the most deliveries?") == [state]
    assert not bakeries.say("Which delivery has the most deliveries?").startswith("SELECT")


@pytest.mark.requirement("grounded:kinds-by-their-rows")
def test_rows_without_a_value_are_no_kind_that_has_so_many_rows(bakeries: Business) -> None:
    assert _rows(bakeries, "managers with more than one bakery") == [("Ida Falk",)]


@pytest.mark.requirement("grounded:said-of-which")
def test_the_answer_says_what_lacks_and_what_meets_a_condition(bakeries: Business) -> None:
    lacking = _said(bakeries, "bakeries without deliveries in 2025")
    assert lacking == "bakeries without deliveries where delivered on is in 2025"
