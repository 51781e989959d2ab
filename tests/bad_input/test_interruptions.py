"""Builds of the index that are killed, and several commands at once."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import Result

pytestmark = pytest.mark.requirement("cli:interrupted-index")

Run = Callable[..., Result]
Check = Callable[..., None]


@pytest.fixture
def many(folder: Path) -> str:
    """A warehouse of forty tables, so that a build takes a while."""
    path = folder / "many.duckdb"
    with duckdb.connect(str(path)) as db:
        for i in range(40):
            db.execute(
                f"CREATE TABLE batch_{i} AS SELECT range AS id, range * 2 AS amount FROM range({i + 1})"
            )
    return str(path)


@pytest.fixture
def building(many: str) -> Callable[[], bool]:
    """Whether a build has begun to write."""
    folder = Path(os.environ["GNOMON_HOME"]) / "index"
    return lambda: any(p.name.endswith(".building") for p in folder.glob("*")) if folder.exists() else False


def test_a_killed_build_is_taken_up_by_the_next_question(
    run: Run, start: Callable[..., Any], many: str, building: Callable[[], bool], answered: Check
) -> None:
    process = start("index", "-w", many)
    while process.poll() is None and not building():
        pass
    process.kill()
    process.communicate()
    answered(run("ask", "how many batch 31", "-w", many), "is 32.")
    done = run("index", "-w", many)
    assert "up to date" in done.stdout


def test_questions_asked_at_once_on_a_fresh_folder_are_all_answered_and_kept(
    run: Run, start: Callable[..., Any], many: str
) -> None:
    processes = [start("ask", f"how many batch {i}", "-w", many) for i in (7, 8, 9)]
    ends = [(*process.communicate(), process.returncode) for process in processes]
    for i, (shown, said, code) in zip((7, 8, 9), ends, strict=True):
        assert code == 0, said
        assert f"is {i + 1}." in shown
        assert "Traceback" not in said
    listed = run("history")
    assert all(f"batch {i}" in listed.stdout for i in (7, 8, 9))
