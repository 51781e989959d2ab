"""A PostgreSQL server that keeps us out, or goes away."""

import threading
from collections.abc import Callable
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from typer.testing import Result

from warehouses.datasets import new_database

pytestmark = pytest.mark.requirement("cli:bad-sources")

Run = Callable[..., Result]
Check = Callable[..., None]


@pytest.fixture
def server(postgres_url: str) -> str:
    """A database of one table."""
    url = new_database(postgres_url, "bad_input")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 3) AS g")
    return url


def changed(url: str, login: str = "", path: str = "") -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{login}@{host}" if login else parts.netloc
    return urlunsplit(parts._replace(netloc=netloc, path=path or parts.path))


def test_a_wrong_password_user_or_database_is_named_without_the_password(
    run: Run, clear: Check, server: str
) -> None:
    user = urlsplit(server).username
    for url, words in (
        (changed(server, login=f"{user}:hush"), "does not accept the password"),
        (changed(server, login="nobody_here:hush"), ""),
        (changed(server, path="/nothing_here"), "has no such database: nothing_here"),
    ):
        done = run("ask", "how many orders", "-w", url)
        clear(done, 3, words)
        assert "hush" not in done.stderr


def test_a_server_that_drops_us_in_the_middle_leaves_an_error_and_the_next_question_is_answered(
    run: Run, clear: Check, answered: Check, server: str
) -> None:
    answered(run("ask", "how many orders", "-w", server), "is 3.")
    ended = threading.Event()

    def drop_who_waits() -> None:
        with psycopg.connect(server, autocommit=True) as other:
            while not ended.wait(0.02):
                other.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    " AND application_name = 'gnomon' AND datname = current_database()"
                )

    dropper = threading.Thread(target=drop_who_waits)
    with psycopg.connect(server) as writer:
        writer.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        dropper.start()
        try:
            done = run("ask", "how many orders", "-w", server)
        finally:
            ended.set()
            dropper.join()
    clear(done, 1, "the connection to", "was lost", "ask again")
    answered(run("ask", "how many orders", "-w", server), "is 3.")
