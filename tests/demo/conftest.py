"""The demo company's generator lives beside the package, not in it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

DEMO = Path(__file__).resolve().parents[2] / "demo"
sys.path.insert(0, str(DEMO))


@pytest.fixture(scope="session")
def demo() -> Path:
    return DEMO


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo warehouse at its full size."""
    from company.build import build_warehouse

    path = tmp_path_factory.mktemp("company") / "fernhill.duckdb"
    build_warehouse(path)
    return path


@pytest.fixture
def db(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        yield connection
