"""A period is about the date of what is counted, summed or listed, or about the one that a verb names."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest
from grounded_businesses import ANSWERED_FROM, NOW, TOOLS, Business, set_up

from gnomon.domain.answer import Question
from gnomon.domain.catalog import ColumnRef, TableRef
from gnomon.domain.identity import Principal
from gnomon.models.grounded import GroundedModel
from gnomon.models.grounded.decide import decide, read
from gnomon.models.grounded.doubts import Doubts
from gnomon.models.grounded.happening import may_be_of
from gnomon.models.grounded.reading import Condition, Reading, Target
from gnomon.models.minilm.embedder import MiniLmEmbedder
from gnomon.models.port import ModelRequest, UserMessage

TODAY = NOW.date()
GROWERS = [
    (1, "Ann Roe", "Ebro", "2020-01-05"), (2, "Bo Lee", "Arno", "2025-02-01"),
    (3, "Cy Orr", "Ebro", "2021-06-01"),
]  # fmt: skip
CROPS = [(1, "Plum", "2019-01-01"), (2, "Kiwi", "2025-02-01")]
DELIVERIES = [
    (1, 1, "2025-01-10", 10), (2, 1, "2025-03-02", 20), (3, 2, "2025-05-01", 30), (4, 3, "2024-05-01", 40),
    (5, 3, "2025-06-01", 50),
]  # fmt: skip
LINES = [(1, 1, 1, 5), (2, 2, 1, 7), (3, 2, 2, 1), (4, 4, 1, 9)]
HAULS = [
    (1, 1, "2025-01-05", "2025-01-07", "Dropped"), (2, 1, "2025-02-05", None, "Loaded"),
    (3, 2, "2024-12-30", "2025-01-02", "Dropped"), (4, 3, "2026-03-05", None, "Loaded"),
]  # fmt: skip
PICKERS = [
    (1, "1980-01-01", "2021-05-01", "Ebro"), (2, "1990-01-01", "2024-05-01", "Arno"),
    (3, "2001-01-01", "2025-05-01", "Ebro"), (4, "2002-01-01", None, "Ebro"),
]  # fmt: skip
BINS = [(1, 1, 4), (2, 2, 6)]
SCHEMA = """
CREATE TABLE growers (grower_id INTEGER PRIMARY KEY, full_name TEXT, valley TEXT, enlisted_on DATE);
CREATE TABLE crops (crop_id INTEGER PRIMARY KEY, crop TEXT, introduced_on DATE);
CREATE TABLE deliveries (delivery_id INTEGER PRIMARY KEY, grower_id INTEGER REFERENCES growers (grower_id),
  delivery_date DATE, weight INTEGER);
CREATE TABLE delivery_lines (line_id INTEGER PRIMARY KEY,
  delivery_id INTEGER REFERENCES deliveries (delivery_id), crop_id INTEGER REFERENCES crops (crop_id),
  crates INTEGER);
CREATE TABLE hauls (haul_id INTEGER PRIMARY KEY, grower_id INTEGER REFERENCES growers (grower_id),
  loaded_on DATE, dropped_on DATE, phase TEXT);
CREATE TABLE pickers (picker_id INTEGER PRIMARY KEY, birth_date DATE, registered_on DATE, town TEXT);
CREATE TABLE bins (bin_id INTEGER PRIMARY KEY, grower_id INTEGER REFERENCES growers (grower_id),
  slots INTEGER);
