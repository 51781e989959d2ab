"""The pages name what there is."""

from pathlib import Path

import pytest

from gnomon.settings import options
from gnomon.surfaces.cli.main import COMMANDS

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.requirement("settings:one-place")
def test_the_configuration_page_holds_every_option_with_its_help() -> None:
    page = (DOCS / "configuration.md").read_text()
    assert [o.key for o in options() if f"| `{o.name}` | {o.type_name} | " not in page] == []
    assert [o.key for o in options() if f"| `{o.variable}` | {o.help} |" not in page] == []


@pytest.mark.requirement("cli:help")
def test_the_command_line_page_holds_every_command_and_exit_code() -> None:
    page = (DOCS / "cli.md").read_text()
    assert [name for name, _, _ in COMMANDS if f"`gnomon {name}" not in page] == []
    assert [code for code in (0, 1, 2, 3, 4, 5, 70, 130) if f"| {code} | " not in page] == []
