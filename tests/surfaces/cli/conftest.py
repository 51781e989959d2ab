"""A command line in a folder of its own, as one person."""

from collections.abc import Callable
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
