"""Which reading a question gets: the careful reader's, the composer's, or none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from gnomon.domain.context import Context
from gnomon.models.grounded.composer.compose import Composed, compose
from gnomon.models.grounded.followup import changes_another, read_in_conversation
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.refusals import refuse_unfinished
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.sql import write_sql

SURE = 0.9
"""A composed reading that is likelier than this may be answered from."""

DOUBTED = 0.45
"""What the likelihood of any other counts for, so that it stays below the default threshold of an answer."""

UNPLACED = 0.4
"""Share of composed readings that are right although a word of the question has no place in them."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The reading to answer with, and its statement."""

    reading: Reading
    sql: str


def decide(text: str, context: Context, today: date, least: float) -> Decided:
    """Read a question carefully, word by word, and by what was learned; see how far both agree.

    Args:
        least: Confidence from which an answer is given; a composed reading must be as sure.

    Raises:
        NotRead: Neither has a reading that is likely enough.
    """
    careful, doubt = _carefully(text, context, today)
    if changes_another(text, context) or context.choices:
        return _only(careful, doubt)
    try:
        refuse_unfinished(text, context, today)
    except NotRead as stopped:
        return _only(careful, doubt or stopped)
    if doubt is not None and doubt.final:
        raise doubt
    composed = compose(text, context, today, careful.sql if careful else "", doubt.reason if doubt else "")
    if careful is not None:
        return _checked(careful, composed)
    return _composed(composed, doubt or NotRead("I see no reading of this."), least)


def _carefully(text: str, context: Context, today: date) -> tuple[Decided | None, NotRead | None]:
    try:
        reading = read_in_conversation(text, context, today)
        return Decided(reading, write_sql(reading, Schema(context))), None
    except NotRead as doubt:
        return None, doubt


def _only(careful: Decided | None, doubt: NotRead | None) -> Decided:
    if careful is None:
        raise doubt or NotRead("I see no reading of this.")
    return careful


def _checked(careful: Decided, composed: Sequence[Composed]) -> Decided:
    """The careful reading; where the composer's best is the same, as sure as the surer of both."""
    if not composed or composed[0].sql != careful.sql:
        return careful
    certainty = max(careful.reading.certainty, composed[0].probability)
    return replace(careful, reading=replace(careful.reading, certainty=certainty))


def _composed(composed: Sequence[Composed], doubt: NotRead, least: float) -> Decided:
    """The likeliest composed reading, if it is likely enough; else why there is none."""
    if not composed:
        raise doubt
    best = composed[0]
    certainty = _certainty(best)
    if certainty >= least:
        return Decided(replace(best.reading, certainty=certainty), best.sql)
    if best.unplaced and not doubt.words:
        words = ", ".join(f"`{w}`" for w in best.unplaced)
        raise NotRead(f"I cannot place {words} in this data.", best.unplaced)
    raise doubt


def _certainty(composed: Composed) -> float:
    if composed.unplaced:
        return min(composed.probability, UNPLACED) * DOUBTED
    sure = composed.probability >= SURE and not composed.far
    return composed.probability * (1.0 if sure else DOUBTED)
