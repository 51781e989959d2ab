"""One canary an engine for all attacks of a run, and a folder with secrets as the current one."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from attacks.canary import Canary, duckdb_canary, plant_secrets, postgres_canary, sqlite_canary
from tally import tally


@pytest.fixture(scope="session")
def canary_of(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[[str], Canary]]:
    """Gives the canary of an engine; attacks run beside files that hold the secret."""
    made: dict[str, Canary] = {}
    before = Path.cwd()

    def canary(dialect: str) -> Canary:
        if dialect not in made:
            made[dialect] = _make(dialect, tmp_path_factory.mktemp(f"canary-{dialect}"), request)
        os.chdir(made[dialect].outside)
        return made[dialect]

    yield canary
    os.chdir(before)
    for each in made.values():
        each.warehouse.close()


def _make(dialect: str, folder: Path, request: pytest.FixtureRequest) -> Canary:
    inside, outside = folder / "warehouse", folder / "outside"
    inside.mkdir()
    outside.mkdir()
    plant_secrets(outside)
    if dialect == "postgres":
        return postgres_canary(str(request.getfixturevalue("postgres_url")), outside)
    return (duckdb_canary if dialect == "duckdb" else sqlite_canary)(inside, outside)


@pytest.fixture(scope="session")
def record_counts() -> Callable[[str, str, Counter[str]], None]:
    """Keeps what became of the attacks on an engine, for the summary of the run."""

    def record(engine: str, setting: str, counts: Counter[str]) -> None:
        tally("attacks", f"{engine}, {setting}", counts)

    return record


@pytest.fixture(autouse=True)
def _back_to_the_folder() -> Iterator[None]:
    before = Path.cwd()
    yield
    os.chdir(before)
