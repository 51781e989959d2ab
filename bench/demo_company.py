"""The demo company as the benchmarks use it: its warehouse, its questions, and Gnomon opened on it."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from gnomon.settings import Settings
from gnomon.wiring import Gnomon, open_gnomon

DEMO = Path(__file__).parents[1] / "demo"
QUESTIONS = DEMO / "eval" / "questions.toml"


def warehouse() -> Path:
    """The demo company's warehouse, built if it is absent or out of date."""
    sys.path.insert(0, str(DEMO))
    try:
        from company.build import WAREHOUSE, ensure_warehouse  # type: ignore[import-not-found]
    finally:
        sys.path.remove(str(DEMO))
    ensure_warehouse()
    return Path(WAREHOUSE)


@contextmanager
def opened(path: Path, **overrides: Any) -> Iterator[Gnomon]:
    """Gnomon on that warehouse with an index, its state in a folder that goes away afterwards."""
    with tempfile.TemporaryDirectory(prefix="gnomon-bench-") as state:
        given = {"warehouse.url": str(path), "state.dir": state, "model.name": "grounded", **overrides}
        with closing(open_gnomon(Settings.load(Path(state), given))) as gnomon:
            gnomon.ensure_index()
            yield gnomon
