"""Values that read like steering words, or like a flag of another table."""

from collections.abc import Iterator

import pytest
from grounded_businesses import Business, set_up

from gnomon.models.minilm.embedder import MiniLmEmbedder

GARDENS = """
CREATE TABLE growers (grower_id INTEGER PRIMARY KEY, grower_name TEXT, is_active INTEGER);
CREATE TABLE tariffs (tariff_id INTEGER PRIMARY KEY, tariff_name TEXT);
CREATE TABLE leases (lease_id INTEGER PRIMARY KEY, grower_id INTEGER REFERENCES growers (grower_id),
  tariff_id INTEGER REFERENCES tariffs (tariff_id), status TEXT, rent INTEGER);
CREATE TABLE tours (tour_id INTEGER PRIMARY KEY, state TEXT);
INSERT INTO growers VALUES (1, 'Ada', 1), (2, 'Bo', 0), (3, 'Cy', 1);
INSERT INTO tariffs VALUES (1, 'Growth'), (2, 'Starter');
INSERT INTO leases VALUES (1, 1, 1, 'active', 10), (2, 2, 1, 'active', 20), (3, 1, 2, 'ended', 30);
INSERT INTO tours VALUES (1, 'in progress'), (2, 'no-show'), (3, 'done'), (4, 'in progress'), (5, 'no-show');
"""


@pytest.fixture(scope="module", params=["duckdb", "sqlite"])
def gardens(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    folder = tmp_path_factory.mktemp(f"gardens-{request.param}")
    opened = set_up(folder, "gardens", request.param, GARDENS, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


@pytest.mark.requirement("grounded:values-like-words")
@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("How many tours are in progress?", 2),
        ("How many no-show tours?", 2),
        ("How many tours are done?", 1),
        ("How many Growth leases are there?", 2),
        ("Total rent of active leases", 30),
        ("How many active growers are there?", 2),
    ],
)
def test_a_value_that_reads_like_a_word_is_found(gardens: Business, text: str, figure: int) -> None:
    said = gardens.say(text)
    assert said.startswith("SELECT"), said
    assert gardens.run(said) == [(figure,)], said


@pytest.mark.requirement("grounded:values-like-words")
@pytest.mark.parametrize("text", ["Growth of tours", "What is the growth of leases?"])
def test_growth_is_a_value_only_where_it_is_written_as_a_name(gardens: Business, text: str) -> None:
    said = gardens.say(text)
    assert not said.startswith("SELECT"), said
