"""After any nights, the index says what one built from nothing says, and only what changed was done again."""

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from context.catalog.conftest import CountingEmbedder
from context.catalog.nightly_company import DAYS, NOW, Company, apart, company
from context.catalog.told import fact
from gnomon.context.catalog.build import BuildReport, build_index
from gnomon.context.catalog.cards import Surveyed, draft_card
from gnomon.context.catalog.enrich.shapes import StatementFacts
from gnomon.context.catalog.enrich.statement import extract_one
from gnomon.context.catalog.facts import (
    PipelineCode,
)
from gnomon.domain.catalog import (
    TableCard,
    TableRef,
)

pytestmark = pytest.mark.requirement("build:night-equals-full")


def build(company: Company, path: Path, embedder: CountingEmbedder | None = None) -> BuildReport:
    return build_index(
        company.warehouse,  # type: ignore[arg-type]
        embedder or CountingEmbedder(),
        path,
        sources=company.sources(),
        now=NOW,
    )


def contents(path: Path) -> Iterator[tuple[str, list[Any]]]:
    """Everything that a reader can see, in an order that does not depend on when rows were written."""
    queries = {
        "cards": "select id, position, card from cards order by id",
        "tables": "select id, position, described from tables order by id",
        "joins": "select child_id, parent_id, described from joins order by 1, 2, 3",
        "said": "select id, mark, said from said order by id",
        "drafted": "select * from drafted order by id",
        "told apart": "select * from told_apart order by name",
        "passages": "select digest, vector from passages order by digest",
        "passages of": "select id, about, holds from passages_of order by id",
        "trusted": "select position, question, query, vector from trusted order by position",
        "counted": "select asked, state, counts from counted order by asked",
        "newest": "select id, profile, problem, newest from profiles order by id",
        "lineage": "select * from lineage order by 1, 2, 3, 4",
        "problems": "select place, message from problems order by position",
        "boosts": "select id, boost from signals order by id",
        "values": "select table_id, v.column_name, complete, value from value_columns as v"
        " join column_values as c on c.column_id = v.column_id order by 1, 2, 4",
        "code": "select digest, head, told from code_read order by digest",
        "facts": "select name, value from meta where name in"
        " ('brief', 'identifiers', 'tables', 'values', 'counts', 'common_columns', 'measured') order by name",
        "entries": "select id, content_hash from rows order by id",
        "vectors": "select r.id, vector from rows as r join vectors as v on v.seq = r.seq order by 1",
    }
    with closing(sqlite3.connect(path)) as connection:
        for name, sql in queries.items():
            yield name, connection.execute(sql).fetchall()


NIGHTS = st.lists(st.lists(st.sampled_from(DAYS), min_size=1, max_size=4), min_size=1, max_size=4)
"""What happens before each night."""


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000), nights=NIGHTS)
@example(seed=1, nights=[["age", "age", "age"], ["new_day"], ["age", "shuffle"], ["new_day", "drop"]])
@example(seed=2, nights=[["copy", "copy"], ["widen", "count"], ["narrow", "rename_column"]])
@example(seed=3, nights=[["pass_on", "pass_on"], ["pass_on", "divide"], ["rename", "write_code"]])
@example(seed=5, nights=[["undeclare"] * 4, ["fill", "add"], ["drop", "undeclare", "rename"]])
@example(seed=6, nights=[["deprecate"] * 4, ["drop_named"], ["deprecate", "drop_named", "add"]])
@example(seed=7, nights=[["ask"], ["ask_again"], ["ask"] * 4, ["ask"]])
@example(seed=4, nights=[["ask", "ask", "claim"], ["ask", "describe"], ["unask", "withdraw", "view"]])
def test_after_any_nights_the_index_is_that_of_a_full_build(seed: int, nights: list[list[str]]) -> None:
    it = company(seed)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as small:
        # So that a dozen tables cross the bounds that are meant for thousands.
        small.setattr("gnomon.context.catalog.alike.COMMON_COLUMN", 6)
        small.setattr("gnomon.context.catalog.enrich.pairs._COMMON_COLUMN", 6)
        small.setattr("gnomon.context.catalog.enrich.pairs._ALL_PAIRS", 3)
        small.setattr("gnomon.context.catalog.enrich.pairs._NEIGHBOURS", 1)
        nightly = Path(folder) / "nightly.db"
        build(it, nightly)
        for number, changes in enumerate(nights):
            for change in changes:
                getattr(it, change)()
            build(it, nightly)
            full = Path(folder) / f"full_{number}.db"
            build(it, full)
            assert dict(contents(nightly)) == dict(contents(full))


