"""An id, a name or a number that does not exist: the same for every command that takes one."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

Run = Callable[..., Result]

COMMANDS = [
    ("annotate", "nope", "--owner", "ana"),
    ("ask", "how many orders are there", "--conversation", "c0"),
    ("brief", "restore", "99"),
    ("brief", "show", "--version", "99"),
    ("chat", "--resume", "c0"),
    ("describe", "nope"),
    ("knowledge", "show", "nope"),
    ("lint", "--rule", "nope"),
    ("memory", "add", "Amounts are gross.", "--answer", "a0"),
    ("memory", "add", "Amounts are gross.", "--table", "nope"),
    ("memory", "edit", "m0", "--text", "Amounts are net."),
    ("memory", "retire", "m0", "--reason", "over"),
    ("memory", "review", "--confirm", "m0"),
    ("memory", "review", "--reject", "m0"),
    ("memory", "show", "m0"),
    ("policy", "explain", "nope"),
    ("scratch", "wipe", "c0"),
    ("show", "a0"),
    ("status", "nope"),
    ("token", "revoke", "nope"),
    ("workflow", "history", "nope"),
    ("workflow", "history", "nope", "--versions"),
    ("workflow", "run", "monthly", "--resume", "w0"),
    ("workflow", "run", "nope"),
    ("workflow", "show", "nope"),
]


@pytest.mark.requirement("cli:unknown-ids")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_does_not_exist_is_wrong_usage_and_says_where_to_look(
    command: tuple[str, ...], indexed: Path, run: Run
) -> None:
    assert run("workflow", "new", "monthly").exit_code == 0
    done = run(*command)
    assert done.exit_code == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "\nhint: " in done.stderr


@pytest.mark.requirement("cli:unknown-ids")
def test_the_same_holds_for_scripts(indexed: Path, run: Run) -> None:
    done = run("show", "a0", "--json")
    told = json.loads(done.stdout)["error"]
    assert (done.exit_code, told["kind"], told["exit_code"]) == (2, "usage", 2)
