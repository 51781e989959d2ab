"""The two worlds of an engine, and the counts of what became of the acts in them."""

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from attacks.governance.governance_world import World, build
from gnomon.models.port import Embedder
from remembering import EMBEDDER
from tally import tally

Worlds = tuple[World, World]


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return EMBEDDER


@pytest.fixture(scope="session")
def worlds_of(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, embedder: Embedder
) -> Iterator[Callable[[str], Worlds]]:
    """Gives both worlds of an engine."""
    made: dict[str, Worlds] = {}

    def worlds(engine: str) -> Worlds:
        if engine not in made:
            url = str(request.getfixturevalue("postgres_url")) if engine == "postgres" else ""
            folder = tmp_path_factory.mktemp(f"governance-{engine}")
            one, other = (build(engine, n, folder / str(n), embedder, url) for n in (0, 1))
            made[engine] = (one, other)
        return made[engine]

    yield worlds
    for pair in made.values():
        for world in pair:
            world.close()


@pytest.fixture(scope="session")
def record_acts() -> Callable[[str, Counter[str]], None]:
    """Keeps what became of a corpus, for the summary of the run."""

    def record(corpus: str, counts: Counter[str]) -> None:
        tally("governance", corpus, counts)

    return record
