"""What a question is about where it names no table, and what is no name although a column is called so."""

from collections.abc import Iterator

import pytest
from grounded_businesses import ANSWERED_FROM, NOW, Business, rows_of, set_up

from gnomon.models.grounded.decide import decide, read
from gnomon.models.minilm.embedder import MiniLmEmbedder

FERRY = """
CREATE TABLE port (port_id INTEGER PRIMARY KEY, port_name TEXT, country TEXT, since DATE,
  minimum_fee INTEGER);
CREATE TABLE crew (crew_id INTEGER PRIMARY KEY, full_name TEXT);
CREATE TABLE vessel (vessel_id INTEGER PRIMARY KEY, vessel_name TEXT, home_port_id INTEGER
  REFERENCES port (port_id), yearly_toll INTEGER);
CREATE TABLE crossing (crossing_id INTEGER PRIMARY KEY, vessel_id INTEGER REFERENCES vessel (vessel_id),
  crossing_toll INTEGER, towing_fee INTEGER, seats_sold INTEGER, state TEXT, channel TEXT);
CREATE TABLE repair_job (job_id INTEGER PRIMARY KEY, vessel_id INTEGER REFERENCES vessel (vessel_id),
  reported_by INTEGER REFERENCES crew (crew_id), cost INTEGER);
CREATE TABLE job_log (log_id INTEGER PRIMARY KEY, job_id INTEGER REFERENCES repair_job (job_id), notes TEXT);
CREATE VIEW v_sailed AS SELECT * FROM crossing WHERE state = 'sailed';
CREATE VIEW v_port_figures AS SELECT p.port_id, SUM(c.seats_sold * 3) AS takings FROM port p
  JOIN vessel v ON v.home_port_id = p.port_id JOIN crossing c ON c.vessel_id = v.vessel_id GROUP BY p.port_id;
INSERT INTO port VALUES (1, 'Alta', 'Norway', '2014-05-01', 5), (2, 'Brest', 'France', '2015-02-02', 6),
  (3, 'Cadiz', 'Spain', '2021-03-03', 7), (4, 'Dover', 'France', '2022-04-04', 8);
INSERT INTO crew VALUES (1, 'Ida Berg'), (2, 'Jon Dahl');
INSERT INTO vessel VALUES (1, 'Tern', 1, 900), (2, 'Gull', 2, 500);
INSERT INTO crossing VALUES (1, 1, 20, 2, 100, 'sailed', 'web'), (2, 1, 30, 3, 50, 'planned', 'desk'),
  (3, 2, 40, 4, 70, 'sailed', 'web'), (4, 2, 10, 5, 20, 'scrapped', 'desk');
INSERT INTO repair_job VALUES (1, 1, 1, 10), (2, 2, 1, 20), (3, 1, 2, 40);
INSERT INTO job_log VALUES (1, 1, 'seen'), (2, 2, 'seen');
"""


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def ferry(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp(f"ferry_{request.param}")
    opened = set_up(folder, "ferry", request.param, FERRY, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


@pytest.mark.requirement("grounded:glued-names")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("How many ports since 2015?", "SELECT COUNT(*) FROM port WHERE since >= '2015-01-01'"),
        ("How many ports since 2021 are in France?", "SELECT 1"),
        ("number of ports since 2015 per country", "SELECT 'France', 2 UNION ALL SELECT 'Spain', 1"),
        ("How many repair jobs were reported by Ida Berg?", "SELECT 2"),
        ("How many ports were there in total?", "SELECT 4"),
    ],
)
def test_a_preposition_behind_a_noun_is_no_part_of_a_column_s_name(
    ferry: Business, text: str, sql: str
) -> None:
    assert sorted(map(str, rows_of(ferry, text))) == sorted(map(str, ferry.run(sql)))


@pytest.mark.requirement("grounded:glued-names")
def test_rows_that_somebody_did_something_to_are_listed_themselves(ferry: Business) -> None:
    rows = rows_of(ferry, "Repair jobs reported by Ida Berg")
    assert {row[0] for row in rows} == {1, 2}
    assert not any("Ida Berg" in row for row in rows)


