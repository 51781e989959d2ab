"""Count what a question uses against budgets."""

from collections.abc import Callable
from dataclasses import dataclass

from gnomon.domain.identity import Principal
from gnomon.policy.budgets import BudgetUse, Spending


@dataclass(frozen=True, slots=True)
class Meter:
    """Counts use; each call returns what is used of every limit.

    Args:
        reserve: Counts the question before it starts; raises `Refused` if a budget is used up.
        add: Counts what was used since the last call.
    """

    reserve: Callable[[Principal], tuple[BudgetUse, ...]]
    add: Callable[[Principal, Spending], tuple[BudgetUse, ...]]


def unmetered() -> Meter:
    """Nothing is counted and nothing limits."""
    return Meter(lambda principal: (), lambda principal, spending: ())
