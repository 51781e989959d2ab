"""Columns in hundredths whose names do not say so: told by the code that divides them."""

import pytest

from context.catalog.enrich.made_up_shop import SHOP, code, read, table, told
from gnomon.context.catalog.enrich.hundredths import told_in_hundredths

pytestmark = pytest.mark.requirement("enrichment:hundredths")

PAYMENTS = table("raw.payments", "id order_id paid fee_cents rate note", key="id")
MART = table("mart.payments", "id order_id amount")
TABLES = (*SHOP, PAYMENTS, MART, table("mart.copy", "id paid"), table("stage.payments", "id amount"))
CONVERTS = code("mart.payments", "SELECT id, order_id, paid / 100.0 AS amount FROM raw.payments")


def held(*statements: object, table_name: str = "raw.payments") -> list[str]:
    """What is told of columns in hundredths."""
    found = told(read(*statements, tables=TABLES), table_name, "downstream")  # type: ignore[arg-type]
    return [text for text in found if text.startswith("Holds")]


def test_a_column_that_is_divided_to_an_amount_is_told_with_the_code_that_does_it() -> None:
    text = "Holds hundredths in `paid`: the code of mart.payments divides these values by 100."
    assert held(CONVERTS) == [text]
    (fact,) = [f for f in read(CONVERTS, tables=TABLES).facts if f.text == text]
    assert str(fact.origin) == "sql/mart.payments.sql:1"


def test_a_sentence_is_read_as_it_was_written() -> None:
    assert (
        told_in_hundredths(held(CONVERTS), "PAID") == "the code of mart.payments divides these values by 100"
    )
    assert told_in_hundredths(held(CONVERTS), "fee") == ""
    assert told_in_hundredths(["Holds hundredths in paid."], "paid") == ""


def test_a_look_alike_that_passes_the_column_on_holds_hundredths_too() -> None:
    copy = code("mart.copy", "SELECT id, paid FROM raw.payments")
    assert held(CONVERTS, copy, table_name="mart.copy") == held(CONVERTS)
    assert held(CONVERTS, copy, table_name="mart.payments") == []


def test_so_does_the_table_that_what_is_divided_was_passed_on_from() -> None:
    stage = code("stage.payments", "SELECT id, paid AS amount FROM raw.payments")
    made = code("mart.payments", "SELECT id, SUM(amount) / 100 AS amount FROM stage.payments GROUP BY id")
    assert held(stage, made) == held(CONVERTS)
    assert "`amount`" in held(stage, made, table_name="stage.payments")[0]


@pytest.mark.parametrize(
    "made",
    {
        "its name says it": "SELECT id, fee_cents / 100.0 AS amount FROM raw.payments",
        "no amount comes of it": "SELECT id, rate / 100.0 AS share FROM raw.payments",
        "it is counted": "SELECT COUNT(note) / 100.0 AS cost FROM raw.payments",
        "a percentage": "SELECT 100 * paid / 100 AS amount FROM raw.payments",
        "by something else": "SELECT paid / 1000 AS amount FROM raw.payments",
        "only some rows": "SELECT CASE note WHEN 'JPY' THEN paid ELSE paid / 100 END AS amount"
        " FROM raw.payments",
    }.values(),
)
def test_nothing_is_told_where_another_reading_is_as_likely(made: str) -> None:
    assert held(code("mart.payments", made)) == []


def test_a_column_that_is_converted_here_and_passed_on_there_has_no_one_unit() -> None:
    one = code(
        "mart.payments",
        "INSERT INTO mart.payments SELECT id, order_id, paid / 100 AS amount FROM raw.payments",
    )
    other = code("mart.payments", "INSERT INTO mart.payments SELECT id, order_id, paid FROM raw.payments")
    assert held(one, other, table_name="mart.payments") == []
    assert len(held(one, other)) == 1
