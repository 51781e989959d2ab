"""Budgets: read with clear errors, warned of from the soft share on, stopped at the limit."""

from datetime import UTC, datetime, timedelta

import pytest

from gnomon.domain.errors import Misconfigured
from gnomon.domain.identity import Principal
from gnomon.policy.budget_file import parse_budgets
from gnomon.policy.budgets import (
    Account,
    Budget,
    BudgetUse,
    Counted,
    Spending,
    Used,
    Window,
    applicable,
    judge,
    period,
    refused,
    used_up,
    warnings,
)

pytestmark = pytest.mark.requirement("budgets:judge")

ANA = Principal("ana", "acme", frozenset({"sales", "eu"}))
NOW = datetime(2026, 2, 28, 22, 30, tzinfo=UTC)
FILE = """
[[budget]]
who = "person"
window = "day"
questions = 200
cost_usd = 2.5

[[budget]]
who = "group:sales"   # together
window = "month"
tokens = 2_000_000
scan_bytes = 1_000_000_000_000
wall_s = 3600
soft_share = 0.5
owner = "data-team@acme.test"
"""


def uses_of(budget: Budget, **spent: float) -> tuple[BudgetUse, ...]:
    account = applicable([budget], ANA)[0][1]
    return judge([budget], ANA, Used(NOW, {account: Counted(Spending(**spent), NOW)}))  # type: ignore[arg-type]


def test_a_file_gives_its_budgets() -> None:
    assert parse_budgets(FILE) == (
        Budget("person", "day", questions=200, cost_usd=2.5),
        Budget(
            "group:sales",
            "month",
            tokens=2_000_000,
            scan_bytes=10**12,
            wall_s=3600,
            soft_share=0.5,
            owner="data-team@acme.test",
        ),
    )


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "budget = []\n"])
def test_a_file_may_hold_no_budget(text: str) -> None:
    assert parse_budgets(text) == ()


HEAD = '[[budget]]\nwho = "person"\nwindow = "day"\n'


