"""What a query reads, joins and filters by is told as the warehouse names it."""

import pytest

from gnomon.context.catalog.naming import Names
from gnomon.context.catalog.usage.sanitise import sanitise
from gnomon.context.catalog.usage.shapes import Shape, shape_of
from gnomon.context.catalog.usage.statements import Unread
from gnomon.context.catalog.usage.wording import draft_question
from gnomon.domain.catalog import Catalog


def shape(sql: str, catalog: Catalog, names: Names, dialect: str = "duckdb") -> Shape:
    known = {c.name for t in catalog.tables for c in t.columns}
    cleaned = sanitise(sql, dialect, known)
    assert not isinstance(cleaned, Unread), cleaned
    found = shape_of(cleaned.tree, catalog, names, dialect)
    assert not isinstance(found, Unread), found
    return found


@pytest.mark.requirement("usage:shapes")
def test_tables_are_found_by_any_of_their_names_and_others_are_kept_apart(
    catalog: Catalog, names: Names
) -> None:
    found = shape("select 1 from prod.shop.orders, customers c, other.orders, elsewhere", catalog, names)
    assert [str(t) for t in found.tables] == ["shop.customers", "shop.orders"]
    assert found.unresolved == ("elsewhere", "other.orders")


@pytest.mark.requirement("usage:shapes")
@pytest.mark.parametrize(
    "sql",
    [
        "select 1 from orders o join customers c on c.customer_id = o.customer_id",
        "select 1 from orders o, customers c where (o.customer_id = c.customer_id) and o.status = 'x'",
        "select 1 from orders join customers using (customer_id)",
        "with o as (select customer_id as who from shop.orders) "
        "select 1 from o join customers on who = customer_id",
        "select 1 from (select * from orders) o join (select customer_id from customers) c "
        "on o.customer_id = c.customer_id",
        "with a as (select * from orders), b as (select * from a) "
        "select name from b join customers c on b.customer_id = c.customer_id",
        "select 1 from ORDERS as O left join Customers C on O.Customer_ID = C.CUSTOMER_ID",
    ],
)
def test_a_join_is_the_same_however_it_is_written(sql: str, catalog: Catalog, names: Names) -> None:
    found = shape(sql, catalog, names)
    assert [str(j) for j in found.joins] == ["shop.customers.customer_id = shop.orders.customer_id"]


@pytest.mark.requirement("usage:shapes")
def test_a_join_by_two_columns_is_one_join(catalog: Catalog, names: Names) -> None:
    sql = "select 1 from order_lines l join orders o on l.order_id = o.order_id and o.status = l.product"
    assert [str(j) for j in shape(sql, catalog, names).joins] == [
        "shop.order_lines.order_id = shop.orders.order_id AND shop.order_lines.product = shop.orders.status"
    ]


@pytest.mark.requirement("usage:shapes")
def test_filters_are_conditions_on_one_table_without_their_values(catalog: Catalog, names: Names) -> None:
    sql = """
        select count(*) from orders o join customers c using (customer_id)
        where o.deleted_at is null and (status <> 'x' and not is_test) and city in ('a', 'b')
          and (channel = 'p' or channel = 'q') and o.status = c.name
          and o.order_id in (select order_id from order_lines where quantity > 3)
    """
    assert {f.text for f in shape(sql, catalog, names).filters} == {
        "shop.orders.deleted_at IS NULL",
        "shop.orders.status <> ?",
        "NOT shop.orders.is_test",
        "shop.customers.city IN (?)",
        "shop.orders.channel = ? OR shop.orders.channel = ?",
        "shop.order_lines.quantity > ?",
    }


@pytest.mark.requirement("usage:shapes")
def test_groups_by_position_and_by_name_are_what_they_stand_for(catalog: Catalog, names: Names) -> None:
    by_position = "select date_trunc('month', paid_at) m, sum(amount_cents) from orders group by 1"
    by_name = "select date_trunc('month', paid_at) m, sum(amount_cents) from orders group by m"
    for sql in (by_position, by_name):
        found = shape(sql, catalog, names)
        assert [g.words for g in found.groups] == ["month of paid at"]
        assert [m.sql for m in found.measures] == ["SUM(shop.orders.amount_cents)"]


@pytest.mark.requirement("usage:shapes")
def test_a_column_that_two_tables_have_belongs_to_neither(catalog: Catalog, names: Names) -> None:
    found = shape("select 1 from orders, customers where customer_id = 5", catalog, names)
    assert found.filters == ()


@pytest.mark.requirement("usage:shapes")
def test_a_subquery_may_use_the_columns_of_the_query_around_it(catalog: Catalog, names: Names) -> None:
    sql = "select name from customers c where exists (select 1 from orders where customer_id = c.customer_id)"
    assert [str(j) for j in shape(sql, catalog, names).joins] == [
        "shop.customers.customer_id = shop.orders.customer_id"
    ]


@pytest.mark.requirement("usage:shapes")
@pytest.mark.parametrize(
    ("sql", "is_lookup"),
    [
        ("select * from orders where order_id = 7", True),
        ("select status, paid_at from orders limit 10", True),
        ("select status, paid_at from orders", False),
        ("select status, count(*) from orders group by status limit 10", False),
        ("select max(paid_at) from orders limit 1", False),
        ("select distinct status from orders limit 5", False),
    ],
)
def test_a_look_at_rows_is_told_from_a_question(
    sql: str, is_lookup: bool, catalog: Catalog, names: Names
) -> None:
    assert shape(sql, catalog, names).is_lookup is is_lookup


@pytest.mark.requirement("usage:questions")
@pytest.mark.parametrize(
    ("sql", "question"),
    [
        (
            "select channel, sum(amount_cents) from orders where status = 'x' group by channel",
            "Sum of amount cents by channel of orders, filtered by status",
        ),
        (
            "select date_trunc('week', paid_at), count(distinct customer_id) as buyers from orders "
            "group by 1",
            "Buyers by week of paid at of orders",
        ),
        ("select count(*) from customers", "Number of rows of customers"),
        ("select name, email from customers", "Email, name of customers"),
    ],
)
def test_a_query_without_a_title_is_put_into_words(
    sql: str, question: str, catalog: Catalog, names: Names
) -> None:
    found = shape(sql, catalog, names)
    columns = [ref.column for ref in found.columns]
    filters = [column for condition in found.filters for column in condition.columns]
    tables = [str(ref) for ref in found.tables]
    assert draft_question(found.measures, found.groups, filters, columns, tables) == question
