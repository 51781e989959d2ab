"""Numbers with a unit or currency are compared in what a column holds, exactly, or not at all."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from grounded_businesses import ANSWERED_FROM, Business, set_up
from hypothesis import given
from hypothesis import strategies as st

from gnomon.domain.catalog import CardColumn, CardStatement, Column, TableCard, TableRef
from gnomon.models.grounded.composer.compose import compose
from gnomon.models.grounded.measured import Measures
from gnomon.models.grounded.units import SPOKEN, Unit, convert, held_by
from gnomon.models.minilm.embedder import MiniLmEmbedder

TODAY = date(2026, 3, 18)
COURIER = """
CREATE TABLE orders (order_id INTEGER PRIMARY KEY, amount_cents INTEGER, price_usd DECIMAL(10, 2),
  price_eur DECIMAL(10, 2), charge INTEGER, fee DECIMAL(10, 2), score INTEGER);
CREATE TABLE parcels (parcel_id INTEGER PRIMARY KEY, order_id INTEGER REFERENCES orders (order_id),
  weight_kg DECIMAL(8, 3), length INTEGER);
CREATE TABLE trips (trip_id INTEGER PRIMARY KEY, length_km DECIMAL(8, 2), duration_ms INTEGER,
  fare DECIMAL(8, 2));
CREATE TABLE visits (visit_id INTEGER PRIMARY KEY, duration_minutes INTEGER);
CREATE TABLE shifts (shift_id INTEGER PRIMARY KEY, hours INTEGER, delay INTEGER, break_length INTEGER);
CREATE TABLE payments (payment_id INTEGER PRIMARY KEY, amount INTEGER, currency TEXT);
CREATE TABLE ledgers (ledger_id INTEGER PRIMARY KEY, turnover INTEGER);
INSERT INTO orders VALUES (1, 4900, 49.00, 45.00, 4900, 3.5, 1), (2, 5100, 51.00, 47.00, 5100, 60, 51),
  (3, 30, 0.30, 0.28, 30, 1, 60), (4, 12000, 120, 110, 12000, 9, 4);
