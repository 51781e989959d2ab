"""Tables, keys and dates that are called so for short: `tenants` of `tnt`, `cancelled` of `cancel_ts`."""

from collections.abc import Iterator

import pytest
from grounded_businesses import ANSWERED_FROM, NOW, Business, rows_of, set_up

from gnomon.models.grounded.decide import decide, read
from gnomon.models.minilm.embedder import MiniLmEmbedder

GYM = """
CREATE TABLE mbr (mbr_id INTEGER PRIMARY KEY, mbr_nm TEXT, town TEXT, joined_dt DATE, left_dt DATE);
CREATE TABLE ctr (ctr_id INTEGER PRIMARY KEY, ctr_nm TEXT, trade TEXT);
CREATE TABLE bldg (bldg_id INTEGER PRIMARY KEY, bldg_nm TEXT, wavelength_nm INTEGER);
CREATE TABLE bkg (bkg_id INTEGER PRIMARY KEY, mbr_id INTEGER REFERENCES mbr (mbr_id),
  bldg_id INTEGER REFERENCES bldg (bldg_id), bkg_ts DATE, cancel_ts DATE, compl_ts DATE, status TEXT);
CREATE TABLE svc_tkt (tkt_id INTEGER PRIMARY KEY, bldg_id INTEGER REFERENCES bldg (bldg_id),
  ctr_id INTEGER REFERENCES ctr (ctr_id), opened_dt DATE, cost INTEGER);
CREATE TABLE tkt_log (log_id INTEGER PRIMARY KEY, tkt_id INTEGER REFERENCES svc_tkt (tkt_id), remark TEXT);
INSERT INTO mbr VALUES (1, 'Ada Lund', 'Linz', '2024-01-05', NULL),
  (2, 'Bo Holm', 'Graz', '2024-03-01', '2025-02-01'),
  (3, 'Cy Falk', 'Linz', '2025-05-05', NULL), (4, 'Di Moe', 'Graz', '2025-06-06', '2025-12-01');
INSERT INTO ctr VALUES (1, 'Elm Pipes', 'plumber'), (2, 'Oak Wires', 'fitter'), (3, 'Fir Roofs', 'roofer');
INSERT INTO bldg VALUES (1, 'North Hall', 400), (2, 'South Hall', 500);
INSERT INTO bkg VALUES (1, 1, 1, '2025-01-10', NULL, '2025-02-01', 'completed'),
  (2, 1, 2, '2025-03-10', '2026-01-03', NULL, 'cancelled'),
  (3, 2, 1, '2025-04-10', NULL, '2026-02-02', 'completed'),
  (4, 3, 1, '2026-01-10', '2026-01-20', NULL, 'cancelled'), (5, 3, 2, '2026-02-10', NULL, NULL, 'booked');
INSERT INTO svc_tkt VALUES (1, 1, 1, '2025-01-01', 50), (2, 1, 2, '2025-05-01', 70),
  (3, 2, 1, '2026-01-02', 20),
  (4, 1, NULL, '2026-02-02', 10);
INSERT INTO tkt_log VALUES (1, 1, 'seen'), (2, 1, 'done'), (3, 2, 'seen'), (4, 3, 'seen'), (5, 3, 'done');
"""


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def gym(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp(f"gym_{request.param}")
    opened = set_up(folder, "gym", request.param, GYM, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


@pytest.mark.requirement("grounded:short-tables")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("How many members are there?", "SELECT COUNT(*) FROM mbr"),
        ("How many buildings are there?", "SELECT COUNT(*) FROM bldg"),
        ("How many contractors do we have?", "SELECT COUNT(*) FROM ctr"),
        ("How many tickets are there?", "SELECT COUNT(*) FROM svc_tkt"),
        ("How many service tickets are there?", "SELECT COUNT(*) FROM svc_tkt"),
        ("How many ticket logs are there?", "SELECT COUNT(*) FROM tkt_log"),
        ("How many bookings does Ada Lund have?", "SELECT COUNT(*) FROM bkg WHERE mbr_id = 1"),
        ("total cost of tickets", "SELECT SUM(cost) FROM svc_tkt"),
        ("How many members have no bookings?", "SELECT 1"),
    ],
)
def test_a_table_is_known_by_the_word_that_its_name_is_short_for(gym: Business, text: str, sql: str) -> None:
    assert rows_of(gym, text) == gym.run(sql)


