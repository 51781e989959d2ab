"""A clock, an identity provider and an authenticator that knows both."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gnomon.domain.events import AuditEvent
from gnomon.identity.authenticate import Authenticator, IdentityConfig
from gnomon.identity.oidc import OidcRules
from gnomon.store.tokens import TokenStore
from identity.identity_server import IdentityServer, ServerKey, SetClock, new_key, running_identity_server

_FORGED = "a_forged_"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many forgeries were tried, and how many got in or met another rule than the one meant."""
    ended = {
        outcome: sum(_FORGED in report.nodeid for report in terminalreporter.getreports(outcome))
        for outcome in ("passed", "failed")
    }
    if any(ended.values()):
        terminalreporter.section("forged credentials")
        tried, escaped = sum(ended.values()), ended["failed"]
        terminalreporter.write_line(f"tried {tried}: refused as meant {tried - escaped}, otherwise {escaped}")


PEOPLE = """
[[people]]
subject = "ana@acme.test"
tenant = "acme"
groups = ["finance", "analysts"]
local_user = "ana"
slack = "T0ACME/U0ANA"
oidc_subject = "ana-0001"
claims = { region = "EU" }
postgres_role = "analyst"

[[people]]
subject = "bob@acme.test"
tenant = "acme"
local_user = "bob"
"""


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="session")
def _server() -> Iterator[IdentityServer]:
    with running_identity_server() as server:
        yield server


@pytest.fixture(scope="session")
def _first_key() -> ServerKey:
    return new_key("RS256")


@pytest.fixture
def provider(_server: IdentityServer, _first_key: ServerKey, clock: SetClock) -> IdentityServer:
    """The provider in order again, whatever the test before did to it."""
    fresh = IdentityServer(_server.url, clock, keys=[_first_key])
    _server.__dict__.update(fresh.__dict__)
    return _server


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TokenStore]:
    opened = TokenStore.open(tmp_path / "state")
    yield opened
    opened.close()


@pytest.fixture
def people_path(tmp_path: Path) -> Path:
    path = tmp_path / "people.toml"
    path.write_text(PEOPLE)
    path.chmod(0o644)
    return path


@pytest.fixture
def records() -> list[AuditEvent]:
    return []


Make = Callable[..., Authenticator]


@pytest.fixture
def authenticator(tmp_path: Path, clock: SetClock, records: list[AuditEvent]) -> Iterator[Make]:
    """Make an authenticator over this state folder; keyword arguments are its configuration."""
    made: list[Authenticator] = []

    def make(**config: Any) -> Authenticator:
        whole = IdentityConfig(state_dir=tmp_path / "state", **config)
        made.append(Authenticator(whole, records.append, clock))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def rules(provider: IdentityServer) -> OidcRules:
    return OidcRules(provider.url, "gnomon", tenant="acme")
