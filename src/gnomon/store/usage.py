"""What was used, counted by the hour in `state.db`, so that budgets hold across processes and restarts.

Every use is counted to the person, to each group the person is in at that moment, and to the tenant. An
account's use of a window is everything from the window's start on, also what lies ahead of the clock: so a
clock that is set back finds at least as much used as before (docs/budgets.md).
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

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
    applicable,
    holders,
    judge,
    period,
    refused,
    used_up,
)
from gnomon.store.database import Database
from gnomon.store.durable import make_private_folder
from gnomon.store.schema import connect

_HOUR_S = 3600
_NANO, _MICRO = 10**9, 10**6
_MOST_AT_ONCE = 2**53
_COUNT = """
    INSERT INTO usage (tenant, holder, hour, questions, tokens, cost_nano_usd, scan_bytes, wall_us)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (tenant, holder, hour) DO UPDATE SET
        questions = questions + excluded.questions,
        tokens = tokens + excluded.tokens,
        cost_nano_usd = cost_nano_usd + excluded.cost_nano_usd,
        scan_bytes = scan_bytes + excluded.scan_bytes,
        wall_us = wall_us + excluded.wall_us
"""
# `total` cannot overflow, and is exact up to 2^53.
_SUM = """
    SELECT total(questions) AS questions, total(tokens) AS tokens, total(cost_nano_usd) AS cost_nano_usd,
        total(scan_bytes) AS scan_bytes, total(wall_us) AS wall_us, max(hour) AS last_hour
    FROM usage WHERE tenant = ? AND holder = ? AND hour >= ?
"""


class UsageLedger(Database):
    """The counts of one state folder, open. Safe to share between threads and processes; `open` makes one."""

    @classmethod
    def open(cls, folder: Path) -> "UsageLedger":
        """Open the ledger in the state folder, making it if need be.

        Raises:
            Misconfigured: The folder is not writable, or `state.db` is damaged or too new.
            Failed: Another process holds it too long.
        """
        make_private_folder(folder)
        return cls(folder, connect(folder / "state.db", None))

    def reserve(
        self, principal: Principal, now: datetime, budgets: Iterable[Budget]
    ) -> tuple[BudgetUse, ...]:
        """Count a question before it starts, if the budgets leave room; of two at once, one gets the last.

        Returns:
            What is used of each limit, this question included.

        Raises:
            Refused: A budget is used up; nothing is counted.
            Misconfigured: It cannot be counted, so the question must not start.
        """
        bound = tuple(budgets)
        with self._writing():
            spent = used_up(judge(bound, principal, self._used(principal, bound, now)))
            if spent is not None:
                raise refused(spent)
            self._count(principal, Spending(questions=1), now)
            return judge(bound, principal, self._used(principal, bound, now))

    def add(
        self, principal: Principal, now: datetime, budgets: Iterable[Budget], spending: Spending
    ) -> tuple[BudgetUse, ...]:
        """Count what a question has used since the last call; return what is used of each limit.

        Raises:
            ValueError: An amount is negative or not finite.
            Misconfigured: It cannot be counted.
        """
        bound = tuple(budgets)
        with self._writing():
            self._count(principal, spending, now)
            return judge(bound, principal, self._used(principal, bound, now))

    def used(self, principal: Principal, budgets: Iterable[Budget], now: datetime) -> Used:
        """What the principal's accounts have used in the windows of these budgets."""
        with self._reading():
            return self._used(principal, budgets, now)

    def _count(self, principal: Principal, spending: Spending, now: datetime) -> None:
        hour, amounts = _hour(now), _amounts(spending)
        rows = ((principal.tenant, holder, hour, *amounts) for holder in holders(principal))
        self._db.executemany(_COUNT, rows)

    def _used(self, principal: Principal, budgets: Iterable[Budget], now: datetime) -> Used:
        accounts = {account for _, account in applicable(budgets, principal)}
        return Used(now, {a: self._counted(principal.tenant, a, now) for a in accounts})

    def _counted(self, tenant: str, account: Account, now: datetime) -> Counted:
        since = _hour(period(account.window, now).start)
        row = self._db.execute(_SUM, (tenant, account.holder, since)).fetchone()
        spent = Spending(
            questions=int(row["questions"]),
            tokens=int(row["tokens"]),
            cost_usd=row["cost_nano_usd"] / _NANO,
            scan_bytes=int(row["scan_bytes"]),
            wall_s=row["wall_us"] / _MICRO,
        )
        last = row["last_hour"]
        return Counted(spent, None if last is None else datetime.fromtimestamp(last * _HOUR_S, UTC))


def read_budgets(path: Path) -> tuple[Budget, ...]:
    """The budgets of the file; none where there is no file.

    Raises:
        Misconfigured: The file cannot be read, or is wrong; the fact `where` names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"{path} cannot be read",
            facts=(("reason", str(error)),),
            hint="check its permissions and encoding",
        ) from error
    return parse_budgets(text, str(path))


def _hour(at: datetime) -> int:
    return int(at.timestamp() // _HOUR_S)


def _amounts(spending: Spending) -> tuple[int, ...]:
    """The amounts as whole numbers: sums of them are exact, so a limit is met when it is met."""
    amounts = (
        spending.questions,
        spending.tokens,
        spending.cost_usd * _NANO,
        spending.scan_bytes,
        spending.wall_s * _MICRO,
    )
    for amount in amounts:
        if not math.isfinite(amount) or not 0 <= amount <= _MOST_AT_ONCE:
            raise ValueError(f"{amount} is not an amount that can be counted")
    return tuple(round(amount) for amount in amounts)
