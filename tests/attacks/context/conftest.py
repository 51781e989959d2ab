"""The three worlds, and the counts of what was tried in them."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from attacks.context.context_world import ContextWorld, Kind, build
from gnomon.models.minilm.embedder import MiniLmEmbedder
from remembering import EMBEDDER
from tally import tally


@pytest.fixture(scope="session")
def embedder() -> MiniLmEmbedder:
    return EMBEDDER


@pytest.fixture(scope="session")
def world_of(
    tmp_path_factory: pytest.TempPathFactory, embedder: MiniLmEmbedder
) -> Iterator[Callable[[Kind], ContextWorld]]:
    """Gives one of the three worlds."""
    made: dict[Kind, ContextWorld] = {}

    def world(kind: Kind) -> ContextWorld:
        if kind not in made:
            made[kind] = build(kind, tmp_path_factory.mktemp(f"context-{kind}"), embedder)
        return made[kind]

    yield world
    for each in made.values():
        each.close()


@pytest.fixture(scope="session")
def record_context() -> Callable[[str, Counter[str]], None]:
    """Keeps what became of a corpus, for the summary of the run."""

    def record(corpus: str, counts: Counter[str]) -> None:
        tally("context", corpus, counts)

    return record
