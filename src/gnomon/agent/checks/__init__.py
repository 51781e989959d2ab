"""Deterministic checks that a candidate answer passes through before it is said.

Each check is one function in a file of its own. One that cannot run never stops the answer and never
counts as passed: it is `not_applicable`, with the reason.
"""

from collections.abc import Callable, Iterator

from gnomon.agent.checks.case import (
    MAX_STATEMENTS,
    Case,
    CheckInput,
    Finding,
    NotApplicableError,
    Probe,
    SecondReading,
    ValueLookup,
)
from gnomon.agent.checks.filter_literals import filter_literals
from gnomon.agent.checks.freshness import freshness
from gnomon.agent.checks.grain import grain
from gnomon.agent.checks.join_fanout import join_fanout
from gnomon.agent.checks.keys_null_duplicate import keys_null_duplicate
from gnomon.agent.checks.numbers_trace import numbers_trace
from gnomon.agent.checks.ordering import ordering
from gnomon.agent.checks.owner_filters import owner_filters
from gnomon.agent.checks.parts_to_whole import parts_to_whole
from gnomon.agent.checks.ratios import ratios
from gnomon.agent.checks.second_reading import second_reading
from gnomon.agent.checks.time_window import time_window
from gnomon.agent.checks.truncation_empty import truncation_empty
from gnomon.agent.checks.units import units
from gnomon.domain.answer import Check
from gnomon.domain.errors import Failed, GnomonError, Refused, Retry

__all__ = [
    "CHECKS",
    "MAX_STATEMENTS",
    "CheckInput",
    "NotApplicableError",
    "SecondReading",
    "ValueLookup",
    "run_check",
    "run_checks",
]

CHECKS: tuple[tuple[str, Callable[[Case], Finding]], ...] = (
    ("numbers_trace", numbers_trace),
    ("filter_literals", filter_literals),
    ("join_fanout", join_fanout),
    ("truncation_empty", truncation_empty),
    ("time_window", time_window),
    ("freshness", freshness),
    ("ordering", ordering),
    ("ratios", ratios),
    ("units", units),
    ("owner_filters", owner_filters),
    ("grain", grain),
    ("parts_to_whole", parts_to_whole),
    ("keys_null_duplicate", keys_null_duplicate),
    ("second_reading", second_reading),
)
"""Name and function of each check, those whose reads matter most first: they share one allowance.

The statement of a second reading comes on top of it: it is no probe of the answer's own."""


def run_checks(given: CheckInput) -> Iterator[Check]:
    """Run every check in order; together they read at most `MAX_STATEMENTS` times."""
    case = Case(given, Probe(given.run))
    for name, look in CHECKS:
        yield run_check(name, look, case)


def run_check(name: str, look: Callable[[Case], Finding], case: Case) -> Check:
    """Run one check. What keeps it from running becomes its summary, with the verdict not_applicable."""
    try:
        return look(case).named(name)
    except NotApplicableError as reason:
        return Check(name, "not_applicable", str(reason))
    except (Retry, Failed, Refused) as error:
        return Check(name, "not_applicable", f"could not run: {error.message}")
    except GnomonError:
        raise
    # SQL is open-ended and its analysis partly another library's: a doubt's own fault never stops an answer.
    except Exception as error:
        return Check(name, "not_applicable", f"could not run: {type(error).__name__}: {error}")
