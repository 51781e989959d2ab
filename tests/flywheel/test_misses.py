"""Reasons that differ only in what they name are one cause."""

import pytest

from gnomon.flywheel.misses import MAX_SHAPE, by_cause, difference, shape
from gnomon.flywheel.outcome import Outcome, Verdict
from gnomon.flywheel.questions import EvalQuestion

pytestmark = pytest.mark.requirement("flywheel:misses")


def missed(verdict: Verdict, why: str, database: str = "shop") -> Outcome:
    return Outcome(EvalQuestion("q", "?", gold=("SELECT 1",), database=database), verdict, why=why)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("I do not know `blue`.", "I do not know …."),
        ("I do not know `blue`, `dark sky` and `sea`.", "I do not know …."),
        ('I know no "blue" or “sky”.', "I know no …."),
        ("There are 12 ways.", "There are … ways."),
        ("Between 2024-01-02 and 1,200.", "Between …"),
        ("I cannot join main.books to book_loans.", "I cannot join … to …."),
        ("A column bookLoans is missing.", "A column … is missing."),
        ("I don't know what it's for.", "I don't know what it's for."),
        ("two\n  lines", "two lines"),
        ("", ""),
    ],
)
def test_a_shape_leaves_out_what_a_reason_names(reason: str, expected: str) -> None:
    assert shape(reason) == expected


def test_a_long_reason_is_cut() -> None:
    assert len(shape("word " * 100)) == MAX_SHAPE


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        ("12 rows instead of 3", "more rows"),
        ("2 rows instead of 3", "fewer rows"),
        ("0 rows instead of 3", "no rows"),
        ("1 columns instead of 2", "fewer columns"),
        ("no column holds the values of `total`", "no column holds the values of …"),
        ("the rows come in another order", "the rows come in another order"),
    ],
)
def test_a_difference_is_named_by_its_kind(why: str, expected: str) -> None:
    assert difference(why) == expected


def test_causes_come_by_number_with_the_databases_they_occur_in() -> None:
    outcomes = [
        missed("abstained", "I do not know `a`."),
        missed("abstained", "I do not know `b`.", "school"),
        missed("wrong", "3 rows instead of 1"),
        Outcome(EvalQuestion("q", "?", gold=("SELECT 1",)), "right"),
    ]
    first, second = by_cause(outcomes)
    assert (first.text, first.count, first.databases) == ("I do not know ….", 2, 2)
    assert (second.text, second.count, second.databases) == ("more rows", 1, 1)
