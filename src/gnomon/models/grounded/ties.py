"""Ties for the first place: heard of from the checks, and listed all where the person wants them."""

from collections.abc import Sequence
from dataclasses import replace

from gnomon.domain.context import Context
from gnomon.models.grounded.decide import Decided
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.sql import write_sql
from gnomon.models.port import Message, UserMessage

FINDING = "- ordering: "
TIED = " tie with "
TOLD = ("Several tie for the first place; all of them are listed.", "one of them")


def says_tie(messages: Sequence[Message]) -> bool:
    """Whether the checks have found that other rows tie with the one row that was taken."""
    told = (m.text for m in messages if isinstance(m, UserMessage) and m.origin == "checks")
    return any(line.startswith(FINDING) and TIED in line for text in told for line in text.splitlines())


def all_that_tie(reading: Reading, context: Context, text: str = "") -> Decided | None:
    """The reading of all rows in the first place; None if it does not take one row of a ranking.

    Args:
        text: The question.
    """
    if reading.limit != 1 or reading.order is None or reading.place is not None or reading.distinct:
        return None
    every = replace(reading, place=1, then=(), assumptions=(*reading.assumptions, TOLD))
    try:
        return Decided(every, write_sql(every, Schema(context, text)))
    except NotRead:
        return None
