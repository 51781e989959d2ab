"""`gnomon token` and `gnomon whoami`, as a person and a script run them."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gnomon.identity.local import os_user
from gnomon.store.audit import AuditLog
from gnomon.surfaces.cli.main import app

TOKEN = re.compile(r"gnm_[0-9a-f]{16}_[0-9a-f]{64}")
Run = Callable[..., Result]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def run(tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `gnomon` in a folder of its own; keyword arguments are its environment."""
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    for name in ("GNOMON_WAREHOUSE", "GNOMON_PRINCIPAL_SUBJECT", "GNOMON_TOKEN", "GNOMON_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*args: str, **environ: str) -> Result:
        whole = {"GNOMON_HOME": str(state), "COLUMNS": "300", **environ}
        return CliRunner().invoke(app, list(args), env=whole)

    return invoke


def made(run: Run, *args: str, **environ: str) -> str:
    done = run("token", "create", "ana@acme.test", *args, **environ)
    assert done.exit_code == 0, done.stderr
    assert TOKEN.fullmatch(done.stdout.strip())
    return str(done.stdout.strip())


def details(state: Path, kind: str) -> list[dict[str, str]]:
    return [dict(event.detail) for event in AuditLog(state / "audit").events() if event.kind == kind]


@pytest.mark.requirement("identity:api-token")
def test_a_token_is_printed_once_to_stdout_and_explained_on_stderr(run: Run) -> None:
    done = run(
        "token", "create", "ana@acme.test", "--group", "finance", "--scope", "read", "--expires", "12h"
    )
    assert TOKEN.fullmatch(done.stdout.strip())
    assert "for ana@acme.test, groups finance, scopes read, until 20" in done.stderr
    assert "not shown again" in done.stderr
    assert not TOKEN.search(done.stderr)


@pytest.mark.requirement("identity:api-token")
def test_the_list_shows_everything_but_the_secret(run: Run) -> None:
    text = made(run, "--group", "finance", "--claim", "region=EU", "--expires", "8w")
    run("whoami", GNOMON_TOKEN=text)
    listed = run("token", "list")
    assert text.split("_")[1] in listed.stdout
    assert text.split("_")[2] not in listed.stdout
    (row,) = json.loads(run("token", "list", "--json").stdout)
    lives = datetime.fromisoformat(row["expires_at"]) - datetime.fromisoformat(row["created_at"])
    assert lives.days == 56
    assert (datetime.now(UTC) - datetime.fromisoformat(row["last_used_at"])).total_seconds() < 60
    assert {name: row[name] for name in ("groups", "scopes", "claims", "state", "created_by")} == {
        "groups": ["finance"],
        "scopes": ["ask", "compute", "read"],
        "claims": {"region": "EU"},
        "state": "active",
        "created_by": os_user(),
    }
    assert text.split("_")[2] not in json.dumps(row)


@pytest.mark.requirement("identity:api-token")
def test_a_revoked_token_is_refused_and_listed_as_such(run: Run) -> None:
    text = made(run)
    done = run("token", "revoke", text.split("_")[1])
    assert (done.exit_code, done.stdout) == (0, "")
    assert "of ana@acme.test" in done.stderr
    refused = run("whoami", GNOMON_TOKEN=text)
    assert refused.exit_code == 1
    assert "identity:revoked" in refused.stderr
    assert "revoked" in run("token", "list").stdout


@pytest.mark.requirement("identity:api-token")
def test_a_script_reads_tokens_as_json(run: Run) -> None:
    new = json.loads(run("token", "create", "nightly", "--json").stdout)
    assert TOKEN.fullmatch(new["token"])
    assert (new["id"], new["state"]) == (new["token"].split("_")[1], "active")
    ended = json.loads(run("token", "revoke", new["id"], "--json").stdout)
    assert ended["state"] == "revoked"
    assert "token" not in ended


@pytest.mark.requirement("identity:api-token")
def test_what_changes_who_is_let_in_is_recorded_without_a_secret(run: Run, state: Path) -> None:
    text = made(run)
    run("token", "revoke", text.split("_")[1])
    acts = details(state, "policy")
    assert [act["act"] for act in acts] == ["token created", "token revoked"]
    assert {act["token_id"] for act in acts} == {text.split("_")[1]}
    assert text.split("_")[2] not in str(AuditLog(state / "audit").events())


@pytest.mark.requirement("identity:api-token")
@pytest.mark.parametrize("command", [("create", "eve"), ("list",), ("revoke", "0" * 16)])
def test_a_limited_token_manages_no_tokens(run: Run, command: tuple[str, ...]) -> None:
    done = run("token", *command, GNOMON_TOKEN=made(run, "--scope", "read"))
    assert done.exit_code == 1
    assert "identity:scope" in done.stderr


@pytest.mark.requirement("identity:api-token")
def test_a_token_with_the_scope_admin_makes_another(run: Run) -> None:
    made(run, GNOMON_TOKEN=made(run, "--scope", "admin"))
    rows = json.loads(run("token", "list", "--json").stdout)
    assert sorted(row["created_by"] for row in rows) == sorted([os_user(), "ana@acme.test"])


@pytest.mark.requirement("identity:api-token")
@pytest.mark.parametrize(
    ("args", "said", "code"),
    [
        (("--expires", "soon"), "`soon` is not a time", 2),
        (("--expires", "0d"), "`0d` is not a time", 2),
        (("--expires", "400d"), "a token lives from a minute to 366 days", 2),
        (("--claim", "region"), "`region` is not NAME=VALUE", 2),
        (("--scope", "reed"), "`reed` is not a scope", 2),
    ],
)
def test_a_wrong_option_is_explained_and_makes_no_token(
    run: Run, args: tuple[str, ...], said: str, code: int
) -> None:
    done = run("token", "create", "ana@acme.test", *args)
    assert (done.exit_code, done.stdout) == (code, "")
    assert said in done.stderr
    assert "hint: " in done.stderr
    assert json.loads(run("token", "list", "--json").stdout) == []


@pytest.mark.requirement("identity:api-token")
def test_without_tokens_the_list_says_how_to_make_one(run: Run) -> None:
    done = run("token", "list")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "gnomon token create" in done.stderr


@pytest.mark.requirement("identity:local")
def test_whoami_says_who_and_why(run: Run, state: Path) -> None:
    done = run("whoami")
    assert done.exit_code == 0
    assert f"subject  {os_user()}\n" in done.stdout
    assert "scopes   no limit\n" in done.stdout
    assert f"because  you are the user `{os_user()}` of this machine" in done.stdout
    assert details(state, "login") == [{"method": "local", "os_user": os_user()}]


@pytest.mark.requirement("identity:api-token")
def test_whoami_shows_the_limits_of_a_token(run: Run) -> None:
    text = made(run, "--group", "finance", "--scope", "read", "--claim", "region=EU")
    shown = json.loads(run("whoami", "--json", GNOMON_TOKEN=text).stdout)
    assert shown == {
        "subject": "ana@acme.test",
        "tenant": "local",
        "groups": ["finance"],
        "scopes": ["read"],
        "claims": {"region": "EU"},
        "method": "api_token",
        "because": f"the API token {text.split('_')[1]} says so",
    }


@pytest.mark.requirement("identity:people")
def test_whoami_follows_the_people_file_and_not_what_somebody_claims(run: Run, tmp_path: Path) -> None:
    people = tmp_path / "work" / "policies" / "people.toml"
    people.parent.mkdir()
    people.write_text(f'[[people]]\nsubject = "ana"\nlocal_user = "{os_user()}"\ngroups = ["finance"]\n')
    people.chmod(0o644)
    shown = json.loads(run("whoami", "--json", GNOMON_PRINCIPAL_SUBJECT="chair", USER="chair").stdout)
    assert (shown["subject"], shown["groups"]) == ("ana", ["finance"])
    assert f"{people}:1" in shown["because"]
    people.chmod(0o666)
    assert run("whoami").exit_code == 3


@pytest.mark.requirement("identity:local")
@pytest.mark.parametrize(
    "command", [("whoami",), ("token", "create"), ("token", "list"), ("token", "revoke")]
)
def test_each_command_has_help_with_an_example_and_json(run: Run, command: tuple[str, ...]) -> None:
    done = run(*command, "--help")
    assert done.exit_code == 0
    assert f"\n    gnomon {' '.join(command)}" in done.stdout
    assert "--json" in done.stdout
