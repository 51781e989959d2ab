"""Words that people say without naming a column, whose date a period is about, and what counts unsaid."""

from collections import Counter
from collections.abc import Iterator

import pytest
from grounded_businesses import Business, set_up

from gnomon.models.minilm.embedder import MiniLmEmbedder

TABLES = """
CREATE TABLE halls (hall_id INTEGER PRIMARY KEY, hall_name TEXT NOT NULL, town TEXT NOT NULL);
CREATE TABLE stands (stand_id INTEGER PRIMARY KEY, stand_name TEXT NOT NULL, goods TEXT NOT NULL,
  hall_id INTEGER REFERENCES halls (hall_id));
CREATE TABLE climbers (climber_id INTEGER PRIMARY KEY, first_name TEXT NOT NULL, last_name TEXT NOT NULL,
  segment TEXT NOT NULL, email TEXT, birth_date DATE NOT NULL, joined_on DATE NOT NULL,
  newsletter_opt_in INTEGER NOT NULL, is_active INTEGER NOT NULL);
CREATE TABLE wristbands (wristband_id INTEGER PRIMARY KEY,
  climber_id INTEGER NOT NULL REFERENCES climbers (climber_id),
  issued_on DATE NOT NULL, expires_on DATE NOT NULL);
CREATE TABLE band_purchases (purchase_id INTEGER PRIMARY KEY,
  wristband_id INTEGER NOT NULL REFERENCES wristbands (wristband_id),
  stand_id INTEGER NOT NULL REFERENCES stands (stand_id), amount INTEGER NOT NULL, discount INTEGER,
  status TEXT NOT NULL, purchased_at TIMESTAMP NOT NULL, posted_on DATE);
CREATE TABLE keepers (keeper_id INTEGER PRIMARY KEY, full_name TEXT NOT NULL, job_title TEXT NOT NULL,
  stand_id INTEGER NOT NULL REFERENCES stands (stand_id), hired_on DATE NOT NULL, left_on DATE,
  wage INTEGER NOT NULL);
"""
HALLS = [(1, "North Hall", "Elmby"), (2, "South Hall", "Oakton")]
STANDS = [
    (1, "Granite Bar", "drinks", 1), (2, "Chalk Shop", "gear", 2), (3, "Rope Corner", "gear", None),
    (4, "Snack Nook", "food", 1),
]  # fmt: skip
CLIMBERS = [
    (n, f"Ada{n}", f"Moor{n}", "Student" if n % 3 == 0 else "Regular", None if n % 4 == 0 else f"c{n}@x.org",
     f"19{70 + n}-05-06", f"2024-0{n % 9 + 1}-10", n % 2, int(n % 5 > 0))
    for n in range(1, 21)
]  # fmt: skip
BANDS = [(n, n, f"2025-{n % 12 + 1:02}-04", f"2026-{n % 12 + 1:02}-04") for n in range(1, 19)]
PURCHASES = [
    (n, n % 17 + 1, n % 3 + 1, 5 + n % 7, 2 if n % 6 == 0 else None, "refused" if n % 8 == 0 else "done",
     f"{2025 + n % 2}-0{n % 3 + 1}-15 10:00:00", None if n % 8 == 0 else f"{2025 + n % 2}-0{n % 3 + 2}-02")
    for n in range(1, 61)
]  # fmt: skip
KEEPERS = [
    (n, f"Keeper {n:02}", "Instructor" if n % 2 else "Cashier", n % 4 + 1, f"202{n % 4}-02-03",
     "2025-09-01" if n % 5 == 0 else None, 1000 + 10 * n)
    for n in range(1, 16)
]  # fmt: skip
ROWS = {"halls": HALLS, "stands": STANDS, "climbers": CLIMBERS, "wristbands": BANDS,
        "band_purchases": PURCHASES, "keepers": KEEPERS}  # fmt: skip


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    lines = [
        f"INSERT INTO {table} VALUES ({', '.join('NULL' if v is None else repr(v) for v in row)});"
        for table, rows in ROWS.items()
        for row in rows
    ]
    folder = tmp_path_factory.mktemp("centre")
    opened = set_up(folder, "centre", "sqlite", TABLES + "\n".join(lines), MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def rows_of(business: Business, text: str) -> list[tuple[object, ...]]:
    """The rows of the answer, of which there is one."""
    said = business.say(text)
    assert said.startswith("SELECT"), f"{text}: {said}"
    return business.run(said)


def stated(business: Business, text: str) -> list[str]:
    """What the answer takes for granted."""
    assumptions = business.respond(text).tool_calls[0].arguments["assumptions"]
    assert isinstance(assumptions, list)
    return [str(a["text"]) for a in assumptions]


BUYERS_2026 = {b[1] for b in BANDS if any(p[1] == b[0] and p[6].startswith("2026") for p in PURCHASES)}


# -- whose date ---------------------------------------------------------------------------------------


@pytest.mark.requirement("grounded:period-of-what-is-used")
@pytest.mark.parametrize(
    "text",
    [
        "How many distinct climbers used their wristband at Chalk Shop in the last 90 days?",
        "How many distinct climbers used their wristband in the last 60 days?",
        "How many climbers used a wristband in 2025?",
        "How many different climbers used a wristband last year?",
        "How many distinct climbers were at Chalk Shop in the last 20 years?",
    ],
)
def test_a_period_of_use_is_no_period_of_issue_or_birth(centre: Business, text: str) -> None:
    said = centre.say(text)
    assert not said.startswith("SELECT") or ("purchased_at" in said and "issued_on" not in said)


@pytest.mark.requirement("grounded:date-of-the-noun")
@pytest.mark.parametrize(
    "text",
    [
        "How many wristbands had a purchase in 2026?",
        "How many distinct wristbands had a purchase in 2026?",
        "How many unique wristbands had purchases in 2026?",
        "How many different wristbands have a purchase in 2026?",
    ],
)
def test_every_form_goes_by_the_date_that_the_noun_tells(centre: Business, text: str) -> None:
    assert rows_of(centre, text) == [(len(BUYERS_2026),)]
    assert any("purchased_at" in told for told in stated(centre, text))


@pytest.mark.requirement("grounded:date-of-the-noun")
def test_another_date_that_is_named_is_taken(centre: Business) -> None:
    found = rows_of(centre, "How many purchases were posted in 2026?")
    assert found == [(sum((p[7] or "").startswith("2026") for p in PURCHASES),)]


@pytest.mark.requirement("grounded:periods-ahead")
@pytest.mark.parametrize(
    ("text", "since", "before"),
    [
        ("Wristbands expiring in the next 3 months", "2026-03-18", "2026-06-18"),
        ("Which wristbands expire next month?", "2026-04-01", "2026-05-01"),
        ("Which wristbands will expire next quarter?", "2026-04-01", "2026-07-01"),
    ],
)
def test_a_period_ahead_begins_today_or_with_the_next_one(
    centre: Business, text: str, since: str, before: str
) -> None:
    assert {r[0] for r in rows_of(centre, text)} == {b[0] for b in BANDS if since <= b[3] < before}


# -- what counts unsaid -------------------------------------------------------------------------------


@pytest.mark.requirement("grounded:departed-count")
@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("How many keepers are there?", "keepers.left_on"),
        ("keepers at Granite Bar", "keepers.left_on"),
        ("average wage by job title", "keepers.left_on"),
        ("How many climbers are there?", "climbers.is_active"),
    ],
)
def test_that_those_who_are_gone_count_is_said(centre: Business, text: str, mark: str) -> None:
    assert f"count whatever {mark} says." in " ".join(stated(centre, text))


