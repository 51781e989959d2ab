"""The ledger of what was used: counted before, once, across processes, whatever the clock does."""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gnomon.domain.errors import Misconfigured, Refused
from gnomon.domain.identity import Principal
from gnomon.policy.budgets import Account, Budget, Spending, used_up
from gnomon.store.state import StateStore
from gnomon.store.usage import UsageLedger, read_budgets

pytestmark = pytest.mark.requirement("budgets:ledger")

ANA = Principal("ana", "acme", frozenset({"sales"}))
BO = Principal("bo", "acme", frozenset({"sales"}))
NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
FIVE_A_DAY = (Budget("person", "day", questions=5),)

ASKER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from gnomon.domain.errors import Refused
from gnomon.domain.identity import Principal
from gnomon.policy.budgets import Budget
from gnomon.store.usage import UsageLedger
ledger = UsageLedger.open(Path(sys.argv[1]))
budgets = (Budget("group:sales", "month", questions=int(sys.argv[3])),)
asker = Principal(sys.argv[2], "acme", frozenset({"sales"}))
for _ in range(int(sys.argv[4])):
    try:
        ledger.reserve(asker, datetime(2026, 3, 10, tzinfo=UTC), budgets)
        sys.stdout.write("taken\\n")
    except Refused:
        sys.stdout.write("refused\\n")
    sys.stdout.flush()
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[UsageLedger]:
    ledger = UsageLedger.open(tmp_path / "state")
    yield ledger
    ledger.close()


