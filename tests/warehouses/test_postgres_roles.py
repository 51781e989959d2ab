"""A person's own role in PostgreSQL: the database's row-level security holds beside ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from gnomon.domain.errors import Refused
from gnomon.domain.identity import Principal
from gnomon.domain.query import AuthorizedQuery, Limits, Query
from gnomon.policy.access import Access
from gnomon.policy.authorize import authorize
from gnomon.policy.policies import Situation, owner_only
from gnomon.warehouses.postgres import PostgresWarehouse, open_postgres
from warehouses.datasets import new_database

pytestmark = pytest.mark.requirement("policy:engine-role")

ROLES = ("gnomon_eu", "gnomon_none")
SETUP = (
    "CREATE TABLE orders (id integer PRIMARY KEY, region text)",
    "INSERT INTO orders VALUES (1, 'EU'), (2, 'US'), (3, 'EU')",
    "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
    "DO $$ BEGIN CREATE ROLE gnomon_eu; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    "DO $$ BEGIN CREATE ROLE gnomon_none; EXCEPTION WHEN duplicate_object THEN NULL; END $$",
    "GRANT SELECT ON orders TO gnomon_eu",
    "CREATE POLICY eu ON orders TO gnomon_eu USING (region = 'EU')",
)


@contextmanager
def shop(url: str) -> Iterator[PostgresWarehouse]:
    new = new_database(url, "roles")
    with psycopg.connect(new) as connection:
        for statement in SETUP:
            connection.execute(statement.encode())
    warehouse = open_postgres(new)
    try:
        yield warehouse
    finally:
        warehouse.close()


def as_role(warehouse: PostgresWarehouse, role: str, sql: str) -> AuthorizedQuery:
    ana = Principal("ana@acme.test")
    access: Access = owner_only("local").access(
        ana, warehouse.introspect(), warehouse.dialect, Situation(), role=role
    )
    return authorize(Query(sql, warehouse.dialect), access, Limits())


def count(warehouse: PostgresWarehouse, role: str) -> object:
    return warehouse.execute(as_role(warehouse, role, "SELECT COUNT(*) FROM orders")).rows[0][0]


def test_a_query_runs_as_the_role_of_the_person_and_the_next_one_does_not(postgres_url: str) -> None:
    with shop(postgres_url) as warehouse:
        assert [count(warehouse, role) for role in ("gnomon_eu", "", "gnomon_eu")] == [2, 3, 2]


def test_what_the_role_may_not_read_is_refused_and_a_plan_is_made_as_the_role_too(postgres_url: str) -> None:
    with shop(postgres_url) as warehouse:
        query = as_role(warehouse, "gnomon_none", "SELECT * FROM orders")
        with pytest.raises(Refused):
            warehouse.execute(query)
        with pytest.raises(Refused):
            warehouse.explain(query)
        assert count(warehouse, "") == 3


def test_a_role_that_does_not_exist_runs_nothing_as_somebody_else(postgres_url: str) -> None:
    with shop(postgres_url) as warehouse:
        with pytest.raises(Exception, match="role"):
            count(warehouse, 'nobody"; RESET ROLE; --')
        assert count(warehouse, "gnomon_eu") == 2
