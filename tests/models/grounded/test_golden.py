"""The golden files: questions about invented businesses, and what is made of each."""

import os
from collections.abc import Callable

import pytest
from grounded_businesses import ENGINES, GOLDEN, Business, examples

REWRITE = os.environ.get("GNOMON_REWRITE_GOLDEN") == "1"


@pytest.mark.requirement("grounded:questions")
@pytest.mark.parametrize("business", ENGINES)
def test_every_question_of_the_golden_file_is_read_as_it_says(
    business: str, businesses: Callable[..., Business]
) -> None:
    asked = businesses(business)
    found = [(e, asked.say(e.question, earlier=e.earlier)) for e in examples(business)]
    if REWRITE:
        _rewrite(business, [said for _, said in found])
    wrong = [
        f"{e.question}\n  expected {e.expected}\n  found    {said}" for e, said in found if said != e.expected
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.requirement("grounded:questions")
@pytest.mark.parametrize("business", ENGINES)
def test_every_statement_of_the_golden_file_runs(business: str, businesses: Callable[..., Business]) -> None:
    asked = businesses(business)
    for example in examples(business):
        if example.expected.startswith("SELECT"):
            asked.run(example.expected)


def _rewrite(business: str, said: list[str]) -> None:
    path = GOLDEN / f"{business}.txt"
    answers = iter(said)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(f"    {next(answers)}" if x.startswith("    ") else x for x in lines) + "\n")
