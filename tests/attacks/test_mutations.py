"""Whatever is done to a statement, what the guard lets through changes nothing and tells no secret."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attacks.canary import ANA, SECRET, Canary, everything
from attacks.statements import attacks, legitimate
from gnomon.domain.catalog import Catalog, Column, TableRef, TableSchema
from gnomon.domain.errors import GnomonError, Refused, Retry
from gnomon.domain.query import AuthorizedQuery, Dialect, Limits, Query
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize

LIMITS = Limits(max_rows=200, timeout_s=1.0)
ENGINES: tuple[Dialect, ...] = ("duckdb", "sqlite")
SETTINGS = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
PIECES = (
    *"'\"`[]();\n\\#\u202e\u200b\uff1b\u2019\xa0\x00",
    *("--", "/*", "*/", "$$", "$a$", "E'", "''", '""', "@x", "0x1", "::", "->>", "; DROP TABLE orders; --"),
    *(" UNION SELECT 1 ", " INTO stolen ", "read_text('secret.txt')", "'secret.txt'", " FOR UPDATE"),
    "IN sqlite_master",
)

SHOP = Catalog(
    tuple(
        TableSchema(TableRef(name), tuple(Column(c, "text", "TEXT") for c in columns.split()))
        for name, columns in {
            "customers": "id name city segment signed_up email",
            "orders": "id customer_id ordered_at status amount discount",
            "products": "id name category price",
            "items": "order_id product_id quantity price",
            "events": "id happened_at payload",
            "nested": "id numbers pair",
            "big_orders": "id customer_id ordered_at status amount discount",
        }.items()
    )
)


@st.composite
def mutated(draw: st.DrawFn, dialect: Dialect) -> str:
    """A statement of either corpus with pieces put in, taken out, doubled, or joined to another statement."""
    short = [
        e.sql for e in (*attacks(dialect), *legitimate(dialect)) if len(e.sql) < 400 and "bomb" not in e.note
    ]
    sql = draw(st.sampled_from(short))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(sql)))
        to = min(len(sql), at + draw(st.integers(0, 12)))
        kind = draw(st.sampled_from(("insert", "delete", "double", "case", "splice")))
        if kind == "insert":
            sql = sql[:at] + draw(st.sampled_from(PIECES)) + sql[at:]
        elif kind == "delete":
            sql = sql[:at] + sql[to:]
        elif kind == "double":
            sql = sql[:to] + sql[at:to] + sql[to:]
        elif kind == "case":
            sql = sql[:at] + sql[at:to].swapcase() + sql[to:]
        else:
            sql = sql[:at] + " " + draw(st.sampled_from(short)) + " " + sql[at:]
    return sql


@pytest.mark.requirement("policy:mutations")
@pytest.mark.parametrize("engine", ENGINES)
@SETTINGS
@given(data=st.data())
def test_no_mutation_passes_and_does_harm(
    engine: Dialect, canary_of: Callable[[str], Canary], data: st.DataObject
) -> None:
    canary = canary_of(engine)
    before = canary.state()
    query = _authorized(canary, data.draw(mutated(engine)))
    if query is None:
        return
    try:
        shown = repr(canary.warehouse.execute(query).rows)
    except GnomonError as error:
        shown = error.message
    assert SECRET not in shown
    assert canary.state() == before


@pytest.mark.requirement("policy:mutations")
@pytest.mark.parametrize("engine", [*ENGINES, "postgres"])
@SETTINGS
@given(data=st.data())
def test_what_is_let_through_reads_back_as_what_was_judged(engine: Dialect, data: st.DataObject) -> None:
    """A second reading of the generated text finds the same tables, so no text hides behind the first."""
    sql = data.draw(mutated(engine))
    first = _judged(sql, engine)
    if first is None:
        return
    second = _judged(first.sql, engine)
    assert second is not None, first.sql
    assert second.tables == first.tables
    assert second.sql == first.sql


def _authorized(canary: Canary, sql: str) -> AuthorizedQuery | None:
    try:
        return authorize(Query(sql, canary.dialect), everything(canary), LIMITS)
    except (Refused, Retry):
        return None


def _judged(sql: str, engine: Dialect) -> AuthorizedQuery | None:
    try:
        return authorize(Query(sql, engine), Access.to_all(ANA, SHOP, engine), LIMITS)
    except (Refused, Retry):
        return None
