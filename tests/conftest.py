"""Fixtures that tests of several packages share, and the path to the helpers beside this file."""

import atexit
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from wire.fixtures import local_llm_url as local_llm_url

_exit_status: list[int] = []


def pytest_sessionfinish(exitstatus: int) -> None:
    """Keep the status for the end of the process."""
    _exit_status.append(int(exitstatus))


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Leave at once: an interpreter that ends in order lists every DuckDB object behind the summary."""
    if _exit_status:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_exit_status[-1])


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """URL of a PostgreSQL server's `postgres` database, as a superuser. Skipped without one, except in CI."""
    from postgres_server import Unavailable, running_server

    server = running_server()
    try:
        url = server.__enter__()
    except Unavailable as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"no PostgreSQL for the tests: {missing}")
        pytest.skip(f"no PostgreSQL for the tests: {missing}")
    yield url
    server.__exit__(None, None, None)
