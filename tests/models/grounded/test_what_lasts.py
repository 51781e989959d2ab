"""Rows that last or happen, kinds and several things that are ranked, states that rows have passed."""

from collections import Counter
from collections.abc import Iterator

import pytest
from grounded_businesses import Business, rows_of, script, set_up

from gnomon.models.minilm.embedder import MiniLmEmbedder

TABLES = """
CREATE TABLE clients (client_id INTEGER PRIMARY KEY, client_name TEXT, state TEXT, client_since DATE,
  credit_limit INTEGER);
CREATE TABLE presses (press_id INTEGER PRIMARY KEY, press_name TEXT, maker TEXT, bought_on DATE,
  running_hours INTEGER, price INTEGER);
CREATE TABLE papers (paper_id INTEGER PRIMARY KEY, paper_name TEXT, grade TEXT, certified_on DATE);
CREATE TABLE paper_certificates (certificate_id INTEGER PRIMARY KEY,
  paper_id INTEGER REFERENCES papers (paper_id));
CREATE TABLE jobs (job_id INTEGER PRIMARY KEY, client_id INTEGER REFERENCES clients (client_id),
  press_id INTEGER REFERENCES presses (press_id), paper_id INTEGER REFERENCES papers (paper_id),
  state TEXT, ordered_on DATE, cost INTEGER, ink TEXT);
CREATE TABLE parcels (parcel_id INTEGER PRIMARY KEY, job_id INTEGER REFERENCES jobs (job_id), state TEXT,
  sent_on DATE);
"""
CLIENTS = [
    (n, f"Client {chr(64 + n)}", "active" if n % 3 else "dormant", f"20{20 + n % 5}-0{n % 9 + 1}-11", n * 100)
    for n in range(1, 16)
]
MAKERS = ("Adler", "Birk", "Birk", "Cosmo")
PRESSES = [
    (n, f"Press {n}", MAKERS[n % 4], f"202{n % 5}-05-0{n % 9 + 1}", n * 50, (n * 7 % 12 + 1) * 10)
    for n in range(1, 11)
]
PAPERS = [
    (1, "Snow", "gloss", "2023-02-01"), (2, "Rain", "matte", None),
    (3, "Hail", "gloss", None), (4, "Mist", "matte", "2024-03-01"),
]  # fmt: skip
STATES = ("active", "printed", "closed", "cancelled", "active")
JOBS = [
    (n, n % 14 + 1, n % 10 + 1, n % 4 + 1, STATES[n % 5], f"202{4 + n % 2}-{n % 12 + 1:02}-07", n * 3,
     ("cyan", "black", None)[n % 3])
    for n in range(1, 61)
]  # fmt: skip
SENT = ("packed", "sent", "returned")
PARCELS = [(n, n, SENT[n % 3], None if n % 3 == 0 else "2025-08-09") for n in range(1, 41)]
ROWS: dict[str, list[tuple[object, ...]]] = {
    "clients": CLIENTS,
    "presses": PRESSES,
    "papers": PAPERS,
    "paper_certificates": [(1, 1), (2, 4)],
    "jobs": JOBS,
    "parcels": PARCELS,
}  # type: ignore[assignment]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    opened = set_up(
        tmp_path_factory.mktemp("print"), "print", "duckdb", script(TABLES, ROWS), MiniLmEmbedder()
    )
    yield opened
    opened.assembler.index.close()


def told(business: Business, text: str) -> list[str]:
    """What the answer takes for granted, with what else may be meant."""
    arguments = business.respond(text).tool_calls[0].arguments
    return [f"{a['text']} {a['alternative']}".strip() for a in arguments["assumptions"]]


# -- relative clauses ---------------------------------------------------------------------------------


@pytest.mark.requirement("grounded:clause-of-the-nearest-noun")
def test_a_clause_in_the_singular_is_said_of_the_one_before_it(shop: Business) -> None:
    gloss = {p[0] for p in PAPERS if p[2] == "gloss"}
    wanted = {j[1] for j in JOBS if j[3] in gloss and j[4] == "active"}
    assert {row[0] for row in rows_of(shop, "clients with a gloss job that is active")} == wanted


@pytest.mark.requirement("grounded:clause-of-the-nearest-noun")
def test_a_clause_in_the_plural_is_said_of_the_noun_in_the_plural(shop: Business) -> None:
    gloss = {p[0] for p in PAPERS if p[2] == "gloss"}
    active = {c[0] for c in CLIENTS if c[2] == "active"}
    wanted = active & {j[1] for j in JOBS if j[3] in gloss}
    assert {row[0] for row in rows_of(shop, "clients with a gloss job that are active")} == wanted


