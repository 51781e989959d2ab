"""A world in which things are remembered."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from context.memory.memory_world import MemoryWorld
from gnomon.models.minilm.embedder import MiniLmEmbedder
from remembering import EMBEDDER


@pytest.fixture(scope="session")
def minilm() -> MiniLmEmbedder:
    return EMBEDDER


@pytest.fixture
def world(tmp_path: Path, minilm: MiniLmEmbedder) -> Iterator[MemoryWorld]:
    made = MemoryWorld(tmp_path, minilm)
    yield made
    made.store.close()
