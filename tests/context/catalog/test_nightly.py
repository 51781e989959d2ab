"""A nightly build looks at the tables that changed, where the engine can tell them apart."""

from pathlib import Path

import psycopg
import pytest

from context.catalog.conftest import CountingEmbedder
from gnomon.context.catalog.build import build_index
from gnomon.warehouses.postgres import open_postgres
from warehouses.datasets import new_database


@pytest.mark.requirement("build:nightly")
def test_one_changed_table_is_looked_at_and_embedded_alone(postgres_url: str, tmp_path: Path) -> None:
    url = new_database(postgres_url, "nightly")
    with psycopg.connect(url) as connection:
        for i in range(5):
            connection.execute(f"CREATE TABLE t{i} (id integer PRIMARY KEY, name{i} text)".encode())
            connection.execute(f"INSERT INTO t{i} VALUES (1, 'a'), (2, 'b')".encode())
    warehouse, path = open_postgres(url), tmp_path / "index.db"
    try:
        assert build_index(warehouse, CountingEmbedder(), path).profiled == 5
        with psycopg.connect(url) as connection:
            connection.execute(b"ALTER TABLE t3 ADD COLUMN added date")
        report = build_index(warehouse, CountingEmbedder(), path)
    finally:
        warehouse.close()
    assert (report.unchanged, report.profiled, report.embedded) == (False, 1, 1)
