"""Help is part of the product: present, with examples, and quick."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gnomon.surfaces.cli.main import COMMANDS, app

NAMES = [name for name, _, _ in COMMANDS]
HEAVY = {
    "arro3",
    "duckdb",
    "gnomon.settings",
    "gnomon.wiring",
    "numpy",
    "onnxruntime",
    "psycopg",
    "pydantic_ai",
    "rich",
    "sqlglot",
}


@pytest.mark.requirement("cli:help")
@pytest.mark.parametrize("command", NAMES)
def test_every_command_has_help_with_an_example_of_itself(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert "Example" in done.stdout
    assert f"  gnomon {command}" in done.stdout


@pytest.mark.requirement("cli:json")
@pytest.mark.parametrize("command", NAMES)
def test_every_command_can_print_json(command: str) -> None:
    assert "--json" in CliRunner().invoke(app, [command, "--help"]).stdout


@pytest.mark.requirement("cli:help")
def test_the_overview_names_every_command_whole_and_all_exit_codes() -> None:
    for args in ([], ["--help"], ["-h"]):
        done = CliRunner().invoke(app, args)
        assert done.exit_code == 0
        assert all(f"\n  {name} " in done.stdout for name in NAMES)
        assert "..." not in done.stdout.split("Commands:")[1]
        assert all(f"{code} " in done.stdout for code in (0, 1, 2, 3, 4, 5, 70, 130))


@pytest.mark.requirement("cli:help")
def test_help_loads_no_engine() -> None:
    code = (
        "import sys, gnomon.surfaces.cli.main\n"
        "from typer.testing import CliRunner\n"
        "CliRunner().invoke(gnomon.surfaces.cli.main.app, ['ask', '--help'])\n"
        "print('\\n'.join(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()


@pytest.mark.requirement("cli:help")
@pytest.mark.parametrize("args", [["--version"], ["version"]])
def test_the_version_is_told(args: list[str]) -> None:
    done = CliRunner().invoke(app, args)
    assert done.stdout.startswith("gnomon ")
    assert "duckdb " in done.stdout


@pytest.mark.requirement("cli:help")
def test_the_module_runs_as_the_command(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gnomon", "--help"], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.startswith("Usage: gnomon ")
