"""A command line in a folder of its own, as one person."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gnomon.surfaces.cli.main import app

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without settings above it, with the state below it."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("GNOMON_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("GNOMON_PRINCIPAL_SUBJECT", "ana@acme.test")
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("GNOMON_WAREHOUSE", "GNOMON_MODEL", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return work


@pytest.fixture
def run(folder: Path) -> Run:
    """Run `gnomon` with these arguments in `folder`."""

    def invoke(*args: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(app, list(args), input=stdin)

    return invoke


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small SQLite warehouse."""
    path = tmp_path_factory.mktemp("warehouse") / "shop.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.executescript(
            "CREATE TABLE customers (customer_id INTEGER PRIMARY KEY, name TEXT, city TEXT);"
            "CREATE TABLE orders (order_id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers,"
            " status TEXT, order_date DATE, amount DECIMAL(10, 2));"
        )
        cities = ("Vienna", "Graz", "Linz")
        db.executemany(
            "INSERT INTO customers VALUES (?, ?, ?)",
            [(i, f"Customer {i}", cities[i % 3]) for i in range(1, 31)],
        )
        db.executemany(
            "INSERT INTO orders VALUES (?, ?, 'paid', ?, ?)",
            [(i, 1 + i % 30, f"2025-{1 + i % 12:02}-15", i * 1.5) for i in range(1, 401)],
        )
        db.commit()
    return path


@pytest.fixture(scope="session")
def built_state(shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder that holds the shop's index."""
    state = tmp_path_factory.mktemp("built")
    environ = {**os.environ, "GNOMON_HOME": str(state)}
    command = [sys.executable, "-m", "gnomon", "index", "-w", str(shop)]
    subprocess.run(command, cwd=state, env=environ, check=True, capture_output=True)
    return state


@pytest.fixture
def indexed(folder: Path, shop: Path, built_state: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`folder`, with the shop as its warehouse and an index that is fresh; gives the state folder."""
    state = Path(os.environ["GNOMON_HOME"])
    shutil.copytree(built_state, state)
    monkeypatch.setenv("GNOMON_WAREHOUSE", str(shop))
    return state
