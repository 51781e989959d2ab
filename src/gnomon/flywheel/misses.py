"""Why questions were missed: reasons that differ only in names and numbers are one cause."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from gnomon.flywheel.outcome import Outcome

MAX_SHAPE = 120
"""Characters of a shape; a longer reason is cut, for it goes into a table."""

BLANK = "…"
_NAMED = re.compile(r"`[^`]*`|\"[^\"]*\"|“[^”]*”|(?<!\w)'[^']*'(?!\w)")
_IDENTIFIER = re.compile(r"\w+(?:[._]\w+)+|\w*_\w*|\b[a-z]+[A-Z]\w*")
_NUMBER = re.compile(r"\b\d[\d,.:/-]*")
_SEVERAL = re.compile(rf"{BLANK}(?:\s*(?:,|and|or|,\s*and|,\s*or)\s*{BLANK})+")
_ROWS = re.compile(r"(\d+) rows instead of (\d+)")
_COLUMNS = re.compile(r"(\d+) columns instead of (\d+)")


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason's shape, how many questions were missed for it, and in how many databases."""

    text: str
    count: int
    databases: int


def by_cause(outcomes: Iterable[Outcome]) -> tuple[Cause, ...]:
    """The causes of those outcomes that are not right, the most frequent first."""
    found: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.verdict != "right":
            found.setdefault(cause_of(outcome), []).append(outcome.question.database)
    causes = (Cause(text, len(databases), len(set(databases))) for text, databases in found.items())
    return tuple(sorted(causes, key=lambda c: (-c.count, c.text)))


def cause_of(outcome: Outcome) -> str:
    """The kind of difference of a wrong answer; the shape of the reason of anything else."""
    return difference(outcome.why) if outcome.verdict == "wrong" else shape(outcome.why)


def difference(why: str) -> str:
    """How a result differs from the expected one, from what `compare` says of it.

    >>> difference("12 rows instead of 3"), difference("0 rows instead of 3")
    ('more rows', 'no rows')
    """
    if rows := _ROWS.fullmatch(why):
        have, want = int(rows[1]), int(rows[2])
        return "no rows" if not have else "more rows" if have > want else "fewer rows"
    return "fewer columns" if _COLUMNS.fullmatch(why) else shape(why)


def shape(reason: str) -> str:
    """A reason without what it names: code, quotations, identifiers and numbers become blanks.

    >>> shape("I do not know `blue`, `sky` and `2024`.")
    'I do not know ….'
    """
    text = " ".join(reason.split())
    for names in (_NAMED, _IDENTIFIER, _NUMBER):
        text = names.sub(BLANK, text)
    text = _SEVERAL.sub(BLANK, text)
    return text if len(text) <= MAX_SHAPE else text[: MAX_SHAPE - 1] + BLANK
