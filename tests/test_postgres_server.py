"""The tests' PostgreSQL server leaves nothing behind, even if the test run is killed."""

import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

HOLD = """
import sys
sys.path.insert(0, sys.argv[1])
from postgres_server import Unavailable, running_server
try:
    with running_server() as url:
        print(url, flush=True)
        sys.stdin.read()
except Unavailable as missing:
    print(f"missing: {missing}", flush=True)
"""


@pytest.mark.requirement("house:no-orphans")
def test_the_server_ends_with_a_killed_test_run(postgres_url: str) -> None:
    """`postgres_url` is asked for so that this is skipped where no server can run."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(Path(__file__).parent)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None
        url = run.stdout.readline().strip()
        assert url.startswith("postgresql://"), url
        psycopg.connect(url).close()
        run.kill()
    end = time.monotonic() + 20
    while answers(url):
        assert time.monotonic() < end, "the server outlived the run that started it"


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
