"""How much a person, a group or a tenant may use in an hour, a day or a month, and what is left of it.

Pure: the caller says what was used (`gnomon.store.usage` counts it). Windows are those of the calendar, in
UTC. A budget warns from its soft share on and stops at its limit (docs/budgets.md).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, get_args

from gnomon.domain.errors import Refused
from gnomon.domain.identity import Principal

Window = Literal["hour", "day", "month"]
Measure = Literal["questions", "tokens", "cost_usd", "scan_bytes", "wall_s"]
State = Literal["ok", "soft", "hard"]

WINDOWS: tuple[Window, ...] = get_args(Window)
MEASURES: tuple[Measure, ...] = get_args(Measure)
SOFT_SHARE = 0.8
_THIS = {"hour": "this hour", "day": "today", "month": "this month"}
_KILO = 1000


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be used in a window; a measure that is None has no limit.

    Args:
        who: `person` (each one alone), `group:NAME` (its members together), `tenant` (everybody together),
            or `subject:NAME` (this person, in place of what `person` says for the same window).
        tokens: Of models, input and output together.
        scan_bytes: Bytes that queries read, as far as the warehouse tells.
        wall_s: Seconds from question to answer.
        soft_share: From this share of a limit on, in (0, 1], the answer warns.
        owner: Whom to ask for more.
    """

    who: str
    window: Window
    questions: int | None = None
    tokens: int | None = None
    cost_usd: float | None = None
    scan_bytes: int | None = None
    wall_s: float | None = None
    soft_share: float = SOFT_SHARE
    owner: str = ""

    def limits(self) -> tuple[tuple[Measure, float], ...]:
        """The measures that have a limit, with it."""
        given = ((measure, getattr(self, measure)) for measure in MEASURES)
        return tuple((measure, limit) for measure, limit in given if limit is not None)


@dataclass(frozen=True, slots=True)
class Spending:
    """What was used."""

    questions: int = 0
    tokens: int = 0
    cost_usd: float = 0.0
    scan_bytes: int = 0
    wall_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Account:
    """Whose use is counted over which window: `subject:NAME`, `group:NAME` or `tenant`."""

    holder: str
    window: Window


@dataclass(frozen=True, slots=True)
class Counted:
    """What an account used in its window.

    Args:
        last_at: The latest use that counts. It lies ahead of the time where a clock was set back.
    """

    spent: Spending = Spending()
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Used:
    """What the accounts of a principal have used at a moment; an account that is missing used nothing."""

    at: datetime
    by: Mapping[Account, Counted] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """How much of one limit is used.

    Args:
        share: Of the limit; above 1 where the last use went beyond it.
        state: `soft` from the budget's soft share on, `hard` from the limit on.
        resets_at: When all of it is free again, in UTC.
        sentence: For a person, for example `182 of 200 questions today`.
    """

    who: str
    window: Window
    measure: Measure
    limit: float
    used: float
    share: float
    state: State
    resets_at: datetime
    sentence: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Period:
    """One window of the calendar, from `start` up to `end`."""

    start: datetime
    end: datetime


def period(window: Window, at: datetime) -> Period:
    """The window that holds the moment, in UTC.

    >>> period("month", datetime(2026, 12, 31, 23, tzinfo=UTC)).end.isoformat()
    '2027-01-01T00:00:00+00:00'
    """
    hour = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if window == "hour":
        return Period(hour, hour + timedelta(hours=1))
    day = hour.replace(hour=0)
    if window == "day":
        return Period(day, day + timedelta(days=1))
    month = day.replace(day=1)
    return Period(month, (month + timedelta(days=32)).replace(day=1))


def holders(principal: Principal) -> tuple[str, ...]:
    """Everybody whose account a use of this principal is counted to."""
    groups = (f"group:{name}" for name in sorted(principal.groups))
    return (f"subject:{principal.subject}", *groups, "tenant")