@pytest.mark.requirement("grounded:bare-measures")
@pytest.mark.parametrize("text", ["What is the average toll?", "total toll", "highest toll"])
def test_a_measure_of_several_tables_is_asked_about_where_none_is_named(ferry: Business, text: str) -> None:
    assert not ferry.say(text).startswith("SELECT")
    asked = ferry.say(text, interactive=True)
    assert "crossing.crossing_toll" in asked
    assert "vessel.yearly_toll" in asked


@pytest.mark.requirement("grounded:bare-measures")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("What is the average toll of crossings?", "SELECT AVG(crossing_toll) FROM crossing"),
        ("What is the average crossing toll?", "SELECT AVG(crossing_toll) FROM crossing"),
        ("average toll of vessels", "SELECT AVG(yearly_toll) FROM vessel"),
        ("average yearly toll", "SELECT AVG(yearly_toll) FROM vessel"),
    ],
)
def test_a_measure_is_that_of_the_table_that_is_named(ferry: Business, text: str, sql: str) -> None:
    assert rows_of(ferry, text) == ferry.run(sql)


@pytest.mark.requirement("grounded:views")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("average seats sold by channel", "SELECT channel, AVG(seats_sold) FROM crossing GROUP BY channel"),
        ("total seats sold by state", "SELECT state, SUM(seats_sold) FROM crossing GROUP BY state"),
    ],
)
def test_a_table_goes_before_a_view_of_some_of_its_rows(ferry: Business, text: str, sql: str) -> None:
    assert sorted(rows_of(ferry, text), key=str) == sorted(ferry.run(sql), key=str)


@pytest.mark.requirement("grounded:views")
def test_what_a_view_computes_is_added_up_as_that_and_stated(ferry: Business) -> None:
    text = "What are the total takings?"
    assert rows_of(ferry, text) == ferry.run("SELECT SUM(takings) FROM v_port_figures")
    reading = decide(read(text, ferry.context(text), NOW.date()), ANSWERED_FROM).reading
    said = dict(reading.assumptions)
    assert "v_port_figures.takings is taken as that view computes it." in said
    counted = decide(read("total seats sold", ferry.context("total seats sold"), NOW.date()), ANSWERED_FROM)
    assert not any("as that view" in told for told, _ in counted.reading.assumptions)


@pytest.mark.requirement("grounded:holders")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("How many jobs are there?", "SELECT COUNT(*) FROM repair_job"),
        ("total cost of jobs", "SELECT SUM(cost) FROM repair_job"),
        ("How many job logs are there?", "SELECT COUNT(*) FROM job_log"),
        ("How many logs are there?", "SELECT COUNT(*) FROM job_log"),
    ],
)
def test_a_log_of_things_is_none_of_them_where_another_table_holds_them(
    ferry: Business, text: str, sql: str
) -> None:
    assert rows_of(ferry, text) == ferry.run(sql)


@pytest.mark.requirement("grounded:bare-measures")
def test_a_bound_is_not_taken_for_what_the_rows_below_measure(ferry: Business) -> None:
    for text in ("What is the average fee per country?", "average fee in France"):
        assert not ferry.say(text).startswith("SELECT")
        assert ferry.say(text, interactive=True).startswith("ask: crossing.towing_fee | port.minimum_fee")
    assert rows_of(ferry, "average fee of ports in France") == [(7.0,)]
    assert rows_of(ferry, "average minimum fee in France") == [(7.0,)]


@pytest.mark.requirement("grounded:not-a-name")
@pytest.mark.parametrize(
    ("text", "sql"),
    [
        ("How many crossings have not sailed?", None),
        ("crossings not scrapped", "SELECT crossing_id FROM crossing WHERE state <> 'scrapped'"),
        ("job logs not in 2026", None),
        ("notes of job logs", "SELECT notes FROM job_log"),
    ],
)
def test_a_word_that_denies_is_no_column_of_notes(ferry: Business, text: str, sql: str | None) -> None:
    said = ferry.say(text)
    if sql is None:
        assert "notes" not in said
    else:
        assert {row[0] for row in rows_of(ferry, text)} == {row[0] for row in ferry.run(sql)}
