"""Words that call a referring column, verbs of links and dates, and questions for a moment."""

from collections.abc import Iterator

import pytest
from grounded_businesses import Business, set_up

from gnomon.models.minilm.embedder import MiniLmEmbedder

FLEET = """
CREATE TABLE harbours (harbour_id INTEGER PRIMARY KEY, name TEXT, region TEXT);
CREATE TABLE sailors (sailor_id INTEGER PRIMARY KEY, name TEXT, town TEXT, hire_date DATE,
  harbour_id INTEGER REFERENCES harbours (harbour_id), mentor_id INTEGER REFERENCES sailors (sailor_id));
CREATE TABLE messages (message_id INTEGER PRIMARY KEY, sender_id INTEGER REFERENCES sailors (sailor_id),
  recip_id INTEGER REFERENCES sailors (sailor_id), posted DATE, pages INTEGER);
CREATE TABLE ships (ship_id INTEGER PRIMARY KEY, name TEXT, engine TEXT);
CREATE TABLE voyages (voyage_id INTEGER PRIMARY KEY, ship_id INTEGER REFERENCES ships (ship_id),
  origin_id INTEGER REFERENCES harbours (harbour_id), dest_id INTEGER REFERENCES harbours (harbour_id),
  pilot_id INTEGER REFERENCES sailors (sailor_id), copilot_id INTEGER REFERENCES sailors (sailor_id),
  dep_ts TIMESTAMP, arr_ts TIMESTAMP, state TEXT);
CREATE TABLE drills (drill_id INTEGER PRIMARY KEY, sailor_id INTEGER REFERENCES sailors (sailor_id),
  starts_at TIMESTAMP, status TEXT);
INSERT INTO harbours VALUES (1, 'Elmport', 'North'), (2, 'Oakhaven', 'South'), (3, 'Firquay', 'South');
INSERT INTO sailors VALUES (1, 'Ada Moss', 'Brill', '2010-04-01', 1, NULL);
INSERT INTO sailors VALUES (2, 'Bo Lund', 'Crane', '2012-05-01', 1, 1);
INSERT INTO sailors VALUES (3, 'Cy Holt', 'Brill', '2015-06-01', 2, 1);
INSERT INTO sailors VALUES (4, 'Di Park', 'Dorn', '2026-01-05', 3, 2);
INSERT INTO messages VALUES
  (11, 1, 2, '2026-01-02', 3), (12, 1, 3, '2026-01-20', 5), (13, 1, 2, '2026-02-02', 7),
  (14, 2, 1, '2026-02-14', 2), (15, 2, 3, '2026-03-02', 4), (16, 3, 2, '2025-03-02', 9);
INSERT INTO ships VALUES (1, 'Heron', 'electric'), (2, 'Gull', 'diesel'), (3, 'Tern', 'diesel');
INSERT INTO voyages VALUES
  (21, 1, 1, 2, 1, 3, '2026-01-03 08:00:00', '2026-01-05 09:00:00', 'done'),
  (22, 1, 1, NULL, 2, NULL, '2026-01-31 08:00:00', '2026-02-02 09:00:00', 'done'),
  (23, 2, 1, 3, 1, NULL, '2026-02-10 08:00:00', '2026-02-11 09:00:00', 'done'),
  (24, 2, 2, 3, 1, 2, '2026-03-17 08:00:00', NULL, 'lost'),
  (25, 3, 3, NULL, 4, NULL, '2025-12-30 08:00:00', '2026-01-02 09:00:00', 'done');
INSERT INTO drills VALUES
  (31, 1, '2026-03-01 10:00:00', 'held'), (32, 1, '2026-03-18 15:00:00', 'cancelled'),
  (33, 1, '2026-03-19 10:00:00', 'planned'), (34, 2, '2026-03-18 13:30:00', 'planned'),
  (35, 2, '2026-03-18 08:00:00', 'held'), (36, 2, '2026-04-18 08:00:00', 'planned');
"""


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp("fleet")
    opened = set_up(folder, "fleet", str(request.param), FLEET, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def _cells(fleet: Business, text: str) -> set[str]:
    said = fleet.say(text)
    assert said.startswith("SELECT"), said
    return {str(value) for row in fleet.run(said) for value in row}


def _first(fleet: Business, text: str) -> str:
    """The one cell that is asked for, of a moment without fractions."""
    said = fleet.say(text)
    assert said.startswith("SELECT"), said
    rows = fleet.run(said)
    assert len(rows) == 1, rows
    return str(rows[0][0])


@pytest.mark.requirement("grounded:referring-nouns")
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("How many voyages have no destination?", "2"),
        ("How many voyages have a co-pilot?", "2"),
        ("How many voyages without a co-pilot are there?", "3"),
        ("How many sailors have no mentor?", "1"),
        ("How many voyages have destination Firquay?", "2"),
        ("How many voyages whose origin is Elmport are there?", "3"),
        ("How many voyages have no destination harbour?", "2"),
        ("How many messages have a sender in Brill?", "4"),
    ],
)
def test_what_a_referring_column_calls_its_row_stands_for_the_link(
    fleet: Business, text: str, answer: str
) -> None:
    assert _first(fleet, text) == answer


