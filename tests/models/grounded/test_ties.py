"""Several rows in the first place: whoever is there sees all of them, anybody else is told of the tie."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from gnomon.domain.answer import Answer, Question
from gnomon.domain.events import AnswerReady
from gnomon.settings import Settings
from gnomon.wiring import open_gnomon

Ask = Callable[..., Answer]
NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)
SHOP = """
CREATE TABLE clients (client_id INTEGER PRIMARY KEY, client_name TEXT, age INTEGER);
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, amount INTEGER,
  client_id INTEGER REFERENCES clients (client_id));
INSERT INTO clients VALUES (1, 'Ada', 61), (2, 'Bo', 40), (3, 'Cy', 61), (4, 'Di', NULL);
INSERT INTO orders VALUES (1, 10, 1), (2, 20, 1), (3, 5, 2), (4, 30, 3), (5, 1, 3), (6, 7, 4);
"""


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    folder: Path = tmp_path_factory.mktemp("ties")
    with duckdb.connect(str(folder / "shop.duckdb")) as database:
        database.execute(SHOP)
    overrides = {"warehouse.url": str(folder / "shop.duckdb"), "state.dir": str(folder / "state")}
    gnomon = open_gnomon(Settings.load(folder, overrides))
    gnomon.ensure_index()

    def asked(text: str, *, interactive: bool) -> Answer:
        question = Question("q", text, gnomon.principal, NOW, "c", interactive=interactive)
        events = gnomon.agent.ask(question)
        return next(e.answer for e in events if isinstance(e, AnswerReady))

    yield asked
    gnomon.close()


@pytest.mark.requirement("grounded:ties")
@pytest.mark.parametrize(
    ("text", "tied"),
    [
        ("Who is the oldest client?", {"Ada", "Cy"}),
        ("What is the name of the oldest client?", {"Ada", "Cy"}),
        ("Which client has the most orders?", {"Ada", "Cy"}),
        ("Which client has the fewest orders?", {"Bo", "Di"}),
    ],
)
def test_all_rows_that_tie_for_the_first_place_are_listed_to_whoever_is_there(
    ask: Ask, text: str, tied: set[str]
) -> None:
    answer = ask(text, interactive=True)
    assert answer.status == "answered", answer.text
    assert answer.result is not None
    assert {cell for row in answer.result.rows for cell in row if isinstance(cell, str)} == tied
    assert any("Several tie for the first place" in a.text for a in answer.assumptions)


@pytest.mark.requirement("grounded:ties")
def test_one_row_of_several_that_tie_is_no_answer_where_nobody_is_there(ask: Ask) -> None:
    answer = ask("Which client has the most orders?", interactive=False)
    assert answer.status == "abstained"
    assert "tie" in answer.text


@pytest.mark.requirement("grounded:ties")
def test_where_nothing_ties_there_is_one_row_and_no_word_of_ties(ask: Ask) -> None:
    answer = ask("Which client has the largest order amount?", interactive=True)
    assert not any("tie" in a.text for a in answer.assumptions)
    assert answer.result is None or len(answer.result.rows) == 1