@pytest.mark.requirement("grounded:departed-count")
@pytest.mark.parametrize(
    "text",
    [
        "How many keepers have left?",
        "How many keepers were hired in 2023?",
        "How many active climbers are there?",
        "How many purchases are there?",
    ],
)
def test_nothing_is_said_of_them_where_the_question_tells(centre: Business, text: str) -> None:
    assert not [told for told in stated(centre, text) if "count whatever" in told]


@pytest.mark.requirement("grounded:denied-place")
def test_rows_that_lead_nowhere_are_said_to_be_left_out_of_a_denial(centre: Business) -> None:
    text = "How many stands are not in Elmby?"
    assert rows_of(centre, text) == [(1,)]
    assert any("without a hall_id" in told for told in stated(centre, text))


# -- everyday words -----------------------------------------------------------------------------------


@pytest.mark.requirement("grounded:spent")
def test_what_was_spent_is_the_amount_of_the_one_table_of_purchases(centre: Business) -> None:
    text = "How much was spent at Chalk Shop?"
    assert rows_of(centre, text) == [(sum(p[3] for p in PURCHASES if p[2] == 2),)]
    assert any("amount" in told for told in stated(centre, text))
    assert any("status" in told for told in stated(centre, text))
    by_goods: Counter[str] = Counter()
    for purchase in PURCHASES:
        by_goods[STANDS[purchase[2] - 1][2]] += purchase[3]
    assert dict(rows_of(centre, "Total band spend by goods")) == by_goods  # type: ignore[arg-type]


