"""A command line in a folder of its own, and how a clear error looks."""

import os
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
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without settings above it, with the state below it."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("GNOMON_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("GNOMON_WAREHOUSE", "GNOMON_MODEL", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return work


@pytest.fixture
def run(folder: Path) -> Run:
    """Run `gnomon` with these arguments in `folder`."""

    def invoke(*args: str, stdin: str | bytes | None = None) -> Result:
        return CliRunner().invoke(app, list(args), input=stdin)

    return invoke


@pytest.fixture
def start(folder: Path) -> Start:
    """Start `gnomon` as a process of its own."""

    def launch(*args: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "gnomon", *args],
            cwd=folder,
            env=dict(os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return launch


@pytest.fixture
def shop(folder: Path) -> str:
    """A warehouse of one table with three orders worth 6."""
    path = folder / "shop.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, amount INTEGER)")
        db.execute("INSERT INTO orders VALUES (1, 1), (2, 2), (3, 3)")
        db.commit()
    return str(path)


@pytest.fixture
def clear() -> Callable[..., None]:
    """Checks that a command ended with an error that says what happened and what to do."""

    def check(done: Result, code: int, *words: str) -> None:
        shown = f"{done.stdout}\n{done.stderr}"
        assert done.exit_code == code, shown
        assert done.stdout == ""
        assert done.stderr.startswith("error: "), shown
        assert "\n\nhint: " in done.stderr, shown
        assert "Traceback" not in shown
        assert "did not foresee" not in shown
        for word in words:
            assert word in done.stderr, shown

    return check


@pytest.fixture
def answered() -> Callable[..., None]:
    """Checks that a question was answered, and that the answer holds the words."""

    def check(done: Result, *words: str) -> None:
        shown = f"{done.stdout}\n{done.stderr}"
        assert done.exit_code == 0, shown
        for word in words:
            assert word in done.stdout, shown

    return check