@pytest.mark.requirement("grounded:referring-nouns")
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Which harbour is the origin of the most voyages?", "Elmport"),
        ("Which harbour is the destination of the most voyages?", "Firquay"),
        ("Who is the sender of the most messages?", "Ada Moss"),
        ("Which sender has the most messages?", "Ada Moss"),
        ("Who sent the most messages?", "Ada Moss"),
        ("Who mentors the most sailors?", "Ada Moss"),
        ("Who is the mentor of the most sailors?", "Ada Moss"),
    ],
)
def test_rows_are_ranked_by_the_link_that_is_called(fleet: Business, text: str, answer: str) -> None:
    assert answer in _cells(fleet, text)


@pytest.mark.requirement("grounded:referring-nouns")
def test_groups_are_those_that_the_called_column_refers_to(fleet: Business) -> None:
    said = fleet.say("Number of voyages per destination")
    assert sorted(row[-1] for row in fleet.run(said)) == [1, 2]
    said = fleet.say("Number of voyages per origin region")
    assert sorted(fleet.run(said)) == [("North", 3), ("South", 2)]


@pytest.mark.requirement("grounded:referring-verbs")
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("How many messages were sent by Ada Moss?", "3"),
        ("How many messages did Bo Lund send?", "2"),
        ("How many messages did Bo Lund receive?", "3"),
        ("How many messages were sent by sailors in Brill?", "4"),
        ("How many sailors have never sent a message?", "1"),
        ("How many sailors have never received a message?", "1"),
        ("How many sailors sent more than 1 message?", "2"),
        ("Total pages of messages sent by Bo Lund", "6"),
        ("How many sailors does Ada Moss mentor?", "2"),
    ],
)
def test_a_verb_with_the_root_of_a_referring_column_is_about_that_link(
    fleet: Business, text: str, answer: str
) -> None:
    assert _first(fleet, text) == answer


@pytest.mark.requirement("grounded:referring-verbs")
def test_a_ranking_by_what_was_sent_goes_by_the_sender(fleet: Business) -> None:
    rows = fleet.run(fleet.say("Top 2 sailors by number of messages sent"))
    assert [(row[-2], row[-1]) for row in rows] == [("Ada Moss", 3), ("Bo Lund", 2)]


@pytest.mark.requirement("grounded:referring-verbs")
@pytest.mark.parametrize(
    "text",
    [
        "How many messages were sent by Ada Moss to Bo Lund?",
        "How many messages sent by Ada Moss did Bo Lund get?",
        "How many messages did Ada Moss send to sailors in Brill?",
        "How many messages of Ada Moss are there?",
        "How many messages were sent by Elmport?",
        "How many messages were received and sent by Ada Moss?",
        "Which sailors have sent messages in Brill?",
        "How many voyages did Ada Moss pilot with Bo Lund?",
        "How many sent messages were burned by Ada Moss?",
        "How many messages have a sender in Brill and a recipient in Crane?",
        "Which sender has the fewest messages?",
        "How many sailors were sent a message?",
        "How many messages of Ada Moss were sent?",
        "How many sailors sent fewer than 2 messages?",
        "How many messages were sent in 2026 by sailors in Brill?",
    ],
)
def test_where_either_end_may_be_meant_nothing_is_answered(fleet: Business, text: str) -> None:
    assert not fleet.say(text).startswith("SELECT")


@pytest.mark.requirement("grounded:verbs-of-dates")
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("How many voyages departed in January 2026?", "2"),
        ("How many voyages arrived in January 2026?", "2"),
        ("How many sailors were hired in 2026?", "1"),
        ("How many messages were posted in February 2026?", "2"),
    ],
)
def test_a_verb_with_the_root_of_one_date_is_about_that_date(fleet: Business, text: str, answer: str) -> None:
    assert _first(fleet, text) == answer


@pytest.mark.requirement("grounded:verbs-of-dates")
def test_the_first_and_the_last_go_by_the_date_of_the_verb(fleet: Business) -> None:
    assert "Ada Moss" in _cells(fleet, "Which sailor was hired first?")
    assert "Di Park" in _cells(fleet, "Which sailor was hired most recently?")
    assert "Di Park" in _cells(fleet, "Which sailor was hired last?")