@pytest.mark.requirement("grounded:spent")
@pytest.mark.parametrize(
    "text",
    [
        "How much did we spend at Chalk Shop?",
        "How much was spent in 2026?",
        "How much was spent on wages?",
        "How much was spent on students?",
        "Which climbers spent more than 20?",
        "What was the average spend at Chalk Shop?",
    ],
)
def test_what_was_spent_by_nobody_or_on_something_else_is_not_answered(centre: Business, text: str) -> None:
    assert centre.say(text).startswith(("cannot", "ask"))


@pytest.mark.requirement("grounded:small-words")
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("How many climbers have no email address?", sum(c[4] is None for c in CLIMBERS)),
        ("How many purchases are still refused?", sum(p[5] == "refused" for p in PURCHASES)),
        ("How many purchases got a discount?", sum(p[4] is not None for p in PURCHASES)),
        ("How many climbers opted in to the newsletter?", sum(c[7] for c in CLIMBERS)),
        ("How many climbers have not opted in to the newsletter?", sum(not c[7] for c in CLIMBERS)),
        ("How many students are there?", sum(c[3] == "Student" for c in CLIMBERS)),
        ("How many students have a wristband?", sum(c[3] == "Student" and c[0] < 19 for c in CLIMBERS)),
        ("How many cashiers are there?", sum(k[2] == "Cashier" for k in KEEPERS)),
        ("How many Student members are there?", sum(c[3] == "Student" for c in CLIMBERS)),
    ],
)
def test_small_words_and_kinds_of_people_are_read(centre: Business, text: str, number: int) -> None:
    assert rows_of(centre, text) == [(number,)]


@pytest.mark.requirement("grounded:small-words")
@pytest.mark.parametrize(
    "text",
    [
        "How many climbers are from us?",
        "How many climbers still climb?",
        "How many climbers have no postal address?",
        "How many purchases got lost?",
        "How many climbers opted out of the newsletter?",
        "How many hall members are there?",
    ],
)
def test_the_same_words_stop_a_question_where_they_say_more(centre: Business, text: str) -> None:
    assert centre.say(text).startswith(("cannot", "ask"))


@pytest.mark.requirement("grounded:small-words")
def test_whoever_earns_the_most_among_some_is_one_of_them(centre: Business) -> None:
    assert ("Keeper 15", 1150) in rows_of(centre, "Who earns the highest wage among our keepers?")


@pytest.mark.requirement("grounded:small-words")
def test_what_is_lacking_may_be_called_assigned(centre: Business) -> None:
    without = [(3,)]
    for text in ("stand ids of stands without a hall assigned", "Which stands have no hall assigned?"):
        assert [row[:1] for row in rows_of(centre, text)] == without
    assert centre.say("halls assigned").startswith(("cannot", "ask"))
