"""How far a past query may be relied on: a score in [0, 1] from evidence, with the reasons in words.

Each piece of evidence speaks for itself and is independent of the others, so they are joined as independent
causes are: trust = 1 - product of (1 - weight * strength). Two weak signs never make certainty, and no sign
can push another one out. What speaks against a query (failures, one-off use) is a factor on the whole.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

DASHBOARD = 0.50
"""A dashboard that people look at is checked by them every time: the strongest sign that a query is right."""
REVIEWED = 0.50
"""Somebody else read it and agreed: as strong as a dashboard."""
SAVED = 0.25
"""It has a title: somebody meant to use it again, which nobody does with a try."""
ROLE = 0.25
"""People whose work is data know which table is the right one."""
USERS = 0.20
"""Several people run it: none of them found it wrong; but habits spread too, so this alone is not enough."""
RECENT = 0.15
"""It runs today, so its tables are alive."""
RUNS = 0.10
"""It runs often; a scheduler can do that with a wrong query as well, so it weighs least."""

RETRIEVAL_THRESHOLD = 0.33
"""Below this a query is not shown as an example. A saved query of unknown author and age is just above, a
habit of a few people outside data teams is below."""

ONE_OFF = 0.30
"""Factor for a query that one person ran a few times and neither saved nor put on a dashboard."""
LOOKUP = 0.30
"""Factor for a look at raw rows: it answers no question that a second person has."""
FEW_RUNS = 3

HALF_LIFE_DAYS = 180.0
"""After half a year without a run a query counts as half as recent: two quarterly reports."""
MANY_USERS = 8
MANY_RUNS = 100
MANY_VIEWS = 1000
UNKNOWN = 0.5
"""Strength of evidence that the log does not hold: views of a dashboard that has a name, age."""
UNKNOWN_ROLE = 0.3

DATA_ROLES = frozenset(
    {"data", "analyst", "analytics", "bi", "intelligence", "scientist", "statistician", "reporting"}
)
"""Words in the names of roles whose work is data."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a log and dashboards say about one query, all its runs together.

    Args:
        failures: Runs that failed, among `runs`.
        users: Distinct people who ran it; 0 where the log does not say.
        roles: Their roles, where known.
        dashboards: Titles of dashboards that run it.
        views: Views of those, or of its chart where it is on none; None where unknown.
        last_viewed: Newest view, aware, or None.
        last_run: Newest run, aware, or None.
        is_lookup: It fetches rows as they are.
    """

    runs: int = 1
    failures: int = 0
    users: int = 0
    roles: tuple[str, ...] = ()
    dashboards: tuple[str, ...] = ()
    views: int | None = None
    last_viewed: datetime | None = None
    last_run: datetime | None = None
    is_saved: bool = False
    is_reviewed: bool = False
    is_lookup: bool = False


@dataclass(frozen=True, slots=True)
class Trust:
    """A score in [0, 1] and the sentences that explain it."""

    score: float
    reasons: tuple[str, ...]

    @property
    def is_enough(self) -> bool:
        """Whether the query may be shown as an example."""
        return self.score >= RETRIEVAL_THRESHOLD


@dataclass(frozen=True, slots=True)
class _Sign:
    part: float
    """Weight times strength, in [0, 1]."""
    reason: str


def judge(evidence: Evidence, now: datetime) -> Trust:
    """The trust that a query deserves.

    Args:
        now: Aware.

    >>> from datetime import UTC
    >>> judge(Evidence(runs=2, users=1), datetime(2026, 1, 1, tzinfo=UTC)).is_enough
    False
    """
    signs = [sign for sign in _signs(evidence, now) if sign.part > 0]
    doubt = math.prod(1 - sign.part for sign in signs)
    reasons = [sign.reason for sign in sorted(signs, key=lambda sign: -sign.part) if sign.reason]
    factor = 1.0
    for weight, reason in _counts_against(evidence):
        factor *= weight
        reasons.append(reason)
    return Trust(round((1 - doubt) * factor, 4), tuple(reasons))


def has_data_role(roles: tuple[str, ...]) -> bool:
    """Whether one of the roles is one whose work is data."""
    return any(not DATA_ROLES.isdisjoint(_role_words(role)) for role in roles)


def recency(then: datetime | None, now: datetime) -> float:
    """1 for now, half as much each half-life later; in [0, 1]."""
    if then is None:
        return UNKNOWN
    return float(0.5 ** (max((now - then).total_seconds(), 0.0) / 86_400 / HALF_LIFE_DAYS))


def _signs(evidence: Evidence, now: datetime) -> Iterator[_Sign]:
    yield _dashboard(evidence, now)
    yield _Sign(REVIEWED * evidence.is_reviewed, "It is reviewed or marked as verified.")
    yield _Sign(SAVED * evidence.is_saved, "It is saved under a title.")
    yield _role(evidence)
    yield _Sign(USERS * _much(evidence.users - 1, MANY_USERS - 1), f"{evidence.users} people run it.")
    yield _recent(evidence, now)
    yield _Sign(RUNS * _much(evidence.runs - 1, MANY_RUNS - 1), f"It ran {evidence.runs:,} times.")


def _dashboard(evidence: Evidence, now: datetime) -> _Sign:
    behind = (
        f"It is behind the dashboard “{evidence.dashboards[0]}”"
        if evidence.dashboards
        else "It is behind a chart"
    )
    if evidence.views is None:
        return _Sign(DASHBOARD * UNKNOWN * bool(evidence.dashboards), f"{behind}.")
    fresh = recency(evidence.last_viewed, now) if evidence.last_viewed else 1.0
    strength = _much(evidence.views, MANY_VIEWS) * fresh
    return _Sign(DASHBOARD * strength, f"{behind}, viewed {evidence.views:,} times.")


def _role(evidence: Evidence) -> _Sign:
    if not evidence.roles:
        return _Sign(ROLE * UNKNOWN_ROLE, "")
    return _Sign(ROLE * has_data_role(evidence.roles), "People whose work is data run it.")


def _recent(evidence: Evidence, now: datetime) -> _Sign:
    strength = recency(evidence.last_run, now)
    day = evidence.last_run.date().isoformat() if evidence.last_run else ""
    return _Sign(RECENT * strength, f"It last ran on {day}." if day else "")


def _counts_against(evidence: Evidence) -> Iterator[tuple[float, str]]:
    share = 1 - min(evidence.failures / evidence.runs, 1.0) if evidence.runs else 1.0
    if share < 1:
        yield share**2, f"{evidence.failures:,} of {evidence.runs:,} runs failed."
    if evidence.dashboards or evidence.is_reviewed:
        return
    if evidence.users <= 1 and evidence.runs <= FEW_RUNS and not evidence.is_saved:
        yield ONE_OFF, "One person ran it a few times."
    if evidence.is_lookup:
        yield LOOKUP, "It looks at rows as they are."


def _much(count: int, many: int) -> float:
    """0 for none, 1 for `many` or more, logarithmic between."""
    return min(math.log1p(max(count, 0)) / math.log1p(many), 1.0)


def _role_words(role: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in role.casefold()).split()
