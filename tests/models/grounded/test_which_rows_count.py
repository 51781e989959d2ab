"""Words that say which rows count: small ones that are stored, states of others, places, months, slips."""

from collections.abc import Iterator
from itertools import product

import pytest
from grounded_businesses import Business, set_up

from gnomon.models.grounded.countries import SPELLINGS, is_same_country
from gnomon.models.grounded.typos import is_slip
from gnomon.models.minilm.embedder import MiniLmEmbedder

ENGINES = ("duckdb", "sqlite")
TABLES = """
CREATE TABLE depots (depot_id INTEGER PRIMARY KEY, depot_name TEXT, town TEXT,
  warden_id INTEGER REFERENCES wardens (warden_id));
CREATE TABLE families (family_id INTEGER PRIMARY KEY, family_name TEXT);
CREATE TABLE tools (tool_id INTEGER PRIMARY KEY, tool_name TEXT, status TEXT, wattage INTEGER,
  family_id INTEGER REFERENCES families (family_id), depot_id INTEGER REFERENCES depots (depot_id));
CREATE TABLE members (member_id INTEGER PRIMARY KEY, full_name TEXT, company_name TEXT, tier TEXT,
  joined_on DATE, deleted_on DATE);
CREATE TABLE hires (hire_id INTEGER PRIMARY KEY, member_id INTEGER REFERENCES members (member_id),
  tool_id INTEGER REFERENCES tools (tool_id), status TEXT, promo_code TEXT, fee INTEGER);
CREATE TABLE transfers (transfer_id INTEGER PRIMARY KEY, tool_id INTEGER REFERENCES tools (tool_id),
  direction TEXT, weight INTEGER);
CREATE TABLE statements (statement_id INTEGER PRIMARY KEY, member_id INTEGER REFERENCES members (member_id),
  period TEXT, balance INTEGER, printed_on DATE);
CREATE TABLE tips (tip_id INTEGER PRIMARY KEY, title TEXT, words INTEGER);
"""
WARDENS = "CREATE TABLE wardens (warden_id INTEGER PRIMARY KEY, full_name TEXT, trade TEXT, town TEXT);"
TOWNS = ("Linz", "Graz", "Wels")
STATES = ("ready", "broken", "ready", "sold", "ready")
TIERS = ("basic", "plus", "basic", "gold", "Plus")
NAMES = ("Ada", "Bo", "Cy", "Di", "Ed", "Flo", "Gus", "Hal", "Ida", "Jo")


def _script() -> str:
    """The rows are those of simple rules, so that plain Python can say what is right."""
    rows = [f"INSERT INTO wardens VALUES ({n}, '{a} Moor', '{t}', '{w}');" for n, a, t, w in _wardens()]
    rows += [
        f"INSERT INTO depots VALUES ({n}, 'Depot {n}', '{TOWNS[n % 3]}', {n % 3 + 1});" for n in (1, 2, 3, 4)
    ]
    rows += ["INSERT INTO families VALUES (1, 'Garden'), (2, 'Timber'), (3, 'Stone');"]
    rows += [
        f"INSERT INTO tools VALUES ({n}, 'Tool {n}', '{STATES[n % 5]}', {n * 10}, {n % 3 + 1}, {n % 4 + 1});"
        for n in range(1, 41)
    ]
    rows += [
        f"INSERT INTO members VALUES ({n}, '{NAMES[n % 10]} {n}', {_company(n)}, '{TIERS[n % 5]}', "
        f"'2025-02-0{n % 9 + 1}', {_deleted(n)});"
        for n in range(1, 61)
    ]
    rows += [
        f"INSERT INTO hires VALUES ({n}, {n % 30 + 1}, {n % 40 + 1}, '{_hire(n)}', "
        f"'{('SPRING', 'AUTUMN')[n % 2]}', {n});"
        for n in range(1, 121)
    ]
    rows += [f"INSERT INTO transfers VALUES ({n}, {n % 40 + 1}, '{_way(n)}', {n});" for n in range(1, 91)]
    rows += [
        f"INSERT INTO statements VALUES ({n}, {n % 60 + 1}, '2025-{n % 12 + 1:02}', {n}, '2026-01-1{n % 9}');"
        for n in range(1, 73)
    ]
    rows += ["INSERT INTO tips VALUES (1, 'Oil it', 90), (2, 'Dry it', 40);"]
    return WARDENS + TABLES + "\n".join(rows)