@pytest.mark.requirement("grounded:verbs-of-dates")
@pytest.mark.parametrize(
    "text",
    [
        "How many voyages were booked in January 2026?",
        "How many messages arrived in February 2026?",
        "Which sailor was promoted first?",
        "How many voyages in January 2026?",
        "Which harbour was hired first?",
    ],
)
def test_a_verb_of_no_date_of_the_rows_stops_the_question(fleet: Business, text: str) -> None:
    assert not fleet.say(text).startswith("SELECT")


@pytest.mark.requirement("grounded:moments")
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("When was the last message posted?", "2026-03-02"),
        ("When was the first message posted?", "2025-03-02"),
        ("When was the first message sent by Bo Lund posted?", "2026-02-14"),
        ("When did the latest voyage depart?", "2026-03-17 08:00:00"),
        ("When did the first voyage arrive?", "2026-01-02 09:00:00"),
        ("When was Cy Holt hired?", "2015-06-01"),
        ("When is the next drill?", "2026-03-18 13:30:00"),
        ("When is the next drill of Ada Moss?", "2026-03-19 10:00:00"),
        ("When is the next drill of sailor 2?", "2026-03-18 13:30:00"),
    ],
)
def test_a_question_for_a_moment_is_answered_with_it(fleet: Business, text: str, answer: str) -> None:
    assert _first(fleet, text) == answer


@pytest.mark.requirement("grounded:moments")
def test_what_was_called_off_is_not_the_next_one_and_the_answer_says_so(fleet: Business) -> None:
    response = fleet.respond("When is the next drill of Ada Moss?")
    told = " ".join(a["text"] for a in response.tool_calls[0].arguments["assumptions"])
    assert "leaves out rows whose status is cancelled" in told


@pytest.mark.requirement("grounded:moments")
@pytest.mark.parametrize(
    "text",
    [
        "When was the first voyage?",
        "When was the last message burned?",
        "When was Ada Moss promoted?",
        "When did the last 5 voyages depart?",
        "When is the next message?",
        "When do sailors sleep?",
        "When is the last voyage?",
        "When was voyage 21?",
        "When was the first drill cancelled?",
        "When was the last drill cancelled by Ada Moss?",
        "When was the last message sent by Ada Moss to Bo Lund posted?",
    ],
)
def test_a_moment_of_several_dates_or_none_is_not_told(fleet: Business, text: str) -> None:
    assert not fleet.say(text).startswith("SELECT")


@pytest.mark.requirement("grounded:plain-verbs")
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("How many voyages used an electric ship?", "2"),
        ("How many sailors work in Elmport?", "2"),
        ("How many sailors work in the North region?", "2"),
        ("How many ships were used on voyage 23?", "1"),
    ],
)
def test_a_verb_that_only_links_two_things_adds_nothing(fleet: Business, text: str, answer: str) -> None:
    assert _first(fleet, text) == answer


@pytest.mark.requirement("grounded:plain-verbs")
@pytest.mark.parametrize(
    "text",
    [
        "How many sailors left Elmport?",
        "How many sailors worked in Elmport in 2020?",
        "How many voyages wrecked a ship?",
        "How many sailors use a ship?",
        "How many sailors attended a drill?",
        "Which sailors won a voyage?",
        "How many harbours host voyages?",
        "How many voyages of used ships are there?",
    ],
)
def test_a_verb_of_an_outcome_or_of_several_links_stays_without_a_place(fleet: Business, text: str) -> None:
    assert not fleet.say(text).startswith("SELECT")


@pytest.mark.requirement("grounded:rows-by-number")
def test_a_number_behind_the_noun_of_one_row_is_its_key(fleet: Business) -> None:
    assert _first(fleet, "What is the state of voyage 24?") == "lost"
    assert _first(fleet, "How many drills does sailor 2 have?") == "3"
    assert not fleet.say("Show the top voyage 3").startswith("SELECT")


@pytest.mark.requirement("grounded:plain-verbs")
def test_where_somebody_lives_is_not_where_they_work(fleet: Business) -> None:
    assert _first(fleet, "How many sailors live in Brill?") == "2"
    assert not fleet.say("How many sailors live in Elmport?").startswith("SELECT")


@pytest.mark.requirement("grounded:verbs-of-dates")
def test_a_note_of_what_happened_per_unit_of_time_counts_rows_by_that_date(fleet: Business) -> None:
    rows = fleet.run(fleet.say("Messages posted per month in 2026"))
    assert [row[-1] for row in rows] == [2, 2, 1]
    rows = fleet.run(fleet.say("Voyages departed per year"))
    assert [row[-1] for row in rows] == [1, 4]
