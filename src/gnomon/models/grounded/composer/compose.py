"""The readings of a question that the composer finds, with how likely each is right."""

from dataclasses import dataclass, replace
from datetime import date

from gnomon.domain.context import Context
from gnomon.models.grounded.composer.accounting import asks_for_order, left_over, unheard
from gnomon.models.grounded.composer.build import Variant, build, variants
from gnomon.models.grounded.composer.explain import explained
from gnomon.models.grounded.composer.rank import describe
from gnomon.models.grounded.composer.search import Assignment, search
from gnomon.models.grounded.composer.slots import Question, read_slots
from gnomon.models.grounded.composer.weights import learned
from gnomon.models.grounded.joins import plan_joins, refuse_unmentioned
from gnomon.models.grounded.reading import NotRead, Reading
from gnomon.models.grounded.schema import Schema
from gnomon.models.grounded.sql import write_sql

MAX_READINGS = 12


@dataclass(frozen=True, slots=True)
class Composed:
    """A reading with its statement.

    Args:
        probability: How likely it is right, as measured on questions of databases it was not learned from.
        unplaced: Words of the question that it leaves out.
        far: Whether it takes a value of related rows whose table the question does not name.
    """

    reading: Reading
    sql: str
    probability: float
    unplaced: tuple[str, ...] = ()
    far: bool = False


def compose(
    text: str, context: Context, today: date, careful: str = "", doubt: str = ""
) -> tuple[Composed, ...]:
    """The readings of a question, the likeliest first.

    Args:
        careful: The statement of the careful reader; empty if it has none.
        doubt: Why it has none.
    """
    weights = learned()
    question = read_slots(text, context, today)
    assignments = search(question, weights.roles)
    found: dict[str, Composed] = {}
    scores: dict[str, float] = {}
    for assignment in assignments:
        for variant in variants(question, assignment.roles):
            made = _made(question, assignment, variant, context)
            if made is None or made[1] in found or len(found) >= MAX_READINGS:
                continue
            reading, sql = made
            view = ("same" if sql == careful else "other") if careful else doubt
            features = describe(
                question, assignment, reading, variant, assignments[0].score, len(found), view
            )
            unplaced = (
                *left_over(question, assignment.roles, weights.harmless),
                *unheard(question, assignment.roles, reading),
            )
            far = _reaches_far(reading, question.schema)
            found[sql] = Composed(reading, sql, weights.probability(features), unplaced, far)
            scores[sql] = weights.score(features)
    return tuple(sorted(found.values(), key=lambda c: -scores[c.sql]))


def _made(
    question: Question, found: Assignment, variant: Variant, context: Context
) -> tuple[Reading, str] | None:
    """A reading with its statement; None if the roles do not fit together."""
    try:
        reading = replace(build(question, found.roles, variant), explained=explained(question, found.roles))
        if not asks_for_order(question, reading):
            return None
        return reading, write_sql(reading, Schema(context))
    except NotRead:
        return None


def _reaches_far(reading: Reading, schema: Schema) -> bool:
    try:
        refuse_unmentioned(plan_joins(reading, schema).related, reading.mentioned)
    except NotRead:
        return True
    return False
