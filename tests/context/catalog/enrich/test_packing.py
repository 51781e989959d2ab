"""What a statement told comes back from its bytes as it was, and damaged bytes tell nothing."""

import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from context.catalog.enrich.made_up_shop import SHOP, code
from gnomon.context.catalog.enrich.packing import packed, unpacked
from gnomon.context.catalog.enrich.shapes import (
    Effect,
    EffectKind,
    MadeColumn,
    Making,
    RowKey,
    StatementFacts,
)
from gnomon.context.catalog.enrich.statement import extract_one
from gnomon.context.catalog.enrich.warehouse import Warehouse
from gnomon.context.catalog.facts import LAYERS, Fact, FactKind, LineageEdge, Origin, Problem
from gnomon.context.catalog.naming import Names
from gnomon.domain.catalog import Catalog

pytestmark = pytest.mark.requirement("enrichment:kept")

TEXT = st.text(max_size=8)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
NUMBERS = st.integers(0, 9)
WHEN = st.none() | st.datetimes(timezones=st.just(UTC))
ORIGINS = st.builds(Origin, st.sampled_from(LAYERS), TEXT, TEXT, TEXT, WHEN)
KINDS, EFFECTS, MAKINGS = (st.sampled_from(get_args(of)) for of in (FactKind, EffectKind, Making))
NEEDS = st.lists(st.tuples(TEXT, TEXTS), max_size=2).map(tuple)
EDGES = st.builds(LineageEdge, TEXT, TEXT, ORIGINS, TEXT, TEXT)


def many(of: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(of, max_size=3).map(tuple)


STATEMENTS = st.builds(
    StatementFacts,
    table=TEXT,
    origin=ORIGINS,
    making=MAKINGS,
    digest=TEXT,
    schema_digest=TEXT,
    asked=TEXTS,
    whole=st.booleans(),
    reads=TEXTS,
    rows_of=TEXT,
    grouped_by=st.none() | TEXTS,
    keys=many(st.builds(RowKey, TEXT, st.none() | PAIRS, NEEDS, TEXT)),
    effects=many(st.builds(Effect, EFFECTS, TEXT, TEXT, TEXT, NUMBERS, NUMBERS)),
    columns=many(st.builds(MadeColumn, TEXT, PAIRS, TEXT, TEXTS)),
    facts=many(st.builds(Fact, TEXT, KINDS, TEXT, ORIGINS, TEXT)),
    lineage=many(EDGES),
    problems=many(st.builds(Problem, TEXT, TEXT)),
)


def a_statement() -> StatementFacts:
    """As reading it tells it."""
    warehouse = Warehouse(Catalog(SHOP), Names(t.ref for t in SHOP))
    sql = (
        "select user_id, sum(amount_cents) / 100.0 as amount, max(placed_at) as at from raw.orders "
        "where not is_test and status <> 'void' group by user_id"
    )
    return extract_one(code("mart.spent", sql), warehouse, "duckdb")


@settings(max_examples=200, deadline=None)
@given(STATEMENTS)
def test_any_statement_comes_back_as_it_was(told: StatementFacts) -> None:
    data = packed(told)
    assert data is not None
    found = unpacked(data)
    assert found == told
    assert hash(found) == hash(told)


def test_a_statement_that_was_read_comes_back_as_it_was() -> None:
    told = replace(
        a_statement(), origin=Origin("code", "a.sql:1", "sql", "Ines", datetime(2026, 1, 2, tzinfo=UTC))
    )
    data = packed(told)
    assert data is not None
    assert unpacked(data) == told
    assert {f.kind for f in told.facts} >= {"scope", "derivation", "produced_by"}


@pytest.mark.parametrize("cut", range(0, 400, 13))
def test_bytes_that_are_cut_or_changed_tell_nothing_or_what_they_told(cut: int) -> None:
    data = packed(a_statement())
    assert data is not None
    cut %= len(data)
    for damaged in (data[:cut], data[:cut] + bytes([data[cut] ^ 0x55]) + data[cut + 1 :]):
        found = unpacked(damaged)
        assert found is None or isinstance(found, StatementFacts)


@pytest.mark.parametrize(
    "value",
    [None, 1, "a", {}, [], [[]] * 9, ["a"] * 9, [1] * 9, [[["x"]]] * 9],
)
def test_json_of_another_shape_tells_nothing(value: object) -> None:
    assert unpacked(zlib.compress(json.dumps(value).encode())) is None


def test_words_that_no_annotation_allows_tell_nothing() -> None:
    data = packed(a_statement())
    assert data is not None
    text = zlib.decompress(data).decode()
    for word, other in (("definition", "wish"), ("scope", "guess"), ('"code"', '"nobody"')):
        assert word in text
        assert unpacked(zlib.compress(text.replace(word, other).encode())) is None


def test_more_facts_than_are_kept_are_not_packed_and_a_bomb_is_not_unpacked() -> None:
    long = replace(a_statement(), asked=("x" * (17 * 1024 * 1024),))
    assert packed(long) is None
    assert unpacked(zlib.compress(b"[" * (64 * 1024 * 1024))) is None
