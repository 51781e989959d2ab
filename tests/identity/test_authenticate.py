"""The one door: which way somebody came, what is recorded, and that nothing falls back."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gnomon.domain.errors import Failed, Misconfigured, Refused
from gnomon.domain.events import AuditEvent
from gnomon.domain.identity import Principal
from gnomon.identity.api_tokens import Grant
from gnomon.identity.authenticate import (
    Authenticator,
    IdentityConfig,
    authenticate,
    command_login,
    credential_of,
)
from gnomon.identity.local import os_user
from gnomon.identity.oidc import OidcRules
from gnomon.identity.secrets import Secret
from gnomon.store.audit import AuditLog
from identity.identity_server import IdentityServer, SetClock
from identity.refusing import rule_of

OPERATOR = Principal("root")
Make = Callable[..., Authenticator]


def new_token(authenticator: Authenticator) -> str:
    grant = Grant("ana@acme.test", "acme", frozenset({"finance"}))
    return authenticator.tokens().create(grant, created_by=OPERATOR, people=authenticator.people()).text


@pytest.mark.requirement("identity:local")
def test_a_local_login_is_recorded(authenticator: Make, people_path: Path, records: list[AuditEvent]) -> None:
    login = authenticator(people_path=people_path).local("ana")
    assert login.principal.subject == "ana@acme.test"
    assert [(r.kind, r.subject, r.tenant, r.detail) for r in records] == [
        ("login", "ana@acme.test", "acme", (("method", "local"), ("os_user", "ana")))
    ]


@pytest.mark.requirement("identity:oidc")
def test_an_oidc_login_is_recorded_by_issuer_and_id(
    authenticator: Make, provider: IdentityServer, rules: OidcRules, records: list[AuditEvent]
) -> None:
    authenticator(oidc=rules).bearer(Secret(provider.token()))
    assert dict(records[0].detail) == {
        "method": "oidc",
        "issuer": provider.url,
        "sub": "ana-0001",
        "jti": "t1",
    }


@pytest.mark.requirement("identity:oidc")
def test_a_refusal_is_recorded_with_its_rule_and_what_the_token_claims(
    authenticator: Make, provider: IdentityServer, rules: OidcRules, records: list[AuditEvent]
) -> None:
    token = provider.token(aud="other", jti="t9\n" + "x" * 200)
    assert rule_of(lambda: authenticator(oidc=rules).bearer(Secret(token))) == "identity:audience"
    (record,) = records
    assert (record.kind, record.subject, record.tenant) == ("refusal", "unknown", "unknown")
    detail = dict(record.detail)
    assert detail["rule"] == "identity:audience"
    assert detail["claimed_iss"] == provider.url
    assert detail["claimed_jti"] == "t9" + "x" * 62


@pytest.mark.requirement("identity:api-token")
def test_an_api_token_is_recorded_by_id_used_or_refused(
    authenticator: Make, clock: SetClock, records: list[AuditEvent]
) -> None:
    door = authenticator()
    text = new_token(door)
    door.bearer(Secret(text))
    clock.forward(31 * 86_400)
    assert rule_of(lambda: door.bearer(Secret(text))) == "identity:expired"
    token_id = text.split("_")[1]
    assert dict(records[0].detail) == {"method": "api_token", "token_id": token_id}
    assert dict(records[1].detail)["claimed_token_id"] == token_id


@pytest.mark.requirement("identity:slack")
def test_a_refused_slack_request_is_recorded(
    authenticator: Make, monkeypatch: pytest.MonkeyPatch, records: list[AuditEvent]
) -> None:
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "s3cret-canary")
    door = authenticator(slack_signing_secret="env:SLACK_SIGNING_SECRET")
    assert rule_of(lambda: door.slack({}, b"{}")) == "identity:malformed"
    assert dict(records[0].detail)["method"] == "slack"
    with pytest.raises(Misconfigured, match="no signing secret is set"):
        authenticator().slack({}, b"{}")


@pytest.mark.requirement("identity:secrets")
def test_no_credential_is_in_any_record_error_or_log_file(
    authenticator: Make,
    provider: IdentityServer,
    rules: OidcRules,
    tmp_path: Path,
    clock: SetClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every credential, taken or refused, goes through a real audit log; then the folder is searched."""
    log = AuditLog(tmp_path / "state" / "audit")
    door = Authenticator(IdentityConfig(state_dir=tmp_path / "state", oidc=rules), log.append, clock)
    api = new_token(door)
    tried = [
        api,
        api[:-4] + "0000",
        provider.token(),
        provider.token(aud="x"),
        "gnm_canary-no-token",
        "canary.x.y",
    ]
    errors = []
    for text in tried:
        try:
            door.bearer(Secret(text))
        except Refused as error:
            errors.append(f"{error.message} {error.facts} {error.hint}")
    door.close()
    assert len(log.events()) == len(tried)
    assert len(errors) == 4
    stored = b"".join(path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file())
    everything = stored.decode("latin-1") + "".join(errors) + caplog.text
    secret_parts = [part for text in tried for part in text.replace("_", ".").split(".") if len(part) > 40]
    assert len(secret_parts) >= 6
    assert [part for part in [*secret_parts, "canary"] if part in everything] == []


@pytest.mark.requirement("identity:local")
def test_a_login_that_cannot_be_recorded_does_not_count(tmp_path: Path) -> None:
    def full(event: AuditEvent) -> None:
        raise Misconfigured("no room left")

    with pytest.raises(Misconfigured, match="no room left"):
        Authenticator(IdentityConfig(state_dir=tmp_path), full).local("ana")


