"""Which sentences are taken to name something hidden, and which are not."""

import pytest

from gnomon.context.catalog.discretion import Discretion
from gnomon.domain.catalog import Catalog, Column, TableRef, TableSchema
from gnomon.domain.identity import Principal
from gnomon.policy.access import Access, ColumnRule, Denial, TableAccess, TableRule

ORDERS, CUSTOMERS = TableRef("orders"), TableRef("customers")


def table(name: str, *columns: str, schema: str = "") -> TableSchema:
    return TableSchema(TableRef(name, schema), tuple(Column(c, "integer", "INTEGER") for c in columns))


FULL = Catalog(
    (
        table("orders", "order_id", "customer_id", "status", "total", "employee_id"),
        table("customers", "customer_id", "name", "zq_margin", "total", "discounts"),
        table("order_items", "order_id", "item_no"),
        table("zq_vault", "zq_id", "salary", "zq_bonus", "word", "employee"),
        table("orders", "order_id", "zq_reason", schema="zq_hr"),
        table("Secret Q1. Plans", "plan_no"),
        table("status", "status_id", "label"),
        table("bribes", "bribe_no"),
        table("items", "item_no"),
        table("ab", "n"),
        table("§", "n"),
    )
)
HIDDEN = {"zq_vault", "zq_hr.orders", "Secret Q1. Plans", "status", "bribes", "items", "ab", "§"}


def judge(schema: TableSchema, via_view: bool) -> TableAccess:
    if str(schema.ref) in HIDDEN:
        return Denial()
    if schema.ref == CUSTOMERS:
        return TableRule(CUSTOMERS, tuple(map(ColumnRule, ("customer_id", "name"))))
    return None


DISCRETION = Discretion(Access(Principal("ana"), FULL, "duckdb", judge))

NAMED = [
    *("beside zq_vault", "beside ZQ_VAULT.", "`zq_vault`", "see main.zq_vault", '"zq_vault"', "[zq_vault]"),
    *("ZqVault", "zqVaults", "zqvault", "the zq vault", "zq vaults", "zq-vault", "models/zq_vault.sql:3"),
    *("stg_zq_vault", "models/stg_zq_vault_v2.sql", "zq_vault_", "acme.prod.zq_vault", "zq.vault"),
    *("zq\u200b_vault", "ｚｑ_ｖａｕｌｔ", "zq_vаult", "zq_vа\u0301ult", "ＺＱ_ＶＡＵＬＴ", "zq\u00ad_vault"),
    *("zq\\_vault", "**zq**_vault", "zq_<b>vault</b>", "zq&#95;vault", "z<i>q_v</i>ault", "<zq_vault>"),
    *("Secret Q1. Plans", "secret_q1_plans", "SecretQ1Plans", "the secret q1. plan"),
    *("zq_hr.orders", "`zq_hr`.`orders`", "ZQ_HR", "main.bribes", "a bribe", "bribes, mostly", "Bribes"),
    *("customers.zq_margin", "zq margin", "zqMargins", "customers.total", "`customers`.`total`"),
    *("`total` is salary + bonus", "salaries of all", "zq_bonus", "the zq bonus of a year"),
    *("customers: the total before taxes", "of customers, the discount"),
    *("JOIN status ON 1", "status.status_id = 1", "models/status.sql", "from `status`"),
    *("ab.n", "FROM ab", "`ab`", "zq_reason", "the § of it", "zq_vault's", "«zq_vault»", "x_items.csv"),
    *("the `word` of it", "word = 1", "zq_vault\nand more", "employee = 3", "`employee`"),
]
UNNAMED = [
    *("", "Status of the order.", "`status` is open or paid", "orders.status = 'open'", "One row per order."),
    *("Orders of customers, by status", "sales.orders", "models/orders.sql:12", "Total of the order"),
    *(
        "orders.total is net",
        "In other words",
        "about it",
        "abc",
        "The employee who took it",
        "A vault of cheese",
    ),
    *("order_items", "order items by order", "OrderItems", "briberyless", "a margin of 5", "Item by item"),
    *("the label on it", "a word on it", "employee of the month", "salad", "Q1 plans", "secret"),
]


@pytest.mark.requirement("attacks:context-names")
@pytest.mark.parametrize("text", NAMED)
def test_a_hidden_name_is_found_however_it_is_spelt(text: str) -> None:
    assert DISCRETION.conceals(text)
    assert DISCRETION.conceals(f"One row per order, {text} of old.")


@pytest.mark.requirement("attacks:context-names")
@pytest.mark.parametrize("text", UNNAMED)
def test_words_that_happen_to_be_in_a_hidden_name_are_told(text: str) -> None:
    assert not DISCRETION.conceals(text, ORDERS)


@pytest.mark.requirement("attacks:context-names")
def test_a_hidden_column_of_the_very_table_counts_whatever_it_is_called() -> None:
    """`total` is a column of orders that everybody sees, and one of customers that is hidden."""
    assert DISCRETION.conceals("The total of a year.", CUSTOMERS)
    assert DISCRETION.conceals("A discount for old ones.", CUSTOMERS)
    assert not DISCRETION.conceals("The total of a year.", ORDERS)
    assert not DISCRETION.conceals("The total that customers pay.", ORDERS)
    assert DISCRETION.conceals("Unlike `total` of customers.", ORDERS)


@pytest.mark.requirement("attacks:context-names")
@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("One row per order. Kept beside zq_vault. Paid ones too.", "One row per order. Paid ones too."),
        ("Only zq_vault", ""),
        ("From Secret Q1. Plans are made.", ""),
        ("About customers. The total is net. Names are real.", "About customers. Names are real."),
        ("Revenue is net; gross is in zq_vault; never add both. Day by day.", "Day by day."),
        ("Nothing hidden.\nHere.", "Nothing hidden.\nHere."),
        ("One row per order,\nkept beside zq_vault. Paid\nones too.", "Paid\nones too."),
        ("- net\n- zq_vault; gross. Never both.\n  More.\n- paid", "- net\n- paid"),
        ("- net\n- zq_vault:\n  - of old\n  - of now\n- paid", "- net\n- paid"),
        ("# Page\n\nText.\n\n## Gross\n- zq_vault\n\n## Net\n1. paid", "# Page\n\nText.\n\n## Net\n1. paid"),
        ("# Gross\n\n## Old\n\nIn zq_vault.", ""),
        (
            "3 tables.\nAlways:\n- zq_vault: x > 1\nInstead of:\n- orders: a",
            "3 tables.\nInstead of:\n- orders: a",
        ),
        ("Of zq_vault:\n- paid", "- paid"),
        ("| table | of |\n| zq_vault | old |\n| orders | new |", "| table | of |\n| orders | new |"),
        ("Run:\n\n```\nselect 1\n\nfrom zq_vault\n```\n\nDaily.", "Daily."),
        (
            "## customers\n- total: net\n- name\n\n## orders\n- total",
            "## customers\n- name\n\n## orders\n- total",
        ),
        ("Kept in the zq\n\nvault of old.\n\nDaily.\n\nIn zq_vault.", "Daily."),
    ],
)
def test_the_sentences_and_list_items_that_name_nothing_hidden_stay(text: str, told: str) -> None:
    assert DISCRETION.without(text) == told


@pytest.mark.requirement("attacks:context-names")
def test_nothing_is_concealed_from_who_sees_all() -> None:
    everything = Discretion(Access.to_all(Principal("olga"), FULL, "duckdb"))
    assert not everything.conceals("zq_vault and customers.zq_margin")
    assert everything.without("zq_vault. More.") == "zq_vault. More."