def _wardens() -> Iterator[tuple[int, str, str, str]]:
    trades = ("garden", "timber", "stone")
    yield from ((n, NAMES[n], trades[n % 3], TOWNS[(n + 1) % 3]) for n in (1, 2, 3))


def _company(n: int) -> str:
    return "NULL" if n % 4 else f"'Firm {n}'"


def _deleted(n: int) -> str:
    return "'2026-01-05'" if n % 6 == 0 else "NULL"


def _hire(n: int) -> str:
    return ("running", "closed", "failed")[n % 3]


def _way(n: int) -> str:
    return "IN" if n % 3 else "OUT"


@pytest.fixture(scope="module", params=ENGINES)
def hire(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    opened = set_up(tmp_path_factory.mktemp("hire"), "hire", request.param, _script(), MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def _number(hire: Business, text: str) -> object:
    said = hire.say(text)
    assert said.startswith("SELECT"), said
    (row,) = hire.run(said)
    return row[-1]


@pytest.mark.requirement("grounded:stored-small-words")
@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("How many plus members are there?", sum(TIERS[n % 5].lower() == "plus" for n in range(1, 61))),
        ("How many members are on the plus tier?", sum(TIERS[n % 5].lower() == "plus" for n in range(1, 61))),
        ("How many out transfers were there?", sum(_way(n) == "OUT" for n in range(1, 91))),
        ("How many in transfers were there?", sum(_way(n) == "IN" for n in range(1, 91))),
        ("total weight of out transfers", sum(n for n in range(1, 91) if _way(n) == "OUT")),
    ],
)
def test_a_small_word_before_the_noun_of_rows_that_hold_it_is_that_value(
    hire: Business, text: str, right: int
) -> None:
    assert _number(hire, text) == right


@pytest.mark.requirement("grounded:stored-small-words")
@pytest.mark.parametrize(
    "text",
    [
        "how many transfers were in?",
        "total weight out per tool",
        "members on plus",
        "In transfers per tool",
        "total weight in",
    ],
)
def test_a_stored_small_word_that_hangs_in_the_air_is_not_passed_over(hire: Business, text: str) -> None:
    assert hire.say(text).startswith("cannot:")


@pytest.mark.requirement("grounded:stored-small-words")
@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("How many tools are there in Depot 2?", sum(n % 4 + 1 == 2 for n in range(1, 41))),
        ("How many gold members joined in 2025?", sum(TIERS[n % 5] == "gold" for n in range(1, 61))),
    ],
)
def test_small_words_stay_what_they_are_where_something_follows(
    hire: Business, text: str, right: int
) -> None:
    assert _number(hire, text) == right


@pytest.mark.requirement("grounded:rows-that-still-count")
@pytest.mark.parametrize(
    "text",
    [
        "How many tools are available?",
        "List the available tools",
        "number of available tools per depot",
        "How many existing members are there?",
        "How many tools are available in Depot 2?",
        "received hires",
        "How many company members are there?",
    ],
)
def test_what_is_available_is_asked_about_where_a_column_says_what_still_counts(
    hire: Business, text: str
) -> None:
    assert hire.say(text).startswith("cannot:")


@pytest.mark.requirement("grounded:rows-that-still-count")
def test_what_is_available_is_all_of_it_where_nothing_says_otherwise(hire: Business) -> None:
    assert _number(hire, "How many tips are available?") == 2
    kinds = {value for (value,) in hire.run(hire.say("What are the available tiers?"))}
    assert {str(value).lower() for value in kinds} == {"basic", "plus", "gold"}


@pytest.mark.requirement("grounded:state-of-other-rows")
@pytest.mark.parametrize(
    "text",
    [
        "How many failed members are there?",
        "How many members are failed?",
        "How many running tools do we have?",
        "List the failed members",
    ],
)
def test_a_state_of_many_other_rows_is_not_given_to_the_noun_behind_it(hire: Business, text: str) -> None:
    assert hire.say(text).startswith("cannot:")