def applicable(budgets: Iterable[Budget], principal: Principal) -> tuple[tuple[Budget, Account], ...]:
    """The budgets that bind the principal, each with the account that counts for it."""
    held, own = frozenset(holders(principal)), f"subject:{principal.subject}"
    listed = tuple(budgets)
    excepted = {b.window for b in listed if b.who == own}
    bound = []
    for budget in listed:
        holder = own if budget.who == "person" and budget.window not in excepted else budget.who
        if holder in held:
            bound.append((budget, Account(holder, budget.window)))
    return tuple(bound)


def judge(budgets: Iterable[Budget], principal: Principal, used: Used) -> tuple[BudgetUse, ...]:
    """Every limit that binds the principal, with what is used of it; those most used up first."""
    uses = [
        _use(budget, measure, limit, used.by.get(account, Counted()), used.at)
        for budget, account in applicable(budgets, principal)
        for measure, limit in budget.limits()
    ]
    return tuple(sorted(uses, key=lambda use: -use.share))


def used_up(uses: Iterable[BudgetUse], *, started: bool = False) -> BudgetUse | None:
    """The limit that allows nothing more and frees last, or None.

    Args:
        started: The question is counted already, so the number of questions does not stop it.
    """
    spent = [u for u in uses if u.state == "hard" and not (started and u.measure == "questions")]
    return max(spent, key=lambda use: use.resets_at, default=None)


def warnings(uses: Iterable[BudgetUse]) -> tuple[str, ...]:
    """What the answer says about budgets: a sentence for each that is soft or hard."""
    return tuple(use.sentence for use in uses if use.state != "ok")


def refused(use: BudgetUse) -> Refused:
    """The refusal of a question for which nothing is left."""
    resets = f"{use.resets_at:%Y-%m-%d %H:%M} UTC"
    more = use.owner or "who keeps budgets.toml"
    return Refused(
        f"the budget is used up: {use.sentence}",
        rule=f"budget:{use.who}:{use.window}:{use.measure}",
        facts=(("budget of", _whose(use.who)), ("free again", resets)),
        hint=f"ask again from {resets} on, or ask {more} for more",
    )


def _use(budget: Budget, measure: Measure, limit: float, counted: Counted, at: datetime) -> BudgetUse:
    used = getattr(counted.spent, measure)
    # A limit of 0 is used up before anything was.
    share = used / limit if limit else 1.0 + used
    state: State = "hard" if used >= limit else "soft" if share >= budget.soft_share else "ok"
    return BudgetUse(
        who=budget.who,
        window=budget.window,
        measure=measure,
        limit=limit,
        used=used,
        share=share,
        state=state,
        resets_at=period(budget.window, max(at, counted.last_at or at)).end,
        sentence=_sentence(budget, measure, used, limit),
        owner=budget.owner,
    )


def _sentence(budget: Budget, measure: Measure, used: float, limit: float) -> str:
    shared = f" by {_whose(budget.who)}" if budget.who == "tenant" or budget.who.startswith("group:") else ""
    return f"{_amounts(measure, used, limit)} {_THIS[budget.window]}{shared}"


def _amounts(measure: Measure, used: float, limit: float) -> str:
    if measure == "cost_usd":
        return f"{used:,.2f} of {limit:,.2f} USD"
    if measure == "wall_s":
        return f"{used:,.0f} of {limit:,.0f} seconds"
    if measure == "scan_bytes":
        return f"{_size(used)} of {_size(limit)} scanned"
    return f"{used:,} of {limit:,} {measure}"


def _size(count: float) -> str:
    """Bytes as people write them, in units of 1,000."""
    size, units = float(count), ["B", "kB", "MB", "GB", "TB", "PB"]
    while size >= _KILO and len(units) > 1:
        size /= _KILO
        units.pop(0)
    return f"{size:,.0f} B" if units[0] == "B" else f"{size:,.1f} {units[0]}"


def _whose(who: str) -> str:
    if who == "tenant":
        return "everybody"
    if who.startswith("group:"):
        return f"the group {who.removeprefix('group:')}"
    return "each person" if who == "person" else who.removeprefix("subject:")
