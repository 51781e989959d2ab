"""Questions that a careless reader answers with another question's answer.

A reading passes if it gives the rows of the SQL beside the question, asks back or abstains.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from grounded_businesses import GOLDEN, Business


@dataclass(frozen=True)
class Trap:
    """A question, SQL that means what it says (or none), and whether the reader still falls for it."""

    business: str
    question: str
    right: str
    still_wrong: bool


def traps() -> Iterator[Trap]:
    """Every trap of the file."""
    question = ""
    for line in (GOLDEN / "wrong_in_silence.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if not line.startswith("    "):
            question = line
            continue
        business, _, asked = question.removeprefix("! ").partition(": ")
        right = "" if line.strip() == "cannot" else line.strip()
        yield Trap(business, asked, right, question.startswith("! "))


def _case(trap: Trap) -> object:
    marks = [
        pytest.mark.xfail(reason="the reader does not see this trap yet", strict=True)
    ] * trap.still_wrong
    return pytest.param(trap, id=trap.question, marks=marks)


@pytest.mark.requirement("grounded:cannot-say-so")
@pytest.mark.parametrize("trap", [_case(t) for t in traps()])
def test_an_answer_is_the_one_asked_for_or_there_is_none(
    trap: Trap, businesses: Callable[..., Business]
) -> None:
    asked = businesses(trap.business)
    said = asked.say(trap.question)
    if said.startswith(("cannot:", "ask:")):
        return
    assert said.startswith("SELECT"), said
    assert trap.right, said
    assert _same(asked.run(said), asked.run(trap.right)), said


def _same(found: list[tuple[object, ...]], right: list[tuple[object, ...]]) -> bool:
    """Equally many rows, and every right row's values stand in a found row of their own."""
    left = [list(map(_plain, row)) for row in found]
    for row in right:
        holder = next((x for x in left if all(_plain(v) in x for v in row)), None)
        if holder is None:
            return False
        left.remove(holder)
    return not left


def _plain(value: object) -> object:
    try:
        return round(float(str(value)), 6)
    except ValueError:
        return str(value)
