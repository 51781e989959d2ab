"""What points out of a question is not dropped: `this term`, `their dues`, `and waived?`."""

import re
from collections.abc import Iterator

import pytest
from grounded_businesses import ANSWERED_FROM, NOW, Business, set_up

from gnomon.models.grounded.decide import decide, read
from gnomon.models.grounded.reading import NotRead
from gnomon.models.grounded.reply import reply
from gnomon.models.minilm.embedder import MiniLmEmbedder

TODAY = NOW.date()
CHOIRS = """
CREATE TABLE choirs (choir_id INTEGER PRIMARY KEY, name TEXT, town TEXT, budget INTEGER,
  founded_year INTEGER);
CREATE TABLE terms (term_id INTEGER PRIMARY KEY, label TEXT);
CREATE TABLE singers (singer_id INTEGER PRIMARY KEY, name TEXT, voice TEXT, height INTEGER,
  choir_id INTEGER REFERENCES choirs (choir_id));
CREATE TABLE concerts (concert_id INTEGER PRIMARY KEY, choir_id INTEGER REFERENCES choirs (choir_id),
  term_id INTEGER REFERENCES terms (term_id), audience INTEGER, opening_songs INTEGER, closing_songs INTEGER);
CREATE TABLE dues (due_id INTEGER PRIMARY KEY, singer_id INTEGER REFERENCES singers (singer_id),
  amount INTEGER, rhythm TEXT, issued_on DATE, paid_on DATE, status TEXT);
CREATE TABLE swaps (swap_id INTEGER PRIMARY KEY, host_id INTEGER REFERENCES choirs (choir_id),
  guest_id INTEGER REFERENCES choirs (choir_id));
CREATE TABLE stalls (stall_id INTEGER PRIMARY KEY, keeper TEXT, rent_cents INTEGER);
INSERT INTO choirs VALUES (1, 'Elm Voices', 'Graz', 900, 1911), (2, 'Oak Singers', 'Graz', 500, 1950),
  (3, 'Fir Chorus', 'Linz', 300, 1977);
INSERT INTO terms VALUES (1, 'spring'), (2, 'autumn');
INSERT INTO singers VALUES (1, 'Ada', 'alto', 160, 1), (2, 'Bo', 'bass', 180, 1), (3, 'Cy', 'bass', 190, 2),
  (4, 'Di', 'alto', 170, 3), (5, 'Ed', 'tenor', 175, 3);
INSERT INTO concerts VALUES (1, 1, 1, 100, 3, 2), (2, 1, 2, 300, 4, 1), (3, 3, 1, 50, 2, 5);
INSERT INTO dues VALUES (1, 1, 40, 'monthly', '2025-01-10', '2025-02-01', 'paid'),
  (2, 1, 60, 'yearly', '2025-03-05', '2025-06-01', 'paid'),
  (3, 2, 90, 'monthly', '2025-05-09', NULL, 'waived'),
  (4, 4, 20, 'monthly', '2024-11-01', '2024-12-01', 'paid'),
  (5, 5, 70, 'yearly', '2025-07-07', NULL, 'unpaid');
INSERT INTO swaps VALUES (1, 1, 2), (2, 1, 3);
INSERT INTO stalls VALUES (1, 'Flo', 12000), (2, 'Gus', 9000);
"""


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def choir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    opened = set_up(tmp_path_factory.mktemp("choir"), "choir", request.param, CHOIRS, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def rows(choir: Business, text: str, *earlier: str) -> list[tuple[object, ...]]:
    said = choir.say(text, earlier=earlier)
    assert said.startswith("SELECT"), f"{text}: {said}"
    return choir.run(said)


def assumed(choir: Business, text: str, *earlier: str) -> str:
    call = choir.respond(text, earlier=earlier).tool_calls[0]
    return " ".join(a["text"] for a in call.arguments["assumptions"])


def stopped(choir: Business, text: str, *earlier: str) -> bool:
    return choir.say(text, earlier=earlier).startswith("cannot:")


@pytest.mark.requirement("grounded:pointing")
@pytest.mark.parametrize(
    "text",
    [
        "average audience this term",
        "total audience this term",
        "highest audience this term",
        "How many concerts that term?",
        "How many concerts were there in this term?",
        "dues of this singer",
        "How many singers are in that choir?",
        "How many singers does that choir have?",
        "How many singers are in these two choirs?",
        "How many singers are in those choirs?",
        "total budget of my choirs",
        "How many singers does our choir have?",
        "How many singers does it have?",
        "Which choirs do they have?",
        "who are their singers",
        "audience term",
    ],
)
def test_what_a_question_points_at_without_saying_it_is_asked_for(choir: Business, text: str) -> None:
    assert stopped(choir, text)


@pytest.mark.requirement("grounded:pointing")
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("average audience", {(150.0,)}),
        ("How many singers are in Elm Voices?", {(2,)}),
        ("How many dues were issued this year?", {(0,)}),
        ("our choirs", {("Elm Voices",), ("Oak Singers",), ("Fir Chorus",)}),
        ("names of choirs that have concerts", {("Elm Voices",), ("Fir Chorus",)}),
        ("Which choir has the most concerts and what is the town of this choir?", {("Elm Voices",)}),
    ],
)
def test_what_is_said_by_name_or_is_all_there_is_stays_answered(
    choir: Business, text: str, answer: set[tuple[object, ...]]
) -> None:
    found = rows(choir, text)
    names = {"Elm Voices", "Oak Singers", "Fir Chorus"}
    assert {tuple(c for c in row if len(row) == 1 or c in names) for row in found} == answer