@pytest.mark.parametrize(
    ("change", "profiled", "embedded", "removed"),
    [("fill", 1, 0, 0), ("add", 1, 1, 0), ("drop", 0, 0, 1), ("rename", 1, 1, 1), ("annotate", 0, 1, 0)],
)
def test_a_night_does_again_what_one_change_asks_for(
    change: str, profiled: int, embedded: int, removed: int, tmp_path: Path
) -> None:
    it = apart(12)
    build(it, tmp_path / "index.db")
    getattr(it, change)()
    report = build(it, tmp_path / "index.db")
    assert (report.profiled, report.embedded, report.removed) == (profiled, embedded, removed)


def test_only_statements_on_changed_tables_are_asked_again(tmp_path: Path) -> None:
    it = company(8)
    for ref in list(it.warehouse.tables):
        it.put(replace(it.warehouse.tables[ref], keys=()))
    build(it, tmp_path / "index.db")
    assert it.warehouse.executed
    it.warehouse.executed.clear()
    changed = it.some()
    it.put(changed)
    build(it, tmp_path / "index.db")
    asked = it.warehouse.executed
    assert asked
    assert all(f'"{changed.ref.name}"' in sql for sql in asked)


@pytest.mark.parametrize(
    ("change", "drafted", "passages"),
    [("fill", 1, 0), ("annotate", 1, 2), ("describe", 1, 0), ("shuffle", 0, 0), ("drop", 0, 0)],
)
def test_cards_and_passages_that_read_as_before_are_not_made_again(
    change: str, drafted: int, passages: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[TableRef] = []

    def draft(table: Surveyed, *rest: Any) -> TableCard:
        made.append(table.ref)
        return draft_card(table, *rest)

    it = apart(12)
    build(it, tmp_path / "index.db")
    monkeypatch.setattr("gnomon.context.catalog.drafts.draft_card", draft)
    getattr(it, change)()
    embedder = CountingEmbedder()
    build(it, tmp_path / "index.db", embedder)
    assert len(made) == drafted
    assert len(embedder.texts) <= passages


def test_a_new_description_has_one_of_two_passages_embedded(tmp_path: Path) -> None:
    it = apart(4)
    build(it, tmp_path / "index.db")
    name = str(it.some().ref)
    it.said[name] = (fact(name, "meaning", "What the shop sold, line by line."),)
    embedder = CountingEmbedder()
    build(it, tmp_path / "index.db", embedder)
    (text,) = embedder.texts
    assert "line by line" in text


def test_other_rules_of_drafting_draft_every_card_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = company(6)
    build(it, tmp_path / "index.db")
    with closing(sqlite3.connect(tmp_path / "index.db")) as file, file:
        file.execute("update cards set card = replace(card, 'amount', 'altered')")
        file.execute("update profiles set newest = '1999-01-01 id'")
    monkeypatch.setattr("gnomon.context.catalog.drafts.drafting_version", lambda: "of the next release")
    it.fill()
    build(it, tmp_path / "index.db")
    build(it, tmp_path / "full.db")
    assert dict(contents(tmp_path / "index.db")) == dict(contents(tmp_path / "full.db"))


def test_a_changed_statement_alone_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def told(code: PipelineCode, *rest: Any) -> StatementFacts:
        read.append(code.table)
        return extract_one(code, *rest)

    monkeypatch.setattr("gnomon.context.catalog.enrich.extract.extract_one", told)
    it = company(5)
    build(it, tmp_path / "index.db")
    assert sorted(read) == sorted(it.code)
    read.clear()
    table = next(iter(it.code))
    it.code[table] = replace(it.code[table], sql=f"{it.code[table].sql} and b.id <> 77")
    build(it, tmp_path / "index.db")
    assert read == [table]
