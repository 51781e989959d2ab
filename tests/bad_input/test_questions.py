"""Questions that are no questions."""

import os
from collections.abc import Callable

import pytest
from typer.testing import Result

pytestmark = pytest.mark.requirement("cli:bad-questions")

Run = Callable[..., Result]
Check = Callable[..., None]


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("x" * 100_000, ["too long", "4,000"]),
        ("", ["empty"]),
        (" \t\n ", ["empty"]),
        ("how many\x07orders", ["control character", "U+0007 at position 9"]),
        ("how many\x1b[31m orders", ["control character", "U+001B"]),
        (os.fsdecode(b"how many \xff orders"), ["U+DCFF"]),
    ],
    ids=["100-kb", "empty", "blank", "bell", "escape", "not-utf-8"],
)
def test_what_is_no_question_is_wrong_usage(
    run: Run, clear: Check, shop: str, question: str, words: list[str]
) -> None:
    clear(run("ask", question, "-w", shop), 2, *words)


@pytest.mark.parametrize(
    ("stdin", "words"),
    [
        (b"x" * 100_000, ["too long"]),
        (b"how many\0orders", ["control character", "U+0000"]),
        ("how many cafés".encode("latin-1"), ["not UTF-8"]),
        (b"", ["empty"]),
    ],
    ids=["100-kb", "nul", "latin-1", "nothing"],
)
def test_what_is_piped_in_is_looked_at_in_the_same_way(
    run: Run, clear: Check, shop: str, stdin: bytes, words: list[str]
) -> None:
    clear(run("ask", "-", "-w", shop, stdin=stdin), 2, *words)


@pytest.mark.parametrize("question", ["???!!! ...", "😀", "\u200b\u200b", "'; DROP TABLE orders; --"])
def test_a_question_about_nothing_gets_no_answer(run: Run, shop: str, question: str) -> None:
    done = run("ask", question, "-w", shop)
    assert done.exit_code == 4
    assert done.stdout.startswith("No answer: ")


@pytest.mark.parametrize("question", ["how many \u202eorders\u202c", "how many orders 😀🎉"])
def test_signs_within_a_question_give_the_right_answer_or_none(run: Run, shop: str, question: str) -> None:
    done = run("ask", question, "-w", shop)
    assert (done.exit_code == 0 and "is 3." in done.stdout) or (
        done.exit_code == 4 and done.stdout.startswith("No answer: ")
    )
    assert "\u202e" not in done.stdout


def test_capitals_and_marks_at_the_end_do_no_harm(run: Run, answered: Check, shop: str) -> None:
    answered(run("ask", "HOW MANY ORDERS?!", "-w", shop), "is 3.")
