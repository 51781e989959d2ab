"""Steps run on a real warehouse: parameters bound by parsing, tables compared row by row."""

from collections.abc import Callable, Iterator
from datetime import date

import duckdb
import pytest

from gnomon.agent.workflows.model import Compare, Run, Workflow
from gnomon.agent.workflows.run import Desk, StepDone, run_workflow
from gnomon.agent.workflows.statement import bound
from gnomon.domain.answer import Answer
from gnomon.domain.catalog import Catalog
from gnomon.domain.errors import Retry
from gnomon.domain.identity import Principal
from gnomon.domain.query import Limits, Query
from gnomon.domain.result import ResultTable
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize
from gnomon.warehouses.connect import open_warehouse
from gnomon.warehouses.port import Warehouse

SCHEMAS = """
CREATE SCHEMA dev; CREATE SCHEMA prod;
CREATE TABLE prod.orders (id INTEGER PRIMARY KEY, status VARCHAR, amount DECIMAL(9,2), day DATE);
INSERT INTO prod.orders SELECT i, ['paid', 'open'][1 + i % 2], i * 1.5, DATE '2026-01-01' + i::INTEGER
    FROM range(100) r(i);
CREATE TABLE dev.orders AS SELECT * FROM prod.orders WHERE id <> 7;
INSERT INTO dev.orders VALUES (500, 'paid', 1, DATE '2026-01-01');
UPDATE dev.orders SET amount = amount + 1 WHERE id IN (3, 4);
UPDATE dev.orders SET status = NULL WHERE id = 5;
CREATE TABLE dev.same AS SELECT * FROM prod.orders;
CREATE TABLE dev.narrow AS SELECT id, CAST(amount AS VARCHAR) AS amount FROM prod.orders;
CREATE TABLE dev.keyless AS SELECT status FROM prod.orders;
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    path = tmp_path_factory.mktemp("workflow") / "two.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(SCHEMAS)
    opened = open_warehouse(str(path))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def desk(warehouse: Warehouse) -> Desk:
    catalog: Catalog = warehouse.introspect()
    access = Access.to_all(Principal("ana", "acme"), catalog, "duckdb")

    def query(sql: str) -> ResultTable:
        return warehouse.execute(authorize(Query(sql, "duckdb", "workflow"), access, Limits()))

    return Desk(nobody_to_ask, query, catalog, "duckdb")


def nobody_to_ask(text: str) -> Answer:
    raise AssertionError(f"no step of these asks: {text}")


@pytest.fixture
def step(desk: Desk) -> Callable[..., StepDone]:
    def done(*steps: Run | Compare, **values: str | date) -> StepDone:
        workflow = Workflow("w", "w", steps, "text")
        return list(run_workflow(workflow, values, desk))[-1]

    return done


def told(done: StepDone) -> list[str]:
    return [f.text for f in done.findings]


@pytest.mark.requirement("X-03")
def test_two_tables_are_compared_in_schema_rows_keys_and_columns(step: Callable[..., StepDone]) -> None:
    done = step(Compare("t", "{new}.orders", "prod.orders", ("id",)), new="dev")
    assert done.verdict == "differs"
    assert told(done) == [
        "100 rows in `dev.orders`, 100 in `prod.orders`",
        "1 row of `dev.orders` has no row of its key in `prod.orders`",
        "1 row of `prod.orders` has no row of its key in `dev.orders`",
        "`status` differs in 1 row of one key",
        "`amount` differs in 2 rows of one key",
    ]
    assert all(f.sql for f in done.findings)


@pytest.mark.requirement("X-03")
def test_equal_tables_are_the_same(step: Callable[..., StepDone]) -> None:
    done = step(Compare("t", "prod.orders", "dev.same"))
    assert done.verdict == "same"
    assert told(done)[-1] == "equal in every row of one key: `status`, `amount`, `day`"


@pytest.mark.requirement("X-03")
def test_columns_that_one_side_lacks_or_types_differently_are_told(step: Callable[..., StepDone]) -> None:
    found = told(step(Compare("t", "prod.orders", "dev.narrow", ("id",), ("amount",))))
    assert found[0] == "only `prod.orders` has `status`, `day`"
    assert "`amount` is DECIMAL(9,2) in `prod.orders` and VARCHAR in `dev.narrow`" in found


@pytest.mark.requirement("X-03")
def test_without_a_key_rows_are_counted_and_the_rest_is_said_to_be_unknown(
    step: Callable[..., StepDone],
) -> None:
    done = step(Compare("t", "dev.keyless", "dev.keyless"))
    assert done.verdict == "differs"
    assert "no key is known" in told(done)[-1]


@pytest.mark.requirement("X-03")
def test_a_step_that_fails_is_told_and_the_next_one_runs(step: Callable[..., StepDone]) -> None:
    done = step(Compare("t", "dev.order", "prod.orders"), Run("t", "SELECT COUNT(*) AS n FROM prod.orders"))
    assert (done.verdict, told(done)) == ("ran", ["1 row"])
    failed = step(Compare("t", "dev.orderz", "prod.orders"))
    assert failed.verdict == "failed"
    assert "did you mean" in told(failed)[0]


@pytest.mark.requirement("X-03")
def test_a_text_parameter_is_a_literal_whatever_it_holds(step: Callable[..., StepDone]) -> None:
    query = Run("t", "SELECT id FROM prod.orders WHERE status = :status")
    attack = "paid' OR '1'='1"
    assert told(step(query, status="paid")) == ["50 rows"]
    assert told(step(query, status=attack)) == ["0 rows"]


@pytest.mark.requirement("X-03")
def test_a_name_parameter_is_an_identifier_whatever_it_holds() -> None:
    sql = 'SELECT COUNT(*) AS n FROM "{schema}".orders'
    assert bound(sql, {"schema": "dev"}, "duckdb") == 'SELECT COUNT(*) AS n FROM "dev".orders'
    evil = bound(sql, {"schema": 'dev".orders; DROP TABLE x; --'}, "duckdb")
    assert evil.count('"') % 2 == 0
    assert 'FROM "dev"' not in evil.replace('"dev""', "")
    whole = 'SELECT 1 AS n FROM "{table}"'
    assert bound(whole, {"table": "dev.orders"}, "duckdb") == 'SELECT 1 AS n FROM "dev"."orders"'


@pytest.mark.requirement("X-03")
def test_dates_are_bound_as_dates(step: Callable[..., StepDone]) -> None:
    query = Run("t", "SELECT id FROM prod.orders WHERE day BETWEEN :a AND :b")
    assert told(step(query, a=date(2026, 1, 1), b=date(2026, 1, 10))) == ["10 rows"]


@pytest.mark.requirement("X-03")
def test_a_value_that_is_no_parameter_is_named() -> None:
    with pytest.raises(Retry, match="`:month`, which is no parameter"):
        bound("SELECT 1 WHERE 1 = :month", {"week": "x"}, "duckdb")


@pytest.mark.requirement("X-03")
def test_a_query_that_writes_is_refused(step: Callable[..., StepDone]) -> None:
    done = step(Run("t", "DELETE FROM prod.orders"))
    assert done.verdict == "failed"
    assert told(step(Run("t", "SELECT id FROM prod.orders"))) == ["100 rows"]