@pytest.mark.requirement("grounded:state-of-other-rows")
@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("How many failed hires are there?", sum(_hire(n) == "failed" for n in range(1, 121))),
        (
            "How many members have failed hires?",
            len({n % 30 + 1 for n in range(1, 121) if _hire(n) == "failed"}),
        ),
        ("How many broken tools are there?", sum(STATES[n % 5] == "broken" for n in range(1, 41))),
    ],
)
def test_a_state_of_rows_that_are_named_is_theirs(hire: Business, text: str, right: int) -> None:
    assert _number(hire, text) == right


@pytest.mark.requirement("grounded:small-letters")
def test_a_word_in_small_letters_is_asked_about_where_only_case_tells_two_columns_apart(
    hire: Business,
) -> None:
    asked = hire.say("average wattage of garden tools", interactive=True)
    assert asked.startswith("ask:")
    assert "families.family_name" in asked
    assert "wardens.trade" in asked
    assert hire.say("average wattage of garden tools").startswith("cannot:")


@pytest.mark.requirement("grounded:near-group")
def test_what_groups_is_no_value_that_is_only_near(hire: Business) -> None:
    assert hire.say("average wattage for each gardens").startswith("cannot:")
    said = hire.say("average wattage by family")
    assert said.startswith("SELECT"), said
    assert len(hire.run(said)) == 3
    # `garden` in another number, behind `by`: no group, and no filter either.
    assert hire.say("average wattage by gardens").startswith("cannot:")


@pytest.mark.requirement("grounded:said-of-the-noun")
def test_what_a_verb_says_of_the_noun_is_not_dropped(hire: Business) -> None:
    assert hire.say("How many members are companies?").startswith("cannot:")


@pytest.mark.requirement("grounded:months-as-texts")
@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("number of statements in period 2025-10", sum(n % 12 + 1 == 10 for n in range(1, 73))),
        ("total balance of statements in period March 2025", sum(n for n in range(1, 73) if n % 12 + 1 == 3)),
        ("number of statements in period 2025", 72),
    ],
)
def test_a_month_beside_a_column_of_months_is_compared_with_it(hire: Business, text: str, right: int) -> None:
    assert _number(hire, text) == right


@pytest.mark.requirement("grounded:months-as-texts")
def test_a_month_that_is_also_a_date_s_is_asked_about_and_a_day_is_no_month(hire: Business) -> None:
    assert hire.say("number of statements in 2025-10").startswith("cannot:")
    assert hire.say("number of statements in January 2026").startswith("SELECT")
    assert hire.say("number of statements in period 2025-10-05").startswith("cannot:")


@pytest.mark.requirement("grounded:listed-or-added")
def test_amounts_that_somebody_paid_are_asked_about_before_each_is_listed(hire: Business) -> None:
    assert hire.say("What fees did we charge on closed hires?").startswith("cannot:")
    right = sum(n for n in range(1, 121) if _hire(n) == "closed")
    assert _number(hire, "What are the total fees of closed hires?") == right


@pytest.mark.requirement("grounded:nearest-place")
def test_a_place_is_that_of_the_rows_and_not_of_people_behind_it_and_is_stated(hire: Business) -> None:
    text = "How many tools are there in Graz?"
    assert _number(hire, text) == sum(TOWNS[(n % 4 + 1) % 3] == "Graz" for n in range(1, 41))
    stated = hire.respond(text).tool_calls[0].arguments["assumptions"]
    assert any("depots.town" in a["text"] and "wardens.town" in a["alternative"] for a in stated)


@pytest.mark.requirement("grounded:slips")
@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("How many membres are there?", 60),
        ("How many transferrs are there?", 90),
        ("How many famillies are there?", 3),
    ],
)
def test_a_slip_of_the_pen_is_righted_and_stated(hire: Business, text: str, right: int) -> None:
    assert _number(hire, text) == right
    stated = hire.respond(text).tool_calls[0].arguments["assumptions"]
    assert any(a["text"].startswith(f"`{text.split()[2]}` is read as") for a in stated)


