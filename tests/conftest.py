"""Fixtures that tests of several packages share, and the path to the helpers beside this file."""

import atexit
import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from tally import learn, sections, told
from wire.fixtures import local_llm_url as local_llm_url

_exit_status: list[int] = []


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep the status for the end of the process; send counts to the process that shows them."""
    _exit_status.append(int(exitstatus))
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["tally"] = told()


SLOW = (
    "agent/injections",
    "test_differential",
    "governance_tools",
    "governance_statements",
    "demo/test_run",
    "test_dialects",
    "test_inference",
    "test_local_model",
    "test_policy_commands",
    "test_attacks",
    "test_conformance",
    "test_correct_answers",
)
"""Files that take longest, the longest first."""


def pytest_configure(config: pytest.Config) -> None:
    """Keep the order below: xdist would hand out the files with the most tests first, and they are quick."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process is left with one of them at the end."""
    items.sort(key=lambda item: next((i for i, name in enumerate(SLOW) if name in item.nodeid), len(SLOW)))


def pytest_collection_finish() -> None:
    """Look for garbage as rarely as `gnomon` itself, and not among the tests and libraries loaded by now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a process of this run counted."""
    learn(getattr(node, "workeroutput", {}).get("tally", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what became of attacks and generated statements."""
    for section, lines in sections().items():
        terminalreporter.section(section)
        for line in lines:
            terminalreporter.write_line(line)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave at once: an interpreter that ends in order lists every DuckDB object behind the summary."""
    if _exit_status and not hasattr(config, "workerinput"):
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