def asker(folder: Path, name: str, limit: int, times: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ASKER, str(folder), name, str(limit), str(times)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def questions(ledger: UsageLedger, who: Principal, budget: Budget, now: datetime = NOW) -> int:
    used = ledger.used(who, (budget,), now)
    return sum(counted.spent.questions for counted in used.by.values())


def test_a_question_is_counted_before_it_starts_and_the_one_too_many_is_refused(ledger: UsageLedger) -> None:
    for number in range(1, 6):
        (use,) = ledger.reserve(ANA, NOW, FIVE_A_DAY)
        assert use.used == number
    with pytest.raises(Refused, match="5 of 5 questions today") as caught:
        ledger.reserve(ANA, NOW, FIVE_A_DAY)
    assert caught.value.rule == "budget:person:day:questions"
    assert questions(ledger, ANA, FIVE_A_DAY[0]) == 5
    assert ledger.reserve(BO, NOW, FIVE_A_DAY)[0].used == 1
    assert ledger.reserve(ANA, NOW + timedelta(days=1), FIVE_A_DAY)[0].used == 1


def test_of_several_processes_only_as_many_questions_start_as_are_left(tmp_path: Path) -> None:
    askers = [asker(tmp_path, f"p{n}", 25, 15) for n in range(4)]
    told = [line for a in askers for line in a.communicate(timeout=60)[0].splitlines()]
    assert (told.count("taken"), told.count("refused")) == (25, 35)


def test_what_was_counted_survives_a_kill(tmp_path: Path) -> None:
    taken = 0
    for kill in range(6):
        process = asker(tmp_path, "ana", 10**6, 10**6)
        assert process.stdout is not None
        heard = [process.stdout.readline() for _ in range(3 + kill)]
        os.kill(process.pid, signal.SIGKILL)
        heard += process.stdout.read().splitlines(keepends=True)
        process.wait(timeout=30)
        process.stdout.close()
        taken += sum(line == "taken\n" for line in heard)
    ledger = UsageLedger.open(tmp_path)
    counted = questions(ledger, ANA, Budget("group:sales", "month", questions=1))
    ledger.close()
    assert taken <= counted <= taken + 6


def test_amounts_are_added_up_exactly_and_stop_a_question_that_runs(ledger: UsageLedger) -> None:
    budgets = (Budget("person", "day", questions=9, tokens=1000, cost_usd=0.3, scan_bytes=10**9, wall_s=1.2),)
    ledger.reserve(ANA, NOW, budgets)
    step = Spending(tokens=100, cost_usd=0.1, scan_bytes=10**6, wall_s=0.1)
    for _ in range(2):
        assert used_up(ledger.add(ANA, NOW, budgets, step), started=True) is None
    stop = used_up(ledger.add(ANA, NOW, budgets, step), started=True)
    assert stop is not None
    assert (stop.measure, stop.sentence) == ("cost_usd", "0.30 of 0.30 USD today")
    spent = ledger.used(ANA, budgets, NOW).by[Account("subject:ana", "day")].spent
    assert spent == Spending(questions=1, tokens=300, cost_usd=0.3, scan_bytes=3 * 10**6, wall_s=0.3)


def test_the_members_of_a_group_share_its_budget_and_others_do_not(ledger: UsageLedger) -> None:
    budgets = (Budget("group:sales", "day", questions=2), Budget("tenant", "day", questions=4))
    ledger.reserve(ANA, NOW, budgets)
    ledger.reserve(BO, NOW, budgets)
    with pytest.raises(Refused, match="2 of 2 questions today by the group sales"):
        ledger.reserve(ANA, NOW, budgets)
    outsider = Principal("cy", "acme", frozenset({"legal"}))
    ledger.reserve(outsider, NOW, budgets)
    ledger.reserve(outsider, NOW, budgets)
    with pytest.raises(Refused, match="4 of 4 questions today by everybody"):
        ledger.reserve(outsider, NOW, budgets)


def test_leaving_a_group_takes_nothing_off_what_the_group_used(ledger: UsageLedger) -> None:
    budget = Budget("group:sales", "day", questions=2)
    ledger.reserve(ANA, NOW, (budget,))
    ledger.reserve(replace(ANA, groups=frozenset()), NOW, (budget,))
    assert questions(ledger, BO, budget) == 1


def test_tenants_do_not_share_anything(ledger: UsageLedger) -> None:
    budgets = (Budget("tenant", "day", questions=1),)
    ledger.reserve(ANA, NOW, budgets)
    assert ledger.reserve(replace(ANA, tenant="other"), NOW, budgets)[0].used == 1


def test_a_budget_that_is_added_later_knows_what_was_used_before(ledger: UsageLedger) -> None:
    ledger.reserve(ANA, NOW, ())
    assert questions(ledger, ANA, Budget("person", "month", questions=9)) == 1


def test_nothing_is_counted_for_a_question_that_is_refused(ledger: UsageLedger) -> None:
    budgets = (Budget("person", "hour", questions=1), Budget("tenant", "day", questions=9))
    ledger.reserve(ANA, NOW, budgets)
    with pytest.raises(Refused):
        ledger.reserve(ANA, NOW, budgets)
    assert questions(ledger, BO, budgets[1]) == 1


@pytest.mark.parametrize(
    "back", [timedelta(hours=1), timedelta(days=1), timedelta(days=40), timedelta(days=999)]
)
def test_a_clock_that_is_set_back_gives_nothing_back(ledger: UsageLedger, back: timedelta) -> None:
    for window in ("hour", "day", "month"):
        budget = Budget("person", window, questions=1)
        if window == "hour":
            ledger.reserve(ANA, NOW, (budget,))
        with pytest.raises(Refused):
            ledger.reserve(ANA, NOW - back, (budget,))


def test_a_clock_that_ran_ahead_costs_what_was_used_there_and_no_more(ledger: UsageLedger) -> None:
    ledger.reserve(ANA, NOW + timedelta(days=3650), FIVE_A_DAY)
    (use,) = ledger.reserve(ANA, NOW, FIVE_A_DAY)
    assert use.used == 2
    assert use.resets_at > NOW + timedelta(days=3650)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.lists(st.integers(0, 24 * 400), min_size=1, max_size=12),
    looks=st.lists(st.integers(0, 24 * 400), min_size=2, max_size=6),
)
def test_however_the_clock_jumps_an_earlier_time_never_shows_less_use(
    ledger: UsageLedger, asked: list[int], looks: list[int]
) -> None:
    for hours in asked:
        ledger.reserve(ANA, NOW + timedelta(hours=hours), ())
    for window in ("hour", "day", "month"):
        budget = Budget("person", window, questions=1)
        seen = [questions(ledger, ANA, budget, NOW + timedelta(hours=h)) for h in sorted(looks)]
        assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    "spending",
    [
        Spending(tokens=-1),
        Spending(cost_usd=float("nan")),
        Spending(wall_s=float("inf")),
        Spending(scan_bytes=2**60),
    ],
)
def test_an_amount_that_is_none_is_our_mistake_and_counts_nothing(
    ledger: UsageLedger, spending: Spending
) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        ledger.add(ANA, NOW, FIVE_A_DAY, spending)
    assert ledger.used(ANA, FIVE_A_DAY, NOW).by[Account("subject:ana", "day")].last_at is None


def test_a_question_that_cannot_be_counted_does_not_start(tmp_path: Path) -> None:
    ledger = UsageLedger.open(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        with pytest.raises(Misconfigured):
            ledger.reserve(ANA, NOW, FIVE_A_DAY)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert ledger.reserve(ANA, NOW, FIVE_A_DAY)[0].used == 1
    ledger.close()


def test_the_ledger_lives_beside_the_answers_in_one_file(tmp_path: Path) -> None:
    ledger, store = UsageLedger.open(tmp_path), StateStore.open(tmp_path)
    ledger.reserve(ANA, NOW, ())
    assert store.list_answers() == ()
    store.close()
    ledger.close()
    ledger.close()


def test_budgets_are_read_from_a_file_and_there_are_none_without_it(tmp_path: Path) -> None:
    path = tmp_path / "budgets.toml"
    assert read_budgets(path) == ()
    path.write_text('\ufeff[[budget]]\nwho = "person"\nwindow = "day"\nquestions = 5\n')
    assert read_budgets(path) == FIVE_A_DAY
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(Misconfigured, match="cannot be read"):
        read_budgets(path)
