"""What the other ways of knowing tell a restricted person: tools, checks, context, and the local model."""

from collections import Counter
from collections.abc import Callable

import pytest

from attacks.governance.governance_acts import Act, Seen, found_in, questions, run, tool_acts
from attacks.governance.governance_world import World, leaks
from gnomon.models.grounded.model import GroundedModel
from gnomon.models.port import Embedder, Model

Worlds = Callable[[str], tuple[World, World]]
Record = Callable[[str, Counter[str]], None]
ENGINES = pytest.mark.parametrize("engine", ["duckdb", "sqlite", "postgres"])


@pytest.mark.requirement("governance:corpus")
@ENGINES
def test_no_tool_tells_what_is_kept_from_the_person(
    engine: str, worlds_of: Worlds, embedder: Embedder, record_acts: Record
) -> None:
    """A check's sentence counts as well: it is shown beside the answer."""
    escaped = tried(engine, "tools", tool_acts(), worlds_of, embedder, record_acts)
    assert escaped == [], "\n".join(escaped)


@pytest.mark.requirement("governance:corpus")
@ENGINES
def test_no_question_makes_the_local_model_tell_what_is_kept_from_the_person(
    engine: str, worlds_of: Worlds, embedder: Embedder, record_acts: Record
) -> None:
    escaped = tried(engine, "questions", questions(), worlds_of, embedder, record_acts, GroundedModel)
    assert escaped == [], "\n".join(escaped)


@pytest.mark.requirement("governance:corpus")
@ENGINES
def test_the_context_of_a_question_is_the_same_whatever_the_hidden_data_are(
    engine: str, worlds_of: Worlds, embedder: Embedder, record_acts: Record
) -> None:
    """Cards, brief, near words and further tables, before a model does anything."""
    escaped, counts = [], Counter[str]()
    for act in questions():
        one, other = (run(act, world, embedder) for world in worlds_of(engine))
        found = [leak for seen in (one, other) for leak in leaks(seen.context, act.said)]
        found += ["differs"] if one.context != other.context else []
        counts["escaped" if found else "harmless"] += 1
        escaped += [f"{act.note}: {each}" for each in found]
    record_acts(f"{engine}, contexts", counts)
    assert escaped == [], "\n".join(escaped)


def tried(
    engine: str,
    corpus: str,
    acts: tuple[Act, ...],
    worlds_of: Worlds,
    embedder: Embedder,
    record_acts: Record,
    model: Callable[[], Model] | None = None,
) -> list[str]:
    """Every act in both worlds; what escaped."""
    escaped, counts = [], Counter[str]()
    for act in acts:
        one, other = (run(act, world, embedder, model and model()) for world in worlds_of(engine))
        found = found_in(act, one, other)
        counts["escaped" if found else "refused" if _refused(one) else "harmless"] += 1
        escaped += [f"{act.note}: {each}" for each in found]
    record_acts(f"{engine}, {corpus}", counts)
    return escaped


def _refused(seen: Seen) -> bool:
    return seen.failed or seen.answer.status in ("abstained", "failed")
