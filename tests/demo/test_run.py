"""`make demo` from a fresh folder whose path has spaces, twice."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gnomon.settings import Settings


def run(script: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run as a user would: from another folder, without a terminal."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("GNOMON_")}
    return subprocess.run(
        [sys.executable, str(script)],
        cwd=home,
        env=environ | {"HOME": str(home), "NO_COLOR": "1", "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=180,
    )


@pytest.fixture(scope="module")
def copy(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo as a fresh checkout has it, in a folder whose path has spaces."""
    folder = tmp_path_factory.mktemp("a folder with spaces") / "demo"
    shutil.copytree(demo, folder, ignore=shutil.ignore_patterns("warehouse", "__pycache__"))
    return folder


@pytest.fixture(scope="module")
def first(copy: Path) -> subprocess.CompletedProcess[str]:
    return run(copy / "run.py", copy.parent)


def test_the_first_run_builds_indexes_and_asks(first: subprocess.CompletedProcess[str], copy: Path) -> None:
    assert first.returncode == 0, first.stdout + first.stderr
    assert "Warehouse built" in first.stdout
    assert first.stdout.count("$ gnomon ask") == 6
    assert "Traceback" not in first.stdout + first.stderr
    settings = Settings.load(copy / "warehouse", environ={})
    assert settings.warehouse_url() == str(copy / "warehouse" / "fernhill.duckdb")


@pytest.mark.requirement("demo:five-answers")
def test_five_questions_are_answered_and_the_sixth_is_declined(
    first: subprocess.CompletedProcess[str],
) -> None:
    asked, _, declined = first.stdout.partition("cannot answer:")
    assert "No answer:" not in asked
    assert "No answer:" in declined


@pytest.mark.requirement("demo:runs-twice")
def test_a_second_run_reuses_what_the_first_one_left(
    first: subprocess.CompletedProcess[str], copy: Path
) -> None:
    second = run(copy / "run.py", copy.parent)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "Warehouse is up to date" in second.stdout
    assert not (copy.parent / ".gnomon").exists()