@pytest.mark.requirement("grounded:pointing-back")
@pytest.mark.parametrize(
    ("earlier", "text"),
    [
        ("Which choir has the most singers?", "what is its budget?"),
        ("Which choir has the most singers?", "how many concerts does it have?"),
        ("Which choir has the most singers?", "how many singers in that choir?"),
        ("choirs in Graz", "how many singers do they have?"),
        ("How many dues are there?", "his dues"),
        ("How many singers are there?", "show their choirs"),
        ("How many singers are there?", "which choir is he in?"),
        ("singers in Elm Voices", "are they bass?"),
        ("top 2 singers by height", "which of those are bass?"),
        ("average audience by term", "this term?"),
        ("top 2 singers by height", "which are bass?"),
        ("top 2 choirs by budget", "total budget"),
        ("How many dues were issued in 2025?", "how many singers?"),
    ],
)
def test_a_pronoun_of_the_question_before_is_not_dropped(choir: Business, earlier: str, text: str) -> None:
    assert stopped(choir, text, earlier)


@pytest.mark.requirement("grounded:pointing-back")
@pytest.mark.parametrize(
    ("earlier", "text", "figure"),
    [
        (("choirs in Graz",), "what is their total budget?", 1400),
        (("choirs in Graz",), "average budget of those", 700),
        (("choirs in Graz",), "what is the highest budget of these choirs?", 900),
        (("choirs in Graz",), "total budget", 1400),
        (("choirs in Graz",), "how many?", 2),
        (("choirs in Graz",), "how many are there?", 2),
        (("choirs in Graz", "total budget"), "how many of them have concerts?", 1),
        (("How many singers are there?",), "how many of those are bass?", 2),
        (("How many singers are there?", "how many of those are bass?"), "average height", 185),
        (("choirs in Graz",), "total budget of choirs", 1700),
        (("How many choirs are there?",), "total budget", 1700),
    ],
)
def test_a_figure_of_the_rows_before_is_one_of_those_rows(
    choir: Business, earlier: tuple[str, ...], text: str, figure: int
) -> None:
    assert rows(choir, text, *earlier) == [(figure,)]


@pytest.mark.requirement("grounded:pointing-back")
def test_whose_figure_it_is_taken_to_be_is_said(choir: Business) -> None:
    assert "rows of the question before" in assumed(choir, "total budget", "choirs in Graz")
    assert "a question of its own" in assumed(choir, "average audience", "choirs in Graz")
    assert "a question of its own" in assumed(choir, "total amount of dues", "choirs in Graz")
    assert "its own" not in assumed(choir, "How many concerts are there?", "choirs in Graz")


@pytest.mark.requirement("grounded:pointing-back")
def test_which_of_those_restricts_the_rows_before(choir: Business) -> None:
    for text in ("which of those singers are bass?", "which of them are bass?", "which are bass?"):
        found = rows(choir, text, "singers in Elm Voices")
        assert [row for row in found if "Bo" in row] == found
        assert len(found) == 1