INSERT INTO parcels VALUES (1, 1, 2.5, 30), (2, 2, 3.5, 200), (3, 2, 0.2, 5), (4, 4, 7, 9);
INSERT INTO trips VALUES (1, 3.2, 600, 10), (2, 16.1, 7200001, 70), (3, 8.05, 5000, 30), (4, 8.04, 2, 55);
INSERT INTO visits VALUES (1, 90), (2, 130), (3, 119), (4, 1);
INSERT INTO shifts VALUES (1, 8, 30, 20), (2, 12, 5, 45);
INSERT INTO payments VALUES (1, 60, 'EUR'), (2, 70, 'USD');
INSERT INTO ledgers VALUES (1, 40), (2, 90);
COMMENT ON COLUMN orders.charge IS 'What was charged, in cents.';
COMMENT ON COLUMN shifts.delay IS 'How late it began, in minutes; reported in seconds before 2020.';
COMMENT ON COLUMN ledgers.turnover IS 'In thousands of euros.';
"""


@pytest.fixture(scope="module")
def courier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Business]:
    opened = set_up(tmp_path_factory.mktemp("courier"), "courier", "duckdb", COURIER, MiniLmEmbedder())
    yield opened
    opened.assembler.index.close()


def answered(courier: Business, text: str) -> tuple[set[object], str]:
    """The first column of the rows, and what was assumed, in one text."""
    response = courier.respond(text)
    assert response.tool_calls, response.text
    assert response.confidence >= ANSWERED_FROM
    arguments = response.tool_calls[0].arguments
    rows = courier.run(str(arguments["sql"]))
    return {row[0] for row in rows}, " ".join(a["text"] for a in arguments["assumptions"])


@pytest.mark.requirement("grounded:units")
@pytest.mark.parametrize(
    ("text", "rows", "assumed"),
    [
        ("orders with amount cents over $50", {2, 4}, "is 5000 of orders.amount_cents, which holds cents."),
        ("orders with charge over 50 dollars", {2, 4}, "`50 dollars` is 5000 of orders.charge"),
        ("orders with charge between 40 and 60 dollars", {1, 2}, "`40 dollars` is 4000 of orders.charge"),
        ("orders with charge between 4000 cents and $60", {1, 2}, "`$60` is 6000 of orders.charge"),
        ("how many orders have a charge of $49 or more", {3}, "`$49` is 4900 of orders.charge"),
        ("orders with price usd under 50 cents", {3}, "`50 cents` is 0.5 of orders.price_usd"),
        ("parcels heavier than 2500 g", {2, 4}, "`2500 g` is 2.5 of parcels.weight_kg"),
        ("parcels with weight of at most 7 pounds", {1, 3}, "`7 pounds` is 3.17514659 of parcels.weight_kg"),
        ("visits longer than 2 hours", {2}, "`2 hours` is 120 of visits.duration_minutes"),
        ("visits over two hours", {2}, "`two hours` is read as about visits.duration_minutes."),
        ("visits with duration between 1 and 2 hours", {1, 3}, "`1 hours` is 60 of visits.duration_minutes"),
        ("trips longer than 2 hours", {2}, "`2 hours` is 7200000 of trips.duration_ms"),
        ("trips with fare over $20 and under $60", {3, 4}, "`$60` is read as about trips.fare."),
        ("trips longer than 5 miles", {2, 3}, "`5 miles` is 8.04672 of trips.length_km"),
        ("ledgers with turnover over €50", {1, 2}, "`€50` is 0.05 of ledgers.turnover"),
    ],
)  # fmt: skip
def test_a_number_is_converted_into_what_the_column_holds(
    text: str, rows: set[object], assumed: str, courier: Business
) -> None:
    found, told = answered(courier, text)
    assert assumed in told
    assert found == rows


@pytest.mark.requirement("grounded:units")
@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("orders with price usd over $50", {2, 4}),
        ("orders with price usd over 50 US dollars", {2, 4}),
        ("orders with price eur over EUR 46", {2, 4}),
        ("orders with price eur over 46€", {2, 4}),
        ("orders with price usd over $50 and price eur under 100 euros", {2}),
        ("parcels heavier than 3 kg", {2, 4}),
        ("orders with amount cents over 5000 cents", {2, 4}),
        ("orders with amount cents over 5000", {2, 4}),
        ("shifts with more than 10 hours", {2}),
    ],
)
def test_a_number_in_the_unit_of_the_column_stays_as_it_is(
    text: str, rows: set[object], courier: Business
) -> None:
    found, told = answered(courier, text)
    assert found == rows
    assert "which holds" not in told


@pytest.mark.requirement("grounded:units")
def test_what_nobody_says_of_an_amount_is_stated(courier: Business) -> None:
    found, told = answered(courier, "orders with fee over $5")
    assert found == {2, 4}
    assert told == "`$5` is compared with orders.fee as stored; nobody says that it holds US dollars."


@pytest.mark.requirement("grounded:units")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("parcels with weight over 3", "`3` is taken in kilograms, as parcels.weight_kg holds it."),
        ("payments with amount over 65", "`65` is compared with payments.amount as stored: the rows of"),
        ("visits with duration over 100", "`100` is taken in minutes, as visits.duration_minutes holds it."),
        (
            "ledgers with turnover over 50",
            "`50` is taken in thousands of euros, as ledgers.turnover holds it.",
        ),
    ],
)
def test_a_bare_number_is_in_the_unit_of_the_column_and_the_answer_says_which(
    text: str, told: str, courier: Business
) -> None:
    assert told in answered(courier, text)[1]


@pytest.mark.requirement("grounded:units-refused")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("orders with price eur over $50", ("US dollars", "euros", "exchange rates")),
        ("how many orders have a price usd over 50 euros", ("US dollars", "euros", "exchange rates")),
        ("orders with price usd over $50 CAD", ("US dollars", "CAD")),
        ("ledgers with turnover over $50", ("US dollars", "thousands of euros")),
        ("parcels with weight over 2 hours", ("hours", "kilograms")),
        ("orders with price usd over 5 kg", ("kilograms", "US dollars")),
        ("orders with fee over 5 kg", ("Nobody says", "kilograms")),
        ("orders with fee over 500 cents", ("Nobody says", "cents")),
        ("parcels with length over 10 cm", ("Nobody says", "centimetres")),
        ("orders with score over $50", ("Nobody says", "orders.score")),
        ("shifts with delay over 10 minutes", ("several units",)),
        ("payments with amount over $50", ("several currencies",)),
        ("visits with duration under 100 seconds", ("no exact number in minutes",)),
        ("trips with length over 5m", ("metres or millions",)),
        ("orders over $50", ("amount_cents or price_usd or charge or fee",)),
        ("orders with charge over 50", ("in cents", "does not say so")),
        ("orders with charge between $1 and €60", ("which currency",)),
        ("total price usd in euros", ("euros", "US dollars", "exchange rates")),
        ("total charge in dollars", ("cents", "dollars")),
    ],
)
def test_what_is_in_another_unit_or_in_none_that_is_known_is_not_compared(
    text: str, said: tuple[str, ...], courier: Business
) -> None:
    response = courier.respond(text)
    assert not response.tool_calls
    assert response.text.startswith("Cannot answer:")
    assert all(words in response.text for words in said), response.text


@pytest.mark.requirement("grounded:units-refused")
@pytest.mark.parametrize(
    "text",
    [
        "orders with more than $2 parcels",
        "top 5 km trips by fare",
        "top $3 trips by fare",
        "trips with length over 10 km per hour",
        "trips with length over 50 km/h",
        "orders with price usd over 50 Canadian dollars",
        "orders with price usd over $50 million",
        "orders without a charge over $50",
        "5 hours of visits",
        "trips with visits over $50",
        "visits of trips over $50",
        "trips with fare not over $50",
        "how many visits in 2 hours",
    ],
)
def test_a_unit_that_is_no_part_of_a_comparison_stops_the_question(text: str, courier: Business) -> None:
    assert courier.say(text).startswith(("cannot", "ask"))


@pytest.mark.requirement("grounded:units-refused")
@pytest.mark.parametrize(
    "text",
    [
        "How many orders have a charge over $50?",
        "What is the average fee of orders with an amount cents over 50 dollars?",
        "How many orders have a price eur over 50 dollars?",
        "How many orders have a charge over 50?",
        "Which orders have more than $2 parcels?",
    ],
)
def test_no_composed_reading_compares_what_is_said_with_what_is_held(text: str, courier: Business) -> None:
    context = courier.context(text)
    measures = Measures(text, context, TODAY)
    composed = compose(text, context, TODAY)
    assert composed
    numbers = (" > 50", " > 2", " >= 50")
    for reading in composed:
        stated = any(reading.sql.replace('"', "").rstrip().endswith(n) for n in numbers)
        assert not (stated and measures.keeps(reading.reading)), reading.sql


@pytest.mark.requirement("grounded:units")
def test_a_follow_up_is_converted_too(courier: Business) -> None:
    said = courier.say("only longer than 2 hours", earlier=("how many visits",))
    assert said.endswith("WHERE visits.duration_minutes > 120")


CONVERTIBLE = sorted(
    {u for units in SPOKEN.values() for u in units if u.size is not None}, key=lambda u: u.name
)


@pytest.mark.requirement("grounded:units")
@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4),
    st.sampled_from(CONVERTIBLE),
    st.sampled_from(CONVERTIBLE),
)
def test_a_conversion_is_exact_or_none(number: Decimal, said: Unit, held: Unit) -> None:
    assert said.size is not None
    assert held.size is not None
    exact = Fraction(number) * said.size / held.size
    found = convert(number, said, held)
    rest = exact.denominator
    for factor in (2, 5):
        while rest % factor == 0:
            rest //= factor
    assert (found is None) == (rest != 1)
    if found is not None:
        assert Fraction(found) == exact
        assert Fraction(convert(found, held, said) or 0) == Fraction(number)


def held(name: str, comment: str = "", **card: object) -> tuple[str, str]:
    """The unit of a column, by name, with the currency it is in; what is doubted in brackets."""
    column = CardColumn(Column(name, "integer", "INTEGER", comment=comment))
    table = replace(TableCard(TableRef("", "t"), (column,)), **card)  # type: ignore[arg-type]
    found = held_by(table, column)
    if found.doubt:
        return ("doubt", "")
    return (found.unit.name, found.unit.currency) if found.unit else ("", "")


@pytest.mark.requirement("grounded:units")
@pytest.mark.parametrize(
    ("name", "comment", "unit"),
    [
        ("amountCents", "", ("cents", "")),
        ("total_usd_cents", "", ("cents of US dollars", "USD")),
        ("price_usd", "in cents", ("cents of US dollars", "USD")),
        ("usd_amount", "", ("US dollars", "USD")),
        ("price_per_kg", "", ("", "")),
        ("km_per_hour", "", ("", "")),
        ("usd_per_hour", "", ("US dollars", "USD")),
        ("eur_usd_rate", "", ("doubt", "")),
        ("area_square_feet", "", ("", "")),
        ("height_m", "", ("metres", "")),
        ("revenue_m", "", ("", "")),
        ("weight_kg_max", "", ("kilograms", "")),
        ("duration_min", "", ("minutes", "")),
        ("hour", "", ("", "")),
        ("hours_worked", "", ("hours", "")),
        ("duration_months", "", ("months", "")),
        ("wait", "Waiting time (ms)", ("milliseconds", "")),
        ("speed", "in km per hour", ("", "")),
        ("duration_minutes", "in seconds", ("doubt", "")),
        ("price", "Cents are rounded.", ("doubt", "")),
        ("paid", "Amount in the local currency.", ("doubt", "")),
        ("budget_in_millions", "", ("millions", "")),
    ],
)  # fmt: skip
def test_a_column_holds_what_its_name_and_comment_say(name: str, comment: str, unit: tuple[str, str]) -> None:
    assert held(name, comment) == unit


@pytest.mark.requirement("grounded:units")
def test_what_code_and_the_table_say_counts_too() -> None:
    divided = CardStatement(
        "downstream", "Holds hundredths in `paid`: the code of m divides these values by 100.", "m.sql"
    )
    assert held("paid", statements=(divided,)) == ("cents", "")
    assert held("fee", statements=(divided,)) == ("", "")
    assert held("fee", purpose="Payments. All amounts are in cents.") == ("doubt", "")
    assert held("fee", comment="The fee, converted from hundredths.") == ("", "")
