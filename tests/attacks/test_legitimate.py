"""A guard that refuses everything is useless: honest statements pass, and mean what they meant."""

import json
import sqlite3
from collections.abc import Callable

import duckdb
import pytest

from attacks.canary import ANA, Canary, everything
from attacks.statements import Entry, legitimate
from gnomon.domain.errors import GnomonError
from gnomon.domain.query import AuthorizedQuery, Limits, Query
from gnomon.policy.authorize import authorize

ENGINES = ("duckdb", "sqlite", "postgres")
LIMITS = Limits(max_rows=1_000, timeout_s=20.0)


def authorized(canary: Canary, sql: str) -> AuthorizedQuery:
    return authorize(Query(sql, canary.dialect), everything(canary), LIMITS)


def rows(canary: Canary, query: AuthorizedQuery, sql: str) -> list[str]:
    """The rows as text; in the statement's order if it has one, else sorted."""
    # An engine adds floating-point numbers in parallel, in any order, so that the last digits differ.
    found = [
        repr(tuple(f"{cell:.12g}" if isinstance(cell, float) else cell for cell in row))
        for row in canary.warehouse.execute(query).rows
    ]
    return found if "order by" in sql.lower() else sorted(found)


@pytest.mark.requirement("policy:honest-statements")
@pytest.mark.parametrize("engine", ENGINES)
def test_honest_statements_pass_and_return_what_the_original_returns(
    engine: str, canary_of: Callable[[str], Canary]
) -> None:
    canary = canary_of(engine)
    problems = [p for entry in legitimate(engine) if (p := _problem(canary, entry))]
    assert problems == []
    assert len(legitimate(engine)) >= 50


def _problem(canary: Canary, entry: Entry) -> str:
    try:
        query = authorized(canary, entry.sql)
        original = AuthorizedQuery(entry.sql, entry.sql, canary.dialect, ANA, (), (), (), LIMITS)
        expected, got = rows(canary, original, entry.sql), rows(canary, query, entry.sql)
        pretty = AuthorizedQuery(query.original_sql, "", canary.dialect, ANA, (), (), (), LIMITS)
        shown = rows(canary, pretty, entry.sql)
    except GnomonError as error:
        return f"{entry.shown}: {type(error).__name__} {error.message}"
    if not expected or expected != got or expected != shown:
        return f"{entry.shown}: {query.sql!r} gives {got[:3]}, not {expected[:3]}"
    return ""


@pytest.mark.requirement("policy:honest-statements")
@pytest.mark.parametrize("engine", ENGINES)
def test_what_was_authorized_is_authorized_again_without_change(
    engine: str, canary_of: Callable[[str], Canary]
) -> None:
    """The text that reaches the engine reads back as what was judged."""
    canary = canary_of(engine)
    changed = []
    for entry in legitimate(engine):
        first = authorized(canary, entry.sql)
        second = authorized(canary, first.sql)
        if (first.sql, first.tables) != (second.sql, second.tables):
            changed.append(f"{entry.shown}: {first.sql!r} then {second.sql!r}")
    assert changed == []


@pytest.mark.requirement("policy:tables-agree")
def test_duckdb_names_the_same_tables_as_the_guard(canary_of: Callable[[str], Canary]) -> None:
    canary = canary_of("duckdb")
    with duckdb.connect() as reader:
        for entry in legitimate("duckdb"):
            query = authorized(canary, entry.sql)
            (text,) = reader.execute("SELECT json_serialize_sql($1)", [query.sql]).fetchone() or ("{}",)
            named, given = _duckdb_names(json.loads(text))
            assert named | given == {t.name for t in query.tables} | given, entry.shown


def _duckdb_names(node: object) -> tuple[set[str], set[str]]:
    """The tables DuckDB's own parser finds, and the names of common table expressions."""
    named: set[str] = set()
    given: set[str] = set()
    if isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            named.add(node["table_name"])
        given |= {each["key"] for each in (node.get("cte_map") or {}).get("map", ())}
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        more = _duckdb_names(child)
        named |= more[0]
        given |= more[1]
    return named, given


@pytest.mark.requirement("policy:tables-agree")
def test_sqlite_reads_the_same_tables_as_the_guard(canary_of: Callable[[str], Canary]) -> None:
    canary = canary_of("sqlite")
    known = {t.ref.name for t in canary.catalog.tables}
    read: set[str] = set()

    def note(
        action: int, first: str | None, second: str | None, database: str | None, via: str | None
    ) -> int:
        if action == sqlite3.SQLITE_READ and first in known:
            read.add(first)
        return sqlite3.SQLITE_OK

    connection = sqlite3.connect(canary.source)
    for entry in legitimate("sqlite"):
        query = authorized(canary, entry.sql)
        connection.set_authorizer(None)
        read.clear()
        connection.set_authorizer(note)
        connection.execute(query.sql).close()
        named = {t.name for t in query.tables}
        # A view is read through its tables.
        through_view = {"orders"} if "big_orders" in named else set()
        assert read | {"big_orders"} == named | through_view | {"big_orders"}, entry.shown
    connection.close()