@pytest.mark.requirement("grounded:pointing-back")
@pytest.mark.parametrize("text", ["list them", "show me those", "list all of them"])
def test_the_rows_that_were_counted_are_listed(choir: Business, text: str) -> None:
    found = rows(choir, text, "How many bass singers are there?")
    assert {name for row in found for name in ("Ada", "Bo", "Cy", "Di", "Ed") if name in row} == {"Bo", "Cy"}


@pytest.mark.requirement("grounded:state-of-a-date")
@pytest.mark.parametrize("text", ["and waived?", "and unpaid?", "only waived"])
def test_another_state_is_not_said_of_rows_that_a_verb_dated(choir: Business, text: str) -> None:
    assert stopped(choir, text, "How many dues were paid in 2025?")


@pytest.mark.requirement("grounded:state-of-a-date")
def test_another_period_or_another_fact_is(choir: Business) -> None:
    asked = "How many dues were paid in 2025?"
    assert rows(choir, asked) == [(2,)]
    assert rows(choir, "and in 2024?", asked) == [(1,)]
    assert set(rows(choir, "by rhythm", asked)) == {("monthly", 1), ("yearly", 1)}
    assert rows(choir, "and waived?", "How many dues were issued in 2025?") == [(1,)]


@pytest.mark.requirement("grounded:silence-is-no-choice")
def test_of_two_columns_that_a_word_may_mean_none_is_taken_where_nobody_is_there(choir: Business) -> None:
    text = "average songs per concert"
    assert choir.say(text) == "cannot: songs"
    asked = choir.say(text, interactive=True)
    assert asked == "ask: concerts.opening_songs | concerts.closing_songs | none of these"
    assert rows(choir, "average opening songs per concert") == [(3,)]


@pytest.mark.requirement("grounded:kinds-like-buckets")
def test_a_kind_that_is_called_like_a_bucket_of_time_restricts_its_noun(choir: Business) -> None:
    assert rows(choir, "How many monthly dues are there?") == [(3,)]
    assert rows(choir, "How many yearly dues were issued in 2025?") == [(2,)]
    grouped = choir.say("number of dues issued per month in 2025")
    assert "rhythm" not in grouped
    assert "GROUP BY" in grouped
    assert stopped(choir, "monthly", "How many dues were issued in 2025?")
    known = read("monthly", choir.context("monthly", earlier=("How many dues are there?",)), TODAY)
    with pytest.raises(NotRead, match=r"a value of dues\.rhythm, or by month"):
        decide(known, ANSWERED_FROM)


@pytest.mark.requirement("grounded:said-plainly")
def test_a_reason_has_no_figures_but_those_of_the_question(choir: Business) -> None:
    text = choir.respond("How many stalls have a rent over 10?").text
    assert "in cents" in text
    assert set(re.findall(r"\d+", text)) == {"10"}


@pytest.mark.requirement("grounded:said-plainly")
@pytest.mark.parametrize(
    ("text", "column", "value", "said"),
    [
        ("lowest founded year", "min_founded_year", 1911, "is 1911."),
        ("total budget", "total_budget", 1700, "is 1,700."),
        ("How many singers are there?", "singers_count", 1234, "is 1,234."),
        ("how many different founded years are there?", "distinct_founded_year", 1234, "is 1,234."),
    ],
)
def test_years_and_ids_have_no_separators(
    choir: Business, text: str, column: str, value: int, said: str
) -> None:
    reading = decide(read(text, choir.context(text), TODAY), ANSWERED_FROM).reading
    content = {"columns": [column], "rows": [[value]], "row_count": 1}
    assert reply(reading, content).endswith(said)


@pytest.mark.requirement("grounded:said-plainly")
@pytest.mark.parametrize(
    "text", ["choirs with swaps", "How many choirs have swaps?", "number of swaps by town"]
)
def test_ways_between_tables_are_told_apart_by_what_differs(choir: Business, text: str) -> None:
    said = choir.respond(text).text
    assert "linked in several ways" in said
    assert "swaps.guest_id" in said
    assert "swaps.host_id" in said


@pytest.mark.requirement("grounded:said-plainly")
def test_what_rows_have_is_not_said_of_a_value(choir: Business) -> None:
    text = "How many singers with dues are bass?"
    reading = decide(read(text, choir.context(text), TODAY), ANSWERED_FROM).reading
    content = {"columns": ["singers_count"], "rows": [[1]], "row_count": 1}
    assert reply(reading, content) == "The number of singers where voice is bass, and with dues is 1."