"""
TABLES = {
    "growers": GROWERS, "crops": CROPS, "deliveries": DELIVERIES, "delivery_lines": LINES, "hauls": HAULS,
    "pickers": PICKERS, "bins": BINS,
}  # fmt: skip


def _literal(value: object) -> str:
    return "NULL" if value is None else repr(value)


def _script() -> str:
    rows = (
        f"INSERT INTO {table} VALUES ({', '.join(map(_literal, row))});"
        for table, found in TABLES.items()
        for row in found
    )
    return SCHEMA + "\n".join(rows)


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def orchard(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp("orchard")
    opened = set_up(folder, "orchard", request.param, _script(), MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def _rows(business: Business, text: str) -> list[tuple[object, ...]]:
    said = business.say(text)
    assert said.startswith("SELECT"), said
    return business.run(said)


def _valley(grower: int) -> str:
    return next(g[2] for g in GROWERS if g[0] == grower)


def _totals(key: Callable[[tuple[int, int, str, int]], object], year: str = "2025") -> dict[object, int]:
    found: dict[object, int] = {}
    for delivery in DELIVERIES:
        if delivery[2].startswith(year):
            found[key(delivery)] = found.get(key(delivery), 0) + delivery[3]
    return found


@pytest.mark.requirement("grounded:whose-date")
@pytest.mark.parametrize(
    "text",
    [
        "Total weight by valley in 2025",
        "Total weight in 2025 by valley",
        "In 2025, total weight by valley",
        "Total weight by valley last year",
    ],
)
def test_a_sum_by_groups_has_the_date_of_what_is_added_up_wherever_the_period_stands(
    orchard: Business, text: str
) -> None:
    assert dict(_rows(orchard, text)) == _totals(lambda d: _valley(d[1]))


@pytest.mark.requirement("grounded:whose-date")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("How many deliveries per valley in 2025?", {"Ebro": 3, "Arno": 1}),
        ("Number of deliveries by valley in 2024", {"Ebro": 1}),
        ("Total crates by crop in 2025", {"Plum": 12, "Kiwi": 1}),
        ("Number of delivery lines by crop in 2024", {"Plum": 1}),
    ],
)
def test_groups_are_counted_by_the_date_of_their_rows(
    orchard: Business, text: str, expected: dict[str, int]
) -> None:
    assert {row[-2]: row[-1] for row in _rows(orchard, text)} == expected


@pytest.mark.requirement("grounded:whose-date")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Number of deliveries by grower in 2025", {"Ann Roe": 2, "Bo Lee": 1, "Cy Orr": 1}),
        ("Total weight per grower in 2025", {"Ann Roe": 30, "Bo Lee": 30, "Cy Orr": 50}),
        ("Average weight per grower in 2025", {"Ann Roe": 15, "Bo Lee": 30, "Cy Orr": 50}),
    ],
)
def test_what_is_computed_per_thing_has_the_date_of_what_is_computed(
    orchard: Business, text: str, expected: dict[str, int]
) -> None:
    assert {row[1]: row[2] for row in _rows(orchard, text)} == expected


@pytest.mark.requirement("grounded:whose-date")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Number of deliveries of Ebro growers in 2025", 3),
        ("Total weight of Ebro growers in 2025", 80),
        ("Number of deliveries of growers who enlisted in 2025", 1),
        ("Number of deliveries in 2025 of growers who enlisted in 2021", 1),
        ("Number of growers with deliveries in 2024", 1),
        ("How many growers have more than 1 delivery in 2025?", 1),
        ("How many deliveries did Ebro growers make in 2025?", 3),
        ("How many growers enlisted in 2025?", 1),
    ],
)
def test_nouns_that_restrict_keep_the_period_off_their_own_date_unless_a_verb_names_it(
    orchard: Business, text: str, expected: int
) -> None:
    assert _rows(orchard, text) == [(expected,)]


@pytest.mark.requirement("grounded:whose-date")
def test_listed_rows_have_their_own_date_and_the_other_one_is_named(orchard: Business) -> None:
    text = "Deliveries of growers in Ebro in 2025"
    expected = {d[0] for d in DELIVERIES if d[2].startswith("2025") and _valley(d[1]) == "Ebro"}
    assert {row[0] for row in _rows(orchard, text)} == expected
    told = orchard.respond(text).tool_calls[0].arguments["assumptions"]
    expected_told = {
        "text": "Time is taken from deliveries.delivery_date.",
        "alternative": "name another date: growers.enlisted_on",
    }
    assert expected_told in told


@pytest.mark.requirement("grounded:whose-date")
def test_months_and_their_period_are_of_one_date(orchard: Business) -> None:
    rows = _rows(orchard, "Total weight by valley by month in 2025")
    assert {(str(m)[:7], v): n for m, v, n in rows} == _totals(lambda d: (d[2][:7], _valley(d[1])))


@pytest.mark.requirement("grounded:whose-date")
@pytest.mark.parametrize("text", ["number of bins by grower in 2025", "total slots by grower in 2025"])
def test_the_day_on_which_a_person_came_is_not_that_of_what_they_have(orchard: Business, text: str) -> None:
    assert orchard.say(text) == "cannot: in 2025"


@pytest.mark.requirement("grounded:verb-or-state")
@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Hauls loaded in 2025", {1, 2}),
        ("hauls dropped in 2025", {1, 3}),
        ("Hauls loaded in 2025 and dropped in 2025", {1}),
        ("Hauls loaded last year", {1, 2}),
        ("Hauls that were loaded by growers in Ebro in 2026", None),
    ],
)
def test_a_word_that_names_a_date_and_a_state_is_the_verb_of_the_period_behind_it(
    orchard: Business, text: str, ids: set[int] | None
) -> None:
    said = orchard.say(text)
    if ids is None:
        assert said.startswith("cannot"), said
    else:
        assert {row[0] for row in _rows(orchard, text)} == ids


@pytest.mark.requirement("grounded:verb-or-state")
def test_the_state_is_named_as_what_else_the_verb_may_say(orchard: Business) -> None:
    text = "How many hauls were dropped in 2025?"
    assert _rows(orchard, text) == [(2,)]
    told = orchard.respond(text).tool_calls[0].arguments["assumptions"]
    assert told[0] == {
        "text": "`dropped` is read as hauls.dropped_on.",
        "alternative": "or hauls.phase 'Dropped'",
    }


@pytest.mark.requirement("grounded:verb-or-state")
def test_a_verb_before_a_unit_of_time_is_about_its_date(orchard: Business) -> None:
    rows = _rows(orchard, "Number of hauls dropped per month in 2025")
    assert [(str(month)[:7], count) for month, count in rows] == [("2025-01", 2)]


@pytest.mark.requirement("grounded:verb-or-state")
@pytest.mark.parametrize("text", ["How many hauls were dropped?", "How many dropped hauls are there?"])
def test_without_a_period_the_word_is_the_state(orchard: Business, text: str) -> None:
    assert _rows(orchard, text) == [(2,)]


@pytest.mark.requirement("grounded:verb-or-state")
@pytest.mark.parametrize(
    "text", ["Hauls loaded or dropped in 2025", "Hauls not dropped in 2025", "dropped hauls in 2025"]
)
def test_a_period_of_one_of_two_words_or_of_a_state_is_not_guessed(orchard: Business, text: str) -> None:
    assert orchard.say(text).startswith("cannot"), orchard.say(text)


@pytest.mark.requirement("grounded:verb-names-date")
@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Pickers registered before 2022", {1}),
        ("Pickers registered after 2022", {2, 3}),
        ("pickers who registered in 2024", {2}),
        ("pickers born before 1985", {1}),
        ("Pickers registered in Ebro before 2022", {1}),
        ("registered pickers", {1, 2, 3}),
        ("pickers in Ebro", {1, 3, 4}),
    ],
)
def test_a_verb_that_fills_elsewhere_names_its_date_before_a_period(
    orchard: Business, text: str, ids: set[int]
) -> None:
    assert {row[0] for row in _rows(orchard, text)} == ids


@pytest.mark.requirement("grounded:verb-names-date")
@pytest.mark.parametrize(
    "text",
    [
        "Crops sold in 2025",
        "How many crops were sold in 2025?",
        "Hauls registered in 2025",
        "pickers paid in 2025",
        "Deliveries of growers registered in 2025",
    ],
)
def test_what_has_no_date_of_its_own_is_not_answered_by_another(orchard: Business, text: str) -> None:
    assert orchard.say(text).startswith("cannot"), orchard.say(text)


@pytest.mark.requirement("grounded:verb-names-date")
@pytest.mark.parametrize(
    ("verb", "column", "fits"),
    [
        ("placed", "orders.order_date", True),
        ("placed", "orders.shipped_on", False),
        ("placed", "orders.created_at", True),
        ("paid", "refunds.refund_date", True),
        ("paid", "invoices.invoice_date", False),
        ("paid", "invoices.issued_on", False),
        ("sold", "items.introduced_on", False),
        ("sold", "items.created_at", False),
        ("sold", "sales.sale_date", True),
        ("registered", "patients.birth_date", False),
        ("registered", "members.signup_date", True),
        ("happened", "visits.admitted_at", True),
    ],
)
def test_a_date_is_that_of_what_its_name_or_its_table_says_happened(
    verb: str, column: str, fits: bool
) -> None:
    table, name = column.split(".")
    assert may_be_of(verb, ColumnRef(TableRef("main", table), name)) is fits


@pytest.mark.requirement("grounded:whose-date")
@pytest.mark.parametrize(
    ("text", "base", "dated", "doubted"),
    [
        ("Number of deliveries by valley in 2025", "deliveries", "growers.enlisted_on", ("in 2025",)),
        ("Number of deliveries by valley in 2025", "deliveries", "deliveries.delivery_date", ()),
        ("Number of bins of growers in 2025", "bins", "growers.enlisted_on", ("in 2025",)),
        ("deliveries of growers who enlisted in 2025", "deliveries", "growers.enlisted_on", ()),
        ("growers with deliveries in 2025", "growers", "deliveries.delivery_date", ()),
        ("pickers registered in 2025", "pickers", "pickers.birth_date", ("in 2025",)),
        ("pickers registered in 2025", "pickers", "pickers.registered_on", ()),
    ],
)
def test_a_reading_that_the_composer_dates_by_something_else_is_doubted(
    orchard: Business, text: str, base: str, dated: str, doubted: tuple[str, ...]
) -> None:
    context = orchard.context(text)
    refs = {c.ref.name: c.ref for c in context.cards}
    table, column = dated.split(".")
    condition = Condition(ColumnRef(refs[table], column), ">=", (date(2025, 1, 1),), "in 2025")
    reading = Reading(refs[base], (Target(refs[base], None, "count"),), (condition,))
    assert Doubts(text, context, TODAY).words(reading) == doubted


@pytest.mark.requirement("grounded:nobody-chooses")
def test_of_two_dates_none_is_taken_where_nobody_is_there_to_choose(orchard: Business) -> None:
    text = "Hauls in 2025"
    assert orchard.say(text) == "cannot: in 2025"
    asked = Question("q", text, Principal("ana"), NOW, "c", interactive=True)
    request = ModelRequest(asked, "", orchard.context(text), "", (UserMessage(text),), TOOLS)
    call = GroundedModel().respond(request, lambda _: None).tool_calls[0]
    assert call.name == "ask_user"
    assert call.arguments["options"][:2] == ["hauls.loaded_on", "hauls.dropped_on"]


@pytest.mark.requirement("grounded:nobody-chooses")
@pytest.mark.parametrize(("meant", "ids"), [("hauls.loaded_on", {1, 2}), ("hauls.dropped_on", {1, 3})])
def test_the_date_that_a_person_chooses_is_kept(orchard: Business, meant: str, ids: set[int]) -> None:
    text = "Hauls in 2025"
    context = replace(orchard.context(text), choices=(("in 2025", meant),))
    sql = decide(read(text, context, TODAY), ANSWERED_FROM).sql
    assert {row[0] for row in orchard.run(sql)} == ids


@pytest.mark.requirement("grounded:first-and-last")
@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("Last 2 deliveries", [5, 3]),
        ("First 2 deliveries", [4, 1]),
        ("Last delivery of Ann Roe", [2]),
        ("First delivery of growers in Ebro", [4]),
    ],
)
def test_the_first_and_last_rows_are_those_of_the_earliest_and_latest_date(
    orchard: Business, text: str, ids: list[int]
) -> None:
    dated = {d[0]: date.fromisoformat(d[2]) for d in DELIVERIES}
    found = [row[0] for row in _rows(orchard, text)]
    assert found == ids == sorted(found, key=dated.__getitem__, reverse=text.startswith("Last"))


@pytest.mark.requirement("grounded:first-and-last")
@pytest.mark.parametrize(
    "text",
    [
        "Last 2 hauls",
        "Last 2 deliveries by weight",
        "growers whose last delivery was in 2024",
        "How many of the last 2 deliveries are from Ebro?",
        "Last 2 bins",
    ],
)
def test_last_is_not_read_where_it_may_go_by_something_else(orchard: Business, text: str) -> None:
    assert orchard.say(text).startswith("cannot"), orchard.say(text)
