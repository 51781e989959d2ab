"""`gnomon init`: the written settings file holds every option and loads."""

import json
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from gnomon.settings import Settings, options

pytestmark = pytest.mark.requirement("settings:written-file")

Run = Callable[..., Result]


def test_the_written_file_holds_every_option_with_help_type_default_and_variable(
    run: Run, folder: Path
) -> None:
    assert run("init").exit_code == 0
    lines = (folder / "gnomon.toml").read_text()
    text = " ".join(lines.replace("\n# ", " ").split())
    for option in options():
        assert f"\n# {option.name} = " in lines
        assert " ".join(option.help.split()) in text
        assert f"Type: {option.type_name}." in text
        assert f"Environment: {option.variable}." in text


def test_the_written_file_loads_and_leaves_every_default(run: Run, folder: Path) -> None:
    run("init")
    written = Settings.load(folder, environ={})
    assert written.model_dump() == Settings.load(folder.parent, environ={}).model_dump()


def test_the_commented_values_are_the_defaults_and_load_when_uncommented(run: Run, folder: Path) -> None:
    run("init")
    file = folder / "gnomon.toml"
    file.write_text(re.sub(r"^# (\w+ = )", r"\1", file.read_text(), flags=re.M))
    assert len([v for section in tomllib.loads(file.read_text()).values() for v in section]) == len(
        [*options()]
    )
    assert (
        Settings.load(folder, environ={}).model_dump()
        == Settings.load(folder.parent, environ={}).model_dump()
    )


def test_given_values_are_set_whatever_characters_they_hold(run: Run, folder: Path) -> None:
    assert run("init", "-w", 'da"ta\\sh\u00f6p.db', "-m", "scripted:x").exit_code == 0
    settings = Settings.load(folder, environ={})
    assert settings.warehouse_url() == str(folder / 'da"ta\\sh\u00f6p.db')
    assert settings.model.name == "scripted:x"


def test_a_file_that_is_there_is_never_replaced_without_force(run: Run, folder: Path) -> None:
    file = folder / "gnomon.toml"
    file.write_text("# mine\n")
    done = run("init")
    assert (done.exit_code, file.read_text()) == (2, "# mine\n")
    assert "--force" in done.stderr
    assert run("init", "--force").exit_code == 0
    assert "[warehouse]" in file.read_text()


def test_a_password_is_not_written_into_the_file(run: Run, folder: Path) -> None:
    done = run("init", "-w", "postgresql://ana:s3cret@db/shop")
    assert done.exit_code == 2
    assert "s3cret" not in done.output
    assert not (folder / "gnomon.toml").exists()
    assert run("init", "-w", "postgresql://ana:${SHOP_PASSWORD}@db/shop").exit_code == 0


def test_nothing_else_is_left_in_the_folder(run: Run, folder: Path) -> None:
    run("init")
    assert os.listdir(folder) == ["gnomon.toml"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(run: Run, folder: Path) -> None:
    folder.chmod(0o500)
    assert "cannot be written" in run("init").stderr


@pytest.mark.requirement("cli:json")
def test_json_tells_the_path(run: Run, folder: Path) -> None:
    assert json.loads(run("init", "--json").stdout)["path"] == str(folder / "gnomon.toml")
