"""Trust follows evidence: dashboards and data people on top, one-off looks at the bottom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnomon.context.catalog.usage.trust import HALF_LIFE_DAYS, Evidence, Trust, has_data_role, judge, recency

NOW = datetime(2026, 11, 1, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)

DASHBOARD = Evidence(
    runs=300, users=4, roles=("data scientist",), dashboards=("Revenue",), views=800,
    last_run=YESTERDAY, is_saved=True,
)  # fmt: skip
SAVED = Evidence(runs=1, is_saved=True)
TEAM_HABIT = Evidence(runs=200, users=12, last_run=YESTERDAY, roles=("sales",))
HABIT_OF_A_FEW = Evidence(runs=10, users=4, last_run=NOW - timedelta(days=90), roles=("marketing",))
ONE_OFF = Evidence(runs=2, users=1, roles=("data scientist",), last_run=YESTERDAY)
LOOK = Evidence(runs=40, users=3, roles=("analyst",), last_run=YESTERDAY, is_lookup=True)
FAILING = replace(DASHBOARD, failures=300)


def score(evidence: Evidence) -> float:
    return judge(evidence, NOW).score


@pytest.mark.requirement("usage:trust", "ODA-07")
def test_viewed_dashboards_come_first_and_one_off_queries_are_left_out() -> None:
    ranked = sorted(
        [ONE_OFF, SAVED, DASHBOARD, FAILING, TEAM_HABIT, LOOK, HABIT_OF_A_FEW], key=score, reverse=True
    )
    assert ranked[:3] == [DASHBOARD, TEAM_HABIT, SAVED]
    enough = [e for e in ranked if judge(e, NOW).is_enough]
    assert enough == [DASHBOARD, TEAM_HABIT, SAVED]
    assert score(FAILING) == 0


@pytest.mark.requirement("usage:trust", "ODA-07")
@pytest.mark.parametrize(
    "better",
    [
        {"roles": ("senior data analyst",)},
        {"users": 5},
        {"runs": 100},
        {"last_run": NOW},
        {"is_reviewed": True},
        {"is_saved": True},
        {"dashboards": ("Revenue",)},
        {"views": 50},
        {"failures": 0},
    ],
)
def test_each_piece_of_evidence_counts(better: dict[str, object]) -> None:
    plain = Evidence(runs=10, users=2, failures=1, roles=("sales",), last_run=NOW - timedelta(days=400))
    assert score(replace(plain, **better)) > score(plain)  # type: ignore[arg-type]


@pytest.mark.requirement("usage:trust")
def test_reasons_say_what_counted_the_most_telling_first() -> None:
    assert judge(DASHBOARD, NOW).reasons == (
        "It is behind the dashboard “Revenue”, viewed 800 times.",
        "It is saved under a title.",
        "People whose work is data run it.",
        "It last ran on 2026-10-31.",
        "4 people run it.",
        "It ran 300 times.",
    )
    assert judge(ONE_OFF, NOW).reasons[-1] == "One person ran it a few times."
    assert judge(FAILING, NOW).reasons[-1] == "300 of 300 runs failed."


@pytest.mark.requirement("usage:trust")
def test_a_dashboard_that_nobody_opens_any_more_counts_less() -> None:
    long_ago = NOW - timedelta(days=2 * HALF_LIFE_DAYS)
    assert score(replace(DASHBOARD, last_viewed=long_ago)) < score(replace(DASHBOARD, last_viewed=NOW))


@pytest.mark.requirement("usage:trust")
def test_recency_halves_with_each_half_life_and_a_clock_ahead_of_ours_is_now() -> None:
    assert recency(NOW - timedelta(days=HALF_LIFE_DAYS), NOW) == pytest.approx(0.5)
    assert recency(NOW + timedelta(days=9), NOW) == 1.0


@pytest.mark.requirement("usage:trust")
@pytest.mark.parametrize(
    ("role", "is_data"),
    [
        ("Data Scientist", True), ("ANALYST_ROLE", True), ("bi-developer", True), ("business", False),
        ("DATABASE_ADMIN", False), ("bicycle courier", False), ("", False),
    ],
)  # fmt: skip
def test_roles_are_told_by_whole_words(role: str, is_data: bool) -> None:
    assert has_data_role((role,)) is is_data


@pytest.mark.requirement("usage:trust")
@given(
    evidence=st.builds(
        Evidence,
        runs=st.integers(0, 10**12),
        failures=st.integers(0, 10**12),
        users=st.integers(0, 10**6),
        roles=st.lists(st.sampled_from(["data", "sales"]), max_size=2).map(tuple),
        dashboards=st.lists(st.just("d"), max_size=1).map(tuple),
        views=st.none() | st.integers(0, 10**12),
        last_viewed=st.none() | st.just(YESTERDAY),
        last_run=st.none() | st.just(YESTERDAY),
        is_saved=st.booleans(),
        is_reviewed=st.booleans(),
        is_lookup=st.booleans(),
    )
)
def test_a_score_is_a_share_whatever_the_evidence(evidence: Evidence) -> None:
    found = judge(evidence, NOW)
    assert isinstance(found, Trust)
    assert 0.0 <= found.score <= 1.0
