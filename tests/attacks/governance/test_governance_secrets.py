"""Planted secrets are in nothing that Gnomon says, records or stores."""

import json
import os
import shlex
import shutil
import uuid
import zlib
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from typer.testing import CliRunner, Result

from attacks.governance.governance_world import POLICIES, fill_duckdb, postgres_world
from gnomon.identity.local import os_user
from gnomon.store.mask_key import mask_key
from gnomon.surfaces.cli.main import app

PASSWORD = "hunter2-canary-9f31"
FILE_PASSWORD = "hunter3-canary-77aa"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2VjcmV0Y2FuYXJ5"


@dataclass
class Deployment:
    """A folder with settings and policies, and all that its commands said."""

    folder: Path
    printed: pytest.CaptureFixture[str]
    said: list[str] = field(default_factory=list)

    def run(self, line: str, **environ: str) -> Result:
        """A command in the folder, as from a shell; what an engine itself prints counts as well."""
        without = {name: None for name in os.environ if name.startswith("GNOMON_")}
        with chdir(self.folder):
            done = CliRunner().invoke(
                app, shlex.split(line), env={**without, **environ}, catch_exceptions=False
            )
        self.said += [done.stdout, done.stderr, *self.printed.readouterr()]
        return done

    def kept(self) -> Iterator[tuple[str, bytes]]:
        """Every file of the state, unpacked; the key's own file and the policies' folder aside."""
        for path in (p for p in (self.folder / ".gnomon").rglob("*") if p.is_file()):
            content = path.read_bytes()
            if path.name != "mask.key":
                yield path.name, zlib.decompress(content) if path.suffix == ".z" else content

    def found(self, secret: str) -> list[str]:
        """Where eight characters of the secret in a row stand."""
        parts = [secret[i : i + 8] for i in range(len(secret) - 7)]
        texts = [(f"output {i}", text.encode()) for i, text in enumerate(self.said)]
        return [name for name, content in (*texts, *self.kept()) if any(p.encode() in content for p in parts)]


@pytest.fixture
def deployment(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Deployment:
    shutil.copytree(POLICIES, tmp_path / "policies")
    people = f'[[people]]\nsubject = "olga@acme.test"\nlocal_user = "{os_user()}"\ngroups = ["owners"]\n'
    (tmp_path / "policies" / "people.toml").write_text(people)
    (tmp_path / "policies" / "people.toml").chmod(0o600)
    return Deployment(tmp_path, capfd)


def _settings(deployment: Deployment, url: str, more: str = "") -> None:
    (deployment.folder / "gnomon.toml").write_text(f'[warehouse]\nurl = "{url}"\n{more}')


@pytest.mark.requirement("identity:no-secret-leaks")
def test_the_masks_key_and_a_token_are_in_nothing_that_is_said_or_kept(deployment: Deployment) -> None:
    fill_duckdb(0, deployment.folder)
    _settings(deployment, "shop.duckdb")
    scopes = "--scope read --scope compute --scope ask --scope history"
    made = deployment.run(f"token create ana@acme.test --group sales --claim region=EU {scopes} --json")
    token = json.loads(made.stdout)["token"]
    deployment.said.clear()
    assert made.exit_code == 0
    gold = [
        "select cast(email as integer) from customers",
        "select email + 5 from customers",
        "select 'x' || email || nothing from customers",
        "select cast(email || '                                        ' as date) from customers",
        "select email, count(*) from customers where cast(email as boolean) group by email",
        "select 1 from (select email e from customers) where e = cast(e as integer)",
    ]
    rows = [f'[[question]]\nid = "q{i}"\nquestion = "emails"\ngold = "{g}"\n' for i, g in enumerate(gold)]
    (deployment.folder / "gold.toml").write_text("\n".join(rows))
    for line in (
        "ask 'email of customers' --json",
        "ask 'email of customers' --explain --verbose --debug",
        "eval gold.toml --debug",
        "show --json",
        "show --html page.html",
        "whoami --json",
        "describe customers --json",
        "ask emails --debug --no-such-option",
    ):
        deployment.run(line, GNOMON_TOKEN=token)
    for line in ("audit export", "audit export --format ocsf", "token list", "doctor"):
        assert deployment.run(line).exit_code in (0, 3)
    assert deployment.run("whoami", GNOMON_TOKEN=f"{token[:-4]}beef").exit_code == 1
    assert deployment.run("whoami", GNOMON_TOKEN=JWT).exit_code in (1, 3)
    key = mask_key(deployment.folder / ".gnomon", "local")
    master = (deployment.folder / ".gnomon" / "mask.key").read_bytes()
    deployment.said.append((deployment.folder / "page.html").read_text())
    assert deployment.found("customers")
    assert deployment.found(key) == []
    assert deployment.found(master.hex()) == []
    assert deployment.found(token.rpartition("_")[2]) == []
    assert deployment.found(JWT.rpartition(".")[2]) == []


@pytest.mark.requirement("identity:no-secret-leaks")
def test_a_warehouses_password_is_in_nothing_that_is_said_or_kept(
    deployment: Deployment, postgres_url: str
) -> None:
    url = _as_reader(postgres_world(0, postgres_url))
    _settings(deployment, url, 'password = "env:SHOP_PASSWORD"\n')
    for line in (
        "index --json",
        "ask 'how many old orders' --json --explain",
        "ask 'how many old orders' --verbose --debug",
        "doctor --json",
        "show --json",
        "audit export",
    ):
        assert deployment.run(line, SHOP_PASSWORD=PASSWORD).exit_code == 0
    password = deployment.folder / "password"
    password.write_text(FILE_PASSWORD + "\n")
    password.chmod(0o600)
    nobody = "postgresql://reader@127.0.0.1:1/shop"
    for given in (f"file:{password}", "env:NO_SUCH", "file:/nowhere", f"clear {PASSWORD}"):
        _settings(deployment, nobody, f'password = "{given}"\n')
        for line in ("ask orders --json --debug", "doctor"):
            assert deployment.run(line).exit_code != 0
    _settings(deployment, nobody.replace("reader", f"reader:{PASSWORD}"))
    for line in ("tables --debug", "doctor"):
        assert deployment.run(line).exit_code != 0
    assert deployment.found(PASSWORD) == []
    assert deployment.found(FILE_PASSWORD) == []


def _as_reader(url: str) -> str:
    """The database's URL for an account of its own, whose password is the canary and not in it."""
    role = f"reader_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'".encode())
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}".encode())
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{role}@{parts.netloc.rpartition('@')[2]}"))
