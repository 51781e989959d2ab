"""Identities of runs: minted for one purpose, never more than the person may, verified cheaply."""

import statistics
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from gnomon.domain.identity import Principal
from gnomon.identity.jws import read_token
from gnomon.identity.keyring import LONGEST_LIFE_S, KeyRing
from gnomon.identity.scopes import EFFECTS
from gnomon.identity.spiffe import MAX_ID_BYTES, SpiffeId, parse_spiffe_id
from gnomon.identity.workload import Issuer, Verifier, Workload
from gnomon.store.tokens import TokenStore
from identity.identity_server import SetClock
from identity.refusing import rule_of

pytestmark = pytest.mark.requirement("identity:workload")

ANA = Principal("ana@acme.test", "acme", frozenset({"finance", "a"}), (("region", "EU"),), "oidc")
RUN = "spiffe://acme.test/agent/analyst/run-1"


@pytest.fixture
def ring(tmp_path: Path, clock: SetClock) -> KeyRing:
    return KeyRing(tmp_path / "identity", clock)


@pytest.fixture
def issuer(ring: KeyRing, clock: SetClock) -> Issuer:
    return Issuer(ring, "acme.test", clock)


@pytest.fixture
def verifier(ring: KeyRing, clock: SetClock, store: TokenStore) -> Verifier:
    return Verifier(ring, "acme.test", clock, store)


def mint(issuer: Issuer, principal: Principal = ANA, *effects: str, until: float | None = None) -> str:
    return issuer.mint(
        principal,
        agent="analyst",
        run_id="run-1",
        purpose="answer question q1",
        effects=effects or ("read", "compute"),
        audience="warehouse",
        until=until,
    )


def test_a_run_comes_back_as_it_was_minted(issuer: Issuer, verifier: Verifier, clock: SetClock) -> None:
    found = verifier.verify(mint(issuer), audience="warehouse")
    assert found == Workload(
        spiffe_id=RUN,
        principal=replace(ANA, scopes=frozenset({"read", "compute"}), actor=RUN),
        run_id="run-1",
        purpose="answer question q1",
        effects=frozenset({"read", "compute"}),
        expires_at=clock.now + 300,
        token_id=found.token_id,
    )
    assert found.principal.method == "oidc"


def test_the_token_has_the_form_of_a_jwt_svid(issuer: Issuer) -> None:
    """SPIFFE JWT-SVID, sections 2 and 3: sub, aud and exp are there, typ is JWT, alg is of the list."""
    token = read_token(mint(issuer))
    assert (token.algorithm, token.type) == ("ES256", "jwt")
    assert token.claims["sub"] == RUN
    assert token.claims["aud"] == ["warehouse"]
    assert 0 < token.claims["exp"] - token.claims["iat"] <= LONGEST_LIFE_S
    assert token.claims["jti"] != read_token(mint(issuer)).claims["jti"]


@pytest.mark.parametrize(
    ("scopes", "asked", "granted"),
    [
        (None, {"read", "write"}, {"read", "write"}),
        ({"read", "ask", "history", "admin"}, {"read", "write", "compute"}, {"read"}),
        (EFFECTS, EFFECTS, EFFECTS),
    ],
)
def test_a_run_has_what_it_asks_for_and_its_person_may(
    issuer: Issuer, verifier: Verifier, scopes: set[str] | None, asked: set[str], granted: set[str]
) -> None:
    person = replace(ANA, scopes=None if scopes is None else frozenset(scopes))
    found = verifier.verify(mint(issuer, person, *asked), audience="warehouse")
    assert found.effects == found.principal.scopes == granted


