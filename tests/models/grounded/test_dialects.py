"""The same questions on other engines: the SQL parses, runs and gives the same rows."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import sqlglot
from grounded_businesses import ENGINES, NOW, SCHEMAS, Business, examples

from gnomon.models.grounded.followup import read_in_conversation
from gnomon.models.grounded.reading import NotRead
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.sql import write_sql

Open = Callable[..., Business]


def postgres_sql(asked: Business, question: str, earlier: tuple[str, ...]) -> str | None:
    """The question's SQL for PostgreSQL; None where it is not read."""
    context = replace(asked.context(question, earlier=earlier), dialect="postgres")
    try:
        return write_sql(read_in_conversation(question, context, NOW.date()), Schema(context))
    except NotRead:
        return None


def _rows(found: list[tuple[object, ...]]) -> list[list[str]]:
    """Rows in any order; numbers to nine digits, truth values as numbers, first days as their months."""
    return sorted([_text(v) for v in row] for row in found)


def _text(value: object) -> str:
    try:
        return f"{float(value):.9g}"  # type: ignore[arg-type]
    except (TypeError, ValueError):
        text = str(value)
        return text[:7] if len(text) == 10 and text.endswith("-01") else text


@pytest.mark.requirement("grounded:dialects")
@pytest.mark.parametrize("business", ENGINES)
def test_duckdb_and_sqlite_give_the_same_rows(business: str, businesses: Open) -> None:
    first, second = businesses(business, "duckdb"), businesses(business, "sqlite")
    compared = 0
    for example in examples(business):
        said = [b.say(example.question, earlier=example.earlier) for b in (first, second)]
        if not all(s.startswith("SELECT") for s in said) or "LIMIT" in said[0]:
            continue
        compared += 1
        assert _rows(first.run(said[0])) == _rows(second.run(said[1])), said
    assert compared > 15


@pytest.mark.requirement("grounded:dialects")
@pytest.mark.parametrize("business", ENGINES)
def test_postgresql_text_parses_as_one_select(business: str, businesses: Open) -> None:
    asked = businesses(business)
    for example in examples(business):
        sql = postgres_sql(asked, example.question, example.earlier)
        if sql is not None:
            statements = sqlglot.parse(sql, read="postgres")
            assert [type(s) for s in statements] == [sqlglot.exp.Select]


@pytest.mark.requirement("grounded:dialects")
@pytest.mark.parametrize("business", ["library", "shipping", "nursery"])
def test_postgresql_runs_what_is_written_for_it(business: str, businesses: Open, postgres_url: str) -> None:
    import psycopg

    asked = businesses(business)
    script = (SCHEMAS / f"{business}.sql").read_text(encoding="utf-8")
    with psycopg.connect(postgres_url) as connection:
        connection.execute(f'CREATE SCHEMA "grounded_{business}"')
        connection.execute(f'SET search_path TO "grounded_{business}"')
        connection.execute(script)
        for example in examples(business):
            sql = postgres_sql(asked, example.question, example.earlier)
            if sql is not None and example.expected.startswith("SELECT"):
                found = connection.execute(sql).fetchall()
                if "LIMIT" not in sql:
                    assert _rows(found) == _rows(asked.run(example.expected)), sql
        connection.rollback()


@pytest.mark.requirement("grounded:dialects")
def test_sqlite_dates_that_are_no_iso_text_are_not_compared(tmp_path: Path) -> None:
    from grounded_businesses import set_up

    from gnomon.models.minilm.embedder import MiniLmEmbedder

    script = (
        "CREATE TABLE fairs (fair_id INTEGER PRIMARY KEY, fair_date DATE);"
        "INSERT INTO fairs VALUES (1, '3.4.2025'), (2, '17.11.2024');"
    )
    asked = set_up(tmp_path, "fairs", "sqlite", script, MiniLmEmbedder())
    assert asked.say("how many fairs in 2025?").startswith("cannot:")
    asked.assembler.index.close()
