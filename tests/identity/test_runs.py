"""The identity of one question's run: the agent acts for the person, with no more than both may."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gnomon.domain.answer import Question
from gnomon.domain.errors import Refused
from gnomon.domain.identity import Principal
from gnomon.identity.runs import AGENT, AUDIENCE, RunIdentity, Workloads
from identity.identity_server import SetClock

pytestmark = pytest.mark.requirement("identity:workload")

ANA = Principal("ana@acme.test", "acme", frozenset({"finance"}), (("region", "EU"),), "oidc")


def run_of(principal: Principal, folder: Path, clock: SetClock) -> RunIdentity:
    workloads = Workloads(folder / "identity", "acme.test", clock)
    return RunIdentity(workloads, Question("q1", "How many?", principal, clock_time(clock), "c1"))


def clock_time(clock: SetClock) -> datetime:
    return datetime.fromtimestamp(clock(), UTC)


def test_the_agent_acts_for_the_person_by_name_group_and_claim(tmp_path: Path, clock: SetClock) -> None:
    acting = run_of(ANA, tmp_path, clock).principal()
    person = (acting.subject, acting.tenant, acting.groups, acting.claims, acting.method)
    assert person == (ANA.subject, ANA.tenant, ANA.groups, ANA.claims, "oidc")
    assert acting.actor == f"spiffe://acme.test/agent/{AGENT}/q1"


def test_a_limited_credential_limits_the_agent_too(tmp_path: Path, clock: SetClock) -> None:
    limited = Principal("bot", "acme", scopes=frozenset({"read", "history", "admin"}))
    assert run_of(limited, tmp_path, clock).principal().scopes == frozenset({"read"})


def test_a_person_who_may_do_nothing_that_a_run_needs_starts_none(tmp_path: Path, clock: SetClock) -> None:
    with pytest.raises(Refused):
        run_of(Principal("bot", "acme", scopes=frozenset({"admin"})), tmp_path, clock).principal()


def test_a_run_outlives_its_token_with_another_one(tmp_path: Path, clock: SetClock) -> None:
    run = run_of(ANA, tmp_path, clock)
    first = run.principal()
    old = run._token
    clock.now += 3_600
    assert run.principal() == first
    assert run._token != old
    with pytest.raises(Refused) as refused:
        run.workloads.pair[1].verify(old, audience=AUDIENCE)
    assert refused.value.rule == "identity:expired"


def test_a_clock_that_is_set_back_does_not_end_the_run(tmp_path: Path, clock: SetClock) -> None:
    run = run_of(ANA, tmp_path, clock)
    first = run.principal()
    clock.now -= 3_600
    assert run.principal() == first