@pytest.mark.parametrize(
    ("text", "line", "message", "hint"),
    [
        ("[[budget]\n", 0, "is not valid TOML", "correct the file"),
        (HEAD + "question = 5\n", 4, "`question` is not a key", "did you mean `questions`?"),
        (HEAD + "zebra = 5\n", 4, "`zebra` is not a key", "known here: who, window"),
        (HEAD + "questions = -1\n", 4, "`questions` is below 0", "leave it out"),
        (HEAD + "cost_usd = -0.5\n", 4, "`cost_usd` is below 0", "leave it out"),
        (HEAD + "questions = 1.5\n", 4, "is not a whole number", "questions = 200"),
        (HEAD + 'questions = "5"\n', 4, "is not a number", "without quotes"),
        (HEAD + "questions = true\n", 4, "is not a number", "without quotes"),
        (HEAD + "wall_s = inf\n", 4, "is not a number", "without quotes"),
        (HEAD + "wall_s = nan\n", 4, "is not a number", "without quotes"),
        (HEAD + "questions = 1\nsoft_share = 0\n", 5, "`soft_share` is not above 0", "0.8"),
        (HEAD + "questions = 1\nsoft_share = 1.1\n", 5, "`soft_share` is not above 0", "0.8"),
        (HEAD + "questions = 1\nowner = 5\n", 5, "`owner` is not a text", "owner ="),
        (HEAD, 1, "limits nothing", "at least one of questions, tokens"),
        ('[[budget]]\nwindow = "day"\ntokens = 1\n', 1, "has no `who`", 'who = "person"'),
        ('[[budget]]\nwho = "person"\ntokens = 1\n', 1, "has no `window`", 'window = "day"'),
        ('[[budget]]\nwho = "team"\nwindow = "day"\ntokens = 1\n', 2, "`team` is nobody", "group:NAME"),
        ('[[budget]]\nwho = "group:"\nwindow = "day"\ntokens = 1\n', 2, "`group:` is nobody", "group:NAME"),
        ('[[budget]]\nwho = "tenant"\nwindow = "week"\ntokens = 1\n', 3, "is not a window", "hour, day"),
        (HEAD + "tokens = 1\n\n" + HEAD + "tokens = 2\n", 6, "two budgets of `person`", "at line 1"),
        ("# limits\nbudgets = 3\n", 2, "`budgets` is not a list of budgets", "[[budget]]"),
        ("budget = 3\n", 1, "`budget` is not a list of budgets", "[[budget]]"),
        ("[budget]\nwho = 'person'\n", 1, "`budget` is not a list of budgets", "[[budget]]"),
    ],
)
def test_a_wrong_file_is_explained_with_its_line(text: str, line: int, message: str, hint: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        parse_budgets(text, "acme/budgets.toml")
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert not line or caught.value.facts == (("where", f"acme/budgets.toml:{line}"),)


@pytest.mark.parametrize(
    ("used", "state", "share"),
    [(0, "ok", 0.0), (159, "ok", 0.795), (160, "soft", 0.8), (199, "soft", 0.995), (200, "hard", 1.0)],
)
def test_a_limit_warns_from_its_soft_share_and_stops_at_the_limit(
    used: int, state: str, share: float
) -> None:
    (use,) = uses_of(Budget("person", "day", questions=200), questions=used)
    assert (use.state, use.share) == (state, share)
    assert (used_up([use]) is not None) == (state == "hard")
    assert bool(warnings([use])) == (state != "ok")


@pytest.mark.parametrize(
    ("budget", "spent", "sentence"),
    [
        (Budget("person", "day", questions=200), {"questions": 182}, "182 of 200 questions today"),
        (
            Budget("group:sales", "month", tokens=2_000_000),
            {"tokens": 1_204_000},
            "1,204,000 of 2,000,000 tokens this month by the group sales",
        ),
        (Budget("tenant", "hour", cost_usd=5), {"cost_usd": 4.5}, "4.50 of 5.00 USD this hour by everybody"),
        (
            Budget("subject:ana", "day", scan_bytes=10**12),
            {"scan_bytes": 950_000_000_000},
            "950.0 GB of 1.0 TB scanned today",
        ),
        (Budget("person", "day", wall_s=3600), {"wall_s": 61.4}, "61 of 3,600 seconds today"),
        (Budget("person", "day", scan_bytes=999), {"scan_bytes": 12}, "12 B of 999 B scanned today"),
    ],
)
def test_a_person_reads_what_is_used(budget: Budget, spent: dict[str, float], sentence: str) -> None:
    assert uses_of(budget, **spent)[0].sentence == sentence


def test_a_limit_of_nothing_is_used_up_at_once() -> None:
    (use,) = judge([Budget("person", "day", cost_usd=0)], ANA, Used(NOW))
    assert (use.state, use.share) == ("hard", 1.0)


def test_only_budgets_of_the_person_their_groups_and_the_tenant_bind() -> None:
    budgets = [
        Budget("person", "day", questions=1),
        Budget("group:sales", "day", questions=2),
        Budget("group:legal", "day", questions=3),
        Budget("tenant", "day", questions=4),
        Budget("subject:bo", "day", questions=5),
    ]
    assert [(b.questions, a.holder) for b, a in applicable(budgets, ANA)] == [
        (1, "subject:ana"),
        (2, "group:sales"),
        (4, "tenant"),
    ]


def test_a_budget_of_one_s_own_takes_the_place_of_that_of_each_person_in_its_window() -> None:
    budgets = [
        Budget("person", "day", questions=10),
        Budget("person", "month", questions=100),
        Budget("subject:ana", "day", questions=50),
    ]
    assert [b.questions for b, _ in applicable(budgets, ANA)] == [100, 50]
    assert [b.questions for b, _ in applicable(budgets, Principal("bo", "acme"))] == [10, 100]


def test_the_fullest_limit_comes_first_and_the_refusal_names_the_one_that_frees_last() -> None:
    budgets = [
        Budget("person", "hour", questions=1),
        Budget("person", "month", questions=2, owner="cfo@acme"),
    ]
    counted = Counted(Spending(questions=2), NOW)
    used = Used(NOW, {Account("subject:ana", "hour"): counted, Account("subject:ana", "month"): counted})
    uses = judge(budgets, ANA, used)
    assert [u.share for u in uses] == [2.0, 1.0]
    stop = used_up(uses)
    assert stop is not None
    error = refused(stop)
    assert error.rule == "budget:person:month:questions"
    assert error.message == "the budget is used up: 2 of 2 questions this month"
    assert ("free again", "2026-03-01 00:00 UTC") in error.facts
    assert error.hint == "ask again from 2026-03-01 00:00 UTC on, or ask cfo@acme for more"


def test_a_question_that_is_counted_is_not_stopped_by_the_number_of_questions() -> None:
    uses = uses_of(Budget("person", "day", questions=5, tokens=10), questions=5, tokens=3)
    assert used_up(uses) is not None
    assert used_up(uses, started=True) is None
    uses = uses_of(Budget("person", "day", questions=5, tokens=10), questions=5, tokens=10)
    stop = used_up(uses, started=True)
    assert stop is not None
    assert stop.measure == "tokens"


@pytest.mark.parametrize(
    ("window", "at", "start", "end"),
    [
        ("hour", "2026-02-28T22:30:00+00:00", "2026-02-28T22:00:00+00:00", "2026-02-28T23:00:00+00:00"),
        ("day", "2026-02-28T22:30:00+00:00", "2026-02-28T00:00:00+00:00", "2026-03-01T00:00:00+00:00"),
        ("month", "2026-02-28T22:30:00+00:00", "2026-02-01T00:00:00+00:00", "2026-03-01T00:00:00+00:00"),
        ("month", "2026-12-31T23:59:59+00:00", "2026-12-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00"),
        ("day", "2026-03-01T00:30:00+02:00", "2026-02-28T00:00:00+00:00", "2026-03-01T00:00:00+00:00"),
        ("hour", "2026-03-01T00:30:00+05:45", "2026-02-28T18:00:00+00:00", "2026-02-28T19:00:00+00:00"),
        ("month", "2028-02-29T12:00:00+00:00", "2028-02-01T00:00:00+00:00", "2028-03-01T00:00:00+00:00"),
    ],
)
def test_windows_are_those_of_the_calendar_in_utc(window: Window, at: str, start: str, end: str) -> None:
    found = period(window, datetime.fromisoformat(at))
    assert (found.start.isoformat(), found.end.isoformat()) == (start, end)


def test_use_that_lies_ahead_of_the_clock_is_free_only_when_its_own_window_ends() -> None:
    counted = Counted(Spending(questions=1), NOW + timedelta(days=3))
    budget = Budget("person", "day", questions=1)
    (use,) = judge([budget], ANA, Used(NOW, {Account("subject:ana", "day"): counted}))
    assert use.resets_at.isoformat() == "2026-03-04T00:00:00+00:00"