def test_a_run_of_a_run_only_narrows(issuer: Issuer, verifier: Verifier, clock: SetClock) -> None:
    parent = verifier.verify(mint(issuer, ANA, "read", "ask"), audience="warehouse")
    clock.forward(200)
    token = issuer.mint(
        parent.principal,
        agent="helper",
        run_id="run-2",
        purpose="p",
        effects=EFFECTS,
        audience="warehouse",
        until=parent.expires_at,
    )
    child = verifier.verify(token, audience="warehouse")
    assert child.effects == {"read", "ask"}
    assert child.expires_at == parent.expires_at
    assert child.principal.actor == "spiffe://acme.test/agent/helper/run-2"
    assert (child.principal.subject, child.principal.groups) == (ANA.subject, ANA.groups)


@pytest.mark.parametrize("scopes", [frozenset(), frozenset({"history", "admin"}), frozenset({"ask"})])
def test_a_run_that_could_do_nothing_is_not_minted(issuer: Issuer, scopes: frozenset[str]) -> None:
    person = replace(ANA, scopes=scopes)
    assert rule_of(lambda: mint(issuer, person, "read")) == "identity:scope"


def test_no_run_outlives_the_authority_behind_it(issuer: Issuer, clock: SetClock) -> None:
    assert rule_of(lambda: mint(issuer, until=clock.now)) == "identity:expired"
    assert read_token(mint(issuer, until=clock.now + 5)).claims["exp"] == clock.now + 5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("agent", "a/b"),
        ("agent", ".."),
        ("agent", ""),
        ("run_id", "r 1"),
        ("run_id", "é"),
        ("run_id", "r" * 3000),
        ("purpose", ""),
        ("purpose", "a\nb"),
        ("effects", ("read", "everything")),
    ],
)
def test_a_name_that_cannot_stand_in_a_token_is_our_bug(issuer: Issuer, name: str, value: object) -> None:
    usual = {"agent": "a", "run_id": "r", "purpose": "p", "effects": ("read",), "audience": "x"}
    with pytest.raises(ValueError):  # noqa: PT011
        issuer.mint(ANA, **{**usual, name: value})  # type: ignore[arg-type]


def test_more_groups_than_a_token_holds_are_refused_when_minted(issuer: Issuer) -> None:
    many = frozenset(f"{n:0255}" for n in range(900))
    assert rule_of(lambda: mint(issuer, replace(ANA, groups=many))) == "identity:size"


@pytest.mark.parametrize("life_s", [0, -1, LONGEST_LIFE_S + 1, float("nan")])
def test_an_issuer_of_long_lives_is_not_made(ring: KeyRing, clock: SetClock, life_s: float) -> None:
    with pytest.raises(ValueError, match="lives up to"):
        Issuer(ring, "acme.test", clock, life_s)


def test_a_token_counts_for_its_audience_alone(issuer: Issuer, verifier: Verifier) -> None:
    """Remembered or not: the second border asks again."""
    token = mint(issuer)
    for audience, rule in [
        ("search", "identity:audience"),
        ("warehouse", ""),
        ("search", "identity:audience"),
    ]:
        assert rule_of(lambda a=audience: verifier.verify(token, audience=a)) == rule  # type: ignore[misc]


@pytest.mark.parametrize("known", [False, True])
def test_a_token_ends_also_where_it_is_remembered(
    issuer: Issuer, verifier: Verifier, clock: SetClock, known: bool
) -> None:
    token = mint(issuer)
    if known:
        verifier.verify(token, audience="warehouse")
    for jump, rule in [(309, ""), (310, "expired"), (-10, ""), (-11, "not-yet"), (-86_400, "not-yet")]:
        clock.now = 1_800_000_000 + jump
        found = rule_of(lambda: verifier.verify(token, audience="warehouse"))
        assert found.removeprefix("identity:") == rule, jump


def test_a_token_that_counts_once_is_refused_the_second_time(
    issuer: Issuer, verifier: Verifier, ring: KeyRing, clock: SetClock, store: TokenStore
) -> None:
    token = mint(issuer)
    verifier.verify(token, audience="warehouse", once=True)
    elsewhere = Verifier(ring, "acme.test", clock, store)
    for border in (verifier, elsewhere):
        assert (
            rule_of(lambda b=border: b.verify(token, audience="warehouse", once=True)) == "identity:replayed"
        )  # type: ignore[misc]
    assert verifier.verify(token, audience="warehouse").run_id == "run-1"


