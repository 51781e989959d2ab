"""Readings that other columns contradict are not answered from: whose name, and which of two numbers."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from grounded_businesses import ANSWERED_FROM, NOW, Business, set_up

from gnomon.models.grounded.decide import decide, read
from gnomon.models.grounded.reading import NotRead
from gnomon.models.minilm.embedder import MiniLmEmbedder

TODAY = NOW.date()
LENDER = """
CREATE TABLE bank (bank_id INTEGER PRIMARY KEY, bname TEXT, city TEXT, no_of_customers INTEGER);
CREATE TABLE customer (customer_id INTEGER PRIMARY KEY, cust_name TEXT, segment TEXT,
  bank_id INTEGER REFERENCES bank (bank_id));
CREATE TABLE loan (loan_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (customer_id),
  loan_type TEXT, amount INTEGER);
CREATE TABLE cards (card_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (customer_id),
  card_type_code TEXT, card_description TEXT, yearly_fee INTEGER);
CREATE TABLE ref_card_types (card_type_code TEXT PRIMARY KEY, card_type_description TEXT);
INSERT INTO bank VALUES (1, 'Elm', 'Linz', 900), (2, 'Oak', 'Graz', 40), (3, 'Fir', 'Linz', 7);
INSERT INTO customer VALUES (1, 'Ada', 'retail', 1), (2, 'Bo', 'firm', 1), (3, 'Cy', 'retail', 2);
INSERT INTO loan VALUES (1, 1, 'Business', 10), (2, 1, 'House', 90), (3, 3, 'Business', 20);
INSERT INTO cards VALUES (1, 1, 'GLD', 'has a scratch', 120), (2, 2, 'STD', 'new', 10);
INSERT INTO ref_card_types VALUES ('GLD', 'Gold with insurance'), ('STD', 'Standard');
"""


@pytest.fixture(scope="module")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    opened = set_up(tmp_path_factory.mktemp("lender"), "lender", "duckdb", LENDER, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


@pytest.mark.requirement("grounded:whose-name")
@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("What are the names of banks in Linz?", "cust_name"),
        ("What are the names and cities of banks that offer loans for business?", "cust_name"),
        ("What is the description of the card type with a yearly fee above 100?", "card_description"),
    ],
)
def test_the_name_of_one_thing_is_not_answered_with_the_name_of_another(
    lender: Business, text: str, wrong: str
) -> None:
    assert wrong not in lender.say(text)


@pytest.mark.requirement("grounded:whose-name")
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("List the names of customers.", {"Ada", "Bo", "Cy"}),
        ("What are the names of customers in the retail segment?", {"Ada", "Cy"}),
        ("What is the description of each card?", {"has a scratch", "new"}),
    ],
)
def test_a_name_is_shown_where_it_is_the_thing_s_own(lender: Business, text: str, rows: set[str]) -> None:
    said = lender.say(text)
    assert said.startswith("SELECT"), said
    assert {value for row in lender.run(said) for value in row if value in rows} == rows


@pytest.mark.requirement("grounded:stored-number")
@pytest.mark.parametrize(
    "text",
    [
        "How many customers does the bank Oak have?",
        "How many customers are there for each bank?",
        "Which bank has the most customers?",
        "List the banks with at least 2 customers.",
    ],
)
def test_where_a_column_holds_the_number_that_could_be_counted_the_person_is_asked(
    lender: Business, text: str
) -> None:
    asked = lender.say(text, interactive=True)
    assert asked == "ask: customer | bank.no_of_customers | none of these"
    assert lender.say(text).startswith("cannot:")


@pytest.mark.requirement("grounded:stored-number")
def test_the_choice_of_what_is_counted_is_kept(lender: Business) -> None:
    text = "Which bank has the most customers?"
    context = lender.context(text)
    with pytest.raises(NotRead, match="could be a count of customer or bank"):
        decide(read(text, context, TODAY), ANSWERED_FROM)
    counted, stored = (
        decide(read(text, replace(context, choices=(("customers", meant),)), TODAY), ANSWERED_FROM).sql
        for meant in ("customer", "bank.no_of_customers")
    )
    assert lender.run(counted)[0][0] == "Elm"
    assert "COUNT(*)" in counted
    assert "no_of_customers" not in counted
    assert "COUNT(*)" not in stored
    assert "no_of_customers" in stored


@pytest.mark.requirement("grounded:stored-number")
@pytest.mark.parametrize(
    ("text", "count"), [("How many customers are there?", 3), ("How many loans does Ada have?", 2)]
)
def test_what_no_column_of_the_reading_holds_is_counted(lender: Business, text: str, count: int) -> None:
    assert (count,) in [row[-1:] for row in lender.run(lender.say(text))]


@pytest.mark.requirement("grounded:whose-name")
def test_a_word_behind_and_that_may_belong_to_what_is_before_it_is_asked_about(lender: Business) -> None:
    text = "What are the card type code and description of each card?"
    asked = lender.say(text, interactive=True)
    assert asked == "ask: cards.card_description | ref_card_types.card_type_description | none of these"
    assert lender.say(text).startswith("cannot:")
    context = replace(
        lender.context(text), choices=(("description", "ref_card_types.card_type_description"),)
    )
    sql = decide(read(text, context, TODAY), ANSWERED_FROM).sql
    assert {row[-1] for row in lender.run(sql)} == {"Gold with insurance", "Standard"}