@pytest.mark.requirement("grounded:slips")
@pytest.mark.parametrize("text", ["How many pools are there?", "How many numbers are there?", "total weigh"])
def test_another_word_is_no_slip(hire: Business, text: str) -> None:
    assert hire.say(text).startswith("cannot:")


@pytest.mark.requirement("grounded:slips")
def test_a_word_is_a_slip_of_itself_with_one_letter_doubled_swapped_or_a_vowel_left_out() -> None:
    name = "customer"
    slips = {name[:at] + name[at] + name[at:] for at in range(len(name))}
    slips |= {name[:at] + name[at + 1] + name[at] + name[at + 2 :] for at in range(1, len(name) - 1)}
    slips |= {name[:at] + name[at + 1 :] for at in range(1, len(name)) if name[at] in "aeiou"}
    letters = "abcdefghijklmnopqrstuvwxyz"
    near = {name[:at] + letter + name[at + 1 :] for at, letter in product(range(1, len(name)), letters)}
    near |= {name[:at] + letter + name[at:] for at, letter in product(range(1, len(name) + 1), letters)}
    assert all(is_slip(word, name) for word in slips - {name})
    assert not any(is_slip(word, name) for word in near - slips)
    assert not is_slip("prize", "price")
    assert not is_slip("contract", "contact")


@pytest.mark.requirement("grounded:keys-beside-codes")
def test_a_number_behind_a_noun_is_its_key_beside_codes_that_are_no_numbers(hire: Business) -> None:
    assert _number(hire, "Fee of hire 17") == 17
    codes = [v for v in _codes(hire) if v[:1].isdigit()]
    assert not codes


def _codes(hire: Business) -> list[str]:
    return [str(code) for (code,) in hire.run("SELECT DISTINCT promo_code FROM hires")]


@pytest.mark.requirement("grounded:keys-beside-codes")
def test_a_number_may_be_a_code_that_holds_numbers(tmp_path_factory: pytest.TempPathFactory) -> None:
    script = (
        "CREATE TABLE lockers (locker_id INTEGER PRIMARY KEY, locker_code TEXT, hall TEXT);"
        "INSERT INTO lockers VALUES (1, '7', 'North'), (7, '12', 'South'), (12, '1', 'South');"
    )
    folder = tmp_path_factory.mktemp("lockers")
    lockers = set_up(folder, "lockers", "sqlite", script, MiniLmEmbedder())
    assert lockers.say("Hall of locker 7").startswith("cannot:")
    lockers.assembler.index.close()


@pytest.mark.requirement("grounded:stored-small-words")
def test_a_participle_behind_its_subject_is_a_verb_and_no_state(hire: Business) -> None:
    assert hire.say("received hires").startswith("cannot:")
    made = len({n % 30 + 1 for n in range(1, 121)})
    assert _number(hire, "How many different members placed hires?") == made


COUNTRIES = ("USA", "US", "Austria", "usa", "United States")
KINDS = ("Desserts", "Soups", "pizza")
DONE = ("placed", "received", "held", "refused")
FAIR = """
CREATE TABLE visitors (visitor_id INTEGER PRIMARY KEY, full_name TEXT, country TEXT);
CREATE TABLE dishes (dish_id INTEGER PRIMARY KEY, dish_name TEXT, type TEXT, price INTEGER);
CREATE TABLE stalls (stall_id INTEGER PRIMARY KEY, stall_name TEXT);
CREATE TABLE parcels (parcel_id INTEGER PRIMARY KEY, stall_id INTEGER REFERENCES stalls (stall_id),
  status TEXT, weight INTEGER);
"""