def test_of_many_threads_one_spends_a_token(issuer: Issuer, verifier: Verifier) -> None:
    token, taken = mint(issuer), []

    def spend() -> None:
        taken.append(rule_of(lambda: verifier.verify(token, audience="warehouse", once=True)))

    threads = [threading.Thread(target=spend) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == ["", *["identity:replayed"] * 11]


def test_a_verifier_of_another_trust_domain_or_ring_refuses(
    issuer: Issuer, ring: KeyRing, clock: SetClock, tmp_path: Path
) -> None:
    token = mint(issuer)
    foreign = Verifier(ring, "globex.test", clock)
    assert rule_of(lambda: foreign.verify(token, audience="warehouse")) == "identity:issuer"
    other = KeyRing(tmp_path / "other", clock)
    other.rotate()
    stranger = Verifier(other, "acme.test", clock)
    assert rule_of(lambda: stranger.verify(token, audience="warehouse")) == "identity:unknown-key"


def test_what_is_remembered_is_bounded(issuer: Issuer, verifier: Verifier) -> None:
    for _ in range(1100):
        verifier.verify(mint(issuer), audience="warehouse")
    assert len(verifier._seen) == 1024


def test_verifying_costs_under_half_a_millisecond(issuer: Issuer, verifier: Verifier) -> None:
    """The first time with the signature, and later times without: medians over hundreds."""

    def median_ms(tokens: list[str]) -> float:
        taken = []
        for token in tokens:
            start = time.thread_time()
            verifier.verify(token, audience="warehouse")
            taken.append(time.thread_time() - start)
        return statistics.median(taken) * 1000

    tokens = [mint(issuer) for _ in range(300)]
    assert median_ms(tokens) < 0.5
    assert median_ms(tokens) < 0.5


GOOD_IDS = [
    "spiffe://acme.test/agent/a/r",
    "spiffe://a/b",
    "spiffe://1.2.3.4/x",
    "spiffe://a_b-c.d/A/b.c/_-9",
]
BAD_IDS = [
    "",
    "spiffe://",
    "spiffe:///a",
    "spiffe://acme.test",
    "spiffe://acme.test/",
    "spiffe://acme.test/a/",
    "spiffe://acme.test//a",
    "spiffe://acme.test/./a",
    "spiffe://acme.test/a/..",
    "spiffe://acme.test/a%2fb",
    "spiffe://acme.test/a b",
    "spiffe://acme.test/é",
    "spiffe://acme.test/a?b=c",
    "spiffe://acme.test/a#b",
    "spiffe://acme.test/a\n",
    "spiffe://Acme.test/a",
    "spiffe://acme.test:8080/a",
    "spiffe://user@acme.test/a",
    "SPIFFE://acme.test/a",
    "https://acme.test/a",
    "/spiffe://acme.test/a",
    f"spiffe://{'a' * 256}/a",
    f"spiffe://a/{'b' * MAX_ID_BYTES}",
]


@pytest.mark.parametrize("text", GOOD_IDS)
def test_a_spiffe_id_comes_back_as_it_was(text: str) -> None:
    """SPIFFE-ID, sections 2.1 to 2.4."""
    assert str(parse_spiffe_id(text)) == text


@pytest.mark.parametrize("text", BAD_IDS)
def test_what_is_no_spiffe_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_spiffe_id(text)


def test_a_spiffe_id_may_have_2048_bytes_and_no_more() -> None:
    longest = SpiffeId("a", ("b" * (MAX_ID_BYTES - len("spiffe://a/")),))
    assert parse_spiffe_id(str(longest)) == longest
    with pytest.raises(ValueError, match="2048"):
        SpiffeId("a", ("b" * (MAX_ID_BYTES - len("spiffe://a/") + 1),))
