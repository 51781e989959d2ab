"""Statements that a restricted person's model might run: none tells what is kept from the person."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import islice

import pytest

from attacks.governance.governance_acts import found_in, questions, run, statements, tool_acts
from attacks.governance.governance_world import OWNER, World
from gnomon.models.port import Embedder


@pytest.mark.requirement("governance:corpus")
@pytest.mark.parametrize("engine", ["duckdb", "sqlite", "postgres"])
def test_no_statement_tells_what_is_kept_from_the_person(
    engine: str,
    worlds_of: Callable[[str], tuple[World, World]],
    embedder: Embedder,
    record_acts: Callable[[str, Counter[str]], None],
) -> None:
    one, other = worlds_of(engine)
    escaped, counts = [], Counter[str]()
    for act in statements():
        seen, twin = run(act, one, embedder), run(act, other, embedder)
        found = found_in(act, seen, twin)
        counts["escaped" if found else "refused" if seen.failed else "harmless"] += 1
        escaped += [f"{act.note}: {each}" for each in found]
    record_acts(f"{engine}, statements", counts)
    assert escaped == [], "\n".join(escaped)


@pytest.mark.requirement("governance:corpus")
def test_two_figures_may_differ_by_one_person(
    worlds_of: Callable[[str], tuple[World, World]], embedder: Embedder
) -> None:
    """A limit that docs/guard.md states: a least size of groups is no answer to who compares many figures."""
    worlds = worlds_of("duckdb")
    for act in statements("limits.sql"):
        one, other = (run(act, world, embedder) for world in worlds)
        assert found_in(act, one, other), act.note


@pytest.mark.requirement("governance:corpus")
def test_the_corpus_is_large_and_every_attempt_is_another_one() -> None:
    acts = [*statements(), *tool_acts(), *questions()]
    assert len(acts) >= 300
    assert len({repr((act.calls, act.question)) for act in acts}) == len(acts)


@pytest.mark.requirement("governance:corpus")
def test_the_worlds_do_differ_for_who_may_see_it(
    worlds_of: Callable[[str], tuple[World, World]], embedder: Embedder
) -> None:
    """The corpus bites: for the owner the same statements tell the worlds apart."""
    one, other = (replace(world, who=OWNER) for world in worlds_of("duckdb"))
    told = (act for act in statements() if found_in(act, run(act, one, embedder), run(act, other, embedder)))
    assert len(list(islice(told, 60))) == 60
