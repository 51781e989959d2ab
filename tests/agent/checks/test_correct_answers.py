"""Correct questions, queries and answers: no check may fail on any of them."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.requirement("ODA-20")


def _examples() -> list[tuple[str, str, str]]:
    """Question, SQL and answer of each block of the golden file."""
    blocks = Path(__file__).with_name("correct_answers.txt").read_text().strip().split("\n\n")
    return [tuple(_part(block, letter) for letter in "QSA") for block in blocks]


def _part(block: str, letter: str) -> str:
    return "\n".join(line[3:] for line in block.splitlines() if line.startswith(f"{letter}: "))


EXAMPLES = _examples()


@pytest.mark.parametrize(("question", "sql", "text"), EXAMPLES, ids=[e[0] for e in EXAMPLES])
def test_no_check_fails_on_a_correct_answer(shop, question: str, sql: str, text: str) -> None:
    found = shop.checks(question, sql, text)
    failed = [f"{c.name}: {c.summary}" for c in found.values() if c.verdict == "fail"]
    broken = [f"{c.name}: {c.summary}" for c in found.values() if c.summary.startswith("could not run")]
    assert (failed, broken, len(shop.ran) <= 8) == ([], [], True)


def test_the_corpus_is_large_enough_to_mean_something() -> None:
    assert len(EXAMPLES) >= 40
