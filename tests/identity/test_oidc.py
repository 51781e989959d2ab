"""OIDC tokens, verified against a provider that runs here and is reached over HTTP like any other."""

import base64
import http.client
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

import pytest

from gnomon.domain.errors import Failed, Misconfigured, Refused
from gnomon.domain.identity import Principal
from gnomon.identity.fetch import MAX_DOCUMENT_BYTES, checked_address, fetch_json
from gnomon.identity.jws import check_signature, public_key, read_token
from gnomon.identity.oidc import OidcRules, OidcVerifier
from gnomon.identity.people import load_people
from gnomon.identity.provider import RENEW_AFTER_S, SHORTEST_INTERVAL_S, TOO_OLD_AFTER_S, Provider
from identity.identity_server import (
    CLIENT,
    CLIENT_SECRET,
    REDIRECT,
    IdentityServer,
    SetClock,
    encoded,
    new_key,
)
from identity.refusing import rule_of

pytestmark = pytest.mark.requirement("identity:oidc")


class Ticks(SetClock):
    """The clock that only runs forward."""


@pytest.fixture
def ticks() -> Ticks:
    return Ticks(0.0)


@pytest.fixture
def verifier(provider: IdentityServer, rules: OidcRules, clock: SetClock, ticks: Ticks) -> OidcVerifier:
    return OidcVerifier(rules, Provider(provider.url, ticks), clock)


def subject(verifier: OidcVerifier, token: str) -> str:
    return verifier.login(token, None).principal.subject


