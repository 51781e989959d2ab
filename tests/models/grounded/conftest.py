"""Opens the invented businesses once a session, and lets tests import the helper beside this file."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from grounded_businesses import ENGINES, SCHEMAS, Business, set_up

from gnomon.models.minilm.embedder import MiniLmEmbedder


@pytest.fixture(scope="session")
def businesses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Business]]:
    """Opens a business by name, on its own engine or on another; each is built once."""
    folder = tmp_path_factory.mktemp("businesses")
    embedder = MiniLmEmbedder()
    opened: dict[tuple[str, str], Business] = {}

    def open_business(name: str, engine: str | None = None) -> Business:
        chosen = engine or ENGINES[name]
        if (name, chosen) not in opened:
            script = (SCHEMAS / f"{name}.sql").read_text(encoding="utf-8")
            opened[name, chosen] = set_up(folder, name, chosen, script, embedder)
        return opened[name, chosen]

    yield open_business
    for business in opened.values():
        business.assembler.index.close()