@pytest.mark.requirement("identity:local")
def test_without_a_token_a_command_runs_as_the_user_of_the_machine(tmp_path: Path) -> None:
    records: list[AuditEvent] = []
    config = IdentityConfig(state_dir=tmp_path, groups=frozenset({"staff"}))
    assert authenticate(config, {}, records.append) == Principal(os_user(), groups=frozenset({"staff"}))
    assert len(records) == 1


@pytest.mark.requirement("identity:api-token")
@pytest.mark.parametrize("way", ["variable", "file"])
def test_a_command_s_token_comes_from_a_variable_or_a_private_file(
    authenticator: Make, tmp_path: Path, way: str
) -> None:
    door = authenticator()
    text = new_token(door)
    path = tmp_path / "token"
    path.write_text(text + "\n")
    path.chmod(0o600)
    environ = {"GNOMON_TOKEN": text} if way == "variable" else {"GNOMON_TOKEN_FILE": str(path)}
    assert command_login(door, environ).principal.method == "api_token"


@pytest.mark.requirement("identity:api-token")
@pytest.mark.parametrize("token", ["gnm_" + "0" * 16 + "_" + "0" * 64, "gnm_x", "canary", "a.b.c"])
def test_a_token_that_does_not_hold_never_falls_back_to_the_local_user(
    authenticator: Make, rules: OidcRules, token: str
) -> None:
    door = authenticator(oidc=rules)
    assert rule_of(lambda: command_login(door, {"GNOMON_TOKEN": token})).startswith("identity:")


@pytest.mark.requirement("identity:api-token")
@pytest.mark.parametrize(
    "environ",
    [
        {"GNOMON_TOKEN": ""},
        {"GNOMON_TOKEN_FILE": ""},
        {"GNOMON_TOKEN_FILE": "/no/such/file"},
        {"GNOMON_TOKEN": "gnm_x", "GNOMON_TOKEN_FILE": "x"},
    ],
)
def test_a_token_that_is_meant_and_missing_is_no_local_login(environ: dict[str, str]) -> None:
    with pytest.raises(Misconfigured) as error:
        credential_of(environ)
    assert "gnm_x" not in str(error.value.facts) + error.value.message


@pytest.mark.requirement("identity:oidc")
def test_a_provider_s_token_without_a_provider_set_is_an_operator_s_to_mend(
    authenticator: Make, provider: IdentityServer, records: list[AuditEvent]
) -> None:
    with pytest.raises(Misconfigured, match="none is set"):
        authenticator().bearer(Secret(provider.token()))
    assert dict(records[0].detail)["rule"] == "identity:unavailable"


@pytest.mark.requirement("identity:oidc")
def test_a_provider_without_an_audience_is_refused_when_opened(tmp_path: Path) -> None:
    """Without one, a token that its subject gave to any other program would be taken here."""
    config = IdentityConfig(state_dir=tmp_path, oidc=OidcRules("https://login.acme.test", ""))
    with pytest.raises(Misconfigured, match="without an audience"):
        Authenticator(config, lambda event: None)


@pytest.mark.requirement("identity:oidc")
def test_a_provider_that_is_down_is_recorded_as_such(
    authenticator: Make, provider: IdentityServer, rules: OidcRules, records: list[AuditEvent]
) -> None:
    provider.down = True
    with pytest.raises(Failed):
        authenticator(oidc=rules).bearer(Secret(provider.token()))
    assert dict(records[0].detail)["rule"] == "identity:unavailable"


@pytest.mark.requirement("identity:people")
def test_a_changed_people_file_counts_at_once_and_a_removed_one_lets_nobody_in(
    authenticator: Make, people_path: Path
) -> None:
    door = authenticator(people_path=people_path)
    text = new_token(door)
    assert door.bearer(Secret(text)).principal.groups == {"finance"}
    people_path.write_text(people_path.read_text().replace('"finance", ', ""))
    assert door.bearer(Secret(text)).principal.groups == frozenset()
    os.utime(people_path, (1, 1))
    assert door.local("ana").principal.groups == {"analysts"}
    assert door.local("ana").principal.groups == {"analysts"}
    people_path.unlink()
    for attempt in (lambda: door.local("ana"), lambda: door.bearer(Secret(text))):
        with pytest.raises(Misconfigured, match="cannot be read"):
            attempt()


@pytest.mark.requirement("identity:secrets")
def test_what_is_recorded_can_be_written_as_one_line_of_json(
    authenticator: Make, provider: IdentityServer, rules: OidcRules, records: list[AuditEvent]
) -> None:
    token = provider.token(aud="x", jti="a\n\u2028\u001b[31m\ud800")
    rule_of(lambda: authenticator(oidc=rules).bearer(Secret(token)))
    assert all(value.isprintable() for name, value in records[0].detail if name.startswith("claimed"))
    assert json.dumps(records[0].detail).encode("utf-8")


@pytest.mark.requirement("identity:workload")
@pytest.mark.parametrize("name", ["", "Acme.test", "acme.test/x", "acme test", "a" * 256])
def test_a_trust_domain_that_is_none_is_an_operator_s_to_mend(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misconfigured, match="is not a trust domain"):
        IdentityConfig(state_dir=tmp_path, trust_domain=name)