@pytest.mark.requirement("grounded:short-tables")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        (
            "number of tickets per contractor",
            "SELECT ctr_nm, COUNT(*) FROM svc_tkt JOIN ctr USING (ctr_id) GROUP BY ctr_nm",
        ),
        (
            "bookings per building",
            "SELECT bldg_nm, COUNT(*) FROM bkg JOIN bldg USING (bldg_id) GROUP BY bldg_nm",
        ),
        ("Which building has the most bookings?", "SELECT 'North Hall', 3"),
        ("names of members in Linz", "SELECT mbr_nm FROM mbr WHERE town = 'Linz'"),
    ],
)
def test_what_it_is_called_is_shown_by_its_name(gym: Business, text: str, sql: str) -> None:
    named = "SELECT mbr_nm FROM mbr UNION SELECT ctr_nm FROM ctr UNION SELECT bldg_nm FROM bldg"
    names = {name for (name,) in gym.run(named)}
    found = [
        tuple(v for at, v in enumerate(row) if v in names or at == len(row) - 1) for row in rows_of(gym, text)
    ]
    assert sorted(found) == sorted(gym.run(sql))


@pytest.mark.requirement("grounded:short-tables")
def test_the_answer_says_which_table_was_meant(gym: Business) -> None:
    text = "tickets per building"
    reading = decide(read(text, gym.context(text), NOW.date()), ANSWERED_FROM).reading
    assert reading.alone
    assert any("`tickets` as svc_tkt, `building` as bldg" in text for text, _ in reading.assumptions)


@pytest.mark.requirement("grounded:short-tables")
def test_a_change_to_the_question_before_may_name_such_a_table_too(gym: Business) -> None:
    said = gym.say("by building", earlier=("How many tickets are there?",))
    assert sorted(row[-1] for row in gym.run(said)) == [1, 3]


@pytest.mark.requirement("grounded:short-tables")
@pytest.mark.parametrize(
    "text",
    [
        "How many customers are there?",
        "How many merchants are there?",
        "How many blocks are there?",
        "How many braking members are there?",
        "How many counted members are there?",
        "members who baked",
        "How many trackers are there?",
    ],
)
def test_words_that_no_table_is_short_for_are_not_placed(gym: Business, text: str) -> None:
    assert gym.say(text).startswith("cannot:")


@pytest.mark.requirement("grounded:short-dates")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        (
            "How many bookings were cancelled in 2026?",
            "SELECT COUNT(*) FROM bkg WHERE cancel_ts >= '2026-01-01'",
        ),
        (
            "How many bookings were completed in 2025?",
            "SELECT COUNT(*) FROM bkg WHERE compl_ts < '2026-01-01'",
        ),
        ("How many bookings were there in 2026?", "SELECT COUNT(*) FROM bkg WHERE bkg_ts >= '2026-01-01'"),
        ("How many members have left?", "SELECT COUNT(*) FROM mbr WHERE left_dt IS NOT NULL"),
        ("How many members are there who have not left?", "SELECT COUNT(*) FROM mbr WHERE left_dt IS NULL"),
        ("How many members joined in 2025?", "SELECT COUNT(*) FROM mbr WHERE joined_dt >= '2025-01-01'"),
    ],
)
def test_a_date_is_known_by_the_verb_that_its_name_begins(gym: Business, text: str, sql: str) -> None:
    assert rows_of(gym, text) == gym.run(sql)


@pytest.mark.requirement("grounded:short-dates")
def test_without_a_verb_that_any_date_tells_the_period_stays_open(gym: Business) -> None:
    assert gym.say("How many members were there in 2025?", interactive=True).startswith("ask:")
    assert gym.say("How many bookings were approved in 2026?").startswith("cannot:")
