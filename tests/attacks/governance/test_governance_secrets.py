"""Planted secrets are in nothing that Gnomon says, records or stores."""

import json
import os
import shutil
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from attacks.governance.governance_world import POLICIES, fill_duckdb, postgres_world
from gnomon.identity.local import os_user
from gnomon.store.mask_key import mask_key

PASSWORD = "hunter2-canary-9f31"
FILE_PASSWORD = "hunter3-canary-77aa"
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnkifQ.c2VjcmV0Y2FuYXJ5"


@dataclass
class Deployment:
    """A folder with settings and policies, and all that its commands said."""

    folder: Path
    said: list[str] = field(default_factory=list)

    def run(self, *args: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """A command of its own process, as from a shell."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GNOMON_")}
        command = [sys.executable, "-m", "gnomon", *args]
        done = subprocess.run(
            command, cwd=self.folder, env={**kept, **environ}, capture_output=True, text=True, check=False
        )
        self.said += [done.stdout, done.stderr]
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
def deployment(tmp_path: Path) -> Deployment:
    shutil.copytree(POLICIES, tmp_path / "policies")
    people = f'[[people]]\nsubject = "olga@acme.test"\nlocal_user = "{os_user()}"\ngroups = ["owners"]\n'
    (tmp_path / "policies" / "people.toml").write_text(people)
    (tmp_path / "policies" / "people.toml").chmod(0o600)
    return Deployment(tmp_path)


def _settings(deployment: Deployment, url: str, more: str = "") -> None:
    (deployment.folder / "gnomon.toml").write_text(f'[warehouse]\nurl = "{url}"\n{more}')


@pytest.mark.requirement("identity:no-secret-leaks")
def test_the_masks_key_and_a_token_are_in_nothing_that_is_said_or_kept(deployment: Deployment) -> None:
    fill_duckdb(0, deployment.folder)
    _settings(deployment, "shop.duckdb")
    scopes = [part for s in ("read", "compute", "ask", "history") for part in ("--scope", s)]
    made = deployment.run(
        "token", "create", "ana@acme.test", "--group", "sales", "--claim", "region=EU", *scopes, "--json"
    )
    token = json.loads(deployment.said.pop(0))["token"]
    assert made.returncode == 0
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
    for command in (
        ("ask", "email of customers", "--json"),
        ("ask", "email of customers", "--explain", "--verbose", "--debug"),
        ("eval", "gold.toml", "--debug"),
        ("show", "--json"),
        ("show", "--html", "page.html"),
        ("whoami", "--json"),
        ("describe", "customers", "--json"),
        ("ask", "emails", "--debug", "--no-such-option"),
    ):
        deployment.run(*command, GNOMON_TOKEN=token)
    for command in (
        ("audit", "export"),
        ("audit", "export", "--format", "ocsf"),
        ("token", "list"),
        ("doctor",),
    ):
        assert deployment.run(*command).returncode in (0, 3)
    assert deployment.run("whoami", GNOMON_TOKEN=f"{token[:-4]}beef").returncode == 1
    assert deployment.run("whoami", GNOMON_TOKEN=JWT).returncode in (1, 3)
    key = mask_key(deployment.folder / ".gnomon", "local")
    master = (deployment.folder / ".gnomon" / "mask.key").read_bytes()
    deployment.said.append((deployment.folder / "page.html").read_text())
    assert deployment.found(key) == []
    assert deployment.found(master.hex()) == []
    assert deployment.found(token.rpartition("_")[2]) == []
    assert deployment.found(JWT.rpartition(".")[2]) == []


@pytest.mark.requirement("identity:no-secret-leaks")
def test_a_warehouses_password_is_in_nothing_that_is_said_or_kept(
    deployment: Deployment, postgres_url: str
) -> None:
    url = postgres_world(0, postgres_url)
    _settings(deployment, _without_password(url), 'password = "env:SHOP_PASSWORD"\n')
    for command in (
        ("index", "--json"),
        ("ask", "how many old orders", "--json", "--explain"),
        ("ask", "how many old orders", "--verbose", "--debug"),
        ("doctor", "--json"),
        ("show", "--json"),
        ("audit", "export"),
    ):
        deployment.run(*command, SHOP_PASSWORD=PASSWORD)
    (deployment.folder / "password").write_text(FILE_PASSWORD + "\n")
    (deployment.folder / "password").chmod(0o600)
    for address in ("postgresql://reader@127.0.0.1:1/shop", "postgresql://reader@no.such.host.invalid/shop"):
        _settings(deployment, address, f'password = "file:{deployment.folder / "password"}"\n')
        for command in (("ask", "orders", "--debug"), ("doctor", "--debug"), ("tables", "--json", "--debug")):
            assert deployment.run(*command).returncode != 0
    for name in ("env:NO_SUCH", "file:/nowhere", f"clear {PASSWORD}"):
        _settings(deployment, "postgresql://reader@127.0.0.1:1/shop", f'password = "{name}"\n')
        assert deployment.run("tables", "--debug").returncode != 0
    _settings(deployment, f"postgresql://reader:{PASSWORD}@127.0.0.1:1/shop")
    for command in (("tables", "--debug"), ("doctor",), ("ask", "orders", "--json", "--debug")):
        assert deployment.run(*command).returncode != 0
    assert deployment.found(PASSWORD) == []
    assert deployment.found(FILE_PASSWORD) == []


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    bare = f"{user.partition(':')[0]}@{host}" if user else parts.netloc
    return urlunsplit(parts._replace(netloc=bare))