@pytest.fixture(scope="module", params=ENGINES)
def fair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    rows = [
        *(f"INSERT INTO visitors VALUES ({n}, 'Ann {n}', '{COUNTRIES[n % 5]}');" for n in range(1, 44)),
        *(f"INSERT INTO dishes VALUES ({n}, 'Dish {n}', '{KINDS[n % 3]}', {n});" for n in range(1, 32)),
        *(f"INSERT INTO stalls VALUES ({n}, 'Stall {n}');" for n in range(1, 13)),
        *(f"INSERT INTO parcels VALUES ({n}, {n % 9 + 1}, '{DONE[n % 4]}', {n});" for n in range(1, 54)),
    ]
    folder = tmp_path_factory.mktemp("fair")
    opened = set_up(folder, "fair", request.param, FAIR + "\n".join(rows), MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


@pytest.mark.requirement("grounded:countries-spelled")
def test_a_country_is_one_in_all_its_spellings_and_that_is_stated(fair: Business) -> None:
    text = "How many visitors are from the USA?"
    assert _number(fair, text) == sum(COUNTRIES[n % 5] != "Austria" for n in range(1, 44))
    stated = fair.respond(text).tool_calls[0].arguments["assumptions"]
    assert any("taken as one" in a["text"] and "'US'" in a["text"] for a in stated)
    assert _number(fair, "How many visitors are from Austria?") == sum(n % 5 == 2 for n in range(1, 44))


@pytest.mark.requirement("grounded:countries-spelled")
def test_codes_of_two_countries_are_not_one() -> None:
    assert is_same_country("usa", "United States")
    assert not is_same_country("AT", "AU")
    assert not is_same_country("Moon", "Moon Base")
    spellings = [spelling for country in SPELLINGS for spelling in country]
    assert len(spellings) == len(set(spellings))


@pytest.mark.requirement("grounded:kinds-in-the-plural")
@pytest.mark.parametrize(
    ("text", "kind"), [("how many desserts are there?", 0), ("how many pizzas are there?", 2)]
)
def test_kinds_of_rows_are_counted_whether_they_are_stored_in_the_plural_or_not(
    fair: Business, text: str, kind: int
) -> None:
    assert _number(fair, text) == sum(n % 3 == kind for n in range(1, 32))
    assert fair.say("how many desserts were sold?").startswith("cannot:")


@pytest.mark.requirement("grounded:stored-small-words")
@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("How many received parcels are there?", {"received"}),
        ("How many parcels are held?", {"held"}),
    ],
)
def test_a_participle_that_is_stored_is_the_state(fair: Business, text: str, states: set[str]) -> None:
    said = fair.say(text)
    assert said.startswith("SELECT"), said
    assert fair.run(said)[0][-1] == sum(DONE[n % 4] in states for n in range(1, 54))


@pytest.mark.requirement("grounded:stored-small-words")
def test_two_participles_that_are_stored_are_either_state(fair: Business) -> None:
    found = fair.run(fair.say("placed and received parcels"))
    assert len(found) == sum(DONE[n % 4] in ("placed", "received") for n in range(1, 54))


@pytest.mark.requirement("grounded:stored-small-words")
@pytest.mark.parametrize("text", ["How many parcels were received?", "stalls without received parcels"])
def test_a_stored_participle_that_may_be_a_verb_stops_the_reading(fair: Business, text: str) -> None:
    assert fair.say(text).startswith("cannot:")


@pytest.mark.requirement("grounded:stored-small-words")
def test_a_stored_participle_with_its_subject_before_it_is_a_verb(fair: Business) -> None:
    assert _number(fair, "How many stalls received parcels?") == 9


STUDIO = """
CREATE TABLE teachers (teacher_id INTEGER PRIMARY KEY, full_name TEXT);
CREATE TABLE lessons (lesson_id INTEGER PRIMARY KEY, teacher_id INTEGER REFERENCES teachers (teacher_id));
CREATE TABLE bookings (booking_id INTEGER PRIMARY KEY, lesson_id INTEGER REFERENCES lessons (lesson_id),
  amount_paid INTEGER);
INSERT INTO teachers VALUES (1, 'Ada Moor'), (2, 'Bo Lind');
INSERT INTO lessons VALUES (1, 1), (2, 1), (3, 2);
INSERT INTO bookings VALUES (1, 1, 20), (2, 2, 30), (3, 3, 40);
"""


@pytest.mark.requirement("grounded:whom-we-pay")
def test_what_pupils_paid_is_not_what_we_pay_their_teachers(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("studio")
    studio = set_up(folder, "studio", "duckdb", STUDIO, MiniLmEmbedder())
    assert studio.say("How much did we pay teachers?").startswith("cannot:")
    assert studio.say("How much did we pay to teachers?").startswith("cannot:")
    assert _number(studio, "What is the total amount paid?") == 90
    studio.assembler.index.close()
