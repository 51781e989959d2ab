"""Parts of a row have its date; rows that refer to a thing have not that of the thing, nor has its worth."""

from collections.abc import Iterator

import pytest
from grounded_businesses import Business, set_up

from gnomon.models.grounded.followup import read_in_conversation
from gnomon.models.grounded.reading import NotRead
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.sql import write_sql
from gnomon.models.minilm.embedder import MiniLmEmbedder

SCRIPT = """
CREATE TABLE invoices (invoice_id INTEGER PRIMARY KEY, client TEXT, issued_on DATE);
CREATE TABLE toys (toy_id INTEGER PRIMARY KEY, name TEXT, created_at DATE);
CREATE TABLE invoice_lines (line_id INTEGER PRIMARY KEY, invoice_id INTEGER REFERENCES invoices (invoice_id),
  toy_id INTEGER REFERENCES toys (toy_id), amount DECIMAL(8, 2));
CREATE TABLE toy_ratings (rating_id INTEGER PRIMARY KEY, toy_id INTEGER REFERENCES toys (toy_id),
  stars INTEGER);
CREATE TABLE makers (maker_id INTEGER PRIMARY KEY, name TEXT, turnover DECIMAL(8, 2), created_at DATE);
INSERT INTO makers VALUES (1, 'Oak', 10, '2024-02-02'), (2, 'Elm', 20, '2025-03-03');
INSERT INTO invoices VALUES
  (1, 'Aster', '2025-01-03'), (2, 'Borage', '2025-02-09'), (3, 'Aster', '2025-02-11');
INSERT INTO toys VALUES (1, 'Kite', '2024-05-05'), (2, 'Top', '2024-06-06');
INSERT INTO invoice_lines VALUES (1, 1, 1, 10), (2, 1, 2, 5), (3, 2, 1, 20), (4, 3, 1, 1), (5, 3, 2, 2);
INSERT INTO toy_ratings VALUES (1, 1, 5), (2, 2, 3);
"""


@pytest.fixture(scope="module")
def toyshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    """Invoices with their lines, and ratings of toys."""
    folder = tmp_path_factory.mktemp("toyshop")
    asked = set_up(folder, "toyshop", "duckdb", SCRIPT, MiniLmEmbedder())
    yield asked
    asked.assembler.index.close()


def rows(asked: Business, question: str) -> list[list[str]]:
    """What the careful reading of a question gives, as text."""
    context = asked.context(question)
    reading = read_in_conversation(question, context, context.now.date())
    return [[str(v) for v in row] for row in asked.run(write_sql(reading, Schema(context)))]


@pytest.mark.requirement("grounded:dates")
@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("total amount in January 2025", [["15.00"]]),
        ("amount by month", [["2025-01-01", "15.00"], ["2025-02-01", "23.00"]]),
        ("average monthly amount", [["19.0"]]),
        ("how many invoice lines in February 2025?", [["3"]]),
    ],
)
def test_lines_have_the_date_of_their_invoice(
    question: str, found: list[list[str]], toyshop: Business
) -> None:
    assert rows(toyshop, question) == found


@pytest.mark.requirement("grounded:dates")
@pytest.mark.parametrize("question", ["how many toy ratings in 2024?", "average stars by month"])
def test_ratings_do_not_have_the_date_on_which_their_toy_was_made(question: str, toyshop: Business) -> None:
    with pytest.raises(NotRead, match="no date column"):
        rows(toyshop, question)


@pytest.mark.requirement("grounded:cannot-say-so")
@pytest.mark.parametrize(
    "question",
    [
        "average annual turnover of makers",
        "highest yearly turnover",
        "turnover growth in 2025",
        "monthly turnover growth",
        "cumulative turnover by month",
    ],
)
def test_what_a_thing_is_worth_does_not_happen_on_the_day_of_its_row(
    question: str, toyshop: Business
) -> None:
    with pytest.raises(NotRead, match="may be that of each row"):
        rows(toyshop, question)


@pytest.mark.requirement("grounded:figures-of-figures")
@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("average monthly number of makers", [["1.0"]]),
        ("growth of makers in 2025", [["1", "1", "0", "0.0"]]),
        ("compare turnover of Oak and Elm", [["Elm", "20.00"], ["Oak", "10.00"]]),
    ],
)
def test_things_themselves_are_counted_by_the_day_of_their_row(
    question: str, found: list[list[str]], toyshop: Business
) -> None:
    assert sorted(rows(toyshop, question)) == found