def form(url: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> dict[str, str]:
    request = Request(url, urlencode(fields).encode(), headers or {})
    with urlopen(request, timeout=5) as response:
        answer: dict[str, str] = json.load(response)
    return answer


def test_a_person_signs_in_with_authorization_code_and_pkce(
    provider: IdentityServer, verifier: OidcVerifier
) -> None:
    """RFC 7636: the code alone is worth nothing to whoever catches it."""
    provider.people["ana"] = {"sub": "ana-0001", "groups": ["finance"]}
    proof = secrets.token_urlsafe(48)
    query = {
        "client_id": "gnomon",
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "openid",
        "code_challenge": encoded(sha256(proof.encode()).digest()),
        "code_challenge_method": "S256",
        "login_hint": "ana",
    }
    where = urlsplit(provider.url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port or 0, timeout=5)
    connection.request("GET", f"/authorize?{urlencode(query)}")
    code = parse_qs(urlsplit(connection.getresponse().headers["Location"]).query)["code"][0]
    connection.close()
    answer = form(
        f"{provider.url}/token",
        {"grant_type": "authorization_code", "code": code, "code_verifier": proof},
    )
    principal = verifier.login(answer["id_token"], None).principal
    assert principal == Principal("ana-0001", "acme", frozenset({"finance"}), (), "oidc")


def test_a_job_signs_in_with_client_credentials(provider: IdentityServer, verifier: OidcVerifier) -> None:
    basic = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
    answer = form(
        f"{provider.url}/token",
        {"grant_type": "client_credentials", "audience": "gnomon"},
        {"Authorization": f"Basic {basic}"},
    )
    assert subject(verifier, answer["access_token"]) == CLIENT


def test_the_provider_itself_refuses_a_wrong_client_secret(provider: IdentityServer) -> None:
    with pytest.raises(HTTPError) as refused:
        form(f"{provider.url}/token", {"grant_type": "client_credentials", "audience": "gnomon"})
    refused.value.close()
    assert refused.value.code == 401


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_every_algorithm_of_the_list_is_taken(
    provider: IdentityServer, verifier: OidcVerifier, algorithm: str
) -> None:
    provider.rotate(algorithm)
    assert subject(verifier, provider.token()) == "ana-0001"


@pytest.mark.parametrize("aud", ["gnomon", ["other", "gnomon"]])
def test_the_audience_may_be_a_text_or_a_list(
    provider: IdentityServer, verifier: OidcVerifier, aud: object
) -> None:
    assert subject(verifier, provider.token(aud=aud)) == "ana-0001"


def test_a_token_without_a_key_id_counts_where_one_key_fits(
    provider: IdentityServer, verifier: OidcVerifier, ticks: Ticks
) -> None:
    """OpenID Connect Core, section 10.1."""
    assert subject(verifier, provider.token({"kid": None})) == "ana-0001"
    provider.rotate("RS256", keep_old=True)
    ticks.forward(RENEW_AFTER_S)
    assert rule_of(lambda: verifier.login(provider.token({"kid": None}), None)) == "identity:unknown-key"


def test_a_rotated_key_is_fetched_when_a_token_first_names_it(
    provider: IdentityServer, verifier: OidcVerifier, ticks: Ticks
) -> None:
    assert subject(verifier, provider.token()) == "ana-0001"
    provider.rotate("ES256", keep_old=True)
    ticks.forward(SHORTEST_INTERVAL_S)
    assert subject(verifier, provider.token()) == "ana-0001"
    assert provider.requested.count("/jwks") == 2


def test_a_withdrawn_key_stops_counting(
    provider: IdentityServer, verifier: OidcVerifier, ticks: Ticks
) -> None:
    old = provider.token()
    assert subject(verifier, old) == "ana-0001"
    provider.rotate()
    ticks.forward(RENEW_AFTER_S)
    assert rule_of(lambda: verifier.login(old, None)) == "identity:unknown-key"


def test_unknown_key_ids_do_not_flood_the_provider(
    provider: IdentityServer, verifier: OidcVerifier, ticks: Ticks
) -> None:
    assert subject(verifier, provider.token()) == "ana-0001"
    ticks.forward(SHORTEST_INTERVAL_S)
    for number in range(200):
        token = provider.token({"kid": f"guess-{number}"})
        assert rule_of(lambda t=token: verifier.login(t, None)) == "identity:unknown-key"  # type: ignore[misc]
    assert provider.requested.count("/jwks") == 2


def test_tokens_of_strangers_do_not_reach_the_provider(
    provider: IdentityServer, verifier: OidcVerifier
) -> None:
    token = provider.token(iss="https://login.stranger.test")
    assert rule_of(lambda: verifier.login(token, None)) == "identity:issuer"
    assert provider.requested == []


def test_many_first_logins_at_once_fetch_the_keys_once(
    provider: IdentityServer, verifier: OidcVerifier
) -> None:
    token, subjects = provider.token(), []
    threads = [threading.Thread(target=lambda: subjects.append(subject(verifier, token))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert subjects == ["ana-0001"] * 16
    assert provider.requested.count("/jwks") == 1


def test_known_keys_serve_while_the_provider_is_down_until_they_are_too_old(
    provider: IdentityServer, verifier: OidcVerifier, ticks: Ticks
) -> None:
    assert subject(verifier, provider.token()) == "ana-0001"
    provider.down = True
    ticks.forward(TOO_OLD_AFTER_S - 1)
    assert subject(verifier, provider.token()) == "ana-0001"
    ticks.forward(SHORTEST_INTERVAL_S)
    for _ in range(2):
        with pytest.raises(Failed, match="cannot be reached"):
            verifier.login(provider.token(), None)
    provider.down = False
    ticks.forward(SHORTEST_INTERVAL_S)
    assert subject(verifier, provider.token()) == "ana-0001"


def test_a_provider_that_does_not_listen_is_a_failure_that_can_be_tried_again(
    rules: OidcRules, clock: SetClock, provider: IdentityServer
) -> None:
    token = provider.token(iss="http://127.0.0.1:1")
    absent = OidcVerifier(replace(rules, issuer="http://127.0.0.1:1"), Provider("http://127.0.0.1:1"), clock)
    with pytest.raises(Failed) as failure:
        absent.login(token, None)
    assert ("address", "http://127.0.0.1:1/.well-known/openid-configuration") in failure.value.facts
    assert "try again" in failure.value.hint


BREAK = Callable[[IdentityServer], None]


def serving(jwks: bytes) -> BREAK:
    return lambda server: setattr(server, "jwks", jwks)


def describing(**members: object) -> BREAK:
    return lambda server: server.discovery.update(members)


SECRET_KEY = {"kty": "oct", "k": encoded(b"k" * 32), "kid": "shared", "alg": "HS256"}
WEAK = {"kty": "RSA", "n": encoded(b"\xc1" * 128), "e": "AQAB", "kid": "weak"}
GIANT = {"kty": "RSA", "n": encoded(b"\xc1" * 8192), "e": "AQAB", "kid": "giant"}
P384 = {"kty": "EC", "crv": "P-384", "x": encoded(b"x" * 48), "y": encoded(b"y" * 48), "kid": "p384"}
OFF_CURVE = {"kty": "EC", "crv": "P-256", "x": encoded(b"x" * 32), "y": encoded(b"y" * 32), "kid": "off"}
BROKEN_PROVIDERS: dict[str, BREAK] = {
    "it names another issuer": describing(issuer="https://evil.test"),
    "it names an issuer with a slash more": lambda s: s.discovery.update(issuer=s.url + "/"),
    "it names no keys": describing(jwks_uri=None),
    "its keys are over plain http elsewhere": describing(jwks_uri="http://keys.test/jwks"),
    "its keys are in a file": describing(jwks_uri="file:///etc/passwd"),
    "its key set is no JSON": serving(b"<html>"),
    "its key set is a list": serving(b"[]"),
    "its key set is huge": serving(b'{"keys": [], "pad": "' + b"x" * 300_000 + b'"}'),
    "its key set names a member twice": serving(b'{"keys": [], "keys": []}'),
    "its keys are no list": serving(b'{"keys": {}}'),
    "it has no keys": serving(b'{"keys": []}'),
    "it has a shared secret for a key": serving(json.dumps({"keys": [SECRET_KEY]}).encode()),
    "its key is weak": serving(json.dumps({"keys": [WEAK]}).encode()),
    "its key is giant": serving(json.dumps({"keys": [GIANT]}).encode()),
    "its key is of another curve": serving(json.dumps({"keys": [P384]}).encode()),
    "its key is off the curve": serving(json.dumps({"keys": [OFF_CURVE]}).encode()),
    "its key publishes its private half": lambda s: setattr(
        s, "jwks", json.dumps({"keys": [s.keys[0].key.as_dict(private=True)]}).encode()
    ),
    "its key is for encryption": lambda s: setattr(
        s, "jwks", json.dumps({"keys": [{**s.keys[0].published(), "use": "enc"}]}).encode()
    ),
    "it has two keys under one id": lambda s: setattr(
        s,
        "jwks",
        json.dumps(
            {"keys": [new_key("ES256", "same").published(), new_key("ES256", "same").published()]}
        ).encode(),
    ),
    "it has a thousand keys": serving(json.dumps({"keys": [SECRET_KEY] * 1000}).encode()),
}


@pytest.mark.parametrize("fault", BROKEN_PROVIDERS)
def test_a_provider_that_is_out_of_order_lets_nobody_in(
    provider: IdentityServer, verifier: OidcVerifier, fault: str
) -> None:
    BROKEN_PROVIDERS[fault](provider)
    with pytest.raises(Misconfigured) as error:
        verifier.login(provider.token(), None)
    assert error.value.hint


def test_a_document_that_is_too_large_is_refused_though_it_holds_the_right_key(
    provider: IdentityServer, verifier: OidcVerifier
) -> None:
    keys = json.dumps({"keys": [provider.keys[0].published()]}).encode()
    provider.jwks = keys + b" " * (MAX_DOCUMENT_BYTES - len(keys))
    assert subject(verifier, provider.token()) == "ana-0001"
    provider.jwks += b" "
    with pytest.raises(Misconfigured, match="more than 262144 bytes"):
        fetch_json(f"{provider.url}/jwks")


def test_a_key_verifies_the_algorithm_that_it_is_published_for_alone(provider: IdentityServer) -> None:
    """The same RSA key could check either padding; its publisher named one."""
    token = read_token(provider.token())
    key = public_key({**provider.keys[0].published(), "alg": "PS256"})
    assert key is not None
    assert rule_of(lambda: check_signature(token, key)) == "identity:algorithm"


def test_a_redirect_of_the_provider_is_not_followed(provider: IdentityServer, verifier: OidcVerifier) -> None:
    provider.redirect = f"{provider.url}/elsewhere"
    with pytest.raises(Failed, match="cannot be reached"):
        verifier.login(provider.token(), None)
    assert provider.requested == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize(
    "address",
    [
        "http://login.acme.test",
        "http://127.0.0.1.evil.test",
        "http://localhost.evil.test",
        "https://user:password@login.acme.test",
        "ftp://login.acme.test",
        "file:///etc/passwd",
        "https://",
        "https://[::1",
        "https://login.acme.test/ x",
        "https://login.acme.test/\n",
        "",
    ],
)
def test_an_address_that_is_not_safe_is_not_fetched(address: str) -> None:
    with pytest.raises(Misconfigured, match="https") as error:
        fetch_json(address)
    assert "password" not in str(error.value.facts)


@pytest.mark.parametrize("address", ["https://login.acme.test/x", "http://127.0.0.1:1", "http://[::1]:1/"])
def test_https_and_loopback_may_be_fetched(address: str) -> None:
    assert checked_address(address).hostname


def test_groups_tenant_and_claims_come_from_the_claims_that_are_named(
    provider: IdentityServer, rules: OidcRules, clock: SetClock
) -> None:
    named = replace(
        rules, groups_claim="roles", tenant_claim="org", kept_claims=("region", "level", "x", "on")
    )
    verifier = OidcVerifier(named, Provider(provider.url), clock)
    token = provider.token(roles=["a", "b"], org="globex", region="EU", level=3, on=True, phone="+43 1")
    assert verifier.login(token, None).principal == Principal(
        "ana-0001", "globex", frozenset("ab"), (("level", "3"), ("on", "true"), ("region", "EU")), "oidc"
    )
    assert rule_of(lambda: verifier.login(provider.token(), None)) == "identity:malformed"


def test_groups_that_the_provider_left_out_are_not_taken_for_none(
    provider: IdentityServer, verifier: OidcVerifier
) -> None:
    """OpenID Connect Core, section 5.6.2: distributed claims stand elsewhere."""
    token = provider.token(_claim_names={"groups": "src1"})
    assert rule_of(lambda: verifier.login(token, None)) == "identity:groups"


def test_a_mail_address_counts_only_when_the_provider_verified_it(
    provider: IdentityServer, rules: OidcRules, clock: SetClock
) -> None:
    by_mail = OidcVerifier(replace(rules, subject_claim="email"), Provider(provider.url), clock)
    mail = {"email": "ana@acme.test"}
    assert subject(by_mail, provider.token(**mail, email_verified=True)) == "ana@acme.test"
    for verified in (None, False, "true", 1):
        token = provider.token(**mail, email_verified=verified)
        assert rule_of(lambda t=token: by_mail.login(t, None)) == "identity:subject"  # type: ignore[misc]


def test_the_people_file_maps_a_subject_and_adds_its_groups(
    provider: IdentityServer, verifier: OidcVerifier, people_path: object
) -> None:
    people = load_people(people_path)  # type: ignore[arg-type]
    login = verifier.login(provider.token(groups=["staff"]), people)
    assert login.principal == Principal(
        "ana@acme.test",
        "acme",
        frozenset({"analysts", "finance", "staff"}),
        (("region", "EU"),),
        "oidc",
    )


def test_nobody_becomes_a_person_by_carrying_their_name(
    provider: IdentityServer, verifier: OidcVerifier, people_path: object
) -> None:
    people = load_people(people_path)  # type: ignore[arg-type]
    token = provider.token(sub="ana@acme.test")
    assert rule_of(lambda: verifier.login(token, people)) == "identity:subject"
    assert verifier.login(provider.token(sub="bob@acme.test"), people).principal.subject == "bob@acme.test"


def test_token_and_people_file_must_name_the_same_tenant(
    provider: IdentityServer, rules: OidcRules, clock: SetClock, people_path: object
) -> None:
    verifier = OidcVerifier(replace(rules, tenant_claim="org"), Provider(provider.url), clock)
    people = load_people(people_path)  # type: ignore[arg-type]
    assert rule_of(lambda: verifier.login(provider.token(org="globex"), people)) == "identity:tenant"
    assert verifier.login(provider.token(org="acme"), people).principal.tenant == "acme"


def test_clocks_may_differ_a_little_and_no_more(
    provider: IdentityServer, verifier: OidcVerifier, clock: SetClock
) -> None:
    token = provider.token()
    for jump, rule in [(-60, ""), (-62, "identity:not-yet"), (659, ""), (660, "identity:expired")]:
        clock.now = 1_800_000_000 + jump
        assert rule_of(lambda: verifier.login(token, None)) == rule, jump


def test_a_clock_that_jumps_makes_no_old_token_valid(
    provider: IdentityServer, verifier: OidcVerifier, clock: SetClock
) -> None:
    """Set back by a day, the clock lies before the token's issue: refused, not valid for a day longer."""
    token = provider.token()
    clock.forward(3600)
    assert rule_of(lambda: verifier.login(token, None)) == "identity:expired"
    clock.forward(-86_400)
    assert rule_of(lambda: verifier.login(token, None)) == "identity:not-yet"


def test_what_a_token_says_is_not_shown_by_its_parts(provider: IdentityServer) -> None:
    token = provider.token()
    shown = repr(read_token(token))
    assert token.split(".")[1] not in shown
    assert "ana-0001" not in shown


def test_a_refusal_quotes_no_token(provider: IdentityServer, verifier: OidcVerifier) -> None:
    token = provider.token(aud="other")
    with pytest.raises(Refused) as refusal:
        verifier.login(token, None)
    shown = f"{refusal.value.message} {refusal.value.facts} {refusal.value.hint}"
    assert not any(part in shown for part in token.split("."))