# -- what lasts ---------------------------------------------------------------------------------------


@pytest.mark.requirement("grounded:what-lasts-has-no-period")
@pytest.mark.parametrize(
    "text",
    [
        "total running hours in 2024",
        "average credit limit of clients per year",
        "total credit limit in 2024",
        "How many presses did we have in 2024?",
        "number of clients by year",
        "clients in 2024",
    ],
)
def test_what_lasts_is_not_dated_by_when_it_came(shop: Business, text: str) -> None:
    assert shop.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:what-lasts-has-no-period")
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("How many presses were bought in 2024?", sum(p[3].startswith("2024") for p in PRESSES)),
        (
            "total running hours of presses bought in 2024",
            sum(p[4] for p in PRESSES if p[3].startswith("2024")),
        ),
        ("total cost in 2025", sum(j[6] for j in JOBS if j[5].startswith("2025"))),
        ("How many jobs were there in 2024?", sum(j[5].startswith("2024") for j in JOBS)),
    ],
)
def test_a_verb_that_names_the_date_and_rows_that_happen_are_dated(
    shop: Business, text: str, wanted: int
) -> None:
    assert rows_of(shop, text) == [(wanted,)]


# -- kinds and several things -------------------------------------------------------------------------


@pytest.mark.requirement("grounded:ranked-kinds")
@pytest.mark.parametrize(
    "text", ["Which maker is the most expensive?", "cheapest maker", "Which maker is the newest?"]
)
def test_a_kind_is_not_ranked_by_one_of_its_rows(shop: Business, text: str) -> None:
    assert shop.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:ranked-kinds")
def test_the_kind_of_the_first_row_is_still_told(shop: Business) -> None:
    dearest = max(PRESSES, key=lambda p: p[5])
    assert rows_of(shop, "maker of the most expensive press") == [(dearest[2],)]


@pytest.mark.requirement("grounded:several-ranked")
@pytest.mark.parametrize(
    "text",
    ["newest presses", "What are the most expensive presses?", "largest clients by credit limit"],
)
def test_several_things_without_a_number_are_not_one(shop: Business, text: str) -> None:
    assert shop.say(text).startswith("cannot")


@pytest.mark.requirement("grounded:several-ranked")
def test_a_number_says_how_many_are_ranked(shop: Business) -> None:
    assert len(rows_of(shop, "the 2 newest presses")) == 2
    assert len(rows_of(shop, "2 most common makers")) == 2
    assert len(rows_of(shop, "newest press")) == 1


@pytest.mark.requirement("grounded:several-ranked")
def test_the_most_common_kinds_are_all_of_them_in_order(shop: Business) -> None:
    inks = Counter(j[7] for j in JOBS if j[7])
    found = rows_of(shop, "What are the most common inks?")
    assert dict(found) == inks
    assert [n for _, n in found] == sorted(inks.values(), reverse=True)  # type: ignore[type-var]


@pytest.mark.requirement("grounded:kinds-once")
@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("What makers do our presses have?", set(MAKERS)),
        ("What inks do our jobs have?", {"cyan", "black"}),
    ],
)
def test_kinds_that_rows_have_are_listed_once(shop: Business, text: str, wanted: set[str]) -> None:
    found = rows_of(shop, text)
    assert {row[0] for row in found} == wanted
    assert len(found) == len(wanted)


# -- states that rows have passed ---------------------------------------------------------------------


@pytest.mark.requirement("grounded:past-states")
def test_what_was_not_done_has_no_date_of_it(shop: Business) -> None:
    assert rows_of(shop, "How many parcels were not sent?") == [(sum(p[3] is None for p in PARCELS),)]
    assert any("'sent'" in said for said in told(shop, "How many parcels were not sent?"))


@pytest.mark.requirement("grounded:past-states")
def test_a_denied_state_that_a_later_one_may_follow_is_refused(shop: Business) -> None:
    assert shop.say("How many jobs were not printed?").startswith("cannot")


@pytest.mark.requirement("grounded:past-states")
def test_a_denied_state_that_nothing_follows_is_read(shop: Business) -> None:
    wanted = sum(j[4] != "cancelled" for j in JOBS)
    assert rows_of(shop, "How many jobs were not cancelled?") == [(wanted,)]


@pytest.mark.requirement("grounded:past-states")
def test_another_table_that_may_tell_what_was_done_is_named(shop: Business) -> None:
    assert any("paper_certificates" in said for said in told(shop, "papers not certified"))
