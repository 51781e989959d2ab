"""Statements that a restricted person's model might run: none tells what is kept from the person."""

from collections import Counter
from collections.abc import Callable

import pytest

from attacks.governance.governance_acts import found_in, run, statements
from attacks.governance.governance_world import World
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
