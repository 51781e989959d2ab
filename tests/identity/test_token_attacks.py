"""The corpus of forged tokens against both verifiers: every one is refused, by the rule that is meant to."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gnomon.domain.errors import Refused
from gnomon.domain.identity import Principal
from gnomon.identity.jws import read_token
from gnomon.identity.keyring import KeyRing
from gnomon.identity.oidc import OidcRules, OidcVerifier
from gnomon.identity.provider import Provider
from gnomon.identity.workload import Issuer, Verifier
from identity.identity_server import IdentityServer, ServerKey, SetClock
from identity.refusing import rule_of
from identity.token_attacks import ON_EVERY_TOKEN, ON_OIDC, ON_WORKLOADS, Attack, Target

ANA = Principal("ana@acme.test", "acme", frozenset({"finance"}), (("region", "EU"),), "oidc")


@pytest.fixture
def oidc_target(provider: IdentityServer) -> Target:
    key = provider.keys[0]
    return Target(key, {"alg": key.algorithm, "typ": "JWT", "kid": key.key_id}, provider.claims())


@pytest.fixture
def oidc(provider: IdentityServer, rules: OidcRules, clock: SetClock) -> OidcVerifier:
    return OidcVerifier(rules, Provider(provider.url, SetClock(0.0)), clock)


@pytest.fixture
def ring(tmp_path: Path, clock: SetClock) -> KeyRing:
    return KeyRing(tmp_path / "identity", clock)


@pytest.fixture
def workload_target(ring: KeyRing, clock: SetClock) -> Target:
    """A token as our issuer mints it, taken apart."""
    issuer = Issuer(ring, "acme.test", clock)
    minted = issuer.mint(ANA, agent="analyst", run_id="r1", purpose="p", effects=["read"], audience="gnomon")
    key = ring.signing()
    header = {"alg": "ES256", "typ": "JWT", "kid": key.key_id}
    return Target(ServerKey(key.key_id, "ES256", key.private), header, dict(read_token(minted).claims))


@pytest.fixture
def workloads(ring: KeyRing, clock: SetClock) -> Verifier:
    return Verifier(ring, "acme.test", clock)


@pytest.mark.requirement("identity:oidc")
def test_the_oidc_token_that_forgeries_start_from_is_taken(oidc: OidcVerifier, oidc_target: Target) -> None:
    assert oidc.login(oidc_target.token(), None).principal.subject == "ana-0001"


@pytest.mark.requirement("identity:workload")
def test_the_workload_token_that_forgeries_start_from_is_taken(
    workloads: Verifier, workload_target: Target
) -> None:
    assert workloads.verify(workload_target.token(), audience="gnomon").principal.subject == "ana@acme.test"


@pytest.mark.requirement("identity:oidc")
@pytest.mark.parametrize("attack", [*ON_EVERY_TOKEN, *ON_OIDC], ids=lambda a: a.name.replace("\0", "0"))
def test_a_forged_oidc_token_is_refused_by_its_rule(
    oidc: OidcVerifier, oidc_target: Target, attack: Attack
) -> None:
    token = attack.forge(oidc_target)
    assert rule_of(lambda: oidc.login(token, None)) == f"identity:{attack.rule}"


@pytest.mark.requirement("identity:workload")
@pytest.mark.parametrize("attack", [*ON_EVERY_TOKEN, *ON_WORKLOADS], ids=lambda a: a.name.replace("\0", "0"))
def test_a_forged_workload_token_is_refused_by_its_rule(
    workloads: Verifier, workload_target: Target, attack: Attack
) -> None:
    token = attack.forge(workload_target)
    assert rule_of(lambda: workloads.verify(token, audience="gnomon")) == f"identity:{attack.rule}"


@pytest.mark.requirement("identity:oidc", "identity:workload")
def test_the_corpus_is_as_large_as_it_is_said_to_be() -> None:
    """The counts that docs/identity.md gives."""
    page = (Path(__file__).parents[2] / "docs" / "identity.md").read_text()
    tried = 2 * len(ON_EVERY_TOKEN) + len(ON_OIDC) + len(ON_WORKLOADS)
    assert f"{tried} forged tokens, {tried} refused" in page


@pytest.mark.requirement("identity:workload", "identity:oidc")
def test_neither_verifier_takes_the_tokens_of_the_other(
    oidc: OidcVerifier, workloads: Verifier, oidc_target: Target, workload_target: Target
) -> None:
    assert rule_of(lambda: oidc.login(workload_target.token(), None)) == "identity:issuer"
    assert rule_of(lambda: workloads.verify(oidc_target.token(), audience="gnomon")) == "identity:algorithm"


@pytest.mark.requirement("identity:workload")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_change_of_a_single_character_gets_in(
    workloads: Verifier, workload_target: Target, data: st.DataObject
) -> None:
    token = workload_target.token()
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(min_codepoint=32, max_codepoint=126).filter(lambda c: c != token[place]))
    changed = token[:place] + letter + token[place + 1 :]
    assert rule_of(lambda: workloads.verify(changed, audience="gnomon"))


@pytest.mark.requirement("identity:oidc")
@settings(max_examples=300, deadline=None)
@given(
    junk=st.one_of(st.binary(max_size=400), st.text(max_size=400), st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*"))
)
@example(junk=b"..")
def test_any_junk_ends_in_a_refusal_and_never_in_a_crash(junk: str | bytes) -> None:
    with pytest.raises(Refused):
        read_token(junk)
