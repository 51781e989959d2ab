"""Every attack of the corpora is refused, or shown to be harmless by running it on a canary."""

import time
from collections import Counter
from collections.abc import Callable

import pytest

from attacks.canary import ANA, SECRET, Canary, everything
from attacks.statements import Entry, attacks
from gnomon.domain.errors import GnomonError, Refused, Retry
from gnomon.domain.query import AuthorizedQuery, Limits, Query
from gnomon.domain.result import ResultTable
from gnomon.policy.authorize import authorize

ENGINES = ("duckdb", "sqlite", "postgres")
GUARDED = Limits(max_rows=1_000, timeout_s=2.0)
UNGUARDED = Limits(max_rows=1_000, timeout_s=0.25)
LONGEST_S = 6.0
"""What a statement of 0.25 s may take on a busy machine: a single call in an engine is not interrupted."""

ONLY_THE_GUARD = {
    "duckdb": frozenset(
        {
            "series bomb in a scalar",
            "text bomb",
            "padding bomb",
            "right padding bomb",
            "format bomb",
            "format bomb with a star",
            "format bomb of the other kind",
            "list bomb",
            "array resize",
            "unclosed parentheses",
        }
    ),
    "sqlite": frozenset({"format bomb as text"}),
    "postgres": frozenset(
        {
            "format bomb",
            "format bomb with a star",
            "text that doubles by the name of a call",
            "an array that doubles in every layer",
            "a sum that doubles in every layer",
        }
    ),
}
"""Attacks that an engine alone runs for over three seconds although it has 0.25 s: one call, or the parser,
works on without a look at the clock. They change and tell nothing; only the guard keeps them from running.
docs/guard.md says how long each runs."""

Record = Callable[[str, str, Counter[str]], None]
"""Takes engine, `guarded` or `engine alone`, and counts; the end of the test run shows them."""


@pytest.mark.requirement("policy:attacks", "ADLC-03")
@pytest.mark.parametrize("engine", ENGINES)
def test_no_attack_of_the_corpus_passes_the_guard_and_does_harm(
    engine: str, canary_of: Callable[[str], Canary], record_counts: Record
) -> None:
    canary = canary_of(engine)
    before, counts, escaped = canary.state(), Counter[str](), []
    for entry in attacks(engine):
        verdict = _guarded(canary, entry)
        # What was refused never met the engine: one look at the end is enough for all of it.
        if verdict != "refused" and canary.state() != before:
            verdict = "changed the canary"
            before = canary.state()
        counts[verdict] += 1
        if verdict not in ("refused", "harmless"):
            escaped.append(f"{verdict}: {entry.shown}")
    record_counts(engine, "guard on", counts)
    assert escaped == []
    assert canary.state() == before
    assert counts.total() >= 120


def _guarded(canary: Canary, entry: Entry) -> str:
    try:
        query = authorize(Query(entry.sql, canary.dialect), everything(canary), GUARDED)
    except (Refused, Retry):
        return "refused"
    return _run(canary, query)


def _run(canary: Canary, query: AuthorizedQuery) -> str:
    """`harmless`, whether the engine refused or not, unless the secret came back or it took too long."""
    started = time.monotonic()
    try:
        shown = _text(canary.warehouse.execute(query))
    except GnomonError as error:
        shown = f"{error.message} {error.facts}"
    if SECRET in shown:
        return "told the secret"
    return "harmless" if time.monotonic() - started < LONGEST_S else "ran too long"


def _text(table: ResultTable) -> str:
    return repr(table.rows)


@pytest.mark.requirement("policy:attacks")
@pytest.mark.parametrize("engine", ENGINES)
def test_what_only_the_guard_stops_is_refused_by_it(engine: str, canary_of: Callable[[str], Canary]) -> None:
    canary = canary_of(engine)
    entries = [e for e in attacks(engine) if e.note in ONLY_THE_GUARD[engine]]
    assert {e.note for e in entries} == ONLY_THE_GUARD[engine]
    for entry in entries:
        with pytest.raises((Refused, Retry)):
            authorize(Query(entry.sql, canary.dialect), everything(canary), GUARDED)


@pytest.mark.requirement("policy:engine-alone", "ADLC-03")
@pytest.mark.parametrize("engine", ENGINES)
def test_the_engine_alone_keeps_data_and_secrets_when_the_guard_is_off(
    engine: str, canary_of: Callable[[str], Canary], record_counts: Record
) -> None:
    """The statement goes to the engine as it was sent, so this shows what the second line holds."""
    canary = canary_of(engine)
    before, counts, escaped = canary.state(), Counter[str](), []
    for entry in attacks(engine):
        if entry.note in ONLY_THE_GUARD[engine]:
            counts["left out"] += 1
            continue
        verdict = _unguarded(canary, entry)
        if canary.state() != before:
            verdict = "changed the canary"
            before = canary.state()
        counts[verdict] += 1
        if verdict not in ("refused", "answered", "stopped"):
            escaped.append(f"{verdict}: {entry.shown}")
    record_counts(engine, "guard off", counts)
    assert escaped == []


def _unguarded(canary: Canary, entry: Entry) -> str:
    query = AuthorizedQuery(entry.sql, entry.sql, canary.dialect, ANA, (), (), (), UNGUARDED)
    started = time.monotonic()
    verdict = "answered"
    try:
        shown = _text(canary.warehouse.execute(query))
    except GnomonError as error:
        verdict = "stopped" if "was stopped" in error.message else "refused"
        shown = f"{error.message} {error.facts}"
    # The engine quotes the statement in its message; only the secret's text itself is a leak.
    if SECRET in shown:
        return "told the secret"
    return verdict if time.monotonic() - started < LONGEST_S else "ran too long"
